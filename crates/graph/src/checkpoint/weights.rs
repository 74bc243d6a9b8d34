//! Weights as safetensors files hold them, read one tensor at a time, and written.
//!
//! Source: the format's description in the safetensors repository; its own crate reads and judges
//! the header.
use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cloze_store::{AtomicFile, Existing, StoreError};
use half::slice::{HalfBitsSliceExt as _, HalfFloatSliceExt as _};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::Deserialize;

use crate::GraphError;

/// The reference implementation's limit for a header.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const ONE_FILE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of binary32.
    BF16,
}

/// Where a tensor is.
#[derive(Clone, Debug)]
struct Place {
    file: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    /// In the file, from its start.
    offset: u64,
    bytes: usize,
}

/// The tensors of one checkpoint: one file, or several with an index.
#[derive(Clone, Debug)]
pub struct Weights {
    files: Vec<PathBuf>,
    tensors: BTreeMap<String, Place>,
}

impl Weights {
    /// Whether `folder` has weights that can be read.
    #[must_use]
    pub fn are_in(folder: &Path) -> bool {
        folder.join(ONE_FILE).is_file() || folder.join(INDEX).is_file()
    }

    /// Reads the headers of `model.safetensors` in `folder`, or of the files that
    /// `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// [`GraphError::Read`] and [`GraphError::Store`] for a file that cannot be read,
    /// [`GraphError::Safetensors`] for one that is damaged, [`GraphError::Json`] for an index that
    /// is none, [`GraphError::Config`] for one that names files elsewhere.
    pub fn open(folder: &Path) -> Result<Self, GraphError> {
        let one = folder.join(ONE_FILE);
        let files = if one.is_file() { vec![one] } else { indexed(&folder.join(INDEX))? };
        let mut tensors = BTreeMap::new();
        for (file, path) in files.iter().enumerate() {
            let (start, header) = read_header(path)?;
            for (name, info) in header.tensors() {
                let (from, to) = info.data_offsets;
                let place = Place {
                    file,
                    dtype: info.dtype,
                    shape: info.shape.clone(),
                    offset: start + from as u64,
                    bytes: to - from,
                };
                if tensors.insert(name.clone(), place).is_some() {
                    let what = format!("tensor {name:?} is in another file of the checkpoint, too");
                    return Err(GraphError::Safetensors { path: path.clone(), what });
                }
            }
        }
        Ok(Self { files, tensors })
    }

    /// The files, in the order they are read.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Every tensor's name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, outer to inner; `None` if there is none of that name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|place| place.shape.as_slice())
    }

    /// The type that most numbers are stored in; `None` if there are none.
    #[must_use]
    pub fn stored_type(&self) -> Option<StoredType> {
        let numbers = |t| {
            let places = self.tensors.values().filter(|p| stored(p.dtype) == Some(t));
            places.map(|p| p.shape.iter().product::<usize>()).sum::<usize>()
        };
        let all = [StoredType::F32, StoredType::F16, StoredType::BF16];
        all.into_iter().filter(|t| numbers(*t) > 0).max_by_key(|t| numbers(*t))
    }

    /// A reader over the files, opened when first needed.
    #[must_use]
    pub fn reader(&self) -> WeightReader<'_> {
        WeightReader { weights: self, open: None, raw: vec![] }
    }
}

fn stored(dtype: Dtype) -> Option<StoredType> {
    match dtype {
        Dtype::F32 => Some(StoredType::F32),
        Dtype::F16 => Some(StoredType::F16),
        Dtype::BF16 => Some(StoredType::BF16),
        _ => None,
    }
}

/// Reads tensors as `f32`, each straight to where it stays.
///
/// Files are read and not mapped into memory: a file that is changed or cut off under a running
/// process would change its results or end it, and mapping is no safe code. Each number is copied
/// once, from the system's cache.
#[derive(Debug)]
pub struct WeightReader<'a> {
    weights: &'a Weights,
    open: Option<(usize, fs_err::File)>,
    /// The halves that are being converted.
    raw: Vec<u16>,
}

