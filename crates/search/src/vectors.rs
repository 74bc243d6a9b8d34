//! Vectors on the disk: a NumPy file of `[rows, width]`, which any other program can read, too.
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cloze_embed::Metric;
use cloze_store::npy::NpyHeader;
use crc32fast::Hasher;
use fs_err::File;
use half::f16;
use half::slice::HalfFloatSliceExt as _;

use crate::files::Part;
use crate::kernel;
use crate::rows::{Codes, Dtype, Rows};
use crate::{Hit, SearchError};

// Numbers are written as they lie in memory, and NumPy's files are said to be little-endian.
const _: () = assert!(cfg!(target_endian = "little"), "big-endian machines are not supported");

/// The bytes of the header: always as many, so that it can be written when the rows are counted.
pub(crate) const HEADER: usize = 128;
/// The rows that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// The header, whose length belongs to the index's format: rows are read at fixed offsets behind it.
fn header(dtype: Dtype, rows: u64, width: usize) -> Vec<u8> {
    let dtype = match dtype {
        Dtype::F32 => "<f4",
        Dtype::F16 => "<f2",
    };
    let header = NpyHeader::new(dtype, &[rows, width as u64]).bytes();
    debug_assert_eq!(header.len(), HEADER);
    header
}

/// Writes vectors one after another.
pub(crate) struct VectorWriter {
    file: std::io::BufWriter<File>,
    path: PathBuf,
    dtype: Dtype,
    width: usize,
    rows: u64,
    body: Hasher,
}

impl VectorWriter {
    pub(crate) fn create(path: &Path, dtype: Dtype, width: usize) -> Result<Self, SearchError> {
        let failed = SearchError::write(path);
        let mut file = std::io::BufWriter::with_capacity(
            BLOCK_BYTES,
            File::create(path).map_err(SearchError::write(path))?,
        );
        file.write_all(&[0; HEADER]).map_err(failed)?;
        let path = path.to_owned();
        Ok(Self { file, path, dtype, width, rows: 0, body: Hasher::new() })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a vector of the file's width.
    pub(crate) fn push(&mut self, vector: &[f32]) -> Result<(), SearchError> {
        let narrow: Vec<f16>;
        let bytes: &[u8] = match self.dtype {
            Dtype::F32 => bytemuck::cast_slice(vector),
            Dtype::F16 => {
                narrow = vector.iter().map(|x| f16::from_f32(*x)).collect();
                if let Some(i) = narrow.iter().position(|x| !x.is_finite()) {
                    return Err(SearchError::Setting {
                        setting: "dtype",
                        expected: "f32, where a number is beyond the range of f16".into(),
                        found: format!("f16 for {}", vector[i]),
                    });
                }
                bytemuck::cast_slice(&narrow)
            }
        };
        self.body.update(bytes);
        self.file.write_all(bytes).map_err(SearchError::write(&self.path))?;
        self.rows += 1;
        Ok(())
    }

    /// Writes what is left and the header; everything is on the disk then.
    pub(crate) fn finish(self) -> Result<Part, SearchError> {
        let Self { mut file, path, dtype, width, rows, body } = self;
        let header = header(dtype, rows, width);
        file.seek(SeekFrom::Start(0)).map_err(SearchError::write(&path))?;
        file.write_all(&header).map_err(SearchError::write(&path))?;
        let file = file.into_inner().map_err(|e| SearchError::write(&path)(e.into_error()))?;
        file.sync_all().map_err(SearchError::write(&path))?;
        let mut crc = Hasher::new();
        crc.update(&header);
        crc.combine(&body);
        let bytes = HEADER as u64 + rows * (width * dtype.bytes()) as u64;
        Ok(Part { bytes, crc32: crc.finalize() })
    }
}

/// A file of vectors, from which rows are read where they lie.
pub(crate) struct VectorFile {
    file: File,
    path: PathBuf,
    dtype: Dtype,
    width: usize,
    rows: usize,
}

impl VectorFile {
    /// The file `path`, which has to hold these rows.
    pub(crate) fn open(
        path: &Path,
        dtype: Dtype,
        rows: usize,
        width: usize,
    ) -> Result<Self, SearchError> {
        let mut file = File::open(path).map_err(SearchError::Read)?;
        let mut bytes = [0; HEADER];
        file.read_exact(&mut bytes).map_err(SearchError::Read)?;
        if bytes[..] != header(dtype, rows as u64, width) {
            return Err(SearchError::Damaged {
                path: path.to_owned(),
                expected: format!("a NumPy header of {rows} rows of {width} numbers"),
                found: "another header".into(),
            });
        }
        Ok(Self { file, path: path.to_owned(), dtype, width, rows })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `rows.len()` rows from `first` on into `bytes`, as they are stored.
    fn read(&self, first: usize, bytes: &mut [u8]) -> Result<(), SearchError> {
        let start = HEADER as u64 + (first * self.width * self.dtype.bytes()) as u64;
        read_exact_at(&self.file, bytes, start).map_err(SearchError::Read)
    }

    /// The rows `first..first + n`, one after another.
    pub(crate) fn rows(&self, first: usize, n: usize) -> Result<Vec<f32>, SearchError> {
        if first.checked_add(n).is_none_or(|end| end > self.rows) {
            return Err(SearchError::NoRow { row: (first + n) as u64, rows: self.rows as u64 });
        }
        let mut numbers = vec![0.0_f32; n * self.width];
        self.read_into(first, &mut numbers)?;
        Ok(numbers)
    }

    /// The rows from `first` on, which have to be there, in the place of `numbers`.
    fn read_into(&self, first: usize, numbers: &mut [f32]) -> Result<(), SearchError> {
        match self.dtype {
            Dtype::F32 => self.read(first, bytemuck::cast_slice_mut(numbers)),
            Dtype::F16 => {
                let mut narrow = vec![f16::ZERO; numbers.len()];
                self.read(first, bytemuck::cast_slice_mut(&mut narrow))?;
                narrow.convert_to_f32_slice(numbers);
                Ok(())
            }
        }
    }

    /// All rows in order, a few at a time.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Result<(usize, Vec<f32>), SearchError>> {
        let block = (BLOCK_BYTES / (4 * self.width.max(1))).max(1);
        (0..self.rows)
            .step_by(block)
            .map(move |first| Ok((first, self.rows(first, block.min(self.rows - first))?)))
    }

