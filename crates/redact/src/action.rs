//! Treatments of a value.
use std::str::FromStr;

use serde::Deserialize;

use crate::RedactError;

/// Treatment of the values of a label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Action {
    /// A text in place of the value; `{label}` stands for its label. `[{label}]` by default.
    Mask(String),
    /// Label and number, `[PERSON_1]`: the same for the same value, in the order of appearance.
    Number,
    /// Label and keyed hash, `[PERSON_3f9c2a1b7d04]`: the same for the same value and key. Source:
    /// HMAC-SHA-256 (RFC 2104), its first 48 bits.
    Hash,
    /// Letters and digits become `*`, but for the last four, or the last half of fewer than eight.
    Partial,
    /// An invented value of the same kind, the same for the same value and key.
    Pseudonym,
    /// The value stays.
    Keep,
}

/// Text of a mask that names its label.
const LABEL_MASK: &str = "[{label}]";

impl Default for Action {
    fn default() -> Self {
        Self::Mask(LABEL_MASK.to_owned())
    }
}

impl FromStr for Action {
    type Err = RedactError;

    /// The action that a text names: `mask`, `mask:TEXT`, `number`, `hash`, `partial`, `pseudonym` or
    /// `keep`.
    fn from_str(name: &str) -> Result<Self, RedactError> {
        Ok(match name {
            "mask" => Self::default(),
            "number" => Self::Number,
            "hash" => Self::Hash,
            "partial" => Self::Partial,
            "pseudonym" => Self::Pseudonym,
            "keep" => Self::Keep,
            _ => match name.strip_prefix("mask:") {
                Some(mask) => Self::Mask(mask.to_owned()),
                None => return Err(RedactError::Action { found: name.to_owned() }),
            },
        })
    }
}

impl TryFrom<String> for Action {
    type Error = RedactError;

    fn try_from(name: String) -> Result<Self, RedactError> {
        name.parse()
    }
}
