//! A head with its features in a file, `head.safetensors`, and the description that goes into the
//! model's own file.
//!
//! Tensors: `weight` and `square`, `[labels, width]`, `bias` and `thresholds` (NaN where there is
//! none), `[labels]`, in f64; the correction's numbers in f32, under the names of its fields:
//! `correction.mean`, `correction.inv_std` and `correction.directions`.
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use cloze_embed::EmbedError;
use cloze_embed::correction::{Correct as _, Correction, Method};
use cloze_store::read::read_capped;
use cloze_store::{AtomicFile, Existing, StoreError};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ClassifyHead, Combine, Features, Prediction};
use crate::HeadError;

/// The newest version of the file.
pub const FORMAT_VERSION: u32 = 1;
/// The largest file that is read, in bytes.
pub const MAX_HEAD_BYTES: u64 = 1 << 30;
/// The one key of the file's metadata: with more, their order would be another in every file.
const VERSION_KEY: &str = "cloze_head_version";
const CORRECTION: &str = "correction.";

/// What a head is, but for its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of a file, not states")]
pub struct HeadSpec {
    /// How it was fitted.
    pub kind: String,
    /// The labels, in the order of logits.
    pub labels: Vec<String>,
    /// Whether a text may have any number of them.
    pub multi_label: bool,
    /// What logits are divided by.
    pub temperature: f64,
    /// The width of a row: of pairs, of both vectors.
    pub width: usize,
    /// How many vectors a row holds.
    pub combine: Combine,
    /// The correction of each vector.
    pub correction: Option<Method>,
    /// Whether vectors are scaled to length 1.
    pub normalize: bool,
    /// Whether there are weights of squares.
    pub square: bool,
    /// Whether there are thresholds.
    pub thresholds: bool,
    /// The effective settings of the fit.
    pub settings: Map<String, Value>,
    /// The seed of the fit.
    pub seed: u64,
}

/// Features and a head that go together: a row to labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    features: Features,
    head: ClassifyHead,
}

impl Classifier {
    /// Of both.
    ///
    /// # Errors
    /// [`EmbedError::Width`], as [`HeadError::Embed`], if the head expects another number of
    /// features.
    pub fn new(features: Features, head: ClassifyHead) -> Result<Self, HeadError> {
        let (expected, found) = (head.width(), features.width_out());
        if expected != found {
            return Err(EmbedError::Width { expected, found }.into());
        }
        Ok(Self { features, head })
    }

    /// The way from a row to features.
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The way from features to labels.
    #[must_use]
    pub fn head(&self) -> &ClassifyHead {
        &self.head
    }

    /// The logits of `row`, `[width_in]`: `[labels]`.
    ///
    /// # Errors
    /// As [`Features::apply`] and [`ClassifyHead::predict`].
    pub fn predict(&self, row: &[f32]) -> Result<Vec<f64>, HeadError> {
        self.head.predict(&self.features.apply(row)?)
    }

