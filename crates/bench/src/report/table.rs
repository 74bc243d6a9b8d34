//! The table for people.
use std::fmt::Write as _;

use super::{Described, Figure, Report};
use crate::quality::Quality;
use crate::rounds::Ran;
use crate::stats::Spread;

/// Of the longest name with its task.
const NAME: usize = 45;

/// All of it, as lines.
pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    line(&mut out, &format!("{}, {}", report.machine.describe(), report.measured_at));
    if report.disturbed {
        line(&mut out, "DISTURBED: the machine was busy, these figures are not to be quoted");
    }
    for rate in &report.matrix_product {
        let rate_of = spread(scaled(rate.operations_per_second, 1e-9));
        let (product, threads) = (rate.bits.product(), rate.threads);
        line(&mut out, &format!("{product} on {threads} thread(s): {rate_of} GFLOP/s"));
    }
    for workload in &report.workloads {
        workload_lines(&mut out, report, workload);
    }
    if !report.measured.quality.is_empty() {
        line(&mut out, "\nquality of vectors");
    }
    for Quality { system, spearman, cosine: [mean, least], alone } in &report.measured.quality {
        let alone =
            if *alone > 0.0 { format!("{alone:.1e} apart alone") } else { "same alone".into() };
        let text = format!(
            "  {system:<NAME$} Spearman {spearman:.4}, cosine {mean:.4} (least {least:.4}), {alone}"
        );
        line(&mut out, &text);
    }
    if !report.starts.is_empty() {
        line(&mut out, "\nfrom start to first result, one thread");
        for start in &report.starts {
            let Some(seconds) = Spread::of(&start.seconds) else { continue };
            let peak =
                start.peak_memory_bytes.map_or(String::new(), |b| format!(", {} MiB", mib(b)));
            let name = format!("{} ({})", start.system, start.task);
            line(&mut out, &format!("  {name:<NAME$} {} ms{peak}", spread(scaled(seconds, 1e3))));
        }
    }
    line(&mut out, "\npeak memory, after all of it, and versions");
    let mut named: Vec<&Ran> = vec![];
    for ran in &report.measured.systems {
        if !named.iter().any(|n| n.system == ran.system && n.task == ran.task) {
            named.push(ran);
        }
    }
    for Ran { system, task, versions, .. } in named {
        let runs = report.measured.systems.iter();
        let runs = runs.filter(|ran| ran.system == *system && ran.task == *task);
        let peaks = runs.map(|ran| {
            let peak = ran.peak_memory_bytes.map_or_else(|| "?".into(), mib);
            format!("{} × {peak} MiB", ran.threads)
        });
        let peaks = peaks.collect::<Vec<_>>().join(", ");
        let versions = versions.iter().map(|(package, version)| {
            format!("{package} {}", version.as_str().unwrap_or_default())
        });
        let versions = versions.collect::<Vec<_>>().join(", ");
        let name = task.map_or((*system).into(), |task| format!("{system} ({task})"));
        line(&mut out, &format!("  {name:<NAME$} {peaks:<28} {versions}"));
    }
    for skipped in &report.measured.skipped {
        line(&mut out, &format!("skipped: {} ({}): {}", skipped.system, skipped.task, skipped.why));
    }
    out
}

fn workload_lines(out: &mut String, report: &Report, workload: &Described) {
    let Described { name, what, texts, words, tokens, .. } = workload;
    let from = workload.file.as_deref().unwrap_or("made");
    line(out, &format!("\n{name}: {texts} {what} ({from}); {words} words, {tokens} tokens"));
    let mut threads = None;
    for figure in report.figures.iter().filter(|figure| figure.workload == *name) {
        if threads.replace(figure.threads) != Some(figure.threads) {
            line(out, &format!("  {} thread(s)", figure.threads));
        }
        line(out, &format!("    {}", figure_line(figure, *name == "tag")));
    }
}

fn figure_line(figure: &Figure, words: bool) -> String {
    let (rate, unit) = if words { (figure.words, "words/s") } else { (figure.texts, "texts/s") };
    let mut text = format!("{:<NAME$} {} {unit}", figure.system, spread(rate));
    if let Some([p50, p95, p99]) = figure.latency.map(|percentiles| percentiles.map(|s| 1e3 * s)) {
        let _ = write!(text, ", p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms");
    }
    if let Some(share) = figure.share {
        let _ = write!(text, ", {:.0} % of the matrix rate", 100.0 * share);
    }
    if let Some(useful) = figure.useful {
        let _ = write!(text, ", {:.0} % no padding", 100.0 * useful);
    }
    if let Some(difference) = figure.difference {
        let _ = write!(text, ", off by {difference}");
    }
    text
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn scaled(spread: Spread, by: f64) -> Spread {
    Spread { median: spread.median * by, min: spread.min * by, max: spread.max * by }
}

/// `151.1 (127.2 to 152.6)`, with a digit behind the point below a thousand.
pub(super) fn spread(spread: Spread) -> String {
    let digits = usize::from(spread.max < 1000.0);
    let Spread { median, min, max } = spread;
    format!("{median:>8.digits$} ({min:.digits$} to {max:.digits$})")
}

#[expect(clippy::cast_precision_loss, reason = "sizes for people")]
fn mib(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / f64::from(1 << 20))
}
