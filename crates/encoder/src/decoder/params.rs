//! Settings of a decoder.
use std::time::Duration;

use cloze_core::Cancel;

use crate::EncoderError;
use crate::encoder::available_threads;
use crate::engine::RunLimits;

/// Most threads.
const MAX_THREADS: usize = 1024;
/// Default bound of a cache, in MiB.
const CACHE_MIB: usize = 2048;

/// Settings of a decoder.
#[derive(Clone, Debug)]
#[must_use]
pub struct DecoderParams {
    threads: Option<usize>,
    positions: Option<usize>,
    max_cache_mib: usize,
    cancel: Option<Cancel>,
    run_limit: Option<Duration>,
}

impl Default for DecoderParams {
    fn default() -> Self {
        Self::new()
    }
}

impl DecoderParams {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            threads: None,
            positions: None,
            max_cache_mib: CACHE_MIB,
            cancel: None,
            run_limit: None,
        }
    }

    /// Number of threads of a run. Default: as many as there are cores.
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Longest text in tokens. Default: the model's longest.
    pub fn positions(mut self, positions: Option<usize>) -> Self {
        self.positions = positions;
        self
    }

    /// Largest cache of keys and values, in MiB. At least 1. Default 2048.
    pub fn max_cache_mib(mut self, mib: usize) -> Self {
        self.max_cache_mib = mib;
        self
    }

    /// Token that ends runs. Default: none.
    pub fn cancel(mut self, cancel: Option<Cancel>) -> Self {
        self.cancel = cancel;
        self
    }

    /// Longest time of a run of the model. Default: none.
    pub fn run_limit(mut self, limit: Option<Duration>) -> Self {
        self.run_limit = limit;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`EncoderError::Setting`] for what is outside the ranges above.
    pub fn check(self) -> Result<ValidDecoderParams, EncoderError> {
        let Self { threads, positions, max_cache_mib, cancel, run_limit } = self;
        let wrong = |setting, found, expected: String| {
            Err(EncoderError::Setting { setting, found, expected })
        };
        let threads = threads.unwrap_or_else(|| available_threads().min(MAX_THREADS));
        if !(1..=MAX_THREADS).contains(&threads) {
            return wrong("threads", threads, format!("expected 1 to {MAX_THREADS}"));
        }
        if positions == Some(0) {
            return wrong("positions", 0, "expected at least 1".into());
        }
        if max_cache_mib == 0 {
            return wrong("max-cache-mib", 0, "expected at least 1".into());
        }
        Ok(ValidDecoderParams { threads, positions, max_cache_mib, cancel, run_limit })
    }
}

/// Settings validated by [`DecoderParams::check`].
#[derive(Clone, Debug)]
pub struct ValidDecoderParams {
    pub(super) threads: usize,
    pub(super) positions: Option<usize>,
    pub(super) max_cache_mib: usize,
    cancel: Option<Cancel>,
    run_limit: Option<Duration>,
}

impl ValidDecoderParams {
    /// Limits of a run.
    pub(super) fn limits(&self) -> RunLimits {
        RunLimits { time: self.run_limit, cancel: self.cancel.clone() }
    }

    /// Largest cache in bytes.
    pub(super) fn max_cache_bytes(&self) -> usize {
        self.max_cache_mib.saturating_mul(1 << 20)
    }
}
