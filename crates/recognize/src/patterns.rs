//! Recognisers of one's own, from a file.
//!
//! The file is TOML:
//!
//! ```toml
//! # Never reported, in any letter case.
//! allow = ["support@example.com", "Example GmbH"]
//!
//! [[recognizer]]
//! name = "employee"
//! label = "EMPLOYEE_ID"
//! regex = 'E-\d{6}'              # or: words = ["…", "…"]
//! context = ["employee", "staff"] # before it, raise the score by 0.3
//! validator = "luhn"             # passing it makes the score 0.95
//! score = 0.4                    # below the smallest score: found in context only
//!
//! # Always reported, whatever else is found there.
//! [[deny]]
//! label = "PERSON"
//! words = ["Ada Lovelace"]
//! ```
//!
//! Searches take time in proportion to the text: regular expressions are those of the crate `regex`,
//! without look-around and back-references. A match is a whole word or number. The first group of a regular expression, if it has one, is
//! the span. Both look at the normal form of the text.
use std::path::Path;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use crate::error::RecognizeError;
use crate::normal::{Normal, small_letters};
use crate::validate::Validator;

/// Score of a recogniser that sets none.
const SCORE: f32 = 0.6;

/// Recognisers, deny-lists and an allow-list of a user.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    pub(crate) custom: Arc<Vec<Custom>>,
    /// In normal form and small letters.
    pub(crate) allow: Arc<Vec<String>>,
    /// Search for all of `allow`; `None` where it is empty.
    pub(crate) allow_search: Option<Arc<AhoCorasick>>,
}

/// A recogniser of a user.
#[derive(Debug)]
pub(crate) struct Custom {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) find: Find,
    pub(crate) validator: Option<Validator>,
    pub(crate) context: Vec<String>,
    pub(crate) score: f32,
    /// Whether it is a deny-list, whose matches win over all others.
    pub(crate) deny: bool,
}

/// Way of finding a user's things.
#[derive(Debug)]
pub(crate) enum Find {
    Regex(Regex),
    /// Words in normal form and small letters.
    Words(AhoCorasick),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<Spanned<String>>,
    #[serde(default)]
    recognizer: Vec<Spanned<Entry>>,
    #[serde(default)]
    deny: Vec<Spanned<Deny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    label: Spanned<String>,
    regex: Option<Spanned<String>>,
    words: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    context: Vec<Spanned<String>>,
    validator: Option<Spanned<String>>,
    score: Option<Spanned<f32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deny {
    label: Spanned<String>,
    words: Spanned<Vec<String>>,
}

/// A problem at a byte of the file.
struct Problem(usize, String);

impl Patterns {
    /// Reads the recognisers of `path`.
    /// # Errors
    /// [`RecognizeError::Read`] if the file cannot be read or is not UTF-8;
    /// [`RecognizeError::Pattern`] with the line of the first value that is not as described above.
    pub fn read(path: &Path) -> Result<Self, RecognizeError> {
        Self::parse(&fs_err::read_to_string(path)?, path)
    }

    /// Recognisers of the TOML text `source`, called `path` in errors.
    /// # Errors
    /// As [`Self::read`], but for reading.
    pub fn parse(source: &str, path: &Path) -> Result<Self, RecognizeError> {
        let problem =
            |Problem(start, problem)| RecognizeError::pattern(path, source, start, problem);
        let file: File = toml::from_str(source).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            problem(Problem(start, error.message().to_owned()))
        })?;
        let mut custom = vec![];
        for entry in file.recognizer {
            let start = entry.span().start;
            let entry = Custom::of(entry.into_inner(), start).map_err(problem)?;
            if custom.iter().any(|other: &Custom| other.name == entry.name) {
                return Err(problem(Problem(
                    start,
                    format!("two recognizers are called {:?}", entry.name),
                )));
            }
            custom.push(entry);
        }
        for deny in file.deny {
            custom.push(Custom::denied(deny.into_inner()).map_err(problem)?);
        }
        let allow = file.allow.into_iter().map(|word| {
            let start = word.span().start;
            let word = folded(word.get_ref());
            if word.is_empty() {
                return Err(problem(Problem(
                    start,
                    "expected a word to allow, found none".to_owned(),
                )));
            }
            Ok(word)
        });
        let allow: Vec<String> = allow.collect::<Result<_, _>>()?;
        let allow_search = match &allow[..] {
            [] => None,
            words => {
                let search = leftmost_longest(words);
                Some(Arc::new(search.map_err(|error| problem(Problem(0, error)))?))
            }
        };
        Ok(Self { custom: Arc::new(custom), allow: Arc::new(allow), allow_search })
    }

    /// Labels that matches of these recognisers may have, once each, in order.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = vec![];
        for custom in self.custom.iter() {
            if !labels.contains(&custom.label.as_str()) {
                labels.push(&custom.label);
            }
        }
        labels
    }
}

