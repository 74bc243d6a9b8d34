//! Nodes and weights put together as a graph.
use super::nodes::{MICROSOFT, Nodes, Numbers};
use super::{Graph, own};
use crate::onnx::{
    GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorProto, ValueInfoProto,
};

/// The operators' versions that graphs are written for.
const OPSET: i64 = 17;
/// The file format's version that goes with them.
const IR_VERSION: i64 = 8;
/// Location of the weights in the file; nobody opens it, they are given by name.
const ELSEWHERE: &str = "weights";

/// The graph of these nodes, inputs and outputs.
pub(super) fn of_nodes(
    nodes: Nodes<'_>,
    name: &str,
    input: Vec<ValueInfoProto>,
    output: Vec<ValueInfoProto>,
) -> Graph {
    let Nodes { list: nodes, weights, stored, constants, borrowed, .. } = nodes;
    let own = weights.iter().map(|w| external_tensor(&w.name, &w.dims, &w.data, 0));
    let none = Numbers::F32(vec![]);
    let stay = stored.iter().map(|w| external_tensor(&w.name, &w.dims, &none, w.stretch.offset));
    let others = borrowed.iter().map(|(name, dims)| external_tensor(name, dims, &none, 0));
    let initializer = own.chain(stay).chain(others).chain(constants).collect();
    let borrowed = borrowed.into_iter().map(|(name, _)| name).collect();
    let graph = GraphProto {
        node: nodes,
        name: name.into(),
        initializer,
        input,
        output,
        sparse_initializer: vec![],
    };
    let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
    let mut opsets = vec![opset("", OPSET), opset(MICROSOFT, 1)];
    if graph.node.iter().any(own::is_own) {
        opsets.push(opset(own::DOMAIN, 1));
    }
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "cloze".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: opsets,
        training_info: vec![],
        functions: vec![],
    };
    Graph { model, weights, stored, borrowed, casing: false }
}

/// Tensor of the graph whose elements, of the type of `data`, are outside the graph, `offset` bytes behind
/// the start of a file.
fn external_tensor(name: &str, dims: &[usize], data: &Numbers, offset: u64) -> TensorProto {
    let element = data.element();
    let width = match data {
        Numbers::F32(_) => 4,
        Numbers::F16(_) => 2,
        Numbers::I8(_) => 1,
    };
    let bytes = dims.iter().product::<usize>() * width;
    let entry = |key: &str, value: String| StringStringEntryProto { key: key.into(), value };
    TensorProto {
        dims: dims.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect(),
        data_type: element.number(),
        name: name.to_owned(),
        external_data: vec![
            entry("location", ELSEWHERE.into()),
            entry("offset", offset.to_string()),
            entry("length", bytes.to_string()),
        ],
        data_location: 1,
        ..TensorProto::default()
    }
}
