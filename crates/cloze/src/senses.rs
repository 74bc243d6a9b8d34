//! Senses of words in texts: a lexicon of senses with the model whose vectors it was fitted on.
//!
//! A folder of senses holds `senses.json`, which names the model and the words, and
//! `senses.safetensors`, the vectors.
use std::collections::BTreeMap;

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::card::{BaseRef, check_hashes};
use cloze_core::Span;
use cloze_embed::Layers;
use cloze_heads::senses::{FittedSenses, SensePrediction, SenseSpec};
use cloze_store::checksum::sha256_file;
use cloze_store::{AtomicFolder, Existing, Location, envelope};
use serde::{Deserialize, Serialize};

use crate::classifier::{base_ref, check_base, open_base};
use crate::opening::{Opening, builder_setters};
use crate::{Error, ModelRef, SentenceEncoder, States, batch};

/// File of the senses' card.
const CARD: &str = "senses.json";
/// Their vectors.
const VECTORS: &str = "senses.safetensors";
/// The kind of file that [`CARD`] is.
const KIND: &str = "senses";
/// The newest version of it.
const FORMAT_VERSION: u32 = 1;

/// Contents of a folder's `senses.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SensesCard {
    /// The model whose vectors they were fitted on.
    pub base: BaseRef,
    /// SHA-256 of each file, by name; empty in folders of the first versions.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// Hidden states to average.
    pub layers: Layers,
    /// The words, and how their senses are told apart.
    #[serde(flatten)]
    pub senses: SenseSpec,
    /// Facts about the training, for people.
    #[serde(default)]
    pub training: serde_json::Value,
}

impl SensesCard {
    /// Reads the one in a folder.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a file that is not there or none of these.
    pub fn open(folder: impl Into<Location>) -> Result<Self, Error> {
        Ok(envelope::read_json(folder.into().join(CARD), KIND, FORMAT_VERSION)?)
    }
}

/// Writes senses, which were fitted on vectors that `encoder` made of these layers, into a folder that
/// then gets its name; `training` is for people.
///
/// # Errors
/// [`Error::Encoder`] and [`Error::Head`] if a file cannot be written.
pub fn save_senses(
    folder: AtomicFolder,
    senses: &FittedSenses,
    model: &ModelFolder,
    layers: Layers,
    training: serde_json::Value,
) -> Result<(), Error> {
    let path = folder.path();
    senses.save(&path.join(VECTORS), Existing::Refuse)?;
    // The temporary folder lies where the final one will.
    let base = base_ref(path, model, model.sha256()?)?;
    let sha256 = [(VECTORS.to_owned(), sha256_file(path.join(VECTORS))?)].into();
    let card = SensesCard { base, sha256, layers, senses: senses.spec(), training };
    envelope::write_json(&path.join(CARD), KIND, FORMAT_VERSION, &card, Existing::Refuse)?;
    Ok(folder.commit()?)
}

/// Senses with the encoder whose vectors they were fitted on. It can be shared between threads.
#[derive(Debug)]
pub struct Senses {
    encoder: SentenceEncoder,
    senses: FittedSenses,
}

/// Question for the senses of a word in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenseQuery<'q> {
    /// The text.
    pub text: &'q str,
    /// A lemma, or a form of one.
    pub word: &'q str,
    /// Part of speech; `None` for any.
    pub pos: Option<&'q str>,
}

/// Senses of a word in a text.
#[derive(Clone, Debug, PartialEq)]
pub enum SenseAnswer<'s> {
    /// No such word was there in training: nothing is known of its senses.
    Unseen,
    /// The word is known, but is not in the text.
    Absent,
    /// Occurrences of the word in the text, in order; at least one.
    Found(Vec<WordSenses<'s>>),
}

/// A place of a word in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct WordSenses<'s> {
    /// Position in bytes.
    pub span: Span,
    /// The senses it may have, the likeliest first; at least one.
    pub senses: Vec<SensePrediction<'s>>,
}

/// Settings of [`Senses`].
#[derive(Clone, Debug)]
pub struct SensesBuilder {
    folder: Location,
    model: Option<ModelRef>,
    opening: Opening,
}

impl SensesBuilder {
    builder_setters!();