impl Custom {
    fn of(entry: Entry, start: usize) -> Result<Self, Problem> {
        let find = match (entry.regex, entry.words) {
            (Some(regex), None) => Find::Regex(compiled(&regex)?),
            (None, Some(words)) => Find::Words(search(&words)?),
            _ => return Err(Problem(start, "expected either `regex` or `words`".to_owned())),
        };
        let score = match entry.score {
            Some(score) if (0.0..=1.0).contains(score.get_ref()) => score.into_inner(),
            Some(score) => {
                let found = score.get_ref();
                return Err(Problem(
                    score.span().start,
                    format!("expected a score from 0 to 1, found {found}"),
                ));
            }
            None => SCORE,
        };
        let validator = entry.validator.map(|name| {
            name.get_ref()
                .parse::<Validator>()
                .map_err(|error| Problem(name.span().start, error.to_string()))
        });
        let context = entry.context.into_iter().map(|word| match word.get_ref().trim() {
            "" => {
                Err(Problem(word.span().start, "expected a word of context, found none".to_owned()))
            }
            trimmed => Ok(trimmed.to_owned()),
        });
        Ok(Self {
            name: filled(entry.name, "name")?,
            label: filled(entry.label, "label")?,
            find,
            validator: validator.transpose()?,
            context: context.collect::<Result<_, _>>()?,
            score,
            deny: false,
        })
    }

    fn denied(deny: Deny) -> Result<Self, Problem> {
        Ok(Self {
            name: "deny".to_owned(),
            find: Find::Words(search(&deny.words)?),
            label: filled(deny.label, "label")?,
            validator: None,
            context: vec![],
            score: 1.0,
            deny: true,
        })
    }

    /// Spans of `text`, a normal form, with `small` the same in small letters.
    pub(crate) fn spans(&self, text: &str, small: &str) -> Vec<(usize, usize)> {
        match &self.find {
            Find::Words(words) => {
                words.find_iter(small).map(|hit| (hit.start(), hit.end())).collect()
            }
            Find::Regex(regex) if regex.captures_len() == 1 => {
                regex.find_iter(text).map(|hit| (hit.start(), hit.end())).collect()
            }
            Find::Regex(regex) => regex
                .captures_iter(text)
                .filter_map(|hit| hit.get(1).or_else(|| hit.get(0)))
                .map(|hit| (hit.start(), hit.end()))
                .collect(),
        }
    }
}

/// The normal form of `text` in small letters, for comparing.
pub(crate) fn folded(text: &str) -> String {
    small_letters(Normal::of(text.trim()).text())
}

fn filled(value: Spanned<String>, key: &str) -> Result<String, Problem> {
    let start = value.span().start;
    match value.get_ref().trim() {
        "" => Err(Problem(start, format!("expected a {key}, found none"))),
        _ => Ok(value.into_inner()),
    }
}

fn compiled(regex: &Spanned<String>) -> Result<Regex, Problem> {
    let problem = |problem: String| Problem(regex.span().start, problem);
    let compiled = Regex::new(regex.get_ref()).map_err(|error| problem(error.to_string()))?;
    if compiled.is_match("") {
        return Err(problem(format!("{:?} matches the empty text", regex.get_ref())));
    }
    Ok(compiled)
}

fn search(words: &Spanned<Vec<String>>) -> Result<AhoCorasick, Problem> {
    let problem = |problem: &str| Problem(words.span().start, problem.to_owned());
    let forms: Vec<String> = words.get_ref().iter().map(|word| folded(word)).collect();
    if forms.is_empty() || forms.iter().any(String::is_empty) {
        return Err(problem("expected words, found none or an empty one"));
    }
    leftmost_longest(&forms).map_err(|error| problem(&error))
}

/// Search for words in normal form and small letters; of two at one place the longer is found.
fn leftmost_longest(words: &[String]) -> Result<AhoCorasick, String> {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(words)
        .map_err(|error| error.to_string())
}
