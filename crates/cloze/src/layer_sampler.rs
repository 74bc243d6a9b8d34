//! Hidden states of every layer in one run of the encoder, sampled.
use cloze_checkpoint::ModelFolder;
use cloze_embed::anisotropy::sample::VectorSampler;
use cloze_embed::{EmbedError, Layers, Poolings};
use cloze_encoder::{Cut, Encoder, EncoderParams, Mapped, Output, Runtime, WindowStates};

use crate::{Error, tasks};

/// An encoder that offers hidden states, each layer by itself, to a [`VectorSampler`].
pub struct LayerSampler {
    encoder: Encoder,
    model: ModelFolder,
    layers: Vec<usize>,
    /// Width of a token's row.
    hidden: usize,
    /// `None` for tokens.
    poolings: Option<Poolings>,
    prompt: String,
}

impl LayerSampler {
    /// Opens the model for `layers`; with `poolings` a vector stands for a text, without for a token.
    /// Windows do not overlap, so that each token counts once.
    ///
    /// # Errors
    /// [`Error::Model`] for a model that does not say how many layers it has or how wide they are;
    /// [`Error::Embed`] for layers it does not have; [`Error::Encoder`] if it cannot be opened.
    pub fn open(
        runtime: &Runtime,
        model: ModelFolder,
        layers: &Layers,
        poolings: Option<Poolings>,
        params: EncoderParams,
    ) -> Result<Self, Error> {
        let mut layers = layers.resolve(tasks::layer_count(&model)?)?;
        layers.sort_unstable();
        let outputs: Vec<Output> = layers.iter().map(|&layer| Output::Hidden(layer)).collect();
        let params = params.cut(Cut::Anywhere).stride(Some(0));
        let encoder = Encoder::open_for(runtime, &model, &outputs, params)?;
        let hidden = encoder.width(0).ok_or_else(|| Error::Model {
            path: model.graph_path().to_path_buf(),
            what: "the graph does not say how wide its rows are".into(),
        })?;
        Ok(Self { encoder, model, layers, hidden, poolings, prompt: String::new() })
    }

    /// Puts `prompt` before each text. Default `""`.
    #[must_use]
    pub fn prompt(mut self, prompt: String) -> Self {
        self.prompt = prompt;
        self
    }

    /// Folder of the model.
    #[must_use]
    pub fn model(&self) -> &ModelFolder {
        &self.model
    }

    /// Numbers of the hidden states, rising; 0 is the embeddings.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// Poolings of a text's vector; `None` where a vector stands for a token.
    #[must_use]
    pub fn poolings(&self) -> Option<&Poolings> {
        self.poolings.as_ref()
    }

    /// Width of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.poolings.as_ref().map_or(self.hidden, |poolings| poolings.width_out(self.hidden))
    }

    /// Number of texts of which only the beginning was encoded.
    #[must_use]
    pub fn truncated(&self) -> u64 {
        self.encoder.counts().truncated
    }

    /// Offers the vectors of texts, each with its number, and returns how many each has. After an error
    /// nothing of these texts is in the sample.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text that cannot be encoded; [`Error::Embed`] for vectors that are not
    /// finite.
    pub fn sample(
        &self,
        texts: &[(u64, &str)],
        sampler: &VectorSampler,
    ) -> Result<Vec<u64>, Error> {
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
        sampler: &VectorSampler,
    ) -> Result<Vec<u64>, Error> {
        let inputs: Vec<&str> = texts.iter().map(|(_, text)| *text).collect();
        let width = self.hidden;
        let mapped = self.encoder.map_windows(&inputs, |window| {
            let offset = |token: usize| (window.before + token - window.tokens.start) * width;
            for layer in 0..self.layers.len() {
                let rows = &window.rows(layer)[offset(window.kept.start)..offset(window.kept.end)];
                check_finite(rows, width)?;
            }
            sampler.offer(texts[window.text].0, window.kept.clone(), |token| {
                let row = |layer| &window.rows(layer)[offset(token)..offset(token + 1)];
                (0..self.layers.len()).flat_map(row).copied().collect()
            });
            Ok::<_, Error>(())
        })?;
        let count = |text: Mapped<Result<(), Error>>| {
            text.windows.into_iter().collect::<Result<(), _>>()?;
            Ok(text.tokens.len() as u64)
        };
        mapped.into_iter().map(count).collect()
    }

    fn sample_sentences(
        &self,
        texts: &[(u64, &str)],
        poolings: &Poolings,
        sampler: &VectorSampler,
    ) -> Result<Vec<u64>, Error> {
        let inputs: Vec<String> =
            texts.iter().map(|(_, text)| format!("{}{text}", self.prompt)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let layers = 0..self.layers.len();
        let mapped = self.encoder.map_windows(&inputs, |window: &WindowStates<'_>| {
            let pool = |layer| {
                let vector = poolings.pool(window.rows(layer), self.hidden)?;
                check_finite(&vector, vector.len())?;
                Ok::<_, Error>(vector)
            };
            let pooled = layers.clone().map(pool).collect::<Result<Vec<_>, _>>()?;
            // What will not be taken need not be kept until its batch is done.
            let taken = sampler.takes(texts[window.text].0, 0);
            Ok::<_, Error>((taken.then_some(pooled), window.kept.len()))
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
        Some(index) => Err(EmbedError::NotFinite { dim: index % width, value: rows[index] }),
        None => Ok(()),
    }
}
