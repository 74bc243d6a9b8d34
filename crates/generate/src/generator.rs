//! Prompts to texts.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::Runtime;
use cloze_encoder::decoder::{Asked, Cache, CacheCounts, Decoder, DecoderParams};
use cloze_heads::masked::Logits;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng as _;

use crate::rules::{self, Rules};
use crate::text::{Growing, held_back, stop_at};
use crate::{Defaults, GenerateError, ValidGenerateParams};

/// Most prompts that go through the model together.
const BATCH: usize = 8;

/// A decoder, or an encoder–decoder, with its tokenizer and its own settings. It can be shared between threads.
#[derive(Debug)]
pub struct Generator {
    decoder: Decoder,
    defaults: Defaults,
    /// Ids of tokens that end a text.
    pub(crate) eos: Vec<u32>,
    /// Id of the token that a text without tokens begins with.
    bos: Option<u32>,
    /// Tokens that are forced or never drawn.
    pub(crate) rules: Rules,
}

/// Reason why a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model drew a token that ends texts.
    End,
    /// A stop string came.
    Stop,
    /// It has the most new tokens, or the model takes no more.
    Length,
}

impl Finish {
    /// Name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "eos",
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// A new token.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedToken {
    /// Id.
    pub id: u32,
    /// Text that it adds: empty while a character's bytes are not all there, and where the text may
    /// become a stop string; what is held back comes with a later token.
    pub text: String,
    /// ln of its probability by the model, before penalties and temperature.
    pub log_probability: f64,
}

/// A generated text.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    /// The new text, without the prompt.
    pub text: String,
    /// The new tokens, without one that ends the text.
    pub tokens: Vec<GeneratedToken>,
    /// Reason why it ends.
    pub finish: Finish,
    /// Tokens of the prompt that were dropped at its beginning.
    pub truncated: usize,
}

