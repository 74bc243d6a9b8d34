//! Texts to entities, as the model's own card says.
//!
//! - [`TaggerBuilder`]: settings, checked against the model;
//! - `scheme`: the tagging scheme of a model;
//! - `recognition`: recognisers beside the model;
//! - `merge`: their matches and the model's entities as one list.
mod builder;
mod merge;
mod recognition;
mod scheme;

use cloze_checkpoint::ModelFolder;
use cloze_core::{Cancel, Encode as _, Entity, Scheme, Span, TokenRows};
use cloze_core::{assign_words, words_of_tokens};
use cloze_encoder::{Encoder, EncodingCounts};
use cloze_heads::tag::TagDecoder;
use cloze_recognize::Recognizers;
use recognition::Recognition;

use crate::{Error, ModelRef, batch};

pub(crate) use builder::known_scheme;
pub use builder::{TaggerBuilder, ValidTagger};
pub use scheme::SchemeBasis;

/// Token tagger: a model with its decoder. It can be shared between threads.
///
/// It follows the model's own folder: the labels of `config.json`, and of `cloze.json` the tagging scheme
/// (`scheme`), the least score (`min_score`), the transitions of a conditional random field (`crf`) and the
/// deterministic recognisers that run beside it (`recognizers`). A match that a checksum validates wins
/// over the model; any other competes with it by score. With recognisers, pieces of the model with one label
/// and nothing between them are one entity, and no e-mail address or number is left half marked.
/// No entity goes on across a blank line, nor across a line end beside a form's field (`Name: Ann`).
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(format!("{models}/..")).unwrap();
/// use cloze::Tagger;
///
/// let tagger = Tagger::open("ner-en")?;
/// let entities = tagger.tag("Angela Merkel lives in Kassel.")?;
/// assert_eq!(entities[0].label, "PER");
///
/// for entities in tagger.tag_batch(&["Ann is in Paris.", "Nobody is."])? {
///     println!("{} entities", entities?.len());
/// }
///
/// let tagger = Tagger::builder("pii").threads(2).min_score(0.3).open()?;
/// let lines = ["Call Ann.".to_owned(), "Call Bob.".to_owned()];
/// assert_eq!(tagger.tag_iter(lines).count(), 2);
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct Tagger {
    encoder: Encoder,
    decoder: TagDecoder,
    basis: SchemeBasis,
    model: ModelFolder,
    recognition: Option<Recognition>,
    labels: Vec<String>,
    cancel: Cancel,
}

/// Text to tag and, where they are known, the words in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagText<'t> {
    /// The text.
    pub text: &'t str,
    /// Bytes of its words, in order; `None` for words as the tokenizer has them.
    pub words: Option<&'t [Span]>,
    /// Column or key that it is the value of, which recognisers take for context: `date_of_birth`.
    pub field: Option<&'t str>,
}

impl<'t> From<&'t str> for TagText<'t> {
    fn from(text: &'t str) -> Self {
        Self { text, words: None, field: None }
    }
}

/// Entities of one text, with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct TextEntities {
    /// By reading order.
    pub entities: Vec<Entity>,
    /// Bytes of the words: those that were given, or else the tokenizer's.
    pub words: Vec<Span>,
    /// Name of the recogniser that found each entity, in the same order; `None` for the model.
    pub recognizers: Vec<Option<String>>,
}

/// Entities of one text with each of several recall biases, in their order.
pub type EntitiesByBias = Vec<Vec<Entity>>;

impl TextEntities {
    /// Leaves out what the model alone found: in a number of JSON, which it cannot tell from any other, and
    /// of which recognisers know the checksum or the name of the field.
    pub fn retain_recognized(&mut self) {
        let is_found: Vec<bool> = self.recognizers.iter().map(Option::is_some).collect();
        let mut found = is_found.iter();
        self.entities.retain(|_| found.next().copied().unwrap_or(false));
        self.recognizers.retain(Option::is_some);
    }
}

