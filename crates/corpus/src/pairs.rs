//! Pairs of texts, perhaps with a score: a row of CSV or TSV, or one JSON object per line.
use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::decode::Unit;
use crate::error::beginning;
use crate::fields::{At, Object, Row, Rows};
use crate::names::{FieldRole, Header, NameError, Names, pair_columns};
use crate::params::{Opened, check_names};
use crate::record::Cells;
use crate::source::{SourceParams, TableParams, setting_error};
use crate::{CorpusError, Encoding, Format, GuessedEncoding, Source, UsedFields, jsonl};

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
    /// All columns or fields, where they were asked for ([`PairParams::cells`]).
    pub cells: Option<Cells>,
    /// Value of the [group's field](PairParams::group_field), if one is asked for; perhaps empty.
    pub group: Option<String>,
}

/// Settings of [`Pairs`]; [`check`](Self::check) makes them usable.
///
/// By name the fields are, unless others are asked for, the two texts of
/// [`PAIR_FIELDS`](crate::PAIR_FIELDS) and the score of [`SCORE_FIELDS`](crate::SCORE_FIELDS). Names are
/// compared without case, spaces, `_` and `-`; none, or several, are an error.
///
/// The first row of a table is a header unless [`PairParams::table`] says otherwise: then columns are
/// called `1`, `2` and so on, the texts are columns 1 and 2, and the score is the last column, from the third
/// on.
///
/// ```
/// use cloze_corpus::{Format, PairParams, TableParams};
///
/// let file = "A man sings.,A man is singing.,4.8\nA dog runs.,A cat sleeps.,much\n";
/// let params = PairParams::default()
///     .table(TableParams::default().header(false))
///     .score_required(true)
///     .check()?;
/// let mut pairs = params.from_reader("pairs.csv", Format::Csv, file.as_bytes())?;
/// let pair = pairs.next().expect("a first row")?;
/// assert_eq!((pair.first.as_str(), pair.score), ("A man sings.", Some(4.8)));
/// let error = pairs.next().expect("a second row").unwrap_err();
/// assert_eq!(error.to_string(), "pairs.csv:2: column 3: expected a number, found \"much\"");
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PairParams {
    source: SourceParams,
    first_field: Option<String>,
    second_field: Option<String>,
    score_field: Option<String>,
    id_field: Option<String>,
    group_field: Option<String>,
    score_required: bool,
    score_ignored: bool,
    cells: bool,
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

    /// The field of the first text; names between commas are joined, as in
    /// [`ReadParams::text_field`](crate::ReadParams::text_field). Default `None`, the known name.
    #[must_use]
    pub fn first_field(self, first_field: Option<String>) -> Self {
        Self { first_field, ..self }
    }

    /// The field of the second text, likewise. Default `None`, the one that belongs to the first.
    #[must_use]
    pub fn second_field(self, second_field: Option<String>) -> Self {
        Self { second_field, ..self }
    }

    /// The field of the score, one name. Default `None`, the known name.
    #[must_use]
    pub fn score_field(self, score_field: Option<String>) -> Self {
        Self { score_field, ..self }
    }

    /// The field that names the pair. Default `None`, [`ID_FIELD`](crate::ID_FIELD) where there is one.
    #[must_use]
    pub fn id_field(self, id_field: Option<String>) -> Self {
        Self { id_field, ..self }
    }

    /// The field by whose values pairs belong together: their author, their document. It may be
    /// another's, too. Default `None`, no field.
    #[must_use]
    pub fn group_field(self, group_field: Option<String>) -> Self {
        Self { group_field, ..self }
    }

    /// Layout of tables. Default that of [`TableParams`].
    #[must_use]
    pub fn table(self, table: TableParams) -> Self {
        Self { source: SourceParams { table, ..self.source }, ..self }
    }

    /// Whether pairs carry all of their columns or fields. Default `false`.
    #[must_use]
    pub fn cells(self, cells: bool) -> Self {
        Self { cells, ..self }
    }

    /// Whether scores are not read at all, whatever is in their column. Default `false`.
    #[must_use]
    pub fn score_ignored(self, score_ignored: bool) -> Self {
        Self { score_ignored, ..self }
    }

    /// Whether a pair without a score is an error. Default `false`: then of a table without a header
    /// a last column that is not a number is not a score, and else an empty field is none.
    #[must_use]
    pub fn score_required(self, score_required: bool) -> Self {
        Self { score_required, ..self }
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
    /// [`CorpusError::Setting`] for a limit of 0 or a delimiter that cannot be one, for a field name that is
    /// empty or asked for twice, and without a header for one that is not a number.
    pub fn check(self) -> Result<ValidPairParams, CorpusError> {
        self.source.check()?;
        if self.group_field.as_deref() == Some("") {
            return setting_error("group_field", "a field name", "\"\"");
        }
        let required = self.score_required;
        let fields = Fields {
            first: Names::text(FieldRole::First, self.first_field.as_deref()),
            second: Names::text(FieldRole::Second, self.second_field.as_deref()),
            score: Names::score(self.score_field.as_deref(), required),
            id: Names::id(self.id_field.as_deref()),
            group: self.group_field.as_deref().map(Names::group),
        };
        let Fields { first, second, score, id, .. } = &fields;
        check_names(&[first, second, score, id], self.source.table.header)?;
        Ok(ValidPairParams { params: self, fields })
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidPairParams {
    params: PairParams,
    fields: Fields,
}

impl ValidPairParams {
    /// The pairs of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::NoPairs`] if its ending, or the
    /// format asked for, is none of the three. Standard input has no ending: its format must be
    /// asked for.
    pub fn open(&self, source: &Source) -> Result<Pairs, CorpusError> {
        // Lines, which are no pairs: the error says what is expected.
        self.pairs(Opened::of(source, self.params.source.format, Format::Lines)?)
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
        let rows = Rows::new(opened, self.params.source)
            .ok_or(CorpusError::NoPairs { path, found: format })?;
        Ok(Pairs { rows, params: self.clone(), layout: None, used: None, ended: false })
    }
}

/// Reads pairs one at a time; made by [`ValidPairParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it ends. Blank lines are passed over.
pub struct Pairs {
    rows: Rows,
    params: ValidPairParams,
    /// Layout of tables, known from the first row on.
    layout: Option<Layout>,
    used: Option<UsedFields>,
    ended: bool,
}

/// Names of the fields.
#[derive(Clone, Debug)]
struct Fields {
    first: Names,
    second: Names,
    score: Names,
    id: Names,
    group: Option<Names>,
}

/// Columns of the fields, from 0.
struct Layout {
    names: Arc<[String]>,
    first: Vec<usize>,
    second: Vec<usize>,
    score: Option<usize>,
    id: Option<usize>,
    group: Option<usize>,
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

    /// Columns or fields that the last pair comes from; `None` before the first.
    #[must_use]
    pub fn used(&self) -> Option<&UsedFields> {
        self.used.as_ref()
    }

    /// The encoding, from the first pair on, where it was guessed.
    #[must_use]
    pub fn guessed_encoding(&self) -> Option<GuessedEncoding> {
        self.rows.guessed()
    }

    fn pair(&mut self) -> Result<Option<Pair>, CorpusError> {
        while let Some(Unit { line, raw }) =
            self.rows.next(self.layout.as_ref().map(|layout| layout.names.len()))?
        {
            let location = At { path: self.rows.path(), line };
            let Some(dialect) = self.rows.row_dialect() else {
                let (pair, used) = object(&Object::parse(&raw, location)?, &self.params)?;
                self.used = Some(used);
                return Ok(Some(pair));
            };
            let row = Row { content: &raw, dialect, at: location };
            let layout = if let Some(layout) = &self.layout {
                layout
            } else {
                let delimiter = self.rows.other_delimiter();
                let (layout, used) = Layout::of(&row, &self.params, delimiter)?;
                self.used = Some(used);
                let layout = self.layout.insert(layout);
                if self.params.params.source.table.header {
                    continue;
                }
                layout
            };
            return layout.pair(&row, &self.params.params).map(Some);
        }
        Ok(None)
    }
}

/// The pair of a JSON object, and the fields that are used of it.
fn object(
    object: &Object<'_>,
    params: &ValidPairParams,
) -> Result<(Pair, UsedFields), CorpusError> {
    let ValidPairParams { params, fields } = params;
    let group_field = fields.group.as_ref().map(|group| object.need(group, &[])).transpose()?;
    let id = object.find_id(&fields.id)?;
    let taken: Vec<&RawValue> = id.iter().map(|(_, value)| *value).collect();
    let score_field = if params.score_ignored {
        None
    } else if params.score_required {
        Some(object.need(&fields.score, &taken)?)
    } else {
        object.find(&fields.score, &taken).or_else(|error| match error {
            CorpusError::MissingField { .. } => Ok(None),
            error => Err(error),
        })?
    };
    let score = match &score_field {
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
    let (first, second) = object.pair(&fields.first, &fields.second, &taken)?;
    let mut used = UsedFields::of_object();
    used.add_fields(&fields.first, &first);
    used.add_fields(&fields.second, &second);
    used.add_fields(&fields.score, score_field.as_slice());
    let pair = Pair {
        line: object.at.line,
        id: id.map_or(Ok(None), |(name, value)| object.id_of(&name, value))?,
        first: object.text(&first, fields.first.is_asked())?,
        second: object.text(&second, fields.second.is_asked())?,
        score,
        cells: params.cells.then(|| object.cells()).transpose()?,
        group: group_field.map(|(name, value)| object.group_of(&name, value)).transpose()?,
    };
    Ok((pair, used))
}

impl Layout {
    /// The layout that the first row shows, and what of it is used.
    fn of(
        row: &Row<'_>,
        params: &ValidPairParams,
        other_delimiter: Option<u8>,
    ) -> Result<(Self, UsedFields), CorpusError> {
        let ValidPairParams { params, fields } = params;
        let header = row.header(params.source.table.header)?;
        let failed = |error| row.not_chosen(&header, error);
        let least = if params.score_required { 3 } else { 2 };
        if !params.source.table.header && header.names.len() < least {
            return Err(row.bad_columns(least, header.names.len()));
        }
        let layout = if params.source.table.header {
            Self::named(&header, params, fields).map_err(failed)?
        } else {
            Self::numbered(&header, params, fields).map_err(failed)?
        };
        let mut used = UsedFields::of_table(params.source.table.header, other_delimiter);
        let name = |&column: &usize| header.names[column].clone();
        for (names, columns) in [(&fields.first, &layout.first), (&fields.second, &layout.second)] {
            let shown = columns.iter().map(name).collect();
            used.add(names.role, shown, names.is_asked());
        }
        let score = layout.score.iter().map(name).collect();
        used.add(fields.score.role, score, fields.score.is_asked());
        Ok((layout, used))
    }

    /// Columns by the names of a header.
    fn named(header: &Header, params: &PairParams, fields: &Fields) -> Result<Self, NameError> {
        let id = fields.id.column(header, &[])?;
        let mut taken: Vec<usize> = id.into_iter().collect();
        for names in [&fields.first, &fields.second] {
            if names.is_asked() && !names.is_every() {
                taken.extend(names.asked_columns(header, &[])?);
            }
        }
        let score = if params.score_ignored {
            None
        } else if params.score_required {
            Some(fields.score.need(header, &taken)?)
        } else {
            fields.score.column(header, &taken)?
        };
        let taken: Vec<usize> = id.into_iter().chain(score).collect();
        let (first, second) = pair_columns(&fields.first, &fields.second, header, &taken)?;
        let group = fields.group.as_ref().map(|group| group.need(header, &[])).transpose()?;
        let score_place = score.map(|column| format!("field {:?}", header.names[column]));
        let score_place = score_place.unwrap_or_default();
        let names = header.names.clone().into();
        Ok(Self { names, first, second, score, id, group, score_place, lenient: false })
    }

    /// Columns by their places: the texts first, the score last.
    fn numbered(header: &Header, params: &PairParams, fields: &Fields) -> Result<Self, NameError> {
        let columns = header.names.len();
        let id = if fields.id.is_asked() { fields.id.column(header, &[])? } else { None };
        let score = if params.score_ignored {
            None
        } else if fields.score.is_asked() {
            fields.score.column(header, &[])?
        } else {
            (columns > 2).then(|| columns - 1)
        };
        let taken: Vec<usize> = id.into_iter().chain(score).collect();
        let chosen = |names: &Names, place: usize| {
            let asked = names.is_asked().then(|| names.asked_columns(header, &taken));
            asked.unwrap_or_else(|| Ok(vec![place]))
        };
        let (first, second) = (chosen(&fields.first, 0)?, chosen(&fields.second, 1)?);
        let score_place = score.map(|column| format!("column {}", column + 1)).unwrap_or_default();
        let group = fields.group.as_ref().map(|group| group.need(header, &[])).transpose()?;
        let lenient = !params.score_required && !fields.score.is_asked();
        let names = header.names.clone().into();
        Ok(Self { names, first, second, score, id, group, score_place, lenient })
    }

    fn pair(&self, row: &Row<'_>, params: &PairParams) -> Result<Pair, CorpusError> {
        row.check_columns(self.names.len())?;
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
            first: row.text(&self.first),
            second: row.text(&self.second),
            score,
            cells: params.cells.then(|| row.cells(&self.names)),
            group: self.group.map(|column| row.value(column)),
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
