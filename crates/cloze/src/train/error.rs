//! Failures of a training by steps.
use std::io;
use std::path::PathBuf;

/// Failure of a training by steps; those of the crates beneath come through as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FineTuneError {
    /// Setting that is out of its bounds.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Value that was given.
        found: String,
        /// Values that are taken.
        expected: String,
    },
    /// Setting that is not a regular expression.
    #[error("{setting}")]
    Pattern {
        /// Name of the setting.
        setting: &'static str,
        /// Error of the expression.
        source: regex::Error,
    },
    /// Label that is renamed twice.
    #[error("label {label:?} is renamed twice")]
    RenamedTwice {
        /// The label.
        label: String,
    },
    /// Label that is renamed and not there.
    #[error("no label {label} to rename; the files have {}", found.join(", "))]
    NoSuchLabel {
        /// The label.
        label: String,
        /// Labels of the files.
        found: Vec<String>,
    },
    /// Model that a training cannot begin with.
    #[error("{}: {what}", folder.display())]
    Base {
        /// Folder of the model.
        folder: PathBuf,
        /// Finding and expectation.
        what: &'static str,
    },
    /// Model with adapters, which cannot get others.
    #[error("{}: has adapters already, to which no others can be added", folder.display())]
    HasAdapters {
        /// Folder of the model.
        folder: PathBuf,
    },
    /// Model whose pooling cannot be trained through.
    #[error("the model pools by {poolings}: expected mean or cls, which training supports")]
    Pooling {
        /// Pooling of the model.
        poolings: String,
    },
    /// Output that is the folder of a model that is read.
    #[error("{}: the folder of the model, its base or adapter; name another", folder.display())]
    OutputIsSource {
        /// The folder.
        folder: PathBuf,
    },
    /// Output to be replaced that is not a trained model.
    #[error("{}: expected a trained model to replace, found none there", folder.display())]
    NotTrained {
        /// The folder.
        folder: PathBuf,
    },
    /// State of a stopped training that is not there.
    #[error("{}: no such file, so there is nothing to resume", state.display())]
    NoState {
        /// File of the state.
        state: PathBuf,
    },
    /// State of a stopped training that nobody asked to go on with.
    #[error("{}: a training into {} was stopped", state.display(), output.display())]
    StateThere {
        /// File of the state.
        state: PathBuf,
        /// Folder of the new model.
        output: PathBuf,
    },
    /// Data without what is trained on.
    #[error("{data}: {what}")]
    Data {
        /// Names of the data.
        data: String,
        /// Finding and expectation.
        what: &'static str,
    },
    /// File of a new model that none can be made of.
    #[error("{}: {what}", path.display())]
    NewModel {
        /// The file.
        path: PathBuf,
        /// Finding and expectation.
        what: String,
    },
    /// Tag that does not begin as the scheme has it.
    #[error("{path}:{line}: tag {found:?}: expected O, or a label after {}", prefixes(expected))]
    Tag {
        /// File of the tag.
        path: String,
        /// Line of the tag, from 1.
        line: u64,
        /// The tag.
        found: String,
        /// Letters that a tag may begin with.
        expected: &'static str,
    },
    /// File without the groups that were asked for.
    #[error("{path}: no {}", group_marks(field))]
    NoGroups {
        /// File of the sentences.
        path: String,
        /// Name of the groups.
        field: String,
    },
    /// Score outside of its scale.
    #[error("{path}:{line}: expected a score from 0 to {scale}, found {found}")]
    Score {
        /// File of the pair.
        path: String,
        /// Line of the pair, from 1.
        line: u64,
        /// The score.
        found: f64,
        /// Highest score.
        scale: f64,
    },
    /// Standard input, where a file is read twice.
    #[error("-: expected a file, since pairs and their negatives are read one after another")]
    ReadTwice,
    /// Text of a file that cannot be used.
    #[error("{path}:{line}")]
    Text {
        /// File of the text.
        path: String,
        /// Line of the text, from 1.
        line: u64,
        /// Error of the tokenizer; boxed, as the largest of errors.
        source: Box<cloze_encoder::EncoderError>,
    },
    /// File whose checksum or envelope failed.
    #[error("{path}")]
    File {
        /// The file, or the folder that it goes into.
        path: String,
        /// Error of the file.
        source: cloze_store::StoreError,
    },
    /// File that cannot be written.
    #[error("{}", path.display())]
    Write {
        /// Folder that it goes into.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// File that is not JSON.
    #[error("{}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Error of the parser.
        source: serde_json::Error,
    },
    /// Settings or figures that are not JSON.
    #[error("the report cannot be written")]
    Report(#[from] serde_json::Error),
    /// Failure of the façade.
    #[error(transparent)]
    Cloze(#[from] crate::Error),
    /// Failure of reading labelled texts or of calibration.
    #[error(transparent)]
    Fit(Box<super::FitError>),
    /// Labels that no head can be fitted to.
    #[error(transparent)]
    Train(#[from] cloze_train::TrainError),
    /// Failure of the steps.
    #[error(transparent)]
    Tune(#[from] cloze_tune::TuneError),
    /// Failure of reading data.
    #[error(transparent)]
    Corpus(#[from] cloze_corpus::CorpusError),
    /// Failure of a model folder, its weights or an adapter.
    #[error(transparent)]
    Checkpoint(#[from] cloze_checkpoint::CheckpointError),
    /// Failure of the tokenizer.
    #[error(transparent)]
    Encoder(#[from] cloze_encoder::EncoderError),
    /// Failure of an evaluation.
    #[error(transparent)]
    Metrics(#[from] cloze_metrics::MetricsError),
    /// Unknown name of a recogniser.
    #[error(transparent)]
    Recognize(#[from] cloze_recognize::RecognizeError),
    /// Failure of a head.
    #[error(transparent)]
    Head(#[from] cloze_heads::HeadError),
    /// Failure of a file.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// Failure of a file of the model folder, whose name is in the text.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<super::FitError> for FineTuneError {
    fn from(error: super::FitError) -> Self {
        Self::Fit(Box::new(error))
    }
}

/// Rows that begin a group of this name.
fn group_marks(field: &str) -> String {
    if field == "document" {
        return "documents: expected rows such as -DOCSTART- or # newdoc".to_owned();
    }
    format!("group {field:?}: expected comments such as # {field} = …")
}

/// `B-, I-`.
fn prefixes(letters: &str) -> String {
    letters.chars().map(|letter| format!("{letter}-")).collect::<Vec<_>>().join(", ")
}
