//! Words for masks: a masked language model over texts.
//!
//! - here: the model, asked for logits;
//! - `marked`: masks of a text, and windows on a long one;
//! - [`MaskPrediction`]: the likeliest words for each mask, and probabilities of given ones;
//! - [`GeneratedText`]: all masks of a text filled, one after the other.
mod generate;
mod marked;
mod predict;

use std::path::PathBuf;

use cloze_checkpoint::Head;
use cloze_core::Cancel;
use cloze_encoder::{
    Encoder, EncoderError, EncoderParams, EncodingCounts, Output, Pieces, Sequence,
};
use cloze_graph::GraphError;

use crate::opening::{self, Opening, builder_setters};
use crate::{Error, ModelRef, Task, batch, tasks};
use marked::Marked;

pub use generate::{GenerateParams, GeneratedText, ValidGenerateParams};
pub use predict::{MaskPrediction, MaskPredictions};

/// Names of a mask in texts beside the model's own mask token.
pub const MASKS: [&str; 2] = ["[MASK]", "<mask>"];

/// A masked language model: logits over its vocabulary at the places asked for. It can be shared between
/// threads.
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/checkpoints");
/// # std::env::set_current_dir(models).unwrap();
/// use cloze::MaskedLm;
///
/// let model = MaskedLm::open("./bert-mlm")?;
/// assert_eq!(model.predict("Ann lives in [MASK].", 3)?.masks[0].len(), 3);
/// for answer in model.predict_batch(&["Ann lives in [MASK].", "no mask"], 3)? {
///     match answer {
///         Ok(answer) => assert_eq!(answer.masks[0].len(), 3),
///         Err(error) => assert!(error.to_string().starts_with("no mask in the text")),
///     }
/// }
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct MaskedLm {
    encoder: Encoder,
    name: String,
    tokenizer: PathBuf,
    mask: u32,
    mask_token: String,
    vocabulary: usize,
    /// Special tokens, which are not words.
    special: Vec<u32>,
    cancel: Cancel,
}

/// Settings of a [`MaskedLm`].
#[derive(Clone, Debug)]
pub struct MaskedLmBuilder {
    opening: Opening,
}

impl MaskedLmBuilder {
    builder_setters!();

    /// Most tokens of a window, without special tokens. Default: the model's limit.
    #[must_use]
    pub fn window(mut self, tokens: impl Into<Option<usize>>) -> Self {
        self.opening.work.window = tokens.into();
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::NoMaskedLm`] for a model without a head for masks; [`Error::Model`] for one whose
    /// tokenizer has no mask token, or more words than there are logits; [`Error::Encoder`] for a model
    /// that is not found, a folder or settings that cannot be used, and where no runtime is given and
    /// there is none.
    pub fn open(self) -> Result<MaskedLm, Error> {
        let Opening { model, runtime, cancel, work } = self.opening;
        let model = model.find()?;
        let runtime = opening::runtime(runtime)?;
        let outputs = [Output::Head(Head::MaskedLm)];
        let encoder =
            Encoder::open_for(&runtime, &model, &outputs, work.over(EncoderParams::new()));
        let encoder = encoder.map_err(|source| match source {
            EncoderError::Graph(GraphError::Request { .. }) | EncoderError::GraphOutput { .. } => {
                let source = Box::new(source);
                let error = Error::NoMaskedLm { model: model.folder().to_path_buf(), source };
                tasks::explain(&model, Task::FillMask, error)
            }
            other => other.into(),
        })?;
        let tokenizer = model.tokenizer_path();
        let mut named = model.mask_token().into_iter().chain(MASKS);
        let known = named.find_map(|token| Some((encoder.token_id(token)?, token)));
        let (mask, mask_token) = known.ok_or_else(|| Error::Model {
            path: tokenizer.to_path_buf(),
            what: "no mask token: expected [MASK] or <mask>, or mask_token in \
                   tokenizer_config.json"
                .into(),
        })?;
        let mask_token = mask_token.to_owned();
        let words = encoder.vocabulary();
        let wrong = |what: String| Error::Model { path: model.graph_path().to_path_buf(), what };
        let vocabulary = encoder
            .width(0)
            .ok_or_else(|| wrong("the graph does not say how wide its logits are".into()))?;
        if vocabulary < words {
            let what =
                format!("{vocabulary} logits per token, but the tokenizer has {words} words");
            return Err(tasks::explain(&model, Task::FillMask, wrong(what)));
        }
        let ids = 0..u32::try_from(words).unwrap_or(u32::MAX);
        let special = ids.filter(|&id| encoder.is_special(id)).collect();
        let name = model.name();
        Ok(MaskedLm {
            encoder,
            name,
            tokenizer: tokenizer.to_path_buf(),
            mask,
            mask_token,
            vocabulary,
            special,
            cancel,
        })
    }
}

impl MaskedLm {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`MaskedLmBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a masked language model.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> MaskedLmBuilder {
        MaskedLmBuilder { opening: Opening::new(model.into()) }
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the mask token.
    #[must_use]
    pub fn mask_id(&self) -> u32 {
        self.mask
    }

    /// The mask token as the tokenizer has it.
    #[must_use]
    pub fn mask_token(&self) -> &str {
        &self.mask_token
    }

    /// Number of logits of a position.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The most tokens of a sequence, special ones included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.encoder.max_tokens()
    }

    /// The encoder beneath, which knows what tokens stand for.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.encoder.counts()
    }

    /// A text in tokens, whole, special ones around it: it may be more than a sequence takes. Masks are
    /// masks however they are written: as the model's own or as one of [`MASKS`]. Spans are those of
    /// `text`.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text that cannot be tokenized; [`Error::Model`] for a tokenizer that
    /// does not know its own mask token.
    pub fn tokenize(&self, text: &str) -> Result<Pieces, Error> {
        Ok(Marked::new(self, text)?.pieces)
    }

    /// `reduce` of each sequence, in order: its number and the logits at the places it
    /// [asks for](Sequence::asked), `[asked, vocabulary]`. It runs on the encoder's threads; only what it
    /// returns stays. A sequence has the same logits alone and among others, bit for bit.
    ///
    /// # Errors
    /// As [`Encoder::map_sequences`].
    pub fn map<T: Send>(
        &self,
        sequences: &[Sequence],
        reduce: impl Fn(usize, &[f32]) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        Ok(self.encoder.map_sequences(sequences, |states| reduce(states.text, states.rows(0)))?)
    }

    /// A token as people read it; as the vocabulary has it where it is not a text of its own.
    #[must_use]
    pub fn word(&self, id: u32) -> String {
        let piece = || self.encoder.token(id).unwrap_or_default();
        let prefix = |text: &str| piece().ends_with(text) && piece() != text;
        match self.encoder.words(&[id]) {
            Some(words) if words.text.is_empty() || words.text.contains('\u{fffd}') => piece(),
            // What goes on with a word keeps the mark that says so.
            Some(words) if words.glued && prefix(&words.text) => piece(),
            Some(words) => words.text,
            None => piece(),
        }
    }

    /// Runs `run`, which has one result per text, in chunks; where it fails as a whole because of one
    /// text, each is run alone.
    fn each<T>(
        &self,
        texts: &[&str],
        run: impl Fn(&[&str]) -> Result<Vec<Result<T, Error>>, Error>,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        batch::in_chunks(
            texts,
            &self.cancel,
            |text| text.len(),
            |texts| {
                let results = batch::isolate(texts, &run)?;
                Ok(results.into_iter().map(Result::flatten).collect())
            },
        )
    }
}
