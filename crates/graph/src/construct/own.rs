//! cloze's own operators: what stands between two products, row by row and in one pass, where ONNX
//! Runtime's operators read and write all numbers several times, more so with 8-bit numbers. `cloze-encoder` has their kernels; graphs for others
//! (`cloze model convert`) do without them.
//!
//! | operator | inputs | outputs |
//! |---|---|---|
//! | `RoundRows` | x `[…, n]` | 8-bit numbers `[…, n]`, scale of each row `[…, 1]` |
//! | `ScaledParts` | sums `[…, 3 · n]`, scales of rows, bias `[3 · n]` | three of `[…, n]` |
//! | `ScaledAttention` | sums of query, key and value `[…, 3 · n]`, scales of rows, bias `[3 · n]`, mask `[batch, seq]` | context `[…, n]` |
//! | `ScaledGelu` | sums `[…, n]`, scales of rows, bias `[n]` | gelu `[…, n]` |
//! | `ScaledGeluRounded` | the same | as `RoundRows` of that |
//! | `ScaledSumNorm` | sums `[…, n]`, scales of rows, bias `[n]`, skip `[…, n]`, weight `[n]`, shift `[n]` | norm `[…, n]` |
//!
//! Sums are those of a product, in the scales of its columns; scales of rows are `[…, 1]`, or one number for all.
//! Attributes: `heads` of the attention; of those that round, `zero`, the number that stands for 0, and `scale`, that of all rows, or `least`, the
//! least scale of a row; `epsilon` of the norm.
use cloze_checkpoint::Activation;
use cloze_checkpoint::layout::{Dense, Layer, Norm};
use cloze_checkpoint::weights::Int8Matrix;

use super::int8::Sums;
use super::nodes::{Nodes, float};
use super::transposed;
use crate::GraphError;
use crate::onnx::{AttributeProto, NodeProto};

/// Domain of the operators.
pub const DOMAIN: &str = "cloze";

/// Operator of cloze's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Rows of 8-bit numbers with their scales.
    RoundRows,
    /// Scaled sums and their bias, in three parts.
    ScaledParts,
    /// Attention of scaled sums and their bias.
    ScaledAttention,
    /// GELU of scaled sums and their bias.
    ScaledGelu,
    /// The same in 8 bits.
    ScaledGeluRounded,
    /// Layer norm of scaled sums, their bias and a skip.
    ScaledSumNorm,
}

impl Own {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RoundRows,
        Self::ScaledParts,
        Self::ScaledAttention,
        Self::ScaledGelu,
        Self::ScaledGeluRounded,
        Self::ScaledSumNorm,
    ];

    /// Name of the operator in a graph.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RoundRows => "RoundRows",
            Self::ScaledParts => "ScaledParts",
            Self::ScaledAttention => "ScaledAttention",
            Self::ScaledGelu => "ScaledGelu",
            Self::ScaledGeluRounded => "ScaledGeluRounded",
            Self::ScaledSumNorm => "ScaledSumNorm",
        }
    }
}

