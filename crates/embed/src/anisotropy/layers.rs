//! Anisotropy of several layers, before and after a correction.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cloze_core::Matrix;
use serde::Serialize;

use super::sample::VectorSample;
use super::{Report, ValidAnisotropyParams};
use crate::correction::{Correct as _, Method};
use crate::{Accumulator, EmbedError};

/// Anisotropy of one hidden state.
#[derive(Clone, Debug, Serialize)]
pub struct LayerAnisotropy {
    /// Number of the hidden state; 0 is the embeddings.
    pub layer: usize,
    /// Anisotropy of the vectors as they are.
    pub before: Report,
    /// Anisotropy of the corrected vectors; `None` without a correction, and where none can be fitted.
    pub after: Option<Report>,
    /// Reason why no correction can be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_error: Option<String>,
}

impl ValidAnisotropyParams {
    /// Measures a sample in each of its layers, whose numbers are `layers` and whose vectors have `width`
    /// numbers; with `method` also after a correction fitted on the sample itself. Up to `threads` layers
    /// are measured at once.
    ///
    /// # Errors
    /// [`EmbedError::Layer`] with the first layer that cannot be measured.
    pub fn measure_layers(
        &self,
        sample: &VectorSample,
        layers: &[usize],
        width: usize,
        method: Option<Method>,
        threads: usize,
    ) -> Result<Vec<LayerAnisotropy>, EmbedError> {
        each(layers.len(), threads, |i| {
            let layer = layers[i];
            let rows = sample.layer(i, width);
            let before = self.measure(&rows);
            let before =
                before.map_err(|source| EmbedError::Layer { layer, source: Box::new(source) })?;
            let after = method.map(|method| corrected(method, &rows, self));
            let (after, after_error) = match after {
                None => (None, None),
                Some(Ok(after)) => (Some(after), None),
                Some(Err(error)) => (None, Some(error.to_string())),
            };
            Ok(LayerAnisotropy { layer, before, after, after_error })
        })
    }
}

/// Measures the sample after a correction that is fitted on it.
fn corrected(
    method: Method,
    rows: &Matrix,
    params: &ValidAnisotropyParams,
) -> Result<Report, EmbedError> {
    let mut gathered = Accumulator::new(rows.cols(), method.spread());
    rows.iter().try_for_each(|row| gathered.push(row))?;
    let correction = method.fit(&gathered.finish())?;
    let mut after = Matrix::with_capacity(rows.rows(), correction.width_out());
    for row in rows {
        let whole = after.push_rows(&correction.apply(row)?);
        debug_assert!(whole, "every corrected vector has the same width");
    }
    params.measure(&after)
}

/// Runs `job` for each number below `n` on some threads and returns the results in order: an eigenvalue
/// problem per layer takes longer than its encoding.
fn each<T: Send>(
    n: usize,
    workers: usize,
    job: impl Fn(usize) -> Result<T, EmbedError> + Sync,
) -> Result<Vec<T>, EmbedError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![]);
    let work = || run_jobs(&next, n, &job, &done);
    std::thread::scope(|scope| {
        for _ in 1..workers.min(n) {
            // Where the system gives no more threads, those there are do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Takes numbers from `next` until there are `n`, and puts the jobs' results in `done`.
fn run_jobs<T>(
    next: &AtomicUsize,
    n: usize,
    job: impl Fn(usize) -> T,
    done: &Mutex<Vec<(usize, T)>>,
) {
    loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        if i >= n {
            return;
        }
        let result = job(i);
        done.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
    }
}
