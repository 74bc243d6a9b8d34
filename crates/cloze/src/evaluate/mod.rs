//! Results of models against gold data: accuracy, F1 and their kin with confidence intervals, and
//! comparisons of two models on the same data.
//!
//! Every evaluation takes gold data in batches, wherever they come from (the readers of
//! [`corpus`](crate::corpus), a database, memory), keeps outcomes alone, and ends in a report that can
//! be serialised. An error in one record is a value and affects only that record.
//!
//! - [`classifier`]: labels of texts and of pairs;
//! - [`tags`]: entities in sentences;
//! - [`sts`]: similarities of texts beside people's;
//! - [`search`]: documents found for queries;
//! - [`senses`]: senses of words;
//! - `language_model` (feature `train`): masked words, and what follows, in running text;
//! - [`minimal_pairs`]: the acceptable sentence of a pair against the other;
//! - [`redaction`]: personal data hidden, partly hidden and missed;
//! - [`bias`]: the more stereotyping sentence of a pair against the other;
//! - [`choices`]: multiple-choice questions;
//! - [`generation`]: generated texts beside references.
pub mod bias;
pub mod choices;
pub mod classifier;
mod error;
pub mod generation;
#[cfg(feature = "train")]
pub mod language_model;
pub mod minimal_pairs;
mod question;
pub mod redaction;
pub mod search;
pub mod senses;
pub mod sts;
pub mod tags;

pub use error::EvaluateError;
