//! The numbers of heads in files: safetensors with a version, checked as they are taken.
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use cloze_embed::correction::{Correct as _, Correction, Method};
use cloze_store::read::read_capped;
use cloze_store::{AtomicFile, Existing, Location, StoreError};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde_json::{Map, Value};

use crate::HeadError;

/// The newest version of such a file.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The largest file that is read, in bytes.
pub(crate) const MAX_HEAD_BYTES: u64 = 1 << 30;
/// The one key of the file's metadata: with more, their order would be another in every file.
const VERSION_KEY: &str = "cloze_head_version";
const CORRECTION: &str = "correction.";

/// A tensor to be written: name, type, shape, bytes.
pub(crate) type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

pub(crate) fn wide(name: &str, shape: Vec<usize>, values: impl Iterator<Item = f64>) -> Tensor {
    (name.to_owned(), Dtype::F64, shape, values.flat_map(f64::to_le_bytes).collect())
}

/// The tensors of a correction, in f32, under the names of its fields: `correction.mean`,
/// `correction.inv_std` and `correction.directions`.
pub(crate) fn of_correction(
    correction: &Correction,
    path: &Path,
) -> Result<Vec<Tensor>, HeadError> {
    let width = correction.width_in();
    let mut tensors = vec![];
    for (field, values) in fields(correction, path)? {
        let shape = match field.as_str() {
            "directions" => vec![values.len() / width, width],
            _ => vec![values.len()],
        };
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.push((format!("{CORRECTION}{field}"), Dtype::F32, shape, bytes));
    }
    Ok(tensors)
}

/// Writes tensors to the file `path`: the same bytes for the same numbers.
pub(crate) fn write(path: &Path, tensors: &[Tensor], existing: Existing) -> Result<(), HeadError> {
    let unsound = |source| HeadError::Safetensors { path: path.to_owned(), source };
    let mut views = vec![];
    for (name, dtype, shape, bytes) in tensors {
        let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(unsound)?;
        views.push((name.as_str(), view));
    }
    let version = HashMap::from([(VERSION_KEY.to_owned(), FORMAT_VERSION.to_string())]);
    let bytes = serialize(views, Some(version)).map_err(unsound)?;
    let mut file = AtomicFile::create(path, existing)?;
    let failed = |source| StoreError::Write { path: path.to_owned(), source };
    file.write_all(&bytes).map_err(failed)?;
    Ok(file.commit()?)
}

/// The bytes of the file `path`.
pub(crate) fn read(path: &Location) -> Result<Vec<u8>, HeadError> {
    Ok(read_capped(path, MAX_HEAD_BYTES)?)
}

/// The names of the tensors of a correction.
pub(crate) fn names_of(method: Method) -> [&'static str; 2] {
    match method {
        Method::ZScore => ["correction.mean", "correction.inv_std"],
        Method::Whitening { .. } | Method::AllButTheTop { .. } => {
            ["correction.mean", "correction.directions"]
        }
    }
}

/// The numbers of a correction, by the names of its fields.
#[expect(clippy::cast_possible_truncation, reason = "they were f32 before they became JSON")]
fn fields(correction: &Correction, path: &Path) -> Result<Vec<(String, Vec<f32>)>, HeadError> {
    let unsaved = |source| HeadError::Unsaved { path: path.to_owned(), source };
    let Value::Object(object) = serde_json::to_value(correction).map_err(unsaved)? else {
        return Ok(vec![]);
    };
    let numbers = |(field, value): (String, Value)| {
        let Value::Array(values) = value else { return None };
        Some((field, values.iter().filter_map(Value::as_f64).map(|v| v as f32).collect()))
    };
    Ok(object.into_iter().filter_map(numbers).collect())
}

