//! Vectors near to those of texts that belong to them, far from those of all others.
//! Source: Henderson et al. 2017, section 4.4 (multiple negatives); with cosines, a scale and hard
//! negatives as `MultipleNegativesRankingLoss` of sentence-transformers 6.2 has them.
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

/// Products of all rows of `left` `[a, width]` with all of `right` `[b, width]`, times `by`: `[a, b]`.
fn products(left: &[f64], right: &[f64], width: usize, by: f64) -> Vec<f64> {
    let mut products = vec![];
    for left in left.chunks_exact(width) {
        for right in right.chunks_exact(width) {
            products.push(by * left.iter().zip(right).map(|(a, b)| a * b).sum::<f64>());
        }
    }
    products
}

/// Adds `by` · `weight` · `row` to `sum`.
fn add_weighted(sum: &mut [f64], row: &[f64], weight: f64, by: f64) {
    for (sum, x) in sum.iter_mut().zip(row) {
        *sum += by * weight * x;
    }
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

        let width = hidden.width().max(1);
        let rows =
            |indices: &[usize]| indices.iter().flat_map(|&i| vectors.unit(i)).copied().collect();
        let (left, right): (Vec<f64>, Vec<f64>) = (rows(&anchors), rows(&candidates));
        let mut logits = products(&left, &right, width, self.scale);
        let mut target = vec![0.0; candidates.len()];
        let mut loss = 0.0;
        for (gold, row) in logits.chunks_exact_mut(candidates.len().max(1)).enumerate() {
            target[gold] = 1.0;
            loss += cross_entropy(row, &target);
            target[gold] = 0.0;
        }
        if let Some((into, scale)) = gradient {
            let (mut by_anchor, mut by_candidate) = (vec![0.0; left.len()], vec![0.0; right.len()]);
            for (i, weights) in logits.chunks_exact(candidates.len().max(1)).enumerate() {
                let anchor = i * width..(i + 1) * width;
                for (j, weight) in weights.iter().enumerate() {
                    let candidate = j * width..(j + 1) * width;
                    let of_anchor = &mut by_anchor[anchor.clone()];
                    add_weighted(of_anchor, &right[candidate.clone()], *weight, self.scale);
                    let of_candidate = &mut by_candidate[candidate];
                    add_weighted(of_candidate, &left[anchor.clone()], *weight, self.scale);
                }
            }
            let both = [(anchors, by_anchor), (candidates, by_candidate)];
            for (places, gradients) in both {
                for (i, gradient) in places.into_iter().zip(gradients.chunks_exact(width)) {
                    vectors.backward(i, gradient, f64::from(scale), into);
                }
            }
        }
        Ok(loss)
    }
}
