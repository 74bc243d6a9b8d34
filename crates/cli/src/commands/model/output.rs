//! The folder of a model that is trained.
use std::path::{Path, PathBuf};

use anyhow::bail;
use cloze::classifier::HEAD;
use cloze_checkpoint::card::Card;
use cloze_checkpoint::{ModelFolder, adapter};
use cloze_store::{AtomicFolder, Existing, StoreError};

use super::COMPANIONS;
use crate::commands::train::args::training::TrainingArgs;

/// What makes up a model besides its companions: of another model it must not stay.
const PARTS: [&str; 5] =
    [HEAD, adapter::CONFIG, adapter::TENSORS, "model.safetensors", "train.jsonl"];
/// What reports have beside their page.
const PLOT: &str = "curve.svg";

/// A file that has the folder's name and an ending, beside the folder.
pub(crate) fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    output.with_file_name(name)
}

/// That `output` is no folder that the model is read from: what takes its place may need it.
pub(crate) fn refuse_sources(output: &Path, model: &ModelFolder) -> anyhow::Result<()> {
    let sources = model.sources();
    let parts = sources.adapters().iter().map(|(folder, _)| folder.as_path());
    for part in parts.chain([model.folder(), sources.base()]) {
        let same = |path: &Path| fs_err::canonicalize(path).ok();
        if output.exists() && same(output) == same(part) {
            bail!("{}: the folder of the model, its base or adapter; name another", part.display());
        }
    }
    Ok(())
}

/// Starts the folder, so that nobody trains for an hour to learn that it cannot be written. What is
/// there is replaced only if it is a trained model, and not the one that training starts from.
pub(crate) fn create(args: &TrainingArgs, model: &ModelFolder) -> anyhow::Result<AtomicFolder> {
    let (output, force) = (&*args.output, args.force);
    refuse_sources(output, model)?;
    if force && output.is_dir() {
        let trained = |card: Card| card.is_head(output) || card.training.is_some();
        if !Card::open(output).is_ok_and(trained) {
            bail!("{}: expected a trained model to replace, found none there", output.display());
        }
    }
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    let folder = AtomicFolder::create(output, existing).map_err(|error| match error {
        StoreError::Exists { .. } => {
            anyhow::anyhow!("{error}\nhint: --force replaces a trained model")
        }
        error => error.into(),
    })?;
    let companions = COMPANIONS.map(|name| name.split('/').next().unwrap_or(name));
    Ok(folder.without(&PARTS).without(&companions).without(&[PLOT]))
}
