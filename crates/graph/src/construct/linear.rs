//! Matrices, norms and feed-forward networks of decoders and encoder–decoders.
use cloze_checkpoint::Activation;
use cloze_checkpoint::decoder::layout::{DecoderNorm, Linear};

use super::nodes::{Nodes, float, int};
use crate::GraphError;

/// Feed-forward network: down(activation(gate) · up), or without a gate down(activation(up)).
#[derive(Clone, Copy)]
pub(super) struct Feed<'a> {
    pub(super) gate: Option<&'a Linear>,
    pub(super) up: &'a Linear,
    pub(super) down: &'a Linear,
    pub(super) activation: Activation,
}

impl Nodes<'_> {
    /// x times the matrix, plus its bias if it has one.
    pub(super) fn linear(
        &mut self,
        linear: &Linear,
        x: &str,
        output: &str,
    ) -> Result<String, GraphError> {
        let Some(bias) = &linear.bias else { return self.linear_product(linear, x, output) };
        let product = self.linear_product(linear, x, &format!("{output}.product"))?;
        let bias = self.tensor(bias, &[linear.outputs])?;
        Ok(self.plain("Add", &[&product, &bias], output))
    }

    /// x times the matrix, without the bias.
    fn linear_product(
        &mut self,
        linear: &Linear,
        x: &str,
        output: &str,
    ) -> Result<String, GraphError> {
        let Linear { weight, inputs, outputs, turned, .. } = linear;
        if !turned {
            return self.matmul(x, weight, [*outputs, *inputs], output);
        }
        if self.is_int8(weight) {
            return self.matmul_int8(x, weight, [*outputs, *inputs], true, output);
        }
        let weight = self.matrix(weight, &[*inputs, *outputs])?;
        Ok(self.plain("MatMul", &[x, &weight], output))
    }

    fn activated(
        &mut self,
        linear: &Linear,
        x: &str,
        activation: Activation,
        output: &str,
    ) -> Result<String, GraphError> {
        let product = self.linear_product(linear, x, &format!("{output}.product"))?;
        let bias = linear.bias.as_ref();
        let bias = bias.map(|bias| self.tensor(bias, &[linear.outputs])).transpose()?;
        Ok(self.activation(&product, bias.as_deref(), activation, output))
    }

    /// Output of a feed-forward network; `stem` begins the names on the way to it.
    pub(super) fn feed(
        &mut self,
        feed: Feed<'_>,
        x: &str,
        stem: &str,
    ) -> Result<String, GraphError> {
        let name = |part: &str| format!("{stem}.{part}");
        let active = match feed.gate {
            None => self.activated(feed.up, x, feed.activation, &name("active"))?,
            Some(gate) => {
                let gate = self.activated(gate, x, feed.activation, &name("gate"))?;
                let up = self.linear(feed.up, x, &name("up"))?;
                self.plain("Mul", &[&gate, &up], &name("active"))
            }
        };
        self.linear(feed.down, &active, &name("down"))
    }

    /// A layer norm, or of a norm without a bias the division by the root mean square.
    pub(super) fn decoder_norm(
        &mut self,
        norm: &DecoderNorm,
        epsilon: f32,
        x: &str,
        output: &str,
    ) -> Result<String, GraphError> {
        let weight = self.tensor(&norm.weight, &[norm.width])?;
        let settings = vec![float("epsilon", epsilon), int("axis", -1)];
        Ok(match &norm.bias {
            Some(bias) => {
                let bias = self.tensor(bias, &[norm.width])?;
                self.node("", "LayerNormalization", &[x, &weight, &bias], output, settings)
            }
            // ONNX Runtime's own operator, though it stands in ONNX's domain.
            None => self.node("", "SimplifiedLayerNormalization", &[x, &weight], output, settings),
        })
    }
}
