//! Writing the folder of a trained model.
use std::path::Path;

use cloze_checkpoint::adapter::{Adapter, AdapterModule, Saved, TaskType};
use cloze_checkpoint::card::{CARD, CARD_VERSION, Card, KIND};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{adapter, casing, weights};
use cloze_core::Casing;
use cloze_store::{Existing, checksum, envelope};
use cloze_tune::encoder::{LoraModule, TrainableEncoder, TrainableEncoderParams, Tuning};
use cloze_tune::{Parameter, Parameters};
use serde_json::{Value, json};

use super::FineTuneError;
use super::base::StartModel;
use crate::classifier::{base_folder, base_ref};
use crate::companions::companions;

/// Parts of a trained model that are written.
pub(super) struct TrainedModel<'a> {
    pub(super) encoder: &'a TrainableEncoder,
    pub(super) params: &'a TrainableEncoderParams,
    pub(super) parameters: &'a Parameters,
    /// Index of the first head parameter.
    pub(super) head_start: usize,
    /// Task's part of transformers' class: `TokenClassification`.
    pub(super) class: Option<&'a str>,
    pub(super) task: Option<TaskType>,
    /// Problem type of transformers: `multi_label_classification`.
    pub(super) problem: Option<&'static str>,
    /// Labels, in the order of the outputs.
    pub(super) labels: &'a [String],
    pub(super) dtype: StoredType,
}

impl TrainedModel<'_> {
    /// Writes the weights or the adapter, and all that a model needs besides but its card.
    pub(super) fn write(&self, base: &StartModel, folder: &Path) -> Result<(), FineTuneError> {
        match &self.params.tuning {
            Tuning::Lora(lora) => {
                let module = |module| self.adapter_module(base, module);
                let adapter = Adapter {
                    rank: lora.rank,
                    alpha: lora.alpha,
                    rslora: lora.rslora,
                    dropout: f64::from(lora.dropout),
                    target_modules: vec![],
                    modules: self.encoder.modules().iter().map(module).collect(),
                    saved: self.head().map(saved).collect(),
                    base_model_name_or_path: base_folder(folder, &base.folder)?,
                    task_type: self.task,
                };
                adapter::write(folder, &adapter, self.dtype, Existing::Refuse)?;
            }
            Tuning::Full | Tuning::Head => {
                let encoder = self.parameters.list().iter().take(self.head_start);
                let encoder = encoder.filter(|p| p.name != casing::TENSOR);
                let renamed = encoder.map(|p| (self.named(base, &p.name), &*p.shape, &*p.value));
                let head = self.head().map(|p| (p.name.clone(), &*p.shape, &*p.value));
                let tensors: Vec<_> = renamed.chain(head).collect();
                let path = folder.join("model.safetensors");
                weights::write_tensors(&tensors, self.dtype, &path, Existing::Refuse)?;
                copy_files(folder, base)?;
            }
        }
        if let Some(id) = self.parameters.find(casing::TENSOR) {
            let table = self.parameters.get(id);
            let tensors = [(casing::TENSOR.to_owned(), &*table.shape, &*table.value)];
            let path = folder.join(casing::FILE);
            weights::write_tensors(&tensors, StoredType::F32, &path, Existing::Refuse)?;
            debug_assert_eq!(table.shape[0], Casing::COUNT, "a row a class");
        }
        let mut config: Value = serde_json::from_slice(&base.checkpoint.config_json()?)?;
        let architecture = match self.class {
            Some(class) => base.architecture(&format!("For{class}")),
            None => base.architecture("Model"),
        };
        config["architectures"] = json!([architecture]);
        if !self.labels.is_empty() {
            let ids = self.labels.iter().enumerate();
            config["id2label"] = ids.clone().map(|(i, l)| (i.to_string(), json!(l))).collect();
            config["label2id"] = ids.map(|(i, l)| (l.clone(), json!(i))).collect();
        }
        if let Some(problem) = self.problem {
            config["problem_type"] = json!(problem);
        }
        let mut config = serde_json::to_vec_pretty(&config)?;
        config.push(b'\n');
        Ok(fs_err::write(folder.join("config.json"), config)?)
    }

    fn head(&self) -> impl Iterator<Item = &Parameter> {
        let task = self.parameters.list().iter().skip(self.head_start);
        // Those of tags as neighbours are no part of the graph: the card has them.
        task.filter(|p| !p.name.starts_with("crf."))
    }

    /// Name of an encoder's tensor in a model that has a head beside it.
    fn adapter_module(&self, base: &StartModel, module: &LoraModule) -> AdapterModule {
        let (a, b) = (self.parameters.get(module.a), self.parameters.get(module.b));
        AdapterModule {
            name: self.named(base, &module.name),
            a: a.value.clone(),
            b: b.value.clone(),
            inputs: a.shape[1],
            outputs: b.shape[0],
            magnitude: None,
        }
    }

    fn named(&self, base: &StartModel, name: &str) -> String {
        let body = base.body();
        if self.class.is_none() || name.starts_with(body) {
            name.to_owned()
        } else {
            format!("{body}{name}")
        }
    }

    /// Writes `cloze.json`, with the base where only adapters are stored, and the hashes of the files.
    pub(super) fn write_card(
        &self,
        base: &StartModel,
        folder: &Path,
        mut card: Card,
    ) -> Result<(), FineTuneError> {
        if matches!(self.params.tuning, Tuning::Lora(_)) {
            card.base = Some(base_ref(folder, &base.folder, base.folder.sha256()?)?);
        }
        for name in [adapter::CONFIG, adapter::TENSORS, "model.safetensors", casing::FILE] {
            let path = folder.join(name);
            if path.is_file() {
                card.sha256.insert(name.to_owned(), checksum::sha256_file(&path)?);
            }
        }
        let path = folder.join(CARD);
        envelope::write_json(&path, KIND, CARD_VERSION, &card, Existing::Refuse)
            .map_err(|source| FineTuneError::File { path: folder.display().to_string(), source })
    }
}

fn copy_files(folder: &Path, base: &StartModel) -> Result<(), FineTuneError> {
    for companion in companions(&base.folder)? {
        let name = companion.name.as_str();
        if !["config.json", "README.md", casing::FILE].contains(&name) {
            companion.write(folder)?;
        }
    }
    Ok(())
}

fn saved(parameter: &Parameter) -> Saved {
    let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
    Saved { name, shape, data: parameter.value.clone() }
}
