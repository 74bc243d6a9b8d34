//! Failures of drawing.

/// Failure to make a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A plot whose drawing failed.
    #[error("the plot cannot be drawn: {what}")]
    Plot {
        /// Message of the drawing library.
        what: String,
    },
    /// A heat map with more texts than it has room for.
    #[error("a heat map has room for at most {most} texts, found {found}")]
    HeatMapSize {
        /// Maximum number of texts.
        most: usize,
        /// Number of texts.
        found: usize,
    },
    /// Text that could not be formatted.
    #[error("the report cannot be written")]
    Format(#[from] std::fmt::Error),
}
