//! Progress of a training, its warnings, and what a caller gives it besides settings.
use std::fmt;

use cloze_core::Cancel;
use cloze_corpus::{CorpusError, GuessedEncoding, Source, UsedFields};
use cloze_encoder::Runtime;
use cloze_report::text::plural;

use super::ExampleNotEncoded;
use crate::data_check::NearDuplicateSummary;

/// Event of a training.
#[derive(Debug)]
#[non_exhaustive]
pub enum FitEvent<'a> {
    /// Reading of files begins.
    ReadingStarted {
        /// The files.
        sources: &'a [Source],
    },
    /// A further part of the files was read.
    BytesRead {
        /// Number of bytes since the last such event.
        bytes: u64,
    },
    /// Further examples are ready.
    ExamplesRead {
        /// Number of examples so far.
        examples: u64,
    },
    /// Columns or fields that examples come from, before the first of them and where they change.
    ColumnsChosen(&'a UsedFields),
    /// Encoding of a file that was guessed.
    EncodingGuessed(&'a GuessedEncoding),
    /// A record that is left out since it cannot be read.
    RecordFailed(&'a CorpusError),
    /// Reading of files is done.
    ReadingEnded,
    /// Encoding of texts begins.
    EncodingStarted {
        /// Number of texts or pairs to encode.
        inputs: usize,
    },
    /// Further texts were encoded.
    Encoded {
        /// Number of texts or pairs since the last such event.
        inputs: usize,
    },
    /// Encoding of texts is done.
    EncodingEnded,
    /// An example that is left out since it cannot be encoded.
    NotEncoded(&'a ExampleNotEncoded),
    /// Choosing settings and fitting begin.
    FittingStarted,
    /// A search for settings ended early, since nothing got better.
    SearchEnded {
        /// Number of trials.
        trials: usize,
    },
    /// Something that may spoil the result.
    Warning(FitWarning),
}

/// Something that may spoil the result of a training. Its text is a line without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FitWarning {
    /// Texts with nothing in them.
    EmptyTexts(usize),
    /// Examples whose text another example before them has.
    RepeatedTexts(usize),
    /// Texts whose examples have different labels.
    ContradictingTexts(usize),
    /// Labels with few examples, and how many.
    RareLabels(Vec<(String, usize)>),
    /// A label of which there is one example, so that none is held out.
    OneExample {
        /// Label.
        label: String,
        /// Whether it has several, of one text or group.
        grouped: bool,
    },
    /// A label with fewer examples than there should be folds.
    FewExamples {
        /// Label.
        label: String,
        /// Number of its examples, of different texts and groups, and so of folds.
        examples: usize,
        /// Number of folds there should be.
        folds: usize,
    },
    /// Examples of an evaluation that are nearly the same as training examples.
    NearDuplicates(NearDuplicateSummary),
    /// A solver that stopped before it found the minimum.
    NotConverged {
        /// Number of its steps.
        iterations: u64,
    },
    /// Examples held out that no temperature can be fitted on.
    NoTemperature,
    /// Labels of the test data that the training data do not have.
    UnknownTestLabels(Vec<String>),
}

impl fmt::Display for FitWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: usize, what: &str| plural(n as u64, what);
        match self {
            Self::EmptyTexts(n) => write!(f, "{}", count(*n, "empty text")),
            Self::RepeatedTexts(n) => write!(
                f,
                "{} with the text of an earlier example: `cloze data check` lists them",
                count(*n, "example")
            ),
            Self::ContradictingTexts(n) => write!(
                f,
                "{} with contradicting labels: `cloze data check` lists them",
                count(*n, "text")
            ),
            Self::RareLabels(labels) => {
                let labels: Vec<String> =
                    labels.iter().map(|(label, n)| format!("{label} ({n})")).collect();
                write!(f, "labels with fewer than 10 examples: {}", labels.join(", "))
            }
            Self::OneExample { label, grouped: false } => write!(
                f,
                "label {label} has only one example, so none is held out and nothing is evaluated"
            ),
            Self::OneExample { label, grouped: true } => write!(
                f,
                "all examples of label {label} have one text or group, so none is held out and nothing is \
                 evaluated"
            ),
            Self::NearDuplicates(found) => write!(f, "{found}"),
            Self::FewExamples { label, examples, folds } => write!(
                f,
                "label {label} has only {examples} examples, so there are {examples} folds instead of \
                 {folds}"
            ),
            Self::NotConverged { iterations } => {
                write!(f, "not converged after {iterations} iterations")
            }
            Self::NoTemperature => f.write_str(
                "no temperature can be fitted on the held-out examples, so probabilities are not \
                 calibrated",
            ),
            Self::UnknownTestLabels(labels) => {
                write!(
                    f,
                    "labels of the test data without training examples: {}",
                    labels.join(", ")
                )
            }
        }
    }
}

/// Context of a training besides its settings: ONNX Runtime, a callback, a token that stops
/// it.
#[derive(Clone, Default)]
pub struct FitContext<'a> {
    pub(crate) runtime: Option<Runtime>,
    pub(crate) cancel: Cancel,
    observer: Option<&'a dyn Fn(&FitEvent<'_>)>,
}

impl fmt::Debug for FitContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitContext").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

impl<'a> FitContext<'a> {
    /// The runtime of the process, no callback, and nothing that stops the training.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// ONNX Runtime to encode with. Default: the one of the process, found at the first use and never
    /// downloaded.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Token that stops the training between two chunks of texts or two fits. Default: none.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Callback for every event. Default: none.
    #[must_use]
    pub fn observer(mut self, observer: &'a dyn Fn(&FitEvent<'_>)) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Gives an event to the callback.
    pub fn event(&self, event: &FitEvent<'_>) {
        if let Some(observer) = self.observer {
            observer(event);
        }
    }

    /// Gives a warning to the callback.
    pub fn warn(&self, warning: FitWarning) {
        self.event(&FitEvent::Warning(warning));
    }
}