impl Tagger {
    /// Opens a model for tokens with the settings of its card: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`TaggerBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a tagger.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> TaggerBuilder {
        TaggerBuilder::new(model.into())
    }

    /// Entities of one text, by reading order.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text that cannot be tokenized, and from running; [`Error::Head`] for
    /// logits that are not numbers.
    pub fn tag(&self, text: &str) -> Result<Vec<Entity>, Error> {
        Ok(batch::only(self.tag_texts(&[text.into()])?)?.entities)
    }

    /// Entities of each text, in the order of `texts`: the same as of [`tag`](Self::tag), bit for
    /// bit. An error in one text affects only that text.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn tag_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<Vec<Entity>, Error>>, Error> {
        let texts: Vec<TagText<'_>> = texts.iter().map(|text| text.as_ref().into()).collect();
        let results = self.tag_texts(&texts)?;
        Ok(results.into_iter().map(|result| Ok(result?.entities)).collect())
    }

    /// Entities of a stream of texts, in order, in memory that the longest text bounds: texts are
    /// read and tagged in chunks of up to 256 KiB. An error that is not of one text is the last item.
    pub fn tag_iter<'a, I>(
        &'a self,
        texts: I,
    ) -> impl Iterator<Item = Result<Vec<Entity>, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        batch::stream(texts, |text| text.as_ref().len(), |texts| self.tag_batch(texts))
    }

    /// Entities and words of each text, some of which may come with their words. An error in one text
    /// affects only that text.
    ///
    /// # Errors
    /// As [`tag_batch`](Self::tag_batch).
    pub fn tag_texts(
        &self,
        texts: &[TagText<'_>],
    ) -> Result<Vec<Result<TextEntities, Error>>, Error> {
        batch::in_chunks(texts, &self.cancel, |text| text.text.len(), |chunk| self.chunk(chunk))
    }

    /// Entities of each text with each recall bias, `[texts][biases]`. Each text is encoded once; the
    /// tagger's own bias does not matter. An error in one text affects only that text.
    ///
    /// # Errors
    /// As [`tag_batch`](Self::tag_batch), and [`Error::TagSettings`] for a bias that is not a finite
    /// number.
    pub fn tag_sweep(
        &self,
        texts: &[&str],
        biases: &[f32],
    ) -> Result<Vec<Result<EntitiesByBias, Error>>, Error> {
        let decoders = biases.iter().map(|&bias| self.decoder.with_recall_bias(bias));
        let decoders = decoders.collect::<Result<Vec<_>, _>>().map_err(|source| {
            Error::TagSettings { model: self.model.folder().to_path_buf(), source }
        })?;
        let chunks = |chunk: &[&str]| {
            let encoded = batch::isolate(chunk, |texts| Ok(self.encoder.encode(texts)?))?;
            let results = chunk.iter().zip(encoded);
            Ok(results.map(|(text, rows)| self.decode_each(text, &rows?, &decoders)).collect())
        };
        batch::in_chunks(texts, &self.cancel, |text| text.len(), chunks)
    }

    fn decode_each(
        &self,
        text: &str,
        rows: &TokenRows,
        decoders: &[TagDecoder],
    ) -> Result<EntitiesByBias, Error> {
        let decode = |decoder: &TagDecoder| {
            let entities = decoder.decode(text, &decoder.predict(rows)?);
            Ok(match &self.recognition {
                Some(recognition) => recognition.merged(None, text, entities).0,
                None => entities,
            })
        };
        decoders.iter().map(decode).collect()
    }

    fn chunk(&self, texts: &[TagText<'_>]) -> Result<Vec<Result<TextEntities, Error>>, Error> {
        let encoded = batch::isolate(texts, |texts| {
            let texts: Vec<&str> = texts.iter().map(|text| text.text).collect();
            Ok(self.encoder.encode(&texts)?)
        })?;
        let results = texts.iter().zip(encoded);
        Ok(results.map(|(text, rows)| self.decode(*text, rows?)).collect())
    }

    fn decode(&self, text: TagText<'_>, mut rows: TokenRows) -> Result<TextEntities, Error> {
        if let Some(words) = text.words {
            assign_words(&mut rows.tokens, words);
        }
        let entities = self.decoder.decode(text.text, &self.decoder.predict(&rows)?);
        let (entities, recognizers) = if let Some(recognition) = &self.recognition {
            recognition.merged(text.field, text.text, entities)
        } else {
            let recognizers = vec![None; entities.len()];
            (entities, recognizers)
        };
        let token_words =
            || words_of_tokens(&rows.tokens).into_iter().map(|word| word.span).collect();
        let words = text.words.map_or_else(token_words, <[Span]>::to_vec);
        Ok(TextEntities { entities, words, recognizers })
    }

    /// Labels it can give: the model's, then those of the recognisers.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Recognisers that run beside the model, if any do.
    #[must_use]
    pub fn recognizers(&self) -> Option<&Recognizers> {
        self.recognition.as_ref().map(Recognition::recognizers)
    }

    /// Tagging scheme that it decodes in.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.decoder.scheme()
    }

    /// Reason for the scheme.
    #[must_use]
    pub fn scheme_basis(&self) -> SchemeBasis {
        self.basis
    }

    /// Decoder of the model's logits.
    #[must_use]
    pub fn decoder(&self) -> &TagDecoder {
        &self.decoder
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ModelFolder {
        &self.model
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.encoder.counts()
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`Error::Encoder`] if ONNX Runtime refuses the graph.
    pub fn warm_up(&self) -> Result<(), Error> {
        Ok(self.encoder.warm_up()?)
    }
}
