//! Examples of each step: every epoch all of them, in another order.
use std::ops::Range;

use cloze_core::random::shuffle;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use crate::random::derive;

/// Batches of examples. The same for the same numbers and seed, whichever epochs were asked for
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    /// Examples of a batch; the last of an epoch has what is left.
    pub batch: usize,
    /// Batches among which examples are sorted by length, so that a batch has texts of about one
    /// length; 0 or 1 for batches drawn from all.
    pub window: usize,
    /// Chooses the orders.
    pub seed: u64,
}

impl Sampler {
    /// Number of batches in an epoch of `examples`.
    #[must_use]
    pub fn batches(&self, examples: usize) -> usize {
        examples.div_ceil(self.batch.max(1))
    }

    /// The batches of an epoch, from 0: places of examples, each once. `lengths` has the tokens of
    /// every example.
    #[must_use]
    pub fn epoch(&self, epoch: u64, lengths: &[usize]) -> Vec<Vec<usize>> {
        let mut random = Pcg64::seed_from_u64(derive(self.seed, epoch));
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        shuffle(&mut order, || random.next_u64());
        let batch = self.batch.max(1);
        if self.window > 1 {
            for window in order.chunks_mut(batch.saturating_mul(self.window)) {
                window.sort_by_key(|&example| lengths[example]);
            }
        }
        let mut batches: Vec<_> = order.chunks(batch).map(<[usize]>::to_vec).collect();
        if self.window > 1 {
            // Else lengths would rise and fall with every window.
            let full = lengths.len() / batch;
            shuffle(&mut batches[..full], || random.next_u64());
        }
        batches
    }
}

/// Cuts a batch of examples of these lengths into parts, in order, of at most `max_tokens` each;
/// a longer example is a part by itself.
#[must_use]
pub fn parts(lengths: &[usize], max_tokens: usize) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut tokens) = (vec![], 0, 0_usize);
    for (i, &length) in lengths.iter().enumerate() {
        tokens = tokens.saturating_add(length);
        if tokens > max_tokens && i > start {
            parts.push(start..i);
            (start, tokens) = (i, length);
        }
    }
    if start < lengths.len() {
        parts.push(start..lengths.len());
    }
    parts
}
