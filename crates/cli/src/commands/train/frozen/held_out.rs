//! What heads say of examples they were not fitted on, and what follows from it.
use anyhow::Context as _;
use cloze::Matrix;
use cloze::heads::classify::{ClassifyHead, ValidFeatureParams};
use cloze::metrics::probability::{ProbabilityParams, ProbabilityReport};
use cloze_train::threshold::{for_precision, for_recall};
use cloze_train::{
    Folds, Labels, TrainError, ValidHeadParams, calibrate, cross_validate, validate,
};

use crate::commands::train::args::{JudgeArgs, TrainArgs};
use crate::terminal::messages::Messages;
use cloze::metrics::labels::LabelOutcome;
use cloze_report::classifier::{CalibrationReport, ThresholdReport};

/// Folds where nothing is said, for up to [`MANY`] examples.
const FOLDS: usize = 5;
/// From here on a part that is held out is large enough.
const MANY: usize = 20_000;
/// That part.
const SHARE: f64 = 0.1;

/// Logits of examples that were held out.
pub(crate) struct HeldOutLogits {
    /// In words.
    pub(crate) how: String,
    /// Which examples.
    pub(crate) examples: Vec<usize>,
    /// `[held out, labels]`.
    pub(crate) logits: Vec<Vec<f64>>,
    /// Which of them were held out together; a hold-out's are halved, so that there are two.
    pub(crate) groups: Vec<usize>,
}

/// How examples are held out.
pub(super) enum Plan {
    Folds(usize),
    Share(f64),
    /// Of some label there is one example alone.
    Nothing,
}

impl Plan {
    /// What the flags ask for, or what suits so many examples.
    pub(crate) fn new(args: &TrainArgs, labels: &Labels, messages: &Messages) -> Self {
        if let Some(folds) = args.judge.folds {
            return Self::Folds(folds);
        }
        if let Some(share) = args.labels.hold_out {
            return Self::Share(share);
        }
        if labels.len() > MANY {
            return Self::Share(SHARE);
        }
        let rarest = labels.names().iter().zip(labels.counts()).min_by_key(|(_, n)| *n);
        match rarest {
            Some((label, 1)) => {
                messages.note(&format!(
                    "warning: label {label} has one example alone, so none is held out and nothing \
                     is judged"
                ));
                Self::Nothing
            }
            Some((label, n)) if n < FOLDS => {
                messages.note(&format!(
                    "warning: label {label} has {n} examples alone, so there are {n} folds in place \
                     of {FOLDS}"
                ));
                Self::Folds(n)
            }
            _ => Self::Folds(FOLDS),
        }
    }

    /// Holds them out.
    pub(crate) fn run(
        &self,
        rows: &Matrix,
        labels: &Labels,
        features: ValidFeatureParams,
        head: &ValidHeadParams,
        seed: u64,
    ) -> Result<Option<HeldOutLogits>, TrainError> {
        Ok(match *self {
            Self::Nothing => None,
            Self::Folds(k) => {
                let folds = Folds::stratified(labels, k, seed)?;
                let out = cross_validate(rows, labels, features, head, &folds)?;
                Some(HeldOutLogits {
                    how: format!("{k} folds"),
                    examples: (0..labels.len()).collect(),
                    logits: out.logits,
                    groups: out.folds,
                })
            }
            Self::Share(share) => {
                let (training, examples) = cloze_train::folds::hold_out(labels, share, seed)?;
                let (logits, _) = validate(rows, labels, features, head, &training, &examples)?;
                let groups = (0..examples.len()).map(|i| i % 2).collect();
                let how = format!("{} examples held out", examples.len());
                Some(HeldOutLogits { how, examples, logits, groups })
            }
        })
    }
}

impl HeldOutLogits {
    /// The temperature of all of them (1 where all are right, or no better than chance), and what it is
    /// worth: each example's probabilities are made
    /// with one that was learned from other groups.
    pub(crate) fn calibrate(
        &self,
        labels: &Labels,
        head: &ClassifyHead,
        messages: &Messages,
    ) -> anyhow::Result<(f64, Option<CalibrationReport>)> {
        let own = labels.subset(&self.examples);
        let all = calibrate(&self.logits, &own)?;
        if all.at_end {
            messages.note(
                "warning: the examples held out tell no temperature, so probabilities stay as the head \
                 gives them",
            );
            return Ok((1.0, None));
        }
        if head.multi_label() {
            return Ok((all.temperature, None));
        }
        let of_group = self.temperatures(&own)?;
        let before = self.probability(&own, head, |_| 1.0)?;
        let after = self.probability(&own, head, |i| of_group[self.groups[i]])?;
        let calibration = CalibrationReport { temperature: all.temperature, before, after };
        Ok((all.temperature, Some(calibration)))
    }

