//! The forms entities are written in.
pub(crate) mod conll;
mod html;
mod inline;
mod jsonl;
pub(crate) mod pretty;
mod redact;
pub(crate) mod sink;
pub(crate) mod tsv;

use std::io::{self, Write};

use cloze_core::{Entity, OffsetUnit, Span};
use cloze_corpus::{Encoding, Format, Record};

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

impl Tagged<'_> {
    /// The number of the record's line, where a file has more than one record.
    fn line(&self) -> Option<u64> {
        (self.format != Format::Text).then_some(self.record.line)
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
            OutputArg::Jsonl => Box::new(jsonl::Jsonl::new(self.offsets)),
            OutputArg::Conll => Box::new(conll::Conll),
            OutputArg::Tsv => Box::new(tsv::Tsv::new(self.offsets)),
            OutputArg::Inline => Box::new(inline::Inline),
            OutputArg::Html => Box::new(html::Html::default()),
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

/// A text cut at its entities: pieces between them, and the entities with their text. Entities that
/// overlap (tokens of one character, without aggregation) are cut at what came before, and one that
/// nothing is left of is passed over.
fn pieces<'a>(text: &'a str, entities: &'a [Entity]) -> Vec<(&'a str, Option<&'a Entity>)> {
    let mut pieces = vec![];
    let mut at = 0;
    for entity in entities {
        let start = entity.span.start.max(at);
        let (Some(before), Some(own)) = (text.get(at..start), text.get(start..entity.span.end))
        else {
            continue;
        };
        if own.is_empty() {
            continue;
        }
        if !before.is_empty() {
            pieces.push((before, None));
        }
        pieces.push((own, Some(entity)));
        at = entity.span.end;
    }
    if at < text.len() {
        pieces.push((&text[at..], None));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(start: usize, end: usize) -> Entity {
        Entity { label: "X".into(), span: Span::new(start, end), score: 1.0, tag: None }
    }

    #[test]
    fn pieces_are_the_whole_text_once() {
        let entities = [entity(0, 2), entity(1, 3), entity(1, 3), entity(5, 7)];
        let found = pieces("abcdefg", &entities);
        let texts: Vec<_> = found.iter().map(|(t, e)| (*t, e.is_some())).collect();
        assert_eq!(texts, [("ab", true), ("c", true), ("de", false), ("fg", true)]);
        assert_eq!(pieces("", &[]).len(), 0);
        assert_eq!(pieces("👍", &[entity(1, 4)]).len(), 1);
    }
}
