//! Threads that several encoders share.
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A number of threads that several encoders share, so that models which are open side by side do not
/// compete for the cores. Each has its own workers, and all of them together compute on no more than
/// [`count`](Self::count) threads at a time; the others wait for their turn. A batch that comes alone has
/// all threads of its encoder where nobody else needs one, else a single one. Results do not depend on it.
///
/// Functions given to [`Encoder::map_windows`](crate::Encoder::map_windows) and its siblings run while a
/// thread is taken, and so must not use an encoder that shares it.
///
/// ```no_run
/// use cloze_checkpoint::ModelFolder;
/// use cloze_encoder::{Encoder, EncoderParams, Runtime, SharedThreads};
///
/// let threads = SharedThreads::new(4);
/// let open = |name: &str| {
///     let params = EncoderParams::new().shared_threads(Some(threads.clone()));
///     Encoder::open(&Runtime::shared()?, &ModelFolder::find(name)?, params)
/// };
/// let (persons, places) = (open("pii")?, open("ner-en")?);
/// # Ok::<(), cloze_encoder::EncoderError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedThreads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    count: usize,
    /// Threads that nobody computes on.
    free: Mutex<usize>,
    freed: Condvar,
}

impl SharedThreads {
    /// So many threads, which encoders share that get clones of this.
    /// [`EncoderParams::check`](crate::EncoderParams::check) validates the number.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Inner { count, free: Mutex::new(count), freed: Condvar::new() }))
    }

    /// Number of threads.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count
    }

    /// Takes a thread, which is given back when the result is dropped; waits for one.
    pub(crate) fn take_one(&self) -> TakenThreads<'_> {
        let mut free = self.free();
        while *free == 0 {
            free = self.0.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        TakenThreads { threads: self, n: 1 }
    }

    /// Takes `n` threads if they are free.
    pub(crate) fn try_take(&self, n: usize) -> Option<TakenThreads<'_>> {
        let mut free = self.free();
        *free = free.checked_sub(n)?;
        Some(TakenThreads { threads: self, n })
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Threads that are in use until this is dropped.
#[derive(Debug)]
pub(crate) struct TakenThreads<'t> {
    threads: &'t SharedThreads,
    n: usize,
}

impl Drop for TakenThreads<'_> {
    fn drop(&mut self) {
        *self.threads.free() += self.n;
        self.threads.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_given_back() {
        let threads = SharedThreads::new(3);
        let thread = threads.take_one();
        assert!(threads.try_take(3).is_none());
        let two = threads.clone();
        let two = two.try_take(2).unwrap();
        assert!(threads.try_take(1).is_none());
        drop(thread);
        assert!(threads.try_take(2).is_none() && threads.try_take(1).is_some());
        drop(two);
        assert!(threads.try_take(3).is_some());
    }

    /// The thread that waits has it once it is free, and not before.
    #[test]
    fn who_finds_none_waits() {
        let threads = SharedThreads::new(1);
        let taken = threads.take_one();
        let (said, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _taken = threads.take_one();
                said.send(()).unwrap();
            });
            assert!(heard.recv_timeout(std::time::Duration::from_millis(50)).is_err());
            drop(taken);
            heard.recv().unwrap();
        });
    }
}
