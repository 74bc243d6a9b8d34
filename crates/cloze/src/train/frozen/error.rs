//! Failures of trainings.
use std::path::PathBuf;

use cloze_corpus::CorpusError;
use cloze_embed::EmbedError;
use cloze_encoder::EncoderError;
use cloze_heads::HeadError;
use cloze_metrics::MetricsError;
use cloze_report::ReportError;
use cloze_store::StoreError;
use cloze_train::TrainError;

use crate::Error;
use crate::train::FineTuneError;

/// Failure of a training. Errors of single records and texts are events beside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A model, or an error of running it that is not of one text.
    #[error(transparent)]
    Model(#[from] Error),
    /// Data that cannot be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A head that cannot be fitted.
    #[error(transparent)]
    Fit(#[from] TrainError),
    /// Figures that cannot be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A report that cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Settings or a report that cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A file of the model's folder that cannot be written.
    #[error("{}", path.display())]
    Write {
        /// The model's folder.
        path: PathBuf,
        /// Error of the file.
        source: std::io::Error,
    },
    /// A setting outside its range.
    #[error("{setting} is {found}: expected {expected}")]
    OutOfRange {
        /// Name of the setting.
        setting: &'static str,
        /// Value.
        found: String,
        /// Range.
        expected: String,
    },
    /// A setting that the examples do not allow.
    #[error("{setting}")]
    Unfit {
        /// Name of the setting.
        setting: &'static str,
        /// Reason.
        source: TrainError,
    },
    /// A setting without another that it needs.
    #[error("{setting} needs {needed}")]
    Needs {
        /// Name of the setting.
        setting: &'static str,
        /// Needed data.
        needed: &'static str,
    },
    /// Data without an example.
    #[error("{data}: expected labelled texts, found none")]
    NoExamples {
        /// The data.
        data: String,
    },
    /// Data whose examples all have one label, or none.
    #[error("{data}: expected at least {expected} different labels, found one{}", label.as_ref().map(|l| format!(", {l:?}")).unwrap_or_default())]
    FewLabels {
        /// The data.
        data: String,
        /// Number of labels needed.
        expected: usize,
        /// The label, if there is one.
        label: Option<String>,
    },
    /// Labels that are numbers, and too many of them.
    #[error(
        "{data}: expected labels, found {count} different numbers, such as {number}, which look like a quantity"
    )]
    Quantity {
        /// The data.
        data: String,
        /// Number of different labels.
        count: usize,
        /// One of them.
        number: String,
    },
    /// Labels that no head can be fitted to.
    #[error("{data}")]
    Labels {
        /// The data.
        data: String,
        /// Reason.
        source: TrainError,
    },
    /// Examples of which none could be encoded.
    #[error("none of {} could be encoded", cloze_report::text::plural(*examples as u64, "example"))]
    NoneEncoded {
        /// Number of examples.
        examples: usize,
    },
    /// Examples that could not be encoded where each is needed; events name them.
    #[error("some examples could not be encoded, as named above")]
    SomeNotEncoded,
    /// A threshold of a label that there is not.
    #[error("{goal}: no label {label:?}; there are {}", known.join(", "))]
    NoLabel {
        /// `precision` or `recall`.
        goal: &'static str,
        /// The label.
        label: String,
        /// Labels of the data.
        known: Vec<String>,
    },
    /// A threshold where one label of many is chosen.
    #[error("{goal} is for two labels, or several per text: here one of many is chosen")]
    OneOfMany {
        /// `precision` or `recall`.
        goal: &'static str,
    },
    /// A threshold that no probability reaches.
    #[error("{goal} {label}={share}")]
    Threshold {
        /// `precision` or `recall`.
        goal: &'static str,
        /// The label.
        label: String,
        /// Precision or recall asked for.
        share: f64,
        /// Reason; boxed, as the largest of errors.
        source: Box<TrainError>,
    },
    /// A threshold without examples held out to choose it on.
    #[error("no examples are held out to choose a threshold on")]
    NoHeldOut,
    /// A folder that the model cannot be written to.
    #[error(transparent)]
    Folder(Box<FineTuneError>),
}

/// Errors of the crates beneath, as those of the model.
macro_rules! through_model {
    ($($error:ty),+) => {
        $(impl From<$error> for FitError {
            fn from(error: $error) -> Self {
                Self::Model(error.into())
            }
        })+
    };
}
through_model!(
    cloze_checkpoint::CheckpointError,
    EncoderError,
    EmbedError,
    HeadError,
    StoreError,
    cloze_core::Cancelled
);

impl From<FineTuneError> for FitError {
    fn from(error: FineTuneError) -> Self {
        Self::Folder(error.into())
    }
}

/// Example that could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not encoded")]
pub struct ExampleNotEncoded {
    /// File of the example.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Reason.
    pub source: Error,
}
