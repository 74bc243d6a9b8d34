//! Choices of layers and poolings that are compared in one run.
use cloze::embed::{Layers, Pooling, Poolings};
use cloze::{ModelFolder, SentenceEncoder, modules};

use super::StsArgs;

/// Choices of layers and poolings.
pub(crate) struct Sweep {
    /// `None` for each hidden state by itself.
    layers: Option<Vec<Layers>>,
    /// The model's own where there are none.
    poolings: Vec<Poolings>,
}

impl StsArgs {
    /// Choices that are compared; `None` where one is evaluated.
    pub(crate) fn sweep(&self) -> anyhow::Result<Option<Sweep>> {
        if self.sweep_layers.is_empty() && self.sweep_pooling.is_empty() {
            return Ok(None);
        }
        let layers = match &self.sweep_layers[..] {
            [] => Some(vec![self.vectors.layers.clone()]),
            [each] if each.trim() == "each" => None,
            layers => {
                Some(layers.iter().map(|layers| Layers::parse(layers)).collect::<Result<_, _>>()?)
            }
        };
        let poolings = match &self.sweep_pooling[..] {
            [] => self.vectors.pooling.iter().cloned().collect(),
            poolings => poolings.to_vec(),
        };
        Ok(Some(Sweep { layers, poolings }))
    }
}

impl Sweep {
    fn poolings(&self, model: &ModelFolder) -> anyhow::Result<Vec<Poolings>> {
        Ok(match &self.poolings[..] {
            [] => vec![modules::poolings(model)?],
            poolings => poolings.to_vec(),
        })
    }

    fn layers(&self, model: &ModelFolder) -> anyhow::Result<Vec<Layers>> {
        let each =
            || (0..=model.layers().unwrap_or(0)).map(|layer| Layers::parse(&layer.to_string()));
        Ok(match &self.layers {
            Some(layers) => layers.clone(),
            None => each().collect::<Result<_, _>>()?,
        })
    }

    /// All layers of the choices.
    pub(crate) fn all_layers(&self, model: &ModelFolder) -> anyhow::Result<Layers> {
        let count = model.layers().unwrap_or(0);
        let mut all: Vec<usize> = vec![];
        for layers in self.layers(model)? {
            all.extend(layers.resolve(count)?);
        }
        all.sort_unstable();
        all.dedup();
        let numbers: Vec<String> = all.iter().map(ToString::to_string).collect();
        Ok(Layers::parse(&numbers.join(","))?)
    }

    /// Pooling for which the encoder reads the rows that the choices need.
    pub(crate) fn reads(&self, model: &ModelFolder) -> anyhow::Result<Poolings> {
        let poolings = self.poolings(model)?;
        let cls = Poolings::from(Pooling::Cls);
        Ok(if poolings.iter().all(|p| *p == cls) { cls } else { Pooling::Mean.into() })
    }

    /// The choices: each layer with each pooling.
    pub(crate) fn choices(
        &self,
        encoder: &SentenceEncoder,
    ) -> anyhow::Result<Vec<(Layers, Poolings)>> {
        let (layers, poolings) = (self.layers(encoder.model())?, self.poolings(encoder.model())?);
        let with_each = |layers: Layers| poolings.iter().map(move |p| (layers.clone(), p.clone()));
        Ok(layers.into_iter().flat_map(with_each).collect())
    }
}
