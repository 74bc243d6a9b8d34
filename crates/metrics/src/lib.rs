//! Figures that judge results.
//!
//! - [`correlation`]: how two lists of numbers go together, as in judging similarities.
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
pub mod correlation;
mod error;

pub use error::{MetricsError, Side};
