//! Labels as they are written.
use std::io::{self, Write as _};

use cloze_heads::classify::ClassifyHead;
use cloze_report::predictions::{LabelLayout, PredictedLabels};

use crate::flags::labels::{LabelFormat, LabelOutFlags};
use crate::terminal::out::Out;

/// A stream of labelled texts.
pub(crate) struct Form<'l> {
    out: Out,
    format: LabelFormat,
    layout: LabelLayout<'l>,
}

impl<'l> Form<'l> {
    pub(crate) fn open(args: &LabelOutFlags, head: &'l ClassifyHead) -> anyhow::Result<Self> {
        if args.top_k == Some(0) {
            anyhow::bail!("--top-k is 0: expected at least 1");
        }
        let by_ending = || match args.out.output.as_ref().and_then(|p| p.extension()?.to_str()) {
            Some("tsv") => LabelFormat::Tsv,
            _ => LabelFormat::Jsonl,
        };
        let format = args.format.given().unwrap_or_else(by_ending);
        let mut out = args.out.open()?;
        let labels = head.labels();
        let layout = LabelLayout {
            labels,
            multi_label: head.multi_label(),
            regression: head.regression(),
            top: args.top_k.map(|k| k.min(labels.len())),
            table: args.formulas.tsv(),
        };
        if format == LabelFormat::Tsv {
            layout.write_tsv_header(&mut out)?;
        }
        Ok(Self { out, format, layout })
    }

    pub(crate) fn write(&mut self, text: &PredictedLabels<'_>) -> io::Result<()> {
        match self.format {
            LabelFormat::Jsonl => self.layout.write_jsonl(text, &mut self.out),
            LabelFormat::Tsv => self.layout.write_tsv(text, &mut self.out),
        }
    }

    /// Flushes the output, so that a reader sees all records so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        self.out.finish()
    }
}
