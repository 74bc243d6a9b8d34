//! Senses of words in texts: a lexicon of senses with the model whose vectors it was fitted on.
//!
//! A folder of senses holds `senses.json`, which names the model and the words, and
//! `senses.safetensors`, the vectors.
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::BaseRef;
use cloze_core::Span;
use cloze_embed::Layers;
use cloze_encoder::{EncoderParams, Runtime};
use cloze_heads::senses::{SenseSpec, Senses, Told};
use cloze_store::{AtomicFolder, Existing, envelope};
use serde::{Deserialize, Serialize};

use crate::classifier::{check_base, open_base, relative};
use crate::{Error, SentenceEncoder, SentenceParams, States};

/// What senses are and what they were fitted on.
pub const CARD: &str = "senses.json";
/// Their vectors.
pub const VECTORS: &str = "senses.safetensors";
/// The kind of file that [`CARD`] is.
pub const KIND: &str = "senses";
/// The newest version of it.
pub const FORMAT_VERSION: u32 = 1;

/// What the `senses.json` of a folder says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SensesCard {
    /// The model whose vectors they were fitted on.
    pub base: BaseRef,
    /// Its layers, averaged.
    pub layers: Layers,
    /// The words, and how their senses are told apart.
    #[serde(flatten)]
    pub senses: SenseSpec,
    /// What they were fitted on, for people.
    #[serde(default)]
    pub training: serde_json::Value,
}

impl SensesCard {
    /// Reads the one in a folder.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a file that is not there or none of these.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(envelope::read_json(&folder.join(CARD), KIND, FORMAT_VERSION)?)
    }
}

/// An encoder for the vectors of words, of these layers.
///
/// # Errors
/// As [`SentenceEncoder::open_with`].
pub fn open_encoder(
    runtime: &Runtime,
    model: ModelFolder,
    states: States,
    change: impl FnOnce(EncoderParams) -> EncoderParams,
) -> Result<SentenceEncoder, Error> {
    SentenceEncoder::open_with(runtime, model, SentenceParams::new().states(states).encoder(change))
}

/// Writes senses, which were fitted on vectors that `encoder` made of these layers, into a folder that
/// then gets its name; `training` is for people.
///
/// # Errors
/// [`Error::Encoder`] and [`Error::Head`] if a file cannot be written.
pub fn save(
    folder: AtomicFolder,
    senses: &Senses,
    model: &ModelFolder,
    layers: Layers,
    training: serde_json::Value,
) -> Result<(), Error> {
    let path = folder.path();
    senses.save(&path.join(VECTORS), Existing::Refuse)?;
    let base = BaseRef {
        name: model.name(),
        // The temporary folder lies where the final one will.
        folder: relative(path, model.folder())?.to_string_lossy().into_owned(),
        sha256: model.sha256()?,
    };
    let card = SensesCard { base, layers, senses: senses.spec(), training };
    envelope::write_json(&path.join(CARD), KIND, FORMAT_VERSION, &card, Existing::Refuse)?;
    Ok(folder.commit()?)
}

/// Senses with the encoder whose vectors they were fitted on. It can be shared between threads.
#[derive(Debug)]
pub struct WordSenses {
    encoder: SentenceEncoder,
    senses: Senses,
}

/// What is told of a word in a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'s> {
    /// No such word was there in training: nothing is known of its senses.
    Unseen,
    /// The word is known, but is not in the text.
    Absent,
    /// Its places in the text, in order; at least one.
    Found(Vec<Place<'s>>),
}

/// A place of a word in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<'s> {
    /// Its bytes.
    pub span: Span,
    /// The senses it may have, the likeliest first; at least one.
    pub senses: Vec<Told<'s>>,
}

impl WordSenses {
    /// Opens the senses in `folder` with the model that they were fitted on, or with `model` where it
    /// lies elsewhere. `change` sets how much work is done at once.
    ///
    /// # Errors
    /// [`Error::Head`] and [`Error::Encoder`] for files that cannot be read; [`Error::OtherBase`] for
    /// another model; else as [`SentenceEncoder::open_with`].
    pub fn open(
        runtime: &Runtime,
        folder: &Path,
        model: Option<ModelFolder>,
        change: impl FnOnce(EncoderParams) -> EncoderParams,
    ) -> Result<Self, Error> {
        let SensesCard { base, layers, senses, .. } = SensesCard::open(folder)?;
        let senses = Senses::open(&folder.join(VECTORS), senses)?;
        let model = match model {
            None => open_base(&base, folder)?,
            Some(model) => {
                check_base(&base, folder, &model)?;
                model
            }
        };
        let encoder = open_encoder(runtime, model, States::Layers(layers), change)?;
        Ok(Self { encoder, senses })
    }

    /// The encoder.
    #[must_use]
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// The senses.
    #[must_use]
    pub fn senses(&self) -> &Senses {
        &self.senses
    }

    /// Which senses `word`, a lemma or a form of one, has in `text`, wherever it stands there
    /// ([`Lexicon::places`](cloze_heads::senses::Lexicon::places)); of this part of speech, or of any.
    ///
    /// # Errors
    /// [`Error::Encoder`] for the text or from running; [`Error::Head`] for a vector that is not finite.
    pub fn tell(&self, text: &str, word: &str, pos: Option<&str>) -> Result<Answer<'_>, Error> {
        let lexicon = self.senses.lexicon();
        let mut words = lexicon.named(word);
        if let Some(pos) = pos {
            words.retain(|word| word.pos == pos);
        }
        if words.is_empty() {
            return Ok(Answer::Unseen);
        }
        let spans = lexicon.places(text, word);
        if spans.is_empty() {
            return Ok(Answer::Absent);
        }
        let vectors = self.encoder.spans(&[(text, &spans)])?.pop().unwrap_or_default();
        let mut found = vec![];
        for (span, vector) in spans.into_iter().zip(vectors) {
            let Some(vector) = vector else { continue };
            let senses = self.senses.predict(words.iter().copied(), &vector)?;
            found.push(Place { span, senses });
        }
        Ok(if found.is_empty() { Answer::Absent } else { Answer::Found(found) })
    }
}
