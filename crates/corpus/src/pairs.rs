//! Pairs of texts, perhaps with a score: a row of CSV or TSV, or a JSON object a line.
//!
//! By name the fields are, unless others are asked for, the first there is of
//! - [`FIRST_FIELDS`], [`SECOND_FIELDS`], the texts;
//! - [`SCORE_FIELDS`], the score.
//!
//! Tables may come without a header: then the texts are columns 1 and 2, and the score is the last
//! column, from the third on. The first row is taken for a header if it names both texts, if a field
//! is asked for by name, or, where scores are required, if its last column is no number;
//! [`PairParams::header`] says so instead.
//!
//! ```
//! use cloze_corpus::{Format, PairParams};
//!
//! let file = "A man sings.,A man is singing.,4.8\nA dog runs.,A cat sleeps.,much\n";
//! let params = PairParams::default().score_required(true).check()?;
//! let mut pairs = params.from_reader("pairs.csv", Format::Csv, file.as_bytes())?;
//! let pair = pairs.next().expect("a first row")?;
//! assert_eq!((pair.first.as_str(), pair.score), ("A man sings.", Some(4.8)));
//! let error = pairs.next().expect("a second row").unwrap_err();
//! assert_eq!(error.to_string(), "pairs.csv:2: column 3: expected a number, found \"much\"");
//! # Ok::<(), cloze_corpus::CorpusError>(())
//! ```
use std::fmt;
use std::io::{self, Read};
use std::iter::FusedIterator;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use crate::decode::{Decoded, Unit, split_ending};
use crate::params::Named;
use crate::{CorpusError, Encoding, Format, Source, delimited, error::MAX_NAMES, jsonl};

/// The names the first text is looked for under.
pub const FIRST_FIELDS: [&str; 3] = ["sentence1", "text1", "first"];
/// The names the second text is looked for under.
pub const SECOND_FIELDS: [&str; 3] = ["sentence2", "text2", "second"];
/// The names the score is looked for under.
pub const SCORE_FIELDS: [&str; 2] = ["score", "gold"];

/// How much of what is no number an error shows, in characters.
const MAX_SHOWN: usize = 40;

/// Two texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The line it begins in; counts from 1.
    pub line: u64,
    /// Its name in the input, where it has one.
    pub id: Option<String>,
    /// The first text.
    pub first: String,
    /// The second text.
    pub second: String,
    /// Its score, a finite number; always there where scores are required.
    pub score: Option<f64>,
}

/// Settings of [`Pairs`]; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct PairParams {
    format: Option<Format>,
    encoding: Encoding,
    first_field: Option<String>,
    second_field: Option<String>,
    score_field: Option<String>,
    id_field: String,
    header: Option<bool>,
    score_required: bool,
    max_text_bytes: usize,
}

impl Default for PairParams {
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::UTF_8,
            first_field: None,
            second_field: None,
            score_field: None,
            id_field: "id".to_owned(),
            header: None,
            score_required: false,
            max_text_bytes: 64 << 20,
        }
    }
}

impl PairParams {
    /// The format: CSV, TSV or JSONL; `None` goes by the file's ending. Default `None`.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { format, ..self }
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// The field of the first text; a name asked for means that tables have a header. Default
    /// `None`, the first there is of [`FIRST_FIELDS`].
    #[must_use]
    pub fn first_field(self, first_field: Option<String>) -> Self {
        Self { first_field, ..self }
    }

    /// The field of the second text, likewise. Default `None`, the first there is of
    /// [`SECOND_FIELDS`].
    #[must_use]
    pub fn second_field(self, second_field: Option<String>) -> Self {
        Self { second_field, ..self }
    }

    /// The field of the score, likewise. Default `None`, the first there is of [`SCORE_FIELDS`].
    #[must_use]
    pub fn score_field(self, score_field: Option<String>) -> Self {
        Self { score_field, ..self }
    }

    /// The field that names the pair, where there is one. Default `id`.
    #[must_use]
    pub fn id_field(self, id_field: impl Into<String>) -> Self {
        Self { id_field: id_field.into(), ..self }
    }