    /// What the head says of `row`, `[width_in]`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn classify(&self, row: &[f32]) -> Result<Prediction, HeadError> {
        self.head.decode(&self.head.probabilities(&self.predict(row)?)?)
    }

    /// What is not in the file; `settings` and `seed` are those of the fit, `correction` is the
    /// method, if there is one, with its settings.
    #[must_use]
    pub fn spec(
        &self,
        correction: Option<Method>,
        settings: Map<String, Value>,
        seed: u64,
    ) -> HeadSpec {
        HeadSpec {
            kind: self.head.kind().to_owned(),
            labels: self.head.labels().to_vec(),
            multi_label: self.head.multi_label(),
            temperature: self.head.temperature(),
            width: self.features.width_in(),
            combine: self.features.combine(),
            correction,
            normalize: self.features.normalize(),
            square: self.head.square().is_some(),
            thresholds: !self.head.thresholds().is_empty(),
            settings,
            seed,
        }
    }

    /// Writes the numbers to the file `path`: the same bytes for the same numbers.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it exists and is not to be replaced, or cannot be written.
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), HeadError> {
        let head = &self.head;
        let (labels, width) = (head.labels().len(), head.width());
        let mut tensors = vec![
            wide("weight", vec![labels, width], head.weight().iter().copied()),
            wide("bias", vec![labels], head.bias().iter().copied()),
        ];
        if let Some(square) = head.square() {
            tensors.push(wide("square", vec![labels, width], square.iter().copied()));
        }
        if !head.thresholds().is_empty() {
            let values = head.thresholds().iter().map(|t| t.unwrap_or(f64::NAN));
            tensors.push(wide("thresholds", vec![labels], values));
        }
        if let Some(correction) = self.features.correction() {
            let width = correction.width_in();
            for (field, values) in fields(correction, path)? {
                let shape = match field.as_str() {
                    "directions" => vec![values.len() / width, width],
                    _ => vec![values.len()],
                };
                let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                tensors.push((format!("{CORRECTION}{field}"), Dtype::F32, shape, bytes));
            }
        }
        let unsound = |source| HeadError::Safetensors { path: path.to_owned(), source };
        let mut views = vec![];
        for (name, dtype, shape, bytes) in &tensors {
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

    /// The classifier whose numbers are in the file `path` and of which `spec` says the rest.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it cannot be read or has more than [`MAX_HEAD_BYTES`];
    /// [`HeadError::Safetensors`] if it is damaged; [`HeadError::HeadVersion`];
    /// [`HeadError::Tensor`] names the first tensor that is missing, unknown, or not of the type
    /// and shape that `spec` asks for; [`HeadError::Correction`] for numbers that make none; else
    /// as [`Features::new`] and [`ClassifyHead`]'s parts.
    pub fn open(path: &Path, spec: &HeadSpec) -> Result<Self, HeadError> {
        let bytes = read_capped(path, MAX_HEAD_BYTES)?;
        let unsound = |source| HeadError::Safetensors { path: path.to_owned(), source };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(unsound)?;
        let version = metadata.metadata().as_ref().and_then(|m| m.get(VERSION_KEY));
        if version.and_then(|v| v.parse::<u32>().ok()).is_none_or(|v| v > FORMAT_VERSION) {
            let found = version.cloned().unwrap_or_else(|| "none".into());
            let path = path.to_owned();
            return Err(HeadError::HeadVersion { path, newest: FORMAT_VERSION, found });
        }
        let file = Tensors { path, file: SafeTensors::deserialize(&bytes).map_err(unsound)? };
        let correction = spec.correction.map(|method| file.correction(method, spec)).transpose()?;
        let features = Features::new(spec.combine, spec.width, correction, spec.normalize)?;
        let (labels, width) = (spec.labels.len(), features.width_out());
        let mut known = vec!["weight", "bias"];
        let weight = file.wide("weight", &[labels, width])?;
        let bias = file.wide("bias", &[labels])?;
        let mut head = ClassifyHead::new(&spec.kind, spec.labels.clone(), weight, bias)?
            .with_multi_label(spec.multi_label)
            .with_temperature(spec.temperature)?;
        if spec.square {
            known.push("square");
            head = head.with_square(file.wide("square", &[labels, width])?)?;
        }
        if spec.thresholds {
            known.push("thresholds");
            let values = file.wide("thresholds", &[labels])?;
            let thresholds = values.into_iter().map(|t| Some(t).filter(|t| !t.is_nan()));
            head = head.with_thresholds(thresholds.collect())?;
        }
        if let Some(method) = spec.correction {
            known.extend(tensors_of(method));
        }
        // In order, so that the same one is named every time.
        let mut names = file.file.names();
        names.sort_unstable();
        if let Some(name) = names.iter().find(|name| !known.contains(name)) {
            return Err(file.unlike(name, "no such tensor".into(), file.found(name)));
        }
        Self::new(features, head)
    }
}

type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

fn wide(name: &str, shape: Vec<usize>, values: impl Iterator<Item = f64>) -> Tensor {
    (name.to_owned(), Dtype::F64, shape, values.flat_map(f64::to_le_bytes).collect())
}

/// The names of the tensors of a correction.
fn tensors_of(method: Method) -> [&'static str; 2] {
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
    let Value::Object(all) = serde_json::to_value(correction).map_err(unsaved)? else {
        return Ok(vec![]);
    };
    let numbers = |(field, value): (String, Value)| {
        let Value::Array(values) = value else { return None };
        Some((field, values.iter().filter_map(Value::as_f64).map(|v| v as f32).collect()))
    };
    Ok(all.into_iter().filter_map(numbers).collect())
}

/// The tensors of a file, which are judged as they are taken.
struct Tensors<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
}

impl Tensors<'_> {
    fn unlike(&self, name: &str, expected: String, found: String) -> HeadError {
        let (path, name) = (self.path.to_owned(), name.to_owned());
        HeadError::Tensor { path, name, expected, found }
    }

    /// Type and shape of what is there.
    fn found(&self, name: &str) -> String {
        let text = |t: TensorView<'_>| format!("{} {:?}", t.dtype(), t.shape());
        self.file.tensor(name).map_or_else(|_| "no such tensor".into(), text)
    }

    /// The bytes of a tensor whose dimensions are those of `shape`, where `None` is any above 0.
    fn bytes(&self, name: &str, dtype: Dtype, shape: &[Option<usize>]) -> Result<&[u8], HeadError> {
        let fits = |t: &TensorView<'_>| {
            let same = |(found, expected): (&usize, &Option<usize>)| match expected {
                Some(expected) => found == expected,
                None => *found > 0,
            };
            t.dtype() == dtype
                && t.shape().len() == shape.len()
                && t.shape().iter().zip(shape).all(same)
        };
        match self.file.tensor(name) {
            Ok(tensor) if fits(&tensor) => Ok(tensor.data()),
            _ => {
                let dim = |d: &Option<usize>| d.map_or_else(|| "any".into(), |d| d.to_string());
                let dims: Vec<String> = shape.iter().map(dim).collect();
                let expected = format!("{dtype} [{}]", dims.join(", "));
                Err(self.unlike(name, expected, self.found(name)))
            }
        }
    }

    fn wide(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, HeadError> {
        let shape: Vec<_> = shape.iter().copied().map(Some).collect();
        let (numbers, _) = self.bytes(name, Dtype::F64, &shape)?.as_chunks();
        Ok(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }

    fn correction(&self, method: Method, spec: &HeadSpec) -> Result<Correction, HeadError> {
        let width = Some(spec.width / spec.combine.vectors());
        let mut json = Map::from_iter([("name".to_owned(), Value::from(method.name()))]);
        for name in tensors_of(method) {
            let directions = [None, width];
            let shape = if name.ends_with("directions") { &directions[..] } else { &[width][..] };
            let (numbers, _) = self.bytes(name, Dtype::F32, shape)?.as_chunks();
            let mut values = vec![];
            for (index, bytes) in numbers.iter().enumerate() {
                let found = f32::from_le_bytes(*bytes);
                // JSON would make null of it.
                if !found.is_finite() {
                    let found = format!("{found} as number {index}");
                    return Err(self.unlike(name, "finite numbers".into(), found));
                }
                values.push(Value::from(found));
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
