//! Logits of every word of the vocabulary from the hidden states at the masks, and back: a product
//! with an embedding matrix whose parts are worked on at once.
use rayon::prelude::*;

use crate::kernel::exp;
use crate::kernel::matrix::{Rows, RowsMut};
use crate::kernel::vectorised;
use crate::{Id, Parameters};

/// As many words a part: the same whatever the threads are, so that sums are, too.
const PART: usize = 1024;

/// `y = x · Wᵀ + b`, `[rows, width]` to `[rows, vocabulary]`. `W` may be the encoder's word table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoder {
    pub(super) weight: Id,
    pub(super) bias: Id,
    pub(super) width: usize,
}

/// The logits of some words, `[rows, words of the part]`, or what has become of them.
struct Part {
    logits: Vec<f32>,
    words: usize,
    /// Of each row the highest, then the sum.
    of_rows: Vec<f32>,
}

impl Part {
    /// Logits of the words that have these `weight` and `bias`, for `x`, `[rows, width]`.
    fn new(x: &[f32], width: usize, weight: &[f32], bias: &[f32], rows: usize) -> Self {
        let mut logits = bias.repeat(rows);
        let into = RowsMut::new(&mut logits, bias.len()).adding();
        into.times_transposed(Rows::new(x, width), Rows::new(weight, width), 1.0);
        let top = |row: &[f32]| row.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let of_rows = vectorised(
            #[inline(always)]
            || logits.chunks_exact(bias.len()).map(top).collect(),
        );
        Self { logits, words: bias.len(), of_rows }
    }
}

/// Results of one pass.
pub(super) struct Pass {
    parts: Vec<Part>,
    /// −ln of the probability of each row's own word.
    pub(super) losses: Vec<f64>,
    /// Whether no word is likelier than a row's own.
    pub(super) first: Vec<bool>,
}

impl Decoder {
    /// The losses of `x`, `[rows, width]`, with a word a row. Leaves probabilities in the pass.
    pub(super) fn forward(&self, parameters: &Parameters, x: &[f32], words: &[u32]) -> Pass {
        let rows = words.len();
        let (weight, bias) = (parameters.value(self.weight), parameters.value(self.bias));
        let parts = weight.par_chunks(PART * self.width).zip(bias.par_chunks(PART));
        let mut parts: Vec<Part> =
            parts.map(|(weight, bias)| Part::new(x, self.width, weight, bias, rows)).collect();
        let word_logit = |row: usize| {
            let word = words[row] as usize;
            let part = &parts[word / PART];
            f64::from(part.logits[row * part.words + word % PART])
        };
        let word_logits: Vec<f64> = (0..rows).map(word_logit).collect();
        let top =
            |row| parts.iter().map(|part| part.of_rows[row]).fold(f32::NEG_INFINITY, f32::max);
        let tops: Vec<f32> = (0..rows).map(top).collect();
        parts.par_iter_mut().for_each(|part| {
            vectorised(
                #[inline(always)]
                || {
                    let Part { logits, words, of_rows } = part;
                    let rows = logits.chunks_exact_mut(*words).zip(of_rows).zip(&tops);
                    for ((row, sum), top) in rows {
                        let mut total = 0.0_f64;
                        for some in row.chunks_mut(64) {
                            let mut lanes = 0.0;
                            for x in &mut *some {
                                // NaN stays, and the sum shows it.
                                *x = exp(*x - top);
                                lanes += *x;
                            }
                            total += f64::from(lanes);
                        }
                        #[expect(
                            clippy::cast_possible_truncation,
                            reason = "a sum of such numbers"
                        )]
                        let narrow = total as f32;
                        *sum = narrow;
                    }
                },
            );
        });
        let sum = |row| parts.iter().map(|part| f64::from(part.of_rows[row])).sum();
        let sums: Vec<f64> = (0..rows).map(sum).collect();
        let first =
            word_logits.iter().zip(&tops).map(|(logit, top)| *logit >= f64::from(*top)).collect();
        let each = word_logits.iter().zip(&tops).zip(&sums);
        let losses = each.map(|((logit, top), sum)| f64::from(*top) + sum.ln() - logit).collect();
        for part in &mut parts {
            #[expect(clippy::cast_possible_truncation, reason = "a factor of f32 numbers")]
            part.of_rows
                .iter_mut()
                .zip(&sums)
                .for_each(|(of_row, sum)| *of_row = (1.0 / sum) as f32);
        }
        Pass { parts, losses, first }
    }

    /// The gradient with respect to `x` of the losses, each times its row's factor; adds those of table
    /// and bias to theirs, where these are trained.
    pub(super) fn backward(
        &self,
        parameters: &mut Parameters,
        x: &[f32],
        words: &[u32],
        factors: &[f32],
        mut pass: Pass,
    ) -> Vec<f32> {
        pass.parts.par_iter_mut().enumerate().for_each(|(index, part)| {
            let Part { logits, words: count, of_rows } = part;
            let rows =
                logits.chunks_exact_mut(*count).zip(&*of_rows).zip(words.iter().zip(factors));
            for ((row, share), (word, factor)) in rows {
                let scale = share * factor;
                vectorised(
                    #[inline(always)]
                    || row.iter_mut().for_each(|x| *x *= scale),
                );
                if let Some(word_gradient) =
                    (*word as usize).checked_sub(index * PART).and_then(|i| row.get_mut(i))
                {
                    *word_gradient -= factor;
                }
            }
        });
        let weight = parameters.value(self.weight);
        let products = pass.parts.par_iter().zip(weight.par_chunks(PART * self.width));
        let products: Vec<Vec<f32>> = products
            .map(|(part, weight)| {
                let mut dx = vec![0.0; x.len()];
                let logits = Rows::new(&part.logits, part.words);
                RowsMut::new(&mut dx, self.width).times(logits, Rows::new(weight, self.width), 1.0);
                dx
            })
            .collect();
        let mut dx = vec![0.0; x.len()];
        for product in products {
            crate::kernel::add(&mut dx, &product);
        }
        let mut gradient = parameters.take_gradient(self.weight);
        let parts = pass.parts.par_iter().zip(gradient.par_chunks_mut(PART * self.width));
        parts.for_each(|(part, gradient)| {
            let into = RowsMut::new(gradient, self.width).adding();
            into.transposed_times(
                Rows::new(&part.logits, part.words),
                Rows::new(x, self.width),
                1.0,
            );
        });
        parameters.put_gradient(self.weight, gradient);
        let bias = parameters.gradient_mut(self.bias);
        for (part, bias) in pass.parts.iter().zip(bias.chunks_mut(PART)) {
            crate::kernel::add_rows(bias, &part.logits);
        }
        dx
    }
}
