//! Weights as safetensors files hold them, read one tensor at a time, and written; what adapters
//! change of them is worked out as each is read.
//!
//! Source: the format's description in the safetensors repository; its own crate reads and checks
//! the header.
mod read;
mod write;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cloze_store::Location;
use cloze_store::recorded::Stamp;
use safetensors::tensor::{Dtype, Metadata};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::error::CheckpointError;

pub use read::{Int8Matrix, WeightReader};
pub(crate) use write::{Encoded, write_encoded};
pub use write::{InMemory, encode, write, write_tensors};

/// The reference implementation's limit for a header.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const ONE_FILE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// Storage type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of binary32.
    BF16,
}

impl StoredType {
    pub(crate) fn dtype(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::BF16 => Dtype::BF16,
        }
    }
}

/// Location of a tensor.
#[derive(Clone, Debug)]
pub(crate) struct StoredTensor {
    file: usize,
    dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// In the file, from its start.
    offset: u64,
    bytes: usize,
}

/// Numbers of a tensor in a file on disk: `f32`, little-endian, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The file.
    pub file: PathBuf,
    /// Stamp of the file when its header was read.
    pub stamp: Stamp,
    /// First byte, from the file's start.
    pub offset: u64,
    /// Number of bytes.
    pub bytes: usize,
}

/// Update of a matrix by an adapter: `scale · b · a`, and for DoRA the length of each row.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    /// `[rank, inputs]`.
    pub(crate) a: StoredTensor,
    /// `[outputs, rank]`.
    pub(crate) b: StoredTensor,
    /// `[outputs]`.
    pub(crate) magnitude: Option<StoredTensor>,
    pub(crate) scale: f64,
}

/// Tensors that turn a matrix of 8-bit numbers into floats.
#[derive(Clone, Debug)]
struct Int8 {
    /// Scale of each row, `[outputs, 1]`, or of each column, `[1, outputs]`.
    scales: StoredTensor,
    /// Whether the scales are of columns.
    by_column: bool,
    /// Scale of its inputs, if fixed, `[1]`.
    input: Option<StoredTensor>,
    /// Factors of its inputs before they are rounded, `[inputs]`.
    factors: Option<StoredTensor>,
}

/// A tensor as it is stored, and what adapters change of it.
#[derive(Clone, Debug)]
struct Tensor {
    stored: StoredTensor,
    int8: Option<Int8>,
    updates: Vec<Update>,
}

impl Tensor {
    fn new(stored: StoredTensor) -> Self {
        Self { stored, int8: None, updates: vec![] }
    }

    /// Whether it is read as floats.
    fn is_float(&self) -> bool {
        stored_type(self.stored.dtype).is_some() || self.int8.is_some()
    }
}

