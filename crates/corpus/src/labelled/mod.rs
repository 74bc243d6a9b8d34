//! Texts with labels: a row of CSV or TSV, one JSON object per line, or one file per class.
use std::fmt;
use std::iter::FusedIterator;
use std::path::{Path, PathBuf};

use crate::decode::{Decoded, Unit, split_ending};
use crate::fields::{At, Object, Row, Rows};
use crate::jsonl;
use crate::params::Opened;
use crate::{CorpusError, GuessedEncoding, Piece, ReadParams, Reader, Record, UsedFields};

mod layout;
mod params;
mod sources;

use layout::Layout;
pub use params::{LabelledParams, ValidLabelledParams};
pub use sources::{Holds, LabelledSource, labelled_sources};

/// A text with its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The line it begins in; counts from 1.
    pub line: u64,
    /// Id in the input, if it has one.
    pub id: Option<String>,
    /// The text, perhaps empty.
    pub text: String,
    /// The second text; there where pairs are wanted.
    pub second: Option<String>,
    /// Label; with a [separator](LabelledParams::label_separator) none or several, as they
    /// stand there, repeated ones too. None, also, where [no label](LabelledParams::labelled) is
    /// needed and there is none. No label is empty.
    pub labels: Vec<String>,
    /// Value of the [group's field](LabelledParams::group_field), if one is asked for; perhaps empty.
    pub group: Option<String>,
}

/// Reads examples one at a time; made by [`ValidLabelledParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it goes on with the next file, if there is one.
pub struct Labelled {
    params: ValidLabelledParams,
    waiting: std::vec::IntoIter<LabelledSource>,
    reading: Option<Reading>,
    path: PathBuf,
    bytes_of_past_files: u64,
    /// Encoding of the last file, where it was guessed.
    guessed: Option<GuessedEncoding>,
}

/// A file being read.
enum Reading {
    Fields {
        rows: Rows,
        /// Layout of tables, known from the first row on.
        layout: Option<Layout>,
        used: Option<UsedFields>,
    },
    Class {
        decoded: Decoded,
        label: String,
        /// Whether each line is a text.
        lines: bool,
        started: bool,
    },
    /// A document of a class, which is one text.
    Document { reader: Box<Reader>, path: PathBuf, label: String },
}

impl Labelled {
    fn of(params: ValidLabelledParams, reading: Reading) -> Self {
        let path = reading.path().to_owned();
        Self { reading: Some(reading), path, ..Self::waiting(params, vec![]) }
    }

    fn waiting(params: ValidLabelledParams, sources: Vec<LabelledSource>) -> Self {
        let (waiting, path) = (sources.into_iter(), PathBuf::new());
        Self { params, waiting, reading: None, path, bytes_of_past_files: 0, guessed: None }
    }

    /// The file that the last example or error is of.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Columns or fields that the last example comes from; `None` before the first, and for a file of one
    /// class.
    #[must_use]
    pub fn used(&self) -> Option<&UsedFields> {
        match &self.reading {
            Some(Reading::Fields { used, .. }) => used.as_ref(),
            _ => None,
        }
    }

    /// Encoding of the file that the last example or error is of, where it was guessed.
    #[must_use]
    pub fn guessed_encoding(&self) -> Option<&GuessedEncoding> {
        self.guessed.as_ref()
    }

    /// Number of bytes of the inputs read so far: up to a block more than the examples have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_of_past_files + self.reading.as_ref().map_or(0, Reading::bytes_read)
    }
}

impl Reading {
    fn open(source: &LabelledSource, params: &ValidLabelledParams) -> Result<Self, CorpusError> {
        let opened = Opened::of(&source.source, params.source().format, crate::Format::Lines)?;
        match &source.holds {
            Holds::Examples => Self::fields(opened, params),
            Holds::Lines(label) => Self::class(opened, label, true, params),
            Holds::Text(label) => Self::class(opened, label, false, params),
        }
    }

    fn fields(opened: Opened, params: &ValidLabelledParams) -> Result<Self, CorpusError> {
        let (path, format) = (opened.path.clone(), opened.format.name());
        let rows = Rows::new(opened, params.source());
        let expected = params.wanted();
        let rows = rows.ok_or(CorpusError::NoLabels { path, expected, found: format })?;
        Ok(Self::Fields { rows, layout: None, used: None })
    }

