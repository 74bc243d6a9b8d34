//! Training data: files of any format, or records in memory.
use cloze_report::DataFile;
use cloze_store::checksum;

use super::FineTuneError;

/// Records of a data set: files, or records in memory.
#[derive(Clone, Debug)]
pub enum DataSource<R> {
    /// Paths of files; `-` is standard input.
    Files(Vec<String>),
    /// Records in memory.
    Records {
        /// Name of the records in reports.
        name: String,
        /// The records.
        records: Vec<R>,
    },
}

impl<R> DataSource<R> {
    /// Names of the files, or of the records.
    pub(super) fn names(&self) -> String {
        match self {
            Self::Files(paths) => paths.join(", "),
            Self::Records { name, .. } => name.clone(),
        }
    }
}

impl<R> From<Vec<String>> for DataSource<R> {
    fn from(paths: Vec<String>) -> Self {
        Self::Files(paths)
    }
}

/// Data of a training: to train on, to validate while training, to test the trained model.
#[derive(Clone, Debug)]
pub struct TrainingData<R> {
    /// Training data.
    pub train: DataSource<R>,
    /// Validation data; `None` holds out a share of the training data.
    pub dev: Option<DataSource<R>>,
    /// Test data.
    pub test: Option<DataSource<R>>,
}

impl<R> TrainingData<R> {
    /// Training data alone, of which a share is held out.
    pub fn new(train: impl Into<DataSource<R>>) -> Self {
        Self { train: train.into(), dev: None, test: None }
    }

    /// Validation data, in place of a share that is held out; `None` for no file.
    #[must_use]
    pub fn dev(self, dev: impl Into<DataSource<R>>) -> Self {
        Self { dev: present(dev.into()), ..self }
    }

    /// Test data; `None` for no file.
    #[must_use]
    pub fn test(self, test: impl Into<DataSource<R>>) -> Self {
        Self { test: present(test.into()), ..self }
    }
}

fn present<R>(source: DataSource<R>) -> Option<DataSource<R>> {
    match &source {
        DataSource::Files(paths) if paths.is_empty() => None,
        _ => Some(source),
    }
}

/// Describes a file for the report, with its checksum if it is one.
pub(super) fn data_file(path: &str, examples: usize) -> Result<DataFile, FineTuneError> {
    let sha256 = (path != "-").then(|| checksum::sha256_file(path)).transpose();
    let sha256 = sha256.map_err(|source| FineTuneError::File { path: path.to_owned(), source })?;
    Ok(DataFile { file: path.to_owned(), sha256, examples })
}