impl Generator {
    /// Opens a decoder or an encoder–decoder, with the settings that its folder has for generation.
    ///
    /// # Errors
    /// Errors of [`Decoder::open`] and [`Defaults::read`]; [`GenerateError::NoStart`].
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: DecoderParams,
    ) -> Result<Self, GenerateError> {
        let mut defaults = Defaults::read(model)?;
        let decoder = Decoder::open(runtime, model, params)?;
        if decoder.encoder_decoder().is_some() {
            rules::start(&decoder, &defaults)?;
            defaults = defaults.of_encoder_decoder();
        }
        let eos = defaults.eos.clone().unwrap_or_else(|| decoder.eos().to_vec());
        let bos = defaults.bos.or(decoder.bos());
        let rules = Rules::of(&defaults, &decoder, &eos);
        Ok(Self { decoder, defaults, eos, bos, rules })
    }

    /// The decoder.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The model's own settings.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// A prompt in tokens: as the tokenizer has it; one without tokens is the token that begins a text.
    pub(crate) fn prompt(&self, text: &str) -> Result<Vec<u32>, GenerateError> {
        let mut ids = self.decoder.encode(text)?.ids;
        if ids.is_empty() {
            ids.extend(self.bos);
        }
        Ok(ids)
    }

    /// Generates the text behind a prompt.
    ///
    /// # Errors
    /// [`GenerateError::EmptyPrompt`]; [`GenerateError::LongPrompt`]; [`GenerateError::Logits`];
    /// [`GenerateError::Encoder`].
    pub fn generate(
        &self,
        prompt: &str,
        params: &ValidGenerateParams,
    ) -> Result<Generation, GenerateError> {
        if params.beams > 1 {
            return self.search(self.begin(prompt, params)?, params)?.into_generation();
        }
        let mut tokens = self.generate_iter(prompt, params)?;
        for token in &mut tokens {
            token?;
        }
        Ok(tokens.finish())
    }

    /// Generates the text behind a prompt token by token.
    ///
    /// # Errors
    /// As [`generate`](Self::generate); those of later tokens come with them. [`GenerateError::Setting`] for
    /// a beam search, whose first token is not known before its last.
    pub fn generate_iter<'g>(
        &'g self,
        prompt: &str,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        if params.beams > 1 {
            let (setting, found) = ("beams", params.beams.to_string());
            let expected = "1 for texts token by token".into();
            return Err(GenerateError::Setting { setting, found, expected });
        }
        let row = self.begin(prompt, params)?;
        let cache = self.cache_of(&[&row], 1)?;
        Ok(TokenIter { generator: self, params, cache, row, failed: false })
    }

    /// Generates the texts behind prompts, several at once. Each is what it is alone. An error in one
    /// affects only that one.
    ///
    /// # Errors
    /// [`GenerateError::Encoder`] for errors that are none of a prompt.
    pub fn generate_batch<T: AsRef<str>>(
        &self,
        prompts: &[T],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        let mut rows: Vec<_> = prompts.iter().map(|p| self.begin(p.as_ref(), params)).collect();
        if params.beams > 1 {
            let search = |row| self.search(row, params)?.into_generation();
            return Ok(rows.into_iter().map(|row| row.and_then(search)).collect());
        }
        // Prompts of like lengths go together: the shorter are padded.
        let mut order: Vec<&mut Row> = rows.iter_mut().flatten().collect();
        order.sort_by_key(|row| row.source.len() + row.ids.len());
        for batch in order.chunks_mut(BATCH) {
            self.run(batch, params)?;
        }
        Ok(rows.into_iter().map(|row| row.and_then(Row::into_generation)).collect())
    }

    /// Runs prompts to their ends.
    fn run(
        &self,
        rows: &mut [&mut Row],
        params: &ValidGenerateParams,
    ) -> Result<(), GenerateError> {
        let all: Vec<&Row> = rows.iter().map(|row| &**row).collect();
        let mut cache = self.cache_of(&all, 1)?;
        let mut new: Vec<Vec<u32>> = rows.iter().map(|row| row.ids.clone()).collect();
        while new.iter().any(|ids| !ids.is_empty()) {
            let parts: Vec<&[u32]> = new.iter().map(Vec::as_slice).collect();
            let mut drawn = vec![vec![]; rows.len()];
            cache.append(&parts, Asked::Last, &mut |i, _, logits| {
                drawn[i].extend(rows[i].take(self, logits, params));
            })?;
            new = drawn;
        }
        Ok(())
    }

    pub(crate) fn begin(
        &self,
        prompt: &str,
        params: &ValidGenerateParams,
    ) -> Result<Row, GenerateError> {
        if self.decoder.encoder_decoder().is_some() {
            return self.begin_by_source(prompt, params);
        }
        let mut ids = self.prompt(prompt)?;
        if ids.is_empty() {
            return Err(GenerateError::EmptyPrompt);
        }
        let most = self.decoder.positions();
        let mut truncated = 0;
        if params.truncate_left {
            let room = most.saturating_sub(params.max_new_tokens).max(1);
            truncated = ids.len().saturating_sub(room);
            ids.drain(..truncated);
        } else if ids.len() >= most {
            return Err(GenerateError::LongPrompt { found: ids.len(), most });
        }
        Ok(Row::new(ids, vec![], truncated, most, params))
    }

    pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, GenerateError> {
        Ok(self.decoder.decode(ids)?)
    }
}

/// A text at work.
#[derive(Debug)]
pub(crate) struct Row {
    /// Tokens of the prompt and new ones; of an encoder–decoder the decoder's.
    pub(crate) ids: Vec<u32>,
    /// Number of tokens of the prompt.
    prompt: usize,
    /// Tokens that an encoder reads; none of a decoder alone.
    pub(crate) source: Vec<u32>,
    /// Most tokens of both.
    pub(crate) capacity: usize,
    truncated: usize,
    random: Pcg64,
    growing: Growing,
    /// Bytes of the text that were given out.
    given: usize,
    tokens: Vec<GeneratedToken>,
    pub(crate) ended: Option<Finish>,
    failed: Option<GenerateError>,
}

impl Row {
    /// A text behind these tokens, of up to `most` with them.
    pub(crate) fn new(
        ids: Vec<u32>,
        source: Vec<u32>,
        truncated: usize,
        most: usize,
        params: &ValidGenerateParams,
    ) -> Self {
        Self {
            prompt: ids.len(),
            capacity: ids.len().saturating_add(params.max_new_tokens).min(most),
            ids,
            source,
            truncated,
            random: Pcg64::seed_from_u64(params.seed),
            growing: Growing::default(),
            given: 0,
            tokens: vec![],
            ended: None,
            failed: None,
        }
    }

