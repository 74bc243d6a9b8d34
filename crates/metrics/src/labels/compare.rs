//! Two models on the same examples: which is better, and whether by more than chance.
use std::collections::BTreeSet;

use crate::MetricsError;
use crate::compare::{BootstrapParams, McNemar, PairedBootstrap, mcnemar};
use serde::Serialize;

use super::{LabelOutcome, macro_f1, places, share};

/// The level at which a difference is called more than chance.
const LEVEL: f64 = 0.05;
/// With fewer examples resamples of them are too much alike to say anything: of one alone every
/// resample has the same difference.
pub const FEW_EXAMPLES: usize = 20;

/// Whether a figure of the first model is better than that of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The first.
    First,
    /// The second.
    Second,
    /// Neither.
    Neither,
}

/// Verdict on a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DifferenceVerdict {
    /// The better of the two.
    pub better: Better,
    /// Whether the difference is more than chance at 5 %, in either direction.
    pub more_than_chance: bool,
}

impl DifferenceVerdict {
    fn new(difference: f64, beyond_chance: bool) -> Self {
        let better = match difference {
            d if d > 0.0 => Better::First,
            d if d < 0.0 => Better::Second,
            _ => Better::Neither,
        };
        Self { better, more_than_chance: beyond_chance && better != Better::Neither }
    }

    /// Of a bootstrap: the difference is more than chance where its 95 % interval has no 0, of enough
    /// examples.
    #[must_use]
    pub fn of_interval(figure: &PairedBootstrap, examples: usize) -> Self {
        let interval = figure.difference;
        let apart = interval.low > 0.0 || interval.high < 0.0;
        Self::new(interval.estimate, apart && examples >= FEW_EXAMPLES)
    }
}

/// Two classifiers on the same examples.
#[derive(Clone, Debug, Serialize)]
pub struct LabelComparison {
    /// The number of examples.
    #[serde(skip)]
    pub examples: usize,
    /// Accuracy of both.
    pub accuracy: PairedBootstrap,
    /// By McNemar's test.
    pub accuracy_verdict: DifferenceVerdict,
    /// McNemar's test of the accuracies.
    pub mcnemar: McNemar,
    /// Macro F1 of both.
    pub macro_f1: PairedBootstrap,
    /// By the bootstrapped interval.
    pub macro_f1_verdict: DifferenceVerdict,
}

