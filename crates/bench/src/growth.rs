//! Cost of cloze for more and more texts: time in proportion, memory constant.
use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use crate::args::BenchArgs;
use crate::child::Served;
use crate::machine::{Load, Machine};
use crate::protocol::{Answer, Request};
use crate::report::{self, growth_plot};
use crate::systems;

/// A number of texts, each made, encoded and let go, in a process of their own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) texts: u64,
    #[serde(flatten)]
    pub(crate) answer: Answer,
    pub(crate) load: Load,
    pub(crate) peak_memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disturbed: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Growth {
    format_version: u32,
    measured_at: String,
    pub(crate) machine: Machine,
    pub(crate) threads: usize,
    pub(crate) words_on_average: u32,
    pub(crate) points: Vec<Point>,
}

impl Growth {
    /// Whether any figure is one of a busy machine.
    pub(crate) fn disturbed(&self) -> bool {
        self.points.iter().any(|point| point.disturbed.is_some())
    }
}

/// Measures each number of texts, and writes `growth.json` and `growth.svg`.
///
/// # Errors
/// If the machine was busy, unless that is allowed; if cloze fails, or a file cannot be written.
#[expect(clippy::print_stdout, reason = "the table")]
pub(crate) fn run(args: &BenchArgs, folder: &Path) -> anyhow::Result<()> {
    // As many threads as anything is measured with.
    let threads = args.threads.iter().copied().max().unwrap_or(1);
    let mut growth = Growth {
        format_version: 1,
        measured_at: report::now(),
        machine: Machine::read(),
        threads,
        words_on_average: args.growth_words,
        points: vec![],
    };
    println!(
        "{:>10} {:>12} {:>10} {:>10} {:>12} {:>10}",
        "texts", "tokens", "wall s", "CPU s", "tokens/s", "peak MiB"
    );
    for &texts in &args.growth {
        let mut command = systems::own("vectors", &args.model, threads)?;
        systems::settle(&mut command, threads);
        let mut served = Served::start(command, &folder.join("growth.log"))?;
        // The session is made with the first text.
        served.ask(&Request::Stream { count: 1, words: 1 })?;
        let request = Request::Stream { count: texts, words: args.growth_words };
        let (answer, load) = served.measure(&request, threads)?;
        let peak_memory_bytes = served.peak_memory();
        let disturbed = load.disturbed(false);
        let point = Point { texts, answer, load, peak_memory_bytes, disturbed };
        println!("{}", line(&point));
        if point.disturbed.is_some() && !args.busy_ok {
            bail!("the machine is busy, so nothing is reported (--busy-ok does)");
        }
        growth.points.push(point);
    }
    report::write(&args.output.join("growth.json"), &report::json(&growth)?)?;
    report::write(&args.output.join("growth.svg"), &growth_plot::draw(&growth)?)
}

fn line(point: &Point) -> String {
    #[expect(clippy::cast_precision_loss, reason = "rates and sizes for people")]
    let number = |n: Option<u64>| n.unwrap_or_default() as f64;
    let (seconds, tokens) = (point.answer.seconds, point.answer.tokens.unwrap_or_default());
    let mark =
        point.disturbed.as_ref().map_or(String::new(), |what| format!("  disturbed: {what}"));
    format!(
        "{:>10} {tokens:>12} {seconds:>10.2} {:>10.2} {:>12.0} {:>10.1}{mark}",
        point.texts,
        point.load.own,
        number(point.answer.tokens) / seconds,
        number(point.peak_memory_bytes) / f64::from(1 << 20),
    )
}
