//! Adapters over a checkpoint: what they make of its matrices, and what is refused.
//!
//! - `merging`: the numbers;
//! - `refusals`: settings, tensors and folders that do not fit;
//! - `casing`: the table of casings beside the weights.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod casing;
mod merging;
mod refusals;

use std::path::{Path, PathBuf};

use cloze_checkpoint::adapter::{self, Adapter, AdapterModule, Saved, TaskType};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, CheckpointError};
use cloze_store::Existing;
use cloze_testkit::{Random, checkpoint};
use tempfile::TempDir;

/// An adapter over `bert-token` for these matrices of its first layer, 8 × 8, with these numbers.
fn an_adapter(rank: usize, modules: &[&str], number: &mut impl FnMut() -> f32) -> Adapter {
    let mut numbers = |n: usize| (0..n).map(|_| number()).collect::<Vec<f32>>();
    let module = |name: &&str| AdapterModule {
        name: format!("bert.encoder.layer.0.attention.self.{name}"),
        a: numbers(rank * 8),
        b: numbers(8 * rank),
        inputs: 8,
        outputs: 8,
        magnitude: None,
    };
    Adapter {
        rank,
        alpha: 6.0,
        rslora: false,
        dropout: 0.1,
        target_modules: vec![],
        modules: modules.iter().map(module).collect(),
        saved: vec![],
        base_model_name_or_path: checkpoint("bert-token").display().to_string(),
        task_type: Some(TaskType::Tokens),
    }
}

fn random(seed: u64) -> impl FnMut() -> f32 {
    let mut random = Random::new(seed);
    #[expect(clippy::cast_precision_loss, reason = "small")]
    move || random.below(2001) as f32 / 1000.0 - 1.0
}

fn write(folder: &Path, adapter: &Adapter) {
    adapter::write(folder, adapter, StoredType::F32, Existing::Replace).unwrap();
}

/// An adapter in a folder of its own.
fn written(adapter: &Adapter) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), adapter);
    folder
}

fn read(checkpoint: &Checkpoint, name: &str) -> Vec<f32> {
    checkpoint.weights().reader().read(name).unwrap()
}

/// Error text of opening, with the folder left out.
fn said(folder: &Path, error: &CheckpointError) -> String {
    error.to_string().replace(&folder.display().to_string(), "FOLDER")
}

fn refusal(folder: &Path) -> String {
    let opened = Checkpoint::open(folder);
    let error = opened.map(|_| ()).expect_err("it is refused");
    said(folder, &error)
}

/// A copy of one of the testkit's adapters that names its base by its whole path.
fn adapter_copy(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = cloze_testkit::adapter(name);
    for file in [adapter::CONFIG, adapter::TENSORS] {
        fs_err::copy(from.join(file), copy.path().join(file)).unwrap();
    }
    let base = from.join("../../checkpoints");
    let base = base.canonicalize().unwrap().display().to_string();
    change(copy.path(), "../../checkpoints", &base);
    copy
}

/// Changes the settings of an adapter.
fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join(adapter::CONFIG);
    let text = fs_err::read_to_string(&path).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from:?} is there once");
    fs_err::write(path, text.replace(from, to)).unwrap();
}

fn saved(name: &str, shape: &[usize], data: &[f32]) -> Saved {
    Saved { name: name.into(), shape: shape.to_vec(), data: data.to_vec() }
}

fn card(folder: &Path, rest: &str) {
    let text = format!(r#"{{"kind": "model", "format_version": 1, {rest}}}"#);
    fs_err::write(folder.join("cloze.json"), text).unwrap();
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().to_owned()
}
