//! `cloze eval generate`: texts that a decoder generates beside references.
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Instant;

use anyhow::bail;
use cloze::Error;
use cloze::evaluate::generation::{GenerationEvaluation, GenerationReport, MatchShare};
use cloze::generate::{GenerateParams, Message, PromptCache};
use cloze_corpus::Cells;
use cloze_report::grid::{Grid, GridCell};

use crate::cli::CommonFlags;
use crate::commands::eval::args::decoder::EvalGenerateArgs;
use crate::input::kept::cells_of;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};

/// Prompts that go through the model at once.
const PROMPTS: usize = 32;

/// A record without a prompt or a reference.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: no {field:?} with a text; it has {found}")]
struct NoField {
    path: String,
    line: u64,
    field: String,
    found: String,
}

/// A prompt with its references.
struct Asked {
    prompt: String,
    references: Vec<String>,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalGenerateArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let read = args.records.read(&args.paths, true);
    read.params()?;
    let stop = args.stop.iter().map(|stop| stop.replace("\\n", "\n")).collect();
    let params = GenerateParams::new().max_new_tokens(args.max_new_tokens).stop(stop).check()?;
    let (generator, model) = args.decoder.open(common, messages)?;
    if args.chat {
        generator.chat_template().map_err(Error::from)?;
    }
    let mut out = args.out.open()?;
    let started = Instant::now();
    let mut evaluation = GenerationEvaluation::new();
    let mut cache = PromptCache::new(&generator);
    let mut taken = HashMap::<String, u64>::new();
    texts::for_each_chunk(&args.paths, &read, messages, |chunk| {
        let mut asked: Vec<(Input, Asked)> = vec![];
        for input in chunk {
            let taken = taken.entry(input.path.clone()).or_default();
            if args.limit.is_some_and(|limit| *taken >= limit) {
                continue;
            }
            *taken += 1;
            match record(&input, args) {
                Ok(record) => asked.push((input, record)),
                Err(error) => messages.failure(&error),
            }
        }
        for part in asked.chunks(PROMPTS) {
            let prompts = part.iter().map(|(_, asked)| asked.prompt.as_str());
            let texts = if args.chat {
                let chats: Vec<_> = prompts.map(|prompt| vec![Message::user(prompt)]).collect();
                generator.chat_batch(&mut cache, &chats, &params)
            } else {
                let prompts: Vec<&str> = prompts.collect();
                generator.generate_batch_from(&mut cache, &prompts, &params)
            };
            for ((input, asked), text) in part.iter().zip(texts.map_err(Error::from)?) {
                match text {
                    Ok(text) => {
                        let references: Vec<&str> =
                            asked.references.iter().map(String::as_str).collect();
                        evaluation.add(&text.text, text.tokens.len(), &references);
                    }
                    Err(error) => messages.failure(&input.not_encoded(error.into())),
                }
            }
        }
        Ok(())
    })?;
    if evaluation.texts() == 0 {
        bail!("{}: expected prompts with references, found none", args.paths.join(", "));
    }
    let report = evaluation.report(&model)?;
    args.format.write(&mut out, &report, || vec![grid(&report)], |out| write(&report, out))?;
    out.finish()?;
    let (n, seconds) = (plural(report.texts as u64, "text"), started.elapsed().as_secs_f64());
    messages.note(&format!("{n}, {} in {seconds:.1} s", plural(report.tokens, "token")));
    Ok(())
}

/// Returns the prompt and the references of a record. References that are empty are none.
fn record(input: &Input, args: &EvalGenerateArgs) -> Result<Asked, NoField> {
    let cells = cells_of(input);
    let missing = |field: &str| NoField {
        path: input.path.clone(),
        line: input.line,
        field: field.to_owned(),
        found: cells.names.join(", "),
    };
    let prompt = value(&cells, &args.prompt_field).filter(|text| !text.is_empty());
    let prompt = prompt.ok_or_else(|| missing(&args.prompt_field))?.to_owned();
    let mut references = vec![];
    for field in &args.reference_field {
        let text = value(&cells, field).ok_or_else(|| missing(field))?;
        match serde_json::from_str::<Vec<String>>(text) {
            Ok(list) => references.extend(list),
            Err(_) => references.push(text.to_owned()),
        }
    }
    references.retain(|reference| !reference.trim().is_empty());
    if references.is_empty() {
        return Err(missing(&args.reference_field.join(",")));
    }
    Ok(Asked { prompt, references })
}

fn value<'c>(cells: &'c Cells, field: &str) -> Option<&'c str> {
    let place = cells.names.iter().position(|name| name == field)?;
    cells.values.get(place).map(String::as_str)
}

/// Figures by their names, with their intervals.
fn figures(report: &GenerationReport) -> [(&'static str, f64, (f64, f64)); 4] {
    let MatchShare { share: exact, interval: of_exact, .. } = report.exact;
    let MatchShare { share: normalized, interval: of_normalized, .. } = report.normalized;
    [
        ("exact match", exact, of_exact),
        ("normalised match", normalized, of_normalized),
        ("BLEU", report.bleu.estimate, (report.bleu.low, report.bleu.high)),
        ("chrF", report.chrf.estimate, (report.chrf.low, report.chrf.high)),
    ]
}

fn grid(report: &GenerationReport) -> Grid {
    let row = |(name, figure, (low, high)): (&str, f64, (f64, f64))| {
        vec![GridCell::from(name), figure.into(), low.into(), high.into()]
    };
    Grid {
        title: "figures".into(),
        columns: vec!["figure", "value", "95 % from", "95 % to"],
        rows: figures(report).map(row).into(),
    }
}

fn write(report: &GenerationReport, out: &mut dyn Write) -> io::Result<()> {
    let GenerationReport { model, model_sha256, texts, .. } = report;
    writeln!(out, "{model} (SHA-256 {model_sha256})")?;
    writeln!(out, "{} beside references\n", plural(*texts as u64, "text"))?;
    writeln!(out, "{:16}  {:>8}  {:>20}", "figure", "value", "95 % interval")?;
    for (name, figure, (low, high)) in figures(report) {
        let between = format!("{low:.4} to {high:.4}");
        writeln!(out, "{name:16}  {figure:>8.4}  {between:>20}")?;
    }
    Ok(())
}
