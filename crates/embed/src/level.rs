//! Kinds of units that a vector represents.
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::EmbedError;

/// Unit that a vector represents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A whole text, by pooling.
    #[default]
    Sentence,
    /// A word: the mean of its pieces.
    Word,
    /// A word piece.
    Token,
}

impl Level {
    const NAMES: [&str; 3] = ["sentence", "word", "token"];

    /// Name, as [`parse`](Self::parse) takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sentence => "sentence",
            Self::Word => "word",
            Self::Token => "token",
        }
    }

    /// The level of this name.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`].
    pub fn parse(name: &str) -> Result<Self, EmbedError> {
        [Self::Sentence, Self::Word, Self::Token].into_iter().find(|l| l.name() == name).ok_or_else(
            || EmbedError::UnknownName {
                what: "level",
                found: name.to_owned(),
                known: &Self::NAMES,
            },
        )
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
