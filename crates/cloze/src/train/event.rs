//! Events of a training by steps, for progress and messages.
use std::fmt;

use cloze_corpus::{CorpusError, GuessedEncoding, SkippedRows, Source};
use cloze_report::text::plural;
use cloze_report::tuning::{TrainingCurve, percent};
use cloze_tune::training::Event;

use super::FitEvent;
use crate::data_check::{NearDuplicateSummary, SplitText};

/// A trained parameter takes four numbers: its own, its gradient's and two moments'.
const BYTES_TRAINED: usize = 16;
const BYTES_FROZEN: usize = 4;

/// Event of a training by steps.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingEvent<'a> {
    /// Reading of files begins.
    Reading(&'a [Source]),
    /// A record was read.
    Read {
        /// Number of bytes since the last event.
        bytes: u64,
        /// Number of records so far.
        records: u64,
        /// Name of a record.
        unit: &'static str,
    },
    /// Reading of files has ended.
    Finished,
    /// A record cannot be read and is left out; the others are used.
    LeftOut(&'a CorpusError),
    /// An event of reading labelled texts or of calibration.
    Fit(&'a FitEvent<'a>),
    /// A fact or warning, whose text says it.
    Note(&'a TrainingNote),
    /// An event of the steps.
    Step {
        /// The event.
        event: &'a Event,
        /// Curve so far.
        curve: &'a TrainingCurve,
        /// Best metric so far.
        best: Option<f64>,
        /// Name of the metric: `macro F1`.
        metric: &'static str,
    },
}

/// Observer of a training: may be called from the threads that train.
pub type TrainingObserver<'a> = dyn Fn(TrainingEvent<'_>) + Send + Sync + 'a;

/// Fact or warning about a training; its text is a sentence without a full stop.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingNote {
    /// Numbers of training and validation examples.
    Examples {
        /// Name of an example.
        unit: &'static str,
        /// Number of training examples.
        train: usize,
        /// Number of validation examples.
        dev: usize,
    },
    /// Numbers of training and validation documents.
    Documents {
        /// Number of training documents.
        train: usize,
        /// Number of their tokens.
        tokens: usize,
        /// Number of validation documents.
        dev: usize,
    },
    /// Numbers of parameters.
    Parameters {
        /// Number of trained parameters.
        trained: usize,
        /// Number of all parameters.
        all: usize,
    },
    /// Learning rate of the head, where none was given.
    HeadLearningRate {
        /// Peak learning rate.
        rate: f64,
    },
    /// Warning: a tagger that predicts no entity in sentences that have some.
    NoEntities {
        /// Name of the sentences: `held-out`.
        part: &'static str,
        /// Number of gold entities.
        gold: u64,
    },
    /// Tags whose classifier rows are those of the base, a tagger itself.
    KeptTags {
        /// Number of such tags.
        kept: usize,
        /// Number of tags.
        all: usize,
    },
    /// Recognisers beside the base, by name or group, that run beside the model, too.
    KeptRecognizers(Vec<String>),
    /// Warning: labels of the validation or test data that the training data does not have.
    UnknownLabels(Vec<String>),
    /// Texts that are longer than one sequence.
    Long {
        /// Number of such texts.
        count: u64,
        /// Name of a text.
        unit: &'static str,
        /// Maximum of tokens.
        max_tokens: usize,
        /// `true` if they are cut, `false` if they go through several windows.
        cut: bool,
    },
    /// Warning: a temperature that is not a gain on other examples, and so is not used.
    NoTemperatureGain {
        /// Number of validation examples.
        examples: usize,
    },
    /// Warning: examples of an evaluation that are nearly the same as training examples.
    NearDuplicates(NearDuplicateSummary),
    /// Rows of a CoNLL-U file that are no words, and were left out.
    SkippedRows {
        /// Path of the file.
        path: String,
        /// Number of rows of each kind.
        rows: SkippedRows,
    },
    /// Files that were skipped.
    Skipped {
        /// Number of files.
        count: u64,
        /// Kind of files: `hidden file`.
        kind: &'static str,
    },
}

