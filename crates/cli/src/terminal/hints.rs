//! Hints of errors: the name that was meant, or the flag that sets it.
use std::error::Error;

use cloze::train::FineTuneError;
use cloze_checkpoint::nearest;
use cloze_corpus::{CorpusError, FieldRole, NotReadReason};
use cloze_heads::HeadError;
use cloze_redact::RedactError;
use cloze_train::TrainError;

use crate::flags::settings;

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
    match error.downcast_ref() {
        Some(CorpusError::MissingField { field, found, .. }) => return did_you_mean(field, found),
        Some(CorpusError::UnknownField { role, fatal, .. }) => {
            return Some(names_column(*role, *fatal));
        }
        Some(CorpusError::AmbiguousField { role, .. }) => return chooses_column(*role),
        _ => {}
    }
    if let Some(CorpusError::NoWordId { .. }) = error.downcast_ref() {
        return Some("--token-column 1 reads the words from column 1".to_owned());
    }
    match error.downcast_ref() {
        Some(CorpusError::Encoding { .. }) => {
            return Some("--encoding auto, or the name of its encoding, such as latin1".to_owned());
        }
        Some(CorpusError::NotRead { reason: NotReadReason::Unmarked(encoding), .. }) => {
            let name = encoding.name().to_ascii_lowercase();
            return Some(format!("--encoding {name} reads it, or --encoding auto"));
        }
        Some(CorpusError::NotRead { part: None, reason: NotReadReason::Kind(_), .. }) => {
            return Some("--input text reads it as it stands".to_owned());
        }
        Some(CorpusError::NotRewritten { reason: NotReadReason::Attached, .. }) => {
            let hint =
                "--drop-attachments leaves attachments out; --as-text writes the mail's text";
            return Some(hint.to_owned());
        }
        Some(CorpusError::NotRewritten { reason: NotReadReason::Columns(_), .. }) => {
            let hint = "export it as JSON lines, or use cloze_redact in SQL (crates/datafusion)";
            return Some(hint.to_owned());
        }
        Some(CorpusError::NotRewritten { .. }) => {
            return Some("--as-text writes its text".to_owned());
        }
        _ => {}
    }
    if let Some(cloze::Error::Head(error)) = error.downcast_ref() {
        return hint_of(error);
    }
    if let Some(HeadError::UnknownLabel { found, known }) = error.downcast_ref() {
        return did_you_mean(found, known);
    }
    if let Some(FineTuneError::Tag { found, .. }) = error.downcast_ref() {
        return tag_hint(found).map(str::to_owned);
    }
    match error.downcast_ref() {
        Some(RedactError::NoKey) => return Some("--key-file FILE keeps the key".to_owned()),
        Some(RedactError::Readable { path, .. }) => {
            return Some(format!("chmod 600 {}", path.display()));
        }
        _ => {}
    }
    match error.downcast_ref() {
        Some(TrainError::UnknownLabel { found, known }) => did_you_mean(found, known),
        _ => None,
    }
}

/// Hint of a string in the place of a tag.
pub(crate) fn tag_hint(tag: &str) -> Option<&'static str> {
    match tag {
        "o" | "0" | "-" | "_" => Some("O is the tag of a word outside entities"),
        _ if tag.chars().all(char::is_alphanumeric) => {
            Some("in a file with labels alone, an I- before each makes tags of them")
        }
        _ => None,
    }
}

/// Hint of a column whose name is not known.
fn names_column(role: FieldRole, table: bool) -> String {
    let Some(setting) = role.setting() else {
        return "judgements have the columns query, document and grade".to_owned();
    };
    let names = format!("{} NAME names it", settings::flag(setting));
    let header = "--no-header is for a file whose first row is not a header";
    if table { format!("{names}; {header}") } else { names }
}

/// Hint of several columns that are known for one part.
fn chooses_column(role: FieldRole) -> Option<String> {
    let flag = settings::flag(role.setting()?);
    Some(match role {
        FieldRole::Text => format!("{flag} NAME chooses one, {flag} A,B joins several"),
        _ => format!("{flag} NAME chooses one"),
    })
}

pub(crate) fn did_you_mean(name: &str, known: &[String]) -> Option<String> {
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
        assert_eq!(did_you_mean("mesage", &fields).as_deref(), Some("did you mean Message?"));
        assert_eq!(did_you_mean("MESSAGE", &fields).as_deref(), Some("did you mean Message?"));
        assert_eq!(did_you_mean("nothing", &fields), None);
    }

    #[test]
    fn a_label_that_is_misspelled_has_its_name_in_the_hint() {
        let (label, known) = ("POS".to_owned(), vec!["neg".to_owned(), "pos".to_owned()]);
        let error = cloze::Error::Head(HeadError::UnknownLabel { found: label, known });
        assert_eq!(hint(&error).as_deref(), Some("did you mean pos?"));
    }
}
