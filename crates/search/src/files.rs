//! The files that an index is made of, and how they are told to be whole.
use std::io::Read as _;
use std::path::Path;

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use crate::SearchError;

/// Size and checksum of a file when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) bytes: u64,
    /// CRC-32 (ISO-HDLC) of all of them: it finds every change of a byte.
    pub(crate) crc32: u32,
}

impl Part {
    /// Whether the file has the length it had, which costs nothing.
    pub(crate) fn check_len(self, path: &Path) -> Result<(), SearchError> {
        let bytes = fs_err::metadata(path).map_err(SearchError::Read)?.len();
        if bytes == self.bytes {
            return Ok(());
        }
        Err(SearchError::Damaged {
            path: path.to_owned(),
            expected: format!("{} bytes", self.bytes),
            found: bytes.to_string(),
        })
    }

    pub(crate) fn check_crc(self, path: &Path, crc32: u32) -> Result<(), SearchError> {
        if crc32 == self.crc32 {
            return Ok(());
        }
        Err(SearchError::Damaged {
            path: path.to_owned(),
            expected: format!("the CRC-32 {:08x}", self.crc32),
            found: format!("{crc32:08x}"),
        })
    }

    /// Whether the file is as it was.
    pub(crate) fn check(self, path: &Path) -> Result<(), SearchError> {
        self.check_len(path)?;
        self.check_crc(path, Self::of(path)?.crc32)
    }

    /// The bytes of the file, if it is as it was.
    pub(crate) fn read(self, path: &Path) -> Result<Vec<u8>, SearchError> {
        self.check_len(path)?;
        let bytes = cloze_store::read::read_capped(path, self.bytes)?;
        self.check_crc(path, crc32fast::hash(&bytes))?;
        Ok(bytes)
    }

    /// Reads the present state of the file.
    pub(crate) fn of(path: &Path) -> Result<Self, SearchError> {
        let mut file = fs_err::File::open(path).map_err(SearchError::Read)?;
        let (mut crc, mut bytes, mut block) = (Hasher::new(), 0, vec![0; 1 << 20]);
        loop {
            match file.read(&mut block).map_err(SearchError::Read)? {
                0 => return Ok(Self { bytes, crc32: crc.finalize() }),
                n => {
                    crc.update(&block[..n]);
                    bytes += n as u64;
                }
            }
        }
    }
}

/// Has the names in a folder on the disk: a file that is renamed is safe only then.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), SearchError> {
    cloze_store::sync_folder(folder).map_err(SearchError::write(folder))
}
