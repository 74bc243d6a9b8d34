//! Training an encoder or a decoder itself, whole or by low-rank adapters (LoRA), on a CPU.
//!
//! The encoder here computes what `cloze-graph`'s graph of the same checkpoint computes, and the
//! gradient of a loss with respect to every parameter that is trained, written out by hand: no
//! gradient is computed or kept for what stays as it is. Texts of a batch lie end to end, without
//! padding.
//!
//! In the order data flows:
//! - [`TrainingSequence`], [`Hidden`]: the tokens of texts, and their hidden states;
//! - [`Parameter`]: learned numbers and their gradients, by name;
//! - [`encoder`]: a checkpoint's layers, forwards and backwards;
//! - [`decoder`]: the same for decoders, with the loss of the next token;
//! - [`task`]: from hidden states to a loss, and its gradient;
//! - [`training`]: steps, their size, evaluation, stopping, going on after a stop.
mod error;

pub mod decoder;
pub mod encoder;
mod kernel;
pub mod packing;
mod parameter;
pub mod random;
mod sequence;
pub mod task;
pub mod training;

pub use error::TuneError;
pub use parameter::{Id, Parameter, Parameters};
pub use sequence::{Hidden, TrainingSequence};
