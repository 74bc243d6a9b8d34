//! Errors of computing a figure.
use std::fmt;

use cloze_core::Span;

/// One of two lists of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

/// Whose labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Labels of people.
    Gold,
    /// Labels of a model.
    Predicted,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gold => "gold",
            Self::Predicted => "predicted",
        })
    }
}

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The lists are not pairs.
    #[error("{first} numbers in the first list, {second} in the second")]
    Lengths {
        /// Numbers in the first.
        first: usize,
        /// Numbers in the second.
        second: usize,
    },
    /// There is nothing to compare.
    #[error("expected at least {expected} pairs, found {found}")]
    TooFew {
        /// Number of pairs needed.
        expected: usize,
        /// Number of pairs given.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index} of the {side} list is {value}: expected a finite number")]
    NotFinite {
        /// List that the value is in.
        side: Side,
        /// Index of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// All values of a list are the same, so that nothing can go with them.
    #[error("all values of the {side} list are {value}")]
    NoSpread {
        /// List whose values are all the same.
        side: Side,
        /// The one value.
        value: f64,
    },
    /// Gold and predicted are not pairs.
    #[error("{gold} gold and {predicted} predicted: expected equal numbers")]
    GoldPredicted {
        /// Number of gold items.
        gold: usize,
        /// Number of predicted items.
        predicted: usize,
    },
    /// A tag that is malformed, or not of the scheme.
    #[error("{origin} tag {position} is {found:?}: expected O, or one of {expected} with -LABEL")]
    Tag {
        /// Whose it is.
        origin: Origin,
        /// Index of the tag in its sentence, from 0.
        position: usize,
        /// The letters there may be.
        expected: &'static str,
        /// The tag.
        found: String,
    },
    /// Nothing lies in an entity.
    #[error("{origin} {label} at {span}: expected an end after the start")]
    EmptySpan {
        /// Whose it is.
        origin: Origin,
        /// Label of the entity.
        label: String,
        /// Position of the entity.
        span: Span,
    },
    /// Counts of two kinds cannot be added.
    #[error("counts of one kind cannot be added to another's: {first} and {second}")]
    Unlike {
        /// Kind that the first counts.
        first: String,
        /// Kind that the second counts.
        second: String,
    },
    /// A label that occurs twice.
    #[error("label {label:?} occurs twice")]
    LabelTwice {
        /// The label.
        label: String,
    },
    /// A label that is not one of the known labels.
    #[error("{origin} label {found:?}: expected one of {expected:?}")]
    UnknownLabel {
        /// Whose it is.
        origin: Origin,
        /// The label.
        found: String,
        /// The labels there are.
        expected: Vec<String>,
    },
    /// A ranking has a document twice.
    #[error("document {document:?} is at rank {first} and again at rank {second}")]
    DocumentTwice {
        /// The document.
        document: String,
        /// First rank, from 1.
        first: usize,
        /// Second rank.
        second: usize,
    },
    /// A score that has no place in an order.
    #[error("document {document:?}: expected a score, found {found}")]
    Score {
        /// The document.
        document: String,
        /// The score.
        found: f64,
    },
    /// A query that occurs twice.
    #[error("query {query:?} occurs twice")]
    QueryTwice {
        /// The query.
        query: String,
    },
    /// There are not examples of both kinds.
    #[error("{}{positive} positive and {negative} negative examples: expected both", of_class(*class))]
    OneClass {
        /// Index of the positive class, if there are several.
        class: Option<usize>,
        /// Positive examples.
        positive: u64,
        /// Negative examples.
        negative: u64,
    },
    /// A row has another width.
    #[error("row {row}: expected {expected} classes, found {found}")]
    Row {
        /// Index of the row, from 0.
        row: usize,
        /// Classes there should be.
        expected: usize,
        /// Numbers there are.
        found: usize,
    },
    /// There is no such class.
    #[error("row {row}: gold class {found} of {classes}, which count from 0")]
    Class {
        /// Index of the row, from 0.
        row: usize,
        /// Number of classes.
        classes: usize,
        /// The class.
        found: usize,
    },
    /// A number that is not a probability.
    #[error("row {row}, class {class}: expected a probability, found {found}")]
    Probability {
        /// Index of the row, from 0.
        row: usize,
        /// Index of the class, from 0.
        class: usize,
        /// The number.
        found: f64,
    },
    /// Probabilities do not sum to 1.
    #[error("row {row}: expected probabilities that sum to 1, found a sum of {found}")]
    Sum {
        /// Index of the row, from 0.
        row: usize,
        /// The sum.
        found: f64,
    },
    /// A setting is out of its range.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Values allowed.
        expected: &'static str,
        /// Kind.
        found: String,
    },
    /// There is nothing to draw from.
    #[error("expected at least {expected} examples, found {found}")]
    TooFewExamples {
        /// Number of examples needed.
        expected: usize,
        /// Number of examples given.
        found: usize,
    },
    /// The examples have no figure.
    #[error("expected a finite figure, found {found}")]
    NoFigure {
        /// Figure computed from the examples.
        found: f64,
    },
}

fn of_class(class: Option<usize>) -> String {
    class.map_or_else(String::new, |class| format!("class {class}: "))
}
