//! Errors of reading and writing files.
use std::io;
use std::path::PathBuf;

/// Why a file could not be read or written. Every text names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    Read(io::Error), // from `fs_err`, so the text already names the file
    /// The file cannot be written; nothing has changed under its name.
    #[error("{path}: cannot be written")]
    Write {
        /// The file to be written.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// More than the reader is ready to hold in memory.
    #[error("{path}: expected at most {max} bytes, found {bytes} or more")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Number of bytes that the file is known to have.
        bytes: u64,
        /// Largest number of bytes allowed.
        max: u64,
    },
    /// There is a file of this name, and it was not to be replaced.
    #[error("{path}: exists already")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The name is that of a folder, a device or a pipe, which no file can take the place of.
    #[error("{path}: expected a file name, found something other than a regular file")]
    NotAFile {
        /// The name.
        path: PathBuf,
    },
    /// The name is that of a link to nothing.
    #[error(
        "{path}: expected a file, a folder or a free name, found a link to {target}, which is not there\nhint: remove the link, or create its target"
    )]
    DanglingLink {
        /// The name.
        path: PathBuf,
        /// Target of the link.
        target: PathBuf,
    },
    /// The name is that of a file, or of none that a folder could have.
    #[error("{path}: expected a folder name, found something other than a folder")]
    NotAFolder {
        /// The name.
        path: PathBuf,
    },
    /// [`discard_pending`](crate::discard_pending) came before the commit.
    #[error("{path}: not written, because the run was interrupted")]
    Discarded {
        /// The file that would have been written.
        path: PathBuf,
    },
    /// The file is not JSON, is cut off, or lacks a field.
    #[error("{path}:{line}:{column}: expected the JSON of a {kind:?}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The kind it should be of.
        kind: String,
        /// Line at which reading stopped; counts from 1.
        line: usize,
        /// The byte of that line; counts from 1.
        column: usize,
        /// Error of the parser.
        source: serde_json::Error,
    },
    /// The file is JSON, but of another kind or of none.
    #[error("{path}: expected a file of kind {expected:?}, found {}",
        .found.as_ref().map_or_else(|| "no kind".to_owned(), |kind| format!("{kind:?}")))]
    WrongKind {
        /// The file.
        path: PathBuf,
        /// The kind asked for.
        expected: String,
        /// The kind the file says it is of.
        found: Option<String>,
    },
    /// A later version of cloze wrote the file.
    #[error("{path}: expected {kind:?} of format version {newest} or older, found {found}")]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Kind of the file.
        kind: String,
        /// The newest version that can be read.
        newest: u32,
        /// The version of the file.
        found: u64,
    },
    /// The value cannot be put into JSON.
    #[error("{path}: this {kind:?} cannot be written as JSON")]
    Serialize {
        /// The file to be written.
        path: PathBuf,
        /// The kind of the value.
        kind: String,
        /// Error of the serializer.
        source: serde_json::Error,
    },
}
