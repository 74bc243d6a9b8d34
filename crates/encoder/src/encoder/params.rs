//! Settings of an encoder.
use std::time::Duration;

use cloze_core::Cancel;

use crate::EncoderError;
use crate::batch::Order;
use crate::threads::SharedThreads;
use crate::tokenize::Tokenized;
use crate::window::{self, Cut, Window};

/// More threads than any machine here has cores; each costs a session's memory.
const MAX_THREADS: usize = 1024;
/// The usual overlap of windows, in tokens.
const STRIDE: usize = 64;
/// The usual limit of one run of a foreign graph: a hundred times what a large encoder takes.
const RUN_LIMIT: Duration = Duration::from_mins(5);

/// Settings of an encoder. [`EncoderParams::check`] validates them against a model.
#[derive(Clone, Debug)]
pub struct EncoderParams {
    threads: Option<usize>,
    shared_threads: Option<SharedThreads>,
    batch_tokens: usize,
    window: Option<usize>,
    stride: Option<usize>,
    cut: Cut,
    truncate: bool,
    order: Order,
    run_limit: Option<Duration>,
    cancel: Option<Cancel>,
}

impl Default for EncoderParams {
    fn default() -> Self {
        Self {
            threads: None,
            shared_threads: None,
            batch_tokens: 512,
            window: None,
            stride: None,
            cut: Cut::default(),
            truncate: false,
            order: Order::default(),
            run_limit: Some(RUN_LIMIT),
            cancel: None,
        }
    }
}

impl EncoderParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Worker threads. Each batch runs on one; a single batch, as a query is, uses all. Default: as many as
    /// [`shared_threads`](Self::shared_threads) has, else the cores that this process may use, cgroup limits
    /// counted in.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Threads shared with other encoders: all of them together work on no more. Default: none are shared.
    #[must_use]
    pub fn shared_threads(mut self, threads: Option<SharedThreads>) -> Self {
        self.shared_threads = threads;
        self
    }

    /// Largest number of tokens in a batch, padding and special tokens included; a single window may be
    /// longer. Smaller batches have less padding and stay in the cache: of 256 to 2,048, 512 was
    /// fastest, or as fast, for short, mixed and long texts. Default `512`.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: usize) -> Self {
        self.batch_tokens = tokens;
        self
    }

    /// Window size in tokens, special ones not counted. Default: the model's limit.
    #[must_use]
    pub fn window(mut self, tokens: Option<usize>) -> Self {
        self.window = tokens;
        self
    }

    /// Overlap of neighbouring windows, in tokens. Less than a window. Default `64`, or half a
    /// window where that is less.
    #[must_use]
    pub fn stride(mut self, tokens: Option<usize>) -> Self {
        self.stride = tokens;
        self
    }

    /// Places at which long texts are cut. Default [`Cut::Paragraphs`].
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
    }

    /// Keeps only the first window of a longer text, as the sentence-transformers library does;
    /// [`EncodingCounts::truncated`](super::EncodingCounts::truncated) counts such texts. Default `false`.
    #[must_use]
    pub fn truncate(mut self, truncate: bool) -> Self {
        self.truncate = truncate;
        self
    }

    /// Order in which windows are put into batches. Default [`Order::Sorted`].
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Longest time that one batch may run through a graph that comes as a file, which may take any
    /// time; then it is an [`EncoderError::Run`]. Graphs built of weights need no limit. More than 0; `None`
    /// for no limit. Default `Some(300 s)`.
    #[must_use]
    pub fn run_limit(mut self, limit: Option<Duration>) -> Self {
        self.run_limit = limit;
        self
    }

    /// Token that ends a run of a graph that comes as a file, with an [`EncoderError::Run`]. Default `None`.
    #[must_use]
    pub fn cancel(mut self, cancel: Option<Cancel>) -> Self {
        self.cancel = cancel;
        self
    }

    /// Validates the settings for a model that takes `room` tokens besides the special ones.
    ///
    /// # Errors
    /// [`EncoderError::Setting`]: no threads, or more than 1,024, or more than are shared; no tokens a batch; a window of none or of more than
    /// `room`; a stride that leaves nothing of a window; a limit of no time.
    pub fn check(self, room: usize) -> Result<ValidEncoderParams, EncoderError> {
        let wrong = |setting, value, expected: String| {
            Err(EncoderError::Setting { setting, found: value, expected })
        };
        let shared = self.shared_threads.as_ref().map(SharedThreads::count);
        if let Some(shared) = shared.filter(|n| !(1..=MAX_THREADS).contains(n)) {
            return wrong("shared threads", shared, format!("expected 1 to {MAX_THREADS}"));
        }
        let default = || shared.unwrap_or_else(|| available_threads().min(MAX_THREADS));
        let threads = self.threads.unwrap_or_else(default);
        let most = shared.unwrap_or(MAX_THREADS);
        if threads == 0 || threads > most {
            let shared = if shared.is_some() { ", the threads shared" } else { "" };
            return wrong("threads", threads, format!("expected 1 to {most}{shared}"));
        }
        if self.batch_tokens == 0 {
            return wrong("batch-tokens", 0, "expected at least 1".into());
        }
        let window = self.window.unwrap_or(room);
        if window == 0 || window > room {
            return wrong("window", window, format!("expected 1 to {room}, the model's limit"));
        }
        let stride = self.stride.unwrap_or(STRIDE.min(window / 2));
        if stride >= window {
            return wrong("stride", stride, format!("expected less than the window of {window}"));
        }
        if self.run_limit.is_some_and(|limit| limit.is_zero()) {
            return wrong("run-limit", 0, "expected more than 0".into());
        }
        let Self { shared_threads, batch_tokens, cut, truncate, order, run_limit, cancel, .. } =
            self;
        Ok(ValidEncoderParams {
            room,
            threads,
            shared_threads,
            batch_tokens,
            window,
            stride,
            cut,
            truncate,
            order,
            run_limit,
            cancel,
        })
    }
}

