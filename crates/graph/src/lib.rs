//! From checkpoints to ONNX graphs as plain data, and the checks that a foreign graph must pass
//! before ONNX Runtime sees it.
//!
//! In the order data flows:
//! - [`construct`]: the graph of a checkpoint, with ONNX Runtime's fused operators, and its file;
//! - [`onnx`]: the messages of the format, as far as they are read or written;
//! - [`check`]: limits on a foreign file, and its contents.
//!
//! ```
//! use bytes::Bytes;
//! use cloze_graph::{GraphError, check::CheckParams, onnx};
//! use prost::Message;
//! use std::path::Path;
//!
//! let node = |domain: &str| onnx::NodeProto {
//!     op_type: "Relu".into(),
//!     domain: domain.into(),
//!     ..Default::default()
//! };
//! let model = |domain| onnx::ModelProto {
//!     graph: Some(onnx::GraphProto { node: vec![node(domain)], ..Default::default() }),
//!     ..Default::default()
//! };
//! let params = CheckParams::new().max_nodes(10).check()?;
//! let checked = |domain| params.check_bytes(Bytes::from(model(domain).encode_to_vec()), Path::new("."));
//!
//! assert_eq!(checked("")?.info.operators["Relu"], 1);
//! assert!(matches!(checked("com.evil"), Err(GraphError::OperatorDomain { .. })));
//! # Ok::<(), GraphError>(())
//! ```
pub mod check;
pub mod construct;
mod error;
pub mod onnx;

pub use error::GraphError;
