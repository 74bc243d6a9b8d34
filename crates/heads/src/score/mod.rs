//! Scores of texts by a masked language model: how likely each token is where the model sees the
//! others. Logarithms are natural; those of
//! tokens come from [`Logits`](crate::masked::Logits).
//!
//! - [`MaskedCopy`]: the copies of a text in which tokens are masked;
//! - [`shared`]: tokens that two texts have in common;
//! - [`Sums`]: sums of log-probabilities.
//!
//! ```
//! use cloze_core::{Span, Token};
//! use cloze_heads::masked::Logits;
//! use cloze_heads::score::{Masking, Sums, copies};
//!
//! // "embedding is" as embed ##ding is: while `embed` is masked, `##ding` would give it away.
//! let token = |start, end, word| Token { span: Span::new(start, end), word: Some(word) };
//! let tokens = [token(0, 5, 0), token(5, 9, 0), token(10, 12, 1)];
//! let masked: Vec<_> =
//!     copies(&tokens, 0..3, Masking::WithinWord).map(|copy| copy.masked).collect();
//! assert_eq!(masked, [0..2, 1..2, 2..3]);
//!
//! // Two tokens in the vocabulary, as likely as each other: ln ½ a token, so a perplexity of 2.
//! let mut sums = Sums::of_text("embedding is");
//! for copy in copies(&tokens, 0..3, Masking::Token) {
//!     let id = [1, 0, 1][copy.token];
//!     sums.add_token(Logits::new(&[1.5, 1.5])?.log_probability(id)?, false);
//! }
//! assert!((sums.per_token().unwrap() - 2.0).abs() < 1e-12);
//! // Three tokens are two words: 2^(3/2).
//! assert!((sums.per_word().unwrap() - 2.0_f64.powf(1.5)).abs() < 1e-12);
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
mod copies;
mod shared;
mod sums;

pub use copies::{MaskedCopy, Masking, copies};
pub use shared::shared;
pub use sums::Sums;
