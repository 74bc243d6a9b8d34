//! From checkpoints to ONNX graphs as plain data, and the checks that a foreign graph must pass
//! before ONNX Runtime sees it.
//!
//! In the order data flows:
//! - [`card`]: what a folder says it is, and where folders are found;
//! - [`source`]: a folder's base and adapters;
//! - [`checkpoint`]: a Hugging Face folder, its settings and tensors, judged;
//! - [`adapter`]: LoRA adapters over a checkpoint, read and written;
//! - [`casing`]: a table of how words were written;
//! - [`build`]: the graph of a checkpoint, with ONNX Runtime's fused operators, and its file;
//! - [`quantize`]: a checkpoint in 8 bits;
//! - [`onnx`]: the messages of the format, as far as they are read or written;
//! - [`check`]: what a foreign file may hold, and what it does hold.
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
//! let judge = |domain| params.judge(Bytes::from(model(domain).encode_to_vec()), Path::new("."));
//!
//! assert_eq!(judge("")?.info.operators["Relu"], 1);
//! assert!(matches!(judge("com.evil"), Err(GraphError::OperatorDomain { .. })));
//! # Ok::<(), GraphError>(())
//! ```
pub mod adapter;
pub mod build;
pub mod card;
pub mod casing;
pub mod check;
pub mod checkpoint;
mod error;
pub mod onnx;
pub mod quantize;
pub mod source;

pub use build::{BuildParams, Graph};
pub use checkpoint::{Checkpoint, Head};
pub use error::GraphError;
pub use source::Sources;
