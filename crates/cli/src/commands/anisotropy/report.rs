//! What is measured of a sample, layer by layer.
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use cloze::Matrix;
use cloze::embed::anisotropy::{Report as Anisotropy, ValidAnisotropyParams};
use cloze::embed::correction::Correct as _;
use cloze::embed::{Accumulator, EmbedError, Method};
use cloze_report::anisotropy::{AnisotropyReport, ComparedCorrection, LayerAnisotropy};

use super::layers::LayerEncoder;
use super::sample::Sample;
use crate::commands::anisotropy::args::AnisotropyArgs;

/// What there is to measure.
pub(super) struct Measured<'a> {
    pub(super) sample: &'a Sample,
    pub(super) params: &'a ValidAnisotropyParams,
    pub(super) texts: u64,
    pub(super) vectors: u64,
}

/// Measures the sample in each layer.
pub(super) fn measure(
    encoder: &LayerEncoder,
    args: &AnisotropyArgs,
    measured: &Measured<'_>,
) -> anyhow::Result<AnisotropyReport> {
    let width = encoder.width();
    let method = args.correction.method(None, None).map(|method| method.effective(width));
    let workers = args.vectors.work.threads.map_or_else(threads, |n| n.min(threads()));
    let layers = each(encoder.layers.len(), workers, |i| {
        let layer = encoder.layers[i];
        let rows = measured.sample.layer(i, width);
        let before = measured.params.measure(&rows);
        let before = before.with_context(|| format!("layer {layer} cannot be measured"))?;
        let after = method.map(|method| corrected(method, &rows, measured.params));
        let (after, after_error) = match after {
            None => (None, None),
            Some(Ok(after)) => (Some(after), None),
            Some(Err(error)) => (None, Some(error.to_string())),
        };
        Ok(LayerAnisotropy { layer, before, after, after_error })
    })?;
    Ok(AnisotropyReport {
        model: encoder.model.name(),
        model_sha256: encoder.model.sha256()?,
        level: args.level,
        pooling: encoder.poolings.clone(),
        texts: measured.texts,
        vectors: measured.vectors,
        sample: measured.sample.len(),
        seed: args.seed,
        correction: method.map(|method| ComparedCorrection { method, fitted_on: "this sample" }),
        notes: vec![],
        layers,
    }
    .with_notes())
}

/// The same sample, corrected by what is learned from it.
fn corrected(
    method: Method,
    rows: &Matrix,
    params: &ValidAnisotropyParams,
) -> Result<Anisotropy, EmbedError> {
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

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `job` of each number below `n`, in order, on some threads: an eigenvalue problem a layer takes
/// longer than its encoding.
fn each<T: Send>(
    n: usize,
    workers: usize,
    job: impl Fn(usize) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![]);
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return;
            }
            let result = job(i);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
        }
    };
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
