//! Probabilities of texts behind a prompt.
use cloze_heads::masked::Logits;

use crate::prefix::common;
use crate::{GenerateError, Generator, PromptCache};

/// A text behind a prompt, and how likely it is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuation {
    /// Number of its tokens.
    pub tokens: usize,
    /// ln P(text | prompt): the sum over its tokens.
    pub log_probability: f64,
}

impl Generator {
    /// Likelihood of each text behind the prompt, which is computed once. Prompt and text are put into
    /// tokens together; the text's are those from where they differ from the prompt's own.
    ///
    /// # Errors
    /// [`GenerateError::NoContinuation`] for a text that adds no token; [`GenerateError::EmptyPrompt`] where
    /// no token comes before it; [`GenerateError::LongText`]; [`GenerateError::Logits`];
    /// [`GenerateError::Encoder`].
    pub fn continuations(
        &self,
        cache: &mut PromptCache<'_>,
        prompt: &str,
        texts: &[&str],
    ) -> Result<Vec<Continuation>, GenerateError> {
        let before = self.begun(prompt)?;
        texts.iter().map(|text| self.continuation(cache, &before, prompt, text)).collect()
    }

    fn continuation(
        &self,
        cache: &mut PromptCache<'_>,
        before: &[u32],
        prompt: &str,
        text: &str,
    ) -> Result<Continuation, GenerateError> {
        let ids = self.begun(&format!("{prompt}{text}"))?;
        let start = common(before, &ids);
        if start == ids.len() {
            return Err(GenerateError::NoContinuation { text: text.to_owned() });
        }
        let Some(last) = start.checked_sub(1) else { return Err(GenerateError::EmptyPrompt) };
        let most = self.decoder().positions();
        if ids.len() > most {
            return Err(GenerateError::LongText { found: ids.len(), most });
        }
        let (mut log_probability, mut failed) = (0.0, None);
        cache.run(&ids, last, &mut |place, logits| {
            let token = place + 1;
            let Some(&id) = ids.get(token) else { return };
            match Logits::new(logits).and_then(|logits| logits.log_probability(id)) {
                Ok(found) => log_probability += found,
                Err(source) => {
                    failed.get_or_insert(GenerateError::Logits { token, source });
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok(Continuation { tokens: ids.len() - start, log_probability }),
        }
    }

    /// Tokens of a text that goes on: those that begin texts, and its own.
    fn begun(&self, text: &str) -> Result<Vec<u32>, GenerateError> {
        let mut encoded = self.decoder().encode(text)?;
        encoded.ids.truncate(encoded.text.end);
        if encoded.text.start == 0 {
            encoded.ids.splice(0..0, self.bos());
        }
        Ok(encoded.ids)
    }
}
