//! Failures of drawing.

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A plot whose drawing failed.
    #[error("the plot cannot be drawn: {what}")]
    Plot {
        /// The message of the drawing library.
        what: String,
    },
    /// A heat map with more texts than it has room for.
    #[error("a heat map has room for at most {most} texts, found {found}")]
    HeatMapSize {
        /// Most texts.
        most: usize,
        /// Number of texts.
        found: usize,
    },
    /// Text that could not be put together.
    #[error("the report cannot be written")]
    Format(#[from] std::fmt::Error),
}