/// Cores that this process may use, cgroup limits and affinity counted in; 1 if that is not known.
pub(crate) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Settings that [`EncoderParams::check`] has validated.
#[derive(Clone, Debug)]
pub struct ValidEncoderParams {
    pub(super) room: usize,
    pub(crate) threads: usize,
    pub(crate) shared_threads: Option<SharedThreads>,
    pub(super) batch_tokens: usize,
    pub(super) window: usize,
    stride: usize,
    cut: Cut,
    pub(super) truncate: bool,
    pub(super) order: Order,
    pub(super) run_limit: Option<Duration>,
    pub(super) cancel: Option<Cancel>,
}

impl ValidEncoderParams {
    /// Window size in tokens.
    pub(crate) fn window_tokens(&self) -> usize {
        self.window
    }

    /// Windows over the tokens of `source`, of which only the first is kept where texts are truncated.
    pub(crate) fn windows(&self, text: &mut Tokenized, source: &str) -> Vec<Window> {
        if self.truncate {
            text.ids.truncate(self.window);
            text.tokens.truncate(self.window);
            text.casing.truncate(self.window);
        }
        window::plan_windows(&text.tokens, source, self.window, self.stride, self.cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_at_their_edges() {
        let ok = |p: EncoderParams| p.check(510).is_ok();
        let p = EncoderParams::new;
        assert!(ok(p()));
        assert!(!ok(p().threads(Some(0))) && ok(p().threads(Some(1))));
        assert!(ok(p().threads(Some(1024))) && !ok(p().threads(Some(1025))));
        assert!(!ok(p().threads(Some(usize::MAX))));
        assert!(!ok(p().batch_tokens(0)) && ok(p().batch_tokens(1)));
        assert!(
            !ok(p().window(Some(0))) && !ok(p().window(Some(511))) && ok(p().window(Some(510)))
        );
        assert!(ok(p().window(Some(1))));
        assert!(!ok(p().stride(Some(510))) && ok(p().stride(Some(509))) && ok(p().stride(Some(0))));
        let limit = |ns| p().run_limit(Some(Duration::from_nanos(ns)));
        assert!(!ok(limit(0)) && ok(limit(1)) && ok(p().run_limit(None)));
        let text = p().stride(Some(10)).window(Some(10)).check(510).unwrap_err().to_string();
        assert_eq!(text, "stride is 10: expected less than the window of 10");
    }

    #[test]
    fn shared_threads_are_the_default_and_the_limit() {
        let p = || EncoderParams::new().shared_threads(Some(SharedThreads::new(3)));
        assert_eq!(p().check(510).unwrap().threads, 3);
        assert_eq!(p().threads(Some(2)).check(510).unwrap().threads, 2);
        let text = p().threads(Some(4)).check(510).unwrap_err().to_string();
        assert_eq!(text, "threads is 4: expected 1 to 3, the threads shared");
        for n in [0, 1025] {
            let p = EncoderParams::new().shared_threads(Some(SharedThreads::new(n)));
            let text = p.threads(Some(1)).check(510).unwrap_err().to_string();
            assert_eq!(text, format!("shared threads is {n}: expected 1 to 1024"));
        }
    }
}
