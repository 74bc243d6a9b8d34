//! From an encoder's token rows to vectors that can be compared: plain arithmetic.
//!
//! In the order data flows:
//! - [`Level`]: the unit that a vector represents;
//! - [`Layers`]: the hidden states to average;
//! - [`Pooling`]: token rows to one vector, windows to one text;
//! - [`VectorModule`]: matrices and norms that a model has behind the pooling;
//! - [`Moments`]: means and covariances of a corpus' vectors;
//! - [`correction`]: z-score, whitening, all-but-the-top, learned from them and saved;
//! - [`Metric`], [`truncate`]: truncation, length 1, similarity;
//! - [`anisotropy`]: width of the cone that vectors lie in.
//!
//! ```
//! use cloze_embed::correction::{Correct, Method};
//! use cloze_embed::{Accumulator, Metric, Pooling, Poolings, l2_normalize};
//!
//! // Three texts of two tokens, three numbers each; the last dimension is large everywhere.
//! let texts = [
//!     [1.0, 0.0, 9.0, 3.0, 0.0, 9.2],
//!     [0.0, 1.0, 9.0, 0.0, 3.0, 9.0],
//!     [0.0, 0.0, 9.4, 0.0, 0.0, 9.0],
//! ];
//! let mean = Poolings::from(Pooling::Mean);
//! let vectors: Vec<_> = texts.iter().map(|rows| mean.pool(rows, 3)).collect::<Result<_, _>>()?;
//! assert!(Metric::Cosine.similarity(&vectors[0], &vectors[1])? > 0.9);
//!
//! let method = Method::parse("zscore")?;
//! let mut gathered = Accumulator::new(3, method.spread());
//! vectors.iter().try_for_each(|vector| gathered.push(vector))?;
//! let zscore = method.fit(&gathered.finish())?;
//! let mut a = zscore.apply(&vectors[0])?;
//! let mut b = zscore.apply(&vectors[1])?;
//! l2_normalize(&mut a);
//! l2_normalize(&mut b);
//! assert!(Metric::Dot.similarity(&a, &b)? < 0.0);
//! # Ok::<(), cloze_embed::EmbedError>(())
//! ```
pub mod anisotropy;
pub mod correction;
mod error;
mod layers;
mod level;
mod module;
mod moments;
mod pool;
mod spectrum;
mod vector;

pub use error::EmbedError;
pub use layers::{Layers, average};
pub use level::Level;
pub use module::{Dense, LayerNorm, Residual, VectorActivation, VectorModule};
pub use moments::{Accumulator, Moments, Spread};
pub use pool::{Pooling, PoolingConfig, Poolings};
pub use vector::{CorrectedSimilarity, Metric, l2_normalize, truncate};
