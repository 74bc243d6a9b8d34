//! Ctrl-C while training.
use std::sync::{Mutex, MutexGuard, PoisonError};

use cloze::Cancel;

/// Token of the training that is under way.
static TRAINING: Mutex<Option<Cancel>> = Mutex::new(None);

fn training() -> MutexGuard<'static, Option<Cancel>> {
    TRAINING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From here on, the first interrupt only cancels the training.
pub(crate) fn arm(cancel: &Cancel) {
    *training() = Some(cancel.clone());
}

/// The training has ended.
pub(crate) fn disarm() {
    *training() = None;
}

/// Cancels the training; `false` if there is none, or if it was cancelled before.
pub(crate) fn stop() -> bool {
    training().take().inspect(Cancel::cancel).is_some()
}
