//! `cloze anisotropy`: how narrow the cone is that vectors lie in, layer by layer, before and after a
//! correction.
//!
//! - `layers`: every hidden state in one run of the encoder;
//! - `sample`: a random choice of vectors, the same places in every layer;
//! - `report`: the measurement of each layer.
pub(crate) mod args;
mod layers;
mod report;
mod sample;

use std::io::Write as _;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::Level;

use crate::cli::CommonFlags;
use crate::commands::anisotropy::args::AnisotropyArgs;
use crate::commands::embed::note_cut;
use crate::input::texts;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;
use layers::LayerEncoder;
use report::{Measured, measure};
use sample::Sampler;

pub(crate) fn run(
    common: &CommonFlags,
    args: &AnisotropyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let params = args.measure()?.check()?;
    args.read.params()?;
    // Opened before the work, so that what cannot be written is known then.
    let open = |path| Out::to(Some(path), args.force);
    let svg = args.svg.as_deref().map(open).transpose()?;
    let html = args.html.as_deref().map(open).transpose()?;
    let mut out = Out::to(args.output.as_deref(), args.force)?;

    let encoder = LayerEncoder::open(common, args, messages)?;
    let sampler = Sampler::new(args.seed, args.sample);
    let (mut read, mut texts, mut vectors) = (0, 0, 0);
    texts::for_each_chunk(&args.paths, &args.read, messages, |chunk| {
        let all: Vec<(u64, &str)> = (read..).zip(chunk.iter().map(|t| t.text.as_str())).collect();
        read += chunk.len() as u64;
        let encode = |texts: &[(u64, &str)]| encoder.sample(texts, &sampler);
        for (text, found) in chunk.iter().zip(isolate(&all, encode)?) {
            match found {
                Ok(count) => {
                    texts += 1;
                    vectors += count;
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    note_cut(encoder.truncated(), encoder.model.max_tokens(), messages);

    let sample = sampler.finish();
    if sample.len() < 4 {
        let what = if args.level == Level::Token { "token" } else { "text" };
        let found = plural(sample.len() as u64, what);
        bail!("expected at least 4 {what}s to compare in two pairs, found {found}");
    }
    let measured = Measured { sample: &sample, params: &params, texts, vectors };
    let report = measure(&encoder, args, &measured)?;
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
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        report.write_table(&mut out)?;
    }
    out.finish()
}
