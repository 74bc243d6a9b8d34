//! Record of a job in its output folder: what the parts there were made of.
use std::fmt::Debug;
use std::path::Path;

use cloze::store::{Existing, envelope};
use serde::{Deserialize, Serialize};

use super::{InputFile, JobError};

/// Name of the record in the output folder.
pub(super) const FILE: &str = "_manifest.json";
const KIND: &str = "cloze-job";
const VERSION: u32 = 1;

/// Everything that the bytes of the output depend on, and nothing else: neither threads nor machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Query, as it was typed.
    pub query: String,
    /// Name of the input in it.
    pub table: String,
    /// Models of the query, each [pinned](crate::ModelName), in alphabetical order.
    pub models: Vec<String>,
    /// Settings of the registry, as [`Models::settings`](crate::Models::settings) writes them.
    pub settings: String,
    /// Engine that writes, with its version.
    pub engine: String,
    /// Rows that a part has at least, but for the last of a file.
    pub part_rows: u64,
    /// Number of parts.
    pub parts: usize,
    /// Input files.
    pub input: Vec<InputFile>,
}

impl Manifest {
    /// Compares with the record in `output`, or leaves one there.
    ///
    /// # Errors
    /// [`JobError::OtherJob`] with the first difference; [`JobError::NotEmpty`] for a folder with other files;
    /// [`JobError::Store`] for a record that cannot be read or written.
    pub(super) fn check_or_write(&self, output: &Path) -> Result<(), JobError> {
        let path = output.join(FILE);
        if path.is_file() {
            let found: Self = envelope::read_json(&path, KIND, VERSION)?;
            return self.check_same(&found, output);
        }
        if let Some(found) = first_file(output)? {
            return Err(JobError::NotEmpty { output: output.to_owned(), found });
        }
        Ok(envelope::write_json(&path, KIND, VERSION, self, Existing::Refuse)?)
    }

    fn check_same(&self, found: &Self, output: &Path) -> Result<(), JobError> {
        let fields = [
            differs("the query", &self.query, &found.query),
            differs("the table", &self.table, &found.table),
            differs("the settings", &self.settings, &found.settings),
            differs("the list of models", &self.models, &found.models),
            differs("the engine", &self.engine, &found.engine),
            differs("part_rows", &self.part_rows, &found.part_rows),
            differs("the number of input files", &self.input.len(), &found.input.len()),
        ];
        let files =
            self.input.iter().zip(&found.input).map(|(a, b)| differs("an input file", a, b));
        let parts = differs("the number of parts", &self.parts, &found.parts);
        match fields.into_iter().chain(files).chain([parts]).flatten().next() {
            None => Ok(()),
            Some((field, expected, found)) => Err(JobError::OtherJob {
                output: output.to_owned(),
                field: field.to_owned(),
                expected,
                found,
            }),
        }
    }
}

fn differs<T: PartialEq + Debug>(
    field: &'static str,
    expected: &T,
    found: &T,
) -> Option<(&'static str, String, String)> {
    (expected != found).then(|| (field, format!("{expected:?}"), format!("{found:?}")))
}

/// A file of the folder that no job has left there.
fn first_file(output: &Path) -> Result<Option<String>, JobError> {
    let mut names = vec![];
    for entry in fs_err::read_dir(output).map_err(cloze::store::StoreError::Read)? {
        let entry = entry.map_err(cloze::store::StoreError::Read)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != super::LOCK && !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names.into_iter().min())
}
