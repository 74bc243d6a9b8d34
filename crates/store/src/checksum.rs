//! SHA-256 as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
use std::fmt::{self, Write as _};
use std::io::{ErrorKind, Read as _};

use sha2::{Digest as _, Sha256};

use crate::{Location, StoreError};

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Text whose SHA-256 is wanted, of which nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Text(Sha256);

impl Text {
    /// SHA-256 of everything written.
    #[must_use]
    pub fn sha256(self) -> String {
        hex(&self.0.finalize())
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// The SHA-256 of the file at `path`, read in pieces.
///
/// # Errors
/// [`StoreError::Read`] if it cannot be read.
pub fn sha256_file(path: impl Into<Location>) -> Result<String, StoreError> {
    let mut file = path.into().open().map_err(StoreError::Read)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(n) => hasher.update(&piece[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(StoreError::Read(error)),
        }
    }
}

/// Bytes in lower-case hexadecimal digits.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}
