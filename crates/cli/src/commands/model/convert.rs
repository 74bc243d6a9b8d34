//! `cloze model convert`: weights stored smaller, or a graph.
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::bail;
use cloze::companions::companions;
use cloze_checkpoint::Checkpoint;
use cloze_checkpoint::weights::StoredType;
use cloze_graph::construct::{BuildParams, Graph};
use cloze_store::{AtomicFile, Existing};
use serde::Serialize;

use crate::commands::model::args::{ConvertArgs, ConvertTo};
use crate::flags::dtype::DtypeArg;
use crate::flags::find_model;
use crate::terminal::messages::Messages;

#[derive(Serialize)]
struct Converted {
    written: Vec<String>,
    bytes: u64,
    bytes_before: u64,
}

pub(super) fn convert(args: &ConvertArgs, messages: &Messages) -> anyhow::Result<()> {
    let model = find_model(&args.model, messages)?;
    if !model.has_weights() {
        bail!("{}: expected model.safetensors to convert, found none", model.folder().display());
    }
    let checkpoint = Checkpoint::of(model.sources())?;
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let alone = args.to == ConvertTo::Onnx && args.output.extension().is_some_and(|e| e == "onnx");
    let result = match args.to {
        ConvertTo::Onnx if alone => args.output.clone(),
        ConvertTo::Onnx => args.output.join("model.onnx"),
        ConvertTo::Safetensors => args.output.join("model.safetensors"),
    };
    let same = |a: &Path, b: &Path| fs_err::canonicalize(a).ok() == fs_err::canonicalize(b).ok();
    if args.output.exists() && same(&args.output, model.folder()) {
        bail!("{}: the model's own folder; name another", args.output.display());
    }
    match args.to {
        ConvertTo::Onnx => {
            let to = args.dtype.map_or(StoredType::F32, DtypeArg::value);
            // 8-bit weights in 7: the file may be run by a processor that these are too large for.
            let graph =
                Graph::build(&checkpoint, &BuildParams::all_results(&checkpoint).seven_bits(true))?;
            graph.write_onnx(to, &result, existing)?;
        }
        ConvertTo::Safetensors => {
            let own = || checkpoint.weights().stored_type().unwrap_or(StoredType::F32);
            let to = args.dtype.map_or_else(own, DtypeArg::value);
            checkpoint.write_weights(to, &result, existing)?;
        }
    }
    let mut written = vec![result.clone()];
    for (name, from) in companions(&model).into_iter().filter(|_| !alone) {
        let to = args.output.join(name);
        let bytes = match name {
            // An adapter's classifier makes it another.
            "config.json" => checkpoint.config_json()?,
            _ => fs_err::read(&*from)?,
        };
        let mut file = AtomicFile::create(&to, existing)?;
        file.write_all(&bytes)?;
        file.commit()?;
        written.push(to);
    }
    let size = |path: &Path| fs_err::metadata(path).map_or(0, |m| m.len());
    let report = Converted {
        written: written.iter().map(|p| p.display().to_string()).collect(),
        bytes: size(&result),
        bytes_before: checkpoint.weights().files().iter().map(|file| size(file)).sum(),
    };
    let mut out = io::stdout().lock();
    if args.format.is_json() {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        for path in &report.written {
            writeln!(out, "{path}")?;
        }
        messages.note(&format!("{} bytes of weights became {}", report.bytes_before, report.bytes));
    }
    Ok(())
}