    /// By how much the mean log loss falls with temperatures that are each learned from other groups.
    pub(crate) fn gain(&self, labels: &Labels) -> Result<f64, TrainError> {
        let own = labels.subset(&self.examples);
        let of_group = self.temperatures(&own)?;
        let divided = |(logits, &group): (&Vec<f64>, &usize)| {
            logits.iter().map(|z| z / of_group[group]).collect()
        };
        let divided: Vec<Vec<f64>> = self.logits.iter().zip(&self.groups).map(divided).collect();
        Ok(calibrate(&self.logits, &own)?.loss_before - calibrate(&divided, &own)?.loss_before)
    }

    /// Of each group the temperature that the others tell.
    fn temperatures(&self, own: &Labels) -> Result<Vec<f64>, TrainError> {
        let groups = self.groups.iter().max().map_or(0, |last| last + 1);
        let mut of_group = vec![];
        for group in 0..groups {
            let others: Vec<usize> =
                (0..self.logits.len()).filter(|&i| self.groups[i] != group).collect();
            let logits: Vec<Vec<f64>> = others.iter().map(|&i| self.logits[i].clone()).collect();
            of_group.push(calibrate(&logits, &own.subset(&others))?.temperature);
        }
        Ok(of_group)
    }

    fn probability(
        &self,
        gold: &Labels,
        head: &ClassifyHead,
        temperature: impl Fn(usize) -> f64,
    ) -> anyhow::Result<ProbabilityReport> {
        let mut scorer = ProbabilityParams::new(gold.names().len()).check()?.scorer();
        for (i, logits) in self.logits.iter().enumerate() {
            let head = head.clone().with_temperature(temperature(i))?;
            scorer.add(gold.of(i)[0], &head.probabilities(logits)?)?;
        }
        Ok(scorer.report())
    }

    /// The threshold that the flags want, and where it lies among the labels.
    pub(super) fn threshold(
        &self,
        args: &JudgeArgs,
        labels: &Labels,
        head: &ClassifyHead,
    ) -> anyhow::Result<Option<(usize, ThresholdReport)>> {
        let (flag, wanted) = match (&args.precision, &args.recall) {
            (Some(wanted), _) => ("--precision", wanted),
            (None, Some(wanted)) => ("--recall", wanted),
            (None, None) => return Ok(None),
        };
        let (label, share) = wanted;
        let place = labels.names().iter().position(|l| l == label).with_context(|| {
            format!("{flag}: no label {label:?}; there are {}", labels.names().join(", "))
        })?;
        if !head.multi_label() && labels.names().len() != 2 {
            anyhow::bail!(
                "{flag} is for two labels, or several a text: here one of many is chosen"
            );
        }
        let mut probabilities = vec![];
        for logits in &self.logits {
            probabilities.push(head.probabilities(logits)?[place]);
        }
        let gold: Vec<bool> =
            self.examples.iter().map(|&i| labels.of(i).contains(&place)).collect();
        let cut = if flag == "--precision" {
            for_precision(&probabilities, &gold, *share)
        } else {
            for_recall(&probabilities, &gold, *share)
        };
        let cut = cut.with_context(|| format!("{flag} {label}={share}"))?;
        let (precision, recall) = (cut.precision, cut.recall);
        let label = label.clone();
        Ok(Some((place, ThresholdReport { label, probability: cut.threshold, precision, recall })))
    }

    /// What the head says of each.
    pub(super) fn outcomes(
        &self,
        labels: &Labels,
        head: &ClassifyHead,
    ) -> anyhow::Result<Vec<LabelOutcome>> {
        let mut outcomes = vec![];
        for (&i, logits) in self.examples.iter().zip(&self.logits) {
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
        let other = [true, false].into_iter().cycle();
        let one = [true, true, true, true, true, true, true, false];
        let both: Vec<bool> = one.into_iter().zip(other).flat_map(|(a, b)| [a, b]).collect();
        assert!(gain(&both) < 0.0, "{}", gain(&both));
    }
}
