//! Every hidden state of a text in one run of the encoder.
use anyhow::anyhow;
use cloze::checkpoint::ModelFolder;
use cloze::embed::{EmbedError, Level, Poolings};
use cloze::encoder::{Cut, Encoder, EncoderParams, Output, WindowStates};
use cloze::modules;

use super::sample::Sampler;
use crate::cli::CommonFlags;
use crate::commands::anisotropy::args::AnisotropyArgs;
use crate::flags::find_model;
use crate::terminal::messages::Messages;

/// An encoder whose results are hidden states, each by itself.
pub(super) struct LayerEncoder {
    encoder: Encoder,
    pub(super) model: ModelFolder,
    /// The hidden states' numbers, rising.
    pub(super) layers: Vec<usize>,
    /// Of a token's row.
    hidden: usize,
    /// `None` for tokens.
    pub(super) poolings: Option<Poolings>,
    prompt: String,
}

impl LayerEncoder {
    pub(super) fn open(
        common: &CommonFlags,
        args: &AnisotropyArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let vectors = &args.vectors;
        let model = find_model(&vectors.model)?;
        let count = model.layers().ok_or_else(|| {
            let path = model.folder().join("config.json");
            anyhow!("{}: no num_hidden_layers, so layers cannot be counted", path.display())
        })?;
        let mut layers = vectors.layers.resolve(count)?;
        layers.sort_unstable();
        let poolings = match (args.level, &vectors.pooling) {
            (Level::Sentence, Some(poolings)) => Some(poolings.clone()),
            (Level::Sentence, None) => Some(modules::poolings(&model)?),
            _ => None,
        };
        let outputs: Vec<Output> = layers.iter().map(|&layer| Output::Hidden(layer)).collect();
        // As for vectors: windows do not overlap, so that each token counts once.
        let params = EncoderParams::new().cut(Cut::Anywhere).stride(Some(0));
        let runtime = common.load_runtime(messages)?;
        let encoder = Encoder::open_for(&runtime, &model, &outputs, vectors.encoder(params))?;
        let hidden = encoder.width(0).ok_or_else(|| {
            let path = model.graph_path();
            anyhow!("{}: the graph does not say how wide its rows are", path.display())
        })?;
        let prompt = vectors.prompt.clone();
        Ok(Self { encoder, model, layers, hidden, poolings, prompt })
    }

    /// The width of a vector.
    pub(super) fn width(&self) -> usize {
        self.poolings.as_ref().map_or(self.hidden, |poolings| poolings.width_out(self.hidden))
    }

    /// Texts of which only the beginning was seen.
    pub(super) fn truncated(&self) -> u64 {
        self.encoder.counts().truncated
    }

    /// Offers the vectors of texts, each with its number, and tells how many each has. After an
    /// error nothing of these texts is in the sample.
    pub(super) fn sample(
        &self,
        texts: &[(u64, &str)],
        sampler: &Sampler,
    ) -> Result<Vec<u64>, cloze::Error> {
        let counts = match &self.poolings {
            None => self.sample_tokens(texts, sampler),
            Some(poolings) => self.sample_sentences(texts, poolings, sampler),
        };
        if counts.is_err() {
            for (text, _) in texts {
                sampler.forget(*text);
            }
        }
        counts
    }

    fn sample_tokens(
        &self,
        texts: &[(u64, &str)],
        sampler: &Sampler,
    ) -> Result<Vec<u64>, cloze::Error> {
        let inputs: Vec<&str> = texts.iter().map(|(_, text)| *text).collect();
        let width = self.hidden;
        let mapped = self.encoder.map_windows(&inputs, |window| {
            let at = |token: usize| (window.before + token - window.tokens.start) * width;
            for layer in 0..self.layers.len() {
                let rows = &window.rows(layer)[at(window.kept.start)..at(window.kept.end)];
                check_finite(rows, width)?;
            }
            sampler.offer(texts[window.text].0, window.kept.clone(), |token| {
                let row = |layer| &window.rows(layer)[at(token)..at(token + 1)];
                (0..self.layers.len()).flat_map(row).copied().collect()
            });
            Ok::<_, cloze::Error>(())
        })?;
        let count = |text: cloze::encoder::Mapped<Result<(), cloze::Error>>| {
            text.windows.into_iter().collect::<Result<(), _>>()?;
            Ok(text.tokens.len() as u64)
        };
        mapped.into_iter().map(count).collect()
    }

    fn sample_sentences(
        &self,
        texts: &[(u64, &str)],
        poolings: &Poolings,
        sampler: &Sampler,
    ) -> Result<Vec<u64>, cloze::Error> {
        let inputs: Vec<String> =
            texts.iter().map(|(_, text)| format!("{}{text}", self.prompt)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let layers = 0..self.layers.len();
        let mapped = self.encoder.map_windows(&inputs, |window: &WindowStates<'_>| {
            let pool = |layer| {
                let vector = poolings.pool(window.rows(layer), self.hidden)?;
                check_finite(&vector, vector.len())?;
                Ok::<_, cloze::Error>(vector)
            };
            let pooled = layers.clone().map(pool).collect::<Result<Vec<_>, _>>()?;
            // What will not be taken need not be kept until its batch is done.
            let taken = sampler.takes(texts[window.text].0, 0);
            Ok::<_, cloze::Error>((taken.then_some(pooled), window.kept.len()))
        })?;
        let mut counts = vec![];
        for (mapped, (text, _)) in mapped.into_iter().zip(texts) {
            let windows = mapped.windows.into_iter().collect::<Result<Vec<_>, _>>()?;
            counts.push(u64::from(!windows.is_empty()));
            if windows.is_empty() {
                // Only where a tokenizer has no special tokens, and the text none at all.
                continue;
            }
            let mut whole = vec![];
            for layer in layers.clone() {
                let of_layer = |(pooled, tokens): &(Option<Vec<Vec<f32>>>, usize)| {
                    Some((pooled.as_ref()?[layer].clone(), *tokens))
                };
                let parts: Option<Vec<_>> = windows.iter().map(of_layer).collect();
                match parts {
                    Some(parts) => whole.extend(poolings.combine(&parts)?),
                    None => break,
                }
            }
            if whole.is_empty() {
                sampler.turn_away(*text, 0);
            } else {
                sampler.offer(*text, 0..1, |_| whole.clone().into());
            }
        }
        Ok(counts)
    }
}

fn check_finite(rows: &[f32], width: usize) -> Result<(), EmbedError> {
    match rows.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(EmbedError::NotFinite { dim: at % width, value: rows[at] }),
        None => Ok(()),
    }
}
