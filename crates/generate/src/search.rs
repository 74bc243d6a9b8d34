//! Texts by prompts that an encoder reads, and texts by beam search.
use cloze_encoder::decoder::{Asked, Cache};

use crate::beam::BeamSearch;
use crate::row::Row;
use crate::{Finish, GenerateError, Generator, ValidGenerateParams, rules};

impl Generator {
    /// A text by a prompt that the encoder reads.
    pub(crate) fn begin_by_source(
        &self,
        prompt: &str,
        params: &ValidGenerateParams,
    ) -> Result<Row, GenerateError> {
        let prompt = self.decoder().encode(prompt)?;
        let (mut ids, before) = (prompt.ids, prompt.text.start);
        let behind = ids.len() - prompt.text.end;
        if ids.is_empty() {
            return Err(GenerateError::EmptyPrompt);
        }
        let most = self.decoder().source_positions().unwrap_or(usize::MAX);
        let found = ids.len();
        let excess = found.saturating_sub(most);
        // Special tokens stay: the model knows a prompt by them.
        if excess > 0 && (!params.truncate_left || excess > found - before - behind) {
            return Err(GenerateError::LongSource { found, most });
        }
        ids.drain(before..before + excess);
        let start = rules::start(self.decoder(), self.defaults())?;
        Ok(Row::new(vec![start], ids, excess, self.decoder().positions(), params))
    }

    /// A cache for `texts` texts of each of these rows.
    pub(crate) fn cache_of(&self, rows: &[&Row], texts: usize) -> Result<Cache<'_>, GenerateError> {
        let capacity = rows.iter().map(|row| row.capacity).max().unwrap_or(1);
        if self.decoder().encoder_decoder().is_none() {
            return Ok(self.decoder().cache(rows.len() * texts, capacity)?);
        }
        let prompts: Vec<&[u32]> = rows.iter().map(|row| row.source.as_slice()).collect();
        Ok(self.decoder().cache_of(&prompts, texts, capacity)?)
    }

    /// Runs a text to its end by beam search. The prompt of a decoder goes through it once for each beam.
    pub(crate) fn search(
        &self,
        mut row: Row,
        params: &ValidGenerateParams,
    ) -> Result<Row, GenerateError> {
        let prompt = row.ids.len();
        if prompt >= row.capacity {
            row.ended = Some(Finish::Length);
            return Ok(row);
        }
        let mut cache = self.cache_of(&[&row], params.beams)?;
        let mut search = BeamSearch::new(&row.ids, row.capacity, &self.rules, &self.eos, params);
        let mut new = vec![row.ids.clone(); params.beams];
        loop {
            let parts: Vec<&[u32]> = new.iter().map(Vec::as_slice).collect();
            let mut logits = vec![vec![]; params.beams];
            cache.append(&parts, Asked::Last, &mut |i, _, row| logits[i] = row.to_vec())?;
            let token = cache.texts().first().map_or(0, Vec::len);
            let wrong = |source| GenerateError::Logits { token, source };
            let Some(parents) = search.take(&logits).map_err(wrong)? else { break };
            cache.gather(&parents)?;
            new = search.last_ids().into_iter().map(|id| vec![id]).collect();
        }
        if let Some(best) = search.best() {
            let ids = best.ids.get(prompt..).unwrap_or_default();
            for (&id, log_probability) in ids.iter().zip(best.log_probabilities) {
                if row.accept(self, id, log_probability, params)?.is_none() {
                    break;
                }
            }
        }
        Ok(row)
    }
}
