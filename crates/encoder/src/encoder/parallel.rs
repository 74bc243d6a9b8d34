//! Jobs on several threads, results in order.
//!
//! Threads of their own in place of rayon's pool: a job's worker number says which session it uses, so
//! no two jobs may have the same one at a time, and the caller's thread is the first of them.
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `job(worker, i)` for every `i` below `n`, on at most `workers` threads, this one among them; the
/// results in order of `i`, or the first error, after which no further job is begun. Where the system
/// gives no more threads, those there are do the work.
pub(crate) fn in_parallel<T: Send, E: Send>(
    workers: usize,
    n: usize,
    job: impl Fn(usize, usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let workers = workers.min(n);
    if workers <= 1 {
        return (0..n).map(|i| job(0, i)).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Result<(usize, T), E>>> = Mutex::new(Vec::with_capacity(n));
    let work = |worker| run_jobs(&next, n, |i| job(worker, i), &done);
    std::thread::scope(|scope| {
        let work = &work;
        for worker in 1..workers {
            // `scope.spawn` would panic where this is an error.
            if std::thread::Builder::new().spawn_scoped(scope, move || work(worker)).is_err() {
                break;
            }
        }
        work(0);
    });
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut done = done.into_iter().collect::<Result<Vec<_>, E>>()?;
    done.sort_by_key(|&(i, _)| i);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}

/// Takes numbers from `next` until there are `n`, or a job fails, and puts the jobs' results in `done`.
fn run_jobs<T, E>(
    next: &AtomicUsize,
    n: usize,
    job: impl Fn(usize) -> Result<T, E>,
    done: &Mutex<Vec<Result<(usize, T), E>>>,
) {
    loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        if i >= n {
            return;
        }
        let result = job(i).map(|value| (i, value));
        if result.is_err() {
            next.store(n, Ordering::Relaxed);
        }
        // Nothing below can panic while it holds the lock.
        done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_back_in_order_and_the_first_error_ends_them() {
        let squares = in_parallel(3, 50, |_, i| Ok::<_, ()>(i * i)).unwrap();
        assert_eq!(squares, (0..50).map(|i| i * i).collect::<Vec<_>>());
        assert_eq!(in_parallel(3, 50, |_, i| if i == 7 { Err(i) } else { Ok(i) }), Err(7));
        assert_eq!(in_parallel(3, 0, |_, i| Ok::<_, ()>(i)), Ok(vec![]));
    }
}
