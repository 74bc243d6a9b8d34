//! Pairs of texts, perhaps with a score: a row of CSV or TSV, or one JSON object per line.
use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;

use crate::decode::Unit;
use crate::error::beginning;
use crate::fields::{At, Names, Object, Row, Rows};
use crate::params::Opened;
use crate::source::{SourceParams, setting_error};
use crate::{CorpusError, Encoding, Format, Quotes, Source, jsonl};

/// The names the first text is looked for under.
pub const FIRST_FIELDS: [&str; 5] = ["sentence1", "text1", "first", "premise", "text"];
/// The names the second text is looked for under.
pub const SECOND_FIELDS: [&str; 4] = ["sentence2", "text2", "second", "hypothesis"];
/// The names the score is looked for under.
pub const SCORE_FIELDS: [&str; 2] = ["score", "gold"];

/// Two texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The line it begins in; counts from 1.
    pub line: u64,
    /// Id in the input, if it has one.
    pub id: Option<String>,
    /// The first text.
    pub first: String,
    /// The second text.
    pub second: String,
    /// Score, a finite number; always there if scores are required.
    pub score: Option<f64>,
}

/// Settings of [`Pairs`]; [`check`](Self::check) makes them usable.
///
/// By name the fields are, unless others are asked for, the first there is of
/// - [`FIRST_FIELDS`], [`SECOND_FIELDS`], the texts;
/// - [`SCORE_FIELDS`], the score.
///
/// Tables may come without a header: then the texts are columns 1 and 2, and the score is the last
/// column, from the third on. The first row is taken for a header if it names both texts, if a field
/// is asked for by name, or, where scores are required, if its last column is not a number;
/// [`PairParams::header`] says so instead.
///
/// ```
/// use cloze_corpus::{Format, PairParams};
///
/// let file = "A man sings.,A man is singing.,4.8\nA dog runs.,A cat sleeps.,much\n";
/// let params = PairParams::default().score_required(true).check()?;
/// let mut pairs = params.from_reader("pairs.csv", Format::Csv, file.as_bytes())?;
/// let pair = pairs.next().expect("a first row")?;
/// assert_eq!((pair.first.as_str(), pair.score), ("A man sings.", Some(4.8)));
/// let error = pairs.next().expect("a second row").unwrap_err();
/// assert_eq!(error.to_string(), "pairs.csv:2: column 3: expected a number, found \"much\"");
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PairParams {
    source: SourceParams,
    first_field: Option<String>,
    second_field: Option<String>,
    score_field: Option<String>,
    id_field: String,
    header: Option<bool>,
    score_required: bool,
}

impl Default for PairParams {
    fn default() -> Self {
        Self {
            source: SourceParams::default(),
            first_field: None,
            second_field: None,
            score_field: None,
            id_field: "id".to_owned(),
            header: None,
            score_required: false,
        }
    }
}

impl PairParams {
    /// The format: CSV, TSV or JSONL; `None` goes by the file's ending. Default `None`.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { source: SourceParams { format, ..self.source }, ..self }
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { source: SourceParams { encoding, ..self.source }, ..self }
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
    /// a last column that is not a number is not a score, and else an empty field is none.
    #[must_use]
    pub fn score_required(self, score_required: bool) -> Self {
        Self { score_required, ..self }
    }

    /// Meaning of quotes in tables. Default [`Quotes::Auto`].
    #[must_use]
    pub fn quotes(self, quotes: Quotes) -> Self {
        Self { source: SourceParams { quotes, ..self.source }, ..self }
    }

