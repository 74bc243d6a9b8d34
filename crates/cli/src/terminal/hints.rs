//! Hints of errors: the name that was meant, or the flag that sets it.
use std::error::Error;

use cloze_checkpoint::nearest;
use cloze_corpus::{CorpusError, NotReadReason};
use cloze_heads::HeadError;
use cloze_train::TrainError;

/// Hint of the first error among an error and its causes that has one.
pub(crate) fn hint(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(hint) = hint_of(error) {
            return Some(hint);
        }
        cause = error.source();
    }
    None
}

fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(CorpusError::MissingField { field, found, .. }) = error.downcast_ref() {
        return field_hint(field, found);
    }
    match error.downcast_ref() {
        Some(CorpusError::Encoding { .. }) => {
            return Some("--encoding auto, or the name of its encoding, such as latin1".to_owned());
        }
        Some(CorpusError::NotRead { part: None, reason: NotReadReason::Kind(_), .. }) => {
            return Some("--input text reads it as it stands".to_owned());
        }
        _ => {}
    }
    if let Some(cloze::Error::Head(error)) = error.downcast_ref() {
        return hint_of(error);
    }
    if let Some(HeadError::UnknownLabel { found, known }) = error.downcast_ref() {
        return did_you_mean(found, known);
    }
    match error.downcast_ref() {
        Some(TrainError::UnknownLabel { found, known }) => did_you_mean(found, known),
        _ => None,
    }
}

/// Hint of a field that records lack; `|` stands between names of which any would do.
fn field_hint(field: &str, fields: &[String]) -> Option<String> {
    let flag = match field {
        "text" => Some("--text-field"),
        field if field.starts_with("text|") => Some("--text-field"),
        field if field.starts_with("label|") => Some("--label-field"),
        field if field.starts_with("sentence1|") => Some("--first-field"),
        _ => None,
    };
    let flag_hint = || Some(format!("{} names another field", flag?));
    did_you_mean(field, fields).or_else(flag_hint)
}

fn did_you_mean(name: &str, known: &[String]) -> Option<String> {
    let same = known.iter().find(|other| other.to_lowercase() == name.to_lowercase());
    let names = known.iter().map(String::as_str);
    let nearest = same.map(String::as_str).or_else(|| nearest(name, names))?;
    Some(format!("did you mean {nearest}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_misspelled_has_its_name_in_the_hint() {
        let fields = ["Ticket".to_owned(), "Message".to_owned()];
        assert_eq!(field_hint("mesage", &fields).as_deref(), Some("did you mean Message?"));
        assert_eq!(field_hint("MESSAGE", &fields).as_deref(), Some("did you mean Message?"));
        let hint = Some("--text-field names another field");
        assert_eq!(field_hint("text", &fields).as_deref(), hint);
        assert_eq!(field_hint("nothing", &fields), None);
    }

    #[test]
    fn a_label_that_is_misspelled_has_its_name_in_the_hint() {
        let (label, known) = ("POS".to_owned(), vec!["neg".to_owned(), "pos".to_owned()]);
        let error = cloze::Error::Head(HeadError::UnknownLabel { found: label, known });
        assert_eq!(hint(&error).as_deref(), Some("did you mean pos?"));
    }
}
