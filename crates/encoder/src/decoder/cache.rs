//! The keys and values of texts so far, and how more tokens come behind them.
use std::sync::PoisonError;

use cloze_graph::construct::{
    ASKED, CachePorts, POSITIONS, PRESENT_LENGTHS, SOURCE_MASK, TOTAL_LENGTH,
};

use super::exported::Grown;
use super::source::Mask;
use super::{Decoder, Shape};
use crate::EncoderError;
use crate::engine::{Buffer, EngineSession, FixedInput, Input, OutputTensor, Values};

/// Most new tokens of one text that go through the model at once: attention among them takes memory that
/// grows with their square.
const CHUNK: usize = 512;
/// Most bytes of logits of one text that a run gives: a vocabulary of 150,000 takes 600 KB a token.
pub(super) const LOGITS_BYTES: usize = 64 << 20;

/// Keys and values of the tokens so far of each text of a batch, in buffers of fixed length
/// `[batch, key_value_heads, capacity, head_size]`, two for each layer.
#[derive(Debug)]
pub struct Cache<'d> {
    pub(super) decoder: &'d Decoder,
    /// Always there, but while it is dropped.
    pub(super) session: Option<Box<dyn EngineSession>>,
    /// Keys and values of an exported graph, which has no buffers of fixed length.
    pub(super) grown: Option<Grown>,
    /// Tokens of each text.
    pub(super) texts: Vec<Vec<u32>>,
    capacity: usize,
    /// Tokens of a text that the buffers have room for, padding included.
    room: usize,
    /// Places of prompts that have tokens, where an encoder read them.
    mask: Option<Mask>,
    pub(super) counts: CacheCounts,
}

/// Work done through a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Runs of the model.
    pub runs: u64,
    /// Tokens that went through the model, padding included.
    pub tokens: u64,
}

/// Rows of logits that a run gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The last new token's of each text.
    Last,
    /// All new tokens'.
    All,
    /// Logits of the new tokens from this place on, of each text.
    From(usize),
}

impl Decoder {
    /// An empty cache for `batch` texts of up to `capacity` tokens. All of its memory is taken now.
    ///
    /// # Errors
    /// [`EncoderError::CacheSize`] for more bytes than the settings allow; [`EncoderError::TooManyTokens`] for
    /// more tokens than the model takes; [`EncoderError::Session`] where there is no memory;
    /// [`EncoderError::NoPrompts`] for an encoder–decoder, whose caches are [`cache_of`](Self::cache_of)
    /// prompts.
    pub fn cache(&self, batch: usize, capacity: usize) -> Result<Cache<'_>, EncoderError> {
        if self.source.is_some() {
            return Err(EncoderError::NoPrompts { path: self.path.to_path_buf() });
        }
        let bytes = self.shape.cache_bytes(batch, self.room(capacity));
        let most = self.params.max_cache_bytes();
        if bytes > most && capacity <= self.positions {
            return Err(EncoderError::CacheSize { batch, tokens: capacity, bytes, most });
        }
        self.bound_cache(batch, capacity)
    }

    /// Tokens of a text that buffers have room for: with one of padding behind an odd number.
    pub(super) fn room(&self, capacity: usize) -> usize {
        capacity.next_multiple_of(2).min(self.positions)
    }

    /// The same, whatever its size.
    pub(super) fn bound_cache(
        &self,
        batch: usize,
        capacity: usize,
    ) -> Result<Cache<'_>, EncoderError> {
        if capacity > self.positions {
            let most = self.positions;
            return Err(EncoderError::TooManyTokens { found: capacity, most });
        }
        let room = self.room(capacity);
        let mut session = self.session()?;
        let grown = self.exported.as_ref().map(|exported| Grown::new(exported, batch));
        let shape = vec![batch, self.shape.key_value_heads, room, self.shape.head_size];
        let mut buffers = vec![];
        let layers = if grown.is_some() { 0 } else { self.shape.layers };
        for i in 0..layers {
            let ports = CachePorts::of_layer(i);
            for [input, output] in [ports.key, ports.value] {
                buffers.push(Buffer { input, output, shape: shape.clone() });
            }
        }
        let refused = |source| EncoderError::Session { path: self.path.to_path_buf(), source };
        session.bind(&buffers).map_err(refused)?;
        Ok(Cache {
            decoder: self,
            session: Some(session),
            grown,
            texts: vec![vec![]; batch],
            capacity,
            room,
            mask: None,
            counts: CacheCounts::default(),
        })
    }
}