/// The tensors of one checkpoint: one file, or several with an index; and over them those of
/// adapters.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    files: Vec<Location>,
    /// Stamp of each file when its header was read; `None` in memory.
    stamps: Vec<Option<Stamp>>,
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Whether `folder` has weights that can be read.
    #[must_use]
    pub fn are_in(folder: impl Into<Location>) -> bool {
        let folder = folder.into();
        folder.join(ONE_FILE).is_file() || folder.join(INDEX).is_file()
    }

    /// Reads the headers of `model.safetensors` in `folder`, or of the files that
    /// `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] and [`CheckpointError::Store`] for a file that cannot be read,
    /// [`CheckpointError::Safetensors`] for one that is damaged, [`CheckpointError::Json`] for an index that
    /// is none, [`CheckpointError::Config`] for one that names files elsewhere.
    pub fn open(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        let folder = folder.into();
        let single = folder.join(ONE_FILE);
        let files = if single.is_file() { vec![single] } else { indexed(&folder.join(INDEX))? };
        let mut weights = Self::default();
        for path in files {
            for (name, stored) in weights.add_file(&path)? {
                if weights.tensors.insert(name.clone(), Tensor::new(stored)).is_some() {
                    let what = format!("tensor {name:?} is in another file of the checkpoint, too");
                    return Err(CheckpointError::Safetensors { path: path.to_path_buf(), what });
                }
            }
        }
        weights.join_scales()?;
        Ok(weights)
    }

    /// Puts the scales of 8-bit matrices with them, as compressed-tensors calls them: `weight_scale`
    /// for each row of `weight`, and `input_scale` where its inputs' is fixed; and `input_factors` and scales
    /// of columns, which are cloze's own.
    fn join_scales(&mut self) -> Result<(), CheckpointError> {
        let int8 = |(name, tensor): (&String, &Tensor)| {
            let stem = name.strip_suffix(".weight")?.to_owned();
            (tensor.stored.dtype == Dtype::I8).then_some(stem)
        };
        let stems: Vec<String> = self.tensors.iter().filter_map(int8).collect();
        for stem in stems {
            let name = format!("{stem}.weight");
            let mut take = |name: String| self.tensors.remove(&name).map(|tensor| tensor.stored);
            let scales = take(format!("{name}_scale"));
            let input = take(format!("{stem}.input_scale"));
            let factors = take(format!("{stem}.input_factors"));
            let Some(tensor) = self.tensors.get_mut(&name) else { continue };
            let wrong = |what: String| {
                let path = self.files[tensor.stored.file].clone();
                Err(CheckpointError::Safetensors { path: path.to_path_buf(), what })
            };
            let size = |stored: &StoredTensor| stored.shape.iter().product::<usize>();
            let [rows, inputs] = tensor.stored.shape[..] else {
                return wrong(format!("{name} is stored as int8, and is not a matrix"));
            };
            let Some(scales) = scales else {
                return wrong(format!("{name} is stored as int8, and has no {name}_scale"));
            };
            let by_column = inputs > 1 && scales.shape == [1, inputs] && factors.is_none();
            let outputs = if by_column { inputs } else { rows };
            let sized = [
                (Some(&scales), format!("{name}_scale"), outputs),
                (input.as_ref(), format!("{stem}.input_scale"), 1),
                (factors.as_ref(), format!("{stem}.input_factors"), inputs),
            ];
            for (stored, what, expected) in sized {
                if let Some(stored) = stored.filter(|stored| size(stored) != expected) {
                    let shape = &stored.shape;
                    return wrong(format!("{what}: expected {expected} numbers, found {shape:?}"));
                }
            }
            tensor.int8 = Some(Int8 { scales, by_column, input, factors });
        }
        Ok(())
    }

    /// The tensors of one file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_file(path: &Location) -> Result<Self, CheckpointError> {
        let mut weights = Self::default();
        for (name, stored) in weights.add_file(path)? {
            weights.put(name, stored);
        }
        Ok(weights)
    }

    /// Takes a file in and says what is in it; none of that is a tensor of the checkpoint yet.
    pub(crate) fn add_file(
        &mut self,
        path: &Location,
    ) -> Result<BTreeMap<String, StoredTensor>, CheckpointError> {
        let (start, header, stamp) = read_header(path)?;
        let file = self.files.len();
        self.files.push(path.clone());
        self.stamps.push(stamp);
        let mut tensors = BTreeMap::new();
        for (name, info) in header.tensors() {
            let (from, to) = info.data_offsets;
            let stored = StoredTensor {
                file,
                dtype: info.dtype,
                shape: info.shape.clone(),
                offset: start + from as u64,
                bytes: to - from,
            };
            tensors.insert(name, stored);
        }
        Ok(tensors)
    }

    /// Adds a tensor, replacing the one of its name.
    pub(crate) fn put(&mut self, name: String, stored: StoredTensor) {
        self.tensors.insert(name, Tensor::new(stored));
    }

    /// Takes tensors out.
    pub(crate) fn remove(&mut self, which: impl Fn(&str) -> bool) {
        self.tensors.retain(|name, _| !which(name));
    }

    /// Gives tensors other names.
    pub(crate) fn rename(&mut self, new: impl Fn(String) -> String) {
        let tensors = std::mem::take(&mut self.tensors);
        self.tensors = tensors.into_iter().map(|(name, tensor)| (new(name), tensor)).collect();
    }

    /// Adds what an adapter changes of a matrix; false if there is none of that name.
    pub(crate) fn update(&mut self, name: &str, update: Update) -> bool {
        match self.tensors.get_mut(name) {
            Some(tensor) => tensor.updates.push(update),
            None => return false,
        }
        true
    }

    /// The files, in the order they are read: the checkpoint's own, then those of adapters.
    #[must_use]
    pub fn files(&self) -> &[Location] {
        &self.files
    }

    /// Every tensor's name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, outer to inner; `None` if there is none of that name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.stored.shape.as_slice())
    }

    /// The type that most numbers are stored in; `None` if there are none.
    #[must_use]
    pub fn stored_type(&self) -> Option<StoredType> {
        let numbers = |t| {
            let tensors = self.tensors.values().map(|t| &t.stored);
            let tensors = tensors.filter(|p| stored_type(p.dtype) == Some(t));
            tensors.map(|p| p.shape.iter().product::<usize>()).sum::<usize>()
        };
        let types = [StoredType::F32, StoredType::F16, StoredType::BF16];
        types.into_iter().filter(|t| numbers(*t) > 0).max_by_key(|t| numbers(*t))
    }

    /// Whether a matrix is stored as int8, and no adapter changes it.
    #[must_use]
    pub fn is_int8(&self, name: &str) -> bool {
        self.tensors.get(name).is_some_and(|t| t.int8.is_some() && t.updates.is_empty())
    }

    /// Whether a tensor is read as floats; position ids are not.
    pub(crate) fn is_float(&self, name: &str) -> bool {
        self.tensors.get(name).is_some_and(Tensor::is_float)
    }

    /// Whether any matrix is stored as int8.
    #[must_use]
    pub fn any_int8(&self) -> bool {
        self.tensors.values().any(|t| t.int8.is_some())
    }

    /// Storage type of a tensor that is read as stored: no adapter changes it.
    #[must_use]
    pub fn as_stored(&self, name: &str) -> Option<StoredType> {
        let tensor = self.tensors.get(name).filter(|tensor| tensor.updates.is_empty())?;
        stored_type(tensor.stored.dtype)
    }

    /// The numbers of a tensor where they lie on disk; `None` where they are no `f32`, or not on disk, or an
    /// adapter changes them.
    #[must_use]
    pub fn stretch(&self, name: &str) -> Option<Stretch> {
        let little_endian = cfg!(target_endian = "little");
        self.as_stored(name).filter(|stored| *stored == StoredType::F32 && little_endian)?;
        let StoredTensor { file, offset, bytes, .. } = self.tensors.get(name)?.stored;
        let stamp = self.stamps[file].clone()?;
        Some(Stretch { file: self.files[file].to_path_buf(), stamp, offset, bytes })
    }

    /// A reader over the files, opened when first needed.
    #[must_use]
    pub fn reader(&self) -> WeightReader<'_> {
        WeightReader::new(self)
    }
}

