//! Texts without personal data, by a policy.
use std::sync::{Mutex, PoisonError};

use cloze_core::{Entity, Span};
use cloze_redact::{Key, Policy, RedactError, Replacer};

use crate::{Error, Tagger, batch};

/// Redactor: a tagger, and replacements for the values that it finds. It can be shared between threads.
///
/// A value gets the same replacement in all texts of a redactor, and of later ones with the same
/// [`Key`].
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(format!("{models}/..")).unwrap();
/// use cloze::redact::{Action, Policy};
/// use cloze::{Redactor, Tagger};
///
/// let policy = Policy::default().label("GIVEN_NAME", Action::Number);
/// let redactor = Redactor::new(Tagger::open("pii")?, policy, None)?;
/// assert_eq!(redactor.redact("My name is Angela.")?, "My name is [GIVEN_NAME_1].");
/// assert_eq!(redactor.redact("I, ANGELA, agree.")?, "I, [GIVEN_NAME_1], agree.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Redactor {
    tagger: Tagger,
    replacer: Mutex<Replacer>,
}

impl Redactor {
    /// A redactor of what `tagger` finds. Without a key it makes one of its own, which
    /// [`key`](Self::key) returns.
    ///
    /// # Errors
    /// [`RedactError::NoKey`] for a policy that hashes, without a key; [`RedactError::Random`].
    pub fn new(tagger: Tagger, policy: Policy, key: Option<Key>) -> Result<Self, RedactError> {
        let key = match key {
            Some(key) => key,
            None if policy.hashes() => return Err(RedactError::NoKey),
            None => Key::generate()?,
        };
        Ok(Self { tagger, replacer: Mutex::new(Replacer::new(policy, key)) })
    }

    /// The text with personal data replaced.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn redact(&self, text: &str) -> Result<String, Error> {
        batch::only(self.redact_batch(&[text])?)
    }

    /// Each text with personal data replaced, in the order of `texts`. An error in one text affects only
    /// that text.
    ///
    /// # Errors
    /// As [`Tagger::tag_batch`].
    pub fn redact_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<String, Error>>, Error> {
        let results = self.tagger.tag_batch(texts)?;
        let mut replacer = self.replacer.lock().unwrap_or_else(PoisonError::into_inner);
        let redacted = texts.iter().zip(results);
        Ok(redacted.map(|(text, result)| Ok(replacer.redact(text.as_ref(), &result?))).collect())
    }

    /// The span of each value that changes, in bytes, and its replacement.
    pub fn redactions(&self, text: &str, entities: &[Entity]) -> Vec<(Span, String)> {
        let mut replacer = self.replacer.lock().unwrap_or_else(PoisonError::into_inner);
        replacer.redactions(text, entities)
    }

    /// The tagger.
    #[must_use]
    pub fn tagger(&self) -> &Tagger {
        &self.tagger
    }

    /// The key, with the numbers given out so far: a later redactor with it goes on with them.
    #[must_use]
    pub fn key(&self) -> Key {
        self.replacer.lock().unwrap_or_else(PoisonError::into_inner).key().clone()
    }
}
