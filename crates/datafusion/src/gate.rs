//! Turns of batches, and stopping those that wait.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use cloze::Cancel;

use crate::Error;

/// Time after which a batch that waits looks whether its query was stopped.
const LOOK: Duration = Duration::from_millis(50);

/// Number of batches that are in work at a time; the others wait for their turn.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

/// Turn of a batch, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'g>(&'g Gate);

impl Gate {
    pub(crate) fn new(turns: usize) -> Self {
        Self { free: Mutex::new(turns), freed: Condvar::new() }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn enter(&self, cancel: &Cancel) -> Result<Turn<'_>, Error> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            cancel.check().map_err(|_| Error::Cancelled)?;
            if let Some(left) = free.checked_sub(1) {
                *free = left;
                return Ok(Turn(self));
            }
            let waited = self.freed.wait_timeout(free, LOOK);
            free = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_than_its_turns_are_taken_at_a_time() {
        let gate = Gate::new(2);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _turn = gate.enter(&Cancel::new()).unwrap();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_micros(200));
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), *gate.free.lock().unwrap()), (2, 2));
    }

    #[test]
    fn who_waits_can_be_stopped() {
        let gate = Gate::new(1);
        let (turn, cancel) = (gate.enter(&Cancel::new()).unwrap(), Cancel::new());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.enter(&cancel).map(drop));
            cancel.cancel();
            assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
        });
        drop(turn);
        assert!(gate.enter(&Cancel::new()).is_ok());
    }
}
