//! Folder of a new model.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::Card;
use cloze_store::{AtomicFolder, Existing};

use super::FineTuneError;
use crate::companions::without_parts;

/// Path of a file beside `output` that has its name and an ending.
#[must_use]
pub fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    output.with_file_name(name)
}

/// Refuses an output that is a folder which the model is read from.
///
/// # Errors
/// [`FineTuneError::OutputIsSource`].
pub fn refuse_sources(output: &Path, model: &ModelFolder) -> Result<(), FineTuneError> {
    let sources = model.sources();
    let parts = sources.adapters().iter().map(|(folder, _)| folder);
    for part in parts.chain([model.folder(), sources.base()]) {
        let same = |path: &Path| fs_err::canonicalize(path).ok();
        if output.exists() && same(output) == same(part) {
            return Err(FineTuneError::OutputIsSource { folder: part.to_path_buf() });
        }
    }
    Ok(())
}

/// Begins the folder, so that nobody trains for an hour to learn that it cannot be written. With
/// `replace`, a trained model that is there is replaced, unless the training begins with it.
///
/// # Errors
/// [`FineTuneError::OutputIsSource`], [`FineTuneError::NotTrained`], and [`FineTuneError::Store`] for
/// a folder that is there or cannot be written.
pub fn create_folder(
    output: &Path,
    replace: bool,
    model: &ModelFolder,
) -> Result<AtomicFolder, FineTuneError> {
    refuse_sources(output, model)?;
    begin_folder(output, replace)
}

/// Begins the folder of a model that is new.
pub(super) fn begin_folder(output: &Path, replace: bool) -> Result<AtomicFolder, FineTuneError> {
    if replace && output.is_dir() {
        let trained = |card: Card| card.is_head(output) || card.training.is_some();
        if !Card::open(output).is_ok_and(trained) {
            return Err(FineTuneError::NotTrained { folder: output.to_owned() });
        }
    }
    let existing = if replace { Existing::Replace } else { Existing::Refuse };
    Ok(without_parts(AtomicFolder::create(output, existing)?))
}
