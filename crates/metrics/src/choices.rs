//! Multiple-choice questions: accuracy, and whether probabilities of choices are what they say.
use serde::Serialize;

use crate::MetricsError;
use crate::counts::as_f64;
use crate::probability::{ProbabilityParams, ProbabilityReport};
use crate::proportion::wilson_interval;

/// Outcome of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceOutcome {
    /// Place of the right choice.
    pub gold: usize,
    /// Place of the choice with the highest score, the first of equal ones.
    pub predicted: usize,
    /// Place of the choice with the highest log-probability, whatever its length.
    pub likeliest: usize,
    /// Probability of each choice among the choices.
    pub probabilities: Vec<f64>,
    /// Place of the longest choice, the first of equal ones.
    pub longest: usize,
    /// Group, such as a subject.
    pub group: Option<String>,
}

/// Share of questions that are answered right; there is at least one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccuracyShare {
    /// Name of the group.
    pub name: String,
    /// Number of questions.
    pub questions: u64,
    /// Number of right answers.
    pub correct: u64,
    /// Share of right answers.
    pub accuracy: f64,
    /// Wilson's interval of 95 %.
    pub interval: (f64, f64),
}

/// Figures of questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceReport {
    /// All questions.
    pub overall: AccuracyShare,
    /// Mean over groups, each as much as another; that of all where there are none.
    pub mean_over_groups: f64,
    /// Accuracy of the likeliest choice, whatever its length.
    pub accuracy_of_likeliest: f64,
    /// Accuracy of a choice at random: the mean of 1 / choices.
    pub chance: f64,
    /// Accuracy of always taking the longest choice.
    pub longest: f64,
    /// Calibration of the probability of the likeliest choice.
    pub calibration: ProbabilityReport,
    /// By group, in the order of each one's first question.
    pub groups: Vec<AccuracyShare>,
}

/// Softmax of log-probabilities.
#[must_use]
pub fn probabilities(log_probabilities: &[f64]) -> Vec<f64> {
    let most = log_probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = log_probabilities.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

/// Place of the largest, the first of equal ones.
#[must_use]
pub fn first_largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

impl ChoiceReport {
    /// Figures of outcomes; `None` without any.
    ///
    /// # Errors
    /// [`MetricsError`] for outcomes whose probabilities are none, or whose places are beyond them.
    pub fn of(outcomes: &[ChoiceOutcome]) -> Result<Option<Self>, MetricsError> {
        let right = |outcome: &ChoiceOutcome| outcome.predicted == outcome.gold;
        let Some(overall) = share("overall", outcomes.iter().map(right)) else { return Ok(None) };
        // Questions may have choices of unlike number: those that one lacks are not possible.
        let classes = outcomes.iter().map(|outcome| outcome.probabilities.len()).max().unwrap_or(0);
        let mut scorer = ProbabilityParams::new(classes.max(2)).check()?.scorer();
        for outcome in outcomes {
            let mut padded = outcome.probabilities.clone();
            padded.resize(classes.max(2), 0.0);
            scorer.add(outcome.gold, &padded)?;
        }
        let mut groups: Vec<(&str, Vec<bool>)> = vec![];
        for outcome in outcomes {
            let Some(group) = outcome.group.as_deref() else { continue };
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, answers)) => answers.push(right(outcome)),
                None => groups.push((group, vec![right(outcome)])),
            }
        }
        let groups: Vec<AccuracyShare> = groups
            .into_iter()
            .filter_map(|(name, answers)| share(name, answers.into_iter()))
            .collect();
        let n = as_f64(outcomes.len() as u64);
        let mean =
            |figure: &dyn Fn(&ChoiceOutcome) -> f64| outcomes.iter().map(figure).sum::<f64>() / n;
        let is_right = |place: usize, gold: usize| f64::from(u8::from(place == gold));
        let sum: f64 = groups.iter().map(|group| group.accuracy).sum();
        let mean_over_groups =
            if groups.is_empty() { overall.accuracy } else { sum / as_f64(groups.len() as u64) };
        Ok(Some(Self {
            mean_over_groups,
            accuracy_of_likeliest: mean(&|outcome| is_right(outcome.likeliest, outcome.gold)),
            chance: mean(&|outcome| 1.0 / as_f64(outcome.probabilities.len().max(1) as u64)),
            longest: mean(&|outcome| is_right(outcome.longest, outcome.gold)),
            calibration: scorer.report(),
            overall,
            groups,
        }))
    }
}

fn share(name: &str, answers: impl Iterator<Item = bool>) -> Option<AccuracyShare> {
    let (mut questions, mut correct) = (0, 0);
    for right in answers {
        questions += 1;
        correct += u64::from(right);
    }
    let interval = wilson_interval(correct, questions)?;
    let accuracy = as_f64(correct) / as_f64(questions);
    Some(AccuracyShare { name: name.to_owned(), questions, correct, accuracy, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(
        gold: usize,
        predicted: usize,
        longest: usize,
        of: usize,
        group: &str,
    ) -> ChoiceOutcome {
        let mut logs = vec![0.0; of];
        logs[predicted] = 3.0_f64.ln();
        let group = (!group.is_empty()).then(|| group.to_owned());
        let probabilities = probabilities(&logs);
        ChoiceOutcome { gold, predicted, likeliest: predicted, probabilities, longest, group }
    }

    /// Three of four right: 2 of 3 in `a`, 1 of 1 in `b`, so that the mean of both is 5/6. Chance is
    /// (3 · 1/4 + 1/2) / 4 = 5/16. The likeliest of 4 has 3/6, of 2 it has 3/4: calibration is
    /// (|2 − 3 · 1/2| + |1 − 3/4|) / 4 = 3/16.
    #[test]
    fn figures_worked_by_hand() {
        let outcomes = [
            outcome(0, 0, 0, 4, "a"),
            outcome(1, 1, 0, 4, "a"),
            outcome(2, 3, 2, 4, "a"),
            outcome(1, 1, 0, 2, "b"),
        ];
        let report = ChoiceReport::of(&outcomes).unwrap().unwrap();
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        near(report.overall.accuracy, 0.75);
        near(report.mean_over_groups, 5.0 / 6.0);
        near(report.chance, 5.0 / 16.0);
        near(report.longest, 0.5);
        near(report.calibration.expected_calibration_error, 3.0 / 16.0);
        let groups: Vec<_> =
            report.groups.iter().map(|g| (&*g.name, g.correct, g.questions)).collect();
        assert_eq!(groups, [("a", 2, 3), ("b", 1, 1)]);
        assert_eq!(ChoiceReport::of(&[]).unwrap(), None);
        assert_eq!(first_largest(&[1.0, 2.0, 2.0]), 1);
    }
}
