//! `cloze next-sentence`: whether one text follows another.
//!
//! - `model`: models that score pairs;
//! - `neighbours`: pairs of neighbouring sentences or lines.
pub(crate) mod args;
mod model;
mod neighbours;

use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::next_sentence::args::{NextMethodArg, NextSentenceArgs};
use crate::input::kept::KeptTable;
use crate::input::texts::{ARGUMENT, NotEncoded, note_file_name};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use cloze::batch::scored_parts;
use cloze_corpus::Cells;
use cloze_report::cells::Cell;
use cloze_report::text::shown;
use model::{Continuation, ContinuationModel};

/// A pair of texts with its place.
pub(super) struct PlacedPair {
    path: String,
    line: u64,
    id: Option<String>,
    first: String,
    second: String,
    /// All columns or fields, if they were asked for and the file has any.
    cells: Option<Cells>,
}

impl PlacedPair {
    /// Columns of its file, or its place and the texts where its file has none.
    fn cells(&self) -> Cells {
        let Self { path, line, first, second, .. } = self;
        self.cells.clone().unwrap_or_else(|| Cells {
            names: ["path", "line", "first", "second"].map(str::to_owned).into(),
            values: vec![path.clone(), line.to_string(), first.clone(), second.clone()],
        })
    }
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    continuation: Continuation,
}

pub(crate) fn run(
    common: &CommonFlags,
    args: &NextSentenceArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let fields = &args.fields;
    let names = [&fields.first_field, &fields.second_field, &fields.score_field];
    let for_pairs = names.iter().any(|name| name.is_some());
    if args.pairs.is_none() && for_pairs {
        bail!("--first-field, --second-field and --score-field are for --pairs");
    }
    let two = args.pairs.is_none() && args.neighbours.is_none();
    if two && args.read.table.is_given() {
        bail!("--no-header and --delimiter are for --pairs and --neighbours");
    }
    if two && args.texts.len() != 2 {
        bail!("expected two texts, found {}\nhint: --neighbours takes files", args.texts.len());
    }
    if args.pairs.is_some() && !args.texts.is_empty() {
        bail!("--pairs has the texts: expected no others, found {}", args.texts.len());
    }
    let model = ContinuationModel::open(common, args, messages)?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    let table = args.table().map(KeptTable::new);
    let headed = args.format.is_json() || two;
    let mut form = Form { headed, args, table, two, pairs: 0, cut: 0 };
    let mut work =
        |chunk: Vec<PlacedPair>| write_predictions(&model, &chunk, &mut form, &mut out, messages);
    if let Some(file) = &args.pairs {
        of_file(file, args, messages, &mut work)?;
    } else if let Some(what) = args.neighbours {
        neighbours::for_each_chunk(what, args, messages, &mut work)?;
    } else if let [first, second] = &args.texts[..] {
        for text in [first, second] {
            note_file_name(text, "--neighbours scores the sentences of files", messages);
        }
        let (first, second) = (first.clone(), second.clone());
        work(vec![PlacedPair {
            path: ARGUMENT.into(),
            line: 1,
            id: None,
            first,
            second,
            cells: None,
        }])?;
    }
    out.finish()?;
    if two {
        return Ok(());
    }
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", plural(form.pairs, "pair")));
    let cut = model.cut().unwrap_or(form.cut);
    if cut > 0 {
        messages.note(&format!("{} longer than the model's limit, truncated", plural(cut, "pair")));
    }
    Ok(())
}

/// Reads the pairs of a file.
fn of_file(
    file: &str,
    args: &NextSentenceArgs,
    messages: &Messages,
    work: &mut dyn FnMut(Vec<PlacedPair>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let read = &args.read;
    let params =
        args.fields.params(read.table).format(read.input.value()).encoding(read.encoding()?);
    let params = params.id_field(read.id_field.clone()).score_ignored(true);
    let params = params.cells(args.table().is_some());
    let params = params.max_text_bytes(read.max_text.saturating_mul(1 << 20)).check()?;
    crate::input::pairs::for_each_chunk(file, &params, messages, |pairs| {
        let both = |pair: cloze_corpus::Pair| {
            let cloze_corpus::Pair { line, id, first, second, cells, .. } = pair;
            PlacedPair { path: file.to_owned(), line, id, first, second, cells }
        };
        work(pairs.into_iter().map(both).collect())
    })?;
    Ok(())
}

/// Writes the prediction for each pair of a chunk. A pair that cannot be encoded costs itself alone.
fn write_predictions(
    model: &ContinuationModel,
    chunk: &[PlacedPair],
    form: &mut Form<'_>,
    out: &mut Out,
    messages: &Messages,
) -> anyhow::Result<()> {
    let size = |pair: &PlacedPair| pair.first.len() + pair.second.len();
    for part in scored_parts(chunk, size) {
        let pairs: Vec<(&str, &str)> =
            part.iter().map(|pair| (pair.first.as_str(), pair.second.as_str())).collect();
        for (pair, continuation) in part.iter().zip(model.predict(&pairs)?) {
            match continuation {
                Ok(continuation) => form.write(pair, continuation, out, messages)?,
                Err(source) => {
                    let (path, line) = (pair.path.clone(), pair.line);
                    messages.failure(&NotEncoded { path, line, source });
                }
            }
        }
        out.flush()?;
    }
    Ok(())
}

/// Writer of results.
struct Form<'a> {
    args: &'a NextSentenceArgs,
    /// Table with the columns of the input, if one is asked for.
    table: Option<KeptTable>,
    /// Whether there is only one pair, whose texts need not be repeated.
    two: bool,
    headed: bool,
    pairs: u64,
    cut: u64,
}

impl Form<'_> {
    fn write(
        &mut self,
        pair: &PlacedPair,
        continuation: Continuation,
        out: &mut Out,
        messages: &Messages,
    ) -> anyhow::Result<()> {
        self.pairs += 1;
        self.cut += u64::from(continuation.was_cut());
        let PlacedPair { path, line, id, first, second, .. } = pair;
        if self.args.format.is_json() {
            let (line, id) = (*line, id.as_deref());
            return json_line(out, &Row { path, line, id, first, second, continuation });
        }
        let name = match self.args.method {
            NextMethodArg::Nsp => "is_next",
            NextMethodArg::Mlm => "gain",
        };
        if let Some(table) = &mut self.table {
            let figures = [(name, continuation.figure())];
            if let Err(error) = table.write(&pair.cells(), (path, *line), &figures, out)? {
                messages.failure(&error);
            }
            return Ok(());
        }
        if self.two {
            let figure = continuation.figure().map_or("-".into(), shown);
            return Ok(writeln!(out, "{figure}")?);
        }
        let table = self.args.formulas.tsv();
        if !std::mem::replace(&mut self.headed, true) {
            table.write_header(out, [name, "path", "line", "first", "second"])?;
        }
        let figure = continuation.figure().map(|figure| figure.to_string()).unwrap_or_default();
        let line = line.to_string();
        let row = [
            Cell::Plain(&figure),
            Cell::Text(path),
            Cell::Plain(&line),
            Cell::Text(first),
            Cell::Text(second),
        ];
        Ok(table.write(out, row)?)
    }
}
