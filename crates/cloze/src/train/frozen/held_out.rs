//! Logits of examples held out from the fit, and what is chosen by them: the temperature and
//! thresholds.
use std::collections::HashMap;

use cloze_core::Matrix;
use cloze_heads::classify::{ClassifyHead, ValidFeatureParams};
use cloze_metrics::labels::LabelOutcome;
use cloze_metrics::probability::{ProbabilityParams, ProbabilityReport};
use cloze_report::classifier::{CalibrationReport, ThresholdReport};
use cloze_train::calibrate;
use cloze_train::threshold::{for_precision, for_recall};
use cloze_train::{Folds, Labels, TrainError, ValidHeadParams, cross_validate, validate};

use super::{FitContext, FitError, FitWarning, ThresholdGoal};

/// Folds where nothing is asked for, for up to [`MANY`] examples.
const FOLDS: usize = 5;
/// More examples than this have a part held out that is large enough.
const MANY: usize = 20_000;
/// Share of that part.
const SHARE: f64 = 0.1;

/// Logits of examples that were held out.
#[derive(Clone, Debug)]
pub struct HeldOutLogits {
    /// Method of holding out, in words.
    pub how: String,
    /// Places of the examples.
    pub examples: Vec<usize>,
    /// `[held out, labels]`.
    pub logits: Vec<Vec<f64>>,
    /// Group of each, of those that were held out together; a single part is halved, so that there
    /// are two.
    pub groups: Vec<usize>,
}

/// Temperature that held-out examples have chosen.
#[derive(Clone, Debug)]
pub struct FittedTemperature {
    /// Temperature; 1 where none was found.
    pub temperature: f64,
    /// Whether there is one.
    pub found: bool,
    /// Effect of the correction, of single labels.
    pub report: Option<CalibrationReport>,
}

/// Plan for holding out examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HoldOutPlan {
    Folds(usize),
    Share(f64),
    /// Of some label there is one example alone.
    Nothing,
}

impl HoldOutPlan {
    /// The plan that is asked for, or one that suits so many examples.
    pub(super) fn new(
        folds: Option<usize>,
        share: Option<f64>,
        labels: &Labels,
        context: &FitContext<'_>,
    ) -> Self {
        if let Some(folds) = folds {
            return Self::Folds(folds);
        }
        if let Some(share) = share {
            return Self::Share(share);
        }
        if labels.len() > MANY {
            return Self::Share(SHARE);
        }
        let rarest = labels.names().iter().zip(labels.group_counts()).min_by_key(|(_, n)| *n);
        match rarest {
            Some((label, 1)) => {
                let (label, grouped) = (label.clone(), labels.is_grouped());
                context.warn(FitWarning::OneExample { label, grouped });
                Self::Nothing
            }
            Some((label, n)) if n < FOLDS => {
                let label = label.clone();
                context.warn(FitWarning::FewExamples { label, examples: n, folds: FOLDS });
                Self::Folds(n)
            }
            _ => Self::Folds(FOLDS),
        }
    }

    /// Holds examples out, and fits a head on the others of each part.
    pub(super) fn run(
        self,
        rows: &Matrix,
        labels: &Labels,
        features: ValidFeatureParams,
        head: &ValidHeadParams,
        seed: u64,
    ) -> Result<Option<HeldOutLogits>, TrainError> {
        Ok(match self {
            Self::Nothing => None,
            Self::Folds(k) => {
                let folds = Folds::stratified(labels, k, seed)?;
                let out = cross_validate(rows, labels, features, head, &folds)?;
                Some(HeldOutLogits {
                    how: format!("{k}-fold cross-validation{}", together(labels)),
                    examples: (0..labels.len()).collect(),
                    logits: out.logits,
                    groups: out.folds,
                })
            }
            Self::Share(share) => {
                let (training, examples) = cloze_train::hold_out(labels, share, seed)?;
                let (logits, _) = validate(rows, labels, features, head, &training, &examples)?;
                let groups = halves(&labels.subset(&examples));
                let how = format!("a hold-out of {} examples{}", examples.len(), together(labels));
                Some(HeldOutLogits { how, examples, logits, groups })
            }
        })
    }
}

/// Addition to the method of holding out where examples belong together.
fn together(labels: &Labels) -> &'static str {
    if labels.is_grouped() { ", equal texts and groups together" } else { "" }
}

/// Half of each example, 0 or 1, so that examples that belong together are in one.
pub(in crate::train) fn halves(labels: &Labels) -> Vec<usize> {
    let mut half_of = HashMap::new();
    let half = |group| {
        let next = half_of.len() % 2;
        *half_of.entry(group).or_insert(next)
    };
    labels.groups().into_iter().map(half).collect()
}

