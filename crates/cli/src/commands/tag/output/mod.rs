//! The forms entities are written in.
pub(crate) mod pretty;
mod redact;
pub(crate) mod sink;

use std::io::{self, Write};

use cloze_core::{Entity, OffsetUnit, Span};
use cloze_corpus::{Encoding, Format, Record};
use cloze_report::entities::{
    EntityConll, EntityForm, EntityInline, EntityJsonl, EntityPage, EntityTsv, TaggedText,
};

use crate::commands::tag::args::OutputArg;

/// A record with what was found in it.
pub(crate) struct Tagged<'a> {
    /// The file's name, `-` for standard input.
    pub(crate) path: &'a str,
    pub(crate) format: Format,
    /// The encoding of the input.
    pub(crate) encoding: Encoding,
    pub(crate) record: &'a Record,
    /// By reading order.
    pub(crate) entities: &'a [Entity],
    /// The words of the text, as the tokenizer or the file has them.
    pub(crate) words: &'a [Span],
}

impl<'a> Tagged<'a> {
    /// The record as the forms of the library take it.
    fn text(&self) -> TaggedText<'a> {
        TaggedText {
            path: self.path,
            // Of the record, where a file has more than one.
            line: (self.format != Format::Text).then_some(self.record.line),
            id: self.record.id.as_deref(),
            text: &self.record.text,
            entities: self.entities,
            words: self.words,
        }
    }
}

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The output failed: there is no point in going on.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The record has no such form; the others have.
    #[error(transparent)]
    Record(#[from] cloze_corpus::CorpusError),
}

/// A form of output. One writes one stream: a file of its own, or all results in one.
pub(crate) trait Form {
    /// What comes before the first record.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// One record.
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError>;

    /// Something of the input that is no record; only a form that gives the input back writes it.
    fn verbatim(
        &mut self,
        _text: &str,
        _: Encoding,
        _out: &mut dyn Write,
    ) -> Result<(), WriteError> {
        Ok(())
    }

    /// What comes after the last record.
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

/// What a form needs to know.
#[derive(Clone)]
pub(crate) struct FormParams {
    pub(crate) form: OutputArg,
    pub(crate) offsets: OffsetUnit,
    pub(crate) mask: String,
    /// Without colour, for files.
    pub(crate) plain: bool,
}

impl FormParams {
    /// A writer for one stream.
    pub(crate) fn open(&self) -> Box<dyn Form> {
        match self.form {
            OutputArg::Pretty => Box::new(pretty::Pretty::new(self.plain)),
            OutputArg::Jsonl => Box::new(EntityJsonl::new(self.offsets)),
            OutputArg::Conll => Box::new(EntityConll),
            OutputArg::Tsv => Box::new(EntityTsv::new(self.offsets)),
            OutputArg::Inline => Box::new(EntityInline),
            OutputArg::Html => Box::new(EntityPage::default()),
            OutputArg::Redact => Box::new(redact::Redact::new(self.mask.clone())),
        }
    }

    /// The ending of a result's name in an output folder, behind the whole name of its input, so that
    /// `a.txt` and `a.csv` stay apart. Nothing for redacted text, which is what the input was.
    pub(crate) fn ending(&self) -> &'static str {
        match self.form {
            OutputArg::Pretty => ".txt",
            OutputArg::Jsonl => ".jsonl",
            OutputArg::Conll => ".conll",
            OutputArg::Tsv => ".tsv",
            OutputArg::Inline => ".xml.txt",
            OutputArg::Html => ".html",
            OutputArg::Redact => "",
        }
    }
}
