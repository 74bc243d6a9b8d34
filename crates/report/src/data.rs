//! Files and texts that data came from.
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

/// A text with its place.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlacedText<'a> {
    /// Name: its own, or else its place.
    pub id: &'a str,
    /// Path of its file, or `-`.
    pub path: &'a str,
    /// Line it begins in; counts from 1.
    pub line: u64,
    /// The text.
    pub text: &'a str,
}