fn stored_type(dtype: Dtype) -> Option<StoredType> {
    match dtype {
        Dtype::F32 => Some(StoredType::F32),
        Dtype::F16 => Some(StoredType::F16),
        Dtype::BF16 => Some(StoredType::BF16),
        _ => None,
    }
}

/// Reads the header and returns it with the offset of the data. The safetensors crate checks that
/// the offsets are in order, without gaps, and fit the shapes; the file is as long as they say.
fn read_header(path: &Location) -> Result<(u64, Metadata, Option<Stamp>), CheckpointError> {
    let damaged = |what: String| CheckpointError::Safetensors { path: path.to_path_buf(), what };
    let mut file = path.open()?;
    let (size, stamp) = (file.byte_len()?, file.stamp()?);
    if size < 8 {
        return Err(damaged(format!("{size} bytes are too few for a header")));
    }
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES || length > size - 8 {
        return Err(damaged(format!(
            "a header of {length} bytes in a file of {size}; cut off, or not a safetensors file"
        )));
    }
    let mut header = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact(&mut header)?;
    // The reader of the header takes the last of two tensors of one name.
    let Names =
        serde_json::from_slice(&header).map_err(|error| damaged(format!("the header: {error}")))?;
    let header: Metadata =
        serde_json::from_slice(&header).map_err(|error| damaged(format!("the header: {error}")))?;
    let start = 8 + length;
    let expected = start + header.data_len() as u64;
    if expected != size {
        return Err(damaged(format!("{size} bytes; its header says {expected}")));
    }
    Ok((start, header, stamp))
}

/// Names of a header, each once.
struct Names;

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut seen = HashSet::new();
                while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
                    if let Some(name) = seen.replace(name) {
                        return Err(A::Error::custom(format!("tensor {name:?} is there twice")));
                    }
                }
                Ok(Names)
            }
        }
        from.deserialize_map(Keys)
    }
}

/// The files that an index names, which must lie beside it.
fn indexed(index: &Location) -> Result<Vec<Location>, CheckpointError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let bytes = cloze_store::read::read_capped(index, MAX_HEADER_BYTES)?;
    let parsed: Index = serde_json::from_slice(&bytes)
        .map_err(|source| CheckpointError::Json { path: index.to_path_buf(), source })?;
    let mut names: Vec<String> = parsed.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    names.iter().map(|name| beside(index, name)).collect()
}

/// Location of the file `name` in the folder of `index`.
fn beside(index: &Location, name: &str) -> Result<Location, CheckpointError> {
    if Path::new(name).file_name().is_none_or(|plain| plain != name) {
        let what = format!("weight_map names {name:?}, which is not a plain file name");
        return Err(CheckpointError::Config { path: index.to_path_buf(), what });
    }
    Ok(index.parent().map_or_else(|| Path::new(name).into(), |folder| folder.join(name)))
}
