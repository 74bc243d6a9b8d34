//! A graph while it is put together: nodes, weights, and the names that join them.
use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::transposed;
use crate::GraphError;
use crate::check::ElementType;
use crate::onnx::{
    AttributeProto, DimensionProto, DimensionValue, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use cloze_checkpoint::layout::{Dense, Layer, Norm};
use cloze_checkpoint::weights::{Stretch, WeightReader};

/// ONNX Runtime's own operators.
pub(super) const MICROSOFT: &str = "com.microsoft";

/// Learned numbers of a graph, outer to inner.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// The name nodes know it by.
    pub name: String,
    /// The shape.
    pub dims: Vec<usize>,
    /// Row after row.
    pub data: Numbers,
}

/// A matrix of `f32` that stays in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWeight {
    /// The name nodes know it by.
    pub name: String,
    /// The shape.
    pub dims: Vec<usize>,
    /// Place of its numbers.
    pub stretch: Stretch,
}

/// Numbers of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// `f32`.
    F32(Vec<f32>),
    /// `i8`.
    I8(Vec<i8>),
    /// `f16`.
    F16(Vec<half::f16>),
}

impl Numbers {
    /// Their type.
    #[must_use]
    pub fn element(&self) -> ElementType {
        match self {
            Self::F32(_) => ElementType::Float32,
            Self::I8(_) => ElementType::Int8,
            Self::F16(_) => ElementType::Float16,
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::F32(data) => 4 * data.len(),
            Self::I8(data) => data.len(),
            Self::F16(data) => 2 * data.len(),
        }
    }

    /// The `f32`s; `None` for others.
    #[must_use]
    pub fn floats(&self) -> Option<&[f32]> {
        match self {
            Self::F32(data) => Some(data),
            Self::I8(_) | Self::F16(_) => None,
        }
    }
}

/// A size that is known when the graph is built, or the name of one that is not.
#[derive(Clone, Copy)]
pub(super) enum Size {
    Known(usize),
    Named(&'static str),
}

pub(super) struct Nodes<'a> {
    pub(super) reader: WeightReader<'a>,
    /// Whether 8-bit weights are brought to 7 bits.
    pub(super) seven_bits: bool,
    /// Whether cloze's own operators may be used.
    pub(super) own_operators: bool,
    /// Tensors of which no number is below minus this.
    pub(super) floors: HashMap<String, f32>,
    pub(super) list: Vec<NodeProto>,
    pub(super) weights: Vec<Weight>,
    /// Whether matrices stay in their files, where they can.
    pub(super) in_files: bool,
    /// Matrices that do.
    pub(super) stored: Vec<StoredWeight>,
    /// Small whole numbers that operators want as tensors.
    pub(super) constants: Vec<TensorProto>,
    /// Tensors that another graph has, which is loaded with this one.
    pub(super) elsewhere: HashSet<String>,
    /// Tensors of those that nodes here take, with their shapes.
    pub(super) borrowed: Vec<(String, Vec<usize>)>,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(reader: WeightReader<'a>, seven_bits: bool) -> Self {
        Self {
            reader,
            seven_bits,
            own_operators: false,
            floors: HashMap::new(),
            list: vec![],
            weights: vec![],
            in_files: false,
            stored: vec![],
            constants: vec![],
            elsewhere: HashSet::new(),
            borrowed: vec![],
        }
    }

