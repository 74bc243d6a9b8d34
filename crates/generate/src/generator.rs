//! Prompts to texts.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::Runtime;
use cloze_encoder::decoder::{Asked, Cache, CacheCounts, Decoder, DecoderParams};

use crate::prefix::PromptCache;
use crate::row::Row;
use crate::rules::{self, Rules};
use crate::{ChatTemplate, Defaults, GenerateError, ValidGenerateParams};

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
    /// Opens a decoder or an encoder–decoder, with the settings that its folder has for generation.
    ///
    /// # Errors
    /// Errors of [`Decoder::open`], [`Defaults::read`] and [`ChatTemplate::read`];
    /// [`GenerateError::NoStart`].
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
        let template = ChatTemplate::read(model)?;
        Ok(Self { decoder, defaults, eos, bos, rules, name: model.name(), template })
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
        self.finish(self.begin(prompt, params)?, params)
    }

    /// Runs a text to its end.
    pub(crate) fn finish(
        &self,
        row: Row,
        params: &ValidGenerateParams,
    ) -> Result<Generation, GenerateError> {
        if params.beams > 1 {
            return self.search(row, params)?.into_generation();
        }
        let mut tokens = self.begin_iter(row, params)?;
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
        self.begin_iter(self.begin(prompt, params)?, params)
    }

    pub(crate) fn begin_iter<'g>(
        &'g self,
        row: Row,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        if params.beams > 1 {
            let (setting, found) = ("beams", params.beams.to_string());
            let expected = "1 for texts token by token".into();
            return Err(GenerateError::Setting { setting, found, expected });
        }
        let cache = self.cache_of(&[&row], 1)?;
        Ok(TokenIter { generator: self, params, cache, row, given: 0, failed: false })
    }

    /// As [`generate_iter`](Self::generate_iter), where the prompt begins as the last one that went through
    /// `cache` does: what they share is not computed again. The prompt is the next one's last. Tokens are
    /// the same, bit for bit. What an encoder reads is computed anew.
    ///
    /// # Errors
    /// As [`generate_iter`](Self::generate_iter).
    pub fn generate_iter_from<'g>(
        &'g self,
        cache: &mut PromptCache<'_>,
        prompt: &str,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        self.begin_iter_from(cache, self.begin(prompt, params)?, params)
    }

    pub(crate) fn begin_iter_from<'g>(
        &'g self,
        shared: &mut PromptCache<'_>,
        row: Row,
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        let mut tokens = self.begin_iter(row, params)?;
        if self.decoder.encoder_decoder().is_none() {
            let TokenIter { cache, row, .. } = &mut tokens;
            let (prompt, last) = (row.ids.clone(), row.ids.len() - 1);
            shared.run(&prompt, last, &mut |_, logits| {
                row.take(self, logits, params);
            })?;
            row.failed.take().map_or(Ok(()), Err)?;
            shared.copy_to(cache, 0)?;
        }
        Ok(tokens)
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
        // One prompt shares nothing, and would be kept for nobody.
        let mut cache = PromptCache::new(self);
        let shared = (prompts.len() > 1).then_some(&mut cache);
        self.generate_rows(shared, self.begin_all(prompts, params), params)
    }

    fn begin_all<T: AsRef<str>>(
        &self,
        prompts: &[T],
        params: &ValidGenerateParams,
    ) -> Vec<Result<Row, GenerateError>> {
        prompts.iter().map(|p| self.begin(p.as_ref(), params)).collect()
    }

    /// As [`generate_batch`](Self::generate_batch), where prompts begin alike, or as the last one that went
    /// through `cache` does: what they share is computed once. Texts are the same, bit for bit. What an
    /// encoder reads, and beam searches, are computed anew.
    ///
    /// # Errors
    /// As [`generate_batch`](Self::generate_batch).
    pub fn generate_batch_from<T: AsRef<str>>(
        &self,
        cache: &mut PromptCache<'_>,
        prompts: &[T],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        self.generate_rows(Some(cache), self.begin_all(prompts, params), params)
    }

    pub(crate) fn generate_rows(
        &self,
        mut shared: Option<&mut PromptCache<'_>>,
        mut rows: Vec<Result<Row, GenerateError>>,
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        if params.beams > 1 {
            let search = |row| self.search(row, params)?.into_generation();
            return Ok(rows.into_iter().map(|row| row.and_then(search)).collect());
        }
        let prompts: Vec<&[u32]> = rows.iter().flatten().map(|row| row.ids.as_slice()).collect();
        shared = shared
            .filter(|shared| self.decoder.encoder_decoder().is_none() && shared.pays_for(&prompts));
        // Prompts of like lengths go together: the shorter are padded.
        let mut order: Vec<&mut Row> = rows.iter_mut().flatten().collect();
        order.sort_by_key(|row| row.source.len() + row.ids.len());
        for batch in order.chunks_mut(BATCH) {
            self.run(batch, shared.as_deref_mut(), params)?;
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
        let all: Vec<&Row> = rows.iter().map(|row| &**row).collect();
        let mut cache = self.cache_of(&all, 1)?;
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

    pub(crate) fn begin(
        &self,
        prompt: &str,
        params: &ValidGenerateParams,
    ) -> Result<Row, GenerateError> {
        if self.decoder.encoder_decoder().is_some() {
            return self.begin_by_source(prompt, params);
        }
        self.begin_ids(self.prompt(prompt)?, params)
    }

    /// A text that begins with the tokens of a prompt.
    pub(crate) fn begin_ids(
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
        Ok(Row::new(ids, vec![], truncated, most, params))
    }

    pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, GenerateError> {
        Ok(self.decoder.decode(ids)?)
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
    /// Number of tokens that were given.
    given: usize,
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
        // The token behind a prompt of a cache is there before it is asked for.
        if self.row.tokens.len() == self.given {
            if self.failed || self.row.ended.is_some() {
                return None;
            }
            if let Err(error) = self.step() {
                self.failed = true;
                return Some(Err(error));
            }
        }
        let token = self.row.tokens.get(self.given).cloned()?;
        self.given += 1;
        Some(Ok(token))
    }
}
