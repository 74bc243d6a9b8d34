//! Test support: small models that run, texts that are hard, close comparison. A dev-dependency.
//!
//! - [`assert_close`]: numbers that are almost the same;
//! - [`adapter`]: folders of models, and copies of them to break;
//! - [`exported_decoder`]: folders of decoders as other programs export them;
//! - [`Random`]: numbers that are the same on every run;
//! - [`texts`]: hard strings, and prose of any length.
//!
//! ```
//! use cloze_testkit::{Random, assert_close, model, texts};
//!
//! assert!(model("tiny").join("model.onnx").is_file());
//! assert_close(&[0.1 + 0.2], &[0.3], 1e-6, 0.0);
//! assert_eq!(texts::prose(&mut Random::new(1), 12).split_whitespace().count(), 12);
//! ```
mod compare;
mod decoders;
mod models;
mod random;
pub mod texts;

pub use compare::assert_close;
pub use decoders::{EXPORTED_DECODERS, EXPORTED_ENCODER_DECODERS, exported_decoder, exported_of};
pub use models::{adapter, checkpoint, checkpoint_copy, checkpoints, graph, model, model_copy};
pub use random::Random;
