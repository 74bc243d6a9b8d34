//! `cloze eval minimal-pairs`: whether a language model finds the acceptable sentence of a pair
//! likelier, as in BLiMP (Warstadt et al., TACL 2020).
//!
//! - `report`: the report for people.
mod report;

use std::collections::HashMap;
use std::time::Instant;

use anyhow::bail;
use cloze::evaluate::minimal_pairs::{MinimalPair, MinimalPairEvaluation, MinimalPairReport};
use serde_json::Value;

use crate::cli::CommonFlags;
use crate::commands::eval::args::minimal_pairs::MinimalPairsArgs;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};

/// A record without the unacceptable sentence.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: expected a field {field:?} with the other sentence, found {found}")]
struct NoOther {
    path: String,
    line: u64,
    field: String,
    found: String,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &MinimalPairsArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let read = args.read();
    read.params()?;
    let (scorer, model) = args.scorer.open_any(args.masking.given(), None, common, messages)?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    let mut evaluation = MinimalPairEvaluation::new(&*scorer);
    let mut taken = HashMap::<String, u64>::new();
    texts::for_each_chunk(&args.paths, &read, messages, |chunk| {
        let mut pairs: Vec<(Input, String)> = vec![];
        for input in chunk {
            let taken = taken.entry(input.path.clone()).or_default();
            if args.limit.is_some_and(|limit| *taken >= limit) {
                continue;
            }
            *taken += 1;
            match other(&input, &args.bad_field) {
                Ok(other) => pairs.push((input, other)),
                Err(error) => messages.failure(&error),
            }
        }
        let minimal_pairs: Vec<_> = pairs.iter().map(|(input, other)| pair(input, other)).collect();
        for ((input, _), scores) in pairs.iter().zip(evaluation.add(&minimal_pairs)?) {
            if let Err(error) = scores {
                messages.failure(&input.not_encoded(error));
            }
        }
        Ok(())
    })?;
    if evaluation.pairs() == 0 {
        bail!("{}: expected pairs of sentences, found none to score", args.paths.join(", "));
    }
    let report = MinimalPairReport { limit: args.limit, ..evaluation.report(&model)? };
    args.format.write(
        &mut out,
        &report,
        || report::grids(&report),
        |out| report::write(&report, out),
    )?;
    out.finish()?;
    let n = plural(evaluation.pairs() as u64, "pair");
    messages.note(&format!("{n} in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Returns the unacceptable sentence of a record.
fn other(input: &Input, field: &str) -> Result<String, NoOther> {
    match input.metadata.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        value => Err(NoOther {
            path: input.path.clone(),
            line: input.line,
            field: field.to_owned(),
            found: value.map_or("none".into(), ToString::to_string),
        }),
    }
}

/// Returns the pair of a record, whose groups are fields as BLiMP names them.
fn pair<'a>(input: &'a Input, bad: &'a str) -> MinimalPair<'a> {
    let named = |name: &str| {
        input.metadata.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    };
    MinimalPair {
        good: &input.text,
        bad,
        paradigm: named("UID").unwrap_or(&input.path),
        phenomenon: named("linguistics_term"),
        field: named("field"),
    }
}
