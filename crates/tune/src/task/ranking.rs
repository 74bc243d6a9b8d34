//! Vectors near to those of texts that belong to them, far from those of all others.
//! Source: Henderson et al. 2017, section 4.4 (multiple negatives); with cosines, a scale and hard
//! negatives as `MultipleNegativesRankingLoss` of sentence-transformers 6.2 has them.
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::Task;
use super::entropy::cross_entropy;
use super::pool::{TaskPooling, Vectors};
use super::rows::check;
use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// A text, one that belongs to it, and some that look alike and do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RankedExample {
    /// The text.
    pub anchor: TrainingSequence,
    /// Text that should be nearest to the anchor.
    pub positive: TrainingSequence,
    /// Texts that should not be near; any number, also none.
    pub negatives: Vec<TrainingSequence>,
}

/// Settings of a [`RankingTask`]. [`RankingParams::check`] validates them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankingParams {
    pool: TaskPooling,
    scale: f32,
}

impl Default for RankingParams {
    fn default() -> Self {
        Self { pool: TaskPooling::Mean, scale: 20.0 }
    }
}

impl RankingParams {
    /// Pooling of token states into a vector. Default [`TaskPooling::Mean`].
    #[must_use]
    pub fn pool(mut self, pool: TaskPooling) -> Self {
        self.pool = pool;
        self
    }

    /// Factor of cosines to make logits. Default `20`.
    #[must_use]
    pub fn scale(mut self, scale: f32) -> Self {
        self.scale = scale;
        self
    }

    /// The task.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless the scale is a finite number above 0.
    pub fn check(self) -> Result<RankingTask, TuneError> {
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(TuneError::Setting {
                setting: "scale".into(),
                found: self.scale.to_string(),
                expected: "a finite number above 0".into(),
            });
        }
        Ok(RankingTask { pool: self.pool, scale: f64::from(self.scale) })
    }
}

/// Cross-entropy of each anchor's cosines with the positives of all examples given, and all
/// negatives; its own positive is gold.
///
/// The loss is that of one call: more examples at once are a harder task, and cutting a batch into
/// parts changes it. A text that occurs twice is its own negative; of an example alone, without
/// negatives, nothing is learned. It has no parameters of its own, and no dropout.
#[derive(Clone, Copy, Debug)]
pub struct RankingTask {
    pool: TaskPooling,
    scale: f64,
}

/// `[a, b]` of `[a, n]` and `[n, b]`, times `by`; on one thread, for sums in the same order.
fn product(left: MatRef<'_, f64>, right: MatRef<'_, f64>, by: f64) -> Vec<f64> {
    let (rows, cols) = (left.nrows(), right.ncols());
    let mut found = vec![0.0; rows * cols];
    let into = MatMut::from_row_major_slice_mut(&mut found, rows, cols);
    matmul(into, Accum::Replace, left, right, by, Par::Seq);
    found
}

impl Task for RankingTask {
    type Example = RankedExample;

    fn sequences<'e>(&self, example: &'e RankedExample) -> Vec<&'e TrainingSequence> {
        [&example.anchor, &example.positive].into_iter().chain(&example.negatives).collect()
    }

    fn weight(&self, _example: &RankedExample) -> f64 {
        1.0
    }

    fn loss(
        &self,
        _parameters: &mut Parameters,
        examples: &[&RankedExample],
        hidden: &Hidden,
        _dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        check(examples.iter().flat_map(|e| self.sequences(e)), hidden, hidden.width().max(1))?;
        let vectors = Vectors::of(hidden, self.pool);
        let (mut anchors, mut candidates, mut negatives) = (vec![], vec![], vec![]);
        let mut next = 0;
        for example in examples {
            anchors.push(next);
            candidates.push(next + 1);
            let end = next + 2 + example.negatives.len();
            negatives.extend(next + 2..end);
            next = end;
        }
        candidates.append(&mut negatives);

        let width = hidden.width();
        let rows = |all: &[usize]| all.iter().flat_map(|&i| vectors.unit(i)).copied().collect();
        let (left, right): (Vec<f64>, Vec<f64>) = (rows(&anchors), rows(&candidates));
        let left = MatRef::from_row_major_slice(&left, anchors.len(), width);
        let right = MatRef::from_row_major_slice(&right, candidates.len(), width);
        let mut logits = product(left, right.transpose(), self.scale);
        let mut target = vec![0.0; candidates.len()];
        let mut loss = 0.0;
        for (gold, row) in logits.chunks_exact_mut(candidates.len().max(1)).enumerate() {
            target[gold] = 1.0;
            loss += cross_entropy(row, &target);
            target[gold] = 0.0;
        }
        if let Some((into, scale)) = gradient {
            let logits = MatRef::from_row_major_slice(&logits, anchors.len(), candidates.len());
            let by_anchor = product(logits, right, self.scale);
            let by_candidate = product(logits.transpose(), left, self.scale);
            let both = [(anchors, by_anchor), (candidates, by_candidate)];
            for (places, gradients) in both {
                for (i, gradient) in places.into_iter().zip(gradients.chunks_exact(width.max(1))) {
                    vectors.backward(i, gradient, f64::from(scale), into);
                }
            }
        }
        Ok(loss)
    }
}
