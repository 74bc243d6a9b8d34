//! An input, piece by piece.
use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;

use crate::conll::{Columns, Part, Sentence, Sentences, SkippedRows};
use crate::decode::{Decoded, Unit, split_ending};
use crate::delimited::Table;
use crate::record::Frame;
use crate::whole::WholeDocument;
use crate::{
    CorpusError, Encoding, Format, GuessedEncoding, Record, UsedFields, ValidReadParams, jsonl,
};

/// A part of an input. All of them, with each record
/// [rewritten](Record::rewrite) to its own text, are the input (but for CoNLL, and for the records
/// that were errors).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most pieces are records, and few are held at once")]
pub enum Piece {
    /// A text.
    Record(Record),
    /// Parts that belong to no text and are kept when the input is rewritten: a header row, a blank
    /// line, a comment, a byte order mark.
    Verbatim(String),
}

impl Piece {
    /// Takes the source out of a record that cannot be written back; false for what is no record.
    fn forget_source(&mut self, format: Format) -> bool {
        match self {
            Self::Record(record) => {
                record.frame = Frame::None(format);
                true
            }
            Self::Verbatim(_) => false,
        }
    }
}

/// Reads an input one piece at a time; made by [`ValidReadParams::open`]. After an error that
/// [is fatal](CorpusError::is_fatal) it ends. It holds one piece and a block of the input, however
/// large that is.
///
/// A byte order mark is not part of the first record, but for [`Format::Text`], whose spans count
/// from the start of the file.
pub struct Reader {
    decoded: Decoded,
    params: ValidReadParams,
    format: Format,
    /// Whether the lines are rows of a file with columns.
    columns: bool,
    state: State,
    /// Pieces of a row or line that were not given yet.
    pending: VecDeque<Piece>,
    used: Option<UsedFields>,
    started: bool,
    ended: bool,
}

enum State {
    Text,
    Lines,
    Jsonl(jsonl::Lines),
    Table(Table),
    Sentences(Box<Sentences>),
    Document(WholeDocument),
}

impl Reader {
    pub(crate) fn new(decoded: Decoded, format: Format, params: ValidReadParams) -> Self {
        let state = match format {
            Format::Text => State::Text,
            Format::Lines => State::Lines,
            Format::Jsonl => State::Jsonl(jsonl::Lines::default()),
            Format::Csv | Format::Tsv => State::Table(Table::new(format, &params)),
            Format::Conll => {
                let columns = Columns::of(decoded.path(), params.token_column(), None);
                State::Sentences(Box::new(Sentences::new(columns, params.max_text_bytes())))
            }
            document => State::Document(WholeDocument::new(document, params.mails())),
        };
        let pending = VecDeque::new();
        Self {
            decoded,
            params,
            format,
            columns: false,
            state,
            pending,
            used: None,
            started: false,
            ended: false,
        }
    }

    /// The same for the rows of a file with columns, if there is a format of one.
    pub(crate) fn of_columns(self, columns: Option<Format>) -> Self {
        let format = columns.unwrap_or(self.format);
        Self { format, columns: columns.is_some(), ..self }
    }

    /// The format it reads.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The encoding it reads; for `utf-16`, from the first piece on, the one of the two it is.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.decoded.encoding()
    }

    /// The encoding, from the first piece on, where it was guessed; `None` for documents that say theirs.
    #[must_use]
    pub fn guessed_encoding(&self) -> Option<GuessedEncoding> {
        let is_text = !self.format.is_document() || self.format == Format::Html;
        self.decoded.guessed().filter(|_| is_text)
    }

    /// Number of bytes of the input read so far: up to a block more than the pieces have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.decoded.bytes_read()
    }

    /// Columns or fields that the last record comes from; `None` before the first, and for formats
    /// without them.
    #[must_use]
    pub fn used(&self) -> Option<&UsedFields> {
        self.used.as_ref()
    }

    /// Rows of CoNLL-U left out so far.
    #[must_use]
    pub fn skipped_rows(&self) -> SkippedRows {
        match &self.state {
            State::Sentences(sentences) => sentences.skipped(),
            _ => SkippedRows::default(),
        }
    }

    /// Things beside the text of a document that are left out, by kind, with their number:
    /// `("picture", 2)`. Known from the first piece on.
    #[must_use]
    pub fn left_out(&self) -> &[(&'static str, u64)] {
        match &self.state {
            State::Document(document) => document.left_out(),
            _ => &[],
        }
    }

    fn piece(&mut self) -> Result<Option<Piece>, CorpusError> {
        if let Some(piece) = self.pending.pop_front() {
            return Ok(Some(piece));
        }
        let Self { decoded, params, used, .. } = self;
        let started = std::mem::replace(&mut self.started, true);
        if let State::Document(document) = &mut self.state {
            return document.next(decoded, params.max_text_bytes());
        }
        if !started && self.format != Format::Text && decoded.take('\u{feff}')? {
            return Ok(Some(Piece::Verbatim('\u{feff}'.to_string())));
        }
        let max = params.max_text_bytes();
        match &mut self.state {
            State::Document(_) => Ok(None),
            State::Text if started => Ok(None),
            State::Text => Ok(Some(whole(decoded.rest(max)?, "", 1))),
            State::Lines => Ok(decoded.line_unit(max)?.map(|Unit { line, raw }| {
                let (content, ending) = split_ending(&raw);
                whole(content.to_owned(), ending, line)
            })),
            State::Jsonl(lines) => loop {
                let Some(unit) = decoded.line_unit(max)? else {
                    return lines.end(decoded.path()).map(|()| None);
                };
                let mut pieces = jsonl::parse(unit, decoded.path(), params, used, lines)?;
                if self.columns {
                    pieces.retain_mut(|piece| piece.forget_source(self.format));
                }
                self.pending.extend(pieces);
                // A row of nothing but nulls leaves none.
                if let Some(piece) = self.pending.pop_front() {
                    return Ok(Some(piece));
                }
            },
            State::Table(table) => {
                self.pending.extend(table.next(decoded, params, used)?);
                Ok(self.pending.pop_front())
            }
            State::Sentences(sentences) => Ok(sentences.next(decoded)?.map(|part| match part {
                Part::Verbatim(text) => Piece::Verbatim(text),
                Part::Sentence(Sentence { line, text, words, .. }) => {
                    let frame = Frame::None(Format::Conll);
                    let words = Some(words);
                    Piece::Record(Record { line, text, words, frame, ..Record::default() })
                }
            })),
        }
    }
}

fn whole(text: String, ending: &'static str, line: u64) -> Piece {
    let frame = Frame::Before(ending);
    Piece::Record(Record { line, text, frame, ..Record::default() })
}

impl Iterator for Reader {
    type Item = Result<Piece, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.piece().transpose();
        self.ended = match &next {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_fatal(),
        };
        next
    }
}

impl FusedIterator for Reader {}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("path", &self.decoded.path())
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
