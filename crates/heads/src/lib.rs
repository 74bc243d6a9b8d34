//! Heads: from an encoder's numbers to labelled things. `predict` is pure arithmetic, `decode`
//! turns its result into what a user sees.
//!
//! - [`tag`](mod@tag): entities, from logits per token;
//! - [`classify`]: labels, from a vector per text or pair;
//! - [`masked`]: words for masks, from logits over a vocabulary;
//! - [`score`]: likelihood of texts, from a masked language model's logits;
//! - [`next_sentence`]: whether a text goes on from another;
//! - [`senses`]: senses of words, from a vector per occurrence.
//!
//! ```
//! use cloze_core::{Matrix, Span, Token, TokenRows};
//! use cloze_heads::tag::TagParams;
//!
//! let text = "Angela Merkel";
//! let tags = ["O", "B-PER", "I-PER"].map(String::from).to_vec();
//! let tagger = TagParams::new(tags).check()?;
//! let token = |start, end, word| Token { span: Span::new(start, end), word: Some(word) };
//! let rows = TokenRows {
//!     tokens: vec![token(0, 6, 0), token(7, 13, 1)],
//!     rows: Matrix::from_vec(3, vec![0.0, 5.0, 1.0, 0.0, 1.0, 5.0]).unwrap(),
//! };
//! let entities = tagger.decode(text, &tagger.predict(&rows)?);
//! assert_eq!((entities.len(), entities[0].label.as_str()), (1, "PER"));
//! assert_eq!(entities[0].span.of(text), Some("Angela Merkel"));
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
pub mod classify;
mod error;
pub mod masked;
pub mod next_sentence;
pub mod score;
pub mod senses;
pub mod tag;
mod tensors;

pub use error::HeadError;
