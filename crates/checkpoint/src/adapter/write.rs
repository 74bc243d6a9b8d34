//! An adapter as PEFT writes it.
use std::io::Write as _;
use std::path::Path;

use cloze_store::{AtomicFile, Existing, StoreError};
use serde_json::json;

use super::{CONFIG, PREFIX, TENSORS, TaskType};
use crate::error::CheckpointError;
use crate::weights::{StoredType, write_tensors};

/// The version of PEFT whose format is written.
const PEFT_VERSION: &str = "0.17.0";

/// An adapter that was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    /// The rank of every matrix.
    pub rank: usize,
    /// Alpha of the scale: alpha / rank.
    pub alpha: f64,
    /// Whether the scale is alpha / √rank.
    pub rslora: bool,
    /// Dropout probability of the training; a note.
    pub dropout: f64,
    /// The matrices that it is for, by their names' ends, such as `query`. Empty: the names of
    /// `modules`.
    pub target_modules: Vec<String>,
    /// Matrices of the adapter.
    pub modules: Vec<AdapterModule>,
    /// Tensors that were trained whole.
    pub saved: Vec<Saved>,
    /// The model it was trained on: its folder relative to the adapter's, or its name.
    pub base_model_name_or_path: String,
    /// Task of the model.
    pub task_type: Option<TaskType>,
}

/// An adapter's numbers for one matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterModule {
    /// The matrix's name in the model that was trained, without `.weight`:
    /// `bert.encoder.layer.0.attention.self.query`.
    pub name: String,
    /// `[rank, inputs]`.
    pub a: Vec<f32>,
    /// `[outputs, rank]`.
    pub b: Vec<f32>,
    /// Columns of the matrix.
    pub inputs: usize,
    /// Rows of the matrix.
    pub outputs: usize,
    /// DoRA's lengths, `[outputs]`: of every module or of none.
    pub magnitude: Option<Vec<f32>>,
}

/// A tensor that was trained whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Name in the model that was trained: `classifier.weight`, `bert.pooler.dense.bias`.
    pub name: String,
    /// Shape, outer to inner.
    pub shape: Vec<usize>,
    /// Numbers, row after row.
    pub data: Vec<f32>,
}

/// Writes an adapter into `folder`, which is made if it is not there: `adapter_config.json` and
/// `adapter_model.safetensors`, its numbers as `to`.
///
/// # Errors
/// [`CheckpointError::AdapterSetting`] for a rank, alpha or dropout out of its range, no module at all, or
/// lengths for some of them only; [`CheckpointError::Tensors`] lists the tensors that have not as many
/// numbers as their shapes say, or a name that occurs twice; [`CheckpointError::NotFinite`] and
/// [`CheckpointError::Overflow`] name one with a number that cannot be written;
/// [`CheckpointError::Store`] if a file cannot be written.
pub fn write(
    folder: &Path,
    adapter: &Adapter,
    to: StoredType,
    existing: Existing,
) -> Result<(), CheckpointError> {
    check_settings(folder, adapter)?;
    let path = folder.join(TENSORS);
    let tensors = tensors(&path, adapter)?;
    let named: Vec<_> =
        tensors.iter().map(|(name, shape, data)| (name.clone(), &**shape, *data)).collect();
    write_tensors(&named, to, &path, existing)?;
    let mut config = serde_json::to_vec_pretty(&settings(adapter))
        .map_err(|source| CheckpointError::Json { path: folder.join(CONFIG), source })?;
    config.push(b'\n');
    let path = folder.join(CONFIG);
    let mut file = AtomicFile::create(&path, existing)?;
    file.write_all(&config).map_err(|source| StoreError::Write { path, source })?;
    Ok(file.commit()?)
}

