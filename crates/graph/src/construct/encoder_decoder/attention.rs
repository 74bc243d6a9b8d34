//! Attention in encoder–decoders: of a prompt's tokens to each other, of a text's to those before them, and of
//! a text's to the prompt's.
use cloze_checkpoint::encoder_decoder::layout::AttentionLayout;

use super::super::decoder::{CachePorts, PRESENT_LENGTHS, TOTAL_LENGTH};
use super::super::nodes::{MICROSOFT, float, int};
use super::{CrossPorts, SOURCE_MASK, StackBuild};
use crate::GraphError;
use crate::check::ElementType;
use crate::onnx::AttributeProto;

impl StackBuild<'_> {
    /// Settings that both operators have.
    fn settings(&self) -> Vec<AttributeProto> {
        let heads = i64::try_from(self.shape.heads).unwrap_or(i64::MAX);
        let mut settings = vec![int("num_heads", heads)];
        if self.config.relative.is_some() {
            // T5's queries are not divided by the square root of a head's width.
            settings.push(float("scale", 1.0));
        }
        settings
    }

    /// Attention of every token to every token, without padding.
    pub(super) fn full_attention(
        &mut self,
        layout: &AttentionLayout,
        x: &str,
        stem: &str,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("{stem}.{part}");
        let query = self.nodes.linear(&layout.query, x, &name("query"))?;
        let key = self.nodes.linear(&layout.key, x, &name("key"))?;
        let values = self.nodes.linear(&layout.value, x, &name("value"))?;
        let mut inputs = vec![&*query, &*key, &*values];
        if let Some(bias) = &self.bias {
            // No biases of the projections, which are added already, and no mask.
            inputs.extend(["", "", bias]);
        }
        let (settings, output) = (self.settings(), name("context"));
        self.nodes.node(MICROSOFT, "MultiHeadAttention", &inputs, &output, settings);
        self.nodes.linear(&layout.output, &output, &name("output"))
    }

    /// Attention of the new tokens to themselves and the cache.
    pub(super) fn cached_attention(
        &mut self,
        layout: &AttentionLayout,
        x: &str,
        stem: &str,
        i: usize,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("{stem}.{part}");
        let query = self.nodes.linear(&layout.query, x, &name("query"))?;
        let key = self.nodes.linear(&layout.key, x, &name("key"))?;
        let values = self.nodes.linear(&layout.value, x, &name("value"))?;
        let heads = i64::try_from(self.shape.heads).unwrap_or(i64::MAX);
        let mut settings = self.settings();
        settings.push(int("kv_num_heads", heads));
        let ports = CachePorts::of_layer(i);
        let [past_key, present_key] = &ports.key;
        let [past_value, present_value] = &ports.value;
        let mut inputs =
            vec![&*query, &key, &values, past_key, past_value, PRESENT_LENGTHS, TOTAL_LENGTH];
        if let Some(bias) = &self.bias {
            // No angles, and no positions for them.
            inputs.extend(["", "", "", bias]);
        }
        let output = name("context");
        self.nodes.node(MICROSOFT, "GroupQueryAttention", &inputs, &output, settings);
        if let Some(node) = self.nodes.list.last_mut() {
            node.output.extend([present_key.clone(), present_value.clone()]);
        }
        self.nodes.linear(&layout.output, &output, &name("output"))
    }

    /// Shape of queries by prompt, `[prompts, all rows of its texts, width]`, as an input of Reshape.
    pub(super) fn shape_by_prompt(&mut self) -> String {
        let width = i64::try_from(self.shape.width()).unwrap_or(i64::MAX);
        let int64 = ElementType::Int64;
        let nodes = &mut self.nodes;
        let mask = nodes.plain("Shape", &[SOURCE_MASK], "source.shape");
        let first = nodes.constant("source.first", &[1], int64, &[0]);
        let prompts = nodes.plain("Gather", &[&mask, &first], "source.prompts");
        let rest = nodes.constant("source.rest", &[2], int64, &[-1, width]);
        let axis = vec![int("axis", 0)];
        nodes.node("", "Concat", &[&prompts, &rest], "source.by.prompt", axis)
    }

    /// Attention of the new tokens to their prompt. Texts of one prompt are rows of one, so that its keys and
    /// values are there once; a first row is there twice, since the sums of a product with one row depend on
    /// how long the padding of the prompts is.
    pub(super) fn cross_attention(
        &mut self,
        layout: &AttentionLayout,
        x: &str,
        shape: &str,
        stem: &str,
        i: usize,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("{stem}.{part}");
        let query = self.nodes.linear(&layout.query, x, &name("query"))?;
        let CrossPorts { key, value } = CrossPorts::of_layer(i);
        let mut settings = self.settings();
        // As far down as there is, like transformers: a masked token gets exactly nothing.
        settings.push(float("mask_filter_value", f32::MIN));
        let nodes = &mut self.nodes;
        let int64 = ElementType::Int64;
        let [zero, one, last] = [("cross.zero", 0), ("cross.one", 1), ("cross.last", i64::MAX)]
            .map(|(name, n)| nodes.constant(name, &[1], int64, &[n]));
        let axis = || vec![int("axis", 1)];
        let rows = nodes.plain("Reshape", &[&query, shape], &name("rows"));
        let first = nodes.node("", "Gather", &[&rows, &zero], &name("first"), axis());
        let rows = nodes.node("", "Concat", &[&first, &rows], &name("rows.more"), axis());
        let inputs = [&*rows, &*key, &*value, "", SOURCE_MASK];
        let output = name("context.more");
        nodes.node(MICROSOFT, "MultiHeadAttention", &inputs, &output, settings);
        let inputs = [&*output, &*one, &*last, &*one];
        let context = nodes.plain("Slice", &inputs, &name("context.rows"));
        let shape = nodes.plain("Shape", &[&query], &name("shape"));
        let context = nodes.plain("Reshape", &[&context, &shape], &name("context"));
        nodes.linear(&layout.output, &context, &name("output"))
    }
}
