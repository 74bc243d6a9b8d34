//! One text, and its place in the input.
use std::ops::Range;
use std::sync::Arc;

use cloze_core::Span;
use serde_json::{Map, Value};

use crate::dialect::Dialect;
#[cfg(feature = "documents")]
use crate::document::MailSource;
use crate::origin::MappedSource;
use crate::{CorpusError, Encoding, Format, Origin, Piece, jsonl};

/// All columns of a row, or all fields of an object, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Names; of a table without a header `1`, `2` and so on.
    pub names: Arc<[String]>,
    /// Values; of an object those that are no strings as JSON, and nothing for `null`.
    pub values: Vec<String>,
}

/// One text of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The line it begins in; counts from 1.
    pub line: u64,
    /// Id in the input, if it has one.
    pub id: Option<String>,
    /// The text.
    pub text: String,
    /// The tokens it was given in (CoNLL), as spans of `text`.
    pub words: Option<Vec<Span>>,
    /// The other fields of its object or row, by name, where they were asked for
    /// ([`ReadParams::metadata`](crate::ReadParams::metadata)); of a row all are strings.
    pub metadata: Map<String, Value>,
    /// All columns or fields, where they were asked for
    /// ([`ReadParams::cells`](crate::ReadParams::cells)) and the format has them.
    pub cells: Option<Cells>,
    /// Column or field of the text, where each of several is a record
    /// ([`ReadParams::each_field`](crate::ReadParams::each_field)).
    pub field: Option<String>,
    /// Places that the text of a document comes from.
    pub origin: Option<Box<Origin>>,
    pub(crate) frame: Frame,
}

/// Parts of the input around the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The text, and this after it.
    Before(&'static str),
    /// A line of JSON, and where in it the text stands as a literal.
    Json { raw: String, literal: Range<usize> },
    /// A row, and where in it the text stands as a field.
    Row { raw: String, field: Range<usize>, dialect: Dialect },
    /// A field of a row, and nothing around it.
    Cell { raw: String, dialect: Dialect },
    /// A literal of a line of JSON, and nothing around it.
    Literal { raw: String },
    /// A page, whose text stands in pieces at the places that its origin has.
    #[cfg_attr(not(feature = "documents"), expect(dead_code, reason = "pages are documents"))]
    Html,
    /// A mail, whose text stands in its sections.
    #[cfg(feature = "documents")]
    Mail(Arc<MailSource>),
    /// The text is put together from many rows or fields, or unpacked.
    None(Format),
}

/// Text of one of several fields, and where in its line or row it stands.
pub(crate) struct FieldText {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
    pub(crate) frame: Frame,
}

impl Default for Frame {
    fn default() -> Self {
        Self::Before("")
    }
}

impl Record {
    /// A record of each text that is not empty, as this one, with the parts of `raw` between them.
    pub(crate) fn of_each(self, mut texts: Vec<FieldText>, raw: &str) -> Vec<Piece> {
        texts.sort_by_key(|text| text.range.start);
        texts.dedup_by_key(|text| text.range.start);
        let (mut pieces, mut written) = (vec![], 0);
        for FieldText { name, text, range, frame } in texts {
            if text.is_empty() {
                continue;
            }
            if written < range.start {
                pieces.push(Piece::Verbatim(raw[written..range.start].to_owned()));
            }
            written = range.end;
            pieces.push(Piece::Record(Self { text, field: Some(name), frame, ..self.clone() }));
        }
        if written < raw.len() {
            pieces.push(Piece::Verbatim(raw[written..].to_owned()));
        }
        pieces
    }

    /// Whether the text is a number of JSON, in whose place another text is a string.
    #[must_use]
    pub fn is_number(&self) -> bool {
        match &self.frame {
            Frame::Literal { raw } => !raw.starts_with('"'),
            Frame::Json { raw, literal } => !raw[literal.clone()].starts_with('"'),
            _ => false,
        }
    }

