//! Errors.
use std::path::PathBuf;

use cloze_store::StoreError;

/// Error in redacting or restoring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedactError {
    /// Name of no action.
    #[error(
        "no action {found:?}: expected mask, mask:TEXT, number, hash, partial, pseudonym or keep"
    )]
    Action {
        /// The name.
        found: String,
    },
    /// Text that is no setting `LABEL=ACTION`.
    #[error("expected ACTION or LABEL=ACTION, found {found:?}")]
    Setting {
        /// The text.
        found: String,
    },
    /// Policy file that is not TOML, or has something else in it.
    #[error("{}:{line}: not a policy", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Error of the reader.
        source: Box<toml::de::Error>,
    },
    /// Policy that hashes, without a key that lasts.
    #[error("hashes need a key that is kept: without it they differ from run to run")]
    NoKey,
    /// No random numbers from the operating system.
    #[error("no random numbers from the operating system: {0}")]
    Random(getrandom::Error),
    /// Line of a key file that is none.
    #[error("{}:{line}: not a line of a redaction key", path.display())]
    KeyLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Error of the reader.
        source: serde_json::Error,
    },
    /// Key file that begins with something else.
    #[error("{}: expected a redaction key of version 1, found {found}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// Kind and version in the first line.
        found: String,
    },
    /// Key file that others may read.
    #[error("{}: a key that other users may read (mode {mode:04o})", path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// Permissions, in octal as `chmod` takes them.
        mode: u32,
    },
    /// Redacted file that the key does not know: changed since, or of another run.
    #[error("{}: no changes are recorded for a file with this content", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// Redacted file that stands for several originals.
    #[error("{}: expected one original, found {}", path.display(), sources.join(", "))]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// Paths of the originals.
        sources: Vec<String>,
    },
    /// Changes that do not fit the file or do not give the file they were recorded for.
    #[error("{}: the recorded changes do not bring back the original", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Writing failed.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Error of the file layer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
