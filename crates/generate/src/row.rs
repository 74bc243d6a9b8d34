//! A text at work: its tokens so far, and how the next one is drawn.
use cloze_heads::masked::Logits;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng as _;

use crate::text::{Growing, held_back, stop_at};
use crate::{Finish, GenerateError, GeneratedToken, Generation, Generator, ValidGenerateParams};

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
    pub(crate) truncated: usize,
    random: Pcg64,
    pub(crate) growing: Growing,
    /// Bytes of the text that were given out.
    given: usize,
    pub(crate) tokens: Vec<GeneratedToken>,
    pub(crate) ended: Option<Finish>,
    pub(crate) failed: Option<GenerateError>,
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
    pub(crate) fn take(
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
