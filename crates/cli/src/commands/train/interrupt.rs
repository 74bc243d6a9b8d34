//! Ctrl-C and other signals while training.
use std::sync::{Mutex, MutexGuard, PoisonError};

use cloze::Cancel;

/// Cancellation token of the running training.
static TRAINING: Mutex<Option<Cancel>> = Mutex::new(None);

fn training() -> MutexGuard<'static, Option<Cancel>> {
    TRAINING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the first interrupt cancel the training only.
pub(crate) fn arm(cancel: &Cancel) {
    *training() = Some(cancel.clone());
}

/// Ends the handling of interrupts for a training.
pub(crate) fn disarm() {
    *training() = None;
}

/// Cancels the training; `false` if there is none, or if it was cancelled before.
pub(crate) fn stop() -> bool {
    training().take().inspect(Cancel::cancel).is_some()
}
