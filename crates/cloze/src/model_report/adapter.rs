//! LoRA and DoRA adapters of a model.
use std::collections::BTreeSet;
use std::fmt;

use cloze_checkpoint::Checkpoint;
use cloze_checkpoint::adapter::Merged;
use serde::Serialize;

/// One adapter of a checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterReport {
    /// Folder of the adapter.
    pub folder: String,
    /// Factor of its changes to the weights.
    pub weight: f64,
    /// `LoRA` or `DoRA`.
    pub kind: &'static str,
    /// Ranks in use.
    pub ranks: Vec<usize>,
    /// Alpha as configured.
    pub alpha: f64,
    /// Whether the scale is alpha / √rank (rsLoRA) in place of alpha / rank.
    pub rslora: bool,
    /// Scales, alpha / rank or alpha / √rank; several where ranks or alphas differ.
    pub scales: Vec<f64>,
    /// Number of adapted matrices.
    pub matrices: usize,
    /// Names of the adapted matrices in a layer.
    pub modules: Vec<String>,
    /// Tensors saved whole.
    pub saved: Vec<String>,
    /// Number of parameters.
    pub parameters: u64,
    /// Share of the parameters of the whole model.
    pub share: f64,
}

/// `query` of `bert.encoder.layer.0.attention.self.query.weight`; of a `dense` matrix also the name
/// before.
fn module_of(matrix: &str) -> String {
    let parts: Vec<&str> = matrix.trim_end_matches(".weight").split('.').collect();
    match parts.as_slice() {
        [.., of, "dense"] => format!("{of}.dense"),
        [.., last] => (*last).to_owned(),
        [] => matrix.to_owned(),
    }
}

impl AdapterReport {
    /// Reports on all adapters of a checkpoint.
    #[must_use]
    pub fn all(checkpoint: &Checkpoint) -> Vec<Self> {
        let total: u64 = checkpoint.parts().iter().map(|p| p.parameters).sum();
        checkpoint.adapters().iter().map(|adapter| Self::new(adapter, total)).collect()
    }

    /// Report of an adapter of a model that has `total` parameters.
    fn new(adapter: &Merged, total: u64) -> Self {
        let modules = adapter.matrices.iter().map(|matrix| module_of(matrix));
        let modules: BTreeSet<String> = modules.collect();
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let share = adapter.parameters as f64 / total.max(1) as f64;
        Self {
            folder: adapter.folder.display().to_string(),
            weight: adapter.weight,
            kind: if adapter.config.dora { "DoRA" } else { "LoRA" },
            ranks: adapter.ranks.iter().copied().collect(),
            alpha: adapter.config.alpha,
            rslora: adapter.config.rslora,
            scales: adapter.scales.clone(),
            matrices: adapter.matrices.len(),
            modules: modules.into_iter().collect(),
            saved: adapter.saved.clone(),
            parameters: adapter.parameters,
            share,
        }
    }
}

impl fmt::Display for AdapterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |numbers: Vec<String>| numbers.join(", ");
        let ranks = list(self.ranks.iter().map(ToString::to_string).collect());
        let scales = list(self.scales.iter().map(|s| format!("{s:.4}")).collect());
        let root = if self.rslora { " (alpha / √rank)" } else { "" };
        write!(
            f,
            "{} of rank {ranks}, alpha {}, scale {scales}{root}, weight {}, on {} matrices: {}; {} \
             parameters, {:.2} % of the model",
            self.kind,
            self.alpha,
            self.weight,
            self.matrices,
            self.modules.join(", "),
            self.parameters,
            100.0 * self.share
        )?;
        if !self.saved.is_empty() {
            write!(f, "; whole: {}", self.saved.join(", "))?;
        }
        Ok(())
    }
}
