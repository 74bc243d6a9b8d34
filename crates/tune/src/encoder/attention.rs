//! Scaled dot-product attention over each sequence, head by head, both ways.
use super::DropoutAt;
use super::group::{Sequences, dropout, sized};
use crate::kernel::matrix::{Rows, RowsMut};
use crate::kernel::softmax;
use crate::random::derive;

/// The shape of an attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attention {
    pub(super) heads: usize,
    /// Width over all heads.
    pub(super) width: usize,
    /// Dropout site in the encoder.
    pub(super) site: u64,
}

/// Query, key and value, `[tokens, width]` each.
#[derive(Clone, Copy)]
pub(super) struct Projected<'a> {
    pub(super) query: &'a [f32],
    pub(super) key: &'a [f32],
    pub(super) value: &'a [f32],
}

/// Activations saved for the backward pass.
#[derive(Clone, Copy)]
pub(super) struct Saved<'a> {
    pub(super) projected: Projected<'a>,
    /// Attention weights, `[heads, length, length]` a sequence.
    pub(super) weights: &'a [f32],
}

impl Attention {
    fn head_width(self) -> usize {
        self.width / self.heads
    }

    #[expect(clippy::cast_precision_loss, reason = "a width")]
    fn scale(self) -> f32 {
        1.0 / (self.head_width() as f32).sqrt()
    }

    /// The dropout of a head's weights in sequence `i`.
    fn dropout(
        self,
        dropout_at: DropoutAt,
        i: usize,
        head: usize,
    ) -> crate::kernel::dropout::Dropout {
        dropout(
            DropoutAt { seed: derive(dropout_at.seed, head as u64), ..dropout_at },
            self.site,
            i,
        )
    }

    /// A head's columns of `rows`, from the sequence's first token on.
    fn rows(self, rows: &[f32], first: usize, len: usize, head: usize) -> Rows<'_> {
        let start = first * self.width + head * self.head_width();
        Rows::strided(&rows[start..], len, self.head_width(), self.width)
    }

    fn rows_mut(self, rows: &mut [f32], first: usize, len: usize, head: usize) -> RowsMut<'_> {
        let start = first * self.width + head * self.head_width();
        RowsMut::strided(&mut rows[start..], len, self.head_width(), self.width)
    }

    /// `context` = the values, weighted; `weights`, `[heads, length, length]` a sequence, are kept.
    pub(super) fn forward(
        self,
        sequences: Sequences<'_>,
        dropout: Option<DropoutAt>,
        projected: Projected<'_>,
        weights: &mut [f32],
        context: &mut [f32],
        square: &mut Vec<f32>,
    ) {
        for (i, tokens, squares) in sequences.iter() {
            let (first, len) = (tokens.start, tokens.len());
            let weights = &mut weights[squares];
            for (head, weights) in weights.chunks_exact_mut(len * len).enumerate() {
                let query = self.rows(projected.query, first, len, head);
                let key = self.rows(projected.key, first, len, head);
                let out = RowsMut::new(weights, len);
                out.times_transposed(query, key, self.scale());
                softmax::forward(weights, len);
                let mut used = &*weights;
                if let Some(dropout) = dropout {
                    let dropped = sized(square, len * len);
                    self.dropout(dropout, i, head).copy(weights, dropped);
                    used = dropped;
                }
                let value = self.rows(projected.value, first, len, head);
                self.rows_mut(context, first, len, head).times(Rows::new(used, len), value, 1.0);
            }
        }
    }

    /// From the gradient of `context` those of query, key and value.
    pub(super) fn backward(
        self,
        sequences: Sequences<'_>,
        dropout: Option<DropoutAt>,
        Saved { projected, weights }: Saved<'_>,
        gradient: &[f32],
        [of_query, of_key, of_value]: [&mut [f32]; 3],
        [square, other]: [&mut Vec<f32>; 2],
    ) {
        for (i, tokens, squares) in sequences.iter() {
            let (first, len) = (tokens.start, tokens.len());
            let weights = &weights[squares];
            for (head, weights) in weights.chunks_exact(len * len).enumerate() {
                let dropout = dropout.map(|dropout| self.dropout(dropout, i, head));
                let of_context = self.rows(gradient, first, len, head);
                let mut used = weights;
                if let Some(dropout) = dropout {
                    let dropped = sized(other, len * len);
                    dropout.copy(weights, dropped);
                    used = dropped;
                }
                let out = self.rows_mut(of_value, first, len, head);
                out.transposed_times(Rows::new(used, len), of_context, 1.0);
                let of_weights = sized(square, len * len);
                let value = self.rows(projected.value, first, len, head);
                RowsMut::new(of_weights, len).times_transposed(of_context, value, 1.0);
                if let Some(dropout) = dropout {
                    dropout.apply(of_weights);
                }
                softmax::backward(weights, of_weights, len, self.scale());
                let of_scores = Rows::new(of_weights, len);
                let key = self.rows(projected.key, first, len, head);
                self.rows_mut(of_query, first, len, head).times(of_scores, key, 1.0);
                let query = self.rows(projected.query, first, len, head);
                let out = self.rows_mut(of_key, first, len, head);
                out.transposed_times(of_scores, query, 1.0);
            }
        }
    }
}