    /// Model that the senses were fitted on, where it lies elsewhere. Default: where it was then.
    #[must_use]
    pub fn model(mut self, model: impl Into<Option<ModelFolder>>) -> Self {
        self.model = model.into().map(ModelRef::from);
        self
    }

    /// Opens the senses and their model.
    ///
    /// # Errors
    /// [`Error::Head`] and [`Error::Encoder`] for files that cannot be read; [`Error::Checkpoint`] for
    /// vectors without the card's SHA-256; [`Error::OtherBase`] for another model; else as
    /// [`SentenceEncoderBuilder::open`](crate::sentence::SentenceEncoderBuilder::open).
    pub fn open(self) -> Result<Senses, Error> {
        let Self { folder, model, opening } = self;
        let SensesCard { base, sha256, layers, senses, .. } = SensesCard::open(&folder)?;
        check_hashes(&folder, CARD, &sha256)?;
        let senses = FittedSenses::open(folder.join(VECTORS), senses)?;
        let model = match model {
            None => open_base(&base, &folder)?,
            Some(model) => {
                let model = model.find()?;
                check_base(&base, &folder, &model)?;
                model
            }
        };
        let builder = SentenceEncoder::builder(model).states(States::Layers(layers));
        Ok(Senses { encoder: builder.work_of(opening).open()?, senses })
    }
}

impl Senses {
    /// Opens the senses in `folder` with the model that they were fitted on: [`builder`](Self::builder)
    /// has other settings.
    ///
    /// # Errors
    /// As [`SensesBuilder::open`].
    pub fn open(folder: impl Into<Location>) -> Result<Self, Error> {
        Self::builder(folder).open()
    }

    /// Settings of the senses in `folder`.
    #[must_use]
    pub fn builder(folder: impl Into<Location>) -> SensesBuilder {
        let folder = folder.into();
        SensesBuilder { opening: Opening::new(folder.clone().into()), folder, model: None }
    }

    /// Encoder of the vectors.
    #[must_use]
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// Senses with their vectors.
    #[must_use]
    pub fn fitted(&self) -> &FittedSenses {
        &self.senses
    }

    /// Senses of a word in a text, wherever it stands there
    /// ([`Lexicon::places`](cloze_heads::senses::Lexicon::places)).
    ///
    /// # Errors
    /// [`Error::Encoder`] for the text or from running; [`Error::Head`] for a vector that is not finite.
    pub fn predict(&self, query: SenseQuery<'_>) -> Result<SenseAnswer<'_>, Error> {
        let SenseQuery { text, word, pos } = query;
        let lexicon = self.senses.lexicon();
        let mut words = lexicon.named(word);
        if let Some(pos) = pos {
            words.retain(|word| word.pos == pos);
        }
        if words.is_empty() {
            return Ok(SenseAnswer::Unseen);
        }
        let spans = lexicon.places(text, word);
        if spans.is_empty() {
            return Ok(SenseAnswer::Absent);
        }
        let vectors = self.encoder.spans(&[(text, &spans)])?.pop().unwrap_or_default();
        let mut places = vec![];
        for (span, vector) in spans.into_iter().zip(vectors) {
            let Some(vector) = vector else { continue };
            let senses = self.senses.predict(words.iter().copied(), &vector)?;
            places.push(WordSenses { span, senses });
        }
        Ok(if places.is_empty() { SenseAnswer::Absent } else { SenseAnswer::Found(places) })
    }

    /// Senses for each query. An error in one text affects only its query.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn predict_batch(
        &self,
        queries: &[SenseQuery<'_>],
    ) -> Result<Vec<Result<SenseAnswer<'_>, Error>>, Error> {
        let size = |query: &SenseQuery<'_>| query.text.len();
        batch::in_chunks(queries, self.encoder.cancel(), size, |queries| {
            batch::isolate(queries, |queries| {
                queries.iter().map(|query| self.predict(*query)).collect()
            })
        })
    }

    /// Senses for a stream of queries, in order. An error that is not of one text is the last item.
    pub fn predict_iter<'a>(
        &'a self,
        queries: impl IntoIterator<Item = SenseQuery<'a>> + 'a,
    ) -> impl Iterator<Item = Result<SenseAnswer<'a>, Error>> + 'a {
        batch::stream(queries, |query| query.text.len(), |queries| self.predict_batch(queries))
    }
}
