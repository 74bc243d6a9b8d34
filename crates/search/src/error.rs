//! Errors of an index or a search.
use std::io;
use std::path::PathBuf;

/// Why an index could not be made, opened or searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(io::Error), // from `fs_err`, so the text already names the file
    /// A file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file that cloze keeps of its own, or its JSON.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// A correction, or a vector that it cannot take.
    #[error(transparent)]
    Embed(#[from] cloze_embed::EmbedError),
    /// A setting is out of its bounds.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Values allowed.
        expected: String,
        /// Kind.
        found: String,
    },
    /// A vector has another width than the index.
    #[error("{what}: expected {expected} numbers, found {found}")]
    Width {
        /// The vector.
        what: String,
        /// The width of the index.
        expected: usize,
        /// The width of the vector.
        found: usize,
    },
    /// A vector with a number that is not finite, or so long that products leave the range of f32.
    #[error("{what}: expected finite numbers and a length of at most 1e18, found {found}")]
    Vector {
        /// The vector.
        what: String,
        /// The number, or the length.
        found: f64,
    },
    /// There is no index in the folder.
    #[error("{}: no index here: expected a file index.json", folder.display())]
    NoIndex {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has an index already, or files of others.
    #[error("{}: expected an empty place, found {found}", folder.display())]
    Exists {
        /// The folder.
        folder: PathBuf,
        /// Contents of the folder.
        found: &'static str,
    },
    /// Another process is writing to the index.
    #[error("{}: another process is writing to this index", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the index is not as it was written.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// State of the file when it was written.
        expected: String,
        /// Kind.
        found: String,
    },
    /// Two records have one id.
    #[error("the id {id:?} occurs twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// There is no row of that number.
    #[error("row {row}: expected one of {rows}")]
    NoRow {
        /// The row.
        row: u64,
        /// Number of rows.
        rows: u64,
    },
    /// The graph of approximate search cannot be made or searched.
    #[error("{}: {what}", path.display())]
    Graph {
        /// The graph's file, or the folder it was to be in.
        path: PathBuf,
        /// Message of the library.
        what: String,
    },
    /// The index was made without the words of its texts.
    #[error("{}: this index does not keep the words of its texts", folder.display())]
    NoKeywords {
        /// The folder.
        folder: PathBuf,
    },
    /// A filter is not of the form expected.
    #[error("filter {found:?}: expected key=value, key!=value, or key<number with <, <=, > or >=")]
    Filter {
        /// The filter.
        found: String,
    },
}

impl SearchError {
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Write { path, source }
    }
}
