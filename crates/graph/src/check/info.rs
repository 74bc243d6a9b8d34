//! Contents of a graph, for people and for the code that runs it.
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::ElementType;
use super::walk::{Place, Walk};
use crate::onnx::{DimensionValue, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

/// Contents of a model's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphInfo {
    /// Inputs that must be given, in the graph's order; initializers that are listed as inputs are
    /// not.
    pub inputs: Vec<TensorInfo>,
    /// Outputs, in the graph's order.
    pub outputs: Vec<TensorInfo>,
    /// Nodes as they are written: in sub-graphs and functions too, a function's once.
    pub nodes: usize,
    /// Learned numbers, as far as the file lets one tell. Counted are, in initializers and in the
    /// tensors of `Constant` nodes:
    /// - floats of rank 1 and more, but not a single one in a `Constant` (nor a scalar anywhere:
    ///   both are the numbers of some formula);
    /// - integers of 8 bits and fewer of rank 2 and more (a quantised weight), and any integers of
    ///   rank 1 and more which `DequantizeLinear` turns into floats (a quantised bias);
    /// - the weight of `MatMulNBits` and `MatMulBnb4` as K · N, and that of `GatherBlockQuantized`
    ///   as its elements · 8/bits: what was there before it was packed;
    /// - of a sparse tensor, what is stored.
    ///
    /// Not counted are other integers (shapes, axes, positions) and the inputs which a quantised
    /// operator takes as scale or zero point. A scale that only meets a plain `Mul`, as behind
    /// `MatMulInteger`, cannot be told from a bias and is counted if it is not a scalar.
    pub parameters: u64,
    /// The sets of operators that the graph is written for: domain and version, in file order.
    pub opsets: Vec<(String, i64)>,
    /// Number of nodes of each operator: `domain::op`, or `op` for ONNX's own.
    pub operators: BTreeMap<String, usize>,
    /// The tool that wrote the file, with its version; empty if it does not say.
    pub producer: String,
    /// The version of the file format.
    pub ir_version: i64,
    /// The size of the file with its external data.
    pub bytes: u64,
    /// Whether something is quantised by the range of a whole batch, so that a text's numbers
    /// depend on what is beside it.
    pub dynamic_quantization: bool,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// The name.
    pub name: String,
    /// The elements; [`ElementType::Undefined`] for what is not a tensor.
    pub element: ElementType,
    /// The shape, outer to inner; empty for a scalar, and where the file does not say.
    pub shape: Vec<Dim>,
}