impl WeightReader<'_> {
    /// The numbers of a tensor, row after row, added to the end of `out`.
    ///
    /// # Errors
    /// [`GraphError::Read`] if the file cannot be read or ends early; [`GraphError::TensorType`] if
    /// it holds no `F32`, `F16` or `BF16`; [`GraphError::Tensors`] if there is none of that name.
    pub fn read_into(&mut self, name: &str, out: &mut Vec<f32>) -> Result<(), GraphError> {
        let weights = self.weights;
        let Some(place) = weights.tensors.get(name) else {
            let path = weights.files.first().cloned().unwrap_or_default();
            let missing = vec![name.to_owned()];
            return Err(GraphError::Tensors { path, missing, extra: vec![], wrong: vec![] });
        };
        let path = &weights.files[place.file];
        let file = match &mut self.open {
            Some((open, file)) if *open == place.file => file,
            open => &mut open.insert((place.file, fs_err::File::open(path)?)).1,
        };
        file.seek(SeekFrom::Start(place.offset))?;
        let at = out.len();
        match stored(place.dtype) {
            Some(StoredType::F32) => {
                out.resize(at + place.bytes / 4, 0.0);
                file.read_exact(bytemuck::cast_slice_mut(&mut out[at..]))?;
                if cfg!(target_endian = "big") {
                    for x in &mut out[at..] {
                        *x = f32::from_bits(x.to_bits().swap_bytes());
                    }
                }
            }
            Some(halves) => {
                self.raw.resize(place.bytes / 2, 0);
                file.read_exact(bytemuck::cast_slice_mut(&mut self.raw))?;
                for x in &mut self.raw {
                    *x = u16::from_le(*x);
                }
                out.resize(at + self.raw.len(), 0.0);
                if halves == StoredType::F16 {
                    self.raw.reinterpret_cast::<half::f16>().convert_to_f32_slice(&mut out[at..]);
                } else {
                    self.raw.reinterpret_cast::<half::bf16>().convert_to_f32_slice(&mut out[at..]);
                }
            }
            None => {
                return Err(GraphError::TensorType {
                    path: path.clone(),
                    tensor: name.to_owned(),
                    found: format!("{:?}", place.dtype),
                });
            }
        }
        Ok(())
    }

    /// The numbers of a tensor, row after row.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub fn read(&mut self, name: &str) -> Result<Vec<f32>, GraphError> {
        let mut out = vec![];
        self.read_into(name, &mut out)?;
        Ok(out)
    }
}

/// Where the data begin, and what the header says. The offsets are in order, without gaps, and fit
/// the shapes, which the safetensors crate sees to, and the file is as long as they say.
fn read_header(path: &Path) -> Result<(u64, Metadata), GraphError> {
    let damaged = |what: String| GraphError::Safetensors { path: path.to_owned(), what };
    let mut file = fs_err::File::open(path)?;
    let found = file.metadata()?.len();
    if found < 8 {
        return Err(damaged(format!("{found} bytes are too few for a header")));
    }
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES || length > found - 8 {
        return Err(damaged(format!(
            "a header of {length} bytes in a file of {found}; cut off, or no safetensors file"
        )));
    }
    let mut header = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact(&mut header)?;
    let header: Metadata =
        serde_json::from_slice(&header).map_err(|error| damaged(format!("the header: {error}")))?;
    let start = 8 + length;
    let expected = start + header.data_len() as u64;
    if expected != found {
        return Err(damaged(format!("{found} bytes; its header says {expected}")));
    }
    Ok((start, header))
}

/// The files that an index names, which must lie beside it.
fn indexed(index: &Path) -> Result<Vec<PathBuf>, GraphError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let bytes = cloze_store::read::read_capped(index, MAX_HEADER_BYTES)?;
    let parsed: Index = serde_json::from_slice(&bytes)
        .map_err(|source| GraphError::Json { path: index.to_owned(), source })?;
    let mut names: Vec<String> = parsed.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    let folder = index.parent().unwrap_or(Path::new(""));
    let beside = |name: String| {
        let plain = Path::new(&name).file_name().is_some_and(|n| n == name.as_str());
        if plain {
            Ok(folder.join(name))
        } else {
            let what = format!("weight_map names {name:?}, which is no plain file name");
            Err(GraphError::Config { path: index.to_owned(), what })
        }
    };
    names.into_iter().map(beside).collect()
}

