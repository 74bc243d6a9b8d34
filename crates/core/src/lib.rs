//! Types that the other crates of cloze share: spans, tokens, tags, entities, and the trait at
//! which encoders and heads meet. No files, no tensors of other crates.
//!
//! In the order data flows:
//! - [`Span`]: a half-open range of a text, and the units in which others count it;
//! - [`Token`]: word pieces with a row of numbers each, put together into words;
//! - [`Casing`]: letter case of words, which some encoders do not see;
//! - [`Matrix`]: the rows of numbers;
//! - [`Encode`]: the trait of encoders, which make them;
//! - [`Tag`]: tags, schemes, and the way from tags to entities and back;
//! - [`WrittenTags`]: tags as files write them;
//! - [`FieldKey`]: lines of a text, and fields of a form;
//! - [`Chain`]: sequences of labels that hang together: the best, and probabilities of all;
//! - [`Entity`]: the result;
//! - [`random`]: numbers, orders and seeds from random bits;
//! - [`Cancel`]: a token that stops long calls;
//! - [`guard`]: panics of other libraries as errors.
//!
//! ```
//! use cloze_core::{TagSet, chunks_of_tags};
//!
//! let set = TagSet::parse(["O", "B-PER", "I-PER"].map(String::from).to_vec());
//! let [o, b, i] = set.tags() else { unreachable!() };
//! let chunks = chunks_of_tags(&[*o, *b, *i, *b]);
//! assert_eq!(chunks.iter().map(|c| c.units.clone()).collect::<Vec<_>>(), [1..3, 3..4]);
//! ```
mod boundary;
mod cancel;
mod casing;
mod chain;
mod encode;
mod entity;
mod lines;
mod matrix;
pub mod random;
mod span;
mod tag;
mod token;
mod written_tags;

pub use boundary::{guard, panics_are_caught};
pub use cancel::{Cancel, Cancelled};
pub use casing::{Casing, casings_of_tokens};
pub use chain::{Chain, Posterior};
pub use encode::Encode;
pub use entity::{Entity, redact, redactions, split_at_entities, word_tags};
pub use lines::{FieldKey, line_at, line_ends};
pub use matrix::Matrix;
pub use span::{OffsetConverter, OffsetUnit, Span};
pub use tag::{Chunk, Prefix, Scheme, Tag, TagSet, chunks_of_tags, tags_of_chunks};
pub use token::{Token, TokenRows, Word, assign_words, words_of_tokens};
pub use written_tags::{TAG_LETTERS, WrittenTags};
