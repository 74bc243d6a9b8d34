//! Writes adapters over a checkpoint of the testkit into a folder, with what is made of them here:
//! `crates/testkit/adapters/check_adapter.py` opens them with PEFT.
//!
//! `cargo run -p cloze-checkpoint --example write_adapter FOLDER`
use std::path::{Path, PathBuf};

use cloze_checkpoint::adapter::{self, Adapter, AdapterModule, Saved, TaskType};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, CheckpointError};
use cloze_store::Existing;
use cloze_testkit::{Random, checkpoint};

/// The matrices that the adapters are for, as inputs and outputs.
const MODULES: [(&str, usize, usize); 4] = [
    ("attention.self.query", 8, 8),
    ("attention.output.dense", 8, 8),
    ("intermediate.dense", 8, 12),
    ("output.dense", 12, 8),
];
const RANK: usize = 4;

fn main() -> Result<(), CheckpointError> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "adapters".into()));
    let tokens = Adapter {
        rank: RANK,
        alpha: 6.0,
        rslora: false,
        dropout: 0.1,
        target_modules: vec![],
        modules: modules(false),
        saved: vec![whole("classifier.weight", &[5, 8]), whole("classifier.bias", &[5])],
        base_model_name_or_path: String::new(),
        task_type: Some(TaskType::Tokens),
    };
    let dora = Adapter { modules: modules(true), ..tokens.clone() };
    let sequence = Adapter {
        rslora: true,
        alpha: 2.5,
        saved: vec![
            whole("classifier.weight", &[3, 8]),
            whole("classifier.bias", &[3]),
            whole("bert.pooler.dense.weight", &[8, 8]),
            whole("bert.pooler.dense.bias", &[8]),
        ],
        task_type: Some(TaskType::Sequence),
        ..tokens.clone()
    };
    for (name, base, adapter, stored) in [
        ("dora", "bert-token", dora, StoredType::F32),
        ("sequence", "bert-sequence", sequence, StoredType::F32),
        ("tokens-f16", "bert-token", tokens.clone(), StoredType::F16),
        ("tokens", "bert-token", tokens, StoredType::F32),
    ] {
        write(&folder.join(name), &checkpoint(base), adapter, stored)?;
    }
    Ok(())
}

fn modules(dora: bool) -> Vec<AdapterModule> {
    let mut random = Random::new(1);
    let mut numbers = |n: usize| -> Vec<f32> {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        (0..n).map(|_| random.below(2001) as f32 / 2000.0 - 0.5).collect()
    };
    let length = |i: usize| if i.is_multiple_of(2) { 0.5 } else { 1.5 };
    let one = |(name, inputs, outputs): (&str, usize, usize)| AdapterModule {
        name: format!("bert.encoder.layer.1.{name}"),
        a: numbers(RANK * inputs),
        b: numbers(outputs * RANK),
        inputs,
        outputs,
        magnitude: dora.then(|| (0..outputs).map(length).collect()),
    };
    MODULES.into_iter().map(one).collect()
}

fn whole(name: &str, shape: &[usize]) -> Saved {
    let n = u16::try_from(shape.iter().product::<usize>()).unwrap_or(0);
    let data = (0..n).map(|i| f32::from(i) / f32::from(n)).collect();
    Saved { name: name.into(), shape: shape.to_vec(), data }
}

fn write(
    folder: &Path,
    base: &Path,
    adapter: Adapter,
    stored: StoredType,
) -> Result<(), CheckpointError> {
    let adapter = Adapter { base_model_name_or_path: base.display().to_string(), ..adapter };
    adapter::write(folder, &adapter, stored, Existing::Replace)?;
    let file = folder.join("merged").join("model.safetensors");
    Checkpoint::open(folder)?.write_weights(StoredType::F32, &file, Existing::Replace)
}
