//! Labels as they are written.
use std::io::{self, Write as _};

use cloze_corpus::Cells;
use cloze_heads::classify::ClassifyHead;
use cloze_report::predictions::{LabelLayout, PredictedLabels};

use crate::flags::labels::{LabelFormat, LabelOutFlags};
use crate::input::kept::KeptColumns;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

/// A stream of labelled texts.
pub(crate) struct Form<'l> {
    out: Out,
    format: LabelFormat,
    layout: LabelLayout<'l>,
    columns: KeptColumns,
}

impl<'l> Form<'l> {
    pub(crate) fn open(args: &LabelOutFlags, head: &'l ClassifyHead) -> anyhow::Result<Self> {
        if args.top_k == Some(0) {
            anyhow::bail!("--top-k is 0: expected at least 1");
        }
        let format = args.format.given().unwrap_or(LabelFormat::Jsonl);
        let table =
            if format == LabelFormat::Csv { args.formulas.csv() } else { args.formulas.tsv() };
        let labels = head.labels();
        let layout = LabelLayout {
            labels,
            multi_label: head.multi_label(),
            regression: head.regression(),
            top: args.top_k.map(|k| k.min(labels.len())),
            table,
        };
        Ok(Self { out: args.out.open()?, format, layout, columns: KeptColumns::default() })
    }

    /// Writes the labels of a text, which a table puts beside its `cells`.
    pub(crate) fn write(
        &mut self,
        text: &PredictedLabels<'_>,
        cells: impl FnOnce() -> Cells,
        messages: &Messages,
    ) -> io::Result<()> {
        if self.format == LabelFormat::Jsonl {
            return self.layout.write_jsonl(text, &mut self.out);
        }
        let cells = cells();
        if self.columns.begin(&cells) {
            self.layout.write_header(&cells.names, &mut self.out)?;
        }
        match self.columns.values(&cells, text.path, text.line) {
            Ok(values) => self.layout.write_row(&values, text, &mut self.out),
            Err(error) => {
                messages.failure(&error);
                Ok(())
            }
        }
    }

    /// Flushes the output, so that a reader sees all records so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        // Of no text nothing is known but the model's columns.
        if self.format != LabelFormat::Jsonl && self.columns.names().is_none() {
            self.layout.write_header(&[], &mut self.out)?;
        }
        self.out.finish()
    }
}
