//! Relevance judgements: grades of documents by query, which searches are evaluated with.
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;

use crate::decode::Unit;
use crate::dialect::Dialect;
use crate::error::beginning;
use crate::fields::{At, Object, Rows};
use crate::names::{FieldRole, Header, NameError, Names};
use crate::params::Opened;
use crate::source::{SourceParams, TableParams};
use crate::{CorpusError, Encoding, Format, GuessedEncoding, Quotes, Source, jsonl};

/// Judgement of a document for a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The line it is in; counts from 1.
    pub line: u64,
    /// The query's name; not empty.
    pub query: String,
    /// The document's name; not empty.
    pub document: String,
    /// Grade of relevance: relevant above 0, the more the higher.
    pub grade: i32,
}

/// Settings of [`Judgements`]; [`check`](Self::check) makes them usable.
///
/// Columns of a line, separated by tabs or spaces:
/// - `query 0 document grade`, the qrels of TREC, whose second column `trec_eval` ignores, too;
/// - `query document grade`;
/// - either below a header that names the query, the document and the grade, as BEIR has them
///   (`query-id`, `corpus-id` and `score`). If there are tabs in the header, tabs alone divide, and an id
///   may have spaces. A first row that ends in a whole number is none.
///
/// Or the same columns as CSV, where every first row that does not end in a whole number is a header.
///
/// Or a JSON object a line, where a grade that is not there is 1. By name the fields are those of
/// [`QUERY_FIELDS`](crate::QUERY_FIELDS), [`DOCUMENT_FIELDS`](crate::DOCUMENT_FIELDS) and
/// [`GRADE_FIELDS`](crate::GRADE_FIELDS).
///
/// ```
/// use cloze_corpus::{Format, JudgementParams};
///
/// let file = "q1 0 d7 2\nq1 0 d3 0\nq2 0 d7 1\n";
/// let params = JudgementParams::default().check()?;
/// let grades = params.from_reader("town.qrels", Format::Lines, file.as_bytes())?.by_query()?;
/// assert_eq!((grades["q1"]["d7"], grades["q2"].len()), (2, 1));
///
/// let file = "q1 0 d7 2\nq1 0 d7 1\n";
/// let again = params.from_reader("town.qrels", Format::Lines, file.as_bytes())?.by_query();
/// assert_eq!(
///     again.unwrap_err().to_string(),
///     "town.qrels:2: query \"q1\", document \"d7\": expected grade 2 as before, found 1"
/// );
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JudgementParams {
    source: SourceParams,
}

impl Default for JudgementParams {
    fn default() -> Self {
        // A quote is a character of a name like any other.
        let table = TableParams::default().quotes(Quotes::None);
        Self { source: SourceParams { table, ..SourceParams::default() } }
    }
}

