//! Errors of the functions: what a query asked for that cannot be had, and rows that have no result.
use std::path::PathBuf;

use cloze::Task;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

/// Failure of a function or of a registry of models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call with too few or too many arguments.
    #[error("{function}: expected {expected}, found {found} arguments")]
    ArgumentCount {
        /// Function of the call.
        function: &'static str,
        /// Call as it should be.
        expected: &'static str,
        /// Number of arguments.
        found: usize,
    },
    /// An argument of another type than text.
    #[error(
        "{function}: expected text in {argument}, found {found}\nhint: CAST({argument} AS VARCHAR)"
    )]
    NotText {
        /// Function of the call.
        function: &'static str,
        /// Column or expression.
        argument: String,
        /// Type of the argument.
        found: DataType,
    },
    /// Arguments of `cloze_similarity` that are neither two vectors nor texts with a model.
    #[error(
        "cloze_similarity: expected vectors of one width, or texts and a model, found {left} and {right}\n\
         hint: cloze_similarity(a, b, 'MODEL') compares texts"
    )]
    NotComparable {
        /// Type of the first argument.
        left: DataType,
        /// Type of the second argument.
        right: DataType,
    },
    /// An argument that is known only while the query runs, where planning needs it.
    #[error(
        "{function}: expected a literal for {argument}, found an expression\n\
         hint: write it into the query, such as 'ner-en'"
    )]
    NotLiteral {
        /// Function of the call.
        function: &'static str,
        /// Argument.
        argument: &'static str,
    },
    /// A literal that is not of the kind expected.
    #[error("{function}: {argument}: expected {expected}, found {found}")]
    Literal {
        /// Function of the call.
        function: &'static str,
        /// Argument.
        argument: &'static str,
        /// Kind of value expected.
        expected: &'static str,
        /// Value.
        found: String,
    },
    /// A model that cannot be opened for the function.
    #[error("{function}: model {model:?}{}", hint_for(source))]
    Model {
        /// Function of the call.
        function: &'static str,
        /// Name of the model in the query.
        model: String,
        /// Error of opening it.
        source: Box<cloze::Error>,
    },
    /// A regression model where labels are expected.
    #[error(
        "{function}: model {model:?}: expected a classifier, found a regression model without labels"
    )]
    Regression {
        /// Function of the call.
        function: &'static str,
        /// Name of the model in the query.
        model: String,
    },
    /// A model of another hash than the query asks for.
    #[error(
        "{}: expected a model of SHA-256 {expected}, found {found}\n\
         hint: copy the model's folder again from where the query was planned", folder.display()
    )]
    OtherModel {
        /// Folder of the model.
        folder: PathBuf,
        /// Hash in the query.
        expected: String,
        /// Hash of the folder.
        found: String,
    },
    /// A registry with other settings than the query was planned with.
    #[error(
        "expected models with the settings {expected}, found {found}\n\
         hint: start every scheduler, executor and job with the same version and flags"
    )]
    OtherSettings {
        /// Settings in the query.
        expected: String,
        /// Settings of the registry.
        found: String,
    },
    /// A policy of redaction that cannot be followed.
    #[error("cloze_redact: policy {policy:?}")]
    Policy {
        /// Policy in the query.
        policy: String,
        /// Error of its settings.
        source: Box<cloze::redact::RedactError>,
    },
    /// A policy that needs a key, in a registry without one.
    #[error(
        "cloze_redact: policy {policy:?}: hash and pseudonym need a key, so that every process \
         replaces a value by the same\nhint: ModelsBuilder::redact_key"
    )]
    NoKey {
        /// Policy in the query.
        policy: String,
    },
    /// An index that cannot be opened or searched.
    #[error("cloze_search: index {index:?}")]
    Search {
        /// Index in the query.
        index: String,
        /// Error of opening or searching it.
        source: Box<cloze::Error>,
    },
    /// A setting out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Range.
        expected: &'static str,
        /// Value.
        found: usize,
    },
    /// Threads or ONNX Runtime that cannot be had, a graph that cannot be run.
    #[error("{function}: model {model:?}")]
    Run {
        /// Function of the call.
        function: &'static str,
        /// Name of the model in the query.
        model: String,
        /// Error that is not of one text.
        source: Box<cloze::Error>,
    },
    /// A query that was stopped.
    #[error("cancelled")]
    Cancelled,
}

/// Function for a model of this task, as a second line.
fn hint_for(error: &cloze::Error) -> String {
    let cloze::Error::WrongTask { task, .. } = error else { return String::new() };
    let function = match task {
        Task::Tag => "cloze_tag or cloze_redact",
        Task::Classify => "cloze_classify",
        Task::FillMask => "cloze_fill_mask",
        Task::Embed => "cloze_embed",
        _ => return String::new(),
    };
    format!("\nhint: {function} takes this model")
}

/// Text of an error with all its causes, on one line each; hints at the end.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut hints = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string();
        let (message, hint) = message.split_once("\nhint: ").unwrap_or((&message, ""));
        if !text.ends_with(message) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(message);
        }
        if !hint.is_empty() {
            hints = format!("{hints}\nhint: {hint}");
        }
        next = error.source();
    }
    text + &hints
}

impl From<Error> for DataFusionError {
    /// A planning error for what is wrong with the query, an error of execution for the rest.
    fn from(error: Error) -> Self {
        match error {
            Error::Run { .. } | Error::Cancelled => Self::Execution(chain(&error)),
            error => Self::Plan(chain(&error)),
        }
    }
}

/// Reason why a row has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A text longer than [`max_text_bytes`](crate::ModelsBuilder::max_text_bytes).
    #[error("text of {found} bytes, expected at most {limit}")]
    TooLong {
        /// Bytes of the text.
        found: usize,
        /// Most bytes of a text.
        limit: usize,
    },
    /// Vectors of different widths.
    #[error("vectors of {left} and {right} numbers, expected one width")]
    Width {
        /// Width of the first.
        left: usize,
        /// Width of the second.
        right: usize,
    },
    /// A text that the model has no result for.
    #[error(transparent)]
    Text(#[from] cloze::Error),
}
