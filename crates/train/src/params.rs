//! Settings of fitting a head, and the door to fitting it.
use cloze_core::Matrix;
use cloze_heads::classify::ClassifyHead;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::labels::{Gold, Labels};
use crate::{closed, logistic, svm};

/// Kind of head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Logistic regression, multinomial or one against the rest.
    #[default]
    Logistic,
    /// A linear support vector machine, one against the rest (linfa-svm 0.8.1). Margins are logits;
    /// their probabilities are made by a temperature ([`calibrate`](crate::calibrate())).
    Svm,
    /// Gaussian naive Bayes: a normal distribution for each label and feature.
    NaiveBayes,
    /// The nearest centroid: logits are −½ of the squared distance, without what all have in common.
    NearestCentroid,
}

impl Kind {
    /// Name, as saved: `naive-bayes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Svm => "svm",
            Self::NaiveBayes => "naive-bayes",
            Self::NearestCentroid => "nearest-centroid",
        }
    }
}

/// Weight of an example by its label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// All the same.
    #[default]
    None,
    /// n / (labels · examples of the label), as scikit-learn's `class_weight="balanced"`.
    Balanced,
    /// Weights of some labels; others have 1.
    PerLabel(Vec<(String, f64)>),
}

impl ClassWeights {
    /// A weight for each of `names`, of which there are `counts` among `n` examples.
    ///
    /// # Errors
    /// [`TrainError::UnknownLabel`] for a weight of a label that is not among `names`.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn resolve(
        &self,
        names: &[String],
        counts: &[usize],
        n: usize,
    ) -> Result<Vec<f64>, TrainError> {
        let mut weights = vec![1.0; names.len()];
        match self {
            Self::None => {}
            Self::Balanced => {
                for (weight, count) in weights.iter_mut().zip(counts) {
                    *weight = n as f64 / (names.len() * count) as f64;
                }
            }
            Self::PerLabel(some) => {
                for (label, weight) in some {
                    let index = names.iter().position(|n| n == label);
                    let index = index.ok_or_else(|| TrainError::UnknownLabel {
                        found: label.clone(),
                        known: names.to_vec(),
                    })?;
                    weights[index] = *weight;
                }
            }
        }
        Ok(weights)
    }
}

/// Settings of fitting a head. [`check`](Self::check) validates it. The labels decide whether one
/// of them is chosen or any number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadParams {
    /// Kind of head.
    pub kind: Kind,
    pub(crate) c: f64,
    pub(crate) class_weights: ClassWeights,
    pub(crate) max_iterations: u64,
    pub(crate) tolerance: f64,
    /// Says nothing of the result.
    #[serde(skip)]
    threads: Option<usize>,
}

impl Default for HeadParams {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            c: 1.0,
            class_weights: ClassWeights::default(),
            max_iterations: 1000,
            tolerance: 1e-6,
            threads: None,
        }
    }
}

impl HeadParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Kind of head. Default [`Kind::Logistic`].
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Inverse of the regularization strength, as scikit-learn's C; logistic and svm alone. Default
    /// `1`.
    #[must_use]
    pub fn c(mut self, c: f64) -> Self {
        self.c = c;
        self
    }

    /// Weight of an example by its label; logistic alone. Default [`ClassWeights::None`].
    #[must_use]
    pub fn class_weights(mut self, class_weights: ClassWeights) -> Self {
        self.class_weights = class_weights;
        self
    }

    /// Largest number of steps of the solver of logistic regression. Default `1000`.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: u64) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Below which length of the gradient logistic regression has converged, in variables scaled to a
    /// curvature of 1; for svm the `eps` of its solver. Default `1e-6`.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Number of threads of logistic regression; any number gives the same result. Default as many
    /// as the process may use, at most 8.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for a C, tolerance or class weight that is not finite and above 0, or 0
    /// iterations or threads; [`TrainError::Unsupported`] for class weights of another kind than
    /// logistic.
    pub fn check(self) -> Result<ValidHeadParams, TrainError> {
        let at_least_one = |setting: &str, zero: bool| {
            let (setting, expected) = (setting.to_owned(), "at least 1");
            if zero { Err(TrainError::Setting { setting, found: 0.0, expected }) } else { Ok(()) }
        };
        check_above_zero("C", self.c)?;
        check_above_zero("tolerance", self.tolerance)?;
        at_least_one("max-iterations", self.max_iterations == 0)?;
        at_least_one("threads", self.threads == Some(0))?;
        if let ClassWeights::PerLabel(weights) = &self.class_weights {
            for (label, weight) in weights {
                check_above_zero(&format!("the weight of {label}"), *weight)?;
            }
        }
        if self.kind != Kind::Logistic && self.class_weights != ClassWeights::None {
            let kind = self.kind.name();
            return Err(TrainError::Unsupported { kind, what: "class weights" });
        }
        Ok(ValidHeadParams(self))
    }

    pub(crate) fn thread_count(&self) -> usize {
        let there = || std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
        self.threads.unwrap_or_else(there)
    }
}

