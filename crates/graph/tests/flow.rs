//! Cycles, loops and small constants that make large tensors, in the main graph and below; and damaged
//! graphs, which are checked or refused and never panic.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
use std::path::Path;

use bytes::Bytes;
use cloze_graph::GraphError;
use cloze_graph::check::{CheckParams, CheckedModel};
use cloze_graph::onnx::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto,
};
use cloze_testkit::{Random, model};
use prost::Message as _;

fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    let (input, output) = (names(input), names(output));
    NodeProto { op_type: op.into(), input, output, ..NodeProto::default() }
}

fn graph(node: Vec<NodeProto>) -> GraphProto {
    let output = vec![ValueInfoProto { name: "y".into(), r#type: None }];
    GraphProto { node, output, ..GraphProto::default() }
}

/// A node with a sub-graph.
fn branch(inside: GraphProto) -> NodeProto {
    let attribute = AttributeProto {
        name: "then_branch".into(),
        g: Some(Box::new(inside)),
        ..AttributeProto::default()
    };
    NodeProto { attribute: vec![attribute], ..node("If", &["c"], &["z"]) }
}

fn shape(name: &str, dims: &[i64]) -> TensorProto {
    let bytes: Vec<u8> = dims.iter().flat_map(|dim| dim.to_le_bytes()).collect();
    TensorProto {
        name: name.into(),
        dims: vec![i64::try_from(dims.len()).unwrap()],
        data_type: 7,
        raw_data: bytes.into(),
        ..TensorProto::default()
    }
}

fn check_with(params: CheckParams, bytes: Vec<u8>) -> Result<CheckedModel, GraphError> {
    params.check()?.check_bytes(bytes.into(), Path::new("m"))
}

fn check(main: GraphProto) -> Result<(), GraphError> {
    let model = ModelProto { graph: Some(main), ..ModelProto::default() };
    check_with(CheckParams::new(), model.encode_to_vec()).map(|_| ())
}

fn error(main: GraphProto) -> String {
    check(main).unwrap_err().to_string()
}

#[test]
fn a_cycle_is_named_and_an_unusual_order_is_none() {
    // b and c need one another; d needs c, and stands first.
    let d = || node("Relu", &["c"], &["d"]);
    let text = error(graph(vec![
        d(),
        node("Add", &["x", "c"], &["b"]),
        node("Relu", &["b"], &["c"]),
        node("Relu", &["d"], &["y"]),
    ]));
    assert!(text.starts_with("m: node \"c\"") || text.starts_with("m: node \"b\""), "{text}");
    assert!(text.contains("a cycle"), "{text}");
    assert!(check(graph(vec![d(), node("Relu", &["x"], &["c"])])).is_ok());
    // Through a sub-graph, which takes the value of its own node.
    let inside = graph(vec![node("Relu", &["z"], &["y"])]);
    assert!(error(graph(vec![branch(inside)])).contains("\"z\": If needs"));
    assert!(error(graph(vec![node("Relu", &["y"], &["y"])])).contains("\"y\": Relu needs"));
}

#[test]
fn loops_are_refused_wherever_they_are_unless_allowed() {
    let scan = || node("Scan", &["x"], &["y"]);
    assert!(error(graph(vec![scan()])).contains("Scan may run forever"));
    assert!(error(graph(vec![branch(graph(vec![scan()]))])).contains("Scan may run forever"));
    let function = FunctionProto {
        name: "f".into(),
        domain: "own".into(),
        node: vec![node("Loop", &["x"], &["y"])],
        ..FunctionProto::default()
    };
    let opset = OperatorSetIdProto { domain: "own".into(), version: 1 };
    let call = NodeProto { domain: "own".into(), ..node("f", &["x"], &["y"]) };
    let model = ModelProto {
        graph: Some(graph(vec![call])),
        functions: vec![function],
        opset_import: vec![opset],
        ..ModelProto::default()
    };
    let bytes = model.encode_to_vec();
    let refused = check_with(CheckParams::new(), bytes.clone());
    assert!(matches!(refused, Err(GraphError::Loop { .. })), "{refused:?}");
    assert!(check_with(CheckParams::new().allow_loops(true), bytes).is_ok());
}

/// 2^27 elements may be made in all: 2^13 · 2^14, and not one more.
#[test]
fn constants_that_make_large_tensors_are_refused() {
    let constant = |nodes: Vec<NodeProto>, tensors: &[(&str, &[i64])]| {
        let initializer = tensors.iter().map(|(name, dims)| shape(name, dims)).collect();
        GraphProto { initializer, ..graph(nodes) }
    };
    let expand = || node("Expand", &["x", "s"], &["y"]);
    assert!(check(constant(vec![expand()], &[("s", &[1 << 13, 1 << 14])])).is_ok());
    assert!(error(constant(vec![expand()], &[("s", &[1 << 13, 1 << 14, 2])])).contains("Expand"));
    // Both together are too much.
    let twice = vec![expand(), node("ConstantOfShape", &["s"], &["z"])];
    assert!(error(constant(twice, &[("s", &[1 << 27])])).contains("ConstantOfShape"));
    // Seen from a branch, and put together before.
    let inside = branch(graph(vec![node("ConstantOfShape", &["t"], &["y"])]));
    let concat = node("Concat", &["s", "s"], &["t"]);
    assert!(
        error(constant(vec![concat, inside], &[("s", &[1 << 20])])).contains("ConstantOfShape")
    );
    let range = node("Range", &["a", "b", "c"], &["y"]);
    let ends: [(&str, &[i64]); 3] = [("a", &[0]), ("b", &[1 << 40]), ("c", &[1])];
    assert!(error(constant(vec![range.clone()], &ends)).contains("Range"));
    assert!(
        check(constant(vec![range.clone()], &[("a", &[0]), ("b", &[512]), ("c", &[1])])).is_ok()
    );
    assert!(
        error(constant(vec![range], &[("a", &[0]), ("b", &[0]), ("c", &[0])])).contains("Range")
    );
    let product = node("Mul", &["s", "s"], &["t"]);
    let tile = node("Tile", &["x", "t"], &["y"]);
    assert!(error(constant(vec![product, tile], &[("s", &[1 << 14])])).contains("Tile"));
    // In the form without raw bytes: 2^28 as a varint.
    let listed = TensorProto {
        raw_data: Bytes::new(),
        int64_data: vec![vec![0x80, 0x80, 0x80, 0x80, 0x01].into()],
        ..shape("s", &[0])
    };
    let nodes = vec![expand()];
    assert!(error(GraphProto { initializer: vec![listed], ..graph(nodes) }).contains("Expand"));
    // Where it cannot be read, it is not believed.
    let outside = TensorProto { raw_data: Bytes::new(), ..shape("s", &[0]) };
    let nodes = vec![expand()];
    assert!(error(GraphProto { initializer: vec![outside], ..graph(nodes) }).contains("Expand"));
}

#[test]
fn damaged_graphs_are_checked_or_refused() {
    let whole: Vec<u8> = fs_err::read(model("tiny").join("model.onnx")).unwrap();
    let mut random = Random::new(5);
    assert!(check_with(CheckParams::new(), whole.clone()).is_ok());
    for _ in 0..100 {
        let cut = random.below(whole.len());
        let _ = check_with(CheckParams::new(), whole[..cut].to_vec());
        let mut flipped = whole.clone();
        flipped[cut] ^= 1 << random.below(8);
        let _ = check_with(CheckParams::new(), flipped);
    }
    let (mut cycles, mut loops) = (0, 0);
    for _ in 0..200 {
        let mut model = ModelProto::decode(whole.as_slice()).unwrap();
        let graph = model.graph.as_mut().unwrap();
        let (from, to) = (random.below(graph.node.len()), random.below(graph.node.len()));
        match random.below(4) {
            0 => {
                let output = graph.node[from].output[0].clone();
                graph.node[to].input.push(output);
            }
            1 => graph.node.swap(from, to),
            2 => graph.node[from].op_type = random.choose(&["Loop", "Expand", "Tile"]).into(),
            _ => {
                let inside = GraphProto { node: vec![graph.node[to].clone()], ..graph.clone() };
                graph.node[from].attribute.push(AttributeProto {
                    g: Some(Box::new(inside)),
                    ..AttributeProto::default()
                });
            }
        }
        match check_with(CheckParams::new(), model.encode_to_vec()) {
            Err(GraphError::Cycle { .. }) => cycles += 1,
            Err(GraphError::Loop { .. }) => loops += 1,
            Ok(_) | Err(GraphError::Expansion { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(cycles > 10 && loops > 5, "{cycles} cycles, {loops} loops");
}