    /// The source of the record, line end and all, with `text` in the place of its own. All else
    /// stays byte for byte; with the record's own text all of it does. Lines do not check that
    /// `text` is one line. Where parts of the text are replaced, [`replace`](Self::replace) keeps
    /// more of the source.
    ///
    /// # Errors
    /// [`CorpusError::NotRewritable`] for CoNLL and for several fields joined, whose text stands in no one
    /// place, and for documents; [`CorpusError::NotAField`] for a text that cannot stand in a table's field.
    pub fn rewrite(&self, text: &str) -> Result<String, CorpusError> {
        Ok(match &self.frame {
            Frame::Before(ending) => format!("{text}{ending}"),
            Frame::Json { raw, literal } => {
                splice(raw, literal, &jsonl::literal(text, &raw[literal.clone()]))
            }
            Frame::Row { raw, field, dialect } => {
                splice(raw, field, &dialect.field(text, raw, field)?)
            }
            Frame::Cell { raw, dialect } => dialect.field(text, raw, &(0..raw.len()))?,
            Frame::Literal { raw } if raw == text => raw.clone(),
            Frame::Literal { raw } => jsonl::literal(text, raw),
            Frame::Html if text == self.text => self.html_source().replace(&[]),
            Frame::Html => return Err(CorpusError::NotRewritable { format: Format::Html }),
            #[cfg(feature = "documents")]
            Frame::Mail(_) => return Err(CorpusError::NotRewritable { format: Format::Eml }),
            Frame::None(format) => return Err(CorpusError::NotRewritable { format: *format }),
        })
    }

    /// The source of the record with spans of its text replaced; they are in order and do not
    /// overlap. All else stays byte for byte: in JSON the escapes, in HTML the references and tags,
    /// those between the ends of a span, too.
    ///
    /// # Errors
    /// [`CorpusError::NotRewritable`] for CoNLL, and for documents other than HTML, and
    /// [`CorpusError::NotAField`] as [`rewrite`](Self::rewrite).
    pub fn replace(&self, edits: &[(Span, String)]) -> Result<String, CorpusError> {
        match &self.frame {
            Frame::Json { raw, literal } => {
                let new = jsonl::replace(&raw[literal.clone()], edits);
                Ok(splice(raw, literal, &new))
            }
            // A number is written as it is: it has no escapes to keep.
            Frame::Literal { raw } if raw.starts_with('"') => Ok(jsonl::replace(raw, edits)),
            Frame::Html => Ok(self.html_source().replace(edits)),
            _ => self.rewrite(&replaced(&self.text, edits)),
        }
    }

    /// The bytes of the record with spans of its text replaced, as [`replace`](Self::replace) has them, in
    /// the encoding of the input: a mail, too, which has encodings of its own.
    ///
    /// # Errors
    /// As [`replace`](Self::replace) and [`encode`](Self::encode).
    pub fn replace_in(
        &self,
        edits: &[(Span, String)],
        encoding: Encoding,
    ) -> Result<Vec<u8>, CorpusError> {
        match &self.frame {
            #[cfg(feature = "documents")]
            Frame::Mail(mail) => mail.replace(edits),
            _ => self.encode(&self.replace(edits)?, encoding),
        }
    }

    /// A part of the record's source in an encoding. A character that the encoding lacks becomes an
    /// escape in JSON, and a reference in HTML.
    ///
    /// # Errors
    /// [`CorpusError::Unmappable`] for such a character in another format.
    pub fn encode(&self, source: &str, encoding: Encoding) -> Result<Vec<u8>, CorpusError> {
        match &self.frame {
            Frame::Json { .. } | Frame::Literal { .. } => {
                Ok(encoding.encode_with(source, jsonl::escape))
            }
            Frame::Html => Ok(encoding.encode_with(source, |c| format!("&#{};", u32::from(c)))),
            _ => encoding.encode(source),
        }
    }

    fn html_source(&self) -> Arc<MappedSource> {
        let origin = self.origin.as_ref();
        origin.and_then(|origin| origin.source.clone()).unwrap_or_default()
    }
}

/// `text` with spans of it replaced.
fn replaced(text: &str, edits: &[(Span, String)]) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for (span, new) in edits {
        replaced.push_str(text.get(end..span.start).unwrap_or_default());
        replaced.push_str(new);
        end = span.end;
    }
    replaced.push_str(text.get(end..).unwrap_or_default());
    replaced
}

fn splice(raw: &str, range: &Range<usize>, new: &str) -> String {
    [&raw[..range.start], new, &raw[range.end..]].concat()
}