fn check_settings(folder: &Path, adapter: &Adapter) -> Result<(), CheckpointError> {
    let wrong = |setting: &str, expected, value: String| {
        let (path, setting) = (folder.join(CONFIG), setting.to_owned());
        Err(CheckpointError::AdapterSetting { path, setting, expected, found: value })
    };
    let dora = adapter.modules.iter().filter(|m| m.magnitude.is_some()).count();
    if adapter.rank == 0 || adapter.rank > 1 << 16 {
        wrong("r", "1 to 65536", adapter.rank.to_string())
    } else if !adapter.alpha.is_finite() {
        wrong("lora_alpha", "a finite number", adapter.alpha.to_string())
    } else if !(0.0..1.0).contains(&adapter.dropout) {
        wrong("lora_dropout", "0 or more and less than 1", adapter.dropout.to_string())
    } else if adapter.modules.is_empty() {
        wrong("target_modules", "at least one matrix", "none".into())
    } else if dora != 0 && dora != adapter.modules.len() {
        let count = format!("{dora} of {}", adapter.modules.len());
        wrong("use_dora", "lengths for every module or for none", count)
    } else {
        Ok(())
    }
}

/// Names, shapes and numbers.
type Tensors<'a> = Vec<(String, Vec<usize>, &'a [f32])>;

fn tensors<'a>(path: &Path, adapter: &'a Adapter) -> Result<Tensors<'a>, CheckpointError> {
    let mut tensors: Tensors<'_> = vec![];
    for AdapterModule { name, a, b, inputs, outputs, magnitude } in &adapter.modules {
        let name = |part: &str| format!("{PREFIX}{name}.{part}");
        tensors.push((name("lora_A.weight"), vec![adapter.rank, *inputs], a));
        tensors.push((name("lora_B.weight"), vec![*outputs, adapter.rank], b));
        if let Some(magnitude) = magnitude {
            tensors.push((name("lora_magnitude_vector"), vec![*outputs], magnitude));
        }
    }
    for Saved { name, shape, data } in &adapter.saved {
        tensors.push((format!("{PREFIX}{name}"), shape.clone(), data));
    }
    let (mut extra, mut wrong) = (vec![], vec![]);
    for (i, (name, shape, data)) in tensors.iter().enumerate() {
        let size = shape.iter().try_fold(1_usize, |size, n| size.checked_mul(*n));
        if size != Some(data.len()) {
            wrong.push(format!("{name}: expected {shape:?}, found {} numbers", data.len()));
        }
        if tensors[..i].iter().any(|(other, ..)| other == name) {
            extra.push(format!("{name}, which is there already"));
        }
    }
    if extra.is_empty() && wrong.is_empty() {
        return Ok(tensors);
    }
    Err(CheckpointError::Tensors { path: path.to_owned(), missing: vec![], extra, wrong })
}

/// `adapter_config.json`.
fn settings(adapter: &Adapter) -> serde_json::Value {
    let targets: Vec<&str> = if adapter.target_modules.is_empty() {
        adapter.modules.iter().map(|m| m.name.as_str()).collect()
    } else {
        adapter.target_modules.iter().map(String::as_str).collect()
    };
    let mut whole: Vec<&str> = vec![];
    for saved in &adapter.saved {
        let module = module_of(&saved.name);
        if !whole.contains(&module) {
            whole.push(module);
        }
    }
    json!({
        "peft_type": "LORA",
        "peft_version": PEFT_VERSION,
        "task_type": adapter.task_type.map(TaskType::name),
        "base_model_name_or_path": adapter.base_model_name_or_path,
        "r": adapter.rank,
        // PEFT declares a whole number; to read one as such keeps its files alike.
        "lora_alpha": number(adapter.alpha),
        "lora_dropout": adapter.dropout,
        "use_rslora": adapter.rslora,
        "use_dora": adapter.modules.iter().any(|m| m.magnitude.is_some()),
        "target_modules": targets,
        "modules_to_save": if whole.is_empty() { None } else { Some(whole) },
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "rank_pattern": {},
        "alpha_pattern": {},
    })
}

/// Without a decimal point where there is nothing behind it.
#[expect(clippy::cast_possible_truncation, reason = "in range, and whole")]
fn number(x: f64) -> serde_json::Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { json!(x as i64) } else { json!(x) }
}

/// The module that PEFT is to wrap for a tensor: a classifier or pooler whole, else the tensor's own.
fn module_of(name: &str) -> &str {
    for whole in ["classifier", "pooler"] {
        if name.split('.').any(|part| part == whole) {
            return whole;
        }
    }
    name.rsplit_once('.').map_or(name, |(module, _)| module)
}
