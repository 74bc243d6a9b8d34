//! Summaries that name no text.
use std::collections::BTreeMap;
use std::path::Path;

use cloze_store::{Existing, StoreError, envelope};
use serde::{Deserialize, Serialize};

/// Kind of the file.
const KIND: &str = "redaction audit";
/// Version of the format.
const VERSION: u32 = 1;

/// Replacements of a run, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Files in the order of the run.
    pub files: Vec<AuditedFile>,
}

/// Replacements in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditedFile {
    /// Path of the input, as given.
    pub path: String,
    /// SHA-256 of the input, in hexadecimal.
    pub input_sha256: String,
    /// SHA-256 of the output, in hexadecimal.
    pub output_sha256: String,
    /// Counts by label.
    pub labels: BTreeMap<String, Counted>,
}

/// Replacements of one label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Values that were replaced.
    pub replaced: u64,
    /// Values that the policy keeps.
    pub kept: u64,
    /// By who found them: `model`, or the name of a recogniser.
    pub found_by: BTreeMap<String, u64>,
}

impl AuditedFile {
    /// Counts a value.
    pub fn add(&mut self, label: &str, found_by: &str, kept: bool) {
        let counted = self.labels.entry(label.to_owned()).or_default();
        *if kept { &mut counted.kept } else { &mut counted.replaced } += 1;
        *counted.found_by.entry(found_by.to_owned()).or_default() += 1;
    }
}

impl Audit {
    /// Writes the summary as JSON.
    ///
    /// # Errors
    /// As [`envelope::write_json`].
    pub fn write(&self, path: &Path, existing: Existing) -> Result<(), StoreError> {
        envelope::write_json(path, KIND, VERSION, self, existing)
    }

    /// Reads a summary.
    ///
    /// # Errors
    /// As [`envelope::read_json`].
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        envelope::read_json(path, KIND, VERSION)
    }
}
