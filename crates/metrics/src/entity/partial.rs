//! Entities that are nearly right.
use std::ops::AddAssign;

use serde::Serialize;

use super::Labelled;
use crate::counts::{as_f64, quotient};

/// Counts of entities by outcome, in one way of counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartialCounts {
    /// COR: gold entities that were found.
    pub correct: u64,
    /// INC: gold entities where something else was found.
    pub incorrect: u64,
    /// PAR: gold entities that were found in part; each is worth half.
    pub partial: u64,
    /// MIS: gold entities where nothing was found.
    pub missed: u64,
    /// SPU: predicted entities where none was left to find.
    pub spurious: u64,
}

impl AddAssign for PartialCounts {
    fn add_assign(&mut self, other: Self) {
        self.correct += other.correct;
        self.incorrect += other.incorrect;
        self.partial += other.partial;
        self.missed += other.missed;
        self.spurious += other.spurious;
    }
}

/// Counts with the figures that follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PartialScores {
    /// The counts.
    #[serde(flatten)]
    pub counts: PartialCounts,
    /// (COR + PAR / 2) / (COR + INC + PAR + SPU), the predicted ones; 0 where there are none.
    pub precision: f64,
    /// (COR + PAR / 2) / (COR + INC + PAR + MIS), the gold ones; 0 where there are none.
    pub recall: f64,
    /// The harmonic mean of the two. 0 where both are.
    pub f1: f64,
}

impl PartialCounts {
    /// Precision, recall and F1 of these counts.
    #[must_use]
    pub fn scores(self) -> PartialScores {
        let Self { correct, incorrect, partial, missed, spurious } = self;
        let credit = as_f64(correct) + as_f64(partial) / 2.0;
        let either = correct + incorrect + partial;
        let (predicted, gold) = (as_f64(either + spurious), as_f64(either + missed));
        PartialScores {
            counts: self,
            precision: quotient(credit, predicted),
            recall: quotient(credit, gold),
            f1: quotient(2.0 * credit, predicted + gold),
        }
    }
}

/// The four ways of counting. Source: SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013), whose scorer
/// these follow as nervaluate 1.2.1 has it: predicted entities are taken in their order, each has one
/// gold entity at most, and two that share one unit or more may be paired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByMatch<T> {
    /// Right are place and label both; an overlap is incorrect.
    pub strict: T,
    /// Right is the place, whatever the label; another overlap is incorrect.
    pub exact: T,
    /// Right is the place, whatever the label; another overlap is partial.
    pub partial: T,
    /// Right is the label, where there is an overlap; the closest such entity is taken. Where only
    /// others overlap, it is incorrect.
    pub r#type: T,
}

impl<T: AddAssign> AddAssign for ByMatch<T> {
    fn add_assign(&mut self, other: Self) {
        self.strict += other.strict;
        self.exact += other.exact;
        self.partial += other.partial;
        self.r#type += other.r#type;
    }
}

impl ByMatch<PartialCounts> {
    /// The figures of each.
    #[must_use]
    pub fn scores(self) -> ByMatch<PartialScores> {
        ByMatch {
            strict: self.strict.scores(),
            exact: self.exact.scores(),
            partial: self.partial.scores(),
            r#type: self.r#type.scores(),
        }
    }
}

/// Counts a sentence's entities, which are in order.
pub(super) fn compare(gold: &[Labelled], predicted: &[Labelled]) -> ByMatch<PartialCounts> {
    let gold = Sorted::new(gold);
    let same_place = |g: &Labelled, p: &Labelled| g.span == p.span;
    let (exact, paired) = gold.by_place(predicted, same_place);
    let (strict, near) = gold.by_place(predicted, |g, p| g == p);
    ByMatch {
        strict: gold.counts(strict, near, predicted.len()),
        exact: gold.counts(exact, paired, predicted.len()),
        partial: {
            let counts = gold.counts(exact, paired, predicted.len());
            PartialCounts { incorrect: 0, partial: counts.incorrect, ..counts }
        },
        r#type: {
            let (right, wrong) = gold.by_label(predicted);
            gold.counts(right, wrong, predicted.len())
        },
    }
}

struct Sorted<'a> {
    entities: &'a [Labelled<'a>],
    /// For each entity, the furthest end up to and with it, which rises.
    furthest: Vec<usize>,
}

impl<'a> Sorted<'a> {
    fn new(entities: &'a [Labelled<'a>]) -> Self {
        let mut end = 0;
        let furthest = entities.iter().map(|entity| {
            end = end.max(entity.span.end);
            end
        });
        Self { entities, furthest: furthest.collect() }
    }

    /// The places of the entities that overlap `other`, without a look at those far away.
    fn overlapping(&self, other: &Labelled) -> impl Iterator<Item = usize> {
        let span = other.span;
        let first = self.furthest.partition_point(|end| *end <= span.start);
        let last = self.entities.partition_point(|entity| entity.span.start < span.end);
        (first..last).filter(move |i| self.entities[*i].span.overlaps(span))
    }

    /// Number of predicted entities that are `right`, and of others that overlap one that is left.
    fn by_place(
        &self,
        predicted: &[Labelled],
        right: impl Fn(&Labelled, &Labelled) -> bool,
    ) -> (u64, u64) {
        let mut taken = vec![false; self.entities.len()];
        let (mut correct, mut near) = (0, 0);
        let mut rest = vec![];
        // Those that are right come first: where entities overlap each other, none of these may lose
        // its own to a neighbour.
        for p in predicted {
            let matching = self.overlapping(p).find(|i| !taken[*i] && right(&self.entities[*i], p));
            match matching {
                Some(i) => {
                    taken[i] = true;
                    correct += 1;
                }
                None => rest.push(p),
            }
        }
        for p in rest {
            if let Some(i) = self.overlapping(p).find(|i| !taken[*i]) {
                taken[i] = true;
                near += 1;
            }
        }
        (correct, near)
    }

    /// Number of predicted entities that overlap one of their label, and of others that overlap
    /// another.
    fn by_label(&self, predicted: &[Labelled]) -> (u64, u64) {
        let mut taken = vec![false; self.entities.len()];
        let (mut right, mut wrong) = (0, 0);
        for p in predicted {
            let left = || self.overlapping(p).filter(|i| !taken[*i]);
            let distance = |i: &usize| {
                let span = self.entities[*i].span;
                span.start.abs_diff(p.span.start) as u128 + span.end.abs_diff(p.span.end) as u128
            };
            let closest =
                left().filter(|i| self.entities[*i].label == p.label).min_by_key(distance);
            let (count, index) = match closest {
                Some(index) => (&mut right, Some(index)),
                None => (&mut wrong, left().next()),
            };
            if let Some(index) = index {
                taken[index] = true;
                *count += 1;
            }
        }
        (right, wrong)
    }

    fn counts(&self, correct: u64, incorrect: u64, predicted: usize) -> PartialCounts {
        PartialCounts {
            correct,
            incorrect,
            partial: 0,
            missed: self.entities.len() as u64 - correct - incorrect,
            spurious: predicted as u64 - correct - incorrect,
        }
    }
}