/// Compares outcomes of the same examples in the same order, each with its model's labels. Macro F1 of
/// each is over the labels that it has and those of gold, as in its own report.
///
/// # Errors
/// [`MetricsError`] for no outcomes.
pub fn compare_labels(
    [first, second]: [(&[String], &[LabelOutcome]); 2],
    seed: u64,
) -> Result<LabelComparison, MetricsError> {
    let n = first.1.len();
    let right = [first, second]
        .map(|(_, outcomes)| outcomes.iter().map(LabelOutcome::is_right).collect::<Vec<bool>>());
    let only = |these: &[bool], other: &[bool]| {
        these.iter().zip(other).filter(|(this, other)| **this && !**other).count() as u64
    };
    let mcnemar = mcnemar(only(&right[0], &right[1]), only(&right[1], &right[0]));
    let counted = [first, second].map(|(labels, outcomes)| {
        let all_labels: BTreeSet<&String> =
            labels.iter().chain(outcomes.iter().flat_map(|o| &o.gold)).collect();
        let all_labels: Vec<String> = all_labels.into_iter().cloned().collect();
        (all_labels.len(), places(&all_labels, outcomes))
    });
    let bootstrap = BootstrapParams::new().seed(seed).check()?;
    let accuracy =
        bootstrap.compare(n, |order| (share(&right[0], order), share(&right[1], order)))?;
    let macro_f1 = bootstrap.compare(n, |order| {
        let [first, second] =
            [&counted[0], &counted[1]].map(|(labels, places)| macro_f1(*labels, places, order));
        (first, second)
    })?;
    Ok(LabelComparison {
        examples: n,
        accuracy_verdict: DifferenceVerdict::new(
            accuracy.difference.estimate,
            mcnemar.p_value < LEVEL,
        ),
        accuracy,
        mcnemar,
        macro_f1_verdict: DifferenceVerdict::of_interval(&macro_f1, n),
        macro_f1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome(gold: &str, predicted: &str) -> LabelOutcome {
        let labels = |label: &str| vec![label.to_owned()];
        LabelOutcome { gold: labels(gold), predicted: labels(predicted), probabilities: vec![] }
    }

    /// Gold a a b b c; first a a b b a (4 right), second a b b a c (3 right). The first alone has
    /// right: 2 and 4; the second alone: 5. Exact McNemar of 2 and 1: 2 · (1 + 3) / 8 = 1.
    /// Macro F1 of the first over a b c: a 2·2/(2+3), b 1, c 0: (0.8 + 1 + 0) / 3 = 0.6; of the second:
    /// a 2·1/(2+2), b 1/2, c 1: 2 / 3.
    #[test]
    fn both_sides_keep_their_place() {
        let labels = ["a", "b"].map(String::from);
        let gold = ["a", "a", "b", "b", "c"];
        let outcomes = |predicted: [&str; 5]| -> Vec<LabelOutcome> {
            gold.iter().zip(predicted).map(|(g, p)| outcome(g, p)).collect()
        };
        let (first, second) =
            (outcomes(["a", "a", "b", "b", "a"]), outcomes(["a", "b", "b", "a", "c"]));
        let comparison = compare_labels([(&labels, &first), (&labels, &second)], 0).unwrap();
        assert_eq!((comparison.mcnemar.only_first, comparison.mcnemar.only_second), (2, 1));
        assert!((comparison.mcnemar.p_value - 1.0).abs() < 1e-12);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(comparison.accuracy.first, 0.8);
        near(comparison.accuracy.second, 0.6);
        near(comparison.macro_f1.first, 0.6);
        near(comparison.macro_f1.second, 2.0 / 3.0);
        assert_eq!(comparison.accuracy_verdict.better, Better::First);
        assert_eq!(comparison.macro_f1_verdict.better, Better::Second);
        assert!(
            !comparison.accuracy_verdict.more_than_chance
                && !comparison.macro_f1_verdict.more_than_chance
        );
    }

    /// One example that the first alone has right: every resample has the same difference, which says
    /// nothing. Of 40, 30 right by the first alone: more than chance either way.
    #[test]
    fn few_examples_say_nothing() {
        let labels = ["a", "b"].map(String::from);
        for (n, ahead, expected) in [(1, 1, false), (40, 30, true)] {
            let first: Vec<_> = (0..n).map(|_| outcome("a", "a")).collect();
            let second: Vec<_> =
                (0..n).map(|i| outcome("a", if i < ahead { "b" } else { "a" })).collect();
            for (both, better) in [
                ([(&labels[..], &first[..]), (&labels[..], &second[..])], Better::First),
                ([(&labels[..], &second[..]), (&labels[..], &first[..])], Better::Second),
            ] {
                let comparison = compare_labels(both, 0).unwrap();
                for verdict in [comparison.accuracy_verdict, comparison.macro_f1_verdict] {
                    assert_eq!(verdict, DifferenceVerdict { better, more_than_chance: expected });
                }
            }
        }
    }

    /// Outcomes of both models on the same gold, over few labels, so that both are right and wrong.
    fn outcomes() -> impl Strategy<Value = (Vec<LabelOutcome>, Vec<LabelOutcome>)> {
        let label = || prop::sample::select(vec!["a", "b", "c"]);
        prop::collection::vec((label(), label(), label()), 1..30).prop_map(|rows| {
            rows.into_iter().map(|(gold, a, b)| (outcome(gold, a), outcome(gold, b))).unzip()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Turned round every difference is negated, and the tests say the same; beside itself a model
        /// is no better.
        #[test]
        fn sides_are_alike((first, second) in outcomes()) {
            let labels = ["a", "b"].map(String::from);
            let compare = |a: &[LabelOutcome], b: &[LabelOutcome]| {
                compare_labels([(&labels, a), (&labels, b)], 7).unwrap()
            };
            let (forward, backward) = (compare(&first, &second), compare(&second, &first));
            for (a, b) in
                [(forward.accuracy, backward.accuracy), (forward.macro_f1, backward.macro_f1)]
            {
                prop_assert_eq!((a.first, a.second), (b.second, b.first));
                prop_assert!((a.difference.estimate + b.difference.estimate).abs() < 1e-12);
                prop_assert!((a.difference.low + b.difference.high).abs() < 1e-12);
                prop_assert!((a.p_value - b.p_value).abs() < 1e-12);
            }
            prop_assert!((forward.mcnemar.p_value - backward.mcnemar.p_value).abs() < 1e-12);
            prop_assert_eq!(forward.mcnemar.only_first, backward.mcnemar.only_second);
            let turned = match backward.accuracy_verdict.better {
                Better::First => Better::Second,
                Better::Second => Better::First,
                Better::Neither => Better::Neither,
            };
            prop_assert_eq!(forward.accuracy_verdict.better, turned);
            let itself = compare(&first, &first);
            prop_assert!(itself.accuracy.difference.estimate.abs() < 1e-12);
            prop_assert!(itself.macro_f1.difference.high.abs() < 1e-12);
            for p in [itself.accuracy.p_value, itself.macro_f1.p_value, itself.mcnemar.p_value] {
                prop_assert!((p - 1.0).abs() < 1e-12);
            }
        }
    }
}
