//! Vectors from NumPy files.
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use cloze_store::npy::NpyHeader;
use half::f16;

/// Numbers read at a time.
const BLOCK: usize = 1 << 18;

/// A file of `[rows, width]`, read a few rows at a time.
pub(super) struct Vectors {
    file: BufReader<fs_err::File>,
    path: PathBuf,
    dtype: Dtype,
    pub(super) width: usize,
    /// Number of rows left to read.
    left: usize,
}

#[derive(Clone, Copy)]
enum Dtype {
    F16,
    F32,
    F64,
}

impl Vectors {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        let mut file = BufReader::with_capacity(1 << 20, fs_err::File::open(path)?);
        let header = NpyHeader::read(&mut file).with_context(name)?;
        let dtype = match &*header.dtype {
            "<f2" => Dtype::F16,
            "<f4" => Dtype::F32,
            "<f8" => Dtype::F64,
            other => bail!("{}: expected numbers of <f2, <f4 or <f8, found {other}", name()),
        };
        let [rows, width] = header.shape[..] else {
            bail!("{}: expected [rows, width], found the shape {:?}", name(), header.shape);
        };
        if header.fortran_order && rows > 1 && width > 1 {
            bail!("{}: expected C order, found Fortran order", name());
        }
        let (Ok(left), Ok(width)) = (usize::try_from(rows), usize::try_from(width)) else {
            bail!("{}: expected fewer than {rows} rows of {width}", name());
        };
        if width == 0 || width > 1 << 20 {
            bail!("{}: expected rows of 1 to 1,048,576 numbers, found {width}", name());
        }
        Ok(Self { file, path: path.to_owned(), dtype, width, left })
    }

    pub(super) fn rows(&self) -> usize {
        self.left
    }

    /// Reads the next rows, one after another; `None` at the end.
    pub(super) fn next_block(&mut self) -> anyhow::Result<Option<Vec<f32>>> {
        let rows = (BLOCK / self.width).max(1).min(self.left);
        if rows == 0 {
            return Ok(None);
        }
        let numbers = rows * self.width;
        let bytes = match self.dtype {
            Dtype::F16 => 2,
            Dtype::F32 => 4,
            Dtype::F64 => 8,
        };
        let mut raw = vec![0; numbers * bytes];
        let cut = || format!("{}: {} rows before its end", self.path.display(), self.left);
        self.file.read_exact(&mut raw).with_context(cut)?;
        self.left -= rows;
        let each = raw.chunks_exact(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "vectors are kept as f32")]
        let numbers = match self.dtype {
            Dtype::F16 => each
                .map(|b| f16::from_le_bytes(b.try_into().unwrap_or_default()).to_f32())
                .collect(),
            Dtype::F32 => {
                each.map(|b| f32::from_le_bytes(b.try_into().unwrap_or_default())).collect()
            }
            Dtype::F64 => {
                each.map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default()) as f32).collect()
            }
        };
        Ok(Some(numbers))
    }
}
