//! A random choice of vectors, the same places in every layer, in memory that does not grow with the
//! texts.
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cloze_core::Matrix;
use cloze_core::random::mix;

/// A vector's place. They are ordered by a random number first, so that the smallest of them are a
/// random choice, whatever order they come in: that of threads is another in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    priority: u64,
    text: u64,
    piece: usize,
}

impl Key {
    fn new(seed: u64, text: u64, piece: usize) -> Self {
        let priority = mix(mix(mix(seed) ^ text) ^ piece as u64);
        Self { priority, text, piece }
    }
}

/// Sampler of vectors that come from several threads, in any order; each vector is as likely as any other.
#[derive(Debug)]
pub struct VectorSampler {
    seed: u64,
    max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// A vector of every layer, one after the other, by place.
    rows: BTreeMap<Key, Box<[f32]>>,
    /// The least place that was turned away. None from there on is taken later, even where texts that
    /// failed have left room: those before it had no such chance.
    turned_away: Option<Key>,
}

impl Kept {
    fn takes(&self, key: Key, max: usize) -> bool {
        let last = || self.rows.last_key_value().is_none_or(|(last, _)| key < *last);
        let room = self.rows.len() < max || self.rows.contains_key(&key) || last();
        room && self.turned_away.is_none_or(|turned_away| key < turned_away)
    }

    fn turn_away(&mut self, key: Key) {
        self.turned_away = Some(self.turned_away.map_or(key, |least| least.min(key)));
    }
}

impl VectorSampler {
    /// Returns a sampler of up to `max` vectors; the same seed chooses the same places.
    #[must_use]
    pub fn new(seed: u64, max: usize) -> Self {
        Self { seed, max, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves no vector half-written.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers the vectors of a text, one per piece. `row` makes those that are taken: the vectors of all
    /// layers, one after the other.
    pub fn offer(&self, text: u64, pieces: Range<usize>, row: impl Fn(usize) -> Box<[f32]>) {
        let mut kept = self.kept();
        for piece in pieces {
            let key = Key::new(self.seed, text, piece);
            if !kept.takes(key, self.max) {
                kept.turn_away(key);
                continue;
            }
            kept.rows.insert(key, row(piece));
            if kept.rows.len() > self.max
                && let Some((key, _)) = kept.rows.pop_last()
            {
                kept.turn_away(key);
            }
        }
    }

    /// Returns `true` if a vector would be taken if it came now.
    #[must_use]
    pub fn takes(&self, text: u64, piece: usize) -> bool {
        self.kept().takes(Key::new(self.seed, text, piece), self.max)
    }

    /// Counts a vector that [`takes`](Self::takes) has refused.
    pub fn turn_away(&self, text: u64, piece: usize) {
        self.kept().turn_away(Key::new(self.seed, text, piece));
    }

    /// Removes a text's vectors.
    pub fn forget(&self, text: u64) {
        self.kept().rows.retain(|key, _| key.text != text);
    }

    /// Returns the vectors that were chosen, in random order.
    #[must_use]
    pub fn finish(self) -> VectorSample {
        let kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        VectorSample { rows: kept.rows.into_values().collect() }
    }
}

/// Vectors that a [`VectorSampler`] has chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    rows: Vec<Box<[f32]>>,
}

impl VectorSample {
    /// Number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns `true` if no vector was offered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the vectors of the `i`th layer, `[vectors, width]`.
    #[must_use]
    pub fn layer(&self, i: usize, width: usize) -> Matrix {
        let mut matrix = Matrix::with_capacity(self.rows.len(), width);
        for row in &self.rows {
            let whole = matrix.push_rows(&row[i * width..(i + 1) * width]);
            debug_assert!(whole, "a row of each layer");
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(sampler: &VectorSampler, text: u64, pieces: Range<usize>) {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        sampler.offer(text, pieces, |piece| Box::new([text as f32, piece as f32]));
    }

    #[test]
    fn order_and_repetition_do_not_count() {
        let (a, b) = (VectorSampler::new(7, 10), VectorSampler::new(7, 10));
        for text in 0..20 {
            offer(&a, text, 0..5);
            offer(&b, 19 - text, 2..5);
            offer(&b, 19 - text, 0..5);
        }
        let (a, b) = (a.finish(), b.finish());
        assert_eq!((a.len(), a.layer(0, 2)), (10, b.layer(0, 2)));
        let other = VectorSampler::new(8, 10);
        (0..20).for_each(|text| offer(&other, text, 0..5));
        assert_ne!(a.layer(0, 2), other.finish().layer(0, 2));
    }

    /// Of 100 texts of 10 pieces, 500 places; if all are as likely, the mean text is 49.5 ± 1.3 and
    /// the mean piece 4.5 ± 0.13 (√(99·101/12 / 500) and √(99/12 / 500)): four of these are allowed.
    #[test]
    fn every_place_is_as_likely() {
        let sampler = VectorSampler::new(1, 500);
        (0..100).for_each(|text| offer(&sampler, text, 0..10));
        let matrix = sampler.finish().layer(0, 2);
        let mean = |column| matrix.iter().map(|row| f64::from(row[column])).sum::<f64>() / 500.0;
        assert!((mean(0) - 49.5).abs() < 4.0 * 1.3 && (mean(1) - 4.5).abs() < 4.0 * 0.13);
    }

    /// Vectors replaced by a text that later failed do not come back in part.
    #[test]
    fn a_text_that_fails_leaves_no_bias() {
        let sampler = VectorSampler::new(3, 10);
        (0..5).for_each(|text| offer(&sampler, text, 0..10));
        sampler.forget(2);
        let least = sampler.kept().turned_away;
        (5..50).for_each(|text| offer(&sampler, text, 0..10));
        let kept = sampler.kept.into_inner().unwrap();
        assert!(kept.rows.keys().all(|key| key.text != 2 && Some(*key) < least));
        // Every other place before it was taken.
        let expected = (0..50)
            .filter(|&text| text != 2)
            .flat_map(|text| (0..10).map(move |piece| Key::new(3, text, piece)));
        let expected = expected.filter(|key| kept.turned_away.is_none_or(|least| *key < least));
        assert_eq!(kept.rows.len(), expected.count());
    }
}
