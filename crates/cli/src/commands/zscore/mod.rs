//! `cloze zscore`: corrections fitted on texts, merged, and shown.
pub(crate) mod args;

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use cloze::batch::isolate;
use cloze::core::Matrix;
use cloze::embed::correction::{FittedCorrection, Method};
use cloze::embed::{EmbedError, Level};
use cloze::{Accumulator, SentenceEncoder};
use cloze_report::correction::CorrectionReport;
use cloze_store::{AtomicFile, Existing};

use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::zscore::args::{FitArgs, MergeArgs, ZscoreCommand};
use crate::input::texts;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

pub(crate) fn run(
    common: &CommonFlags,
    command: &ZscoreCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        ZscoreCommand::Fit(args) => fit(common, args, messages),
        ZscoreCommand::Merge(args) => merge(args),
        ZscoreCommand::Info { file, format } => {
            print(&CorrectionReport::new(file, &FittedCorrection::open(file)?), format.is_json())
        }
    }
}

/// Fits a correction in one pass over the texts.
fn fit(common: &CommonFlags, args: &FitArgs, messages: &Messages) -> anyhow::Result<()> {
    let method = args.method()?;
    args.read.params()?;
    let existing = writable(&args.output, args.force)?;
    let encoder = args.vectors.open_uncorrected(common, messages)?;
    let provenance = encoder.provenance(args.level)?;
    check_settings(method, provenance.width)?;
    let mut gathered = Accumulator::new(provenance.width, method.spread());
    let mut used = 0;
    texts::for_each_text(&args.texts, &args.read, messages, |chunk| {
        let texts: Vec<&str> = chunk.iter().map(|t| t.text.as_str()).collect();
        let encode = |texts: &[&str]| rows(&encoder, args.level, provenance.width, texts);
        for (text, encoded) in chunk.iter().zip(isolate(&texts, encode)?) {
            match encoded {
                Ok(rows) => {
                    used += 1;
                    rows.iter().try_for_each(|row| gathered.push(row))?;
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    note_truncated(&encoder, messages);
    let fitted = FittedCorrection::fit(method, provenance, gathered.finish())
        .with_context(|| format!("{}: not written", args.output.display()))?;
    fitted.save(&args.output, existing)?;
    print(&CorrectionReport::new(&args.output, &fitted).of_texts(used), args.format.is_json())
}

/// Returns each text's vectors, uncorrected, `[vectors, width]`. Values that are not finite are found
/// here, so that only the text with them fails.
fn rows(
    encoder: &SentenceEncoder,
    level: Level,
    width: usize,
    texts: &[&str],
) -> Result<Vec<Matrix>, cloze::Error> {
    let matrices: Vec<Matrix> = if level == Level::Sentence {
        let matrix = |vector| Matrix::from_vec(width, vector).unwrap_or_default();
        encoder.pool(texts)?.into_iter().map(matrix).collect()
    } else {
        encoder.pieces(texts, level, false)?.into_iter().map(|pieces| pieces.vectors).collect()
    };
    for rows in &matrices {
        let numbers = rows.as_slice();
        if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
            return Err(EmbedError::NotFinite { dim: index % width, value: numbers[index] }.into());
        }
    }
    Ok(matrices)
}

/// Merges corrections. An unusable one ends the run: a correction merged from the others would be that of
/// another corpus.
fn merge(args: &MergeArgs) -> anyhow::Result<()> {
    let mut seen = vec![];
    for part in &args.parts {
        // What is not there is told of where it is opened.
        let path = fs_err::canonicalize(part).unwrap_or_else(|_| part.clone());
        if seen.contains(&path) {
            bail!("{}: named twice, so that its vectors would count double", part.display());
        }
        seen.push(path);
    }
    let existing = writable(&args.output, args.force)?;
    let mut merged: Option<FittedCorrection> = None;
    for part in &args.parts {
        let next = FittedCorrection::open(part)?;
        merged = Some(match merged {
            None => next,
            Some(so_far) => so_far.merge(&next).with_context(|| {
                let (first, part) = (args.parts[0].display(), part.display());
                format!("{part}: cannot be merged with {first}")
            })?,
        });
    }
    let merged = merged.expect("at least two files are asked for");
    merged.save(&args.output, existing)?;
    print(
        &CorrectionReport::new(&args.output, &merged).of_parts(&args.parts),
        args.format.is_json(),
    )
}

/// Checks that a file can be written, before the work.
fn writable(path: &Path, force: bool) -> anyhow::Result<Existing> {
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    drop(AtomicFile::create(path, existing)?);
    Ok(existing)
}

/// Refuses settings that fit no vectors of this width, before the work.
fn check_settings(method: Method, width: usize) -> anyhow::Result<()> {
    match method {
        Method::Whitening { dims: Some(n) } if !(1..=width).contains(&n) => {
            bail!("--dims is {n}: expected 1 to {width}, the width of a vector")
        }
        Method::AllButTheTop { directions: Some(n) } if n == 0 || n >= width => {
            bail!("--directions is {n}: expected at least 1 and less than the width, {width}")
        }
        _ => Ok(()),
    }
}

fn print(report: &CorrectionReport, json: bool) -> anyhow::Result<()> {
    let mut out = stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(report)?)?;
    } else {
        report.write_text(&mut out)?;
    }
    Ok(())
}
