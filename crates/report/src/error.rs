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
    /// Text that could not be put together.
    #[error("the report cannot be written")]
    Format(#[from] std::fmt::Error),
}
