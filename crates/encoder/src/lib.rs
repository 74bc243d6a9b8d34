//! Text to a row of numbers for every token. The one crate of the library that names
//! `ort` and `tokenizers`.
//!
//! In the order data flows:
//! - [`Runtime`]: ONNX Runtime's library, found or fetched;
//! - `tokenize`: text to token ids with the bytes they stand for; [`train_tokenizer`] of texts;
//! - [`Words`]: tokens as people read them;
//! - [`TokenCounter`]: numbers of tokens of texts, without running a model;
//! - [`Window`]: long texts in overlapping windows, nothing cut;
//! - [`PairCut`]: two texts in one sequence, and what is cut off them;
//! - [`Order`]: windows sorted into batches under a budget of tokens;
//! - `engine`: the seam at which a runtime of graphs stands; `onnxruntime` is the one there is, and alone
//!   names `ort`;
//! - `session`: the pool of sessions;
//! - `threads`: threads that several encoders share;
//! - [`Output`]: results to ask for, and a window's while they are there;
//! - [`Encoder`]: all of it together, results in the order of the texts.
//!
//! ```no_run
//! use cloze_checkpoint::ModelFolder;
//! use cloze_core::Encode;
//! use cloze_encoder::{Encoder, EncoderParams, Runtime, RuntimeParams};
//!
//! let runtime = Runtime::load(&RuntimeParams::default(), &mut |line| eprintln!("{line}"))?;
//! let model = ModelFolder::find("pii")?;
//! let encoder = Encoder::open(&runtime, &model, EncoderParams::new())?;
//! for (text, rows) in ["Angela lives in Kassel."].iter().zip(encoder.encode(&["Angela lives in Kassel."])?) {
//!     for (token, logits) in rows.tokens.iter().zip(&rows.rows) {
//!         println!("{:?}: {} logits", token.span.of(text), logits.len());
//!     }
//! }
//! # Ok::<(), cloze_encoder::EncoderError>(())
//! ```
mod batch;
mod count;
pub mod decoder;
mod encoder;
mod engine;
mod error;
pub mod observe;
mod onnxruntime;
mod output;
mod pair;
mod runtime;
mod session;
mod threads;
mod tokenize;
mod window;
mod words;

pub use batch::Order;
pub use count::{PairPieces, Pieces, TokenCounter, Windows};
pub use encoder::{
    Checked, Encoder, EncoderParams, EncodingCounts, ValidEncoderParams, check_model, main_output,
};
pub use error::EncoderError;
pub use output::{Mapped, Output, Sequence, WindowStates};
pub use pair::PairCut;
pub use runtime::{Runtime, RuntimeOrigin, RuntimeParams};
pub use threads::SharedThreads;
pub use tokenize::{panics_are_caught, train_tokenizer};
pub use window::{Cut, Window, plan_windows};
pub use words::Words;