impl fmt::Display for TrainingNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Examples { unit, train, dev } => {
                let [train, dev] = [train, dev].map(|n| plural(*n as u64, unit));
                write!(f, "{train} for training, {dev} held out")
            }
            Self::Documents { train, tokens, dev } => write!(
                f,
                "{} of {} for training, {} held out",
                plural(*train as u64, "document"),
                plural(*tokens as u64, "token"),
                plural(*dev as u64, "document")
            ),
            Self::Parameters { trained, all } => {
                let share = percent(*trained, *all);
                let mib = |bytes: usize| bytes >> 20;
                let training_bytes = BYTES_TRAINED * trained + BYTES_FROZEN * (all - trained);
                write!(
                    f,
                    "{trained} of {all} parameters are trained, {share:.2} %; with gradients and optimizer \
                     state they take {} MiB, against {} MiB for the whole model",
                    mib(training_bytes),
                    mib(BYTES_TRAINED * all)
                )
            }
            Self::HeadLearningRate { rate } => {
                write!(f, "learning rate of the head: {rate:e}, by the spread of the hidden states")
            }
            Self::NoEntities { part, gold } => write!(
                f,
                "warning: the tagger predicts no entity in the {part} sentences, which have {gold}; more \
                 epochs or another learning rate may help"
            ),
            Self::KeptTags { kept, all } => {
                write!(f, "the base's classifier is kept for {kept} of {all} tags")
            }
            Self::KeptRecognizers(names) => {
                let names = names.join(", ");
                write!(f, "recognisers beside the model, as beside the base: {names}")
            }
            Self::UnknownLabels(labels) => write!(
                f,
                "warning: labels without training examples, which are never predicted: {}",
                labels.join(", ")
            ),
            Self::Long { count, unit, max_tokens, cut } => {
                let how = if *cut { "truncated" } else { "split into windows" };
                write!(f, "{} longer than {max_tokens} tokens, {how}", plural(*count, unit))
            }
            Self::NoTemperatureGain { examples } => write!(
                f,
                "warning: a temperature fitted on one half of the {} held out does not improve the \
                 probabilities of the other half, so they are not calibrated",
                plural(*examples as u64, "example")
            ),
            Self::NearDuplicates(found) => write!(f, "warning: {found}"),
            Self::SkippedRows { path, rows } => write!(f, "{path}: {rows}"),
            Self::Skipped { count, kind } => write!(f, "{} skipped", plural(*count, kind)),
        }
    }
}

/// Tells the observer the rows of a file that were left out.
pub(super) fn note_skipped_rows(observer: &TrainingObserver<'_>, path: &str, rows: SkippedRows) {
    if !rows.is_none() {
        note(observer, &TrainingNote::SkippedRows { path: path.to_owned(), rows });
    }
}

/// Tells the observer the encoding of a file, where it was guessed.
pub(super) fn note_guess(observer: &TrainingObserver<'_>, guessed: Option<&GuessedEncoding>) {
    if let Some(guessed) = guessed {
        observer(TrainingEvent::Fit(&FitEvent::EncodingGuessed(guessed)));
    }
}

/// Tells the observer a note.
pub(super) fn note(observer: &TrainingObserver<'_>, note: &TrainingNote) {
    observer(TrainingEvent::Note(note));
}

/// Tells the observer of examples of an evaluation that are nearly the same as training examples.
pub(super) fn note_near_duplicates(
    observer: &TrainingObserver<'_>,
    unit: &'static str,
    training: impl Iterator<Item = SplitText>,
    evaluated: impl Iterator<Item = SplitText>,
) {
    let evaluated: Vec<SplitText> = evaluated.collect();
    if evaluated.is_empty() {
        return;
    }
    let training: Vec<SplitText> = training.collect();
    let found = NearDuplicateSummary::of_test(unit, &training, &evaluated);
    if found.is_warning() {
        note(observer, &TrainingNote::NearDuplicates(found));
    }
}
