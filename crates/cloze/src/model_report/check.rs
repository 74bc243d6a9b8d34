//! Models checked without running them.
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::{CARD, Card, Missing};
use serde::Serialize;

use crate::Error;

/// A check of a model: its files beside the hashes of its card, and the card itself.
#[derive(Clone, Debug, Serialize)]
pub struct ModelCheck {
    /// Name of the model.
    pub name: String,
    /// Whether it can be used and its files are those that the card has hashes of.
    pub sound: bool,
    /// Files that are other than the card says, or not there.
    pub changed: Vec<String>,
    /// Reasons why it cannot be used.
    pub problems: Vec<String>,
    /// Items missing from the cards; a sound model may still lack them.
    #[serde(serialize_with = "names")]
    pub missing: Vec<Missing>,
    /// Number of files that the card has hashes of.
    #[serde(skip)]
    pub hashes: usize,
}

fn names<S: serde::Serializer>(missing: &[Missing], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(missing.iter().map(|missing| missing.name()))
}

impl ModelCheck {
    /// A check of the files in `folder`; `problem` is why the model cannot be used.
    pub(super) fn new(
        name: String,
        folder: &Path,
        card: &Card,
        problem: Option<&impl std::error::Error>,
    ) -> Result<Self, Error> {
        let changed: Vec<String> = card
            .changed_files(folder)?
            .iter()
            .map(|(name, found)| match found {
                Some(hash) => {
                    let expected = &card.sha256[name];
                    format!("{name}: SHA-256 is {hash}, but {CARD} has {expected}")
                }
                None => format!("{name}: not there, but {CARD} has its SHA-256"),
            })
            .collect();
        Ok(Self {
            name,
            sound: problem.is_none() && changed.is_empty(),
            changed,
            problems: problem.iter().map(ToString::to_string).collect(),
            missing: card.missing(folder),
            hashes: card.sha256.len(),
        })
    }
}

/// Checks a model's files without running it. The problem is beside the report on it.
///
/// # Errors
/// [`Error::Checkpoint`] if a file that the card has a hash of cannot be read.
pub fn check_model(model: &ModelFolder) -> Result<(ModelCheck, Option<Error>), Error> {
    let problem = cloze_encoder::check_model(model).err().map(Error::from);
    let check = ModelCheck::new(model.name(), model.folder(), model.card(), problem.as_ref())?;
    Ok((check, problem))
}
