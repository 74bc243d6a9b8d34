//! What the other crates of cloze share: spans, tokens, tags, entities, and the trait at which
//! encoders and heads meet. No files, no tensors of other crates.
//!
//! In the order data flows:
//! - [`span`]: where something is in a text, and in which unit others count that;
//! - [`token`]: word pieces with a row of numbers each, put together into words;
//! - [`casing`]: how words are written, which some encoders do not see;
//! - [`matrix`]: those rows;
//! - [`encode`]: the trait of what makes them;
//! - [`tag`]: tags, schemes, and the way from tags to entities and back;
//! - [`chain`]: sequences of labels that hang together: the best, and probabilities of all;
//! - [`entity`]: what comes out;
//! - [`random`]: numbers, orders and seeds from random bits;
//! - [`cancel`]: a token that stops long calls.
//!
//! ```
//! use cloze_core::{TagSet, tag};
//!
//! let set = TagSet::parse(["O", "B-PER", "I-PER"].map(String::from).to_vec());
//! let [o, b, i] = set.tags() else { unreachable!() };
//! let found = tag::chunks(&[*o, *b, *i, *b]);
//! assert_eq!(found.iter().map(|c| c.units.clone()).collect::<Vec<_>>(), [1..3, 3..4]);
//! ```
pub mod cancel;
pub mod casing;
pub mod chain;
pub mod encode;
pub mod entity;
pub mod matrix;
pub mod random;
pub mod span;
pub mod tag;
pub mod token;

pub use cancel::{Cancel, Cancelled};
pub use casing::Casing;
pub use chain::Chain;
pub use encode::Encode;
pub use entity::Entity;
pub use matrix::Matrix;
pub use span::{OffsetConverter, OffsetUnit, Span};
pub use tag::{Prefix, Scheme, Tag, TagSet};
pub use token::{Token, TokenRows, Word};
