//! From the last hidden states to the loss of the next token, and its gradient. The logits of some
//! tokens are there at a time: those of a batch over a large vocabulary are more than all other numbers
//! together.
use std::ops::Range;

use rayon::prelude::*;

use crate::encoder::group::sized;
use crate::kernel::matrix::{Rows, RowsMut};
use crate::kernel::{exp, sum, vectorised};
use crate::{Id, Parameters};

/// Logits that are kept at a time: 64 MiB.
const LOGITS: usize = 16 << 20;
/// Tokens of a piece of work of the logits: many enough that copying the matrix for the product, once a
/// piece, costs little.
const PIECE_TOKENS: usize = 128;
/// Words whose logits are one product: the copied part of the matrix stays in the caches.
const SLICE_WORDS: usize = 2048;
/// Rows of the matrix's gradient in a piece of work: as many as share a block of the other matrix.
const PIECE_ROWS: usize = 144;

/// The language model's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct LossHead {
    /// `[vocabulary, hidden]`.
    pub(super) matrix: Id,
    pub(super) vocabulary: usize,
    pub(super) hidden: usize,
}

impl LossHead {
    /// Logits of `top`, `[tokens, hidden]`, all at once.
    pub(super) fn logits(&self, parameters: &Parameters, top: &[f32]) -> Vec<f32> {
        let mut logits = vec![0.0; top.len() / self.hidden * self.vocabulary];
        self.product(parameters.value(self.matrix), top, &mut logits);
        logits
    }

    /// The loss of `targets`, summed.
    pub(super) fn loss(
        &self,
        parameters: &Parameters,
        top: &[f32],
        targets: &[u32],
        logits: &mut Vec<f32>,
    ) -> f64 {
        let matrix = parameters.value(self.matrix);
        let mut loss = 0.0;
        for tokens in self.chunks(targets.len()) {
            let top = self.rows(top, &tokens);
            let logits = sized(logits, tokens.len() * self.vocabulary);
            let pieces = self.pieces(top, &targets[tokens], logits);
            let losses: Vec<f64> = pieces
                .map(|(top, targets, logits)| {
                    self.product(matrix, top, logits);
                    self.cross_entropy(logits, targets, None)
                })
                .collect();
            loss += losses.iter().sum::<f64>();
        }
        loss
    }

    /// The loss of `targets`, summed; `scale` times the gradient of `top` goes into `of_top`, and that of
    /// the matrix is added to its own, if it is trained.
    pub(super) fn backward(
        &self,
        parameters: &mut Parameters,
        top: &[f32],
        targets: &[u32],
        scale: f32,
        logits: &mut Vec<f32>,
        of_top: &mut [f32],
    ) -> f64 {
        let mut gradient = parameters.take_gradient(self.matrix);
        let matrix = parameters.value(self.matrix);
        let mut loss = 0.0;
        for tokens in self.chunks(targets.len()) {
            let range = tokens.start * self.hidden..tokens.end * self.hidden;
            let (top, of_top) = (&top[range.clone()], &mut of_top[range]);
            let logits = sized(logits, tokens.len() * self.vocabulary);
            let pieces = self.pieces(top, &targets[tokens], logits);
            let of_pieces = of_top.par_chunks_mut(PIECE_TOKENS * self.hidden);
            let losses: Vec<f64> = pieces
                .zip(of_pieces)
                .map(|((top, targets, logits), of_top)| {
                    self.product(matrix, top, logits);
                    let loss = self.cross_entropy(logits, targets, Some(scale));
                    let of_logits = Rows::new(logits, self.vocabulary);
                    let out = RowsMut::new(of_top, self.hidden);
                    out.times(of_logits, Rows::new(matrix, self.hidden), 1.0);
                    loss
                })
                .collect();
            loss += losses.iter().sum::<f64>();
            let (of_logits, tokens) = (&*logits, top.len() / self.hidden);
            let pieces = gradient.par_chunks_mut(PIECE_ROWS * self.hidden);
            pieces.enumerate().for_each(|(i, piece)| {
                let rows = piece.len() / self.hidden;
                let of_logits = &of_logits[i * PIECE_ROWS..];
                let of_logits = Rows::strided(of_logits, tokens, rows, self.vocabulary);
                let out = RowsMut::new(piece, self.hidden).adding();
                out.transposed_times(of_logits, Rows::new(top, self.hidden), 1.0);
            });
        }
        parameters.put_gradient(self.matrix, gradient);
        loss
    }

