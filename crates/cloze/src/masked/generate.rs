//! All masks of a text filled, one after the other.
use std::sync::{Mutex, PoisonError};

use cloze_encoder::Sequence;
use cloze_heads::HeadError;
use cloze_heads::masked::{FillOrder, Filling, SampleParams, ValidSampleParams};

use super::marked::{Marked, View};
use super::{MaskPrediction, MaskedLm};
use crate::{Error, batch};

/// Settings of filling masks.
#[derive(Clone, Debug)]
#[must_use]
pub struct GenerateParams {
    decode: FillOrder,
    words: Option<usize>,
    sample: SampleParams,
    seed: u64,
}

impl Default for GenerateParams {
    fn default() -> Self {
        Self::new()
    }
}

impl GenerateParams {
    /// The defaults.
    pub fn new() -> Self {
        let (decode, sample) = (FillOrder::LeftToRight, SampleParams::new());
        Self { decode, words: None, sample, seed: 0 }
    }

    /// In which order masks are filled. Default [`FillOrder::LeftToRight`].
    pub fn decode(mut self, decode: FillOrder) -> Self {
        self.decode = decode;
        self
    }

    /// Number of masks that each mask of a text stands for; a text without one has them at its end.
    /// Tokens, not whole words, are counted. At least 1. Default: a mask is one, and a text has
    /// one.
    pub fn words(mut self, words: Option<usize>) -> Self {
        self.words = words;
        self
    }

    /// Settings of drawing words. Default: greedy.
    pub fn sample(mut self, sample: SampleParams) -> Self {
        self.sample = sample;
        self
    }

    /// Random seed, for each text anew: a text has the same words alone and among others.
    /// Default `0`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`Error::Head`] for no words, and as [`SampleParams::check`].
    pub fn check(self) -> Result<ValidGenerateParams, Error> {
        let Self { decode, words, sample, seed } = self;
        if words == Some(0) {
            let (setting, expected) = ("words".to_owned(), "at least 1");
            return Err(HeadError::OutOfRange { setting, found: 0.0, expected }.into());
        }
        Ok(ValidGenerateParams { decode, words, sample: sample.check()?, seed })
    }
}

/// Settings validated by [`GenerateParams::check`].
#[derive(Clone, Debug)]
pub struct ValidGenerateParams {
    decode: FillOrder,
    words: Option<usize>,
    sample: ValidSampleParams,
    seed: u64,
}

/// A text with its masks filled.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedText {
    /// The text with words for its masks.
    pub text: String,
    /// Word filled in at each mask, in text order, with its probability at that time.
    pub words: Vec<MaskPrediction>,
    /// Whether the text is longer than the model takes, so that only what is around its masks was seen.
    pub windowed: bool,
}

/// A text at work.
struct Running {
    source: String,
    marked: Marked,
    view: View,
    filling: Filling,
    failed: Option<HeadError>,
}

impl MaskedLm {
    /// Fills the masks of a text. Special tokens are never filled in.
    ///
    /// # Errors
    /// [`Error::NoMask`]; [`Error::MaskSpan`] where its masks are further apart than the model sees;
    /// [`Error::Head`] for logits that are not numbers; those of [`tokenize`](Self::tokenize) and
    /// [`map`](Self::map).
    pub fn generate(
        &self,
        text: &str,
        params: &ValidGenerateParams,
    ) -> Result<GeneratedText, Error> {
        batch::only(self.generate_batch(&[text], params)?)
    }

    /// Fills the masks of each text. An error in one text affects only that text.
    ///
    /// # Errors
    /// As [`map`](Self::map); [`Error::Cancelled`].
    pub fn generate_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<GeneratedText, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        self.each(&texts, |texts| self.generate_all(texts, params))
    }

    fn generate_all(
        &self,
        texts: &[&str],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<GeneratedText, Error>>, Error> {
        let running: Vec<_> = texts.iter().map(|text| self.begin(text, params)).collect();
        let running: Vec<_> = running.into_iter().map(|text| text.map(Mutex::new)).collect();
        // Ids that no word has are padding of the vocabulary.
        let words = u32::try_from(self.encoder.vocabulary()).unwrap_or(u32::MAX);
        let beyond = words..u32::try_from(self.vocabulary).unwrap_or(u32::MAX);
        let never: Vec<u32> = self.special.iter().copied().chain(beyond).collect();
        let lock = |text: &Mutex<Running>| -> _ {
            text.lock().unwrap_or_else(PoisonError::into_inner).next()
        };
        loop {
            let (active, sequences): (Vec<_>, Vec<Sequence>) =
                running.iter().flatten().filter_map(|text| Some((text, lock(text)?))).unzip();
            if active.is_empty() {
                break;
            }
            self.map(&sequences, |i, logits| {
                let mut text = active[i].lock().unwrap_or_else(PoisonError::into_inner);
                text.failed = text.filling.take(logits, &params.sample, &never).err();
            })?;
        }
        let done = |text: Result<Mutex<Running>, Error>| {
            let text = text?.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.finish(text)
        };
        Ok(running.into_iter().map(done).collect())
    }

    fn begin(&self, text: &str, params: &ValidGenerateParams) -> Result<Running, Error> {
        let mut source = text.to_owned();
        let mut marked = Marked::with(self, &source, params.words.unwrap_or(1))?;
        if marked.places.is_empty() {
            let Some(words) = params.words else {
                return Err(Error::NoMask { mask: self.mask_token.clone() });
            };
            if !source.is_empty() && !source.ends_with(char::is_whitespace) {
                source.push(' ');
            }
            source.push_str(&self.mask_token);
            marked = Marked::with(self, &source, words)?;
        }
        let window = marked.window(self, 0).ok_or_else(|| self.too_long(&marked, 0))?;
        let view = marked.view(window);
        let (ids, places) = (&view.sequence.ids, &view.places);
        let filling = Filling::new(ids, places, self.mask, params.decode, params.seed);
        Ok(Running { source, marked, view, filling, failed: None })
    }

    fn finish(&self, running: Running) -> Result<GeneratedText, Error> {
        let Running { source, marked, filling, failed, .. } = running;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let guesses: Vec<_> = filling.found().iter().flatten().copied().collect();
        let ids: Vec<u32> = guesses.iter().map(|guess| guess.id).collect();
        let words = guesses.iter().map(|guess| MaskPrediction {
            word: self.word(guess.id),
            ids: vec![guess.id],
            probability: guess.probability,
        });
        let each = ids.len() / marked.written.len().max(1);
        let mut text = String::with_capacity(source.len());
        let mut from = 0;
        for (written, ids) in marked.written.iter().zip(ids.chunks(each.max(1))) {
            text.push_str(&source[from..written.start]);
            if let Some(words) = self.encoder.words(ids) {
                if words.glued {
                    text.truncate(text.trim_end_matches(' ').len());
                } else if text.ends_with(char::is_alphanumeric) {
                    text.push(' ');
                }
                text.push_str(&words.text);
            }
            from = written.end;
        }
        text.push_str(&source[from..]);
        let windowed = marked.is_long(self);
        Ok(GeneratedText { text, words: words.collect(), windowed })
    }
}

impl Running {
    /// Next sequence for the model; `None` when all is done.
    fn next(&self) -> Option<Sequence> {
        let asked = self.filling.ask();
        if asked.is_empty() || self.failed.is_some() {
            return None;
        }
        let narrow = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        let asked = asked.into_iter().map(narrow).collect();
        let ids = self.filling.ids().to_vec();
        Some(Sequence { ids, asked, ..self.view.sequence.clone() })
    }
}