    /// Takes the logits of the next token; the token, if another is to follow.
    fn take(
        &mut self,
        generator: &Generator,
        logits: &[f32],
        params: &ValidGenerateParams,
    ) -> Option<u32> {
        match self.draw(generator, logits, params) {
            Ok(next) => next,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    fn draw(
        &mut self,
        generator: &Generator,
        logits: &[f32],
        params: &ValidGenerateParams,
    ) -> Result<Option<u32>, GenerateError> {
        let place = self.ids.len();
        let wrong = |source| GenerateError::Logits { token: place, source };
        let id = if let Some((id, _)) = generator.rules.forced(&self.ids, self.capacity) {
            id
        } else {
            let new = self.tokens.len();
            let never = generator.rules.never(&self.ids, new, &generator.eos, params);
            let drawn = params.sample.draw(logits, &self.ids, &never, &mut self.random);
            drawn.map_err(wrong)?
        };
        let log_probability =
            Logits::new(logits).and_then(|l| l.log_probability(id)).map_err(wrong)?;
        self.accept(generator, id, log_probability, params)
    }

    /// Takes the next token; the token, if another is to follow.
    pub(crate) fn accept(
        &mut self,
        generator: &Generator,
        id: u32,
        log_probability: f64,
        params: &ValidGenerateParams,
    ) -> Result<Option<u32>, GenerateError> {
        let decode = |ids: &[u32]| generator.decode(ids);
        if generator.eos.contains(&id) {
            // One that is forced cuts the text: it is as long as it may be.
            let is_cut = generator.rules.forced(&self.ids, self.capacity) == Some((id, true));
            self.end(if is_cut { Finish::Length } else { Finish::End }, decode)?;
            return Ok(None);
        }
        self.ids.push(id);
        let before = self.growing.text.len();
        self.growing.push(id, decode)?;
        self.tokens.push(GeneratedToken { id, text: String::new(), log_probability });
        let longest = params.stop.iter().map(String::len).max().unwrap_or(0);
        if let Some(at) = stop_at(&self.growing.text, before.saturating_sub(longest), &params.stop)
        {
            self.growing.text.truncate(at);
            self.give(0);
            self.ended = Some(Finish::Stop);
            return Ok(None);
        }
        self.give(held_back(&self.growing.text, &params.stop));
        let is_full = self.ids.len() - self.prompt >= params.max_new_tokens;
        if is_full || self.ids.len() >= self.capacity {
            self.end(Finish::Length, decode)?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// Gives out what has not been, but for the last `held` bytes, with the last token.
    fn give(&mut self, held: usize) {
        let until = self.growing.text.len().saturating_sub(held).max(self.given);
        let new = &self.growing.text[self.given.min(self.growing.text.len())..];
        let new = &new[..new.len().saturating_sub(held)];
        if let Some(token) = self.tokens.last_mut() {
            token.text.push_str(new);
        }
        self.given = until;
    }

    pub(crate) fn end(
        &mut self,
        finish: Finish,
        decode: impl Fn(&[u32]) -> Result<String, GenerateError>,
    ) -> Result<(), GenerateError> {
        self.growing.finish(decode)?;
        self.give(0);
        self.ended = Some(finish);
        Ok(())
    }

    pub(crate) fn into_generation(self) -> Result<Generation, GenerateError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        Ok(Generation {
            text: self.growing.text,
            tokens: self.tokens,
            finish: self.ended.unwrap_or(Finish::Length),
            truncated: self.truncated,
        })
    }
}

/// Tokens of a text as they come. A token's text may be empty, and comes with a later token; what is held
/// back at the end is in [`Generation::text`].
#[derive(Debug)]
pub struct TokenIter<'g> {
    generator: &'g Generator,
    params: &'g ValidGenerateParams,
    cache: Cache<'g>,
    row: Row,
    failed: bool,
}

impl TokenIter<'_> {
    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// The text so far.
    #[must_use]
    pub fn finish(self) -> Generation {
        Generation {
            text: self.row.growing.text,
            tokens: self.row.tokens,
            finish: self.row.ended.unwrap_or(Finish::Length),
            truncated: self.row.truncated,
        }
    }

    fn step(&mut self) -> Result<(), GenerateError> {
        let done = self.cache.texts().first().map_or(0, Vec::len);
        let new = self.row.ids[done..].to_vec();
        let (row, generator, params) = (&mut self.row, self.generator, self.params);
        self.cache.append(&[&new], Asked::Last, &mut |_, _, logits| {
            row.take(generator, logits, params);
        })?;
        self.row.failed.take().map_or(Ok(()), Err)
    }
}

impl Iterator for TokenIter<'_> {
    type Item = Result<GeneratedToken, GenerateError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.row.ended.is_some() {
            return None;
        }
        let before = self.row.tokens.len();
        if let Err(error) = self.step() {
            self.failed = true;
            return Some(Err(error));
        }
        self.row.tokens.get(before).cloned().map(Ok)
    }
}
