//! Report of the measurements, as a table, as `bench.json` and as plots.
pub(crate) mod decoding_plot;
pub(crate) mod growth_plot;
pub(crate) mod plot;
pub(crate) mod table;

use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use cloze_store::{AtomicFile, Existing};
use serde::Serialize;

use crate::agree::Difference;
use crate::gemm::{Bits, Gemm};
use crate::machine::{self, Machine};
use crate::rounds::{Measured, Series};
use crate::share::Sizes;
use crate::start::Start;
use crate::stats::{Spread, percentile};
use crate::systems::System;
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
    /// Of the numbers that are multiplied.
    pub(crate) bits: Bits,
    pub(crate) threads: usize,
    pub(crate) operations_per_second: Spread,
}

/// Summary of a system's runs on a workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) workload: &'static str,
    pub(crate) threads: usize,
    pub(crate) system: &'static str,
    /// Texts a second.
    pub(crate) texts: Spread,
    /// Words a second, by blanks.
    pub(crate) words: Spread,
    /// Of the rate of the matrix product with as many threads and bits, at the median of both.
    pub(crate) share: Option<f64>,
    /// Of the tokens that were run, those that are not padding.
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

/// The matrix product's rates, by bits and number of threads. They are measured beside vectors and beside
/// entities; both count.
pub(crate) fn rates(measured: &Measured, threads: &[usize]) -> Vec<Rate> {
    let mut rates = vec![];
    for bits in Bits::ALL {
        for &threads in threads {
            let of_product = |s: &&Series| s.system == bits.product() && s.threads == threads;
            let seconds: Vec<f64> =
                measured.series.iter().filter(of_product).flat_map(seconds).collect();
            if let Some(spread) = Spread::of(&seconds) {
                let operations_per_second = spread.rate(Gemm::operations());
                rates.push(Rate { bits, threads, operations_per_second });
            }
        }
    }
    rates
}

fn seconds(series: &Series) -> impl Iterator<Item = f64> {
    series.samples.iter().map(|sample| sample.answer.seconds)
}

/// The figures, in the order of workloads, then threads, then systems.
pub(crate) fn figures(
    measured: &Measured,
    workloads: &[Workload],
    described: &[Described],
    rates: &[Rate],
) -> Vec<Figure> {
    let mut figures = vec![];
    for (workload, described) in workloads.iter().zip(described) {
        let of_workload =
            measured.series.iter().filter(|series| series.workload == workload.kind.name);
        figures.extend(of_workload.filter_map(|series| figure(series, workload, described, rates)));
    }
    figures
}

