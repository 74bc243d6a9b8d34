//! Deterministic recognisers of personal data and secrets, beside a model or alone.
//!
//! In the order in which a text passes them:
//!
//! - [`RecognizerParams`], [`Patterns`]: which recognisers, of which countries, and one's own;
//! - `normal`: the text in normal form (full-width digits, soft hyphens, digits of other scripts),
//!   with the way back to bytes of the original;
//! - `columns`: tables within the text, whose columns' names are context for their cells;
//! - `context`: words before a number that speak for it or against it (`born`, `IBAN`, `order`);
//! - `scan`: one walk over the text that tries each pattern where it may begin;
//! - `page`, `finder`, `address`, `names`: the text as tokens, and finders that read several of them: the
//!   parts of postal addresses, and names of people by what stands around them;
//! - `rows`: the recognisers, one table a topic or country, each row with its source, words and
//!   examples;
//! - `edges`: whether a match is a whole word or number, or the part of another;
//! - `validate`, [`Validator`]: checksums and ranges of numbers;
//! - `resolve`: which of overlapping matches stay;
//! - [`Recognizers`], [`Match`]: all of it, and the result.
//!
//! A score is 0.95 or more where a checksum and the form leave no doubt, 0.8 to 0.9 beside a word of
//! context, 0.6 or 0.75 by an unusual form alone, and 0.3, below the smallest that is reported, for
//! numbers that look like many others. A word against (`order 4111…`) takes 0.4 away.
//!
//! ```
//! use cloze_recognize::{RecognizerParams, Recognizers};
//!
//! let params = RecognizerParams::new().recognizers(["email", "bank", "-bic"]).check()?;
//! let recognizers = Recognizers::new(params);
//! let text = "Ada (ada@example.com) pays from DE89 3704 0044 0532 0130 00.";
//! let matches = recognizers.find(text);
//! assert_eq!(matches[0].span.of(text), Some("ada@example.com"));
//! assert_eq!(matches[0].label, "EMAIL");
//! assert_eq!(matches[1].span.of(text), Some("DE89 3704 0044 0532 0130 00"));
//! assert!(matches[1].validated && matches[1].recognizer == "iban");
//! # Ok::<(), cloze_recognize::RecognizeError>(())
//! ```
mod address;
mod columns;
mod context;
mod edges;
mod error;
mod finder;
mod group;
mod names;
mod normal;
mod page;
mod params;
mod patterns;
mod recognizers;
mod resolve;
mod row;
mod rows;
mod scan;
mod validate;
mod words;

pub use error::RecognizeError;
pub use group::Group;
pub use params::{MIN_SCORE, RecognizerInfo, RecognizerParams, ValidRecognizerParams, catalogue};
pub use patterns::Patterns;
pub use recognizers::{Match, Recognizers};
pub use validate::Validator;
