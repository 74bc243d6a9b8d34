//! Causal attention of each text to itself, head by head, both ways. Scores are worked out for some
//! queries at a time and again on the way back, so that memory is linear in the length of a text
//! (Dao et al. 2022 keep the sums of the softmax, too, which saves little here).
use cloze_checkpoint::decoder::DecoderConfig;

use crate::encoder::DropoutAt;
use crate::encoder::group::{Sequences, dropout, sized};
use crate::kernel::matrix::{Rows, RowsMut};
use crate::kernel::softmax;
use crate::random::derive;

/// Queries whose scores are worked out together: as many as share copied keys without seeing many
/// scores of later tokens, which are thrown away.
const QUERIES: usize = 128;

/// The shape of an attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct CausalAttention {
    heads: usize,
    /// Query heads of each key and value head.
    shared: usize,
    head_size: usize,
    /// Number of tokens that a token sees, itself included.
    window: usize,
    /// Dropout site in the decoder.
    site: u64,
}

/// Query `[tokens, heads · head_size]`; key and value `[tokens, key_value_heads · head_size]`.
#[derive(Clone, Copy)]
pub(super) struct Projected<'a> {
    pub(super) query: &'a [f32],
    pub(super) key: &'a [f32],
    pub(super) value: &'a [f32],
}

/// Gradients of [`Projected`].
pub(super) struct OfProjected<'a> {
    pub(super) query: &'a mut [f32],
    pub(super) key: &'a mut [f32],
    pub(super) value: &'a mut [f32],
}

/// Some queries of a text, and the keys that any of them sees.
#[derive(Clone, Copy)]
struct Block {
    /// Index of the text in the batch.
    text: usize,
    /// First token of the text in the group.
    first: usize,
    /// First query, from the text's first token on.
    start: usize,
    /// End of queries and keys.
    end: usize,
    /// First key.
    from: usize,
    len: usize,
}

impl Block {
    fn queries(self) -> usize {
        self.end - self.start
    }

    fn keys(self) -> usize {
        self.end - self.from
    }
}

impl CausalAttention {
    pub(super) fn new(config: &DecoderConfig, site: u64) -> Self {
        let DecoderConfig { heads, key_value_heads, head_size, window, .. } = *config;
        let window = window.unwrap_or(usize::MAX);
        Self { heads, shared: heads / key_value_heads, head_size, window, site }
    }

    #[expect(clippy::cast_precision_loss, reason = "a width")]
    fn scale(self) -> f32 {
        1.0 / (self.head_size as f32).sqrt()
    }

    fn blocks(self, sequences: Sequences<'_>) -> impl Iterator<Item = Block> + use<'_> {
        sequences.iter().flat_map(move |(text, tokens, _)| {
            let (first, len) = (tokens.start, tokens.len());
            (0..len).step_by(QUERIES).map(move |start| {
                let end = len.min(start + QUERIES);
                let from = (start + 1).saturating_sub(self.window);
                Block { text, first, start, end, from, len }
            })
        })
    }

    /// A head's columns of some tokens of a text.
    fn rows(self, rows: &[f32], token: usize, len: usize, head: usize, heads: usize) -> Rows<'_> {
        let width = heads * self.head_size;
        let start = token * width + head * self.head_size;
        Rows::strided(&rows[start..], len, self.head_size, width)
    }