/// The tensors of a file, which are checked as they are taken.
pub(crate) struct Tensors<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Of the bytes of the file `path`.
    ///
    /// # Errors
    /// [`HeadError::Safetensors`] if it is damaged; [`HeadError::HeadVersion`].
    pub(crate) fn of(path: &'a Path, bytes: &'a [u8]) -> Result<Self, HeadError> {
        let unsound = |source| HeadError::Safetensors { path: path.to_owned(), source };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unsound)?;
        let version = metadata.metadata().as_ref().and_then(|m| m.get(VERSION_KEY));
        if version.and_then(|v| v.parse::<u32>().ok()).is_none_or(|v| v > FORMAT_VERSION) {
            let version = version.cloned().unwrap_or_else(|| "none".into());
            let path = path.to_owned();
            return Err(HeadError::HeadVersion { path, newest: FORMAT_VERSION, found: version });
        }
        Ok(Self { path, file: SafeTensors::deserialize(bytes).map_err(unsound)? })
    }

    /// Whether there are none but these.
    ///
    /// # Errors
    /// [`HeadError::Tensor`] names the first other.
    pub(crate) fn check_known(&self, known: &[&str]) -> Result<(), HeadError> {
        // In order, so that the same one is named every time.
        let mut names = self.file.names();
        names.sort_unstable();
        match names.iter().find(|name| !known.contains(name)) {
            Some(name) => Err(self.unlike(name, "no such tensor".into(), self.found(name))),
            None => Ok(()),
        }
    }

    pub(crate) fn unlike(&self, name: &str, expected: String, actual: String) -> HeadError {
        let (path, name) = (self.path.to_owned(), name.to_owned());
        HeadError::Tensor { path, name, expected, found: actual }
    }

    /// Type and shape of what is there.
    fn found(&self, name: &str) -> String {
        let text = |t: TensorView<'_>| format!("{} {:?}", t.dtype(), t.shape());
        self.file.tensor(name).map_or_else(|_| "no such tensor".into(), text)
    }

    /// The bytes of a tensor whose dimensions are those of `shape`, where `None` is any above 0.
    pub(crate) fn bytes(
        &self,
        name: &str,
        dtype: Dtype,
        shape: &[Option<usize>],
    ) -> Result<&[u8], HeadError> {
        match self.file.tensor(name) {
            Ok(tensor) if tensor.dtype() == dtype && fits(tensor.shape(), shape) => {
                Ok(tensor.data())
            }
            _ => {
                let dim = |d: &Option<usize>| d.map_or_else(|| "any".into(), |d| d.to_string());
                let dims: Vec<String> = shape.iter().map(dim).collect();
                let expected = format!("{dtype} [{}]", dims.join(", "));
                Err(self.unlike(name, expected, self.found(name)))
            }
        }
    }

    pub(crate) fn wide(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, HeadError> {
        let shape: Vec<_> = shape.iter().copied().map(Some).collect();
        let (numbers, _) = self.bytes(name, Dtype::F64, &shape)?.as_chunks();
        Ok(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }

    /// The correction of vectors of `width`.
    pub(crate) fn correction(&self, method: Method, width: usize) -> Result<Correction, HeadError> {
        let width = Some(width);
        let mut json = Map::from_iter([("name".to_owned(), Value::from(method.name()))]);
        for name in names_of(method) {
            let directions = [None, width];
            let shape = if name.ends_with("directions") { &directions[..] } else { &[width][..] };
            let (numbers, _) = self.bytes(name, Dtype::F32, shape)?.as_chunks();
            let mut values = vec![];
            for (index, bytes) in numbers.iter().enumerate() {
                let number = f32::from_le_bytes(*bytes);
                // JSON would make null of it.
                if !number.is_finite() {
                    let actual = format!("{number} as number {index}");
                    return Err(self.unlike(name, "finite numbers".into(), actual));
                }
                values.push(Value::from(number));
            }
            json.insert(name[CORRECTION.len()..].to_owned(), Value::from(values));
        }
        serde_json::from_value(Value::Object(json)).map_err(|source| HeadError::Correction {
            path: self.path.to_owned(),
            method: method.name(),
            source,
        })
    }
}

/// Whether a shape is this one, in which `None` is any dimension above 0.
fn fits(shape: &[usize], expected: &[Option<usize>]) -> bool {
    shape.len() == expected.len()
        && shape.iter().zip(expected).all(|(dim, expected)| match expected {
            Some(expected) => dim == expected,
            None => *dim > 0,
        })
}
