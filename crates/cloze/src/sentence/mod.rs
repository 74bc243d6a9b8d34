//! Texts to vectors: of whole texts, of words, of tokens.
mod builder;
mod pieces;
mod variants;

use std::borrow::Cow;
use std::sync::OnceLock;

use cloze_checkpoint::ModelFolder;
use cloze_core::{Cancel, Matrix};
use cloze_embed::correction::{Correct, FittedCorrection, Provenance};
use cloze_embed::{Layers, Level, Metric, Poolings, VectorModule, average, l2_normalize, truncate};
use cloze_encoder::{
    Encoder, EncoderParams, EncodingCounts, Mapped, Output, PairCut, Runtime, WindowStates,
};

use crate::opening::Opening;
use crate::{Error, ModelRef, batch};

pub use builder::{SentenceEncoderBuilder, States};
pub use pieces::{PieceVectors, TokenPiece};
pub use variants::VectorVariants;

/// An encoder that gives vectors. It can be shared between threads.
#[derive(Debug)]
pub struct SentenceEncoder {
    encoder: Encoder,
    /// Makes and holds an encoder of every token's rows, where `encoder` has those of `[CLS]` alone.
    whole: Option<DeferredEncoder>,
    model: ModelFolder,
    poolings: Poolings,
    /// Modules behind the pooling.
    modules: Vec<VectorModule>,
    /// Width behind the modules.
    vector_width: usize,
    states: States,
    /// As places in the encoder's results.
    layers: usize,
    /// The layers by number, which is how a correction knows them.
    resolved: Option<Layers>,
    normalize: bool,
    /// Dimensions kept of a text's vector.
    dims: Option<usize>,
    /// Dimensions kept of a word's or token's.
    piece_dims: Option<usize>,
    prompt: String,
    /// Tokens that the prompt takes of a sequence, where they are not pooled.
    skip: Option<usize>,
    correction: Option<FittedCorrection>,
    hidden: usize,
    hash: OnceLock<String>,
    cancel: Cancel,
}

/// An encoder that is opened when it is first needed.
#[derive(Debug)]
struct DeferredEncoder {
    runtime: Runtime,
    outputs: Vec<Output>,
    params: EncoderParams,
    opened: OnceLock<Encoder>,
}

impl DeferredEncoder {
    fn get(&self, model: &ModelFolder) -> Result<&Encoder, Error> {
        if let Some(encoder) = self.opened.get() {
            return Ok(encoder);
        }
        let encoder = Encoder::open_for(&self.runtime, model, &self.outputs, self.params.clone())?;
        Ok(self.opened.get_or_init(|| encoder))
    }
}