    fn class(
        opened: Opened,
        label: &str,
        lines: bool,
        params: &ValidLabelledParams,
    ) -> Result<Self, CorpusError> {
        let Opened { path, raw, format, .. } = opened;
        if params.pairs() {
            let (expected, source_kind) = (params.wanted(), "a file of one class");
            return Err(CorpusError::NoLabels { path, expected, found: source_kind });
        }
        if format.is_document() {
            if lines {
                let expected = "one text per line of a file of one class";
                return Err(CorpusError::NoLabels { path, expected, found: format.name() });
            }
            let settings = ReadParams::default()
                .encoding(params.source().encoding)
                .max_text_bytes(params.source().max_text_bytes)
                .check()?;
            let decoded = Decoded::new(raw, path.clone(), params.source().encoding);
            let reader = Box::new(Reader::new(decoded, format, settings));
            return Ok(Self::Document { reader, path, label: label.to_owned() });
        }
        let decoded = Decoded::new(raw, path, params.source().encoding);
        Ok(Self::Class { decoded, label: label.to_owned(), lines, started: false })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Fields { rows, .. } => rows.path(),
            Self::Class { decoded, .. } => decoded.path(),
            Self::Document { path, .. } => path,
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            Self::Fields { rows, .. } => rows.bytes_read(),
            Self::Class { decoded, .. } => decoded.bytes_read(),
            Self::Document { reader, .. } => reader.bytes_read(),
        }
    }

    fn guessed(&self) -> Option<GuessedEncoding> {
        match self {
            Self::Fields { rows, .. } => rows.guessed(),
            Self::Class { decoded, .. } => decoded.guessed(),
            Self::Document { reader, .. } => reader.guessed_encoding(),
        }
    }

    fn next(&mut self, params: &ValidLabelledParams) -> Result<Option<Example>, CorpusError> {
        match self {
            Self::Fields { rows, layout, used } => of_fields(rows, layout, used, params),
            Self::Document { reader, label, .. } => {
                for piece in reader.by_ref() {
                    if let Piece::Record(Record { line, text, .. }) = piece? {
                        let labels = vec![label.clone()];
                        let (id, second, group) = (None, None, None);
                        return Ok(Some(Example { line, id, text, second, labels, group }));
                    }
                }
                Ok(None)
            }
            Self::Class { decoded, label, lines, started } => {
                let began = std::mem::replace(started, true);
                if !began {
                    decoded.take('\u{feff}')?;
                }
                let max = params.source().max_text_bytes;
                let next = match (*lines, began) {
                    (true, _) => line(decoded, max)?,
                    (false, false) => Some((1, decoded.rest(max)?)),
                    (false, true) => None,
                };
                Ok(next.map(|(line, text)| {
                    let labels = vec![label.clone()];
                    Example { line, id: None, text, second: None, labels, group: None }
                }))
            }
        }
    }
}

/// The next line with anything in it.
fn line(decoded: &mut Decoded, max: usize) -> Result<Option<(u64, String)>, CorpusError> {
    while let Some(Unit { line, raw }) = decoded.line_unit(max)? {
        let text = split_ending(&raw).0;
        if !jsonl::is_blank(text) {
            return Ok(Some((line, text.to_owned())));
        }
    }
    Ok(None)
}

fn of_fields(
    rows: &mut Rows,
    layout: &mut Option<Layout>,
    used: &mut Option<UsedFields>,
    params: &ValidLabelledParams,
) -> Result<Option<Example>, CorpusError> {
    while let Some(Unit { line, raw }) = rows.next(layout.as_ref().map(Layout::columns))? {
        let location = At { path: rows.path(), line };
        let Some(dialect) = rows.row_dialect() else {
            let (example, fields) = layout::object(&Object::parse(&raw, location)?, params)?;
            *used = Some(fields);
            return Ok(Some(example));
        };
        let row = Row { content: &raw, dialect, at: location };
        let layout = if let Some(layout) = layout {
            layout
        } else {
            let (detected, columns) = Layout::of(&row, params, rows.other_delimiter())?;
            *used = Some(columns);
            let layout = layout.insert(detected);
            if params.header() {
                continue;
            }
            layout
        };
        return layout.example(&row, params).map(Some);
    }
    Ok(None)
}

impl Iterator for Labelled {
    type Item = Result<Example, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let reading = match &mut self.reading {
                Some(reading) => reading,
                none => {
                    let source = self.waiting.next()?;
                    self.path = PathBuf::from(source.source.name());
                    match Reading::open(&source, &self.params) {
                        Ok(reading) => none.insert(reading),
                        Err(error) => return Some(Err(error)),
                    }
                }
            };
            let next = reading.next(&self.params).transpose();
            if self.guessed.as_ref().is_none_or(|guessed| guessed.path != self.path) {
                self.guessed = reading.guessed();
            }
            if next.as_ref().is_none_or(|n| n.as_ref().is_err_and(CorpusError::is_fatal)) {
                self.bytes_of_past_files += reading.bytes_read();
                self.reading = None;
            }
            if next.is_some() {
                return next;
            }
        }
    }
}

impl FusedIterator for Labelled {}

impl fmt::Debug for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labelled").field("path", &self.path).finish_non_exhaustive()
    }
}