/// Writes the checkpoint's tensors as one safetensors file, floats as `to`; others, such as
/// position ids, stay as they are. Memory: one tensor. Values that `to` cannot hold are an error,
/// since they would become infinite.
///
/// # Errors
/// As [`WeightReader::read_into`]; [`GraphError::Overflow`] names a tensor with a number that does not
/// fit; [`GraphError::Store`] if the file cannot be written.
pub fn write(
    weights: &Weights,
    to: StoredType,
    path: &Path,
    existing: Existing,
) -> Result<(), GraphError> {
    // The reference implementation sorts by width, then by name, so that all are aligned.
    let width = |dtype| match stored(dtype) {
        Some(_) if to == StoredType::F32 => 32,
        Some(_) => 16,
        None => dtype.bitsize(),
    };
    let mut order: Vec<(&String, &Place)> = weights.tensors.iter().collect();
    order.sort_by_key(|(name, place)| (std::cmp::Reverse(width(place.dtype)), *name));
    let dtype_of = |place: &Place| match (stored(place.dtype), to) {
        (None, _) => place.dtype,
        (_, StoredType::F32) => Dtype::F32,
        (_, StoredType::F16) => Dtype::F16,
        (_, StoredType::BF16) => Dtype::BF16,
    };
    let mut at = 0;
    let mut infos = vec![];
    for (name, place) in &order {
        let bytes = match stored(place.dtype) {
            Some(_) => place.shape.iter().product::<usize>() * width(place.dtype) / 8,
            None => place.bytes,
        };
        let info = TensorInfo {
            dtype: dtype_of(place),
            shape: place.shape.clone(),
            data_offsets: (at, at + bytes),
        };
        infos.push(((*name).clone(), info));
        at += bytes;
    }
    let damaged = |what: String| GraphError::Safetensors { path: path.to_owned(), what };
    // As PyTorch's files have it; transformers refuses a file without.
    let about = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let header = Metadata::new(Some(about), infos).map_err(|error| damaged(error.to_string()))?;
    let mut header = serde_json::to_vec(&header).map_err(|error| damaged(error.to_string()))?;
    header.resize(header.len().next_multiple_of(8), b' ');

    let failed = |source| GraphError::Store(StoreError::Write { path: path.to_owned(), source });
    let mut file = AtomicFile::create(path, existing)?;
    file.write_all(&(header.len() as u64).to_le_bytes()).map_err(failed)?;
    file.write_all(&header).map_err(failed)?;
    let (mut reader, mut numbers, mut bytes) = (weights.reader(), vec![], vec![]);
    for (name, place) in order {
        bytes.clear();
        if stored(place.dtype).is_some() {
            numbers.clear();
            reader.read_into(name, &mut numbers)?;
            if !encode(&numbers, to, &mut bytes) {
                let from = &weights.files[place.file];
                return Err(GraphError::Overflow { path: from.clone(), tensor: name.clone() });
            }
        } else {
            let mut source = fs_err::File::open(&weights.files[place.file])?;
            source.seek(SeekFrom::Start(place.offset))?;
            bytes.resize(place.bytes, 0);
            source.read_exact(&mut bytes)?;
        }
        file.write_all(&bytes).map_err(failed)?;
    }
    Ok(file.commit()?)
}

/// Adds `numbers` as little-endian bytes of type `to`, rounded to the nearest; false if a finite
/// one became infinite.
pub(crate) fn encode(numbers: &[f32], to: StoredType, bytes: &mut Vec<u8>) -> bool {
    let mut fits = true;
    match to {
        StoredType::F32 => bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes())),
        StoredType::F16 => bytes.extend(numbers.iter().flat_map(|&x| {
            let half = half::f16::from_f32(x);
            fits &= half.is_finite() || !x.is_finite();
            half.to_le_bytes()
        })),
        StoredType::BF16 => bytes.extend(numbers.iter().flat_map(|&x| {
            let half = half::bf16::from_f32(x);
            fits &= half.is_finite() || !x.is_finite();
            half.to_le_bytes()
        })),
    }
    fits
}