    /// The most that a row or line may have, in bytes of UTF-8 without the line end. It bounds the
    /// memory of a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { source: SourceParams { max_text_bytes, ..self.source }, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0, for an empty field name, and for a field asked for
    /// by name where there is to be no header.
    pub fn check(self) -> Result<ValidPairParams, CorpusError> {
        self.source.check()?;
        for (setting, name) in [
            ("first_field", self.first_field.as_deref()),
            ("second_field", self.second_field.as_deref()),
            ("score_field", self.score_field.as_deref()),
            ("id_field", Some(self.id_field.as_str())),
        ] {
            match name {
                Some("") => return setting_error(setting, "a field name", "\"\""),
                Some(name) if self.header == Some(false) && setting != "id_field" => {
                    return setting_error(setting, "none without a header", name);
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
        // Lines, which are no pairs: the error says what is expected.
        self.pairs(Opened::of(source, self.0.source.format, Format::Lines)?)
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
        self.pairs(Opened::named(name, format, raw))
    }

    fn pairs(&self, opened: Opened) -> Result<Pairs, CorpusError> {
        let (path, format) = (opened.path.clone(), opened.format);
        let rows =
            Rows::new(opened, self.0.source).ok_or(CorpusError::NoPairs { path, found: format })?;
        let fields = Fields {
            first: Names::new(self.0.first_field.as_deref(), &FIRST_FIELDS),
            second: Names::new(self.0.second_field.as_deref(), &SECOND_FIELDS),
            score: Names::new(self.0.score_field.as_deref(), &SCORE_FIELDS),
            id: Names::new(Some(&self.0.id_field), &[]),
        };
        Ok(Pairs { rows, params: self.0.clone(), fields, layout: None, ended: false })
    }
}

/// Reads pairs one at a time; made by [`ValidPairParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it ends. Blank lines are passed over.
pub struct Pairs {
    rows: Rows,
    params: PairParams,
    fields: Fields,
    /// Layout of tables, known from the first row on.
    layout: Option<Layout>,
    ended: bool,
}

/// Names of the fields.
struct Fields {
    first: Names,
    second: Names,
    score: Names,
    id: Names,
}

/// Columns of the fields, from 0.
struct Layout {
    columns: usize,
    first: usize,
    second: usize,
    score: Option<usize>,
    id: Option<usize>,
    /// Name of the score's column in errors.
    score_place: String,
    /// Whether the score's column may hold something else.
    lenient: bool,
}

impl Pairs {
    /// Number of bytes of the input read so far: up to a block more than the pairs have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }

    fn pair(&mut self) -> Result<Option<Pair>, CorpusError> {
        while let Some(Unit { line, raw }) = self.rows.next(self.layout.is_some())? {
            let location = At { path: self.rows.path(), line };
            let Some(dialect) = self.rows.dialect else {
                return object(&Object::parse(&raw, location)?, &self.fields, &self.params)
                    .map(Some);
            };
            let row = Row { content: &raw, dialect, at: location };
            if let Some(layout) = &self.layout {
                return layout.pair(&row, &self.params).map(Some);
            }
            let (layout, header) = Layout::of(&row, &self.fields, &self.params)?;
            let layout = self.layout.insert(layout);
            if !header {
                return layout.pair(&row, &self.params).map(Some);
            }
        }
        Ok(None)
    }
}

/// The pair of a JSON object.
fn object(object: &Object<'_>, fields: &Fields, params: &PairParams) -> Result<Pair, CorpusError> {
    let score = match object.find(&fields.score) {
        None if params.score_required => Some(object.need(&fields.score)?),
        score => score,
    };
    let score = match score {
        Some((_, value)) if jsonl::type_of(value) == jsonl::NULL && !params.score_required => None,
        Some((field, value)) if jsonl::type_of(value) == jsonl::NUMBER => {
            let field_name = || format!("field {field:?}");
            let score = number(value.get());
            Some(score.ok_or_else(|| not_number(object.at, field_name(), value.get()))?)
        }
        Some((field, value)) => {
            return Err(object.wrong_type(field, jsonl::NUMBER, jsonl::type_of(value)));
        }
        None => None,
    };
    Ok(Pair {
        line: object.at.line,
        id: object.id(&fields.id)?,
        first: object.string(&fields.first)?,
        second: object.string(&fields.second)?,
        score,
    })
}

impl Fields {
    /// Whether a first row is taken for a header: a field was named, its values are names, or, if
    /// rows are `scored`, it does not end in a number.
    fn in_header(&self, row: &Row<'_>, scored: bool) -> bool {
        let Self { first, second, score, .. } = self;
        let asked = [first, second, score].iter().any(|names| names.asked);
        let known = |names: &Names| row.values().any(|name| names.has(&name));
        let no_number = || row.values().last().is_none_or(|last| number(&last).is_none());
        asked || (known(first) && known(second)) || (scored && no_number())
    }
}

impl Layout {
    /// The layout that the first row shows, and whether that row is a header.
    fn of(
        row: &Row<'_>,
        fields: &Fields,
        params: &PairParams,
    ) -> Result<(Self, bool), CorpusError> {
        let Fields { first, second, score, id } = fields;
        let columns = row.columns();
        let least = if params.score_required { 3 } else { 2 };
        let scored = params.score_required && columns >= least;
        let header = params.header.unwrap_or_else(|| fields.in_header(row, scored));
        if !header {
            if columns < least {
                return Err(row.bad_columns(least, columns));
            }
            let score = (columns > 2).then(|| columns - 1);
            let lenient = !params.score_required;
            let score_place = format!("column {columns}");
            let layout =
                Self { columns, first: 0, second: 1, score, id: None, score_place, lenient };
            return Ok((layout, false));
        }
        let (first, second) = (row.need(first)?, row.need(second)?);
        let score = if params.score_required || score.asked {
            Some(row.need(score)?)
        } else {
            row.find(score)?
        };
        let name = score.map(|column| row.value(column)).unwrap_or_default();
        let score_place = format!("field {name:?}");
        let id = row.find(id)?;
        let layout = Self { columns, first, second, score, id, score_place, lenient: false };
        Ok((layout, true))
    }

    fn pair(&self, row: &Row<'_>, params: &PairParams) -> Result<Pair, CorpusError> {
        row.check_columns(self.columns)?;
        let score = self.score.map(|column| row.value(column));
        let score = match score.as_deref().map(|text| (text, number(text))) {
            None => None,
            Some((text, None)) if self.lenient || (!params.score_required && text.is_empty()) => {
                None
            }
            Some((text, None)) => {
                return Err(not_number(row.at, self.score_place.clone(), text));
            }
            Some((_, score)) => score,
        };
        Ok(Pair {
            line: row.at.line,
            id: self.id.map(|column| row.value(column)),
            first: row.value(self.first),
            second: row.value(self.second),
            score,
        })
    }
}

/// A finite number, blanks around it not counted.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn not_number(At { path, line }: At<'_>, field_name: String, text: &str) -> CorpusError {
    CorpusError::NotNumber {
        path: path.to_owned(),
        line,
        place: field_name,
        found: beginning(text),
    }
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
        f.debug_struct("Pairs").field("path", &self.rows.path()).finish_non_exhaustive()
    }
}