impl Nodes<'_> {
    /// Adds a node of an own operator, which its first output names.
    pub(super) fn own(
        &mut self,
        own: Own,
        inputs: &[&str],
        outputs: &[&str],
        attribute: Vec<AttributeProto>,
    ) {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.list.push(NodeProto {
            input: names(inputs),
            output: names(outputs),
            name: outputs.first().copied().unwrap_or_default().to_owned(),
            op_type: own.name().to_owned(),
            attribute,
            domain: DOMAIN.to_owned(),
            overload: String::new(),
        });
    }

    /// norm(x · weightᵀ + bias + skip).
    pub(super) fn own_skip_norm(
        &mut self,
        x: &str,
        dense: &Dense,
        skip: &str,
        (norm, epsilon): (&Norm, f32),
        output: &str,
    ) -> Result<(), GraphError> {
        let [sums, by_row] = self.sums(x, dense, &format!("{output}.product"))?;
        let bias = self.tensor(&dense.bias, &[dense.outputs])?;
        let [weight, shift] = self.norm(norm)?;
        let inputs = [&*sums, &*by_row, &*bias, skip, &*weight, &*shift];
        self.own(Own::ScaledSumNorm, &inputs, &[output], vec![float("epsilon", epsilon)]);
        Ok(())
    }

    /// gelu(x · weightᵀ + bias): in 8 bits if `next` is, the one matrix that takes it, and takes it as it is.
    pub(super) fn own_gelu(
        &mut self,
        x: &str,
        dense: &Dense,
        next: Option<&Dense>,
        output: &str,
    ) -> Result<(), GraphError> {
        if let Some(floor) = Activation::Gelu.floor() {
            self.floors.insert(output.to_owned(), floor);
        }
        // Scale of the next matrix's inputs, if they go into it as they are.
        let next = match next {
            Some(next) if self.is_int8(&next.weight) => {
                let Int8Matrix { input, factors, .. } =
                    self.reader.read_int8(&next.weight, false)?;
                factors.is_none().then_some(input)
            }
            _ => None,
        };
        let [sums, by_row] = self.sums(x, dense, &format!("{output}.product"))?;
        let bias = self.tensor(&dense.bias, &[dense.outputs])?;
        let inputs = [&*sums, &*by_row, &*bias];
        match next {
            Some(scale) => self.rounded_rows(Own::ScaledGeluRounded, &inputs, output, scale),
            None => self.own(Own::ScaledGelu, &inputs, &[output], vec![]),
        }
        Ok(())
    }

    /// x · weightᵀ, but for the scales of rows, and these.
    fn sums(&mut self, x: &str, dense: &Dense, output: &str) -> Result<[String; 2], GraphError> {
        let Dense { weight, outputs, inputs, .. } = dense;
        if !self.is_int8(weight) {
            let sums = self.matmul(x, weight, [*outputs, *inputs], output)?;
            return Ok([sums, self.one()]);
        }
        let Sums { sums, by_row } =
            self.sums_int8(x, weight, [*outputs, *inputs], false, output)?;
        Ok([sums, by_row.unwrap_or_else(|| self.one())])
    }

    /// Sums of query, key and value, by one product, and the scales of rows. `None` of 8-bit matrices that round their
    /// inputs each in its way.
    pub(super) fn own_sums(
        &mut self,
        layer: &Layer,
        x: &str,
        stem: &str,
    ) -> Result<Option<[String; 2]>, GraphError> {
        let three = [&layer.query, &layer.key, &layer.value];
        let Dense { inputs, outputs, .. } = layer.query;
        let stem = format!("{stem}.qkv");
        if !self.is_int8(&layer.query.weight) {
            let weight = self.qkv_weight(layer, outputs)?;
            return Ok(Some([self.plain("MatMul", &[x, &weight], &stem), self.one()]));
        }
        let name = format!("{}.qkv.int8", layer.query.weight);
        let mut matrices = vec![];
        for dense in three {
            matrices.push(self.reader.read_int8(&dense.weight, false)?);
        }
        let [first, others @ ..] = &matrices[..] else { return Ok(None) };
        if others.iter().any(|m| m.input != first.input || m.factors != first.factors) {
            return Ok(None);
        }
        let (input, factors) = (first.input, first.factors.clone());
        let mut merged = Int8Matrix { by_column: false, input, factors, ..Int8Matrix::default() };
        for Int8Matrix { numbers, scales, .. } in matrices {
            merged.numbers.extend(numbers);
            merged.scales.extend(scales);
        }
        let size = [merged.scales.len(), inputs];
        merged.numbers = transposed(&merged.numbers, size[0], size[1]);
        let names = (&*name, &*layer.query.weight);
        let Sums { sums, by_row } = self.sums_of(x, names, merged, size, &stem);
        Ok(Some([sums, by_row.unwrap_or_else(|| self.one())]))
    }
}

/// Whether a node is of an own operator.
pub(super) fn is_own(node: &NodeProto) -> bool {
    node.domain == DOMAIN
}
