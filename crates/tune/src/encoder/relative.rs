//! Attention bias by relative position, both ways.
use cloze_checkpoint::Config;
use cloze_checkpoint::layout::Layout;
use cloze_checkpoint::relative::RelativePositions;

use super::Reader;
use crate::kernel::add;
use crate::{Id, Parameters, TuneError};

/// The biases of all layers, among the parameters: `[rows, heads]`.
#[derive(Debug)]
pub(super) struct RelativeBias {
    biases: Id,
    positions: RelativePositions,
    rows: usize,
    heads: usize,
    /// Bucket of every offset of key − query, from −(`longest` − 1) on.
    buckets: Vec<usize>,
    longest: usize,
    trained: bool,
}

impl RelativeBias {
    /// The bias of a family that has one; `longest` is the largest number of tokens.
    pub(super) fn open(
        reader: &mut Reader<'_>,
        config: &Config,
        layout: &Layout,
        longest: usize,
        train: bool,
    ) -> Result<Option<Self>, TuneError> {
        let (Some(positions), Some(name)) = (config.family.relative, &layout.relative) else {
            return Ok(None);
        };
        let (rows, heads) = (config.relative_rows, config.heads);
        // A bias, which weight decay leaves alone, be it a matrix.
        let biases = reader.add_bias(name, &[rows, heads], train)?;
        let buckets = positions.buckets_by_offset(longest).collect();
        Ok(Some(Self { biases, positions, rows, heads, buckets, longest, trained: train }))
    }

    /// The biases as they are now.
    pub(super) fn by_offset(&self, parameters: &Parameters) -> ByOffset {
        let (heads, longest) = (self.heads, self.longest);
        let biases = self.positions.by_offset(parameters.value(self.biases), heads, longest);
        ByOffset { biases, longest }
    }

    /// Sums for the gradient; `None` where the biases are not trained.
    pub(super) fn gradient(&self) -> Option<RelativeGradient<'_>> {
        let sums = || RelativeGradient { bias: self, sums: vec![0.0; self.rows * self.heads] };
        self.trained.then(sums)
    }
}

/// The bias of every head and offset, `[heads, 2 · longest − 1]`.
pub(super) struct ByOffset {
    biases: Vec<f32>,
    longest: usize,
}

impl ByOffset {
    /// Adds to a head's scores of a sequence, `[length, length]`: a row for each query.
    pub(super) fn add(&self, head: usize, scores: &mut [f32], len: usize) {
        let first = head * (2 * self.longest - 1) + self.longest - 1;
        for (query, row) in scores.chunks_exact_mut(len).enumerate() {
            add(row, &self.biases[first - query..first - query + len]);
        }
    }
}

/// Gradient of the biases while it is summed up, in `f64`: thousands of scores share a bias.
pub(super) struct RelativeGradient<'a> {
    bias: &'a RelativeBias,
    /// `[rows, heads]`.
    sums: Vec<f64>,
}

impl RelativeGradient<'_> {
    /// Takes the gradient of a head's scores of a sequence, `[length, length]`, into account.
    pub(super) fn take(&mut self, head: usize, of_scores: &[f32], len: usize) {
        let (heads, middle) = (self.bias.heads, self.bias.longest - 1);
        for (query, row) in of_scores.chunks_exact(len).enumerate() {
            let buckets = &self.bias.buckets[middle - query..middle - query + len];
            for (gradient, bucket) in row.iter().zip(buckets) {
                self.sums[bucket * heads + head] += f64::from(*gradient);
            }
        }
    }

    /// The biases' place among the parameters and their gradient, divided by `factor`, the one of the
    /// scores that were taken.
    #[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
    pub(super) fn finish(self, factor: f32) -> (Id, Vec<f32>) {
        let factor = f64::from(factor);
        (self.bias.biases, self.sums.into_iter().map(|sum| (sum / factor) as f32).collect())
    }
}
