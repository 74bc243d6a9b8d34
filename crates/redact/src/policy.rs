//! Actions by label.
use std::collections::BTreeMap;
use std::path::Path;

use cloze_store::read::read_capped;
use serde::Deserialize;

use crate::{Action, RedactError};

/// Longest policy file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Action for each label, and one for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(default)]
    default: Action,
    #[serde(default)]
    labels: BTreeMap<String, Action>,
}

impl Policy {
    /// The same action for every label.
    #[must_use]
    pub fn new(default: Action) -> Self {
        Self { default, labels: BTreeMap::new() }
    }

    /// Sets the action of a label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>, action: Action) -> Self {
        self.labels.insert(label.into(), action);
        self
    }

    /// Follows a setting: `number` for all labels, or `EMAIL=partial` for one.
    ///
    /// # Errors
    /// [`RedactError::Action`]; [`RedactError::Setting`] without a label before the `=`.
    pub fn set(mut self, setting: &str) -> Result<Self, RedactError> {
        match setting.split_once('=') {
            // A text to mask with may hold an equals sign.
            Some((label, action)) if !label.starts_with("mask:") => {
                if label.trim().is_empty() {
                    return Err(RedactError::Setting { found: setting.to_owned() });
                }
                Ok(self.label(label.trim(), action.trim().parse()?))
            }
            _ => {
                self.default = setting.trim().parse()?;
                Ok(self)
            }
        }
    }

    /// Reads a policy file:
    ///
    /// ```toml
    /// default = "mask"
    /// [labels]
    /// PERSON = "number"
    /// CITY = "keep"
    /// PHONE = "mask:<phone>"
    /// ```
    ///
    /// # Errors
    /// [`RedactError::Store`] for a file that cannot be read; [`RedactError::Policy`].
    pub fn read(path: &Path) -> Result<Self, RedactError> {
        let bytes = read_capped(path, MAX_BYTES)?;
        let text = String::from_utf8_lossy(&bytes);
        toml::from_str(&text).map_err(|source| {
            let start = source.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.get(..start).unwrap_or(&text).split('\n').count();
            RedactError::Policy {
                path: path.to_owned(),
                line: line as u64,
                source: Box::new(source),
            }
        })
    }

    /// The action of a label.
    #[must_use]
    pub fn action(&self, label: &str) -> &Action {
        self.labels.get(label).unwrap_or(&self.default)
    }

    /// Labels that have an action of their own.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.keys().map(String::as_str)
    }

    /// Whether some label is hashed, which makes sense with a key that is kept.
    #[must_use]
    pub fn hashes(&self) -> bool {
        std::iter::once(&self.default).chain(self.labels.values()).any(|a| *a == Action::Hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_for_all_labels_or_one() {
        let policy = Policy::default().set("number").unwrap().set("EMAIL=mask:<e=mail>").unwrap();
        let policy = policy.set(" CITY = keep ").unwrap();
        assert_eq!(policy.action("PERSON"), &Action::Number);
        assert_eq!(policy.action("EMAIL"), &Action::Mask("<e=mail>".into()));
        assert_eq!(policy.action("CITY"), &Action::Keep);
        assert_eq!(policy.labels().collect::<Vec<_>>(), ["CITY", "EMAIL"]);
        let all = Policy::default().set("mask:a=b").unwrap();
        assert_eq!(all.action("X"), &Action::Mask("a=b".into()));
        for bad in ["", "blank", "=keep", "EMAIL=", "EMAIL=hide"] {
            assert!(Policy::default().set(bad).is_err(), "{bad}");
        }
        assert!(!policy.hashes());
        assert!(policy.label("X", Action::Hash).hashes());
    }

    #[test]
    fn files_name_the_line_that_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        fs_err::write(&path, "default = \"partial\"\n[labels]\nPER = \"hash\"\n").unwrap();
        let policy = Policy::read(&path).unwrap();
        assert_eq!((policy.action("X"), policy.action("PER")), (&Action::Partial, &Action::Hash));
        for (content, line) in [
            ("default = \"mask\"\nlabel = 1\n", 2),
            ("[labels]\n\nPER = \"hide\"\n", 3),
            ("default =", 1),
        ] {
            fs_err::write(&path, content).unwrap();
            let error = Policy::read(&path).unwrap_err().to_string();
            assert_eq!(error, format!("{}:{line}: not a policy", path.display()), "{content}");
        }
    }
}
