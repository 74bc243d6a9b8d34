//! Stopping a long call from another thread.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Token that stops long calls.
///
/// Clones share one flag, so that one is kept and the others are given to the calls it is to stop.
/// A call that takes one looks at it between chunks of its work, and returns [`Cancelled`] soon
/// after [`cancel`](Self::cancel).
///
/// ```
/// use cloze_core::Cancel;
///
/// let cancel = Cancel::new();
/// let given = cancel.clone();
/// assert!(given.check().is_ok());
/// cancel.cancel();
/// assert!(given.is_cancelled() && given.check().is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// Error of a call that was stopped by its [`Cancel`] token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cancelled")
    }
}

impl std::error::Error for Cancelled {}

impl Cancel {
    /// Token that nobody has cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every call that holds a clone, for good: there is no way back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns `true` once a clone was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends a call early with `?`.
    ///
    /// # Errors
    /// [`Cancelled`] once a clone was cancelled.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}