    /// Whether the first row of a table is a header; `None` tells by what is in it. Default `None`.
    #[must_use]
    pub fn header(self, header: Option<bool>) -> Self {
        Self { header, ..self }
    }

    /// Whether a pair without a score is an error. Default `false`: then of a table without a header
    /// a last column that is no number is no score, and else an empty field is none.
    #[must_use]
    pub fn score_required(self, score_required: bool) -> Self {
        Self { score_required, ..self }
    }

    /// The most that a row or line may have, in bytes of UTF-8 without the line end. It bounds the
    /// memory of a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { max_text_bytes, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0, for an empty field name, and for a field asked for
    /// by name where there is to be no header.
    pub fn check(self) -> Result<ValidPairParams, CorpusError> {
        let bad = |setting, expected, found: &str| {
            Err(CorpusError::Setting { setting, expected, found: found.to_owned() })
        };
        if self.max_text_bytes == 0 {
            return bad("max_text_bytes", "at least 1", "0");
        }
        for (setting, name) in [
            ("first_field", self.first_field.as_deref()),
            ("second_field", self.second_field.as_deref()),
            ("score_field", self.score_field.as_deref()),
            ("id_field", Some(self.id_field.as_str())),
        ] {
            match name {
                Some("") => return bad(setting, "a field name", "\"\""),
                Some(name) if self.header == Some(false) && setting != "id_field" => {
                    return bad(setting, "none without a header", name);
                }
                _ => {}
            }
        }
        Ok(ValidPairParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidPairParams(PairParams);

impl ValidPairParams {
    /// The pairs of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::NoPairs`] if its ending, or the
    /// format asked for, is none of the three. Standard input has no ending: its format must be
    /// asked for.
    pub fn open(&self, source: &Source) -> Result<Pairs, CorpusError> {
        match source {
            Source::Stdin => {
                let format = self.0.format.unwrap_or(Format::Lines);
                self.from_reader(&source.name(), format, io::stdin())
            }
            Source::File { path, .. } => {
                let format = self.0.format.unwrap_or_else(|| Format::of_path(path));
                let file = fs_err::File::open(path).map_err(CorpusError::Read)?;
                self.pairs(path, format, Box::new(file))
            }
        }
    }

    /// The pairs of `raw`, which errors call `name`. The `format` setting does not matter here.
    ///
    /// # Errors
    /// [`CorpusError::NoPairs`] for a format that has none.
    pub fn from_reader(
        &self,
        name: &str,
        format: Format,
        raw: impl Read + Send + 'static,
    ) -> Result<Pairs, CorpusError> {
        let raw = Named { raw, name: name.to_owned() };
        self.pairs(name.as_ref(), format, Box::new(raw))
    }

    fn pairs(
        &self,
        path: &Path,
        format: Format,
        raw: Box<dyn Read + Send>,
    ) -> Result<Pairs, CorpusError> {
        let delimiter = match format {
            Format::Csv => Some(b','),
            Format::Tsv => Some(b'\t'),
            Format::Jsonl => None,
            found => return Err(CorpusError::NoPairs { path: path.to_owned(), found }),
        };
        let decoded = Decoded::new(raw, PathBuf::from(path), self.0.encoding);
        let params = self.0.clone();
        Ok(Pairs { decoded, params, delimiter, layout: None, started: false, ended: false })
    }
}

/// Reads pairs one at a time; made by [`ValidPairParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it ends. Blank lines are passed over.
pub struct Pairs {
    decoded: Decoded,
    params: PairParams,
    /// Of tables.
    delimiter: Option<u8>,
    /// Of tables, from the first row on.
    layout: Option<Layout>,
    started: bool,
    ended: bool,
}

/// Which column is what, from 0.
struct Layout {
    columns: usize,
    first: usize,
    second: usize,
    score: Option<usize>,
    id: Option<usize>,
    /// How errors call the score's column.
    score_place: String,
    /// Whether the score's column may hold something else.
    lenient: bool,
}

impl Pairs {
    /// How many bytes of the input it has taken so far: up to a block more than the pairs have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.decoded.bytes_read()
    }

    fn pair(&mut self) -> Result<Option<Pair>, CorpusError> {
        if !std::mem::replace(&mut self.started, true) {
            self.decoded.take('\u{feff}')?;
        }
        let max = self.params.max_text_bytes;
        loop {
            let unit = match self.delimiter {
                None => self.decoded.line_unit(max)?,
                Some(delimiter) => match delimited::row(&mut self.decoded, delimiter, max) {
                    // Without a first row no other means anything.
                    Err(CorpusError::TooLong { path, line, max, .. }) if self.layout.is_none() => {
                        return Err(CorpusError::TooLong { path, line, max, fatal: true });
                    }
                    row => row?,
                },
            };
            let Some(Unit { line, raw }) = unit else { return Ok(None) };
            let content = split_ending(&raw).0;
            let found = match self.delimiter {
                None if jsonl::is_blank(content) => None,
                None => Some(self.object(content, line)?),
                Some(_) if content.is_empty() => None,
                Some(delimiter) => self.row(content, delimiter, line)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// The pair of a row; `None` for the header.
    fn row(&mut self, row: &str, delimiter: u8, line: u64) -> Result<Option<Pair>, CorpusError> {
        let path = self.decoded.path();
        let layout = if let Some(layout) = &self.layout {
            layout
        } else {
            let (layout, header) = self.params.layout(row, delimiter, path, line)?;
            let layout = self.layout.insert(layout);
            if header {
                return Ok(None);
            }
            layout
        };
        let found = delimited::fields(row, delimiter).count();
        if found != layout.columns {
            let (path, expected) = (path.to_owned(), layout.columns);
            return Err(CorpusError::Columns { path, line, expected, found });
        }
        let column = |wanted: usize| {
            let place = delimited::fields(row, delimiter).nth(wanted);
            place.map(|place| delimited::unquoted(&row[place])).unwrap_or_default()
        };
        let score = match layout.score {
            None => None,
            Some(place) => {
                let text = column(place);
                match number(&text) {
                    None if layout.lenient || (!self.params.score_required && text.is_empty()) => {
                        None
                    }
                    None => {
                        let place = layout.score_place.clone();
                        return Err(not_number(path, line, place, &text));
                    }
                    score => score,
                }
            }
        };
        Ok(Some(Pair {
            line,
            id: layout.id.map(column),
            first: column(layout.first),
            second: column(layout.second),
            score,
        }))
    }

    /// The pair of a JSON object.
    fn object(&self, content: &str, line: u64) -> Result<Pair, CorpusError> {
        let (path, params) = (self.decoded.path(), &self.params);
        let invalid = |source| CorpusError::Json { path: path.to_owned(), line, source };
        let jsonl::Fields(fields) = serde_json::from_str(content).map_err(invalid)?;
        let value = |asked: Option<&str>, known: &[&'static str]| {
            let names = asked.map_or(known.to_vec(), |name| vec![name]);
            names.iter().find_map(|name| Some((fields.get_key_value(*name)?.0, fields[*name])))
        };
        let missing = |asked: Option<&str>, known: &[&str]| CorpusError::MissingField {
            path: path.to_owned(),
            line,
            field: asked.map_or_else(|| known.join("|"), str::to_owned),
            found: fields.keys().take(MAX_NAMES).cloned().collect(),
            fatal: false,
        };
        let wrong_type = |field: &str, expected, value: &RawValue| CorpusError::FieldType {
            path: path.to_owned(),
            line,
            field: field.to_owned(),
            expected,
            found: jsonl::type_of(value),
        };
        let text = |asked: Option<&str>, known: &[&'static str]| {
            let (field, value) = value(asked, known).ok_or_else(|| missing(asked, known))?;
            if jsonl::type_of(value) != jsonl::STRING {
                return Err(wrong_type(field, jsonl::STRING, value));
            }
            serde_json::from_str(value.get()).map_err(invalid)
        };
        let asked = params.score_field.as_deref();
        let score = match value(asked, &SCORE_FIELDS) {
            Some((_, value)) if jsonl::type_of(value) == jsonl::NULL && !params.score_required => {
                None
            }
            Some((field, value)) if jsonl::type_of(value) == jsonl::NUMBER => {
                let place = || format!("field {field:?}");
                let score = number(value.get());
                Some(score.ok_or_else(|| not_number(path, line, place(), value.get()))?)
            }
            Some((field, value)) => return Err(wrong_type(field, jsonl::NUMBER, value)),
            None if params.score_required => return Err(missing(asked, &SCORE_FIELDS)),
            None => None,
        };
        Ok(Pair {
            line,
            id: jsonl::id(&fields, &params.id_field, path, line)?,
            first: text(params.first_field.as_deref(), &FIRST_FIELDS)?,
            second: text(params.second_field.as_deref(), &SECOND_FIELDS)?,
            score,
        })
    }
}

impl PairParams {
    /// The layout that the first row shows, and whether that row is a header.
    fn layout(
        &self,
        row: &str,
        delimiter: u8,
        path: &Path,
        line: u64,
    ) -> Result<(Layout, bool), CorpusError> {
        let columns = delimited::fields(row, delimiter).count();
        let names =
            || delimited::fields(row, delimiter).map(|place| delimited::unquoted(&row[place]));
        let by_name = |asked: Option<&str>, known: &[&str]| {
            for name in asked.map_or(known.to_vec(), |name| vec![name]) {
                let mut same = (0..).zip(names()).filter(|(_, found)| found == name);
                match (same.next(), same.next()) {
                    (Some(_), Some(_)) => {
                        return Err(CorpusError::DuplicateField {
                            path: path.to_owned(),
                            line,
                            field: name.to_owned(),
                        });
                    }
                    (Some((place, _)), None) => return Ok(Some(place)),
                    (None, _) => {}
                }
            }
            Ok(None)
        };
        let [first, second, score] =
            [&self.first_field, &self.second_field, &self.score_field].map(Option::as_deref);
        let least = if self.score_required { 3 } else { 2 };
        let guessed = || {
            let asked = [first, second, score].iter().any(Option::is_some);
            let known = |known: &[&str]| names().any(|name| known.contains(&name.as_str()));
            let no_number = || names().last().is_none_or(|last| number(&last).is_none());
            asked
                || (known(&FIRST_FIELDS) && known(&SECOND_FIELDS))
                || (self.score_required && columns >= least && no_number())
        };
        let header = self.header.unwrap_or_else(guessed);
        if !header {
            if columns < least {
                let path = path.to_owned();
                return Err(CorpusError::Columns { path, line, expected: least, found: columns });
            }
            let score = (columns > 2).then(|| columns - 1);
            let lenient = !self.score_required;
            let score_place = format!("column {columns}");
            let layout =
                Layout { columns, first: 0, second: 1, score, id: None, score_place, lenient };
            return Ok((layout, false));
        }
        let needed = |asked: Option<&str>, known: &[&str]| {
            by_name(asked, known)?.ok_or_else(|| CorpusError::MissingField {
                path: path.to_owned(),
                line,
                field: asked.map_or_else(|| known.join("|"), str::to_owned),
                found: names().take(MAX_NAMES).collect(),
                fatal: true,
            })
        };
        let (first, second) = (needed(first, &FIRST_FIELDS)?, needed(second, &SECOND_FIELDS)?);
        let score = if self.score_required || score.is_some() {
            Some(needed(score, &SCORE_FIELDS)?)
        } else {
            by_name(None, &SCORE_FIELDS)?
        };
        let name = score.and_then(|place| names().nth(place)).unwrap_or_default();
        let score_place = format!("field {name:?}");
        let id = by_name(Some(&self.id_field), &[])?;
        let layout = Layout { columns, first, second, score, id, score_place, lenient: false };
        Ok((layout, true))
    }
}

/// A finite number, blanks around it not counted.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn not_number(path: &Path, line: u64, place: String, text: &str) -> CorpusError {
    let mut found: String = text.chars().take(MAX_SHOWN).collect();
    if found.len() < text.len() {
        found.push('…');
    }
    CorpusError::NotNumber { path: path.to_owned(), line, place, found }
}

impl Iterator for Pairs {
    type Item = Result<Pair, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.pair().transpose();
        self.ended = match &next {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_fatal(),
        };
        next
    }
}

impl FusedIterator for Pairs {}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pairs").field("path", &self.decoded.path()).finish_non_exhaustive()
    }
}
