//! `cloze_redact`: texts without personal data.
use std::sync::Arc;

use cloze::Tagger;
use cloze::redact::{Action, Key, Policy, RedactError, Replacer};
use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// `cloze_redact(text, 'MODEL'[, 'POLICY']) -> Utf8`: the text with personal data replaced. A policy is one or
/// more settings of [`Policy::set`] with `;` between them: `mask;EMAIL=partial`. Numbers count from 1 in every
/// text, so that a row does not depend on the rows before it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Redact;

/// Tagger with replacements to begin each text with.
#[derive(Debug)]
pub(super) struct TextRedactor {
    tagger: Arc<Tagger>,
    replacer: Replacer,
}

impl OfText for Redact {
    const NAME: &'static str = "cloze_redact";
    const CALL: &'static str =
        "cloze_redact(text, 'MODEL') or cloze_redact(text, 'MODEL', 'POLICY')";
    const MOST: usize = 3;
    type Opened = TextRedactor;
    type Value = String;

    fn open(
        models: &Models,
        model: &ModelName,
        settings: &[&ScalarValue],
    ) -> Result<Self::Opened, Error> {
        let text = match settings.first() {
            None => String::new(),
            Some(setting) => {
                let Some(Some(text)) = setting.try_as_str() else {
                    let (expected, found) = ("text in quotes", setting.to_string());
                    let (function, argument) = (Self::NAME, "the policy");
                    return Err(Error::Literal { function, argument, expected, found });
                };
                text.to_owned()
            }
        };
        let policy = parse_policy(&text)
            .map_err(|source| Error::Policy { policy: text.clone(), source: Box::new(source) })?;
        let key = match models.redact_key() {
            Some(key) => key.clone(),
            None if needs_key(&policy) => return Err(Error::NoKey { policy: text }),
            // No action of the policy looks at it.
            None => Key::with_secret([0; 32]),
        };
        let tagger = models.tagger(Self::NAME, model)?;
        Ok(TextRedactor { tagger, replacer: Replacer::new(policy, key) })
    }

    fn value_type(_: &Models, _: &Self::Opened) -> DataType {
        DataType::Utf8
    }

    fn run(
        _: &Models,
        redactor: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<String, cloze::Error>>, cloze::Error> {
        let results = texts.iter().zip(redactor.tagger.tag_batch(texts)?);
        Ok(results
            .map(|(text, entities)| Ok(redactor.replacer.clone().redact(text, &entities?)))
            .collect())
    }

    fn array(_: &Models, _: &Self::Opened, texts: &[Option<&String>]) -> Result<ArrayRef> {
        Ok(Arc::new(texts.iter().copied().collect::<StringArray>()))
    }
}

fn parse_policy(text: &str) -> Result<Policy, RedactError> {
    let settings = text.split(';').map(str::trim).filter(|setting| !setting.is_empty());
    settings.into_iter().try_fold(Policy::default(), Policy::set)
}

/// Whether a value's replacement depends on the key.
fn needs_key(policy: &Policy) -> bool {
    let keyed = |action: &Action| matches!(action, Action::Hash | Action::Pseudonym);
    // No label is called so: its action is that of all others.
    keyed(policy.action("")) || policy.labels().any(|label| keyed(policy.action(label)))
}