    /// Tokens whose logits are there at a time; depends on the sizes alone.
    fn chunks(&self, tokens: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let most = (LOGITS / self.vocabulary).max(PIECE_TOKENS);
        let step = most - most % PIECE_TOKENS;
        (0..tokens).step_by(step).map(move |start| start..tokens.min(start + step))
    }

    fn rows<'t>(&self, top: &'t [f32], tokens: &Range<usize>) -> &'t [f32] {
        &top[tokens.start * self.hidden..tokens.end * self.hidden]
    }

    /// Pieces of work: rows, targets, logits.
    fn pieces<'a>(
        &self,
        top: &'a [f32],
        targets: &'a [u32],
        logits: &'a mut [f32],
    ) -> impl IndexedParallelIterator<Item = (&'a [f32], &'a [u32], &'a mut [f32])> + use<'a> {
        let top = top.par_chunks(PIECE_TOKENS * self.hidden);
        let logits = logits.par_chunks_mut(PIECE_TOKENS * self.vocabulary);
        let pieces = top.zip(targets.par_chunks(PIECE_TOKENS)).zip(logits);
        pieces.map(|((top, targets), logits)| (top, targets, logits))
    }

    /// `logits` = top · matrixᵀ.
    fn product(&self, matrix: &[f32], top: &[f32], logits: &mut [f32]) {
        let tokens = top.len() / self.hidden;
        for first in (0..self.vocabulary).step_by(SLICE_WORDS) {
            let words = SLICE_WORDS.min(self.vocabulary - first);
            let matrix = &matrix[first * self.hidden..(first + words) * self.hidden];
            let out = RowsMut::strided(&mut logits[first..], tokens, words, self.vocabulary);
            out.times_transposed(Rows::new(top, self.hidden), Rows::new(matrix, self.hidden), 1.0);
        }
    }

    /// −ln of the targets' probabilities, summed; with `scale` the logits become that times their
    /// gradient.
    fn cross_entropy(&self, logits: &mut [f32], targets: &[u32], scale: Option<f32>) -> f64 {
        vectorised(
            #[inline(always)]
            || {
                let mut loss = 0.0;
                for (row, &target) in logits.chunks_exact_mut(self.vocabulary).zip(targets) {
                    // Not a number is passed over here, and shows in the sum.
                    let top =
                        row.iter().fold(f32::NEG_INFINITY, |top, &x| if x > top { x } else { top });
                    let logit = row[target as usize];
                    let total = if let Some(scale) = scale {
                        for x in &mut *row {
                            *x = exp(*x - top);
                        }
                        let total = sum(row, |x| x);
                        let share = scale / total;
                        for x in &mut *row {
                            *x *= share;
                        }
                        row[target as usize] -= scale;
                        total
                    } else {
                        sum(row, |x| exp(x - top))
                    };
                    loss += f64::from(total).ln() + f64::from(top) - f64::from(logit);
                }
                loss
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits ln 1, ln 2, ln 5 and target 1: probabilities 1/8, 2/8, 5/8, loss ln 4; twice the gradient
    /// 1/4, −3/2, 5/4.
    #[test]
    fn cross_entropy_by_hand() {
        let mut parameters = Parameters::default();
        let matrix = parameters.add("head", &[3, 1], vec![0.0, 2_f32.ln(), 5_f32.ln()], true);
        let head = LossHead { matrix, vocabulary: 3, hidden: 1 };
        let (mut logits, mut of_top) = (vec![], [0.0]);
        let loss = head.backward(&mut parameters, &[1.0], &[1], 2.0, &mut logits, &mut of_top);
        assert!((loss - 4_f64.ln()).abs() < 1e-6, "{loss}");
        let near = |a: f32, b: f32| assert!((a - b).abs() < 2e-6, "{a} {b}");
        for (found, expected) in logits.iter().zip([0.25, -1.5, 1.25]) {
            near(*found, expected);
        }
        near(of_top[0], -1.5 * 2_f32.ln() + 1.25 * 5_f32.ln());
        let alone = head.loss(&parameters, &[1.0], &[1], &mut logits);
        assert!((loss - alone).abs() < 1e-12);
        parameters.list_mut()[0].value[2] = f32::NAN;
        assert!(head.loss(&parameters, &[1.0], &[1], &mut logits).is_nan());
    }
}
