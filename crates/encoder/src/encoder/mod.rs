//! The encoder: many texts in, a row of numbers for every token out.
//!
//! - `params`: its settings;
//! - `open`, `check`: a model folder opened, or only checked;
//! - `map`: texts, pairs and sequences through it;
//! - `run`: their batches through the sessions;
//! - `counts`: counts of that work;
//! - `parallel`: its threads.
mod check;
mod counts;
mod map;
mod open;
mod parallel;
mod params;
mod run;

use cloze_core::{Encode, Matrix, TokenRows};

pub use check::{Checked, check_model, main_output};
pub use counts::EncodingCounts;
pub use params::{EncoderParams, ValidEncoderParams};

pub(crate) use check::room;
pub(crate) use parallel::in_parallel;
pub(crate) use params::available_threads;

use crate::EncoderError;
use crate::count::Pieces;
use crate::output::Mapped;
use crate::session::Pool;
use crate::tokenize::Tokenizer;
use crate::words::Words;
use counts::Counters;

/// An encoder over one model folder.
///
/// A text's rows do not depend on the other texts, on their order or on the number of threads, bit
/// for bit; where a graph quantises its activations by the batch, and so cannot promise that for a
/// batch of many, each window is run alone. Memory is bounded by the batch's budget and the texts
/// given in one call.
///
/// On Linux a query takes 10 to 15 % less time where the weights lie in huge pages, for which glibc asks if the
/// program is started with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`. A start then takes 75 ms in
/// place of 115, or 250 where the system must first move memory together: of use for services, and
/// nothing that a program can decide for itself.
///
/// # Services
/// An encoder is `Send + Sync` and takes `&self`: a service holds one for each model, in an `Arc`. Calls
/// compute on the caller's thread and on [`EncoderParams::threads`] in all, and come back when they are
/// done, so that from async code they belong on a thread that may block, with tokio:
///
/// ```ignore
/// let encoder = Arc::clone(&encoder);
/// let rows = tokio::task::spawn_blocking(move || encoder.encode(&[&text])).await??;
/// ```
///
/// Models that are open side by side share threads by [`EncoderParams::shared_threads`].
#[derive(Debug)]
pub struct Encoder {
    tokenizer: Tokenizer,
    pool: Pool,
    params: ValidEncoderParams,
    pad_id: i64,
    /// Max windows per batch; 1 for graphs whose results depend on the batch.
    most: usize,
    /// Number of token types, for a model with a table of casings; `None` without one.
    cased_types: Option<i64>,
    counters: Counters,
}

impl Encoder {
    /// Counts of the work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.counters.get()
    }

    /// Width of the rows of result `i`; `None` if fewer were asked for, or the graph does not
    /// say.
    #[must_use]
    pub fn width(&self, i: usize) -> Option<usize> {
        self.pool.ports().outputs().get(i)?.width
    }

    /// The ids of the special tokens before a text and behind it.
    #[must_use]
    pub fn special_ids(&self) -> (Vec<u32>, Vec<u32>) {
        let ids = |tokens: &[(i64, i64)]| {
            tokens.iter().map(|&(id, _)| u32::try_from(id).unwrap_or(u32::MAX)).collect()
        };
        (ids(&self.tokenizer.before), ids(&self.tokenizer.after))
    }

    /// A text in the tokens that the model takes, whole: it may be more than fit into a sequence.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`], with `index` as the text's place.
    pub fn pieces(&self, text: &str, index: usize) -> Result<Pieces, EncoderError> {
        self.tokenizer.pieces(text, index)
    }

    /// The most tokens a sequence has, special ones included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.params.room + self.tokenizer.special_tokens()
    }

    /// Number of ids that the tokenizer has, those of added tokens included.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.tokenizer.vocabulary()
    }

    /// The id of a token, written as the vocabulary has it (`##er`).
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.tokenizer.id(token)
    }

    /// A token as the vocabulary has it.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.tokenizer.piece(id)
    }

    /// `true` for a token that is not a word: `[CLS]`, `<pad>`, …
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        self.tokenizer.is_special(id)
    }

    /// Tokens that follow one another as people read them. `None` if one is not in the vocabulary.
    #[must_use]
    pub fn words(&self, ids: &[u32]) -> Option<Words> {
        self.tokenizer.read(ids)
    }

    /// Makes the first session now, which else the first text waits for.
    ///
    /// # Errors
    /// [`EncoderError::Session`] if ONNX Runtime will not take the graph.
    pub fn warm_up(&self) -> Result<(), EncoderError> {
        self.pool.warm_up()
    }
}

impl Encode for Encoder {
    type Error = EncoderError;

    /// The rows of the first result that was asked for; special tokens have none.
    fn encode(&self, texts: &[&str]) -> Result<Vec<TokenRows>, EncoderError> {
        // Only the kept rows stay: not special tokens, padding, or what another window knows
        // better.
        let mapped = self.map(texts, false, |window| {
            let width = window.width(0);
            let offset = |token: usize| (window.before + token - window.tokens.start) * width;
            let rows = window.rows(0);
            (width, rows[offset(window.kept.start)..offset(window.kept.end)].to_vec())
        })?;
        let width = mapped.iter().find_map(|m| m.windows.first()).map_or(0, |(width, _)| *width);
        let whole = mapped.into_iter().map(|Mapped { tokens, windows, .. }| {
            let mut rows = Matrix::with_capacity(tokens.len(), width);
            for (_, part) in windows {
                let whole_rows = rows.push_rows(&part);
                debug_assert!(whole_rows, "the pool checks the width of every batch");
            }
            TokenRows { tokens, rows }
        });
        Ok(whole.collect())
    }
}
