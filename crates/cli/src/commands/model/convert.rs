//! `cloze model convert`: weights stored smaller, or a graph.
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cloze::companions::companions;
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, ModelFolder};
use cloze_graph::construct::{BuildParams, Graph};
use cloze_store::{AtomicFolder, Existing, StoreError};
use serde::Serialize;

use crate::commands::model::args::{ConvertArgs, ConvertTo};
use crate::flags::dtype::DtypeArg;
use crate::flags::find_model;
use crate::terminal::messages::Messages;
use crate::terminal::out::stdout;

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
    let same = |a: &Path, b: &Path| fs_err::canonicalize(a).ok() == fs_err::canonicalize(b).ok();
    if args.output.exists() && same(&args.output, model.folder()) {
        bail!("{}: the model's own folder; name another", args.output.display());
    }
    let alone = args.to == ConvertTo::Onnx && args.output.extension().is_some_and(|e| e == "onnx");
    let written = if alone {
        write_weights(&checkpoint, args, &args.output, existing)?;
        vec![args.output.clone()]
    } else {
        write_folder(&model, &checkpoint, args)?
    };
    let size = |path: &Path| fs_err::metadata(path).map_or(0, |m| m.len());
    let report = Converted {
        written: written.iter().map(|p| p.display().to_string()).collect(),
        bytes: size(&written[0]),
        bytes_before: checkpoint.weights().files().iter().map(|file| size(file)).sum(),
    };
    let mut out = stdout();
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

/// Writes the folder; returns its files, the weights first. Of a folder that is there, all other
/// files stay.
fn write_folder(
    model: &ModelFolder,
    checkpoint: &Checkpoint,
    args: &ConvertArgs,
) -> anyhow::Result<Vec<PathBuf>> {
    let weights = match args.to {
        ConvertTo::Onnx => "model.onnx",
        ConvertTo::Safetensors => "model.safetensors",
    };
    let companions = companions(model)?;
    let names = || [weights].into_iter().chain(companions.iter().map(|c| c.name.as_str()));
    let written: Vec<PathBuf> = names().map(|name| args.output.join(name)).collect();
    if !args.force
        && let Some(path) = written.iter().find(|path| fs_err::symlink_metadata(path).is_ok())
    {
        return Err(StoreError::Exists { path: path.clone() }.into());
    }
    let folder = AtomicFolder::create(&args.output, Existing::Replace)?;
    write_weights(checkpoint, args, &folder.path().join(weights), Existing::Refuse)?;
    for companion in &companions {
        // An adapter's classifier makes it another.
        if companion.name == "config.json" {
            fs_err::write(folder.path().join("config.json"), checkpoint.config_json()?)?;
        } else {
            companion.write(folder.path())?;
        }
    }
    folder.commit()?;
    Ok(written)
}

/// Writes the weights in their new form.
fn write_weights(
    checkpoint: &Checkpoint,
    args: &ConvertArgs,
    path: &Path,
    existing: Existing,
) -> anyhow::Result<()> {
    match args.to {
        ConvertTo::Onnx => {
            let to = args.dtype.map_or(StoredType::F32, DtypeArg::value);
            // 8-bit weights in 7: the file may be run by a processor that these are too large for.
            let graph =
                Graph::build(checkpoint, &BuildParams::all_results(checkpoint).seven_bits(true))?;
            graph.write_onnx(to, path, existing)?;
        }
        ConvertTo::Safetensors => {
            let stored = || checkpoint.weights().stored_type().unwrap_or(StoredType::F32);
            let to = args.dtype.map_or_else(stored, DtypeArg::value);
            checkpoint.write_weights(to, path, existing)?;
        }
    }
    Ok(())
}
