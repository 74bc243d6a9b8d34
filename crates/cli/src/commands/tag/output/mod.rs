//! Output formats of entities.
pub(crate) mod pretty;
pub(crate) mod redact;
pub(crate) mod sink;
mod table;

use std::io::{self, Write};

use cloze_core::{Entity, OffsetUnit, Span};
use cloze_corpus::{Encoding, Format, Record};
use cloze_report::cells::Table;
#[cfg(feature = "parquet")]
use cloze_report::columns::{ColumnFormat, EntityColumns};
use cloze_report::entities::{
    EntityConll, EntityForm, EntityInline, EntityJsonl, EntityPage, EntityPlace, EntityTable,
    TaggedText,
};

use crate::commands::redact::recorder::SharedRecorder;
use crate::commands::tag::args::OutputArg;
use crate::commands::tag::output::redact::DocumentForm;
use crate::input::kept::OtherColumn;

/// A record with its entities.
pub(crate) struct Tagged<'a> {
    /// Path of the file, `-` for standard input.
    pub(crate) path: &'a str,
    pub(crate) format: Format,
    /// Encoding of the input.
    pub(crate) encoding: Encoding,
    pub(crate) record: &'a Record,
    /// Entities in reading order.
    pub(crate) entities: &'a [Entity],
    /// Words of the text, as the tokenizer or the file has them.
    pub(crate) words: &'a [Span],
    /// Places of the entities in a document.
    pub(crate) places: &'a [EntityPlace<'a>],
    /// Recognisers that found the entities.
    pub(crate) recognizers: &'a [Option<String>],
}

impl<'a> Tagged<'a> {
    /// Returns the record as the formats of the library take it.
    fn text(&self) -> TaggedText<'a> {
        TaggedText {
            path: self.path,
            // Of the record, where a file has more than one.
            line: (self.format != Format::Text && !self.format.is_document())
                .then_some(self.record.line),
            id: self.record.id.as_deref(),
            field: self.record.field.as_deref(),
            text: &self.record.text,
            entities: self.entities,
            words: self.words,
            places: self.places,
            recognizers: self.recognizers,
            source: self.record.origin.as_ref().and_then(|origin| origin.source()),
        }
    }
}

/// Places of the entities of a document; empty for a text that is the file's own.
pub(crate) fn places<'a>(record: &'a Record, entities: &[Entity]) -> Vec<EntityPlace<'a>> {
    let Some(origin) = &record.origin else { return vec![] };
    let place = |entity: &Entity| EntityPlace {
        part: origin.part(entity.span.start),
        source: origin.source_span(entity.span),
    };
    entities.iter().map(place).collect()
}

/// Failure to write a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The output failed, so the run ends.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// This record cannot be written in the format; the others can.
    #[error(transparent)]
    Record(#[from] cloze_corpus::CorpusError),
    /// This record has a column that the table has no place for; others can be written.
    #[error(transparent)]
    Column(#[from] OtherColumn),
}

/// Output format. A value writes one stream: a file of its own, or all results in one.
pub(crate) trait Form {
    /// Writes the head of the stream, before the first record.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Writes one record.
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError>;

    /// Writes a part of the input outside records; only a format that writes the input back has it.
    fn verbatim(
        &mut self,
        _text: &str,
        _: Encoding,
        _out: &mut dyn Write,
    ) -> Result<(), WriteError> {
        Ok(())
    }

    /// Writes the end of the stream, after the last record.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

impl<F: EntityForm> Form for F {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        EntityForm::begin(self, out)
    }

    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        Ok(EntityForm::text(self, &tagged.text(), out)?)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        EntityForm::end(self, out)
    }
}

/// Settings of an output format.
#[derive(Clone)]
pub(crate) struct FormParams {
    pub(crate) form: OutputArg,
    /// Form of redacted documents.
    pub(crate) documents: DocumentForm,
    pub(crate) offsets: OffsetUnit,
    pub(crate) mask: String,
    /// Layout of tables.
    pub(crate) table: Table,
    /// Whether each of several fields is a text.
    pub(crate) fields: bool,
    /// Whether colour is off, as in files.
    pub(crate) plain: bool,
    /// Policy of redaction, and record of the changes.
    pub(crate) recorder: Option<SharedRecorder>,
}

impl FormParams {
    /// Returns a writer for one stream.
    pub(crate) fn open(&self) -> Box<dyn Form> {
        match self.form {
            OutputArg::Pretty => Box::new(pretty::Pretty::new(self.plain)),
            OutputArg::Jsonl => Box::new(EntityJsonl::new(self.offsets)),
            OutputArg::Conll => Box::new(EntityConll),
            OutputArg::Csv => Box::new(table::KeptEntities::new(self.entity_table())),
            OutputArg::Tsv => Box::new(self.entity_table()),
            OutputArg::Inline => Box::new(EntityInline),
            OutputArg::Html => Box::new(EntityPage::default()),
            OutputArg::Redact => match &self.recorder {
                Some(recorder) => {
                    Box::new(redact::PolicyRedact::new(recorder.clone(), self.documents))
                }
                None => Box::new(redact::Redact::new(self.mask.clone(), self.documents)),
            },
            #[cfg(feature = "parquet")]
            OutputArg::Parquet => Box::new(self.columns(ColumnFormat::Parquet)),
            #[cfg(feature = "parquet")]
            OutputArg::Arrow => Box::new(self.columns(ColumnFormat::Arrow)),
        }
    }

    #[cfg(feature = "parquet")]
    fn columns(&self, format: ColumnFormat) -> EntityColumns {
        EntityColumns::new(format, self.offsets)
    }

    fn entity_table(&self) -> EntityTable {
        EntityTable::new(self.offsets).table(self.table).fields(self.fields)
    }

    /// Whether a key file is to have the changes before an output appears.
    pub(crate) fn restores(&self) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.borrow().restores())
    }

    /// Extension of an output file in a folder, after the whole name of its input, so that `a.txt` and
    /// `a.csv` stay apart. Empty for redacted text, which has the format of its input, but for documents
    /// that cannot be written back.
    pub(crate) fn ending(&self, input: Option<Format>) -> &'static str {
        match self.form {
            OutputArg::Pretty => ".txt",
            OutputArg::Jsonl => ".jsonl",
            OutputArg::Conll => ".conll",
            OutputArg::Csv => ".csv",
            OutputArg::Tsv => ".tsv",
            OutputArg::Inline => ".xml.txt",
            OutputArg::Html => ".html",
            OutputArg::Redact if input.is_some_and(|format| self.documents.is_text(format)) => {
                ".txt"
            }
            OutputArg::Redact => "",
            #[cfg(feature = "parquet")]
            OutputArg::Parquet => ".parquet",
            #[cfg(feature = "parquet")]
            OutputArg::Arrow => ".arrow",
        }
    }
}
