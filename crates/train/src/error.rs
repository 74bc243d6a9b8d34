//! Errors between labelled vectors and a fitted head.
use cloze_heads::HeadError;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Too few labels to tell apart.
    #[error("expected at least {expected} different labels, found {found}")]
    FewClasses {
        /// Number of labels needed.
        expected: usize,
        /// Number of labels given.
        found: usize,
    },
    /// Nothing to learn from.
    #[error("no examples")]
    NoExamples,
    /// A label without a name.
    #[error("example {example} has a label that is empty")]
    EmptyLabel {
        /// Index of the example, from 0.
        example: usize,
    },
    /// Not as many of one thing as of another.
    #[error("{found} {what} for {expected} examples")]
    Count {
        /// Things counted: `rows`.
        what: &'static str,
        /// Number of examples.
        expected: usize,
        /// Number of the things counted.
        found: usize,
    },
    /// Rows that are not as wide as they must be.
    #[error("expected {what} of {expected} numbers, found {found}")]
    Width {
        /// Kind of the rows: `logits`.
        what: &'static str,
        /// Numbers there must be.
        expected: usize,
        /// Numbers there are.
        found: usize,
    },
    /// A feature that is NaN or infinite.
    #[error("row {row}, column {column} is {value}: expected a finite number")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A setting is out of its range.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: String,
        /// Value.
        found: f64,
        /// The range.
        expected: &'static str,
    },
    /// A label that no example has.
    #[error("no label {found:?}; there are {}", known.join(", "))]
    UnknownLabel {
        /// Request.
        found: String,
        /// The labels there are.
        known: Vec<String>,
    },
    /// A label whose examples are in too few groups to be parted.
    #[error(
        "label {label:?}: expected examples in at least {expected} groups, found {found}: equal texts, and \
         examples that are grouped by a field, stay together"
    )]
    FewGroups {
        /// The label.
        label: String,
        /// Number of groups needed.
        expected: usize,
        /// Number of groups given, or of those that could be parted.
        found: usize,
    },
    /// A label that too few examples have for what is to be done.
    #[error("label {label:?}: expected at least {expected} examples, found {found}")]
    FewExamples {
        /// The label.
        label: String,
        /// Number of examples needed.
        expected: usize,
        /// Number of examples given.
        found: usize,
    },
    /// A label that every example has, which is nothing to learn.
    #[error("every example has the label {label:?}")]
    Everywhere {
        /// The label.
        label: String,
    },
    /// Something that this kind of head cannot do.
    #[error("{kind} does not support {what}")]
    Unsupported {
        /// The kind.
        kind: &'static str,
        /// Feature asked for: `class weights`.
        what: &'static str,
    },
    /// More rows than this kind of head is made for.
    #[error(
        "{kind} takes time and memory that grow with the square of the rows: expected at most {max}, found {found}"
    )]
    TooManyRows {
        /// The kind.
        kind: &'static str,
        /// Largest number of rows.
        max: usize,
        /// Number of rows given.
        found: usize,
    },
    /// A head to start from that is of another shape.
    #[error("the initial head has {field} {found}: expected {expected}")]
    WarmStart {
        /// In what: `labels`, `width`, `squares`.
        field: &'static str,
        /// Value expected.
        expected: String,
        /// Value found.
        found: String,
    },
    /// The solver stopped without a result.
    #[error("the solver stopped: {what}")]
    Solver {
        /// Message.
        what: String,
    },
    /// A wanted precision or recall that no threshold has.
    #[error("no threshold has a {what} of {wanted}; the best is {best}, at {threshold}")]
    Unreached {
        /// `precision` or `recall`.
        what: &'static str,
        /// Precision or recall wanted.
        wanted: f64,
        /// The best there is.
        best: f64,
        /// Threshold of the best.
        threshold: f64,
    },
    /// Features or a head.
    #[error(transparent)]
    Head(#[from] HeadError),
}
