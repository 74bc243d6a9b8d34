//! Positions of encoder–decoders: embeddings that are added to words, or biases of attention.
use cloze_checkpoint::encoder_decoder::Positions;
use cloze_checkpoint::encoder_decoder::family::POSITION_OFFSET;
use cloze_checkpoint::encoder_decoder::layout::StackLayout;

use super::super::decoder::{POSITIONS, TOTAL_LENGTH};
use super::StackBuild;
use crate::GraphError;
use crate::check::ElementType;

impl StackBuild<'_> {
    /// Embeddings of positions, `[positions, hidden]`, from the first token on; `None` where they are
    /// relative.
    pub(super) fn position_table(
        &mut self,
        layout: &StackLayout,
    ) -> Result<Option<String>, GraphError> {
        let Some(longest) = self.config.positions else { return Ok(None) };
        let hidden = self.config.hidden;
        let dims = [longest, hidden];
        Ok(Some(match (&layout.positions, self.config.family.positions) {
            (Some(name), Positions::Learned) => {
                let rows = self.nodes.read_all(&[name])?.split_off(POSITION_OFFSET * hidden);
                self.nodes.weight(name, &dims, rows)
            }
            (Some(name), _) => self.nodes.tensor(name, &dims)?,
            (None, _) => {
                let name = "sinusoids";
                if !self.nodes.elsewhere.contains(name) {
                    return Ok(Some(self.nodes.weight(name, &dims, sinusoids(longest, hidden))));
                }
                self.nodes.tensor(name, &dims)?
            }
        }))
    }

    /// Bias of every token for every token of the same text.
    pub(super) fn encoder_bias(&mut self, layout: &StackLayout) -> Result<(), GraphError> {
        let (Some(relative), Some(name)) = (self.config.relative, &layout.relative) else {
            return Ok(());
        };
        let biases = relative.both_ways(&self.nodes.read_all(&[name])?, self.shape.heads);
        let most = relative.max_distance;
        let nodes = &mut self.nodes;
        let int64 = ElementType::Int64;
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let [keys_axis, queries_axis] = [("keys.axis", 1), ("queries.axis", 2)]
            .map(|(part, axis)| nodes.constant(part, &[1], int64, &[axis]));
        let keys = nodes.plain("Unsqueeze", &[POSITIONS, &keys_axis], "relative.keys");
        let queries = nodes.plain("Unsqueeze", &[POSITIONS, &queries_axis], "relative.queries");
        // Key − query, [batch, seq, seq], from −max_distance on counted from 0.
        let offsets = nodes.plain("Sub", &[&keys, &queries], "relative.offsets");
        let middle = nodes.constant("relative.middle", &[], int64, &[number(most)]);
        let rows = nodes.plain("Add", &[&offsets, &middle], "relative.rows");
        self.gather_bias(&biases, &rows, 2 * most + 1);
        Ok(())
    }

    /// Bias of every new token for the text's tokens so far and the new ones, by their positions: texts of a
    /// batch need not be of one length.
    pub(super) fn decoder_bias(&mut self, layout: &StackLayout) -> Result<(), GraphError> {
        let (Some(relative), Some(name)) = (self.config.relative, &layout.relative) else {
            return Ok(());
        };
        let biases = relative.backwards(&self.nodes.read_all(&[name])?, self.shape.heads);
        let nodes = &mut self.nodes;
        let int64 = ElementType::Int64;
        let [zero, one] = [("zero", 0), ("one", 1)]
            .map(|(name, n)| nodes.constant(&format!("relative.{name}"), &[], int64, &[n]));
        let queries_axis = nodes.constant("queries.axis", &[1], int64, &[2]);
        let total = nodes.cast(TOTAL_LENGTH, int64, "relative.total");
        let keys = nodes.plain("Range", &[&zero, &total, &one], "relative.keys");
        let queries = nodes.plain("Unsqueeze", &[POSITIONS, &queries_axis], "relative.queries");
        // Query − key, [batch, seq, total]; keys behind the query are masked by the operator.
        let distances = nodes.plain("Sub", &[&queries, &keys], "relative.distances");
        self.gather_bias(&biases, &distances, relative.max_distance + 1);
        Ok(())
    }

    /// Gathers the bias of each head from `rows` rows, of which the first and the last stand for all beyond
    /// them: `[batch, heads, queries, keys]`.
    fn gather_bias(&mut self, biases: &[f32], row: &str, rows: usize) {
        let heads = self.shape.heads;
        let table = self.nodes.weight("relative.biases", &[rows, heads], biases.to_vec());
        let last = i64::try_from(rows.saturating_sub(1)).unwrap_or(i64::MAX);
        let int64 = ElementType::Int64;
        let first = self.nodes.constant("relative.first", &[], int64, &[0]);
        let last = self.nodes.constant("relative.last", &[], int64, &[last]);
        let row = self.nodes.plain("Clip", &[row, &first, &last], "relative.row");
        let gathered = self.nodes.plain("Gather", &[&table, &row], "relative.gathered");
        self.bias = Some(self.transposed(&gathered, &[0, 3, 1, 2], "relative.bias"));
    }
}

/// Sines and cosines of positions, `[positions, hidden]`, all sines first. Source: transformers 5.24,
/// `MarianSinusoidalPositionalEmbedding.create_weight`.
fn sinusoids(positions: usize, hidden: usize) -> Vec<f32> {
    // Of an odd number the one in the middle is a sine.
    let sines = hidden.div_ceil(2);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "positions and sizes are small; numbers of the graph are f32"
    )]
    let number = |place: usize| {
        let (position, i) = (place / hidden, place % hidden);
        let pair = if i < sines { i } else { i - sines };
        let angle = position as f64 / 10_000_f64.powf(2.0 * pair as f64 / hidden as f64);
        (if i < sines { angle.sin() } else { angle.cos() }) as f32
    };
    (0..positions * hidden).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::sinusoids;

    /// Hidden size 4: frequencies 1 and 10,000^(−1/2) = 0.01; sines of both, then cosines of both.
    #[test]
    fn sines_come_before_cosines() {
        let expected = [0.0_f32, 0.0, 1.0, 1.0].into_iter().chain([
            1_f32.sin(),
            0.01_f32.sin(),
            1_f32.cos(),
            0.01_f32.cos(),
        ]);
        for (found, expected) in sinusoids(2, 4).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-7, "{found}, {expected}");
        }
    }
}
