//! The `cloze.json` of a head that was fitted, and the model beneath it.
use std::path::{Path, PathBuf};

use cloze_checkpoint::card::{BaseRef, CARD, CARD_VERSION, Card, KIND};
use cloze_checkpoint::{CheckpointError, ModelFolder};
use cloze_heads::classify::HeadSpec;
use cloze_store::{Existing, Location, StoreError, envelope};
use serde::{Deserialize, Serialize};

use crate::{Error, RowParams};

/// The file of a head's numbers in its folder.
pub const HEAD_FILE: &str = "head.safetensors";
/// Content of `cloze.json` in the folder of a head.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadCard {
    /// Fields of every model's card, with the base model.
    #[serde(flatten)]
    pub card: Card,
    /// Settings of the head's rows.
    pub rows: RowParams,
    /// Head, and the settings it was fitted with.
    pub head: HeadSpec,
    /// Record of its training, for people.
    #[serde(default)]
    pub training: serde_json::Value,
}

impl HeadCard {
    /// Reads the one in a folder, and compares the folder's files with its hashes.
    ///
    /// # Errors
    /// As [`open_unchecked`](Self::open_unchecked); [`Error::Checkpoint`] for a file of another hash.
    pub fn open(folder: impl Into<Location>) -> Result<Self, Error> {
        let folder = folder.into();
        let card = Self::open_unchecked(&folder)?;
        card.card.check_files(folder)?;
        Ok(card)
    }

    /// Reads the one in a folder, whatever the folder's files are.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a file that is not there or none of these.
    pub fn open_unchecked(folder: impl Into<Location>) -> Result<Self, Error> {
        Ok(envelope::read_json(folder.into().join(CARD), KIND, CARD_VERSION)?)
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// [`Error::Encoder`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(CARD);
        Ok(envelope::write_json(&path, KIND, CARD_VERSION, self, Existing::Refuse)?)
    }

    /// The model that the head in `folder` goes on top of: at its place relative to that folder, or
    /// else of its name.
    ///
    /// # Errors
    /// [`Error::Model`] if none is named; [`Error::OtherBase`] if it is another than the head was
    /// fitted on; else as [`ModelFolder::find`].
    pub fn base(&self, folder: impl Into<Location>) -> Result<ModelFolder, Error> {
        let folder = folder.into();
        let Some(base) = &self.card.base else {
            let what = "expected the base model of the head, base, found none";
            return Err(Error::Model { path: folder.join(CARD).to_path_buf(), what: what.into() });
        };
        open_base(base, &folder)
    }
}

/// The model that what is saved in `folder` goes on top of.
pub(crate) fn open_base(base: &BaseRef, folder: &Location) -> Result<ModelFolder, Error> {
    let location = base.find(folder);
    let location = location.map_err(|looked| CheckpointError::NoModel {
        name: base.name.clone(),
        looked,
        nearest: None,
        in_current_folder: false,
    })?;
    let model = ModelFolder::open(location)?;
    check_base(base, folder, &model)?;
    Ok(model)
}

/// Whether `model` is the one that what is saved in `folder` goes on top of.
pub(crate) fn check_base(base: &BaseRef, folder: &Path, model: &ModelFolder) -> Result<(), Error> {
    let sha256 = model.sha256()?;
    if sha256 == base.sha256 {
        return Ok(());
    }
    Err(Error::OtherBase {
        head: folder.to_owned(),
        model: model.folder().to_path_buf(),
        expected: base.sha256.clone(),
        found: sha256,
    })
}

/// Record of the model beneath what is saved in `folder`, of which the hash is known.
///
/// # Errors
/// As [`base_folder`].
pub(crate) fn base_ref(
    folder: &Path,
    model: &ModelFolder,
    sha256: String,
) -> Result<BaseRef, Error> {
    Ok(BaseRef { name: model.name(), folder: base_folder(folder, model)?, sha256 })
}

/// Path of a model as seen from `folder`, both as they are on the disk; of one in memory its name.
///
/// # Errors
/// [`Error::Encoder`] if one of the folders is not there.
pub(crate) fn base_folder(folder: &Path, model: &ModelFolder) -> Result<String, Error> {
    if model.folder().is_in_memory() {
        return Ok(model.name());
    }
    Ok(relative(folder, model.folder())?.to_string_lossy().into_owned())
}

/// Path of `to` as seen from the folder `from`.
fn relative(from: &Path, to: &Path) -> Result<PathBuf, Error> {
    let [from, to] = [from, to].map(|p| fs_err::canonicalize(p).map_err(StoreError::Read));
    let (from, to) = (from?, to?);
    let same = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| PathBuf::from(".."));
    Ok(up.chain(to.components().skip(same).map(|c| PathBuf::from(c.as_os_str()))).collect())
}