impl Drop for Cache<'_> {
    fn drop(&mut self) {
        let idle = self.session.take();
        self.decoder.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(idle);
    }
}

impl Cache<'_> {
    /// Tokens of each text so far.
    #[must_use]
    pub fn texts(&self) -> &[Vec<u32>] {
        &self.texts
    }

    /// Most tokens of a text.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.counts
    }

    /// Keeps the first `len` tokens of each text and forgets the others.
    pub fn truncate(&mut self, len: usize) {
        let heads = self.decoder.shape.key_value_heads;
        for (i, text) in self.texts.iter_mut().enumerate().filter(|(_, text)| text.len() > len) {
            if let Some(grown) = &mut self.grown {
                grown.truncate(i, heads, text.len(), len);
            }
            text.truncate(len);
        }
    }

    /// Makes text `text` the first `len` tokens of text 0 of another cache of the same decoder: their keys
    /// and values are copied, and nothing is computed.
    ///
    /// # Errors
    /// [`EncoderError::TooManyTokens`] for more than the capacity, or than the other has;
    /// [`EncoderError::Session`] where ONNX Runtime does not give its buffers.
    pub fn copy_text(
        &mut self,
        text: usize,
        from: &mut Cache<'_>,
        len: usize,
    ) -> Result<(), EncoderError> {
        let source = from.texts.first().map_or(&[][..], Vec::as_slice);
        let most = self.capacity.min(source.len());
        if len > most || text >= self.texts.len() {
            return Err(EncoderError::TooManyTokens { found: len, most });
        }
        let (ids, tokens) = (source[..len].to_vec(), source.len());
        if let (Some(grown), Some(from)) = (&mut self.grown, &from.grown) {
            let heads = self.decoder.shape.key_value_heads;
            grown.copy(text, from, heads, [tokens, len]);
            self.texts[text] = ids;
            return Ok(());
        }
        let Shape { key_value_heads: heads, head_size: width, .. } = self.decoder.shape;
        let (room, other_room) = (self.room, from.room);
        let path = self.decoder.path.to_path_buf();
        let failed = |source| EncoderError::Session { path: path.clone(), source };
        let closed = || EncoderError::Session { path: path.clone(), source: "it is closed".into() };
        let to = self.session.as_mut().ok_or_else(closed)?.buffers().map_err(failed)?;
        let source = from.session.as_mut().ok_or_else(closed)?.buffers().map_err(failed)?;
        for (to, source) in to.into_iter().zip(source) {
            for head in 0..heads {
                let start = (text * heads + head) * room * width;
                let other_start = head * other_room * width;
                to[start..start + len * width]
                    .copy_from_slice(&source[other_start..other_start + len * width]);
            }
        }
        self.texts[text] = ids;
        Ok(())
    }

    /// Has text `i` go on from what text `from[i]` is, each for itself. `from` has a number for each text.
    ///
    /// # Errors
    /// [`EncoderError::Run`] where the memory of the cache cannot be reached.
    pub fn gather(&mut self, from: &[usize]) -> Result<(), EncoderError> {
        let len = self.texts.iter().map(Vec::len).max().unwrap_or(0);
        let path = self.decoder.path.to_path_buf();
        let batch = self.texts.len();
        let failed = |source| EncoderError::Run { path, batch, seq: len, source };
        let Some(session) = self.session.as_mut() else {
            return Err(failed("it is closed".into()));
        };
        match &mut self.grown {
            Some(grown) => grown.gather(from),
            None => session.gather_rows(from, len).map_err(failed)?,
        }
        let text = |&i: &usize| self.texts.get(i).cloned().unwrap_or_default();
        self.texts = from.iter().map(text).collect();
        Ok(())
    }

    /// Sets what the prompts are.
    pub(super) fn with_mask(mut self, mask: Mask) -> Self {
        self.mask = Some(mask);
        self
    }

    pub(super) fn bind_inputs(&mut self, inputs: Vec<FixedInput>) -> Result<(), EncoderError> {
        let path = self.decoder.path.to_path_buf();
        let refused = |source| EncoderError::Session { path, source };
        match self.session.as_mut() {
            Some(session) => session.bind_inputs(inputs).map_err(refused),
            None => Err(refused("it is closed".into())),
        }
    }

    /// Puts new tokens behind each text's, and gives `read` rows of logits, `[vocabulary]` each, with the
    /// number of the text and of the new token in it. A text without new tokens is left as it is.
    ///
    /// The logits of a token do not depend, bit for bit, on the cuts between the calls that brought it and
    /// the tokens before it, as long as each call brought the first token or two and more, and there is
    /// room for one of padding. Graphs that other programs exported promise nothing of the kind.
    ///
    /// # Errors
    /// [`EncoderError::TooManyTokens`] for more than the capacity; [`EncoderError::TokenBeyond`] for an id
    /// beyond the vocabulary; [`EncoderError::Run`] where ONNX Runtime fails or is cancelled;
    /// [`EncoderError::OutputShape`] for results of an exported graph that are not those of its tokens.
    pub fn append(
        &mut self,
        new: &[&[u32]],
        asked: Asked,
        read: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<(), EncoderError> {
        self.check(new)?;
        if let Some(exported) = &self.decoder.exported {
            return self.append_exported(exported, new, asked, read);
        }
        let longest = new.iter().map(|ids| ids.len()).max().unwrap_or(0);
        // The operator takes several new tokens of several texts only where all are empty.
        let together = self.texts.iter().all(Vec::is_empty);
        let step = match self.texts.len() {
            1 => self.chunk(asked),
            _ if together => longest,
            _ => 1,
        };
        let mut start = 0;
        while start < longest {
            let end = part_end(start, step, longest);
            let part: Vec<&[u32]> =
                new.iter().map(|ids| &ids[start.min(ids.len())..end.min(ids.len())]).collect();
            let lens: Vec<usize> = new.iter().map(|ids| ids.len()).collect();
            self.run(
                &part,
                |text, token| match asked {
                    Asked::All => true,
                    Asked::Last => start + token + 1 == lens[text],
                    Asked::From(first) => start + token >= first,
                },
                &mut |text, token, logits| read(text, start + token, logits),
            )?;
            start = end;
        }
        Ok(())
    }

    /// Most new tokens of a text that is alone in a run.
    fn chunk(&self, asked: Asked) -> usize {
        if asked == Asked::Last {
            return CHUNK;
        }
        (LOGITS_BYTES / (4 * self.decoder.shape.vocabulary).max(1)).clamp(4, CHUNK)
    }

    /// Tokens of each text in a run of which the longest has so many new ones. ONNX Runtime goes through
    /// attention in blocks of 16 tokens or more, by the width of a head and the caches of the processor,
    /// and sums for a block of one token in another order than for one of several. With a token of padding
    /// behind an odd number none is left for a block of its own, and a token's logits do not depend on
    /// the part that it came in. Steps of one token are always that.
    fn padded(&self, longest: usize) -> usize {
        let past = self.texts.iter().map(Vec::len).max().unwrap_or(0);
        let is_odd = longest > 1 && longest % 2 == 1;
        longest + usize::from(is_odd && past + longest < self.room)
    }

    fn check(&self, new: &[&[u32]]) -> Result<(), EncoderError> {
        let vocabulary = self.decoder.shape.vocabulary;
        for (text, ids) in self.texts.iter().zip(new) {
            let found = text.len() + ids.len();
            if found > self.capacity {
                return Err(EncoderError::TooManyTokens { found, most: self.capacity });
            }
            let is_beyond = |id: &&u32| usize::try_from(**id).map_or(true, |id| id >= vocabulary);
            if let Some(&id) = ids.iter().find(is_beyond) {
                return Err(EncoderError::TokenBeyond {
                    path: self.decoder.path.to_path_buf(),
                    token: self.decoder.piece(id).unwrap_or_default(),
                    id,
                    rows: vocabulary,
                });
            }
        }
        Ok(())
    }

    /// One run of the model.
    fn run(
        &mut self,
        new: &[&[u32]],
        is_asked: impl Fn(usize, usize) -> bool,
        read: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<(), EncoderError> {
        let batch = new.len();
        let seq = self.padded(new.iter().map(|ids| ids.len()).max().unwrap_or(0));
        let (mut ids, mut positions) = (vec![0; batch * seq], vec![0; batch * seq]);
        let (mut lengths, mut rows, mut places) = (vec![], vec![], vec![]);
        let int64 = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let int32 = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        for (text, new) in new.iter().enumerate() {
            let past = self.texts[text].len();
            for (token, &id) in new.iter().enumerate() {
                let place = text * seq + token;
                ids[place] = i64::from(id);
                positions[place] = int64(past + token);
                if is_asked(text, token) {
                    rows.push(int64(place));
                    places.push((text, token));
                }
            }
            // A text without new tokens has one of padding, which the next run writes over; of a text that
            // is alone, padding counts, since the operator takes what comes last for the new tokens.
            let tokens = if batch == 1 { seq } else { new.len().max(1) };
            lengths.push((past + tokens).min(self.room));
        }
        let total = lengths.iter().copied().max().unwrap_or(0).max(seq);
        let lengths = lengths.into_iter().map(|n| int32(n.saturating_sub(1))).collect();
        let mut inputs = vec![
            Input { name: "input_ids", shape: vec![batch, seq], data: Values::I64(ids) },
            Input { name: PRESENT_LENGTHS, shape: vec![batch], data: Values::I32(lengths) },
            Input { name: TOTAL_LENGTH, shape: vec![], data: Values::I32(vec![int32(total)]) },
            Input { name: ASKED, shape: vec![rows.len()], data: Values::I64(rows) },
        ];
        if let Some(Mask { shape, data }) = &self.mask {
            let (shape, data) = (shape.to_vec(), Values::I32(data.clone()));
            inputs.push(Input { name: SOURCE_MASK, shape, data });
        }
        if self.decoder.shape.takes_positions {
            let shape = vec![batch, seq];
            inputs.push(Input { name: POSITIONS, shape, data: Values::I64(positions) });
        }
        let path = self.decoder.path.to_path_buf();
        let failed = |source| EncoderError::Run { path: path.clone(), batch, seq, source };
        let session = self.session.as_mut().ok_or_else(|| failed("it is closed".into()))?;
        let vocabulary = self.decoder.shape.vocabulary;
        let mut read_rows = |OutputTensor { data, .. }: OutputTensor<'_>| {
            for (&(text, token), logits) in places.iter().zip(data.chunks_exact(vocabulary)) {
                read(text, token, logits);
            }
        };
        let limits = &self.decoder.limits;
        session.run_bound(inputs, limits, "logits", &mut read_rows).map_err(failed)?;
        for (text, new) in self.texts.iter_mut().zip(new) {
            text.extend_from_slice(new);
        }
        self.counts.runs += 1;
        self.counts.tokens += (batch * seq) as u64;
        Ok(())
    }
}

/// End of the part of `longest` tokens that begins at `start`. No token is left for a part of its own, for
/// the reason of [`padded`](Cache::padded).
fn part_end(start: usize, step: usize, longest: usize) -> usize {
    let end = (start + step).min(longest);
    if end + 1 == longest && step > 2 { end - 1 } else { end }
}

#[cfg(test)]
mod tests {
    use super::part_end;

    #[test]
    fn no_token_is_left_alone() {
        let parts = |longest: usize, step: usize| {
            let mut ends = vec![0];
            while let Some(&start) = ends.last().filter(|&&end| end < longest) {
                ends.push(part_end(start, step, longest));
            }
            ends
        };
        assert_eq!(parts(9, 4), [0, 4, 7, 9]);
        assert_eq!(parts(8, 4), [0, 4, 8]);
        assert_eq!(parts(5, 4), [0, 3, 5]);
        assert_eq!(parts(3, 1), [0, 1, 2, 3]);
        assert_eq!(parts(1, 512), [0, 1]);
    }
}
