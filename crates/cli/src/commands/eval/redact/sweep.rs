//! Redaction with several strengths and windows: a row of figures for each, and the curve.
use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use cloze::evaluate::redaction::RedactionSweep;
use cloze::metrics::redaction::RedactionPoint;
use cloze_corpus::MarkedText;
use cloze_report::grid::{redaction_sweep_grid, write_aligned, write_grids};
use cloze_report::redaction::plot_sweep;
use serde::Serialize;

use super::{CHUNK_TEXTS, NotTagged};
use crate::cli::CommonFlags;
use crate::commands::eval::args::redact::EvalRedactArgs;
use crate::flags::find_model;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

/// Report on a sweep.
#[derive(Serialize)]
struct SweepReport<'a> {
    data: &'a str,
    predicted: &'a str,
    model_sha256: String,
    /// Index of the point chosen, if one was to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<usize>,
    points: &'a [RedactionPoint],
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalRedactArgs,
    gold: &[MarkedText],
    messages: &Messages,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let data = args.file.display().to_string();
    if gold.is_empty() {
        bail!("{data}: expected marked texts, found none");
    }
    let mut plot =
        args.svg.as_deref().map(|path| Out::to(Some(path), args.out.force)).transpose()?;
    let model = find_model(&args.tagger.model, messages)?;
    let (name, model_sha256) = (model.name(), model.sha256()?);
    let runtime = common.load_runtime(messages)?;
    let windows = match &args.sweep_windows[..] {
        [] => vec![args.tagger.window],
        windows => windows.iter().map(|window| window.0).collect(),
    };
    let mut points = vec![];
    for window in windows {
        let builder = args.tagger.builder(model.clone())?.window(window);
        let tagger = builder.runtime(runtime.clone()).open()?;
        let mut sweep = RedactionSweep::new(args.sweep.clone());
        for (chunk, texts) in gold.chunks(CHUNK_TEXTS).enumerate() {
            for (index, source) in sweep.tag(&tagger, texts)? {
                let (path, line) = (data.clone(), texts[index].line);
                messages.failure(&NotTagged { path, line, source });
            }
            let done = (chunk * CHUNK_TEXTS + texts.len()) as u64;
            messages.bar.set_message(plural(done, "text"));
        }
        points.extend(sweep.points(window));
    }
    messages.bar.finish_and_clear();
    let chosen = args.max_wrong.map(|most| RedactionPoint::best(&points, most));
    if let Some(svg) = &mut plot {
        let title = format!("{name} on {data}");
        svg.write_all(plot_sweep(&title, &points, chosen.flatten())?.as_bytes())?;
    }
    let mut out = args.out.open()?;
    if args.format.is_json() {
        let (predicted, chosen) = (name.as_str(), chosen.flatten());
        let report = SweepReport { data: &data, predicted, model_sha256, chosen, points: &points };
        json_line(&mut out, &report)?;
    } else {
        let grids = [redaction_sweep_grid(&points)];
        if let Some(format) = args.format.grid() {
            write_grids(&grids, format, &mut out)?;
        } else {
            writeln!(out, "{name} (SHA-256 {model_sha256})\n")?;
            write_aligned(&grids, &mut out)?;
        }
    }
    out.finish()?;
    if let Some(svg) = plot {
        svg.finish()?;
    }
    if let Some(chosen) = chosen {
        note_choice(
            chosen.map(|index| &points[index]),
            args.max_wrong.unwrap_or_default(),
            messages,
        );
    }
    let (texts, seconds) = (plural(gold.len() as u64, "text"), started.elapsed().as_secs_f64());
    messages.note(&format!("{texts} in {seconds:.1} s"));
    Ok(())
}

/// Notes the settings chosen; where none are within the bound, the run is a failure.
fn note_choice(chosen: Option<&RedactionPoint>, max_wrong: f64, messages: &Messages) {
    if let Some(point) = chosen {
        let window = point.window.map(|window| format!(" --window {window}"));
        messages.note(&format!(
            "least leak with at most {max_wrong} of spans wrong: --prefer-recall={}{}",
            point.recall_bias,
            window.unwrap_or_default()
        ));
    } else {
        messages.always(&format!("no settings with at most {max_wrong} of spans wrong"));
        messages.fail();
    }
}