impl ThresholdGoal {
    /// Index of its label.
    ///
    /// # Errors
    /// [`FitError::NoLabel`]; [`FitError::OneOfMany`] where one of more than two labels is chosen.
    pub(super) fn index(&self, labels: &Labels, multi_label: bool) -> Result<usize, FitError> {
        let (name, label) = (self.name(), self.label());
        let Some(index) = labels.names().iter().position(|l| l == label) else {
            let (label, known) = (label.to_owned(), labels.names().to_vec());
            return Err(FitError::NoLabel { goal: name, label, known });
        };
        if !multi_label && labels.names().len() != 2 {
            return Err(FitError::OneOfMany { goal: name });
        }
        Ok(index)
    }
}

impl HeldOutLogits {
    /// Fits the temperature on all of them, 1 with a warning where they tell none; of single labels
    /// also its effect, each example with a temperature that was fitted on other groups.
    ///
    /// # Errors
    /// [`FitError::Fit`] for logits that are not those of `labels`.
    pub fn calibrate(
        &self,
        labels: &Labels,
        head: &ClassifyHead,
        context: &FitContext<'_>,
    ) -> Result<FittedTemperature, FitError> {
        let gold = labels.subset(&self.examples);
        let fitted = calibrate(&self.logits, &gold)?;
        if fitted.at_end {
            context.warn(FitWarning::NoTemperature);
            return Ok(FittedTemperature { temperature: 1.0, found: false, report: None });
        }
        if head.multi_label() {
            return Ok(FittedTemperature {
                temperature: fitted.temperature,
                found: true,
                report: None,
            });
        }
        let of_group = self.temperatures(&gold)?;
        let before = self.probability(&gold, head, |_| 1.0)?;
        let after = self.probability(&gold, head, |i| of_group[self.groups[i]])?;
        let report = CalibrationReport { temperature: fitted.temperature, before, after };
        let (temperature, report) = (fitted.temperature, Some(report));
        Ok(FittedTemperature { temperature, found: true, report })
    }

    /// Returns by how much the mean log loss falls with temperatures that are each fitted on other
    /// groups.
    ///
    /// # Errors
    /// As [`calibrate`](cloze_train::calibrate()).
    pub fn gain(&self, labels: &Labels) -> Result<f64, TrainError> {
        let gold = labels.subset(&self.examples);
        let of_group = self.temperatures(&gold)?;
        let divided = |(logits, &group): (&Vec<f64>, &usize)| {
            logits.iter().map(|z| z / of_group[group]).collect()
        };
        let divided: Vec<Vec<f64>> = self.logits.iter().zip(&self.groups).map(divided).collect();
        Ok(calibrate(&self.logits, &gold)?.loss_before - calibrate(&divided, &gold)?.loss_before)
    }

    /// Heads that decide on the examples of each group, with a temperature and a threshold that the
    /// others have chosen, as `head` has those that all have chosen.
    pub(super) fn cross_fitted(
        &self,
        labels: &Labels,
        head: &ClassifyHead,
        calibrated: bool,
        goal: Option<&ThresholdGoal>,
    ) -> Result<Vec<ClassifyHead>, FitError> {
        let gold = labels.subset(&self.examples);
        let plain = head.clone().with_thresholds(vec![None; labels.names().len()])?;
        let mut heads = vec![];
        for (group, temperature) in self.temperatures(&gold)?.into_iter().enumerate() {
            let temperature = if calibrated { temperature } else { head.temperature() };
            let mut head = plain.clone().with_temperature(temperature)?;
            if let Some(goal) = goal {
                let others = self.without(group);
                // Of others that miss the goal, the nearest there is.
                let threshold = match others.threshold(goal, labels, &head) {
                    Ok((_, report)) => Some(report.probability),
                    Err(FitError::Threshold { source, .. }) => match *source {
                        TrainError::Unreached { threshold, .. } => Some(threshold),
                        _ => None,
                    },
                    Err(error) => return Err(error),
                };
                let is_of = |name: &String| name == goal.label();
                let thresholds =
                    labels.names().iter().map(|name| threshold.filter(|_| is_of(name)));
                head = head.with_thresholds(thresholds.collect())?;
            }
            heads.push(head);
        }
        Ok(heads)
    }

    /// The logits of all other groups.
    fn without(&self, group: usize) -> Self {
        let others = (0..self.examples.len()).filter(|&i| self.groups[i] != group);
        let others: Vec<usize> = others.collect();
        Self {
            how: self.how.clone(),
            examples: others.iter().map(|&i| self.examples[i]).collect(),
            logits: others.iter().map(|&i| self.logits[i].clone()).collect(),
            groups: others.iter().map(|&i| self.groups[i]).collect(),
        }
    }

