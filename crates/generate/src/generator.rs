//! Prompts to texts.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::Runtime;
use cloze_encoder::decoder::{Asked, Cache, CacheCounts, Decoder, DecoderParams};
use cloze_heads::masked::Logits;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng as _;

use crate::prefix::PromptCache;
use crate::text::{Growing, held_back, stop_at};
use crate::{ChatTemplate, Defaults, GenerateError, ValidGenerateParams};

/// Most prompts that go through the model together.
const BATCH: usize = 8;

/// A decoder with its tokenizer and its own settings. It can be shared between threads.
#[derive(Debug)]
pub struct Generator {
    decoder: Decoder,
    defaults: Defaults,
    /// Ids of tokens that end a text.
    eos: Vec<u32>,
    /// Id of the token that a text without tokens begins with.
    bos: Option<u32>,
    name: String,
    template: Option<ChatTemplate>,
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
    /// Opens a decoder, with the settings that its folder has for generation.
    ///
    /// # Errors
    /// Errors of [`Decoder::open`], [`Defaults::read`] and [`ChatTemplate::read`].
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: DecoderParams,
    ) -> Result<Self, GenerateError> {
        let defaults = Defaults::read(model)?;
        let decoder = Decoder::open(runtime, model, params)?;
        let eos = defaults.eos.clone().unwrap_or_else(|| decoder.config().eos.clone());
        let bos = defaults.bos.or(decoder.config().bos);
        let template = ChatTemplate::read(model)?;
        Ok(Self { decoder, defaults, eos, bos, name: model.name(), template })
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

    /// Name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn template(&self) -> Option<&ChatTemplate> {
        self.template.as_ref()
    }

    /// Id of the token that the model begins texts with.
    pub(crate) fn bos(&self) -> Option<u32> {
        self.bos
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
        let mut tokens = self.generate_iter(prompt, params)?;
        for token in &mut tokens {
            token?;
        }
        Ok(tokens.finish())
    }

    /// Generates the text behind a prompt token by token.
    ///
    /// # Errors
    /// As [`generate`](Self::generate); those of later tokens come with them.
    pub fn generate_iter<'g>(
        &'g self,
        prompt: &str,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        self.begin_iter(self.prompt(prompt)?, params)
    }

    pub(crate) fn begin_iter<'g>(
        &'g self,
        ids: Vec<u32>,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        let row = self.begin(ids, params)?;
        let cache = self.decoder.cache(1, row.capacity)?;
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
        self.generate_batch_from(&mut PromptCache::new(self), prompts, params)
    }

    /// As [`generate_batch`](Self::generate_batch), where prompts begin alike, or as the last one that went
    /// through `cache` does: what they share is computed once. Texts are the same, bit for bit.
    ///
    /// # Errors
    /// As [`generate_batch`](Self::generate_batch).
    pub fn generate_batch_from<T: AsRef<str>>(
        &self,
        cache: &mut PromptCache<'_>,
        prompts: &[T],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        let rows = prompts.iter().map(|p| self.begin(self.prompt(p.as_ref())?, params)).collect();
        self.generate_rows(cache, rows, params)
    }

    pub(crate) fn generate_rows(
        &self,
        shared: &mut PromptCache<'_>,
        mut rows: Vec<Result<Row, GenerateError>>,
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        let prompts: Vec<&[u32]> = rows.iter().flatten().map(|row| row.ids.as_slice()).collect();
        let pays = shared.pays_for(&prompts);
        // Prompts of like lengths go together: the shorter are padded.
        let mut order: Vec<&mut Row> = rows.iter_mut().flatten().collect();
        order.sort_by_key(|row| row.ids.len());
        for batch in order.chunks_mut(BATCH) {
            let shared = pays.then_some(&mut *shared);
            self.run(batch, shared, params)?;
        }
        Ok(rows.into_iter().map(|row| row.and_then(Row::into_generation)).collect())
    }

    /// Runs prompts to their ends; through `shared` where they share their beginning.
    fn run(
        &self,
        rows: &mut [&mut Row],
        shared: Option<&mut PromptCache<'_>>,
        params: &ValidGenerateParams,
    ) -> Result<(), GenerateError> {
        let capacity = rows.iter().map(|row| row.capacity).max().unwrap_or(1);
        let mut cache = self.decoder.cache(rows.len(), capacity)?;
        let mut new: Vec<Vec<u32>> = rows.iter().map(|row| row.ids.clone()).collect();
        if let Some(shared) = shared {
            for (i, row) in rows.iter_mut().enumerate() {
                let mut drawn = None;
                shared.run(&new[i], new[i].len() - 1, &mut |_, logits| {
                    drawn = row.take(self, logits, params);
                })?;
                shared.copy_to(&mut cache, i)?;
                new[i] = drawn.into_iter().collect();
            }
        }
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

    /// A text that begins with the tokens of a prompt.
    pub(crate) fn begin(
        &self,
        mut ids: Vec<u32>,
        params: &ValidGenerateParams,
    ) -> Result<Row, GenerateError> {
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
        let capacity = ids.len().saturating_add(params.max_new_tokens).min(most);
        Ok(Row {
            prompt: ids.len(),
            ids,
            capacity,
            truncated,
            random: Pcg64::seed_from_u64(params.seed),
            growing: Growing::default(),
            given: 0,
            tokens: vec![],
            ended: None,
            failed: None,
        })
    }

    fn decode(&self, ids: &[u32]) -> Result<String, GenerateError> {
        Ok(self.decoder.decode(ids)?)
    }
}

/// A text at work.
#[derive(Debug)]
pub(crate) struct Row {
    /// Tokens of the prompt and new ones.
    ids: Vec<u32>,
    /// Number of tokens of the prompt.
    prompt: usize,
    /// Most tokens of both.
    capacity: usize,
    truncated: usize,
    random: Pcg64,
    growing: Growing,
    /// Bytes of the text that were given out.
    given: usize,
    tokens: Vec<GeneratedToken>,
    ended: Option<Finish>,
    failed: Option<GenerateError>,
}

impl Row {
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
        let too_early = self.tokens.len() < params.min_new_tokens;
        let never: &[u32] = if too_early { &generator.eos } else { &[] };
        let id = params.sample.draw(logits, &self.ids, never, &mut self.random).map_err(wrong)?;
        let decode = |ids: &[u32]| generator.decode(ids);
        if generator.eos.contains(&id) {
            self.end(Finish::End, decode)?;
            return Ok(None);
        }
        let log_probability =
            Logits::new(logits).and_then(|l| l.log_probability(id)).map_err(wrong)?;
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

    fn end(
        &mut self,
        finish: Finish,
        decode: impl Fn(&[u32]) -> Result<String, GenerateError>,
    ) -> Result<(), GenerateError> {
        self.growing.finish(decode)?;
        self.give(0);
        self.ended = Some(finish);
        Ok(())
    }

    fn into_generation(self) -> Result<Generation, GenerateError> {
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
