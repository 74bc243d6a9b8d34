//! Files: paths on disk or in memory, capped reading, checksums, atomic writing, versioned JSON, NumPy headers.
//!
//! In the order data flows:
//! - [`Location`]: a path on disk, or in a [`MemoryFolder`];
//! - [`read`]: a whole file, up to a limit;
//! - [`checksum`]: SHA-256 of bytes and files;
//! - [`recorded`]: stamps of files, and SHA-256 of those that are not read again while they stay as they are;
//! - [`access`]: files that other users may change;
//! - [`cache_folder`]: the user's cache folder;
//! - [`AtomicFile`]: a file that is whole or not there;
//! - [`AtomicFolder`]: several files, likewise;
//! - [`envelope`]: JSON files that say what they are and in which version;
//! - [`npy`]: headers of NumPy's array files.
//!
//! ```
//! use cloze_store::{Existing, envelope};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Threshold {
//!     min_score: f32,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("threshold.json");
//! let threshold = Threshold { min_score: 0.5 };
//! envelope::write_json(&path, "threshold", 1, &threshold, Existing::Refuse)?;
//! assert_eq!(envelope::read_json::<Threshold>(&path, "threshold", 1)?, threshold);
//!
//! let error = envelope::read_json::<Threshold>(&path, "index", 1).unwrap_err();
//! let expected = format!(r#"{}: expected a file of kind "index", found "threshold""#, path.display());
//! assert_eq!(error.to_string(), expected);
//! # Ok(())
//! # }
//! ```
pub mod access;
mod atomic;
mod cache;
pub mod checksum;
pub mod envelope;
mod error;
mod location;
pub mod npy;
pub mod read;
pub mod recorded;

pub use atomic::{AtomicFile, AtomicFolder, Existing, discard_pending, sync_folder};
pub use cache::cache_folder;
pub use error::StoreError;
pub use location::{Location, MemoryFolder, OpenFile};