/// The size of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    /// Always this.
    Fixed(i64),
    /// Known when the graph runs; equal names mean equal sizes.
    Named(String),
    /// Nothing is said, or a negative number, which some tools write for that.
    Unknown,
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Named(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// `input_ids: int64[batch, sequence]`.
impl fmt::Display for TensorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}[", self.name, self.element)?;
        for (i, dim) in self.shape.iter().enumerate() {
            write!(f, "{}{dim}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}

impl TensorInfo {
    fn new(value: &ValueInfoProto) -> Self {
        let tensor = value.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
        let dims = tensor.and_then(|t| t.shape.as_ref()).map_or(&[][..], |shape| &shape.dim);
        let dim = |value: &Option<DimensionValue>| match value {
            Some(DimensionValue::Value(size)) if *size >= 0 => Dim::Fixed(*size),
            Some(DimensionValue::Param(name)) if !name.is_empty() => Dim::Named(name.clone()),
            _ => Dim::Unknown,
        };
        Self {
            name: value.name.clone(),
            element: ElementType::from_onnx(tensor.map_or(0, |t| t.elem_type)),
            shape: dims.iter().map(|d| dim(&d.value)).collect(),
        }
    }
}

impl GraphInfo {
    /// Of a graph that this crate built: it needs no checking.
    pub(crate) fn of_built(model: &ModelProto, bytes: u64) -> Self {
        let empty = GraphProto::default();
        let main = model.graph.as_ref().unwrap_or(&empty);
        let walk = Walk::new(model, main).unwrap_or_default();
        Self::new(model, main, &walk, bytes)
    }

    pub(super) fn new(model: &ModelProto, main: &GraphProto, walk: &Walk<'_>, bytes: u64) -> Self {
        let sparse = main.sparse_initializer.iter().filter_map(|s| s.values.as_deref());
        let given: HashSet<&str> =
            main.initializer.iter().chain(sparse).map(|t| t.name.as_str()).collect();
        let inputs = main.input.iter().filter(|v| !given.contains(v.name.as_str()));
        let mut operators = BTreeMap::new();
        for (_, node) in &walk.nodes {
            let domain = plain(&node.domain);
            let op = &node.op_type;
            let key = if domain.is_empty() { op.clone() } else { format!("{domain}::{op}") };
            *operators.entry(key).or_insert(0) += 1;
        }
        let producer = format!("{} {}", model.producer_name, model.producer_version);
        Self {
            inputs: inputs.map(TensorInfo::new).collect(),
            outputs: main.output.iter().map(TensorInfo::new).collect(),
            nodes: walk.nodes.len(),
            parameters: parameters(walk),
            opsets: model.opset_import.iter().map(|o| (o.domain.clone(), o.version)).collect(),
            dynamic_quantization: walk.nodes.iter().any(|(_, node)| quantizes_batch(node)),
            operators,
            producer: producer.trim().to_owned(),
            ir_version: model.ir_version,
            bytes,
        }
    }
}

/// A domain under the one name that ONNX Runtime keeps for it.
pub(super) fn plain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

/// Number of elements of the shape; 0 for a shape that makes no sense.
pub(super) fn elements(tensor: &TensorProto) -> u64 {
    let size = |dim: &i64| u64::try_from(*dim).unwrap_or(0);
    tensor.dims.iter().map(size).fold(1, u64::saturating_mul)
}

/// Source: ONNX Runtime's docs/ContribOperators.md. `MatMulNBits` is not among them: it quantises
/// each row of its input by itself.
fn quantizes_batch(node: &NodeProto) -> bool {
    matches!(
        (plain(&node.domain), node.op_type.as_str()),
        ("", "DynamicQuantizeLinear")
            | ("com.microsoft", "DynamicQuantizeMatMul" | "DynamicQuantizeLSTM" | "QAttention")
    )
}

/// Use that an operator makes of a constant.
#[derive(Clone, Copy)]
enum Role {
    /// Scale or zero point.
    Scale,
    /// To become floats, unchanged in number.
    Quantized,
    /// A weight of this many elements before it was packed.
    Packed(u64),
    /// A weight whose bytes hold that many elements each.
    PackedBytes(u64),
}

/// Uses that `node` makes of its inputs, by their position.
/// Source: Operators.md of ONNX 1.23 and ContribOperators.md of ONNX Runtime 1.32.
fn roles(node: &NodeProto) -> Vec<(usize, Role)> {
    let number = |name: &str| {
        let attribute = node.attribute.iter().find(|a| a.name == name);
        attribute.and_then(|a| u64::try_from(a.i).ok())
    };
    let scales: &[usize] = match node.op_type.as_str() {
        "QuantizeLinear" | "DequantizeLinear" => &[1, 2],
        "MatMulInteger" | "ConvInteger" | "DynamicQuantizeMatMul" | "GatherBlockQuantized" => {
            &[2, 3]
        }
        "QLinearMatMul" | "QLinearConv" => &[1, 2, 4, 5, 6, 7],
        "QGemm" => &[1, 2, 4, 5, 7, 8],
        "MatMulNBits" => &[2, 3, 4],
        "MatMulBnb4" => &[2],
        "MatMulIntegerToFloat" => &[2, 3, 4, 5],
        "QAttention" => &[3, 4, 6, 7],
        "DynamicQuantizeLSTM" => &[8, 9, 10, 11],
        "QEmbedLayerNormalization" => &[8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
        _ => &[],
    };
    let mut roles: Vec<_> = scales.iter().map(|i| (*i, Role::Scale)).collect();
    match node.op_type.as_str() {
        "DequantizeLinear" => roles.push((0, Role::Quantized)),
        "MatMulNBits" | "MatMulBnb4" => {
            let [k, n] = ["K", "N"].map(|name| number(name).unwrap_or(0));
            roles.push((1, Role::Packed(k.saturating_mul(n))));
        }
        "GatherBlockQuantized" => {
            // The attribute's default is 4; a width of 0 or above 8 packs nothing.
            let each = 8_u64.checked_div(number("bits").unwrap_or(4)).unwrap_or(0);
            roles.push((0, Role::PackedBytes(each.max(1))));
        }
        _ => {}
    }
    roles
}

/// The rule is [`GraphInfo::parameters`]'.
fn parameters(walk: &Walk<'_>) -> u64 {
    // A name means the same in a graph and its sub-graphs, which see it, but not in functions.
    let mut taken: HashMap<(usize, &str), Role> = HashMap::new();
    for (scope, node) in &walk.nodes {
        for (i, role) in roles(node) {
            if let Some(name) = node.input.get(i).filter(|name| !name.is_empty()) {
                taken.entry((*scope, name)).or_insert(role);
            }
        }
    }
    let constants = walk.tensors.iter().filter(|constant| constant.place != Place::Setting);
    constants.fold(0, |sum, constant| {
        let element = ElementType::from_onnx(constant.tensor.data_type);
        let (rank, count) = (constant.tensor.dims.len(), elements(constant.tensor));
        let narrow = element.is_integer() && element.bits() <= 8;
        let weights = match taken.get(&(constant.scope, constant.name)) {
            Some(Role::Scale) => 0,
            Some(Role::Packed(logical)) => *logical,
            Some(Role::PackedBytes(each)) if element == ElementType::UInt8 => {
                count.saturating_mul(*each)
            }
            Some(Role::Quantized) if element.is_integer() && rank > 0 => count,
            _ if element.is_float() && constant.place == Place::Constant && count == 1 => 0,
            _ if element.is_float() && rank > 0 || narrow && rank > 1 => count,
            _ => 0,
        };
        weights.saturating_add(sum)
    })
}