    fn rows_mut(
        self,
        rows: &mut [f32],
        token: usize,
        len: usize,
        head: usize,
        heads: usize,
    ) -> RowsMut<'_> {
        let width = heads * self.head_size;
        let start = token * width + head * self.head_size;
        RowsMut::strided(&mut rows[start..], len, self.head_size, width)
    }

    fn query(self, rows: &[f32], block: Block, head: usize) -> Rows<'_> {
        self.rows(rows, block.first + block.start, block.queries(), head, self.heads)
    }

    fn key(self, rows: &[f32], block: Block, head: usize) -> Rows<'_> {
        let heads = self.heads / self.shared;
        self.rows(rows, block.first + block.from, block.keys(), head / self.shared, heads)
    }

    fn key_mut(self, rows: &mut [f32], block: Block, head: usize) -> RowsMut<'_> {
        let heads = self.heads / self.shared;
        self.rows_mut(rows, block.first + block.from, block.keys(), head / self.shared, heads)
    }

    /// Attention weights of a head, `[queries, keys]`.
    fn weights(self, projected: Projected<'_>, block: Block, head: usize, out: &mut [f32]) {
        let query = self.query(projected.query, block, head);
        let key = self.key(projected.key, block, head);
        RowsMut::new(out, block.keys()).times_transposed(query, key, self.scale());
        softmax::forward_within(out, block.keys(), |row| {
            let token = block.start + row;
            let first = (token + 1).saturating_sub(self.window);
            first - block.from..token + 1 - block.from
        });
    }

    /// Applies `drop` to the rows of a block, with the place of each in the whole text's weights.
    fn drop_out(self, dropout_at: DropoutAt, block: Block, head: usize, weights: &mut [f32]) {
        let seed = derive(dropout_at.seed, head as u64);
        let dropout = dropout(DropoutAt { seed, ..dropout_at }, self.site, block.text);
        for (row, weights) in weights.chunks_exact_mut(block.keys()).enumerate() {
            dropout.from((block.start + row) * block.len + block.from).apply(weights);
        }
    }

    /// `context` = the values, weighted.
    pub(super) fn forward(
        self,
        sequences: Sequences<'_>,
        dropout: Option<DropoutAt>,
        projected: Projected<'_>,
        context: &mut [f32],
        square: &mut Vec<f32>,
    ) {
        for block in self.blocks(sequences) {
            let weights = sized(square, block.queries() * block.keys());
            for head in 0..self.heads {
                self.weights(projected, block, head, weights);
                if let Some(dropout) = dropout {
                    self.drop_out(dropout, block, head, weights);
                }
                let value = self.key(projected.value, block, head);
                let token = block.first + block.start;
                let out = self.rows_mut(context, token, block.queries(), head, self.heads);
                out.times(Rows::new(weights, block.keys()), value, 1.0);
            }
        }
    }

    /// From the gradient of `context` those of query, key and value.
    pub(super) fn backward(
        self,
        sequences: Sequences<'_>,
        dropout: Option<DropoutAt>,
        projected: Projected<'_>,
        gradient: &[f32],
        of: &mut OfProjected<'_>,
        [square, other, third]: [&mut Vec<f32>; 3],
    ) {
        of.key.fill(0.0);
        of.value.fill(0.0);
        for block in self.blocks(sequences) {
            let (keys, numbers) = (block.keys(), block.queries() * block.keys());
            for head in 0..self.heads {
                let weights = sized(square, numbers);
                self.weights(projected, block, head, weights);
                let of_context = self.query(gradient, block, head);
                let mut used = &*weights;
                if let Some(dropout) = dropout {
                    let dropped = sized(third, numbers);
                    dropped.copy_from_slice(weights);
                    self.drop_out(dropout, block, head, dropped);
                    used = dropped;
                }
                let out = self.key_mut(of.value, block, head).adding();
                out.transposed_times(Rows::new(used, keys), of_context, 1.0);
                let of_weights = sized(other, numbers);
                let value = self.key(projected.value, block, head);
                RowsMut::new(of_weights, keys).times_transposed(of_context, value, 1.0);
                if let Some(dropout) = dropout {
                    self.drop_out(dropout, block, head, of_weights);
                }
                softmax::backward(weights, of_weights, keys, self.scale());
                let of_scores = Rows::new(of_weights, keys);
                let token = block.first + block.start;
                let out = self.rows_mut(of.query, token, block.queries(), head, self.heads);
                out.times(of_scores, self.key(projected.key, block, head), 1.0);
                let query = self.query(projected.query, block, head);
                self.key_mut(of.key, block, head).adding().transposed_times(of_scores, query, 1.0);
            }
        }
    }
}
