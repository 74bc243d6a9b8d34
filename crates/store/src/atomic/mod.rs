//! Files and folders that are whole or not there: written beside their place under a hidden name,
//! and renamed at the end.
//!
//! - `file`: one file;
//! - `folder`: several files, likewise;
//! - `temporary`: hidden names, each with a lock that ends with its process;
//! - `replace`: a folder in the place of another;
//! - `carry`: files of a replaced folder that stay;
//! - `sync`: bytes and names on the disk;
//! - `leftovers`: repair of a stopped replacement, and removal of files of dead processes.
mod carry;
mod file;
mod folder;
mod leftovers;
mod replace;
mod sync;
mod temporary;

pub use file::{AtomicFile, Existing};
pub use folder::AtomicFolder;
pub use sync::sync_folder;
pub use temporary::discard_pending;
