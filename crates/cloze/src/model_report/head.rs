//! Folders that hold a head alone.
use std::path::{Path, PathBuf};

use cloze_checkpoint::card::{BaseRef, Card};
use cloze_checkpoint::find_folder;
use cloze_heads::classify::Classifier;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ModelCheck;
use crate::Error;
use crate::classifier::{HEAD_FILE, HeadCard};

/// Returns the folder of the model of this name if it is a head; `None` if it is an encoder.
///
/// # Errors
/// [`Error::Checkpoint`] if there is no such model.
pub fn find_head(name: &str) -> Result<Option<PathBuf>, Error> {
    let folder = find_folder(name)?;
    // A file that cannot be read is for those who open the model to name.
    let is_head = Card::open(&folder).is_ok_and(|card| card.is_head(&folder));
    Ok(Some(folder).filter(|_| is_head))
}

/// A folder that holds a head alone: its card, its labels and its settings.
#[derive(Clone, Debug, Serialize)]
pub struct HeadReport {
    /// Name, that of the folder.
    pub name: String,
    /// Folder.
    pub folder: String,
    /// Task, as the card has it.
    pub task: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Licence.
    pub license: Option<String>,
    /// Attribution.
    pub attribution: Option<String>,
    /// Source of its data.
    pub source: Option<String>,
    /// Encoder that it goes on top of.
    pub base: Option<BaseRef>,
    /// Labels.
    pub labels: Vec<String>,
    /// Whether a text has none, one or several of the labels.
    pub several_labels: bool,
    /// Settings of its rows.
    pub rows: Value,
    /// Width of its rows.
    pub width: usize,
    /// Temperature of its probabilities.
    pub temperature: f64,
    /// Settings it was fitted with.
    pub settings: Map<String, Value>,
    /// Record of its training.
    pub training: Value,
    /// SHA-256 of its weights, in hexadecimal.
    pub sha256: String,
}

impl HeadReport {
    /// Reads the folder of a head.
    ///
    /// # Errors
    /// As [`HeadCard::open`]; [`Error::Checkpoint`] if its weights cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let HeadCard { card, rows, head, training } = HeadCard::open(folder)?;
        let license = card.license(folder);
        let rows = serde_json::to_value(&rows)
            .map_err(|error| Error::Model { path: folder.to_owned(), what: error.to_string() })?;
        Ok(Self {
            name: name(folder),
            folder: folder.display().to_string(),
            task: card.task,
            description: card.description,
            license,
            attribution: card.attribution,
            source: card.source,
            base: card.base,
            labels: head.labels,
            several_labels: head.multi_label,
            rows,
            width: head.width,
            temperature: head.temperature,
            settings: head.settings,
            training,
            sha256: cloze_store::checksum::sha256_file(folder.join(HEAD_FILE))?,
        })
    }
}

/// Checks a head: its files, its numbers, and the encoder that it goes on top of. The problem is beside
/// the report on it.
///
/// # Errors
/// [`Error::Checkpoint`] if its card cannot be read.
pub fn check_head(folder: &Path) -> Result<(ModelCheck, Option<Error>), Error> {
    let problem = problem(folder).err();
    let card = Card::open(folder)?;
    Ok((ModelCheck::new(name(folder), folder, &card, problem.as_ref())?, problem))
}

fn problem(folder: &Path) -> Result<(), Error> {
    let card = HeadCard::open_unchecked(folder)?;
    Classifier::open(folder.join(HEAD_FILE), &card.head)?;
    card.base(folder).map(drop)
}

fn name(folder: &Path) -> String {
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