impl JudgementParams {
    /// The format: JSONL or CSV; or text, lines or TSV, which are all columns. `None` goes by the file's
    /// ending, and takes stdin for lines. Default `None`.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { source: SourceParams { format, ..self.source } }
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { source: SourceParams { encoding, ..self.source } }
    }

    /// The most that a line may have, in bytes of UTF-8 without the line end. It bounds the memory of
    /// a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { source: SourceParams { max_text_bytes, ..self.source } }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0.
    pub fn check(self) -> Result<ValidJudgementParams, CorpusError> {
        self.source.check()?;
        Ok(ValidJudgementParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidJudgementParams(JudgementParams);

impl ValidJudgementParams {
    /// The judgements of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::NoJudgements`] if its ending, or
    /// the format asked for, is another.
    pub fn open(&self, source: &Source) -> Result<Judgements, CorpusError> {
        self.judgements(Opened::of(source, self.0.source.format, Format::Lines)?)
    }

    /// The judgements of `raw`, which errors call `name`. The `format` setting does not matter here.
    ///
    /// # Errors
    /// [`CorpusError::NoJudgements`] for a format that has none.
    pub fn from_reader(
        &self,
        name: &str,
        format: Format,
        raw: impl Read + Send + 'static,
    ) -> Result<Judgements, CorpusError> {
        self.judgements(Opened::named(name, format, raw))
    }

    fn judgements(&self, opened: Opened) -> Result<Judgements, CorpusError> {
        let format = match opened.format {
            // Columns, as rows that end where a line does.
            Format::Text | Format::Lines | Format::Tsv => Format::Tsv,
            Format::Jsonl => Format::Jsonl,
            Format::Csv => Format::Csv,
            format => return Err(CorpusError::NoJudgements { path: opened.path, found: format }),
        };
        let mut source = self.0.source;
        if format == Format::Csv {
            source.table = TableParams::default();
        }
        let rows =
            Rows::new(Opened { format, ..opened }, source).expect("all three formats have rows");
        let fields = Fields {
            query: Names::judgement(FieldRole::Query),
            document: Names::judgement(FieldRole::Document),
            grade: Names::judgement(FieldRole::Grade),
        };
        let is_csv = format == Format::Csv;
        Ok(Judgements { rows, fields, is_csv, layout: None, ended: false })
    }
}

/// Reads judgements one at a time; made by [`ValidJudgementParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it ends. Blank lines are passed over.
pub struct Judgements {
    rows: Rows,
    fields: Fields,
    is_csv: bool,
    /// Layout of columns, known from the first row on.
    layout: Option<Layout>,
    ended: bool,
}

/// Names of the fields.
struct Fields {
    query: Names,
    document: Names,
    grade: Names,
}

/// Columns of the fields, from 0.
struct Layout {
    columns: usize,
    query: usize,
    document: usize,
    grade: usize,
    /// The name of the grade's column, where there is a header.
    header: Option<String>,
    division: Division,
}

/// Characters between columns.
#[derive(Clone, Copy)]
enum Division {
    /// Tabs and spaces.
    Blanks,
    /// Tabs alone.
    Tabs,
    /// Settings of a dialect of CSV.
    Csv(Dialect),
}

impl Judgements {
    /// The grades by query and document. All of them are held, but for those that are there again.
    ///
    /// # Errors
    /// The first there is; [`CorpusError::JudgedTwice`] where a document has another grade for a query
    /// than before.
    pub fn by_query(&mut self) -> Result<BTreeMap<String, BTreeMap<String, i32>>, CorpusError> {
        let path = self.rows.path().to_owned();
        let mut queries: BTreeMap<String, BTreeMap<String, i32>> = BTreeMap::new();
        for judgement in self {
            let Judgement { line, query, document, grade } = judgement?;
            match queries.entry(query.clone()).or_default().entry(document) {
                Entry::Vacant(entry) => {
                    entry.insert(grade);
                }
                Entry::Occupied(entry) if *entry.get() != grade => {
                    let (document, expected) = (entry.key().clone(), *entry.get());
                    return Err(CorpusError::JudgedTwice {
                        path,
                        line,
                        query,
                        document,
                        expected,
                        found: grade,
                    });
                }
                Entry::Occupied(_) => {}
            }
        }
        Ok(queries)
    }

    /// Number of bytes of the input read so far: up to a block more than the judgements have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }

    /// The encoding, from the first judgement on, where it was guessed.
    #[must_use]
    pub fn guessed_encoding(&self) -> Option<GuessedEncoding> {
        self.rows.guessed()
    }

    fn judgement(&mut self) -> Result<Option<Judgement>, CorpusError> {
        while let Some(Unit { line, raw }) =
            self.rows.next(self.layout.as_ref().map(|layout| layout.columns))?
        {
            let location = At { path: self.rows.path(), line };
            let Some(dialect) = self.rows.row_dialect() else {
                return object(&Object::parse(&raw, location)?, &self.fields).map(Some);
            };
            if raw.trim_ascii().is_empty() {
                continue;
            }
            if let Some(layout) = &self.layout {
                return layout.judgement(&raw, location).map(Some);
            }
            let csv = self.is_csv.then_some(dialect);
            let layout = Layout::of(&raw, location, &self.fields, csv)?;
            let layout = self.layout.insert(layout);
            if layout.header.is_none() {
                return layout.judgement(&raw, location).map(Some);
            }
        }
        Ok(None)
    }
}

/// Id in a field of a JSON object, which must be there and not empty.
fn id_of_object(object: &Object<'_>, names: &Names) -> Result<String, CorpusError> {
    let (field, value) = object.need(names, &[])?;
    match object.id_of(&field, value)? {
        Some(id) if id.is_empty() => Err(empty_id(object.at, format!("field {field:?}"))),
        Some(id) => Ok(id),
        None => Err(object.wrong_type(&field, jsonl::ID, jsonl::type_of(value))),
    }
}

/// The judgement of a JSON object.
fn object(object: &Object<'_>, fields: &Fields) -> Result<Judgement, CorpusError> {
    let query = id_of_object(object, &fields.query)?;
    let document = id_of_object(object, &fields.document)?;
    let grade = match object.find(&fields.grade, &[])? {
        None => 1,
        Some((field, value)) if jsonl::type_of(value) == jsonl::NUMBER => whole(value.get())
            .ok_or_else(|| not_whole(object.at, format!("field {field:?}"), value.get()))?,
        Some((field, value)) => {
            return Err(object.wrong_type(&field, jsonl::NUMBER, jsonl::type_of(value)));
        }
    };
    Ok(Judgement { line: object.at.line, query, document, grade })
}

impl Layout {
    /// The layout that the first row shows.
    fn of(
        row: &str,
        location: At<'_>,
        fields: &Fields,
        csv: Option<Dialect>,
    ) -> Result<Self, CorpusError> {
        let division = match csv {
            Some(dialect) => Division::Csv(dialect),
            None if row.contains('\t') => Division::Tabs,
            None => Division::Blanks,
        };
        let names = columns(row, division);
        let known = |fields: &Names| names.iter().any(|name| fields.knows(name));
        let graded = names.last().is_some_and(|last| whole(last).is_some());
        if (csv.is_some() || known(&fields.query) || known(&fields.document)) && !graded {
            let header = Header::new(names.into_iter().map(Cow::into_owned).collect());
            let failed = |error: NameError| error.at(location, &header.names, true);
            let need = |names: &Names| names.need(&header, &[]).map_err(failed);
            let grade = need(&fields.grade)?;
            return Ok(Self {
                columns: header.names.len(),
                query: need(&fields.query)?,
                document: need(&fields.document)?,
                grade,
                header: Some(header.names[grade].clone()),
                division,
            });
        }
        let division = csv.map_or(Division::Blanks, Division::Csv);
        if csv.is_none() {
            check_divided_once(row, location)?;
        }
        let header = None;
        match columns(row, division).len() {
            3 => Ok(Self { columns: 3, query: 0, document: 1, grade: 2, header, division }),
            4 => Ok(Self { columns: 4, query: 0, document: 2, grade: 3, header, division }),
            count => {
                let (path, line) = (location.path.to_owned(), location.line);
                Err(CorpusError::JudgementColumns { path, line, found: count })
            }
        }
    }

    fn judgement(&self, row: &str, location: At<'_>) -> Result<Judgement, CorpusError> {
        if let Division::Blanks = self.division {
            check_divided_once(row, location)?;
        }
        let At { path, line } = location;
        let cells = columns(row, self.division);
        let (expected, count) = (self.columns, cells.len());
        if count != expected {
            return Err(CorpusError::Columns {
                path: path.to_owned(),
                line,
                expected,
                found: count,
            });
        }
        let field_name = || match &self.header {
            Some(name) => format!("field {name:?}"),
            None => format!("column {}", self.grade + 1),
        };
        let grade = &cells[self.grade];
        let grade = whole(grade).ok_or_else(|| not_whole(location, field_name(), grade))?;
        let query = id(&cells, self.query, location)?;
        let document = id(&cells, self.document, location)?;
        Ok(Judgement { line, query, document, grade })
    }
}

/// Id in a column, which must not be blank.
fn id(cells: &[Cow<'_, str>], column: usize, location: At<'_>) -> Result<String, CorpusError> {
    let id = &cells[column];
    if id.trim_ascii().is_empty() {
        return Err(empty_id(location, format!("column {}", column + 1)));
    }
    Ok(id.clone().into_owned())
}

fn columns(row: &str, division: Division) -> Vec<Cow<'_, str>> {
    match division {
        // Spaces align columns; between two tabs is an empty one.
        Division::Blanks => row.split_ascii_whitespace().map(Cow::Borrowed).collect(),
        Division::Tabs => row.split('\t').map(Cow::Borrowed).collect(),
        Division::Csv(dialect) => {
            let value = |range| Cow::Owned(dialect.value(&row[range]));
            dialect.fields(row).map(value).collect()
        }
    }
}

/// Divided by tabs, `q␉my doc␉1` would be another row than divided by both.
fn check_divided_once(row: &str, At { path, line }: At<'_>) -> Result<(), CorpusError> {
    let row = row.trim_ascii();
    let is_divided = |part: &str| part.trim_ascii().contains(|c: char| c.is_ascii_whitespace());
    if row.contains('\t') && row.split('\t').any(is_divided) {
        return Err(CorpusError::MixedColumns { path: path.to_owned(), line });
    }
    Ok(())
}

/// A whole number, blanks around it not counted. Some programs write them as `1.0`.
fn whole(text: &str) -> Option<i32> {
    let text = text.trim_ascii();
    let digits = match text.split_once('.') {
        None => text,
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => digits,
        Some(_) => return None,
    };
    digits.parse().ok()
}

fn not_whole(At { path, line }: At<'_>, field_name: String, text: &str) -> CorpusError {
    CorpusError::NotWhole { path: path.to_owned(), line, place: field_name, found: beginning(text) }
}

fn empty_id(At { path, line }: At<'_>, field_name: String) -> CorpusError {
    CorpusError::EmptyId { path: path.to_owned(), line, place: field_name }
}

impl Iterator for Judgements {
    type Item = Result<Judgement, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.judgement().transpose();
        self.ended = match &next {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_fatal(),
        };
        next
    }
}

impl FusedIterator for Judgements {}

impl fmt::Debug for Judgements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judgements").field("path", &self.rows.path()).finish_non_exhaustive()
    }
}
