//! What was measured, as a table, as `bench.json` and as plots.
pub(crate) mod growth_plot;
pub(crate) mod plot;
mod svg;
pub(crate) mod table;

use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use cloze_store::atomic::{AtomicFile, Existing};
use serde::Serialize;

use crate::agree::Difference;
use crate::gemm::Gemm;
use crate::machine::{self, Machine};
use crate::rounds::{GEMM, Measured, Series};
use crate::share::Sizes;
use crate::start::Start;
use crate::stats::{Spread, percentile};
use crate::workload::{Task, Workload};

/// All of `bench.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) format_version: u32,
    pub(crate) measured_at: String,
    /// Whether the machine was busy, so that figures are not to be quoted.
    pub(crate) disturbed: bool,
    pub(crate) machine: Machine,
    pub(crate) model_sha256: String,
    pub(crate) tag_model_sha256: String,
    pub(crate) rounds: usize,
    pub(crate) workloads: Vec<Described>,
    /// Operations a second of the matrix product.
    pub(crate) matrix_product: Vec<Rate>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) starts: Vec<Start>,
    /// Everything that the figures are made of.
    #[serde(flatten)]
    pub(crate) measured: Measured,
}

/// The texts of a workload, but for the texts.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// The file's name; `None` for texts that were made.
    pub(crate) file: Option<String>,
    pub(crate) texts: usize,
    pub(crate) words: usize,
    pub(crate) tokens: usize,
    pub(crate) sha256: String,
    /// Of the arithmetic that the texts take.
    pub(crate) operations: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) threads: usize,
    pub(crate) operations_per_second: Spread,
}

/// What a system's runs with a workload come to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) workload: &'static str,
    pub(crate) threads: usize,
    pub(crate) system: &'static str,
    /// Texts a second.
    pub(crate) texts: Spread,
    /// Words a second, by blanks.
    pub(crate) words: Spread,
    /// Of the rate of the matrix product with as many threads, at the median of both.
    pub(crate) share: Option<f64>,
    /// Of the tokens that were run, those that are no padding.
    pub(crate) useful: Option<f64>,
    /// Seconds a text, one at a time: of half, of 95 and of 99 in a hundred at most so many.
    pub(crate) latency: Option<[f64; 3]>,
    pub(crate) difference: Option<Difference>,
}

impl Described {
    pub(crate) fn of(workload: &Workload, model: Sizes) -> Self {
        let file = workload.source.as_ref().and_then(|path| path.file_name());
        Self {
            name: workload.kind.name,
            what: workload.kind.what,
            file: file.map(|name| name.to_string_lossy().into_owned()),
            texts: workload.texts.len(),
            words: workload.words(),
            tokens: workload.tokens(),
            sha256: workload.sha256.clone(),
            operations: model.operations(&workload.lengths),
        }
    }
}

/// The matrix product's rate, by number of threads. It is measured beside vectors and beside entities;
/// both count.
pub(crate) fn rates(measured: &Measured, threads: &[usize]) -> Vec<Rate> {
    let rate = |&threads: &usize| {
        let own = measured.series.iter().filter(|s| s.system == GEMM && s.threads == threads);
        let seconds: Vec<f64> = own.flat_map(seconds).collect();
        let operations_per_second = Spread::of(&seconds)?.rate(Gemm::operations());
        Some(Rate { threads, operations_per_second })
    };
    threads.iter().filter_map(rate).collect()
}

fn seconds(series: &Series) -> impl Iterator<Item = f64> {
    series.samples.iter().map(|sample| sample.answer.seconds)
}

/// The figures, in the order of workloads, then threads, then systems.
#[expect(clippy::cast_precision_loss, reason = "counts of texts and tokens are small")]
pub(crate) fn figures(
    measured: &Measured,
    workloads: &[Workload],
    described: &[Described],
    rates: &[Rate],
) -> Vec<Figure> {
    let of = |(workload, described): (&Workload, &Described), series: &Series| {
        let times = Spread::of(&seconds(series).collect::<Vec<_>>())?;
        let answers = || series.samples.iter().map(|sample| &sample.answer);
        let rate = rates.iter().find(|rate| rate.threads == series.threads);
        // spaCy's model is another one, whose arithmetic is not known.
        let same = workload.kind.task == Task::Vectors || series.difference.is_some();
        let same = same || series.system == crate::systems::REFERENCE;
        let share = rate
            .filter(|_| same)
            .map(|rate| described.operations / times.median / rate.operations_per_second.median);
        let useful = answers().find_map(|a| Some(a.tokens? as f64 / a.padded? as f64));
        let latencies: Vec<f64> = answers().filter_map(|a| a.latencies.clone()).flatten().collect();
        let at = |percent| percentile(&latencies, percent);
        Some(Figure {
            workload: series.workload,
            threads: series.threads,
            system: series.system,
            texts: times.rate(described.texts as f64),
            words: times.rate(described.words as f64),
            share,
            useful,
            latency: at(50).zip(at(95)).zip(at(99)).map(|((a, b), c)| [a, b, c]),
            difference: series.difference,
        })
    };
    let mut figures = vec![];
    for pair in workloads.iter().zip(described) {
        let own = measured.series.iter().filter(|series| series.workload == pair.0.kind.name);
        figures.extend(own.filter_map(|series| of(pair, series)));
    }
    figures
}

/// Now, in UTC.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    machine::date(since.map_or(0, |since| since.as_secs()))
}

/// # Errors
/// Never, for what is measured here.
pub(crate) fn json(report: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// Puts a file under its name when it is whole.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = AtomicFile::create(path, Existing::Replace)?;
    file.write_all(text.as_bytes())?;
    Ok(file.commit()?)
}
