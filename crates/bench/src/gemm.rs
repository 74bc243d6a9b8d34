//! A matrix product in ONNX Runtime, as large as in the widest part of a small encoder, in 32 and in 8 bits: the rates of
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
use ort::value::{DynTensor, Tensor};
use prost::Message as _;

const ROWS: u32 = 1024;
const INNER: u32 = 384;
const COLUMNS: u32 = 1536;
/// `TensorProto.DataType` of its numbers: `FLOAT`, `UINT8`, `INT8`.
const FLOAT: i32 = 1;
const UINT8: i32 = 2;
const INT8: i32 = 3;
/// Products of a measured run.
const TIMES: u32 = 100;

/// Numbers that are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) enum Bits {
    /// `f32`, by `MatMul`.
    #[serde(rename = "32")]
    ThirtyTwo,
    /// `u8` by `i8` with scales, to `f32`, by `MatMulIntegerToFloat`.
    #[serde(rename = "8")]
    Eight,
}

impl Bits {
    pub(crate) const ALL: [Self; 2] = [Self::ThirtyTwo, Self::Eight];

    /// Name of the product among systems.
    pub(crate) const fn product(self) -> &'static str {
        match self {
            Self::ThirtyTwo => "matrix product",
            Self::Eight => "matrix product, 8 bits",
        }
    }
}

/// A session of one product, `[1024, 384]` by `[384, 1536]`.
pub(crate) struct Gemm {
    session: Session,
    x: DynTensor,
}

impl Gemm {
    /// With ONNX Runtime's library at this path: a process has one environment, and that of
    /// `cloze-encoder` is its own.
    pub(crate) fn open(library: &Path, threads: usize, bits: Bits) -> anyhow::Result<Self> {
        let environment = ort::init_from(library)?.with_telemetry(false).build()?;
        let session = session(&environment, threads, bits)?;
        let shape = [i64::from(ROWS), i64::from(INNER)];
        let x = match bits {
            Bits::ThirtyTwo => Tensor::from_array((shape, numbers(1, ROWS * INNER)))?.upcast(),
            Bits::Eight => Tensor::from_array((shape, eights(1, ROWS * INNER)))?.upcast(),
        };
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

fn session(environment: &Environment, threads: usize, bits: Bits) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .commit_from_memory(&graph(bits).encode_to_vec())
}

/// Input or output of the graph.
fn value(name: &str, elem_type: i32) -> ValueInfoProto {
    let tensor_type = Some(TensorTypeProto { elem_type, shape: None });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn tensor(name: &str, dims: &[u32], data_type: i32, bytes: Vec<u8>) -> TensorProto {
    TensorProto {
        dims: dims.iter().copied().map(i64::from).collect(),
        data_type,
        name: name.into(),
        raw_data: Bytes::from(bytes),
        ..Default::default()
    }
}

fn bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn graph(bits: Bits) -> ModelProto {
    let (domain, op, element, initializer) = match bits {
        Bits::ThirtyTwo => {
            let weight = bytes(&numbers(2, INNER * COLUMNS));
            ("", "MatMul", FLOAT, vec![tensor("w", &[INNER, COLUMNS], FLOAT, weight)])
        }
        Bits::Eight => {
            // 7 bits, which every processor multiplies without overflow.
            let weight = eights(2, INNER * COLUMNS);
            let weight = weight
                .iter()
                .map(|x| i8::cast_unsigned((x.wrapping_sub(128)).cast_signed() / 2))
                .collect();
            let scales = vec![0.01; COLUMNS as usize];
            let initializer = vec![
                tensor("w", &[INNER, COLUMNS], INT8, weight),
                tensor("x.scale", &[], FLOAT, bytes(&[0.01])),
                tensor("w.scale", &[COLUMNS], FLOAT, bytes(&scales)),
                tensor("x.zero", &[], UINT8, vec![128]),
            ];
            ("com.microsoft", "MatMulIntegerToFloat", UINT8, initializer)
        }
    };
    let others = initializer.iter().map(|tensor| tensor.name.clone());
    let node = NodeProto {
        op_type: op.into(),
        domain: domain.into(),
        input: ["x".to_owned()].into_iter().chain(others).collect(),
        output: vec!["y".into()],
        ..Default::default()
    };
    let graph = GraphProto {
        node: vec![node],
        name: "gemm".into(),
        initializer,
        input: vec![value("x", element)],
        output: vec![value("y", FLOAT)],
        ..Default::default()
    };
    let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
    ModelProto {
        ir_version: 8,
        graph: Some(graph),
        opset_import: vec![opset("", 17), opset("com.microsoft", 1)],
        ..Default::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "any numbers will do")]
fn numbers(seed: u64, n: u32) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.unit() as f32 - 0.5).collect()
}

/// Any numbers of 8 bits.
fn eights(seed: u64, n: u32) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..n).map(|_| u8::try_from(random.below(256)).unwrap_or(0)).collect()
}