    /// Adds a node with one output, which also names it.
    pub(super) fn node(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.list.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: output.to_owned(),
            op_type: op.to_owned(),
            attribute: attributes,
            domain: domain.to_owned(),
            overload: String::new(),
        });
        output.to_owned()
    }

    /// Whether there is a node of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.list.iter().any(|node| node.name == name)
    }

    /// An ONNX operator without settings.
    pub(super) fn plain(&mut self, op: &str, inputs: &[&str], output: &str) -> String {
        self.node("", op, inputs, output, vec![])
    }

    /// Another element type.
    pub(super) fn cast(&mut self, input: &str, to: ElementType, output: &str) -> String {
        self.node("", "Cast", &[input], output, vec![int("to", to.number().into())])
    }

    /// Whether there is a weight of that name: layers may share theirs.
    pub(super) fn has_weight(&self, name: &str) -> bool {
        self.weights.iter().any(|w| w.name == name) || self.stored.iter().any(|w| w.name == name)
    }

    /// A matrix of the checkpoint, which a product takes as it is stored.
    pub(super) fn matrix(&mut self, name: &str, dims: &[usize]) -> Result<String, GraphError> {
        let known = !self.in_files || self.has_weight(name) || self.elsewhere.contains(name);
        match self.reader.stretch(name).filter(|_| !known) {
            Some(stretch) => {
                let dims = dims.to_vec();
                self.stored.push(StoredWeight { name: name.to_owned(), dims, stretch });
                Ok(name.to_owned())
            }
            None => self.tensor(name, dims),
        }
    }

    /// A tensor of the checkpoint, as it is stored. Asked for twice, it is there once.
    pub(super) fn tensor(&mut self, name: &str, dims: &[usize]) -> Result<String, GraphError> {
        if self.elsewhere.contains(name) {
            if !self.borrowed.iter().any(|(known, _)| known == name) {
                self.borrowed.push((name.to_owned(), dims.to_vec()));
            }
        } else if !self.has_weight(name) {
            let data = self.reader.read(name)?;
            self.weight(name, dims, data);
        }
        Ok(name.to_owned())
    }

    /// Several tensors of the checkpoint, one behind the other.
    pub(super) fn read_all(&mut self, names: &[&str]) -> Result<Vec<f32>, GraphError> {
        let mut data = vec![];
        for name in names {
            self.reader.read_into(name, &mut data)?;
        }
        Ok(data)
    }

    pub(super) fn weight(&mut self, name: &str, dims: &[usize], data: Vec<f32>) -> String {
        self.numbers(name, dims, Numbers::F32(data))
    }

    pub(super) fn numbers(&mut self, name: &str, dims: &[usize], data: Numbers) -> String {
        self.weights.push(Weight { name: name.to_owned(), dims: dims.to_vec(), data });
        name.to_owned()
    }

    /// Whole numbers; a scalar if `dims` is empty.
    pub(super) fn constant(
        &mut self,
        name: &str,
        dims: &[i64],
        element: ElementType,
        data: &[i64],
    ) -> String {
        if !self.constants.iter().any(|t| t.name == name) {
            let narrow = |&x: &i64| i32::try_from(x).unwrap_or(i32::MAX).to_le_bytes();
            let bytes: Vec<u8> = match element {
                ElementType::Int32 => data.iter().flat_map(narrow).collect(),
                ElementType::UInt8 => data.iter().map(|x| x.to_le_bytes()[0]).collect(),
                _ => data.iter().flat_map(|x| x.to_le_bytes()).collect(),
            };
            self.constant_of(name, dims, element, bytes);
        }
        name.to_owned()
    }

    /// A number.
    pub(super) fn scalar(&mut self, name: &str, x: f32) -> String {
        if !self.constants.iter().any(|t| t.name == name) {
            self.constant_of(name, &[], ElementType::Float32, x.to_le_bytes().to_vec());
        }
        name.to_owned()
    }

    /// The number 1.
    pub(super) fn one(&mut self) -> String {
        self.scalar("one", 1.0)
    }

    /// The matrices of query, key and value side by side, `[hidden, 3 · hidden]`, where PyTorch has three of
    /// `[outputs, inputs]`.
    pub(super) fn qkv_weight(
        &mut self,
        layer: &Layer,
        hidden: usize,
    ) -> Result<String, GraphError> {
        // Named by the first of three, so that layers that share them have it once.
        let weight = format!("{}.qkv", layer.query.weight);
        if self.has_weight(&weight) {
            return Ok(weight);
        }
        let three = [&layer.query, &layer.key, &layer.value];
        let rows = self.read_all(&three.map(|d| d.weight.as_str()))?;
        let columns = transposed(&rows, 3 * hidden, hidden);
        drop(rows);
        Ok(self.weight(&weight, &[hidden, 3 * hidden], columns))
    }

    fn constant_of(&mut self, name: &str, dims: &[i64], element: ElementType, bytes: Vec<u8>) {
        self.constants.push(TensorProto {
            dims: dims.to_vec(),
            data_type: element.number(),
            name: name.to_owned(),
            raw_data: Bytes::from(bytes),
            ..TensorProto::default()
        });
    }

    /// `x · weightᵀ`, without the bias. The weight stays as PyTorch stores it, `[outputs, inputs]`:
    /// ONNX Runtime turns it when it packs it.
    pub(super) fn matmul(
        &mut self,
        x: &str,
        weight: &str,
        dims: [usize; 2],
        output: &str,
    ) -> Result<String, GraphError> {
        if self.is_int8(weight) {
            return self.matmul_int8(x, weight, dims, false, output);
        }
        let weight = self.matrix(weight, &dims)?;
        let turned = vec![int("transB", 1)];
        Ok(self.node(MICROSOFT, "FusedMatMul", &[x, &weight], output, turned))
    }

    /// `x · weightᵀ` of a dense part, named after what becomes of it.
    pub(super) fn product(
        &mut self,
        x: &str,
        dense: &Dense,
        output: &str,
    ) -> Result<String, GraphError> {
        let name = format!("{output}.product");
        self.matmul(x, &dense.weight, [dense.outputs, dense.inputs], &name)
    }

    /// `x · weightᵀ + bias`.
    pub(super) fn dense(
        &mut self,
        x: &str,
        dense: &Dense,
        output: &str,
    ) -> Result<String, GraphError> {
        let product = self.product(x, dense, output)?;
        let bias = self.tensor(&dense.bias, &[dense.outputs])?;
        Ok(self.plain("Add", &[&product, &bias], output))
    }

    /// The names of a norm's weight and bias.
    pub(super) fn norm(&mut self, norm: &Norm) -> Result<[String; 2], GraphError> {
        Ok([self.tensor(&norm.weight, &[norm.width])?, self.tensor(&norm.bias, &[norm.width])?])
    }
}

pub(super) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i, r#type: 2, ..AttributeProto::default() }
}

pub(super) fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    let ints = ints.to_vec();
    AttributeProto { name: name.to_owned(), ints, r#type: 7, ..AttributeProto::default() }
}

pub(super) fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto { name: name.to_owned(), f, r#type: 1, ..AttributeProto::default() }
}

/// An input or output.
pub(super) fn value(name: &str, element: ElementType, dims: &[Size]) -> ValueInfoProto {
    let size = |size: &Size| match size {
        Size::Known(n) => DimensionValue::Value(i64::try_from(*n).unwrap_or(i64::MAX)),
        Size::Named(name) => DimensionValue::Param((*name).to_owned()),
    };
    let dim = dims.iter().map(|d| DimensionProto { value: Some(size(d)) }).collect();
    let tensor =
        TensorTypeProto { elem_type: element.number(), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}
