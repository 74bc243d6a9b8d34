//! Keys and values of the last prompt, for prompts that begin alike.
use cloze_encoder::decoder::{Asked, Cache};

use crate::{GenerateError, Generator};

/// Fewest tokens that prompts share for it to pay that each goes through the model by itself.
const LEAST: usize = 16;

/// Keys and values of the last prompt. A prompt that begins with the same tokens goes through the model
/// from where it differs.
///
/// Results are the same, bit for bit, as without: only tokens that came in prompts are kept, not new ones,
/// whose steps are summed in another order, and a prompt has two tokens or more that are computed anew
/// (see [`Cache::append`]).
#[derive(Debug)]
pub struct PromptCache<'g> {
    generator: &'g Generator,
    cache: Option<Cache<'g>>,
    counts: PromptCounts,
}

/// Work on prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromptCounts {
    /// Tokens that went through the model.
    pub computed: u64,
    /// Tokens whose keys and values were there.
    pub reused: u64,
}

impl<'g> PromptCache<'g> {
    /// An empty cache. It takes memory with its first prompt, and then for the longest one.
    #[must_use]
    pub fn new(generator: &'g Generator) -> Self {
        Self { generator, cache: None, counts: PromptCounts::default() }
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> PromptCounts {
        self.counts
    }

    /// Whether prompts share so much, with each other or with the last one, that more is saved than is
    /// left: what is left of each goes through the model alone, and not in a batch. One prompt is alone
    /// anyway, and is kept for the next.
    pub(crate) fn pays_for(&self, prompts: &[&[u32]]) -> bool {
        let Some((first, others)) = prompts.split_first() else { return false };
        if others.is_empty() {
            return true;
        }
        let known = self.cache.as_ref().and_then(|cache| cache.texts().first());
        let known = known.map_or(0, |known| common(first, known));
        let shared = others.iter().map(|ids| common(first, ids)).min().unwrap_or(known);
        // Else the first one computes it.
        let is_known = known >= shared;
        let saved = shared * (prompts.len() - usize::from(!is_known));
        let left: usize = prompts.iter().map(|ids| ids.len().saturating_sub(shared)).sum();
        shared >= LEAST && saved > 0 && saved >= left
    }

    /// Runs a prompt, and gives `read` the logits of each token from place `from` on, with its place.
    pub(crate) fn run(
        &mut self,
        ids: &[u32],
        from: usize,
        read: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), GenerateError> {
        if self.cache.as_ref().is_none_or(|cache| cache.capacity() < ids.len()) {
            // The old one goes first: both may not fit.
            self.cache = None;
            let decoder = self.generator.decoder();
            let capacity = ids.len().next_power_of_two().min(decoder.positions()).max(ids.len());
            self.cache = Some(decoder.cache(1, capacity)?);
        }
        let Some(cache) = &mut self.cache else { return Ok(()) };
        let shared = cache.texts().first().map_or(0, |known| common(known, ids));
        // Parts of an even number of tokens leave room for padding behind the last.
        let reused = shared.min(from).min(ids.len().saturating_sub(2)) / 2 * 2;
        cache.truncate(reused);
        let rest = &ids[reused..];
        let appended =
            cache.append(&[rest], Asked::From(from - reused), &mut |_, place, logits| {
                read(reused + place, logits);
            });
        if appended.is_err() {
            // Of a run that failed, nothing is known of the buffers.
            self.cache = None;
        }
        appended?;
        self.counts.computed += rest.len() as u64;
        self.counts.reused += reused as u64;
        Ok(())
    }

    /// Makes text `text` of another cache the last prompt.
    pub(crate) fn copy_to(&mut self, to: &mut Cache<'_>, text: usize) -> Result<(), GenerateError> {
        let Some(cache) = &mut self.cache else { return Ok(()) };
        let len = cache.texts().first().map_or(0, Vec::len);
        Ok(to.copy_text(text, cache, len)?)
    }
}

/// Number of first tokens that both have.
pub(crate) fn common(first: &[u32], second: &[u32]) -> usize {
    first.iter().zip(second).take_while(|(a, b)| a == b).count()
}
