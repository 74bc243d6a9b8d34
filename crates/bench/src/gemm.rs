//! A matrix product in ONNX Runtime, as large as in the widest part of a small encoder: the rate of
//! arithmetic that the machine has, which speed is set against.
use std::path::Path;

use bytes::Bytes;
use cloze_graph::onnx::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};
use cloze_testkit::Random;
use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;
use prost::Message as _;

const ROWS: u32 = 1024;
const INNER: u32 = 384;
const COLUMNS: u32 = 1536;
/// `TensorProto.DataType.FLOAT`.
const FLOAT: i32 = 1;
/// Products of a measured run.
const TIMES: u32 = 100;

/// A session of one `MatMul`, `[1024, 384]` by `[384, 1536]`.
pub(crate) struct Gemm {
    session: Session,
    x: Tensor<f32>,
}

impl Gemm {
    /// With ONNX Runtime's library at this path: a process has one environment, and that of
    /// `cloze-encoder` is its own.
    pub(crate) fn open(library: &Path, threads: usize) -> anyhow::Result<Self> {
        let environment = ort::init_from(library)?.with_telemetry(false).build()?;
        let session = session(&environment, threads)?;
        let shape = [i64::from(ROWS), i64::from(INNER)];
        let x = Tensor::from_array((shape, numbers(1, ROWS * INNER)))?;
        Ok(Self { session, x })
    }

    pub(crate) fn run(&mut self) -> anyhow::Result<()> {
        for _ in 0..TIMES {
            self.session.run(ort::inputs!["x" => &self.x])?;
        }
        Ok(())
    }

    /// Operations of a run.
    pub(crate) fn operations() -> f64 {
        2.0 * f64::from(ROWS) * f64::from(INNER) * f64::from(COLUMNS) * f64::from(TIMES)
    }
}

fn session(environment: &Environment, threads: usize) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .commit_from_memory(&graph().encode_to_vec())
}

/// Input or output of the graph.
fn value(name: &str) -> ValueInfoProto {
    let tensor_type = Some(TensorTypeProto { elem_type: FLOAT, shape: None });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn graph() -> ModelProto {
    let weight: Vec<u8> =
        numbers(2, INNER * COLUMNS).iter().flat_map(|x| x.to_le_bytes()).collect();
    let weight = TensorProto {
        dims: vec![i64::from(INNER), i64::from(COLUMNS)],
        data_type: FLOAT,
        name: "w".into(),
        raw_data: Bytes::from(weight),
        ..Default::default()
    };
    let node = NodeProto {
        op_type: "MatMul".into(),
        input: vec!["x".into(), "w".into()],
        output: vec!["y".into()],
        ..Default::default()
    };
    let graph = GraphProto {
        node: vec![node],
        name: "gemm".into(),
        initializer: vec![weight],
        input: vec![value("x")],
        output: vec![value("y")],
        ..Default::default()
    };
    ModelProto {
        ir_version: 8,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        ..Default::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "any numbers will do")]
fn numbers(seed: u64, n: u32) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.unit() as f32 - 0.5).collect()
}
