//! Logistic regression: multinomial for three labels and more, of one logit for two, one against the
//! rest where an example has any number of labels.
//!
//! Source: scikit-learn 1.9.1's `LogisticRegression` with `solver="lbfgs"`, which has the same
//! objective for the same C; of several labels `OneVsRestClassifier` of it. The solver is L-BFGS
//! (Liu & Nocedal 1989) with the line search of Moré & Thuente 1994, both from argmin.
mod objective;

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, Gradient, State as _, TerminationReason};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use cloze_core::Matrix;
use cloze_heads::classify::ClassifyHead;

use crate::TrainError;
use crate::labels::{Gold, Labels};
use crate::params::{ClassWeights, Fitted, HeadParams};
use objective::{Objective, Value};

/// Steps that L-BFGS remembers, as in scikit-learn.
const MEMORY: usize = 10;

/// Result of one minimization.
struct Minimum {
    /// `[columns, width]`.
    weights: Vec<f64>,
    /// `[columns]`.
    biases: Vec<f64>,
    iterations: u64,
    converged: bool,
    loss: f64,
}

/// Rows are finite and as many as labels; every label has an example.
pub(crate) fn fit(
    params: &HeadParams,
    rows: &Matrix,
    labels: &Labels,
    start: Option<&ClassifyHead>,
) -> Result<Fitted, TrainError> {
    let names = labels.names();
    let of_start = |label: usize| start.map(|head| row_of(head, label));
    let (minima, weights, biases) = match labels.gold() {
        Gold::Single(gold) if names.len() == 2 => {
            let weights = row_weights(params, labels, gold)?;
            // One logit for both, so that the penalty is that of one vector.
            let start = of_start(1).zip(of_start(0)).map(|((w, b), (w0, b0))| {
                (w.iter().zip(w0).map(|(w, w0)| w - w0).collect(), vec![b - b0])
            });
            let minimum = minimum::<1>(params, rows, gold, &weights, 1, start)?;
            let zeros = vec![0.0; rows.cols()];
            let weights = [zeros, minimum.weights.clone()].concat();
            let biases = vec![0.0, minimum.biases[0]];
            (vec![minimum], weights, biases)
        }
        Gold::Single(gold) => {
            let weights = row_weights(params, labels, gold)?;
            let start = start.map(|head| (head.weight().to_vec(), head.bias().to_vec()));
            let minimum = minimum::<4>(params, rows, gold, &weights, names.len(), start)?;
            let (weights, biases) = (minimum.weights.clone(), minimum.biases.clone());
            (vec![minimum], weights, biases)
        }
        Gold::Multi(sets) => {
            let mut minima = vec![];
            for label in 0..names.len() {
                let gold: Vec<usize> =
                    sets.iter().map(|set| usize::from(set.contains(&label))).collect();
                let weights = label_weights(params, names, label, &gold)?;
                let start = of_start(label).map(|(w, b)| (w.to_vec(), vec![b]));
                minima.push(minimum::<1>(params, rows, &gold, &weights, 1, start)?);
            }
            let weights = minima.iter().flat_map(|m| m.weights.clone()).collect();
            let biases = minima.iter().map(|m| m.biases[0]).collect();
            (minima, weights, biases)
        }
    };
    let head = ClassifyHead::new(params.kind.name(), names.to_vec(), weights, biases)?
        .with_multi_label(matches!(labels.gold(), Gold::Multi(_)));
    Ok(Fitted {
        head,
        iterations: minima.iter().map(|m| m.iterations).sum(),
        converged: minima.iter().all(|m| m.converged),
        loss: Some(minima.iter().map(|m| m.loss).sum()),
    })
}

fn row_of(head: &ClassifyHead, label: usize) -> (&[f64], f64) {
    let width = head.width();
    (&head.weight()[label * width..(label + 1) * width], head.bias()[label])
}

/// A weight for each row, of examples with one label.
fn row_weights(
    params: &HeadParams,
    labels: &Labels,
    gold: &[usize],
) -> Result<Vec<f64>, TrainError> {
    let of_label = params.class_weights.resolve(labels.names(), &labels.counts(), gold.len())?;
    Ok(gold.iter().map(|&g| of_label[g]).collect())
}

/// A weight for each row, of one label against the rest: the rest weighs 1, or as balanced has it.
fn label_weights(
    params: &HeadParams,
    names: &[String],
    label: usize,
    gold: &[usize],
) -> Result<Vec<f64>, TrainError> {
    let with = gold.iter().sum::<usize>();
    let of = match &params.class_weights {
        ClassWeights::Balanced => {
            let two = [String::new(), names[label].clone()];
            ClassWeights::Balanced.resolve(&two, &[gold.len() - with, with], gold.len())?
        }
        other => vec![1.0, other.resolve(names, &[], gold.len())?[label]],
    };
    Ok(gold.iter().map(|&g| of[g]).collect())
}

/// The objective as argmin asks for it: cost and gradient apart, at the same place.
struct Cached<'a, 'b, const L: usize> {
    objective: &'a Objective<'b, L>,
    last: RefCell<Option<(Vec<f64>, Value)>>,
}

impl<const L: usize> Cached<'_, '_, L> {
    fn at<T>(&self, variables: &[f64], take: impl Fn(&Value) -> T) -> T {
        let mut last = self.last.borrow_mut();
        match last.as_ref() {
            Some((point, value)) if point.as_slice() == variables => take(value),
            _ => {
                let value = self.objective.at(variables);
                let taken = take(&value);
                *last = Some((variables.to_vec(), value));
                taken
            }
        }
    }
}

impl<const L: usize> CostFunction for Cached<'_, '_, L> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, variables: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.at(variables, |value| value.0))
    }
}

impl<const L: usize> Gradient for Cached<'_, '_, L> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, variables: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        Ok(self.at(variables, |value| value.1.clone()))
    }
}

fn minimum<const L: usize>(
    params: &HeadParams,
    rows: &Matrix,
    gold: &[usize],
    weights: &[f64],
    columns: usize,
    start: Option<(Vec<f64>, Vec<f64>)>,
) -> Result<Minimum, TrainError> {
    let penalty = 1.0 / params.c;
    let objective =
        Objective::<L>::new(rows, gold, weights, columns, penalty, params.thread_count())?;
    let (weights, biases) =
        start.unwrap_or_else(|| (vec![0.0; columns * rows.cols()], vec![0.0; columns]));
    let first = objective.scale(&weights, &biases);
    let stopped = |e: argmin::core::Error| TrainError::Solver { what: e.to_string() };
    let search = MoreThuenteLineSearch::new();
    let solver = LBFGS::new(search, MEMORY).with_tolerance_grad(params.tolerance);
    let cached = Cached { objective: &objective, last: RefCell::new(None) };
    let executor = Executor::new(cached, solver.map_err(stopped)?)
        .configure(|state| state.param(first.clone()).max_iters(params.max_iterations));
    let state = executor.run().map_err(stopped)?.state;
    let best = state.get_best_param().cloned().unwrap_or(first);
    let (loss, gradient) = objective.at(&best);
    if !loss.is_finite() {
        return Err(TrainError::Solver { what: format!("the loss is {loss}") });
    }
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    // The solver also stops where the loss does not change in the last place of f64.
    let settled = state.get_termination_reason() == Some(&TerminationReason::SolverConverged);
    let (weights, biases) = objective.unscale(&best);
    let converged = settled || norm <= params.tolerance;
    Ok(Minimum { weights, biases, iterations: state.get_iter(), converged, loss })
}
