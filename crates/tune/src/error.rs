//! Errors between a checkpoint and a tuned one.
use std::path::PathBuf;

use cloze_checkpoint::CheckpointError;
use cloze_store::StoreError;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// The checkpoint cannot be read, or an adapter not written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting out of bounds.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: String,
        /// Kind.
        found: String,
        /// Values allowed.
        expected: String,
    },
    /// A sequence that the encoder has no place for.
    #[error("sequence {sequence} of the batch: {what}")]
    Sequence {
        /// Index of the sequence, from 0.
        sequence: usize,
        /// Fault.
        what: String,
    },
    /// Nothing to train on.
    #[error("no examples to train on")]
    NoExamples,
    /// The threads asked for cannot be had.
    #[error("{threads} threads cannot be started")]
    Threads {
        /// Number of threads.
        threads: usize,
        /// Error of the thread pool.
        source: rayon::ThreadPoolBuildError,
    },
    /// A loss or a gradient that is not a number any more.
    #[error("step {step}: {what} is {found}; a smaller learning rate may help")]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// Name of the value: `loss`.
        what: &'static str,
        /// The number.
        found: f64,
    },
    /// A saved state that does not go with what is to be trained.
    #[error("{}: {what}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Fault.
        what: String,
    },
}
