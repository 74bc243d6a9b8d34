//! Attention bias by relative position, gathered once for all layers.
use super::Build;
use super::nodes::int;
use crate::GraphError;
use crate::check::ElementType;

/// Name of the bias, and beginning of the names on the way to it.
const BIAS: &str = "relative.bias";

impl Build<'_> {
    /// The bias of every query and key, `[1, heads, seq, seq]`, from the tensor `biases`. The graph has
    /// a bias for every offset, so that buckets are computed when it is built; `None` for a family
    /// without.
    pub(super) fn relative_bias(
        &mut self,
        biases: &str,
        ids: &str,
    ) -> Result<Option<String>, GraphError> {
        let config = self.config;
        let Some(relative) = config.family.relative else { return Ok(None) };
        let longest = config.positions;
        let table = relative.by_offset(&self.nodes.read_all(&[biases])?, config.heads, longest);
        let nodes = &mut self.nodes;
        let table = nodes.weight("relative.by.offset", &[1, config.heads, 2 * longest - 1], table);
        let name = |part: &str| format!("relative.{part}");
        let int64 = ElementType::Int64;
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let shape = nodes.plain("Shape", &[ids], &name("shape"));
        let [zero, one] = [("zero", 0), ("one", 1)]
            .map(|(part, n)| nodes.constant(&name(part), &[], int64, &[n]));
        let last_axis = nodes.constant(&name("axis"), &[1], int64, &[1]);
        let length = nodes.plain("Gather", &[&shape, &one], &name("length"));
        let keys = nodes.plain("Range", &[&zero, &length, &one], &name("keys"));
        let queries = nodes.plain("Unsqueeze", &[&keys, &last_axis], &name("queries"));
        // Key − query, from −(seq − 1) to seq − 1, `[seq, seq]`.
        let offsets = nodes.plain("Sub", &[&keys, &queries], &name("offsets"));
        let middle = nodes.constant(&name("middle"), &[], int64, &[number(longest - 1)]);
        let columns = nodes.plain("Add", &[&offsets, &middle], &name("columns"));
        let axis = vec![int("axis", 2)];
        Ok(Some(nodes.node("", "Gather", &[&table, &columns], BIAS, axis)))
    }

    /// The same for the first token alone as the query, twice, `[1, heads, 2, seq]`.
    pub(super) fn relative_bias_of_first(&mut self, twice: &str) -> Option<String> {
        let bias = self.relative.clone()?;
        let name = format!("{BIAS}.first");
        if self.nodes.has(&name) {
            return Some(name);
        }
        Some(self.nodes.node("", "Gather", &[&bias, twice], &name, vec![int("axis", 2)]))
    }
}
