//! Gold labels of the examples.
use std::collections::BTreeSet;

use crate::TrainError;

/// The labels of examples, as places in the sorted list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gold {
    /// One for each example.
    Single(Vec<usize>),
    /// Any number for each example, sorted.
    Multi(Vec<Vec<usize>>),
}

/// The names of labels and what each example has. Names are sorted by their bytes: the order of a
/// head's logits then does not hang on the order of examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    gold: Gold,
}

impl Labels {
    /// Of examples that have one label each.
    ///
    /// # Errors
    /// [`TrainError::NoExamples`]; [`TrainError::EmptyLabel`]; [`TrainError::FewClasses`] below two.
    pub fn single<S: AsRef<str>>(labels: &[S]) -> Result<Self, TrainError> {
        let names = names(labels.iter().enumerate().map(|(i, l)| (i, l.as_ref())), 2)?;
        let gold = labels.iter().map(|l| place(&names, l.as_ref())).collect();
        Ok(Self { names, gold: Gold::Single(gold) })
    }

    /// Of examples that have any number of labels each, also none; a label named twice counts once.
    ///
    /// # Errors
    /// [`TrainError::NoExamples`]; [`TrainError::EmptyLabel`]; [`TrainError::FewClasses`] if there is
    /// none at all. One is enough: an example has it or not.
    pub fn multi<S: AsRef<str>>(sets: &[Vec<S>]) -> Result<Self, TrainError> {
        if sets.is_empty() {
            return Err(TrainError::NoExamples);
        }
        let each = sets.iter().enumerate().flat_map(|(i, set)| set.iter().map(move |l| (i, l)));
        let names = names(each.map(|(i, l)| (i, l.as_ref())), 1)?;
        let gold = sets.iter().map(|set| {
            let places: BTreeSet<usize> = set.iter().map(|l| place(&names, l.as_ref())).collect();
            places.into_iter().collect()
        });
        let gold = Gold::Multi(gold.collect());
        Ok(Self { names, gold })
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Gold labels of each example.
    #[must_use]
    pub fn gold(&self) -> &Gold {
        &self.gold
    }

    /// Number of examples.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.gold {
            Gold::Single(gold) => gold.len(),
            Gold::Multi(gold) => gold.len(),
        }
    }

    /// Whether there are no examples, which only a [`subset`](Self::subset) can be without.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of one example; none past the end.
    #[must_use]
    pub fn of(&self, example: usize) -> &[usize] {
        match &self.gold {
            Gold::Single(gold) => gold.get(example).map(std::slice::from_ref).unwrap_or_default(),
            Gold::Multi(gold) => gold.get(example).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Number of examples of each label, `[labels]`.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for example in 0..self.len() {
            self.of(example).iter().for_each(|&label| counts[label] += 1);
        }
        counts
    }

    /// These examples in this order, those past the end left out. All names stay, so that the
    /// places are the same.
    #[must_use]
    pub fn subset(&self, examples: &[usize]) -> Self {
        let gold = match &self.gold {
            Gold::Single(gold) => {
                Gold::Single(examples.iter().filter_map(|&i| gold.get(i).copied()).collect())
            }
            Gold::Multi(gold) => {
                Gold::Multi(examples.iter().filter_map(|&i| gold.get(i).cloned()).collect())
            }
        };
        Self { names: self.names.clone(), gold }
    }
}

fn names<'a>(
    labels: impl Iterator<Item = (usize, &'a str)>,
    expected: usize,
) -> Result<Vec<String>, TrainError> {
    let (mut names, mut any) = (BTreeSet::new(), false);
    for (example, label) in labels {
        any = true;
        if label.is_empty() {
            return Err(TrainError::EmptyLabel { example });
        }
        names.insert(label);
    }
    match names.len() {
        0 if !any && expected > 1 => Err(TrainError::NoExamples),
        count if count < expected => Err(TrainError::FewClasses { expected, found: count }),
        _ => Ok(names.into_iter().map(str::to_owned).collect()),
    }
}

/// Index of a name in the list that has it.
fn place(names: &[String], name: &str) -> usize {
    names.partition_point(|n| n.as_str() < name)
}
