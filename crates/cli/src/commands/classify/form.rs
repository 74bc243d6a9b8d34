//! Labels as they are written.
use std::io::{self, Write};

use cloze::heads::classify::Prediction;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::flags::labels::{LabelFormat, LabelOutFlags};
use crate::terminal::out::{Out, json_line};
use cloze_report::entities::tsv::write_row;

/// Where a text or pair comes from.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: u64,
    pub(crate) id: Option<&'a str>,
}

/// A stream of labelled texts.
pub(crate) struct Form<'l> {
    out: Out,
    format: LabelFormat,
    labels: &'l [String],
    multi_label: bool,
    /// Of how many labels the probabilities are written.
    top: Option<usize>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a [String]>,
    /// The likeliest first.
    probabilities: Map<String, Value>,
}

impl<'l> Form<'l> {
    pub(crate) fn open(
        args: &LabelOutFlags,
        labels: &'l [String],
        multi_label: bool,
    ) -> anyhow::Result<Self> {
        if args.top_k == Some(0) {
            anyhow::bail!("--top-k is 0: expected at least 1");
        }
        let by_ending = || match args.out.output.as_ref().and_then(|p| p.extension()?.to_str()) {
            Some("tsv") => LabelFormat::Tsv,
            _ => LabelFormat::Jsonl,
        };
        let format = args.format.unwrap_or_else(by_ending);
        let out = args.out.open()?;
        let top = args.top_k.map(|k| k.min(labels.len()));
        let mut form = Self { out, format, labels, multi_label, top };
        if format == LabelFormat::Tsv {
            form.header()?;
        }
        Ok(form)
    }

    fn header(&mut self) -> io::Result<()> {
        let mut row: Vec<String> = ["path", "line", "id", "label"].map(String::from).to_vec();
        match self.top {
            None => row.extend(self.labels.iter().cloned()),
            Some(k) => {
                row.extend(
                    (1..=k).flat_map(|i| [format!("label_{i}"), format!("probability_{i}")]),
                );
            }
        }
        write_row(&mut self.out, row.iter().map(String::as_str))
    }

    pub(crate) fn write(&mut self, place: Place<'_>, found: &Prediction) -> anyhow::Result<()> {
        let shown = &found.probabilities[..self.top.unwrap_or(found.probabilities.len())];
        if self.format == LabelFormat::Jsonl {
            let probabilities = shown.iter().map(|(l, p)| (l.clone(), Value::from(*p))).collect();
            let single = found.labels.first().map(String::as_str);
            let line = Line {
                place,
                label: single.filter(|_| !self.multi_label),
                labels: Some(&found.labels[..]).filter(|_| self.multi_label),
                probabilities,
            };
            return json_line(&mut self.out, &line);
        }
        let (line, chosen) = (place.line.to_string(), found.labels.join(","));
        let mut row =
            vec![place.path.to_owned(), line, place.id.unwrap_or_default().to_owned(), chosen];
        match self.top {
            None => row.extend(self.labels.iter().map(|label| {
                let own = found.probabilities.iter().find(|(l, _)| l == label);
                own.map(|(_, p)| p.to_string()).unwrap_or_default()
            })),
            Some(_) => row.extend(shown.iter().flat_map(|(l, p)| [l.clone(), p.to_string()])),
        }
        Ok(write_row(&mut self.out, row.iter().map(String::as_str))?)
    }

    /// What was written so far is there for a reader.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        self.out.finish()
    }
}