/// A fitted head, and how it went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fitted {
    /// The head.
    pub head: ClassifyHead,
    /// Steps of the solver, of all labels where each is fitted by itself; 0 where none is needed.
    pub iterations: u64,
    /// Whether the solver found the minimum; where not, the head is the best it came to.
    pub converged: bool,
    /// Of logistic regression, the minimum: mean log loss and penalty, summed over labels where each
    /// is fitted by itself. `None` for the other kinds.
    pub loss: Option<f64>,
}

/// Validated [`HeadParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct ValidHeadParams(HeadParams);

impl ValidHeadParams {
    /// Fits a head to `rows`, `[n, width]`, features as
    /// [`Features::apply_all`](cloze_heads::classify::Features::apply_all) makes them, and the labels of each.
    /// `start` is a head of the same labels to begin from, which saves steps and changes no result
    /// beyond the tolerance; logistic alone.
    ///
    /// # Errors
    /// [`TrainError::Count`] for not as many rows as examples; [`TrainError::NoExamples`];
    /// [`TrainError::NotFinite`] names the row and column; [`TrainError::FewExamples`] for a label that
    /// no example has, [`TrainError::Everywhere`] for one that, of several, all have;
    /// [`TrainError::UnknownLabel`] for the weight of one that is not there;
    /// [`TrainError::Unsupported`] for several labels or a start, and [`TrainError::TooManyRows`], of
    /// some kinds; [`TrainError::WarmStart`] for a start of another shape; [`TrainError::Solver`].
    pub fn fit(
        &self,
        rows: &Matrix,
        labels: &Labels,
        start: Option<&ClassifyHead>,
    ) -> Result<Fitted, TrainError> {
        let ValidHeadParams(params) = self;
        if rows.rows() != labels.len() {
            let (expected, count) = (labels.len(), rows.rows());
            return Err(TrainError::Count { what: "rows", expected, found: count });
        }
        if labels.is_empty() {
            return Err(TrainError::NoExamples);
        }
        if let Some(index) = rows.as_slice().iter().position(|x| !x.is_finite()) {
            let (row, column) = (index / rows.cols(), index % rows.cols());
            return Err(TrainError::NotFinite {
                row,
                column,
                value: rows.as_slice()[index].into(),
            });
        }
        let several = matches!(labels.gold(), Gold::Multi(_));
        for (label, count) in labels.names().iter().zip(labels.counts()) {
            if count == 0 {
                let label = label.clone();
                return Err(TrainError::FewExamples { label, expected: 1, found: count });
            }
            if several && count == labels.len() {
                return Err(TrainError::Everywhere { label: label.clone() });
            }
        }
        let kind = params.kind.name();
        if params.kind == Kind::Logistic {
            if let Some(head) = start {
                check_start(head, rows.cols(), labels)?;
            }
            return logistic::fit(params, rows, labels, start);
        }
        let Gold::Single(gold) = labels.gold() else {
            return Err(TrainError::Unsupported { kind, what: "several labels per example" });
        };
        if start.is_some() {
            return Err(TrainError::Unsupported { kind, what: "an initial head" });
        }
        match params.kind {
            Kind::Svm => svm::fit(params, rows, labels, gold),
            Kind::NaiveBayes => closed::naive_bayes(rows, labels, gold),
            Kind::Logistic | Kind::NearestCentroid => closed::nearest_centroid(rows, labels, gold),
        }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &HeadParams {
        &self.0
    }
}

fn check_above_zero(setting: &str, value: f64) -> Result<(), TrainError> {
    if value > 0.0 && value.is_finite() && (1.0 / value).is_finite() {
        return Ok(());
    }
    let expected = "a finite number above 0";
    Err(TrainError::Setting { setting: setting.to_owned(), found: value, expected })
}

fn check_start(head: &ClassifyHead, width: usize, labels: &Labels) -> Result<(), TrainError> {
    check_same("labels", labels.names().join(", "), head.labels().join(", "))?;
    check_same("width", width.to_string(), head.width().to_string())?;
    let squares = if head.square().is_some() { "some" } else { "none" };
    check_same("squares", "none".into(), squares.into())
}

fn check_same(field: &'static str, expected: String, actual: String) -> Result<(), TrainError> {
    if expected == actual {
        return Ok(());
    }
    Err(TrainError::WarmStart { field, expected, found: actual })
}
