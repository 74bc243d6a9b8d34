//! One text, and its place in the input.
use std::ops::Range;

use cloze_core::Span;
use serde_json::{Map, Value};

use crate::{CorpusError, Format, delimited, jsonl};

/// One text of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Row { raw: String, field: Range<usize>, delimiter: u8 },
    /// The text is put together from many rows.
    None(Format),
}

impl Record {
    /// The source of the record, line end and all, with `text` in the place of its own. All else
    /// stays byte for byte; with the record's own text all of it does. Lines do not check that
    /// `text` is one line.
    ///
    /// # Errors
    /// [`CorpusError::NotRewritable`] for CoNLL, whose text stands in no one place.
    pub fn rewrite(&self, text: &str) -> Result<String, CorpusError> {
        Ok(match &self.frame {
            Frame::Before(ending) => format!("{text}{ending}"),
            Frame::Json { raw, literal } => {
                splice(raw, literal, &jsonl::literal(text, &raw[literal.clone()]))
            }
            Frame::Row { raw, field, delimiter } => {
                splice(raw, field, &delimited::field(text, raw, field, *delimiter))
            }
            Frame::None(format) => return Err(CorpusError::NotRewritable { format: *format }),
        })
    }
}

fn splice(raw: &str, range: &Range<usize>, new: &str) -> String {
    [&raw[..range.start], new, &raw[range.end..]].concat()
}
