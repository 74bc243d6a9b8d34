//! LoRA adapters in the format of PEFT, the Python library: read, checked, merged into the matrices
//! of their base as these are read, and written.
//!
//! An adapter is two files: `adapter_config.json` and `adapter_model.safetensors`. For a matrix W,
//! `[outputs, inputs]`, it holds A, `[rank, inputs]`, and B, `[outputs, rank]`; the matrix becomes
//! W + s · B · A, with s = alpha / rank, or alpha / √rank (Kalajdzievski 2023, rsLoRA). With a
//! magnitude m, `[outputs]` (Liu et al. 2024, DoRA), each row of that is brought to the length in m.
//! Modules that were trained whole lie in the file as they are.
//!
//! Sources: Hu et al. 2021, LoRA; PEFT 0.21, `tuners/lora/{config,layer,dora}.py` and
//! `utils/save_and_load.py`.
mod config;
pub(crate) mod merge;
mod overlay;
mod write;

use std::collections::BTreeSet;

use cloze_store::Location;
pub use config::{AdapterConfig, Bias, TaskType};
pub(crate) use overlay::{check_together, overlay};
pub use write::{Adapter, AdapterModule, Saved, write};

/// The name of an adapter's settings.
pub const CONFIG: &str = "adapter_config.json";
/// The name of an adapter's tensors.
pub const TENSORS: &str = "adapter_model.safetensors";
/// Prefix of every name in the file.
const PREFIX: &str = "base_model.model.";

/// An adapter that is part of a checkpoint, for reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Folder of the adapter.
    pub folder: Location,
    /// Factor of its changes.
    pub weight: f64,
    /// Settings of the adapter.
    pub config: AdapterConfig,
    /// The matrices it changes, by their names in the base.
    pub matrices: Vec<String>,
    /// The ranks of its matrices.
    pub ranks: BTreeSet<usize>,
    /// The scales of its matrices, its weight not among them.
    pub scales: Vec<f64>,
    /// Tensors that it brings whole.
    pub saved: Vec<String>,
    /// Number of trained parameters.
    pub parameters: u64,
}