impl SentenceEncoder {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`SentenceEncoderBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a sentence encoder.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> SentenceEncoderBuilder {
        SentenceEncoderBuilder::new(Opening::new(model.into()))
    }

    /// Corrects every vector before it is cut and brought to length 1.
    ///
    /// # Errors
    /// [`Error::Embed`] if the correction was fitted for another model, level, pooling or layers;
    /// [`Error::Conflict`] for static vectors, which corrections are not fitted for.
    pub fn with_correction(mut self, correction: FittedCorrection) -> Result<Self, Error> {
        correction.check_fits(&self.provenance(correction.fitted().level)?)?;
        if let Some(dims) = self.dims {
            truncate(&mut vec![0.0; correction.width_out()], dims)?;
        }
        self.correction = Some(correction);
        Ok(self)
    }

    /// Width of a text's vector.
    #[must_use]
    pub fn width(&self) -> usize {
        let pooled = self.pooled_width();
        let corrected = self.correction.as_ref().map_or(pooled, Correct::width_out);
        self.dims.unwrap_or(corrected)
    }

    /// Width of a text's vector as it is [pooled](Self::pool).
    #[must_use]
    pub fn pooled_width(&self) -> usize {
        self.vector_width
    }

    /// Modules of the folder that a pooled vector goes through, scaling to length 1 at the end aside.
    #[must_use]
    pub fn modules(&self) -> &[VectorModule] {
        &self.modules
    }

    /// Token that stops its calls.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// The correction in use.
    #[must_use]
    pub fn correction(&self) -> Option<&FittedCorrection> {
        self.correction.as_ref()
    }

    /// Whether vectors are brought to length 1.
    #[must_use]
    pub fn normalizes(&self) -> bool {
        self.normalize
    }

    /// Number of dimensions kept of a vector, where not all are.
    #[must_use]
    pub fn dims(&self) -> Option<usize> {
        self.dims
    }

    /// Prompt before every text.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The poolings in use.
    #[must_use]
    pub fn poolings(&self) -> &Poolings {
        &self.poolings
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ModelFolder {
        &self.model
    }

    /// The work done so far; texts that were too long and cut among it.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        let pieces = self.whole.as_ref().and_then(|whole| whole.opened.get());
        self.encoder.counts() + pieces.map_or_else(EncodingCounts::default, Encoder::counts)
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`Error::Encoder`] if ONNX Runtime will not take the graph.
    pub fn warm_up(&self) -> Result<(), Error> {
        Ok(self.encoder.warm_up()?)
    }

    /// Origin of this encoder's vectors of a level, for corrections to be fitted on. The model's
    /// file is hashed the first time.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the model's file cannot be read; [`Error::Conflict`] for static
    /// vectors.
    pub fn provenance(&self, level: Level) -> Result<Provenance, Error> {
        let Some(layers) = &self.resolved else {
            return Err(Error::Conflict(
                "corrections are for hidden states, not for static vectors",
            ));
        };
        let hash = if let Some(hash) = self.hash.get() {
            hash.clone()
        } else {
            let hash = self.model.vectors_sha256()?;
            self.hash.get_or_init(|| hash).clone()
        };
        Ok(Provenance {
            model: self.model.name(),
            model_sha256: hash,
            level,
            pooling: self.poolings.clone(),
            layers: layers.clone(),
            width: match level {
                Level::Sentence => self.pooled_width(),
                Level::Word | Level::Token => self.hidden,
            },
        })
    }

    /// Vector of one text, `[width]`. A text longer than the model takes goes through several windows,
    /// whose vectors are averaged by their numbers of tokens.
    ///
    /// # Errors
    /// [`Error::Encoder`] for the text or from running; [`Error::Embed`] for a vector that cannot be
    /// corrected.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>, Error> {
        let pooled = self.pool(&[text])?.pop().unwrap_or_default();
        self.finish(pooled, Level::Sentence)
    }

    /// Vector of each text, `[width]`, in the order of `texts`: the same as of
    /// [`encode`](Self::encode), bit for bit. An error in one text affects only that text.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn encode_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<Vec<f32>, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        batch::in_chunks(
            &texts,
            &self.cancel,
            |text| text.len(),
            |texts| {
                let pooled = batch::isolate(texts, |texts| self.pool(texts))?;
                let finish = |vector: Result<_, _>| self.finish(vector?, Level::Sentence);
                Ok(pooled.into_iter().map(finish).collect())
            },
        )
    }

    /// Vectors of a stream of texts, in order, in memory that the longest text bounds: texts are read
    /// and encoded in chunks of up to 256 KiB. An error that is not of one text is the last item.
    pub fn encode_iter<'a, I>(
        &'a self,
        texts: I,
    ) -> impl Iterator<Item = Result<Vec<f32>, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        batch::stream(texts, |text| text.as_ref().len(), |texts| self.encode_batch(texts))
    }

    /// Vectors of all texts, `[texts, width]`, or none.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), for the first text that has no vector.
    pub fn encode_matrix<T: AsRef<str>>(&self, texts: &[T]) -> Result<Matrix, Error> {
        let pooled = self.pool(texts)?;
        let mut vectors = Matrix::with_capacity(texts.len(), self.width());
        for vector in pooled {
            let pushed = vectors.push_rows(&self.finish(vector, Level::Sentence)?);
            debug_assert!(pushed, "every vector has the same width");
        }
        Ok(vectors)
    }

    /// The texts' vectors as they are pooled and come out of the folder's modules behind the pooling,
    /// [`pooled_width`](Self::pooled_width) each: neither corrected nor cut nor brought to length 1. What
    /// a correction is fitted on. Static vectors go through no modules.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn pool<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<f32>>, Error> {
        let prompted = self.prompted(texts);
        let texts: Vec<&str> = prompted.iter().map(AsRef::as_ref).collect();
        let mapped = self.encoder.map_windows(&texts, |window| {
            let rows = self.rows(window)?;
            let special = matches!(self.states, States::Layers(_));
            let pooled = if special { &rows[..] } else { own_rows(window, &rows, self.hidden) };
            let prompt = self.skip.map_or(0, |skip| prompt_rows(window, skip));
            let vector = self.poolings.pool_behind(pooled, self.hidden, prompt)?;
            // Of a prompt that is not pooled, the tokens do not count either.
            let before = if self.skip.is_some() { window.before } else { 0 };
            let kept = window.kept.len().saturating_sub(prompt.saturating_sub(before));
            Ok::<_, Error>((vector, kept))
        })?;
        let mut vectors = Vec::with_capacity(mapped.len());
        for Mapped { windows, .. } in mapped {
            let windows = windows.into_iter().collect::<Result<Vec<_>, _>>()?;
            let vector = if windows.is_empty() {
                // Only where a tokenizer has no special tokens, and the text none at all.
                vec![0.0; self.poolings.width_out(self.hidden)]
            } else {
                self.poolings.combine(&windows)?
            };
            vectors.push(self.through_modules(vector)?);
        }
        Ok(vectors)
    }

    /// A pooled vector behind the folder's modules.
    fn through_modules(&self, mut vector: Vec<f32>) -> Result<Vec<f32>, Error> {
        for module in &self.modules {
            vector = module.apply(vector)?;
        }
        Ok(vector)
    }

    /// The pairs' vectors as they are pooled and come out of the modules, over all tokens of both
    /// texts in one sequence, special ones included: what a pair is where the model sees both at
    /// once. A pair that is too long is cut as `cut` says, and counted.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text, from running, or if the model takes no pairs;
    /// [`Error::Conflict`] for static vectors and with a prompt, which stands before single texts.
    pub fn pool_pairs(&self, pairs: &[(&str, &str)], cut: PairCut) -> Result<Vec<Vec<f32>>, Error> {
        if self.states == States::Static {
            return Err(Error::Conflict("static vectors are the same in a pair as alone"));
        }
        if !self.prompt.is_empty() {
            return Err(Error::Conflict("a prompt stands before single texts, not pairs"));
        }
        let pooled = self.encoder.map_pairs(pairs, cut, |window| {
            self.through_modules(self.poolings.pool(&self.rows(window)?, self.hidden)?)
        })?;
        pooled.into_iter().collect()
    }

    /// The cosine of two texts' vectors, −1 to 1.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn similarity(&self, a: &str, b: &str) -> Result<f64, Error> {
        let vectors = self.encode_matrix(&[a, b])?;
        let row = |i| vectors.row(i).unwrap_or_default();
        Ok(Metric::Cosine.similarity(row(0), row(1))?)
    }

    /// A pooled vector, or a piece's, corrected, cut and brought to length 1, as the settings say.
    ///
    /// # Errors
    /// [`Error::Embed`] for a vector that is not finite or not as wide as the correction's.
    pub fn finish(&self, vector: Vec<f32>, level: Level) -> Result<Vec<f32>, Error> {
        self.finish_with(self.correction.as_ref(), vector, level)
    }

    /// The same with this correction, or none, in place of the encoder's own, so that several can be
    /// compared on vectors that were made once. Whether it
    /// [fits](FittedCorrection::check_fits) the [`provenance`](Self::provenance) is the caller's to
    /// ask; here only level and width show.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); also for more `dims` than the correction leaves.
    pub fn finish_with(
        &self,
        correction: Option<&FittedCorrection>,
        mut vector: Vec<f32>,
        level: Level,
    ) -> Result<Vec<f32>, Error> {
        if let Some(correction) = correction {
            let fitted = correction.fitted().level;
            if fitted != level {
                return Err(Error::Embed(cloze_embed::EmbedError::Differs {
                    field: "level",
                    expected: fitted.to_string(),
                    found: level.to_string(),
                }));
            }
            vector = correction.apply(&vector)?;
        }
        let dims = if level == Level::Sentence { self.dims } else { self.piece_dims };
        if let Some(dims) = dims {
            truncate(&mut vector, dims)?;
        }
        if self.normalize {
            l2_normalize(&mut vector);
        }
        Ok(vector)
    }

    fn prompted<T: AsRef<str>>(&self, texts: &[T]) -> Vec<String> {
        texts.iter().map(|text| format!("{}{}", self.prompt, text.as_ref())).collect()
    }

    /// A window's rows, averaged over layers, `[before + tokens + after, hidden]`, or `[1, hidden]` where
    /// `[CLS]` alone is read.
    fn rows<'w>(&self, window: &WindowStates<'w>) -> Result<Cow<'w, [f32]>, Error> {
        if self.layers == 1 {
            return Ok(Cow::Borrowed(window.rows(0)));
        }
        let states: Vec<&[f32]> = (0..self.layers).map(|i| window.rows(i)).collect();
        Ok(Cow::Owned(average(&states)?))
    }
}

/// The rows of a window's own tokens, without those of special ones.
fn own_rows<'r>(window: &WindowStates<'_>, rows: &'r [f32], width: usize) -> &'r [f32] {
    &rows[window.before * width..rows.len() - window.after * width]
}

/// Rows of a window that are those of the prompt, special tokens before them among them; `skip` are
/// those of a sequence that begins with the prompt.
fn prompt_rows(window: &WindowStates<'_>, skip: usize) -> usize {
    let tokens = skip.saturating_sub(window.before).saturating_sub(window.tokens.start);
    window.before + tokens.min(window.tokens.len())
}
