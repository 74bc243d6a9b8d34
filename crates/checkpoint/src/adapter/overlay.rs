//! An adapter put over the weights of its base.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{AdapterConfig, Bias, CONFIG, Merged, PREFIX, TENSORS};
use cloze_store::Location;

use crate::error::CheckpointError;
use crate::family::{BASE_HEADS, BODY, Family};
use crate::weights::{StoredTensor, Update, Weights};

/// Mark after the name of a module that was trained whole, in files of old versions.
const SAVED_MARK: &str = ".modules_to_save.";
/// The tensors of one module with an adapter.
#[derive(Default)]
struct Parts {
    a: Option<StoredTensor>,
    b: Option<StoredTensor>,
    magnitude: Option<StoredTensor>,
}

/// Part of an adapter that a tensor is.
enum Part {
    A,
    B,
    Magnitude,
}

/// Endings of the parts' names; a magnitude's has changed with PEFT's versions.
const PARTS: [(&str, Part); 4] = [
    (".lora_A.weight", Part::A),
    (".lora_B.weight", Part::B),
    (".lora_magnitude_vector", Part::Magnitude),
    (".lora_magnitude_vector.weight", Part::Magnitude),
];

/// Puts the adapter in `folder` over `weights`, its changes multiplied with `weight`. With a
/// classifier of its own the base's heads of other tasks go.
///
/// # Errors
/// Errors of [`AdapterConfig::read`] and of reading a safetensors file; [`CheckpointError::Tensors`] lists
/// every tensor that fits no matrix of the base, is missing, or is of another shape;
/// [`CheckpointError::AdapterSetting`] for biases that the settings promise and the file does not have.
pub(crate) fn overlay(
    weights: &mut Weights,
    family: &Family,
    folder: &Location,
    weight: f64,
) -> Result<Merged, CheckpointError> {
    let config = AdapterConfig::read(folder)?;
    let path = folder.join(TENSORS);
    let tensors = weights.add_file(&path)?;
    let parameters = tensors.values().map(|p| p.shape.iter().product::<usize>() as u64).sum();
    let mut judge =
        Judge { weights, prefix: family.prefix, missing: vec![], extra: vec![], wrong: vec![] };
    let (modules, mut saved) = judge.sort(tensors);
    let mut merged = Merged {
        folder: folder.clone(),
        weight,
        matrices: vec![],
        ranks: BTreeSet::new(),
        scales: vec![],
        saved: vec![],
        parameters,
        config,
    };
    let mut updates = vec![];
    for (module, parts) in modules {
        if let Some((name, update)) = judge.update(&merged.config, &module, parts) {
            merged.ranks.insert(update.a.shape[0]);
            if !merged.scales.contains(&update.scale) {
                merged.scales.push(update.scale);
            }
            merged.matrices.push(name.clone());
            updates.push((name, Update { scale: weight * update.scale, ..update }));
        }
    }
    let (missing, extra, wrong) = (judge.missing, judge.extra, judge.wrong);
    if !(missing.is_empty() && extra.is_empty() && wrong.is_empty()) {
        return Err(CheckpointError::Tensors { path: path.to_path_buf(), missing, extra, wrong });
    }
    check_biases(&merged.config, folder, &saved)?;
    for (name, update) in updates {
        weights.update(&name, update);
    }
    if saved.keys().any(|name| name.starts_with("classifier.")) {
        weights.remove(|name| {
            name.starts_with("classifier.") || BASE_HEADS.iter().any(|head| name.starts_with(head))
        });
        // A body beside a head has its prefix: transformers takes the head's tensors for the body's
        // otherwise.
        let prefixed = |name: String| {
            let bare = BODY.iter().any(|part| name.starts_with(part));
            if bare { format!("{}{name}", family.prefix) } else { name }
        };
        weights.rename(prefixed);
        merged.matrices = merged.matrices.into_iter().map(prefixed).collect();
        // What it brings whole may be a part of the body: BERT's pooler.
        saved = saved.into_iter().map(|(name, stored)| (prefixed(name), stored)).collect();
    }
    for (name, stored) in saved {
        merged.saved.push(name.clone());
        weights.put(name, stored);
    }
    Ok(merged)
}

/// Looks the base's tensors up and keeps what is wrong, so that all of it is said at once.
struct Judge<'a> {
    weights: &'a Weights,
    /// The family's, which names may have or not.
    prefix: &'static str,
    missing: Vec<String>,
    extra: Vec<String>,
    wrong: Vec<String>,
}

