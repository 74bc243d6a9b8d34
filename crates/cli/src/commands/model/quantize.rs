//! `cloze model quantize`: int8 matrices in a model's layers.
use std::io::Write as _;
use std::path::Path;

use anyhow::bail;
use cloze::batch::isolate;
use cloze_checkpoint::decoder::{DecoderCheckpoint, is_decoder};
use cloze_checkpoint::quantize::{
    ActivationCalibration, Observed, QuantizeParams, quantize as write_int8, quantize_decoder,
};
use cloze_checkpoint::weights::Weights;
use cloze_checkpoint::{Checkpoint, CheckpointError, ModelFolder};
use cloze_encoder::EncoderParams;
use cloze_encoder::observe::{self, Observer};
use cloze_store::Existing;
use serde::Serialize;

use super::standalone::{self, Written};
use crate::cli::CommonFlags;
use crate::commands::model::args::ModelQuantizeArgs;
use crate::flags::find_model;
use crate::input::texts;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

#[derive(Serialize)]
struct Quantized {
    output: String,
    bytes: u64,
    bytes_before: u64,
    sha256: String,
}

pub(super) fn quantize(
    common: &CommonFlags,
    args: &ModelQuantizeArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let model = find_model(&args.model, messages)?;
    if !model.has_weights() {
        bail!("{}: expected model.safetensors to quantize, found none", model.folder().display());
    }
    let writes = is_decoder(model.model_type());
    if writes && !args.calibrate.is_empty() {
        bail!("--calibrate is for encoders; {} is a decoder", model.name());
    }
    let observed = observe(common, args, &model, messages)?;
    let by = match &observed {
        Some((_, texts)) if args.fixed => {
            format!("smoothed and with static scales, both calibrated on {texts} texts")
        }
        Some((_, texts)) => {
            format!("smoothed by calibration on {texts} texts, with one scale per token")
        }
        None => "with one scale per token".to_owned(),
    };
    let made = format!(
        "`{}` with the matrices of its layers{} quantized to 8 bits, with one scale per row; activations are \
         quantized to 8 bits at run time, {by}.\n",
        standalone::name(model.folder()),
        if args.embeddings { " and its word embeddings" } else { "" }
    );
    let calibration = observed
        .as_ref()
        .map(|(observed, _)| ActivationCalibration { observed, fixed: args.fixed });
    let params = QuantizeParams { calibration, embeddings: args.embeddings };
    let size = |weights: &Weights| -> u64 {
        weights.files().iter().map(|file| fs_err::metadata(file).map_or(0, |m| m.len())).sum()
    };
    let write = |weights: &dyn Fn(&Path) -> Result<Vec<u8>, CheckpointError>| {
        standalone::write(&model, &args.output, args.force, &made, |path| Ok(weights(path)?))
    };
    let (Written { bytes, sha256 }, bytes_before) = if writes {
        let checkpoint = DecoderCheckpoint::of(model.sources())?;
        let embeddings = args.embeddings;
        let written =
            write(&|path| quantize_decoder(&checkpoint, embeddings, path, Existing::Refuse))?;
        (written, size(checkpoint.weights()))
    } else {
        let checkpoint = Checkpoint::of(model.sources())?;
        let written = write(&|path| write_int8(&checkpoint, params, path, Existing::Refuse))?;
        (written, size(checkpoint.weights()))
    };
    let report =
        Quantized { output: args.output.display().to_string(), bytes, bytes_before, sha256 };
    let mut out = stdout();
    if args.format.is_json() {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "{}", report.output)?;
        messages.note(&format!("{bytes_before} bytes of weights became {bytes}"));
    }
    Ok(())
}

/// Activation maxima over the calibration texts, and the number of texts; `None` without any.
fn observe(
    common: &CommonFlags,
    args: &ModelQuantizeArgs,
    model: &ModelFolder,
    messages: &Messages,
) -> anyhow::Result<Option<(Vec<Observed>, usize)>> {
    if args.calibrate.is_empty() {
        return Ok(None);
    }
    args.read.params()?;
    let runtime = common.load_runtime(messages)?;
    let observer = Observer::open(&runtime, model, EncoderParams::new())?;
    let (mut seen, mut used) = (observer.nothing(), 0);
    texts::for_each_chunk(&args.calibrate, &args.read, messages, |chunk| {
        let texts: Vec<&str> = chunk.iter().map(|t| t.text.as_str()).collect();
        let each = |texts: &[&str]| Ok(observer.observe(texts)?);
        for (text, observed) in chunk.iter().zip(isolate(&texts, each)?) {
            match observed {
                Ok(maxima) => {
                    used += 1;
                    observe::merge(&mut seen, &maxima);
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(())
    })?;
    if used == 0 {
        bail!("--calibrate: expected texts, found none");
    }
    Ok(Some((seen, used)))
}
