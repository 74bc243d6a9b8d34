//! Errors between numbers and labels.
use std::path::PathBuf;

use cloze_embed::EmbedError;
use cloze_store::StoreError;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// A setting is out of its range.
    #[error("{setting} is {found}: {expected}")]
    Setting {
        /// Name of the setting.
        setting: String,
        /// Value.
        found: f32,
        /// The range.
        expected: &'static str,
    },
    /// A label that the model does not have.
    #[error("no label {found:?}; the model has {}", known.join(", "))]
    UnknownLabel {
        /// Request.
        found: String,
        /// The labels there are.
        known: Vec<String>,
    },
    /// A model without labels has nothing to tag with.
    #[error("the model has no labels (id2label), so it tags nothing")]
    NoLabels,
    /// No sequence of these tags is legal in the scheme.
    #[error("scheme {scheme} allows no tag of {} all along a text", tags.join(", "))]
    SchemeLabels {
        /// The scheme asked for.
        scheme: &'static str,
        /// The model's tags.
        tags: Vec<String>,
    },
    /// Transitions that were learned for other tags, or for these in another order.
    #[error("transitions between {}, but the model has {}", found.join(", "), expected.join(", "))]
    TransitionTags {
        /// The model's.
        expected: Vec<String>,
        /// Theirs.
        found: Vec<String>,
    },
    /// Transitions are learned from word to word.
    #[error(
        "aggregation {aggregation} tags tokens, but the model's transitions are between words: \
         expected first, average or max"
    )]
    TransitionUnits {
        /// The aggregation asked for.
        aggregation: &'static str,
    },
    /// As many logits a token as there are tags: not here.
    #[error("{found} logits per token for {expected} tags")]
    Width {
        /// Tags.
        expected: usize,
        /// Logits.
        found: usize,
    },
    /// A logit that is not a number: the model is broken, or ran out of range.
    #[error("the logits of token {token} (bytes {span}) are not all numbers")]
    NotANumber {
        /// Index of the token in the text, from 0.
        token: usize,
        /// Position of the token, in bytes.
        span: cloze_core::Span,
    },
    /// A vector cannot be prepared.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// One of many vectors cannot be prepared.
    #[error("row {row}")]
    Row {
        /// Index of the vector, from 0.
        row: usize,
        /// Why.
        source: EmbedError,
    },
    /// A pair of vectors in one row, which cannot be cut in two.
    #[error("a pair is two vectors in one row: expected an even width above 0, found {found}")]
    PairWidth {
        /// The row's width.
        found: usize,
    },
    /// Too few labels to choose from.
    #[error("expected at least {expected} labels, found {found}")]
    FewLabels {
        /// Number of labels needed.
        expected: usize,
        /// Number of labels given.
        found: usize,
    },
    /// Two labels of one name.
    #[error("label {label:?} occurs twice")]
    LabelTwice {
        /// The name.
        label: String,
    },
    /// Numbers of a head that do not fit its labels and width.
    #[error("{part} has {found} numbers, expected {expected}")]
    Part {
        /// Part of the head: `weight`, `probabilities`.
        part: &'static str,
        /// Number of values expected.
        expected: usize,
        /// Number of values found.
        found: usize,
    },
    /// A number of a head that is NaN or infinite.
    #[error("number {index} of {part} is {found}: expected a finite number")]
    NotFinite {
        /// Part of the head: `weight`, `logits`.
        part: &'static str,
        /// Index of the number in the part, from 0.
        index: usize,
        /// Value.
        found: f64,
    },
    /// The temperature or a threshold is out of its range.
    #[error("{setting} is {found}: expected {expected}")]
    OutOfRange {
        /// Name of the setting.
        setting: String,
        /// Value.
        found: f64,
        /// The range.
        expected: &'static str,
    },
    /// Thresholds where they decide nothing, or twice.
    #[error(
        "{found} thresholds for {labels} labels of which one is chosen: expected none, or one if \
         there are two labels"
    )]
    Thresholds {
        /// Number of thresholds.
        found: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A word beyond the vocabulary.
    #[error("no id {found} in a vocabulary of {vocabulary}")]
    Id {
        /// Request.
        found: u32,
        /// Number of words in the vocabulary.
        vocabulary: usize,
    },
    /// No word can stand for a mask: the logits of all that are allowed are −∞.
    #[error("no word has a probability above 0")]
    NoChoice,
    /// A tensor of a saved head is not what its description says.
    #[error("{}: tensor {name:?}: expected {expected}, found {found}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Type and shape, as in `F64 [2, 384]`, or `no such tensor`.
        expected: String,
        /// The same.
        found: String,
    },
    /// The file of a head is not a sound safetensors file.
    #[error("{}: not a sound safetensors file", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// Error of the safetensors reader.
        source: safetensors::SafeTensorError,
    },
    /// The file is of another kind, or a later version of cloze wrote it.
    #[error("{}: expected a head of format version {newest} or older, found {found}", path.display())]
    HeadVersion {
        /// The file.
        path: PathBuf,
        /// The newest that can be read.
        newest: u32,
        /// Kind or version found in the file.
        found: String,
    },
    /// The tensors make no correction of vectors.
    #[error("{}: the tensors do not hold a {method} correction", path.display())]
    Correction {
        /// The file.
        path: PathBuf,
        /// Method of the correction.
        method: &'static str,
        /// Error of reading the tensors.
        source: serde_json::Error,
    },
    /// The correction cannot be put into tensors.
    #[error("{}: this correction cannot be saved", path.display())]
    Unsaved {
        /// The file to be written.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Words that make no lexicon.
    #[error("word {lemma:?} {pos:?}: expected {expected}")]
    Lexicon {
        /// The lemma of the word.
        lemma: String,
        /// Part of speech of the word.
        pos: String,
        /// Value expected.
        expected: &'static str,
    },
    /// Nothing to fit senses on.
    #[error("expected occurrences with annotated senses, found none")]
    NoOccurrences,
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
