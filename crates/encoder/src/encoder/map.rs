//! Texts, pairs and sequences through the model, and what is kept of each.
use cloze_core::Casing;

use super::parallel::in_parallel;
use super::run::Work;
use super::{Encoder, EncodingCounts};
use crate::EncoderError;
use crate::count::PairPieces;
use crate::output::{Mapped, Sequence, WindowStates};
use crate::pair::PairCut;
use crate::threads::SharedThreads;
use crate::tokenize::{Tokenized, Tokenizer};
use crate::window::Window;

impl Encoder {
    /// `reduce` of each window of each text, in order. It runs on the encoder's threads while a
    /// batch's results are in memory, so that only what it returns stays. A text without tokens has
    /// a window of special tokens alone.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`] for a text; [`EncoderError::Session`], [`EncoderError::Run`] and
    /// [`EncoderError::OutputShape`] from running. Then no text has a result.
    pub fn map_windows<T: Send>(
        &self,
        texts: &[&str],
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<Mapped<T>>, EncoderError> {
        self.map(texts, self.tokenizer.special_tokens() > 0, reduce)
    }

    /// `reduce` of each sequence, in order: of tokens that are put together already, pairs of texts
    /// among them.
    ///
    /// # Errors
    /// [`EncoderError::Setting`] for a sequence that is empty, longer than the model takes, asked at a
    /// place it does not have, or without a type for each id, and a casing where the model has a table
    /// of them; else as [`map_windows`](Self::map_windows).
    pub fn map_sequences<T: Send>(
        &self,
        sequences: &[Sequence],
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<T>, EncoderError> {
        let max = self.max_tokens();
        for sequence in sequences {
            let length = sequence.ids.len();
            if length == 0 || length > max || length != sequence.types.len() {
                let expected = format!("expected 1 to {max}, and as many types");
                return Err(EncoderError::Setting {
                    setting: "a sequence's length",
                    found: length,
                    expected,
                });
            }
            let inside = |&&index: &&u32| usize::try_from(index).is_ok_and(|index| index < length);
            if let Some(&beyond) = sequence.asked.iter().find(|index| !inside(index)) {
                return Err(EncoderError::Setting {
                    setting: "a place asked for",
                    found: usize::try_from(beyond).unwrap_or(usize::MAX),
                    expected: format!("expected less than {length}, the sequence's length"),
                });
            }
            if self.cased_types.is_some() && sequence.casing.len() != length {
                return Err(EncoderError::Setting {
                    setting: "a sequence's number of casings",
                    found: sequence.casing.len(),
                    expected: format!("expected {length}, one for each id"),
                });
            }
        }
        let lengths: Vec<usize> = sequences.iter().map(|s| s.ids.len()).collect();
        let asked = sequences.iter().map(|s| s.asked.as_slice()).collect::<Vec<_>>();
        self.run(
            &Work { lengths: &lengths, asked: &asked },
            |i, out| {
                let Sequence { ids, types, casing, .. } = &sequences[i];
                let casing = casing.iter().copied().chain(std::iter::repeat(Casing::None));
                let tokens = ids.iter().zip(types).zip(casing);
                out.extend(tokens.map(|((&id, &type_id), casing)| {
                    (i64::from(id), self.type_of(type_id.into(), casing))
                }));
            },
            |i, outputs| {
                let n = sequences[i].ids.len();
                reduce(&WindowStates {
                    text: i,
                    tokens: 0..n,
                    kept: 0..n,
                    before: 0,
                    after: 0,
                    outputs,
                })
            },
        )
    }

    /// `reduce` of each pair of texts, in order: both in one sequence, as the tokenizer's template
    /// puts them together. A pair that is longer than a window, or than the model takes, is cut as
    /// `cut` says; [`EncodingCounts::truncated`] and [`EncodingCounts::long`] tell how many were.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] if the tokenizer has no template for two texts, or no token has room
    /// beside it; [`EncoderError::Tokenize`] for a text; else as [`map_windows`](Self::map_windows).
    pub fn map_pairs<T: Send>(
        &self,
        pairs: &[(&str, &str)],
        cut: PairCut,
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<T>, EncoderError> {
        let sequences = self.tokenize(pairs.len(), |i| {
            let pieces = self.pair_pieces(pairs[i].into(), i, cut)?;
            if pieces.cut {
                self.counters.add(EncodingCounts {
                    long: 1,
                    truncated: 1,
                    ..EncodingCounts::default()
                });
            }
            Ok::<_, EncoderError>(pieces.sequence)
        })?;
        let n = pairs.len() as u64;
        self.counters.add(EncodingCounts { texts: n, windows: n, ..EncodingCounts::default() });
        self.map_sequences(&sequences, reduce)
    }

    /// Two texts in one sequence, as [`map_pairs`](Self::map_pairs) puts them together and cuts them,
    /// and where in it they are; `index` is the pair's place, for the error.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] and [`EncoderError::Tokenize`] as there.
    pub fn pair_pieces(
        &self,
        texts: [&str; 2],
        index: usize,
        cut: PairCut,
    ) -> Result<PairPieces, EncoderError> {
        // As many tokens as one text has with its own special ones.
        let most = self.params.window + self.tokenizer.special_tokens();
        self.tokenizer.pair_pieces(texts, index, cut, most)
    }

    pub(super) fn map<T: Send>(
        &self,
        texts: &[&str],
        run_empty: bool,
        reduce: impl Fn(&WindowStates<'_>) -> T + Sync,
    ) -> Result<Vec<Mapped<T>>, EncoderError> {
        let texts_done = self.tokenize(texts.len(), |i| {
            let mut text = self.tokenizer.encode(texts[i], i)?;
            if text.tokens.len() > self.params.window {
                let truncated = u64::from(self.params.truncate);
                self.counters.add(EncodingCounts {
                    long: 1,
                    truncated,
                    ..EncodingCounts::default()
                });
            }
            let mut windows = self.params.windows(&mut text, texts[i]);
            if windows.is_empty() && run_empty {
                windows.push(Window { tokens: 0..0, kept: 0..0 });
            }
            Ok::<_, EncoderError>((text, windows))
        })?;
        let windows: Vec<(usize, &Tokenized, &Window)> = texts_done
            .iter()
            .enumerate()
            .flat_map(|(i, (text, w))| w.iter().map(move |w| (i, text, w)))
            .collect();
        let (texts, n) = (texts.len() as u64, windows.len() as u64);
        self.counters.add(EncodingCounts { texts, windows: n, ..EncodingCounts::default() });
        let Tokenizer { before, after, type_id, .. } = &self.tokenizer;
        let special = before.len() + after.len();
        let lengths: Vec<usize> =
            windows.iter().map(|(_, _, w)| w.tokens.len() + special).collect();
        let done = self.run(
            &Work { lengths: &lengths, asked: &[] },
            |i, out| {
                let (_, text, window) = windows[i];
                let ids = text.ids[window.tokens.clone()].iter();
                let tokens = ids.zip(&text.casing[window.tokens.clone()]);
                let special =
                    |&(id, type_id): &(i64, i64)| (id, self.type_of(type_id, Casing::None));
                out.extend(before.iter().map(special));
                out.extend(
                    tokens.map(|(&id, &casing)| (i64::from(id), self.type_of(*type_id, casing))),
                );
                out.extend(after.iter().map(special));
            },
            |i, outputs| {
                let (text, _, window) = windows[i];
                reduce(&WindowStates {
                    text,
                    tokens: window.tokens.clone(),
                    kept: window.kept.clone(),
                    before: before.len(),
                    after: after.len(),
                    outputs,
                })
            },
        )?;
        let mut done = done.into_iter();
        let whole = texts_done.into_iter().map(|(text, windows)| Mapped {
            tokens: text.tokens,
            ids: text.ids,
            windows: done.by_ref().take(windows.len()).collect(),
        });
        Ok(whole.collect())
    }

    /// `job(i)` for every text `i` below `n`, on the encoder's threads; the results in order.
    fn tokenize<T: Send>(
        &self,
        n: usize,
        job: impl Fn(usize) -> Result<T, EncoderError> + Sync,
    ) -> Result<Vec<T>, EncoderError> {
        in_parallel(self.pool.workers(), n, |_, i| {
            let _thread = self.params.shared_threads.as_ref().map(SharedThreads::take_one);
            job(i)
        })
    }

    /// Value of `token_type_ids` for a token: its type, and where the model has a table of casings, the
    /// row of the type and the casing ([`Graph::casing`]). An encoder with one type has it for both
    /// texts of a pair, whatever its tokenizer says.
    fn type_of(&self, type_id: i64, casing: Casing) -> i64 {
        match self.cased_types {
            None => type_id,
            Some(types) => {
                let type_id = if types == 1 { 0 } else { type_id };
                let [classes, class] =
                    [Casing::COUNT, casing.class()].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
                type_id * classes + class
            }
        }
    }
}
