//! What can go wrong between numbers and labels.

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// A setting is out of its range.
    #[error("{setting} is {found}: {expected}")]
    Setting {
        /// Which.
        setting: String,
        /// Its value.
        found: f32,
        /// The range.
        expected: &'static str,
    },
    /// A label that the model does not have.
    #[error("no label {found:?}; the model has {}", known.join(", "))]
    UnknownLabel {
        /// What was asked for.
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
    /// As many logits a token as there are tags: not here.
    #[error("{found} logits a token for {expected} tags")]
    Width {
        /// Tags.
        expected: usize,
        /// Logits.
        found: usize,
    },
    /// A logit that is no number: the model is broken, or ran out of range.
    #[error("the logits of token {token} (bytes {span}) are not all numbers")]
    NotANumber {
        /// Which token of the text, from 0.
        token: usize,
        /// Where it is.
        span: cloze_core::Span,
    },
}
