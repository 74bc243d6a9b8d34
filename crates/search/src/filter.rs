//! Filters on the records that a search may find.
use serde_json::Value;

use crate::SearchError;
use crate::index::IndexRecord;

/// Conditions on a record, all of which it has to pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    key: String,
    is: Is,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Equal,
    Other,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// A filter of conditions such as `year>=2020`: `=`, `!=`, and for numbers `<`, `<=`, `>`, `>=`.
    /// The key is a name in the record's metadata, or `id`, `path` or `line`.
    ///
    /// A string is compared as it is, a number by its value, `true`, `false` and `null` by their names;
    /// of a list, one has to pass, and for `!=` all. A record without the key passes `!=` alone.
    ///
    /// # Errors
    /// [`SearchError::Filter`] if there is no comparison in it, nothing before it, or no number behind
    /// one that takes numbers.
    pub fn parse<T: AsRef<str>>(conditions: &[T]) -> Result<Self, SearchError> {
        let conditions = conditions.iter().map(|text| condition(text.as_ref()));
        Ok(Self { conditions: conditions.collect::<Result<_, _>>()? })
    }

    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether the record passes.
    #[must_use]
    pub fn passes(&self, record: &IndexRecord) -> bool {
        self.conditions.iter().all(|condition| match condition.key.as_str() {
            key if record.metadata.contains_key(key) => condition.passes(&record.metadata[key]),
            "id" => condition.passes(&record.id.as_str().into()),
            "path" => condition.passes(&record.path.as_deref().into()),
            "line" => condition.passes(&record.line.into()),
            _ => condition.is == Is::Other,
        })
    }
}

fn condition(text: &str) -> Result<Condition, SearchError> {
    let failed = || SearchError::Filter { found: text.to_owned() };
    let offset = text.find(['=', '!', '<', '>']).filter(|offset| *offset > 0).ok_or_else(failed)?;
    let (key, rest) = text.split_at(offset);
    let (is, value) = [
        ("!=", Is::Other),
        ("<=", Is::AtMost),
        (">=", Is::AtLeast),
        ("=", Is::Equal),
        ("<", Is::Less),
        (">", Is::More),
    ]
    .into_iter()
    .find_map(|(sign, is)| rest.strip_prefix(sign).map(|value| (is, value)))
    .ok_or_else(failed)?;
    let needs_number = !matches!(is, Is::Equal | Is::Other);
    if needs_number && !value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(failed());
    }
    Ok(Condition { key: key.to_owned(), is, value: value.to_owned() })
}

impl Condition {
    fn passes(&self, value: &Value) -> bool {
        match value {
            Value::Array(values) if self.is == Is::Other => {
                values.iter().all(|value| self.passes(value))
            }
            Value::Array(values) => values.iter().any(|value| self.passes(value)),
            value => match self.is {
                Is::Equal => self.equals(value),
                Is::Other => !self.equals(value),
                Is::Less => self.number(value, |number, than| number < than),
                Is::AtMost => self.number(value, |number, than| number <= than),
                Is::More => self.number(value, |number, than| number > than),
                Is::AtLeast => self.number(value, |number, than| number >= than),
            },
        }
    }

    fn equals(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => *text == self.value,
            Value::Number(_) => {
                #[expect(clippy::float_cmp, reason = "the same number, or another")]
                let same = self.number(value, |number, than| number == than);
                same || self.is_text_of(value)
            }
            other => self.is_text_of(other),
        }
    }

    /// Whether its JSON reads the same.
    fn is_text_of(&self, value: &Value) -> bool {
        let text = value.to_string();
        text == self.value
    }

    fn number(&self, value: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
        // In tables every value is a string.
        let number = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        number.zip(self.value.parse().ok()).is_some_and(|(number, than)| holds(number, than))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(condition: &str) -> bool {
        let metadata = serde_json::json!({
            "topic": "birds", "year": 2021, "price": "12.50", "tags": ["a", "b"], "open": true,
        });
        let Value::Object(metadata) = metadata else { unreachable!("an object") };
        let record = IndexRecord { id: "7".into(), metadata, ..IndexRecord::default() };
        Filter::parse(&[condition]).unwrap().passes(&record)
    }

    #[test]
    fn conditions_are_judged_by_what_is_found() {
        for condition in [
            "topic=birds",
            "topic!=fish",
            "year=2021",
            "year=2021.0",
            "year>2020",
            "year<=2021",
            "price<13",
            "price>=12.5",
            "tags=b",
            "tags!=c",
            "open=true",
            "id=7",
            "none!=x",
            "path=null",
        ] {
            assert!(passes(condition), "{condition}");
        }
        for condition in [
            "topic=bird",
            "topic!=birds",
            "year>2021",
            "price<12",
            "tags=c",
            "tags!=a",
            "open=1",
            "none=x",
            "topic>1",
            "path!=null",
        ] {
            assert!(!passes(condition), "{condition}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "topic", "=x", "year>", "year>old", "a!b"] {
            assert!(Filter::parse(&[text]).is_err(), "{text}");
        }
        assert!(Filter::parse(&["a="]).is_ok() && Filter::parse::<&str>(&[]).unwrap().is_empty());
    }
}
