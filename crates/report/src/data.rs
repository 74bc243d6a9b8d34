//! Files and texts of the data.
use serde::Serialize;

/// File of examples.
#[derive(Clone, Debug, Serialize)]
pub struct DataFile {
    /// Path, as given.
    pub file: String,
    /// SHA-256 of its bytes in hexadecimal; `None` for standard input.
    pub sha256: Option<String>,
    /// Number of examples read from it.
    pub examples: usize,
}

/// A text with its place.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlacedText<'a> {
    /// Id: its own, or else its place.
    pub id: &'a str,
    /// Path of its file, or `-`.
    pub path: &'a str,
    /// Line it begins in; counts from 1.
    pub line: u64,
    /// The text.
    pub text: &'a str,
}
