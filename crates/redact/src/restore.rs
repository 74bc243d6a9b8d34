//! Redacted files back to what they were.
use std::io::{BufReader, Read, Write as _};
use std::path::Path;

use cloze_store::checksum::hex;
use cloze_store::{AtomicFile, Existing};
use sha2::{Digest as _, Sha256};

use crate::{FileEdits, RedactError};

/// Writes the original of `redacted` to `output`, which is there only if it is that, byte for byte.
///
/// # Errors
/// [`RedactError::Mismatch`] for changes that are not of this file; [`RedactError::Read`],
/// [`RedactError::Write`] and [`RedactError::Store`].
pub fn restore(
    redacted: &Path,
    edits: &FileEdits,
    output: &Path,
    existing: Existing,
) -> Result<(), RedactError> {
    let unreadable = |source| RedactError::Read { path: redacted.to_owned(), source };
    let file = fs_err::File::open(redacted).map_err(unreadable)?;
    let mut file = AtomicFile::create(output, existing).map(|out| (BufReader::new(file), out))?;
    let mut hash = Sha256::new();
    splice(&mut file.0, edits, redacted, |bytes| {
        hash.update(bytes);
        let unwritable = |source| RedactError::Write { path: output.to_owned(), source };
        file.1.write_all(bytes).map_err(unwritable)
    })?;
    if hex(&hash.finalize()) != edits.input_sha256 {
        return Err(RedactError::Mismatch { path: redacted.to_owned() });
    }
    Ok(file.1.commit()?)
}

/// Reads a redacted file and hands on the pieces of its original.
fn splice(
    file: &mut impl Read,
    edits: &FileEdits,
    path: &Path,
    mut write: impl FnMut(&[u8]) -> Result<(), RedactError>,
) -> Result<(), RedactError> {
    let mut offset = 0;
    for edit in &edits.edits {
        let mismatch = || RedactError::Mismatch { path: path.to_owned() };
        let between = edit.offset.checked_sub(offset).ok_or_else(mismatch)?;
        copy(file, between, path, &mut write)?;
        copy(file, edit.length, path, &mut |_| Ok(()))?;
        write(&edit.original)?;
        offset = edit.offset + edit.length;
    }
    let mut block = vec![0; 1 << 16];
    loop {
        let unreadable = |source| RedactError::Read { path: path.to_owned(), source };
        match file.read(&mut block).map_err(unreadable)? {
            0 => return Ok(()),
            length => write(&block[..length])?,
        }
    }
}

/// Hands on the next bytes of a file, which has to have as many.
fn copy(
    file: &mut impl Read,
    bytes: u64,
    path: &Path,
    write: &mut impl FnMut(&[u8]) -> Result<(), RedactError>,
) -> Result<(), RedactError> {
    let mut left = bytes;
    let mut block = vec![0; 1 << 16];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        let unreadable = |source| RedactError::Read { path: path.to_owned(), source };
        match file.read(&mut block[..most]).map_err(unreadable)? {
            0 => return Err(RedactError::Mismatch { path: path.to_owned() }),
            length => {
                write(&block[..length])?;
                left -= length as u64;
            }
        }
    }
    Ok(())
}
