//! What a tagger finds.
use crate::Span;

/// A labelled piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// What it is: `PER`.
    pub label: String,
    /// Where it is, in bytes of the original text.
    pub span: Span,
    /// How sure the model is: a probability, 0 to 1.
    pub score: f32,
    /// The tag of the one token that this is, where tokens were not put together: `B-PER`.
    pub tag: Option<String>,
}
