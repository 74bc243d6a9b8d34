//! `cloze anisotropy`: anisotropy of hidden states, layer by layer, before and after a correction.
pub(crate) mod args;

use std::io::Write as _;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::Level;
use cloze::embed::anisotropy::sample::VectorSampler;
use cloze::{EncoderParams, LayerSampler, modules};
use cloze_report::anisotropy::{AnisotropyReport, ComparedCorrection};
use cloze_report::grid::write_grids;

use crate::cli::CommonFlags;
use crate::commands::anisotropy::args::AnisotropyArgs;
use crate::commands::embed::note_cut;
use crate::flags::find_model;
use crate::flags::texts::TextsFlags;
use crate::input::texts;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;

pub(crate) fn run(
    common: &CommonFlags,
    args: &AnisotropyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let params = args.measure()?.check()?;
    args.read.params()?;
    // Opened before the work, so that what cannot be written is known then.
    let file = |path| Out::to(Some(path), args.force);
    let svg = args.svg.as_deref().map(file).transpose()?;
    let html = args.html.as_deref().map(file).transpose()?;
    let mut out = Out::to(args.output.as_deref(), args.force)?;

    let encoder = open(common, args, messages)?;
    let sampler = VectorSampler::new(args.seed, args.sample);
    let (mut read, mut texts, mut vectors) = (0, 0, 0);
    let input = TextsFlags { paths: args.paths.clone(), given: args.given.clone() };
    texts::for_each_text(&input, &args.read, messages, |chunk| {
        let numbered: Vec<(u64, &str)> =
            (read..).zip(chunk.iter().map(|t| t.text.as_str())).collect();
        read += chunk.len() as u64;
        let encode = |texts: &[(u64, &str)]| encoder.sample(texts, &sampler);
        for (text, sampled) in chunk.iter().zip(isolate(&numbered, encode)?) {
            match sampled {
                Ok(count) => {
                    texts += 1;
                    vectors += count;
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    note_cut(encoder.truncated(), encoder.model().max_tokens(), messages);

    let sample = sampler.finish();
    if sample.len() < 4 {
        let what = if args.level == Level::Token { "token" } else { "text" };
        let count = plural(sample.len() as u64, what);
        bail!("expected at least 4 {what}s to compare in two pairs, found {count}");
    }
    let method = args.correction.method(None, None).map(|m| m.effective(encoder.width()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.vectors.work.threads.map_or(cores, |n| n.min(cores));
    let (layers, width) = (encoder.layers(), encoder.width());
    let report = AnisotropyReport {
        model: encoder.model().name(),
        model_sha256: encoder.model().sha256()?,
        level: args.level,
        pooling: encoder.poolings().cloned(),
        texts,
        vectors,
        sample: sample.len(),
        seed: args.seed,
        correction: method.map(|method| ComparedCorrection { method, fitted_on: "this sample" }),
        notes: vec![],
        layers: params.measure_layers(&sample, layers, width, method, threads)?,
    };
    let report = report.with_notes();
    // Files before standard output, whose reader may go away.
    let plot = match (&svg, &html) {
        (None, None) => String::new(),
        _ => report.plot()?,
    };
    if let Some(mut svg) = svg {
        svg.write_all(plot.as_bytes())?;
        svg.finish()?;
    }
    if let Some(mut html) = html {
        report.write_page(&plot, &mut html)?;
        html.finish()?;
    }
    if args.format.is_json() {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else if let Some(format) = args.format.grid() {
        write_grids(&[report.grid()], format, &mut out)?;
    } else {
        report.write_table(&mut out)?;
    }
    out.finish()
}

fn open(
    common: &CommonFlags,
    args: &AnisotropyArgs,
    messages: &Messages,
) -> anyhow::Result<LayerSampler> {
    let vectors = &args.vectors;
    let mut model = find_model(&vectors.model, messages)?;
    if let Some(route) = &vectors.route {
        model = model.for_task(route)?;
    }
    let poolings = match (args.level, &vectors.pooling) {
        (Level::Sentence, Some(poolings)) => Some(poolings.clone()),
        (Level::Sentence, None) => Some(modules::poolings(&model)?),
        _ => None,
    };
    let params = vectors.work.encoder(EncoderParams::new()).truncate(vectors.truncate);
    let prompt = match args.level {
        Level::Sentence => vectors.prompt_of(&model)?,
        _ => String::new(),
    };
    let runtime = common.load_runtime(messages)?;
    let sampler = LayerSampler::open(&runtime, model, &vectors.layers, poolings, params)?;
    Ok(sampler.prompt(prompt))
}
