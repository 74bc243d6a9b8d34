//! A layer of the encoder: attention, then the feed-forward part, each with a skip and a norm.
use super::nodes::{MICROSOFT, float, int};
use super::own::Own;
use super::{ASKED, Build, Inside, first_name, hidden_name, inside_name};
use crate::GraphError;
use crate::check::ElementType;
use cloze_checkpoint::Activation;
use cloze_checkpoint::layout::{Dense, Layer, Norm};

/// Rows of a layer's result to compute: everything after its attention costs in proportion to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Every token's, `[batch, seq, hidden]`.
    All,
    /// Rows asked for, `[asked, hidden]`.
    Asked,
    /// The first token's, `[batch, hidden]`.
    First,
}

/// Rows that attend.
struct Query<'a> {
    /// `[batch, rows, hidden]`.
    rows: &'a str,
    /// Their attention bias by relative position, `[1, heads, rows, seq]`.
    relative: Option<String>,
}

impl Build<'_> {
    /// Output of layer `i` for these rows.
    pub(super) fn layer(
        &mut self,
        layer: &Layer,
        x: &str,
        mask: &str,
        rows: Rows,
        i: usize,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("layer.{i}.{part}");
        let (context, skip) = match rows {
            Rows::All => (self.attention(layer, x, mask, i)?, x.to_owned()),
            Rows::Asked => {
                let context = self.attention(layer, x, mask, i)?;
                (self.asked(&context, "context"), self.asked(x, "skip"))
            }
            Rows::First => {
                // Twice: the sums of a product with one row depend on how long the padding is.
                let zeros = self.nodes.constant("first.twice", &[2], ElementType::Int64, &[0, 0]);
                let relative = self.relative_bias_of_first(&zeros);
                let axis = vec![int("axis", 1)];
                // [batch, 2, hidden]
                let twice = self.nodes.node("", "Gather", &[x, &zeros], &name("twice"), axis);
                let query = Query { rows: &twice, relative };
                let context = self.attention_of(layer, &query, x, mask, i)?;
                (self.first_of(&context, &name("context.first")), self.first_of(x, &name("skip")))
            }
        };
        let attended = self.skip_norm(
            &context,
            &layer.attention,
            &skip,
            &layer.attention_norm,
            &inside_name(i, Inside::Attended),
        )?;
        let activation = self.config.activation;
        let active = inside_name(i, Inside::Active);
        if self.nodes.own_operators && activation == Activation::Gelu {
            self.nodes.own_gelu(&attended, &layer.up, Some(&layer.down), &active)?;
        } else {
            self.dense_then(&attended, &layer.up, activation, &active)?;
        }
        let output = match rows {
            Rows::First => first_name(i),
            Rows::All | Rows::Asked => hidden_name(i, self.config.layers),
        };
        self.skip_norm(&active, &layer.down, &attended, &layer.output_norm, &output)
    }

    /// Every token's attention to every token, `[batch, seq, hidden]`.
    fn attention(
        &mut self,
        layer: &Layer,
        x: &str,
        mask: &str,
        i: usize,
    ) -> Result<String, GraphError> {
        // The fused operator multiplies floats, and that of cloze's own knows no bias by relative position.
        let own = self.nodes.own_operators && self.relative.is_none();
        if own || self.nodes.is_int8(&layer.query.weight) {
            let query = Query { rows: x, relative: self.relative.clone() };
            return self.attention_of(layer, &query, x, mask, i);
        }
        let weight = self.nodes.qkv_weight(layer, self.config.hidden)?;
        let bias = self.qkv_bias(layer)?;
        let mut inputs = vec![x, &*weight, &*bias, mask];
        let relative = self.relative.clone();
        if let Some(relative) = &relative {
            // Past keys and values stand before it, and are none.
            inputs.extend(["", relative]);
        }
        let settings = self.attention_settings();
        Ok(self.nodes.node(
            MICROSOFT,
            "Attention",
            &inputs,
            &inside_name(i, Inside::Context),
            settings,
        ))
    }

    /// The attention of `query` to every token of `to`, `[batch, rows of query, hidden]`.
    fn attention_of(
        &mut self,
        layer: &Layer,
        query: &Query<'_>,
        to: &str,
        mask: &str,
        i: usize,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("layer.{i}.{part}");
        let relative = query.relative.as_deref();
        let mut bias = self.qkv_bias(layer)?;
        let [query, key, value] = match self.own_sums(layer, query.rows, to, i)? {
            Some([sums, scales]) if relative.is_none() => {
                let context = inside_name(i, Inside::Context);
                let inputs = [&*sums, &*scales, &*bias, mask];
                let heads = i64::try_from(self.config.heads).unwrap_or(i64::MAX);
                self.nodes.own(
                    Own::ScaledAttention,
                    &inputs,
                    &[&context],
                    vec![int("heads", heads)],
                );
                return Ok(context);
            }
            Some([sums, scales]) => {
                let parts = [name("query"), name("key"), name("value")];
                let outputs = parts.each_ref().map(String::as_str);
                self.nodes.own(Own::ScaledParts, &[&sums, &scales, &bias], &outputs, vec![]);
                bias.clear();
                parts
            }
            None => [
                self.nodes.product(query.rows, &layer.query, &name("query"))?,
                self.nodes.product(to, &layer.key, &name("key"))?,
                self.nodes.product(to, &layer.value, &name("value"))?,
            ],
        };
        let mut inputs = vec![&*query, &*key, &*value, &*bias, mask];
        inputs.extend(relative);
        let settings = self.attention_settings();
        Ok(self.nodes.node(
            MICROSOFT,
            "MultiHeadAttention",
            &inputs,
            &inside_name(i, Inside::Context),
            settings,
        ))
    }

    /// Sums of query, key and value of every row, and their scales, if operators of cloze's own go on from there.
    fn own_sums(
        &mut self,
        layer: &Layer,
        rows: &str,
        to: &str,
        i: usize,
    ) -> Result<Option<[String; 2]>, GraphError> {
        let three = [&layer.query, &layer.key, &layer.value];
        let int8 = three.map(|dense| self.nodes.is_int8(&dense.weight));
        if rows != to || !self.nodes.own_operators || int8 != [int8[0]; 3] {
            return Ok(None);
        }
        self.nodes.own_sums(layer, to, &format!("layer.{i}"))
    }

    fn qkv_bias(&mut self, layer: &Layer) -> Result<String, GraphError> {
        let name = format!("{}.qkv", layer.query.bias);
        if self.nodes.has_weight(&name) {
            return Ok(name);
        }
        let three = [&layer.query, &layer.key, &layer.value];
        let bias = self.nodes.read_all(&three.map(|d| d.bias.as_str()))?;
        Ok(self.nodes.weight(&name, &[3 * self.config.hidden], bias))
    }

    fn attention_settings(&self) -> Vec<crate::onnx::AttributeProto> {
        let heads = i64::try_from(self.config.heads).unwrap_or(i64::MAX);
        // As far down as there is, like transformers: a masked token gets exactly nothing.
        vec![int("num_heads", heads), float("mask_filter_value", f32::MIN)]
    }

    /// norm(x · weightᵀ + bias + skip). The fused operator for it, `SkipLayerNormalization`, adds a row up
    /// number by number: of 512 rows of 384 it takes 0.98 ms where these three take 0.19.
    fn skip_norm(
        &mut self,
        x: &str,
        dense: &Dense,
        skip: &str,
        norm: &Norm,
        output: &str,
    ) -> Result<String, GraphError> {
        if self.nodes.own_operators {
            let norm = (norm, self.config.norm_epsilon);
            self.nodes.own_skip_norm(x, dense, skip, norm, output)?;
            return Ok(output.to_owned());
        }
        let biased = self.nodes.dense(x, dense, &format!("{output}.biased"))?;
        let sum = self.nodes.plain("Add", &[&biased, skip], &format!("{output}.sum"));
        let [weight, shift] = self.nodes.norm(norm)?;
        let settings = vec![float("epsilon", self.config.norm_epsilon), int("axis", -1)];
        let inputs = [&*sum, &*weight, &*shift];
        Ok(self.nodes.node("", "LayerNormalization", &inputs, output, settings))
    }

    /// The activation of x + the bias of `dense`.
    fn activate(
        &mut self,
        x: &str,
        dense: &Dense,
        activation: Activation,
        output: &str,
    ) -> Result<String, GraphError> {
        let bias = self.nodes.tensor(&dense.bias, &[dense.outputs])?;
        Ok(self.nodes.activation(x, Some(&bias), activation, output))
    }

    /// `activation(x · weightᵀ + bias)`.
    pub(super) fn dense_then(
        &mut self,
        x: &str,
        dense: &Dense,
        activation: Activation,
        output: &str,
    ) -> Result<String, GraphError> {
        let product = self.nodes.product(x, dense, output)?;
        self.activate(&product, dense, activation, output)
    }

    /// The rows of `x` at the tokens asked for, `[asked, hidden]`, called by `part`: what comes behind
    /// costs what is asked for.
    pub(super) fn asked(&mut self, x: &str, part: &str) -> String {
        let rows = self.flat(x, &format!("{part}.all"));
        self.nodes.plain("Gather", &[&rows, ASKED], &format!("{part}.asked"))
    }

    /// The first token's row of hidden state `i`, `[batch, hidden]`; `state` is all of it, or that row.
    pub(super) fn first(&mut self, state: &str, i: usize) -> String {
        let name = first_name(i);
        if state != name && !self.nodes.has(&name) {
            self.first_of(state, &name);
        }
        name
    }

    /// The first row of each text, `[batch, hidden]`.
    fn first_of(&mut self, x: &str, output: &str) -> String {
        let first = self.nodes.constant("first", &[], ElementType::Int64, &[0]);
        self.nodes.node("", "Gather", &[x, &first], output, vec![int("axis", 1)])
    }

    /// The rows of `x` one behind the other, `[rows, hidden]`.
    fn flat(&mut self, x: &str, output: &str) -> String {
        let hidden = i64::try_from(self.config.hidden).unwrap_or(i64::MAX);
        let shape = self.nodes.constant("rows", &[2], ElementType::Int64, &[-1, hidden]);
        self.nodes.plain("Reshape", &[x, &shape], output)
    }
}