    /// All rows in memory; `part` says what the file was when it was written.
    pub(crate) fn load(&self, part: Part, codes: bool) -> Result<Rows, SearchError> {
        let mut crc = Hasher::new();
        crc.update(&header(self.dtype, self.rows as u64, self.width));
        let len = self.rows * self.width;
        let rows = match (self.dtype, codes) {
            (Dtype::F32, false) => {
                let mut numbers = vec![0.0_f32; len];
                self.read_checked(bytemuck::cast_slice_mut(&mut numbers), &mut crc)?;
                Rows::F32(numbers)
            }
            (Dtype::F16, false) => {
                let mut numbers = vec![f16::ZERO; len];
                self.read_checked(bytemuck::cast_slice_mut(&mut numbers), &mut crc)?;
                Rows::F16(numbers)
            }
            (Dtype::F32 | Dtype::F16, true) => {
                let mut quantized = Codes::default();
                quantized.codes.reserve_exact(len);
                let mut narrow: Vec<f16> = vec![];
                for block in self.blocks() {
                    let (_, numbers) = block?;
                    match self.dtype {
                        Dtype::F32 => crc.update(bytemuck::cast_slice(&numbers)),
                        Dtype::F16 => {
                            // Exact: the numbers were of 16 bits.
                            narrow.clear();
                            narrow.extend(numbers.iter().map(|x| f16::from_f32(*x)));
                            crc.update(bytemuck::cast_slice(&narrow));
                        }
                    }
                    numbers.chunks_exact(self.width).for_each(|row| quantized.push(row));
                }
                Rows::I8(quantized)
            }
        };
        part.check_crc(&self.path, crc.finalize())?;
        Ok(rows)
    }

    /// Reads everything behind the header, a block at a time so that it is summed while it is in the
    /// cache.
    fn read_checked(&self, bytes: &mut [u8], crc: &mut Hasher) -> Result<(), SearchError> {
        let mut offset = HEADER as u64;
        for block in bytes.chunks_mut(BLOCK_BYTES) {
            read_exact_at(&self.file, block, offset).map_err(SearchError::Read)?;
            crc.update(block);
            offset += block.len() as u64;
        }
        Ok(())
    }

    /// The `k` best of `hits` by their exact scores.
    pub(crate) fn score_again(
        &self,
        metric: Metric,
        query: &[f32],
        mut hits: Vec<Hit>,
        k: usize,
    ) -> Result<Vec<Hit>, SearchError> {
        // All of them together: a query finds so few that each would be more in calls than in sums.
        let (mut rows, mut scores) = (vec![0.0; hits.len() * self.width], vec![0.0; hits.len()]);
        for (hit, row) in hits.iter().zip(rows.chunks_exact_mut(self.width.max(1))) {
            let index = usize::try_from(hit.row).ok().filter(|index| *index < self.rows);
            let there = SearchError::NoRow { row: hit.row, rows: self.rows as u64 };
            self.read_into(index.ok_or(there)?, row)?;
        }
        kernel::scores(metric, query, &rows, self.width, &mut scores);
        for (hit, score) in hits.iter_mut().zip(scores) {
            hit.score = score;
            if !hit.score.is_finite() {
                return Err(SearchError::Damaged {
                    path: self.path.clone(),
                    expected: format!("finite numbers in row {}", hit.row),
                    found: "others".into(),
                });
            }
        }
        hits.sort_unstable_by(Hit::order);
        hits.truncate(k);
        Ok(hits)
    }
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    file.file().read_exact_at(bytes, offset).map_err(|error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", file.path().display()))
    })
}

#[cfg(windows)]
pub(crate) fn read_exact_at(
    file: &File,
    mut bytes: &mut [u8],
    mut offset: u64,
) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !bytes.is_empty() {
        match file.file().seek_read(bytes, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                bytes = &mut bytes[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}
