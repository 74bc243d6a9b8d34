//! Failures of evaluations.
use cloze_metrics::{MetricsError, Origin};

use crate::Error;

/// Failure of an evaluation as a whole; errors of single records are values beside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A model, or an error of running it that is not of one record.
    #[error(transparent)]
    Model(#[from] Error),
    /// Figures that cannot be computed of the outcomes.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A correction that cannot be fitted or applied.
    #[error(transparent)]
    Embed(#[from] cloze_embed::EmbedError),
    /// A head that cannot be fitted or applied.
    #[error(transparent)]
    Head(#[from] cloze_heads::HeadError),
    /// A search that cannot be done.
    #[error(transparent)]
    Search(#[from] cloze_search::SearchError),
    /// No record that every model had a result for.
    #[error("expected records to evaluate, found none")]
    NoRecords,
    /// Gold labels that are all others than the model's.
    #[error("expected labels of {model}, which are {expected}; found {found}")]
    OtherLabels {
        /// Model.
        model: String,
        /// Labels of the model.
        expected: String,
        /// Gold labels.
        found: String,
    },
    /// Two classifiers of which one chooses a single label and the other any number.
    #[error(
        "{single} predicts a single label and {multi} any number of labels: no metric compares them"
    )]
    Incomparable {
        /// Classifier that chooses one label.
        single: String,
        /// Classifier that chooses any number.
        multi: String,
    },
    /// A label renamed twice.
    #[error("{label:?} is renamed twice")]
    RenamedTwice {
        /// Label.
        label: String,
    },
    /// A renamed label that no model has.
    #[error("{label}: no such label; {found}")]
    NoLabel {
        /// Label.
        label: String,
        /// Labels of each model.
        found: String,
    },
    /// A tag that its convention does not have.
    #[error(
        "sentence {sentence}, word {word}: tag {found:?}: expected O, or a label after one of {expected}"
    )]
    Tag {
        /// Side of the tag.
        origin: Origin,
        /// Sentence of the batch, counted from 0.
        sentence: usize,
        /// Word of the sentence, counted from 0.
        word: usize,
        /// Letters before a label.
        expected: &'static str,
        /// Tag.
        found: String,
    },
    /// Predicted sentences whose words are not the gold ones.
    #[error("sentence {sentence}, word {word}: expected the same words in the same sentences")]
    OtherWords {
        /// First sentence that differs, counted from 0.
        sentence: usize,
        /// First word that differs, counted from 0.
        word: usize,
    },
    /// Predicted texts that are not the gold ones.
    #[error("text {text}: expected the same texts in the same order")]
    OtherText {
        /// First text that differs, or that one side lacks, counted from 0.
        text: usize,
    },
    /// A share of documents to hold out that leaves none on one side.
    #[error("{found}: expected a number above 0 and below 0.6")]
    HeldOutShare {
        /// Share.
        found: f64,
    },
    /// Fewer documents than can be split.
    #[error("expected at least 3 documents to split, found {found}")]
    FewDocuments {
        /// Number of documents.
        found: usize,
    },
    /// Relevance judgements without a grade above 0.
    #[error("expected a grade above 0, found none")]
    NothingRelevant,
    /// Queries none of which has relevance judgements.
    #[error("expected queries with relevance judgements, such as {expected}; found {found}")]
    OtherQueries {
        /// Queries with judgements, the first of them.
        expected: String,
        /// Queries that were asked, the first of them.
        found: String,
    },
    /// A query or document that a run cannot name.
    #[error("{kind} {name:?}: expected a name without white space")]
    RunName {
        /// `query` or `document`.
        kind: &'static str,
        /// Name.
        name: String,
    },
    /// A file that cannot be written or read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
