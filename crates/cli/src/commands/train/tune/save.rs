//! The folder of a trained model.
use std::path::Path;

use anyhow::Context as _;
use cloze::classifier::relative;
use cloze_checkpoint::adapter::{self, Adapter, Module, Saved, TaskType};
use cloze_checkpoint::card::{BaseRef, CARD, CARD_VERSION, Card, KIND};
use cloze_checkpoint::casing;
use cloze_checkpoint::weights::{self, StoredType};
use cloze_core::Casing;
use cloze_store::{AtomicFolder, Existing, checksum, envelope};
use cloze_tune::encoder::{EncoderParams, Tuning};
use cloze_tune::{Encoder, Parameter, Parameters};
use serde_json::{Value, json};

use super::model::Base;
use super::report::{Report, Verdict};
use super::{clear, copy_log};
use crate::commands::train::args::training::TrainingArgs;

/// What of a trained model is written.
pub(crate) struct Trained<'a> {
    pub(crate) base: &'a Base,
    pub(crate) encoder: &'a Encoder,
    pub(crate) params: &'a EncoderParams,
    pub(crate) parameters: &'a Parameters,
    /// Where the head's parameters begin.
    pub(crate) head_start: usize,
    /// The task's part of transformers' class: `TokenClassification`.
    pub(crate) class: Option<&'a str>,
    pub(crate) task: Option<TaskType>,
    /// How transformers is to take the labels: `multi_label_classification`.
    pub(crate) problem: Option<&'static str>,
    /// In the order of the outputs.
    pub(crate) labels: &'a [String],
    pub(crate) dtype: StoredType,
}

impl Trained<'_> {
    /// All of the folder, and then the folder itself. Of `card` there is what the task says; what was
    /// typed goes before it.
    pub(crate) fn commit<V: Verdict>(
        &self,
        card: Card,
        report: &Report<V>,
        args: &TrainingArgs,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let path = output.path();
        self.write(path)?;
        let card = Card {
            description: report.description.clone().or(card.description),
            license: report.license.clone(),
            attribution: report.attribution.clone(),
            source: report.source.clone(),
            training: Some(report.training()),
            ..card
        };
        self.write_card(path, card)?;
        report.write_files(path, &args.output)?;
        copy_log(args, path)?;
        output.commit()?;
        clear(args)
    }

    /// The weights or the adapter, and all that a model needs besides but its card.
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        match &self.params.tuning {
            Tuning::Lora(lora) => {
                let module = |module: &cloze_tune::encoder::LoraModule| {
                    let (a, b) = (self.parameters.get(module.a), self.parameters.get(module.b));
                    Module {
                        name: self.named(&module.name),
                        a: a.value.clone(),
                        b: b.value.clone(),
                        inputs: a.shape[1],
                        outputs: b.shape[0],
                        magnitude: None,
                    }
                };
                let adapter = Adapter {
                    rank: lora.rank,
                    alpha: lora.alpha,
                    rslora: lora.rslora,
                    dropout: f64::from(lora.dropout),
                    target_modules: vec![],
                    modules: self.encoder.modules().iter().map(module).collect(),
                    saved: self.head().map(saved).collect(),
                    base_model_name_or_path: self.relative(folder)?,
                    task_type: self.task,
                };
                adapter::write(folder, &adapter, self.dtype, Existing::Refuse)?;
            }
            Tuning::Full | Tuning::Head => {
                let encoder = self.parameters.list().iter().take(self.head_start);
                let encoder = encoder.filter(|p| p.name != casing::TENSOR);
                let renamed = encoder.map(|p| (self.named(&p.name), &*p.shape, &*p.value));
                let head = self.head().map(|p| (p.name.clone(), &*p.shape, &*p.value));
                let tensors: Vec<_> = renamed.chain(head).collect();
                let path = folder.join("model.safetensors");
                weights::write_tensors(&tensors, self.dtype, &path, Existing::Refuse)?;
                self.copy_files(folder)?;
            }
        }
        if let Some(id) = self.parameters.find(casing::TENSOR) {
            let table = self.parameters.get(id);
            let tensors = [(casing::TENSOR.to_owned(), &*table.shape, &*table.value)];
            let path = folder.join(casing::FILE);
            weights::write_tensors(&tensors, StoredType::F32, &path, Existing::Refuse)?;
            debug_assert_eq!(table.shape[0], Casing::COUNT, "a row a class");
        }
        let mut config: Value = serde_json::from_slice(&self.base.checkpoint.config_json()?)?;
        let architecture = match self.class {
            Some(class) => self.base.architecture(&format!("For{class}")),
            None => self.base.architecture("Model"),
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

    /// An encoder's name in a model that has a head beside it.
    fn named(&self, name: &str) -> String {
        let body = self.base.body();
        if self.class.is_none() || name.starts_with(body) {
            name.to_owned()
        } else {
            format!("{body}{name}")
        }
    }

    /// From the folder to the base's.
    fn relative(&self, folder: &Path) -> anyhow::Result<String> {
        Ok(relative(folder, self.base.folder.folder())?.to_string_lossy().into_owned())
    }

    fn copy_files(&self, folder: &Path) -> anyhow::Result<()> {
        for (name, from) in cloze::companions::companions(&self.base.folder) {
            let to = folder.join(name);
            if !["config.json", "README.md", "model.safetensors", casing::FILE].contains(&name) {
                fs_err::create_dir_all(to.parent().unwrap_or(folder))?;
                fs_err::copy(from, to)?;
            }
        }
        Ok(())
    }

    /// Writes `cloze.json`, with the base where only what differs is stored, and the hashes of what
    /// is there.
    fn write_card(&self, folder: &Path, mut card: Card) -> anyhow::Result<()> {
        if matches!(self.params.tuning, Tuning::Lora(_)) {
            card.base = Some(BaseRef {
                name: self.base.folder.name(),
                folder: self.relative(folder)?,
                sha256: self.base.folder.sha256()?,
            });
        }
        for name in [adapter::CONFIG, adapter::TENSORS, "model.safetensors", casing::FILE] {
            let path = folder.join(name);
            if path.is_file() {
                card.sha256.insert(name.to_owned(), checksum::sha256_file(&path)?);
            }
        }
        let path = folder.join(CARD);
        envelope::write_json(&path, KIND, CARD_VERSION, &card, Existing::Refuse)
            .with_context(|| folder.display().to_string())
    }
}

fn saved(parameter: &Parameter) -> Saved {
    let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
    Saved { name, shape, data: parameter.value.clone() }
}
