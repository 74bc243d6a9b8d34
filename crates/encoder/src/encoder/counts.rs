//! Counts of the work done.
use std::sync::atomic::{AtomicU64, Ordering};

/// Work that an encoder has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodingCounts {
    /// Texts encoded; a pair counts as one.
    pub texts: u64,
    /// Windows they went through.
    pub windows: u64,
    /// Batches these were put into.
    pub batches: u64,
    /// Tokens in the batches, special ones included.
    pub tokens: u64,
    /// Tokens in the batches, padding included: the arithmetic is spent on these.
    pub padded: u64,
    /// Texts of which only the beginning was seen, and pairs that were cut.
    pub truncated: u64,
    /// Texts longer than a window: those that went through several, and those truncated.
    pub long: u64,
}

impl std::ops::Add for EncodingCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            texts: self.texts + other.texts,
            windows: self.windows + other.windows,
            batches: self.batches + other.batches,
            tokens: self.tokens + other.tokens,
            padded: self.padded + other.padded,
            truncated: self.truncated + other.truncated,
            long: self.long + other.long,
        }
    }
}

/// Running [`EncodingCounts`] of an encoder, which many threads add to.
#[derive(Debug, Default)]
pub(super) struct Counters {
    texts: AtomicU64,
    windows: AtomicU64,
    batches: AtomicU64,
    tokens: AtomicU64,
    padded: AtomicU64,
    truncated: AtomicU64,
    long: AtomicU64,
}

impl Counters {
    /// Adds `done` to what was counted so far.
    pub(super) fn add(&self, done: EncodingCounts) {
        let add = |count: &AtomicU64, n| count.fetch_add(n, Ordering::Relaxed);
        add(&self.texts, done.texts);
        add(&self.windows, done.windows);
        add(&self.batches, done.batches);
        add(&self.tokens, done.tokens);
        add(&self.padded, done.padded);
        add(&self.truncated, done.truncated);
        add(&self.long, done.long);
    }

    /// The counts so far.
    pub(super) fn get(&self) -> EncodingCounts {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        EncodingCounts {
            texts: get(&self.texts),
            windows: get(&self.windows),
            batches: get(&self.batches),
            tokens: get(&self.tokens),
            padded: get(&self.padded),
            truncated: get(&self.truncated),
            long: get(&self.long),
        }
    }
}
