//! Parts of examples, each with the labels in the same shares.
use std::collections::HashSet;

use cloze_core::random::shuffle;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::TrainError;
use crate::labels::{Gold, Labels};
use crate::parts::parts;

/// Examples in folds, each held out once. The same for the same labels, groups and seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    of: Vec<usize>,
    count: usize,
}

impl Folds {
    /// `count` folds in which a label has as many examples as in any other, or one more. Examples
    /// with any number of labels are shuffled alone: their folds have about the same shares.
    /// Source: scikit-learn 1.9.1's `StratifiedKFold` with `shuffle`, in another order.
    ///
    /// [Groups](Labels::grouped) stay together, and folds have about the same shares of each label.
    ///
    /// # Errors
    /// [`TrainError::Setting`] below two folds or for more than there are examples;
    /// [`TrainError::FewExamples`] for a label with fewer than folds; [`TrainError::FewGroups`] for
    /// one with fewer groups than folds, or whose groups cannot be in two folds.
    pub fn stratified(labels: &Labels, count: usize, seed: u64) -> Result<Self, TrainError> {
        if !(2..=labels.len()).contains(&count) {
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            let value = count as f64;
            let (setting, expected) = ("folds".into(), "2 to the number of examples");
            return Err(TrainError::Setting { setting, found: value, expected });
        }
        if labels.is_grouped() {
            groups(labels, count, seed)?;
            #[expect(clippy::cast_precision_loss, reason = "a few folds")]
            let shares = vec![1.0 / count as f64; count];
            return Ok(Self { of: parts(labels, &shares, seed)?, count });
        }
        let mut of = vec![0; labels.len()];
        // Each group goes on where the last one stopped, so that folds are of one size, too.
        for (position, example) in groups(labels, count, seed)?.into_iter().flatten().enumerate() {
            of[example] = position % count;
        }
        Ok(Self { of, count })
    }

    /// Number of folds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold of each example, from 0.
    #[must_use]
    pub fn of(&self) -> &[usize] {
        &self.of
    }

    /// The examples of all other folds, in order.
    #[must_use]
    pub fn training(&self, fold: usize) -> Vec<usize> {
        (0..self.of.len()).filter(|&i| self.of[i] != fold).collect()
    }

    /// The examples of this fold, in order.
    #[must_use]
    pub fn held_out(&self, fold: usize) -> Vec<usize> {
        (0..self.of.len()).filter(|&i| self.of[i] == fold).collect()
    }
}

/// Examples for training and held out, `(training, held out)`, each in order: of every label the
/// `share`, rounded, but at least one in each part. Examples with any number of labels are shuffled
/// alone. [Groups](Labels::grouped) stay together, and the share is met about.
///
/// # Errors
/// [`TrainError::Setting`] unless `share` is above 0 and below 1; [`TrainError::FewExamples`] for a
/// label with one example; [`TrainError::FewGroups`] for a label with one group, or whose groups
/// cannot be in both parts.
pub fn hold_out(
    labels: &Labels,
    share: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
    if !(share > 0.0 && share < 1.0) {
        let expected = "a number above 0 and below 1";
        return Err(TrainError::Setting { setting: "share".into(), found: share, expected });
    }
    if labels.len() < 2 {
        let (what, expected, count) = ("examples to hold out", 2, labels.len());
        return Err(TrainError::Count { what, expected, found: count });
    }
    if labels.is_grouped() {
        groups(labels, 2, seed)?;
        let of = parts(labels, &[1.0 - share, share], seed)?;
        return Ok((0..labels.len()).partition(|&i| of[i] == 0));
    }
    let (mut training, mut held_out) = (vec![], vec![]);
    for group in groups(labels, 2, seed)? {
        let held = part(group.len(), share).clamp(1, group.len() - 1);
        held_out.extend_from_slice(&group[..held]);
        training.extend_from_slice(&group[held..]);
    }
    training.sort_unstable();
    held_out.sort_unstable();
    Ok((training, held_out))
}

/// `count` examples of every label, drawn at random, in order; of examples with any number of labels,
/// `count` for each label there is, drawn from all.
///
/// # Errors
/// [`TrainError::FewExamples`] for a label with fewer.
pub fn draw_folds(labels: &Labels, count: usize, seed: u64) -> Result<Vec<usize>, TrainError> {
    let mut examples = vec![];
    let several = matches!(labels.gold(), Gold::Multi(_));
    for group in groups(labels, count, seed)? {
        let taken = if several { count.saturating_mul(labels.names().len()) } else { count };
        examples.extend_from_slice(&group[..taken.min(group.len())]);
    }
    examples.sort_unstable();
    Ok(examples)
}

/// A `share` of the examples, in order: of every label that share, rounded, but at least `least`.
/// A larger share has all that a smaller one has.
pub(crate) fn sample(
    labels: &Labels,
    share: f64,
    least: usize,
    seed: u64,
) -> Result<Vec<usize>, TrainError> {
    let mut examples = vec![];
    for group in groups(labels, least, seed)? {
        let taken = part(group.len(), share).max(least).min(group.len());
        examples.extend_from_slice(&group[..taken]);
    }
    examples.sort_unstable();
    Ok(examples)
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
fn part(n: usize, share: f64) -> usize {
    (n as f64 * share).round() as usize
}

/// The examples of each label, shuffled; of several labels all in one group. Of each
/// [group](Labels::grouped) one example comes first, so that `least` examples are of as many groups.
fn groups(labels: &Labels, least: usize, seed: u64) -> Result<Vec<Vec<usize>>, TrainError> {
    let mut groups = match labels.gold() {
        Gold::Multi(sets) => vec![(0..sets.len()).collect()],
        Gold::Single(gold) => {
            let mut groups = vec![vec![]; labels.names().len()];
            gold.iter().enumerate().for_each(|(i, &g)| groups[g].push(i));
            let apart = labels.names().iter().zip(&groups).zip(labels.group_counts());
            for ((label, group), found) in apart {
                let (label, expected) = (label.clone(), least);
                if group.len() < least {
                    return Err(TrainError::FewExamples { label, expected, found: group.len() });
                }
                if found < least {
                    return Err(TrainError::FewGroups { label, expected, found });
                }
            }
            groups
        }
    };
    let mut random = Pcg64::seed_from_u64(seed);
    let numbers = labels.groups();
    for group in &mut groups {
        shuffle(group, || random.next_u64());
        if labels.is_grouped() {
            let mut first_of = HashSet::new();
            let (first, others): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|&&i| first_of.insert(numbers[i]));
            *group = [first, others].concat();
        }
    }
    Ok(groups)
}
