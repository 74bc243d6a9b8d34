//! Errors of this crate, from whichever crate they come.
use std::path::PathBuf;

/// Every failure of the façade; those of the crates beneath come through as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model folder.
    #[error(transparent)]
    Checkpoint(#[from] cloze_checkpoint::CheckpointError),
    /// ONNX Runtime, a graph or a text.
    #[error(transparent)]
    Encoder(#[from] cloze_encoder::EncoderError),
    /// Pooling, layers, a correction.
    #[error(transparent)]
    Embed(#[from] cloze_embed::EmbedError),
    /// A head, or what it makes of a row.
    #[error(transparent)]
    Head(#[from] cloze_heads::HeadError),
    /// A head is to go on top of another model than it was fitted on.
    #[error(
        "{}: fitted on a model of SHA-256 {expected}, but {} is of {found}",
        head.display(), model.display()
    )]
    OtherBase {
        /// The head's folder.
        head: PathBuf,
        /// The model's folder.
        model: PathBuf,
        /// The hash of the model that the head was fitted on.
        expected: String,
        /// The hash of the model that was found.
        found: String,
    },
    /// A file of the model folder cannot be used as it is.
    #[error("{}: {what}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// Expectation and finding.
        what: String,
    },
    /// A file of the model folder is not of the form expected.
    #[error("{}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Fault.
        source: cloze_embed::EmbedError,
    },
    /// An index, or a search in one.
    #[error(transparent)]
    Search(#[from] cloze_search::SearchError),
    /// An index was built of vectors made elsewhere, so that nothing can make queries of texts.
    #[error("{}: built of vectors without a model, so it takes vectors for queries", folder.display())]
    NoEncoder {
        /// The index.
        folder: PathBuf,
    },
    /// A model that does not say which word a mask stands for.
    #[error("{}: no head for masked words: expected a masked language model", model.display())]
    NoMaskedLm {
        /// The model's folder.
        model: PathBuf,
        /// Error of the encoder, which lists the results it has; in a box, as the largest of
        /// errors.
        source: Box<cloze_encoder::EncoderError>,
    },
    /// A decoder, or what it generates.
    #[error(transparent)]
    Generate(#[from] cloze_generate::GenerateError),
    /// A text without a mask where one is to be filled.
    #[error("no mask in the text: expected {mask} where a word is wanted")]
    NoMask {
        /// The model's mask token.
        mask: String,
    },
    /// Masks of a text that are further apart than the model sees at once.
    #[error("the masks take {needed} tokens from the first to the last; the model takes {room}")]
    MaskSpan {
        /// Number of tokens from the first mask to the last.
        needed: usize,
        /// Number of tokens that the model takes.
        room: usize,
    },
    /// A word that cannot be scored at a mask.
    #[error("target {target:?}: {what}")]
    Target {
        /// The word.
        target: String,
        /// Why.
        what: String,
    },
    /// A text with the mask token in it, which has nothing there to be scored.
    #[error("the mask token is in the text (bytes {span}), where a score needs a word")]
    MaskInText {
        /// Position of the mask token, in bytes.
        span: cloze_core::Span,
    },
    /// A text that has to be seen whole, and is longer than the model takes.
    #[error("{found} tokens, expected at most {limit}, the model's limit")]
    TooLong {
        /// Number of tokens of the text, special ones not counted.
        found: usize,
        /// Number of tokens that the model takes.
        limit: usize,
    },
    /// Settings of a tagger that do not fit the model.
    #[error("model {}", model.display())]
    TagSettings {
        /// The model's folder.
        model: PathBuf,
        /// Setting, expectation and finding.
        source: cloze_heads::HeadError,
    },
    /// Transitions of a conditional random field that cannot be read from a model's card.
    #[error("model {}", model.display())]
    CardTransitions {
        /// The model's folder.
        model: PathBuf,
        /// Error of the value of `crf`.
        source: serde_json::Error,
    },
    /// Tagging scheme of a model's card that is none.
    #[error("model {}: scheme in cloze.json is {found:?}: expected io, iob1, iob2, iob, iobes or bilou", model.display())]
    CardScheme {
        /// The model's folder.
        model: PathBuf,
        /// Value of `scheme`.
        found: String,
    },
    /// Recognisers that were asked for, or that a model's card names, and that there are not.
    #[error("model {}: recognizers", model.display())]
    Recognizers {
        /// The model's folder.
        model: PathBuf,
        /// Name, and the nearest one that there is.
        source: cloze_recognize::RecognizeError,
    },
    /// A model that is made for another task than it is opened for.
    #[error("{model} is {task}; expected {}", wanted.kind())]
    WrongTask {
        /// The model's name.
        model: String,
        /// Task of the model.
        task: crate::Task,
        /// Task that it was opened for.
        wanted: crate::Task,
        /// Error of opening it.
        source: Box<Error>,
    },
    /// A classifier of pairs where one of single texts is expected.
    #[error("{model} takes pairs of texts, expected a classifier of single texts")]
    TakesPairs {
        /// The model's name.
        model: String,
    },
    /// A classifier of single texts where one of pairs is expected.
    #[error("{model} takes single texts, expected a classifier of pairs")]
    TakesTexts {
        /// The model's name.
        model: String,
    },
    /// A reranker without a label whose probability is the score.
    #[error(
        "{model}: expected one of its labels {}, found {}",
        labels.join(", "),
        label.as_deref().unwrap_or("none")
    )]
    RerankLabel {
        /// The model's name.
        model: String,
        /// The label asked for.
        label: Option<String>,
        /// The labels that it has.
        labels: Vec<String>,
    },
    /// A call that was stopped.
    #[error(transparent)]
    Cancelled(#[from] cloze_core::Cancelled),
    /// Two settings that exclude each other.
    #[error("{0}")]
    Conflict(&'static str),
}

impl From<cloze_store::StoreError> for Error {
    fn from(error: cloze_store::StoreError) -> Self {
        Self::Encoder(error.into())
    }
}
