//! What is measured of a sample, layer by layer.
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use cloze::Matrix;
use cloze::embed::anisotropy::{Report as Anisotropy, ValidAnisotropyParams};
use cloze::embed::correction::Correct as _;
use cloze::embed::{Accumulator, EmbedError, Level, Method, Poolings};
use serde::Serialize;

use super::layers::LayerEncoder;
use super::sample::Sample;
use crate::commands::anisotropy::args::AnisotropyArgs;
use crate::terminal::messages::plural;

/// The whole report.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    model_sha256: String,
    pub(super) level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    pooling: Option<Poolings>,
    /// The texts that vectors could be made of.
    texts: u64,
    /// The vectors they have, of each layer.
    vectors: u64,
    /// Those of them that are measured.
    sample: usize,
    seed: u64,
    pub(super) correction: Option<Corrected>,
    pub(super) notes: Vec<String>,
    pub(super) layers: Vec<LayerReport>,
}

/// The correction to compare with.
#[derive(Serialize)]
pub(super) struct Corrected {
    #[serde(flatten)]
    pub(super) method: Method,
    fitted_on: &'static str,
}

/// A hidden state.
#[derive(Serialize)]
pub(super) struct LayerReport {
    /// Its number; 0 is what the embeddings give.
    pub(super) layer: usize,
    pub(super) before: Anisotropy,
    /// `None` without a correction, and where there can be none.
    pub(super) after: Option<Anisotropy>,
    /// Why there can be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after_error: Option<String>,
}

/// What there is to measure.
pub(super) struct Measured<'a> {
    pub(super) sample: &'a Sample,
    pub(super) params: &'a ValidAnisotropyParams,
    pub(super) texts: u64,
    pub(super) vectors: u64,
}

impl Report {
    pub(super) fn new(
        encoder: &LayerEncoder,
        args: &AnisotropyArgs,
        measured: &Measured<'_>,
    ) -> anyhow::Result<Self> {
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
            Ok(LayerReport { layer, before, after, after_error })
        })?;
        let mut report = Self {
            model: encoder.model.name(),
            model_sha256: encoder.model.sha256()?,
            level: args.level,
            pooling: encoder.poolings.clone(),
            texts: measured.texts,
            vectors: measured.vectors,
            sample: measured.sample.len(),
            seed: args.seed,
            correction: method.map(|method| Corrected { method, fitted_on: "this sample" }),
            notes: vec![],
            layers,
        };
        report.notes = report.notes();
        Ok(report)
    }

    /// `token`, `text`.
    fn unit(&self) -> &'static str {
        if self.level == Level::Token { "token" } else { "text" }
    }

    /// What was measured, in one line.
    pub(super) fn subject(&self) -> String {
        let of = match self.level {
            Level::Token => {
                let tokens = plural(self.vectors, self.unit());
                format!("{} of {tokens} in {}", self.sample, plural(self.texts, "text"))
            }
            _ => format!("{} of {}", self.sample, plural(self.vectors, self.unit())),
        };
        let pairs = self.layers.first().map_or(0, |layer| layer.before.pairs);
        let pooling = self.pooling.as_ref().map_or(String::new(), |p| format!(", pooling {p}"));
        format!("{of}{pooling}; {}, seed {}", plural(pairs as u64, "pair"), self.seed)
    }

    /// What has to be known to read the numbers.
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if let Some(correction) = &self.correction {
            notes.push(format!(
                "after: {}, fitted on this sample itself, not on texts set apart",
                correction.method.name()
            ));
        }
        let dims = self.layers.first().map_or(0, |layer| layer.before.dims);
        if self.sample <= dims {
            notes.push(format!(
                "{} vectors cannot span {dims} dimensions: IsoScore and variance tell of the \
                 sample's size, too",
                self.sample
            ));
        }
        let all =
            || self.layers.iter().flat_map(|layer| [Some(&layer.before), layer.after.as_ref()]);
        if all().flatten().any(no_shares) {
            notes.push(
                "no shares: the mean cosine may be 0 (its interval includes it), and shares of \
                 nothing mean nothing"
                    .into(),
            );
        }
        if all().flatten().any(|measured| measured.iso_score.is_none()) {
            notes.push("no IsoScore: all vectors are the same, or have one dimension".into());
        }
        for layer in &self.layers {
            if let Some(error) = &layer.after_error {
                notes.push(format!("layer {}: no correction: {error}", layer.layer));
            }
        }
        notes
    }
}

/// Whether the shares of dimensions in the mean cosine mean nothing.
pub(super) fn no_shares(measured: &Anisotropy) -> bool {
    measured.interval.0 <= 0.0 && measured.interval.1 >= 0.0
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
