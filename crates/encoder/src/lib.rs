//! Text to a row of numbers for every token. The one crate of the library that names
//! `ort` and `tokenizers`.
//!
//! In the order data flows:
//! - [`runtime`]: ONNX Runtime's library, found or fetched;
//! - `tokenize`: text to token ids with the bytes they stand for;
//! - [`words`]: tokens as people read them;
//! - [`count`]: how many tokens texts have, without running a model;
//! - [`window`]: long texts in overlapping windows, nothing cut;
//! - [`pair`]: two texts in one sequence, and what is cut off them;
//! - [`batch`]: windows sorted into batches under a budget of tokens;
//! - `engine`: the seam at which a runtime of graphs stands; `onnxruntime` is the one there is, and alone
//!   names `ort`;
//! - `session`: the pool of sessions;
//! - `threads`: threads that several encoders share;
//! - [`output`]: which results there are, and a window's while they are there;
//! - [`encoder`]: all of it together, results in the order of the texts.
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
pub mod batch;
pub mod count;
pub mod encoder;
mod engine;
mod error;
pub mod observe;
mod onnxruntime;
pub mod output;
pub mod pair;
pub mod runtime;
mod session;
mod threads;
mod tokenize;
pub mod window;
pub mod words;

pub use batch::Order;
pub use count::{PairPieces, Pieces, TokenCounter, Windows};
pub use encoder::{Encoder, EncoderParams, EncodingCounts};
pub use error::EncoderError;
pub use observe::Observer;
pub use output::{Mapped, Output, Sequence, WindowStates};
pub use pair::PairCut;
pub use runtime::{Runtime, RuntimeParams};
pub use threads::SharedThreads;
pub use window::{Cut, Window};
pub use words::Words;
