//! The keys and values of texts so far, and how more tokens come behind them.
use std::sync::PoisonError;

use cloze_graph::construct::{
    ASKED, CachePorts, POSITIONS, PRESENT_LENGTHS, SOURCE_MASK, TOTAL_LENGTH,
};

use super::Decoder;
use super::source::Mask;
use crate::EncoderError;
use crate::engine::{Buffer, EngineSession, FixedInput, Input, Integers, OutputTensor};

/// Most new tokens of one text that go through the model at once: attention among them takes memory that
/// grows with their square.
const CHUNK: usize = 512;

/// Keys and values of the tokens so far of each text of a batch, in buffers of fixed length
/// `[batch, key_value_heads, capacity, head_size]`, two for each layer.
#[derive(Debug)]
pub struct Cache<'d> {
    decoder: &'d Decoder,
    /// Always there, but while it is dropped.
    session: Option<Box<dyn EngineSession>>,
    /// Tokens of each text.
    texts: Vec<Vec<u32>>,
    capacity: usize,
    /// Places of prompts that have tokens, where an encoder read them.
    mask: Option<Mask>,
    counts: CacheCounts,
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
        let row = self.shape.key_value_heads.saturating_mul(self.shape.head_size);
        let row = row.saturating_mul(2 * 4).saturating_mul(self.shape.layers);
        let bytes = row.saturating_mul(capacity).saturating_mul(batch);
        let most = self.params.max_cache_mib.saturating_mul(1 << 20);
        if bytes > most && capacity <= self.positions {
            return Err(EncoderError::CacheSize { batch, tokens: capacity, bytes, most });
        }
        self.bound_cache(batch, capacity)
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
        let mut session = self.session()?;
        let shape = vec![batch, self.shape.key_value_heads, capacity, self.shape.head_size];
        let mut buffers = vec![];
        for i in 0..self.shape.layers {
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
            texts: vec![vec![]; batch],
            capacity,
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
        self.texts.iter_mut().for_each(|text| text.truncate(len));
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
        session.gather_rows(from, len).map_err(failed)?;
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
    /// # Errors
    /// [`EncoderError::TooManyTokens`] for more than the capacity; [`EncoderError::TokenBeyond`] for an id
    /// beyond the vocabulary; [`EncoderError::Run`] where ONNX Runtime fails or is cancelled.
    pub fn append(
        &mut self,
        new: &[&[u32]],
        asked: Asked,
        read: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<(), EncoderError> {
        self.check(new)?;
        let longest = new.iter().map(|ids| ids.len()).max().unwrap_or(0);
        // The operator takes several new tokens of several texts only where all are empty.
        let together = self.texts.iter().all(Vec::is_empty);
        let step = match self.texts.len() {
            1 => CHUNK,
            _ if together => longest,
            _ => 1,
        };
        let mut start = 0;
        while start < longest {
            let part: Vec<&[u32]> = new
                .iter()
                .map(|ids| &ids[start.min(ids.len())..(start + step).min(ids.len())])
                .collect();
            let lens: Vec<usize> = new.iter().map(|ids| ids.len()).collect();
            self.run(
                &part,
                |text, token| match asked {
                    Asked::All => true,
                    Asked::Last => start + token + 1 == lens[text],
                },
                &mut |text, token, logits| read(text, start + token, logits),
            )?;
            start += step;
        }
        Ok(())
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
        let (batch, seq) = (new.len(), new.iter().map(|ids| ids.len()).max().unwrap_or(0));
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
            // A text without new tokens has one of padding, which the next run writes over.
            lengths.push((past + new.len().max(1)).min(self.capacity));
        }
        let total = lengths.iter().copied().max().unwrap_or(0);
        let lengths = lengths.into_iter().map(|n| int32(n.saturating_sub(1))).collect();
        let mut inputs = vec![
            Input { name: "input_ids", shape: vec![batch, seq], data: Integers::I64(ids) },
            Input { name: PRESENT_LENGTHS, shape: vec![batch], data: Integers::I32(lengths) },
            Input { name: TOTAL_LENGTH, shape: vec![], data: Integers::I32(vec![int32(total)]) },
            Input { name: ASKED, shape: vec![rows.len()], data: Integers::I64(rows) },
        ];
        if let Some(Mask { shape, data }) = &self.mask {
            let (shape, data) = (shape.to_vec(), Integers::I32(data.clone()));
            inputs.push(Input { name: SOURCE_MASK, shape, data });
        }
        if self.decoder.shape.takes_positions {
            let shape = vec![batch, seq];
            inputs.push(Input { name: POSITIONS, shape, data: Integers::I64(positions) });
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
