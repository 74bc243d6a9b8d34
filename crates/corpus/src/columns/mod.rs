//! Rows of Parquet and Arrow files as lines of JSON: an object a row, with a field a column.
#[cfg(feature = "parquet")]
mod arrow;
#[cfg(feature = "parquet")]
mod rows;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::unpack::{Unpacked, unpacked_path};
use crate::{CorpusError, Format, NotReadReason};

/// Source of the bytes of a file.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "nothing is read without it"))]
pub(crate) enum Bytes {
    /// A file on disk, which is read where its columns lie.
    File(std::fs::File),
    /// Bytes in order, which are kept in a file first.
    Stream(Box<dyn Read + Send>),
}

/// Lines of the rows of a file in `format`, which the first read opens.
pub(crate) struct RowLines {
    path: PathBuf,
    format: Format,
    state: State,
}

enum State {
    Start(Option<Bytes>),
    #[cfg(feature = "parquet")]
    Rows(rows::Rows),
}

impl RowLines {
    pub(crate) fn of_file(file: fs_err::File, path: &Path, format: Format) -> Self {
        let bytes = if unpacked_path(path) == path {
            Bytes::File(file.into_file())
        } else {
            Bytes::Stream(Box::new(Unpacked::new(Box::new(file), path.to_owned())))
        };
        Self::new(bytes, path, format)
    }

    pub(crate) fn new(bytes: Bytes, path: &Path, format: Format) -> Self {
        Self { path: path.to_owned(), format, state: State::Start(Some(bytes)) }
    }

    #[cfg(feature = "parquet")]
    fn read_lines(&mut self, block: &mut [u8]) -> Result<usize, NotReadReason> {
        if let State::Start(bytes) = &mut self.state {
            let Some(bytes) = bytes.take() else { return Ok(0) };
            self.state = State::Rows(rows::Rows::open(bytes, self.format)?);
        }
        match &mut self.state {
            State::Rows(rows) => rows.read(block),
            State::Start(_) => Ok(0),
        }
    }

    #[cfg(not(feature = "parquet"))]
    fn read_lines(&mut self, _: &mut [u8]) -> Result<usize, NotReadReason> {
        let State::Start(bytes) = &mut self.state;
        match bytes.take() {
            Some(Bytes::File(_) | Bytes::Stream(_)) => {
                let feature = "parquet";
                Err(NotReadReason::NotBuilt { kind: self.format.name(), feature })
            }
            None => Ok(0),
        }
    }
}

impl Read for RowLines {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.read_lines(block).map_err(|reason| {
            io::Error::other(CorpusError::NotRead { path: self.path.clone(), part: None, reason })
        })
    }
}