    /// The temperature of each group, fitted on the others; 1 where there are none.
    fn temperatures(&self, gold: &Labels) -> Result<Vec<f64>, TrainError> {
        let groups = self.groups.iter().max().map_or(0, |last| last + 1);
        let mut of_group = vec![];
        for group in 0..groups {
            let others: Vec<usize> =
                (0..self.logits.len()).filter(|&i| self.groups[i] != group).collect();
            if others.is_empty() {
                of_group.push(1.0);
                continue;
            }
            let logits: Vec<Vec<f64>> = others.iter().map(|&i| self.logits[i].clone()).collect();
            of_group.push(calibrate(&logits, &gold.subset(&others))?.temperature);
        }
        Ok(of_group)
    }

    fn probability(
        &self,
        gold: &Labels,
        head: &ClassifyHead,
        temperature: impl Fn(usize) -> f64,
    ) -> Result<ProbabilityReport, FitError> {
        let mut scorer = ProbabilityParams::new(gold.names().len()).check()?.scorer();
        for (i, logits) in self.logits.iter().enumerate() {
            let head = head.clone().with_temperature(temperature(i))?;
            scorer.add(gold.of(i)[0], &head.probabilities(logits)?)?;
        }
        Ok(scorer.report())
    }

    /// The threshold that reaches the goal, and the place of its label.
    pub(super) fn threshold(
        &self,
        goal: &ThresholdGoal,
        labels: &Labels,
        head: &ClassifyHead,
    ) -> Result<(usize, ThresholdReport), FitError> {
        let (name, label, share) = (goal.name(), goal.label(), goal.share());
        let index = goal.index(labels, head.multi_label())?;
        let mut probabilities = vec![];
        for logits in &self.logits {
            probabilities.push(head.probabilities(logits)?[index]);
        }
        let gold: Vec<bool> =
            self.examples.iter().map(|&i| labels.of(i).contains(&index)).collect();
        let cut = match goal {
            ThresholdGoal::Precision { .. } => for_precision(&probabilities, &gold, share),
            ThresholdGoal::Recall { .. } => for_recall(&probabilities, &gold, share),
        };
        let label = label.to_owned();
        let cut = match cut {
            Ok(cut) => cut,
            Err(source) => {
                return Err(FitError::Threshold {
                    goal: name,
                    label,
                    share,
                    source: Box::new(source),
                });
            }
        };
        let (probability, precision, recall) = (cut.threshold, cut.precision, cut.recall);
        Ok((index, ThresholdReport { label, probability, precision, recall }))
    }

    /// Gold and predicted labels of each, by the head of its group.
    pub(super) fn outcomes(
        &self,
        labels: &Labels,
        heads: &[ClassifyHead],
    ) -> Result<Vec<LabelOutcome>, FitError> {
        let mut outcomes = vec![];
        for ((&i, logits), &group) in self.examples.iter().zip(&self.logits).zip(&self.groups) {
            let head = &heads[group];
            let probabilities = head.probabilities(logits)?;
            let gold = labels.of(i).iter().map(|&l| labels.names()[l].clone()).collect();
            let predicted = head.decode(&probabilities)?.labels;
            outcomes.push(LabelOutcome { gold, predicted, probabilities });
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One label of two that any number of texts may have; the logits say 2 for it and -2 against.
    fn gain(right: &[bool]) -> f64 {
        let logit = |&right: &bool| vec![if right { 2.0 } else { -2.0 }];
        let logits: Vec<_> = right.iter().map(logit).collect();
        let groups = (0..right.len()).map(|i| i % 2).collect();
        let examples = (0..right.len()).collect();
        let labels = Labels::multi(&vec![vec!["a"]; right.len()]).unwrap();
        HeldOutLogits { how: String::new(), examples, logits, groups }.gain(&labels).unwrap()
    }

    /// Each half is right 3 times of 4, so that the other's temperature is its own: odds of 3, of which
    /// the logarithm is 2 / T. The loss is then the entropy, ln 4 - 3/4 ln 3 = 0.562335, where it was
    /// ln(1 + e^-2) + 2/4 = 0.626928.
    #[test]
    fn halves_that_agree_gain_by_a_temperature() {
        let both = [true, true, true, true, true, true, false, false];
        assert!((gain(&both) - (0.626_928 - 0.562_335)).abs() < 1e-6, "{}", gain(&both));
    }

    /// One half is right 7 times of 8, T = 2 / ln 7 = 1.03; the other 4 times, T is infinite. Each does
    /// the other harm, the more so the sharper one.
    #[test]
    fn halves_that_do_not_agree_lose() {
        let second = [true, false].into_iter().cycle();
        let first = [true, true, true, true, true, true, true, false];
        let both: Vec<bool> = first.into_iter().zip(second).flat_map(|(a, b)| [a, b]).collect();
        assert!(gain(&both) < 0.0, "{}", gain(&both));
    }
}
