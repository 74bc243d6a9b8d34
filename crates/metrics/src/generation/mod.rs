//! Generated texts against references: exact match, BLEU and chrF.
//!
//! BLEU and chrF are figures of a whole set of texts: the [`BleuStats`] and [`ChrfStats`] of texts are added
//! up, and the figure is of their sum.
//!
//! ```
//! use cloze_metrics::generation::{BleuStats, ChrfStats, normalized};
//!
//! let references = ["The cat sat on the mat."];
//! let bleu = BleuStats::of("The cat sat on the mat.", &references);
//! let chrf = ChrfStats::of("The cat sat on a mat.", &references);
//! assert!((bleu.score() - 100.0).abs() < 1e-9);
//! assert!(chrf.score() > 60.0 && chrf.score() < 100.0);
//! assert_eq!(normalized("  The  cat, sat. "), "cat sat");
//! ```
mod bleu;
mod chrf;
mod exact;

pub use bleu::BleuStats;
pub use chrf::ChrfStats;
pub use exact::normalized;

/// Whether Python's `str.split` parts words here.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