impl Judge<'_> {
    /// The adapter's matrices by module, and what is to be taken whole by its name in the base.
    fn sort(
        &mut self,
        tensors: BTreeMap<String, StoredTensor>,
    ) -> (BTreeMap<String, Parts>, BTreeMap<String, StoredTensor>) {
        let mut modules: BTreeMap<String, Parts> = BTreeMap::new();
        let mut saved = BTreeMap::new();
        for (full, stored) in tensors {
            let Some(name) = full.strip_prefix(PREFIX) else {
                self.extra.push(full);
                continue;
            };
            let part = PARTS.iter().find_map(|(end, part)| Some((name.strip_suffix(end)?, part)));
            if let Some((module, part)) = part {
                let parts = modules.entry(module.to_owned()).or_default();
                let slot = match part {
                    Part::A => &mut parts.a,
                    Part::B => &mut parts.b,
                    Part::Magnitude => &mut parts.magnitude,
                };
                if slot.replace(stored).is_some() {
                    self.extra.push(full);
                }
                continue;
            }
            // What a module that was trained whole was before.
            if name.contains(".original_module.") {
                continue;
            }
            let plain = without_marks(name);
            let name = self.own_name(&plain);
            let marked = full.strip_prefix(PREFIX) != Some(&*plain);
            if name.contains("lora_") {
                self.extra.push(full);
            } else if !marked {
                saved.insert(name, stored);
            } else {
                // With biases PEFT writes those of such modules under both names.
                saved.entry(name).or_insert(stored);
            }
        }
        (modules, saved)
    }

    /// A tensor's name in the base, which may have the family's prefix or not: a new tensor's is as
    /// the others'.
    fn own_name(&self, name: &str) -> String {
        let has = |name: &str| self.weights.shape(name).is_some();
        let bare = name.strip_prefix(self.prefix).unwrap_or(name);
        let prefixed = format!("{}{bare}", self.prefix);
        let in_body = name != bare || BODY.iter().any(|part| name.starts_with(part));
        // A part of the body that the base does not have, such as its pooler, is named as the others.
        let body_is_bare = has("embeddings.word_embeddings.weight");
        match (has(name), has(bare), has(&prefixed)) {
            (true, ..) => name.to_owned(),
            (_, true, _) => bare.to_owned(),
            (_, _, true) => prefixed,
            _ if !in_body => name.to_owned(),
            _ if body_is_bare => bare.to_owned(),
            _ => prefixed,
        }
    }

    /// Update of a matrix of the base; `None` if something is wrong.
    fn update(
        &mut self,
        config: &AdapterConfig,
        module: &str,
        parts: Parts,
    ) -> Option<(String, Update)> {
        let name = self.own_name(&format!("{module}.weight"));
        let Some(&[outputs, inputs]) = self.weights.shape(&name) else {
            self.extra
                .push(format!("{PREFIX}{module}.lora_A.weight: the base has no matrix {name}"));
            return None;
        };
        let rank = config.rank_of(module);
        let a = self.checked_part(module, "lora_A.weight", parts.a, &[rank, inputs]);
        let b = self.checked_part(module, "lora_B.weight", parts.b, &[outputs, rank]);
        let magnitude = match (config.dora, parts.magnitude) {
            (true, stored) => {
                Some(self.checked_part(module, "lora_magnitude_vector", stored, &[outputs])?)
            }
            (false, None) => None,
            (false, Some(_)) => {
                self.extra
                    .push(format!("{PREFIX}{module}.lora_magnitude_vector: use_dora is false"));
                return None;
            }
        };
        let scale = config.scale(module, rank);
        Some((name, Update { a: a?, b: b?, magnitude, scale }))
    }

    /// Tensor of a module; `None`, and a note of it, if it is missing or of another shape.
    fn checked_part(
        &mut self,
        module: &str,
        part: &str,
        stored: Option<StoredTensor>,
        shape: &[usize],
    ) -> Option<StoredTensor> {
        let full = format!("{PREFIX}{module}.{part}");
        match stored {
            None => self.missing.push(format!("{full} {shape:?}")),
            Some(stored) if stored.shape == shape => return Some(stored),
            Some(StoredTensor { shape: actual, .. }) => {
                self.wrong.push(format!("{full}: expected {shape:?}, found {actual:?}"));
            }
        }
        None
    }
}

/// A name without what wrappers put into it.
fn without_marks(name: &str) -> String {
    let name = name.replace(".base_layer.", ".");
    match name.split_once(SAVED_MARK) {
        // `classifier.modules_to_save.default.weight`, and without the adapter's name.
        Some((module, rest)) => match rest.split_once('.') {
            Some((_, rest)) => format!("{module}.{rest}"),
            None => format!("{module}.{rest}"),
        },
        None => name,
    }
}

/// Biases that were trained and are not there would be those of the base.
fn check_biases(
    config: &AdapterConfig,
    folder: &Path,
    saved: &BTreeMap<String, StoredTensor>,
) -> Result<(), CheckpointError> {
    let biases = saved.keys().filter(|name| name.rsplit('.').next() == Some("bias"));
    let there = biases.into_iter().any(|name| !is_saved_whole(config, name));
    let bias = match config.bias {
        Bias::None => return Ok(()),
        _ if there => return Ok(()),
        Bias::All => "all",
        Bias::LoraOnly => "lora_only",
    };
    Err(CheckpointError::AdapterSetting {
        path: folder.join(CONFIG),
        setting: "bias".into(),
        expected: "biases in the adapter's file, or \"none\"",
        found: format!("{bias:?} and no bias there"),
    })
}

/// Whether a bias belongs to a module that is saved as a whole.
fn is_saved_whole(config: &AdapterConfig, bias: &str) -> bool {
    let module = bias.strip_suffix(".bias").unwrap_or(bias);
    config.modules_to_save.iter().any(|saved| {
        module == saved
            || module.ends_with(&format!(".{saved}"))
            || module.starts_with(&format!("{saved}."))
    })
}

/// Adapters add up, and what they bring whole does not; nor do lengths of rows.
///
/// # Errors
/// [`CheckpointError::Adapters`] for a tensor that two bring, and for DoRA beside another adapter or with a
/// weight other than 1.
pub(crate) fn check_together(folder: &Path, adapters: &[Merged]) -> Result<(), CheckpointError> {
    let wrong = |what: String| Err(CheckpointError::Adapters { path: folder.to_owned(), what });
    for (i, adapter) in adapters.iter().enumerate() {
        let name = adapter.folder.display();
        #[expect(clippy::float_cmp, reason = "1 as it was written")]
        let alone = adapters.len() == 1 && adapter.weight == 1.0;
        if adapter.config.dora && !alone {
            return wrong(format!("{name} is DoRA, which is merged alone and with weight 1"));
        }
        for other in &adapters[..i] {
            if let Some(twice) = adapter.saved.iter().find(|name| other.saved.contains(name)) {
                let other = other.folder.display();
                return wrong(format!("both {other} and {name} bring {twice}; expected one"));
            }
        }
    }
    Ok(())
}
