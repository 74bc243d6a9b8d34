//! The best of many scores.
use std::cmp::Ordering;

/// A row and how alike it is to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: u64,
    /// Score by the metric of the index: higher is more similar.
    pub score: f32,
}

impl Hit {
    /// Best first, and of equal scores the earlier row.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

/// The `k` best of the hits that it is shown, by [`Hit::order`]: partial selection, linear in the
/// number of hits and in memory of `k`.
#[derive(Clone, Debug)]
pub(crate) struct Top {
    k: usize,
    best: Vec<Hit>,
    /// The worst that is among the best for sure; what comes behind it is not.
    bar: Option<Hit>,
}

impl Top {
    pub(crate) fn new(k: usize) -> Self {
        Self { k, best: vec![], bar: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, hit: Hit) {
        if self.bar.is_none_or(|bar| hit.order(&bar) == Ordering::Less) {
            self.best.push(hit);
            if self.best.len() >= self.k.saturating_mul(2).max(64) {
                self.select();
            }
        }
    }

    /// Scores that are not above this cannot get in, whatever row they are of.
    #[inline]
    pub(crate) fn floor(&self) -> f32 {
        self.bar.map_or(f32::NEG_INFINITY, |bar| bar.score)
    }

    fn select(&mut self) {
        if self.best.len() > self.k {
            if let Some(last) = self.k.checked_sub(1) {
                self.best.select_nth_unstable_by(last, Hit::order);
                self.bar = Some(self.best[last]);
            }
            self.best.truncate(self.k);
        }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        for hit in other.best {
            self.push(hit);
        }
        self
    }

    /// Best first.
    pub(crate) fn into_sorted(mut self) -> Vec<Hit> {
        self.select();
        self.best.sort_unstable_by(Hit::order);
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Few scores, so that many are equal; parts of any size, so that selection falls anywhere.
        #[test]
        fn the_best_are_those_of_a_full_sort(
            scores in prop::collection::vec(0..9_u8, 0..400), k in 0..40_usize, parts in 1..5_usize,
        ) {
            let hits = (0..).zip(&scores).map(|(row, s)| Hit { row, score: f32::from(*s) });
            let hits: Vec<Hit> = hits.collect();
            let mut sorted = hits.clone();
            sorted.sort_by(Hit::order);
            sorted.truncate(k);
            let tops = hits.chunks(hits.len().div_ceil(parts).max(1)).map(|part| {
                let mut top = Top::new(k);
                for hit in part {
                    top.push(*hit);
                }
                top
            });
            let top = tops.reduce(Top::merge).unwrap_or(Top::new(k));
            prop_assert_eq!(top.into_sorted(), sorted);
        }
    }
}
