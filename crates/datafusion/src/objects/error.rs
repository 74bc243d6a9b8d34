//! Errors of object stores.
use std::path::PathBuf;

use cloze::store::StoreError;

/// Failure of reading from an object store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// Text that is no URL of an object.
    #[error("{url}: {reason}")]
    Url {
        /// The text.
        url: String,
        /// Text of what was expected and found.
        reason: String,
    },
    /// A store that cannot be opened.
    #[error("{url}: cannot be opened{}", hint_for_build())]
    Open {
        /// URL in the store.
        url: String,
        /// Error of the store.
        source: object_store::Error,
    },
    /// An object that cannot be read, or objects that cannot be listed.
    #[error("{url}: cannot be read")]
    Read {
        /// URL of the object.
        url: String,
        /// Error of the store.
        source: object_store::Error,
    },
    /// A session whose registry has no such store.
    #[error("{url}: no such store in this session")]
    NoStore {
        /// URL in the store.
        url: String,
        /// Error of the registry.
        source: Box<datafusion::error::DataFusionError>,
    },
    /// A model without a single file.
    #[error("{url}: expected the files of a model, found none")]
    Empty {
        /// URL of the model's folder.
        url: String,
    },
    /// A model whose name is no plain name of a folder.
    #[error("model {name:?}: expected a plain name, as of a folder, or NAME@SHA-256")]
    Name {
        /// The name.
        name: String,
    },
    /// More files than models have, or deeper folders.
    #[error("{url}: expected a model's folder of at most {limit} files, found more")]
    TooMany {
        /// URL of the model's folder.
        url: String,
        /// Most files.
        limit: usize,
    },
    /// A model of another hash than asked for, in the store or in the folder of models.
    #[error(
        "{place}: expected a model of SHA-256 {expected}, found {found}\n\
         hint: `cloze-cluster hash` prints it where the right one is"
    )]
    OtherModel {
        /// URL or folder of the model.
        place: String,
        /// Hash asked for.
        expected: String,
        /// Hash found.
        found: String,
    },
    /// A folder of this name that was there before, of which nobody said what it must have.
    #[error(
        "{}: is there already\nhint: {name}@{found} takes it as it is; remove it to fetch it again",
        folder.display()
    )]
    Exists {
        /// Folder of the model.
        folder: PathBuf,
        /// Name of the model.
        name: String,
        /// Hash of what is there.
        found: String,
    },
    /// A folder that is no model.
    #[error("{place}")]
    Model {
        /// URL or folder of the model.
        place: String,
        /// Error of opening it.
        source: Box<cloze::Error>,
    },
    /// A file or folder that cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Remedy for a build without the protocols of clouds.
fn hint_for_build() -> &'static str {
    if cfg!(feature = "clouds") {
        ""
    } else {
        "\nhint: a build with `--features clouds` has S3, GCS and Azure"
    }
}