/// The figures of a series; `None` if nothing was measured.
#[expect(clippy::cast_precision_loss, reason = "counts of texts and tokens are small")]
fn figure(
    series: &Series,
    workload: &Workload,
    described: &Described,
    rates: &[Rate],
) -> Option<Figure> {
    let times = Spread::of(&seconds(series).collect::<Vec<_>>())?;
    let answers = || series.samples.iter().map(|sample| &sample.answer);
    let bits = System::bits(series.system);
    let rate = rates.iter().find(|rate| rate.threads == series.threads && rate.bits == bits);
    // spaCy's model is another one, whose arithmetic is not known.
    let same = workload.kind.task == Task::Vectors || series.difference.is_some();
    let same = same || series.system == crate::systems::REFERENCE;
    let share = rate
        .filter(|_| same)
        .map(|rate| described.operations / times.median / rate.operations_per_second.median);
    let useful = answers().find_map(|a| Some(a.tokens? as f64 / a.padded? as f64));
    let latencies: Vec<f64> = answers().filter_map(|a| a.latencies.clone()).flatten().collect();
    let quantile = |percent| percentile(&latencies, percent);
    Some(Figure {
        workload: series.workload,
        threads: series.threads,
        system: series.system,
        texts: times.rate(described.texts as f64),
        words: times.rate(described.words as f64),
        share,
        useful,
        latency: quantile(50).zip(quantile(95)).zip(quantile(99)).map(|((a, b), c)| [a, b, c]),
        difference: series.difference,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Load;
    use crate::protocol::Answer;
    use crate::rounds::{Sample, Skipped};
    use crate::workload::KINDS;

    fn sample(round: usize, seconds: f64) -> Sample {
        Sample {
            round,
            answer: Answer {
                seconds,
                tokens: Some(9),
                padded: Some(12),
                latencies: Some(vec![seconds / 2.0, seconds / 4.0]),
            },
            load: Load { threads: 2, wall: seconds, own: seconds, others: 0.0 },
            disturbed: None,
            repeats: 0,
        }
    }

    fn series(system: &'static str, workload: &'static str, seconds: &[f64]) -> Series {
        let samples = seconds.iter().enumerate().map(|(round, &seconds)| sample(round, seconds));
        Series {
            system,
            workload,
            threads: 2,
            difference: Some(Difference::Vectors(2e-7)).filter(|_| system == "fastembed"),
            samples: samples.collect(),
        }
    }

    /// Two texts of five words, 1e9 operations; three runs of 2, 4 and 1 s, and of the matrix product one
    /// of 1 s and one of 3 s: between them 2 s.
    fn report() -> Report {
        let workload = Workload {
            kind: &KINDS[0],
            texts: vec!["a b".into(), "c d e".into()],
            path: "short.txt".into(),
            sha256: "ab".into(),
            lengths: vec![4, 5],
            source: None,
        };
        let sizes: Sizes = serde_json::from_str(
            "{\"hidden_size\": 1, \"intermediate_size\": 1, \"num_hidden_layers\": 1}",
        )
        .unwrap();
        let mut described = Described::of(&workload, sizes);
        // 2 · (4 + 2) · 9 and 4 · (16 + 25).
        assert!((described.operations - 272.0).abs() < 1e-9);
        described.operations = 1e9;

        let mut measured = Measured::default();
        measured.series.push(series(Bits::ThirtyTwo.product(), "", &[1.0, 3.0]));
        measured.series.push(series("cloze", "short", &[2.0, 4.0, 1.0]));
        measured.series.push(series("fastembed", "short", &[8.0]));
        let why = "no model".to_owned();
        measured.skipped.push(Skipped { system: "gline-rs", task: Task::Entities, why });
        let rates = rates(&measured, &[1, 2]);
        let described = vec![described];
        let figures = figures(&measured, &[workload], &described, &rates);
        Report {
            format_version: 1,
            measured_at: "2026-11-27T21:04:05Z".into(),
            disturbed: true,
            machine: Machine::read(),
            model_sha256: String::new(),
            tag_model_sha256: String::new(),
            rounds: 3,
            workloads: described,
            matrix_product: rates,
            figures,
            starts: vec![],
            measured,
        }
    }

    #[test]
    fn figures_are_medians_and_a_share_of_the_matrix_rate() {
        let report = report();
        // Nothing ran on one thread.
        assert_eq!(report.matrix_product.len(), 1);
        let rate = report.matrix_product[0].operations_per_second.median;
        assert!((rate - Gemm::operations() / 2.0).abs() < 1.0);
        let figure = &report.figures[0];
        assert_eq!(figure.texts, Spread { median: 1.0, min: 0.5, max: 2.0 });
        assert_eq!(figure.words, Spread { median: 2.5, min: 1.25, max: 5.0 });
        assert!((figure.share.unwrap() - 1e9 / 2.0 / rate).abs() < 1e-12);
        assert_eq!(figure.useful, Some(0.75));
        // Of 1, 0.5, 2, 1, 0.5 and 0.25 s three do not exceed 0.5.
        assert_eq!(figure.latency, Some([0.5, 2.0, 2.0]));
    }

    #[test]
    fn what_is_told_names_what_was_disturbed_and_left_out() {
        let report = report();
        let table = table::render(&report);
        for part in ["DISTURBED", "1.0 (0.5 to 2.0) texts/s", "75 % no padding", "off by 2.0e-7"] {
            assert!(table.contains(part), "{part}: {table}");
        }
        assert!(table.contains("skipped: gline-rs (entities): no model"), "{table}");
        let plot = plot::draw(&report).unwrap();
        for part in ["<title>cloze and its peers", "DISTURBED", "fastembed"] {
            assert!(plot.contains(part), "{part}: {plot}");
        }
        let json: serde_json::Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
        assert_eq!((&json["disturbed"], &json["format_version"]), (&true.into(), &1.into()));
        assert_eq!(json["series"][1]["samples"][2]["seconds"], 1.0);
        assert!(json["series"][2]["difference"]["vectors"].is_number());
    }
}
