//! Figures that evaluate results.
//!
//! - [`Counts`]: precision, recall, F1 and their averages;
//! - [`entity`]: entities against gold, by label, in a convention that is named;
//! - [`ClassificationReport`]: confusion of classes, and sets of labels;
//! - [`labels`]: classifiers evaluated on gold labels, and two of them compared;
//! - [`ranking`]: whether scores put positive examples first;
//! - [`retrieval`]: whether searches find the documents that are judged relevant;
//! - [`probability`]: whether probabilities are what they say;
//! - [`preference`]: the likelier text of a pair, by group;
//! - [`choices`]: multiple-choice questions;
//! - [`generation`]: generated texts against references;
//! - [`redaction`]: items hidden whole, partly or not at all;
//! - [`proportion`]: shares of yes-or-no answers;
//! - [`correlation`]: correlation of two lists of numbers, as in evaluating similarities;
//! - [`compare`]: whether a difference is more than chance.
//!
//! Counts can be made apart, by file or thread, and put together.
//!
//! ```
//! use cloze_metrics::correlation::{spearman, spearman_interval};
//!
//! let (gold, predicted) = ([0.0, 1.5, 3.0, 4.0, 5.0], [0.1, 0.3, 0.2, 0.8, 0.9]);
//! // Ranks 1 2 3 4 5 and 1 3 2 4 5: 1 − 6 · (1 + 1) / (5 · 24) = 0.9.
//! let r = spearman(&gold, &predicted)?;
//! assert!((r - 0.9).abs() < 1e-12);
//! let (low, high) = spearman_interval(r, gold.len());
//! assert!(low < r && r < high);
//! # Ok::<(), cloze_metrics::MetricsError>(())
//! ```
pub mod choices;
mod classification;
pub mod compare;
pub mod correlation;
mod counts;
pub mod entity;
mod error;
pub mod generation;
pub mod labels;
pub mod preference;
pub mod probability;
pub mod proportion;
pub mod ranking;
pub mod redaction;
pub mod retrieval;

pub use classification::{
    ClassificationReport, Confusion, ConfusionTable, MultiLabelCounts, MultiLabelReport,
};
pub use counts::{Averages, Counts, Scores};
pub use error::{MetricsError, Origin, Side};
