//! Files that data came from.
use serde::Serialize;

/// A file that examples came from.
#[derive(Clone, Debug, Serialize)]
pub struct DataFile {
    /// The path, as it was named.
    pub file: String,
    /// The SHA-256 of its bytes in hexadecimal; `None` for standard input.
    pub sha256: Option<String>,
    /// The number of examples read from it.
    pub examples: usize,
}
