//! `cloze eval minimal-pairs`: whether a masked language model finds the acceptable sentence of a pair
//! likelier, as in BLiMP (Warstadt et al., TACL 2020).
//!
//! - `report`: what it has come to.
mod report;

use std::collections::HashMap;
use std::time::Instant;

use anyhow::bail;
use cloze::TextScore;
use cloze::batch::isolate;
use serde_json::Value;

use crate::cli::CommonFlags;
use crate::commands::eval::args::minimal_pairs::MinimalPairsArgs;
use crate::commands::score::parts;
use crate::input::texts::{self, Input};
use crate::shares::Likelier;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::json_line;
use report::Report;

/// A pair and what was found of it. Its kinds are as the file has them.
struct Judged {
    paradigm: String,
    term: Option<String>,
    field: Option<String>,
    likelier: Likelier,
}

/// A record without the other sentence.
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
    let (scorer, model) = args.scorer.open(args.masking.value(), common, messages)?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    let mut judged: Vec<Judged> = vec![];
    let (mut taken, mut unknown) = (HashMap::<String, u64>::new(), 0);
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
        parts(
            &pairs,
            |(input, other)| input.text.len() + other.len(),
            |part| {
                let both: Vec<(&str, &str)> = part
                    .iter()
                    .map(|(input, other)| (input.text.as_str(), other.as_str()))
                    .collect();
                let score = |pairs: &[(&str, &str)]| -> Result<Vec<[TextScore; 2]>, cloze::Error> {
                    let texts: Vec<&str> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
                    let mut found = scorer.score(&texts)?.into_iter();
                    Ok(std::iter::from_fn(|| Some([found.next()?, found.next()?])).collect())
                };
                for ((input, _), found) in part.iter().zip(isolate(&both, score)?) {
                    match found {
                        Ok([good, bad]) => {
                            unknown += good.sums.unknown + bad.sums.unknown;
                            let sums = [good, bad].map(|text| text.sums.log_probability);
                            judged.push(Judged::of(input, Likelier::of(sums[0], sums[1])));
                        }
                        Err(error) => messages.failure(&input.not_encoded(error)),
                    }
                }
                Ok(())
            },
        )
    })?;
    if judged.is_empty() {
        bail!("{}: expected pairs of sentences, found none to score", args.paths.join(", "));
    }
    let report = Report::new(&model, &judged, unknown, args)?;
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    let n = plural(judged.len() as u64, "pair");
    messages.note(&format!("{n} in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// The other sentence of a record.
fn other(input: &Input, field: &str) -> Result<String, NoOther> {
    match input.metadata.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        found => Err(NoOther {
            path: input.path.clone(),
            line: input.line,
            field: field.to_owned(),
            found: found.map_or("none".into(), ToString::to_string),
        }),
    }
}

impl Judged {
    fn of(input: &Input, likelier: Likelier) -> Self {
        let named = |name: &str| {
            Some(input.metadata.get(name)?.as_str()?.to_owned()).filter(|text| !text.is_empty())
        };
        Self {
            paradigm: named("UID").unwrap_or_else(|| input.path.clone()),
            term: named("linguistics_term"),
            field: named("field"),
            likelier,
        }
    }
}
