//! Whole files, up to a limit.
use std::io::Read as _;

use crate::{Location, StoreError};

/// The bytes of `path`, if there are at most `max_bytes` of them.
///
/// # Errors
/// [`StoreError::Read`] if it cannot be read; [`StoreError::TooLarge`] if there is more, since half
/// a file is worse than none.
pub fn read_capped(path: impl Into<Location>, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
    let path = path.into();
    let too_large =
        |bytes| StoreError::TooLarge { path: path.to_path_buf(), bytes, max: max_bytes };
    let file = path.open().map_err(StoreError::Read)?;
    // The length spares reading what is too large anyway; a pipe says 0, and a file can grow
    // while it is read, so the limit below counts.
    let len = file.byte_len().map_err(StoreError::Read)?;
    if len > max_bytes {
        return Err(too_large(len));
    }
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(StoreError::Read)?;
    match bytes.len() as u64 {
        len if len > max_bytes => Err(too_large(len)),
        _ => Ok(bytes),
    }
}
