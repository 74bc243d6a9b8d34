//! Cost of a decoder's new tokens behind more and more others, with its cache of keys and values and without.
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::BenchArgs;
use crate::child::Served;
use crate::machine::Machine;
use crate::patience::calm;
use crate::protocol::Request;
use crate::report::{self, decoding_plot};
use crate::rounds::QUIET;
use crate::stats::Spread;
use crate::systems::{self, REFERENCE};

/// New tokens of a run where each has everything before it computed anew.
const ANEW: usize = 3;

/// A decoder's system: its name, file of `peers` with its way, and whether it can do without the cache.
struct Decoder {
    name: &'static str,
    file: Option<&'static str>,
    anew: bool,
}

const DECODERS: [Decoder; 3] = [
    Decoder { name: REFERENCE, file: None, anew: true },
    Decoder { name: "transformers, torch", file: Some("decode_transformers.py"), anew: true },
    Decoder { name: "onnxruntime-genai", file: Some("decode_genai.py"), anew: false },
];

/// Milliseconds of a new token behind so many others.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) system: &'static str,
    /// Tokens before the new ones.
    pub(crate) before: usize,
    pub(crate) cache: bool,
    pub(crate) milliseconds: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disturbed: Option<String>,
}

/// A system as it was found.
#[derive(Clone, Debug, Serialize)]
struct Ran {
    system: &'static str,
    versions: Map<String, Value>,
    peak_memory_bytes: Option<u64>,
}

#[derive(Serialize)]
pub(crate) struct Decoding {
    format_version: u32,
    measured_at: String,
    pub(crate) machine: Machine,
    pub(crate) model: String,
    weights_bytes: u64,
    pub(crate) threads: usize,
    pub(crate) costs: Vec<Cost>,
    systems: Vec<Ran>,
}

impl Decoding {
    /// Whether any figure is one of a busy machine.
    pub(crate) fn disturbed(&self) -> bool {
        self.costs.iter().any(|cost| cost.disturbed.is_some())
    }
}

/// Measures each system in turns, and writes `decoding.json` and `decoding.svg`.
///
/// # Errors
/// If the machine was busy, unless that is allowed; if cloze fails, or a file cannot be written.
pub(crate) fn run(args: &BenchArgs, decoder: &Path, folder: &Path) -> anyhow::Result<()> {
    let threads = args.threads.iter().copied().max().unwrap_or(1);
    let name = decoder.file_name().map(|name| name.to_string_lossy().into_owned());
    let weights = decoder.join("model.safetensors");
    let mut decoding = Decoding {
        format_version: 1,
        measured_at: report::now(),
        machine: Machine::read(),
        model: name.with_context(|| format!("{}: no folder", decoder.display()))?,
        weights_bytes: fs_err::metadata(&weights)?.len(),
        threads,
        costs: vec![],
        systems: vec![],
    };
    let mut started = start(args, decoder, folder, threads)?;
    let mut series: Vec<Series> = vec![];
    for _ in 0..args.rounds {
        for (system, served) in &mut started {
            for (before, cache) in requests(args, system) {
                let key = (system.name, before, cache);
                let place = series.iter().position(|series| series.key == key);
                let place = place.unwrap_or_else(|| {
                    series.push(Series { key, milliseconds: vec![], disturbed: None });
                    series.len() - 1
                });
                series[place].measure(served, args, threads)?;
            }
        }
    }
    for Series { key: (system, before, cache), milliseconds, disturbed } in series {
        let milliseconds = Spread::of(&milliseconds).context("no token was timed")?;
        decoding.costs.push(Cost { system, before, cache, milliseconds, disturbed });
    }
    for (system, served) in &started {
        decoding.systems.push(Ran {
            system: system.name,
            versions: served.ready.versions.clone(),
            peak_memory_bytes: served.peak_memory(),
        });
    }
    table(&decoding);
    report::write(&args.output.join("decoding.json"), &report::json(&decoding)?)?;
    report::write(&args.output.join("decoding.svg"), &decoding_plot::draw(&decoding)?)
}

/// Times of a system's tokens behind so many others, with the cache or without, over all rounds.
struct Series {
    key: (&'static str, usize, bool),
    milliseconds: Vec<f64>,
    disturbed: Option<String>,
}

impl Series {
    fn measure(
        &mut self,
        served: &mut Served,
        args: &BenchArgs,
        threads: usize,
    ) -> anyhow::Result<()> {
        let (_, before, cache) = self.key;
        let new = if cache { args.new } else { ANEW };
        let request = Request::Continue { before, new, cache };
        let measured = calm(args.busy_ok, || {
            std::thread::sleep(QUIET);
            let (answer, load) = served.measure(&request, threads)?;
            Ok((answer, load.others_ran()))
        })?;
        if let Some(what) = measured.disturbed.as_ref().filter(|_| !args.busy_ok) {
            bail!("the machine is busy, so nothing is reported (--busy-ok does): {what}");
        }
        let seconds = measured.result.latencies.unwrap_or_default();
        self.milliseconds.extend(seconds.iter().map(|seconds| seconds * 1e3));
        self.disturbed = self.disturbed.take().or(measured.disturbed);
        Ok(())
    }
}

/// Requests of a system in a round: tokens before, and whether with the cache.
fn requests(args: &BenchArgs, system: &Decoder) -> Vec<(usize, bool)> {
    let ways = if system.anew { &[true, false][..] } else { &[true] };
    args.before.iter().flat_map(|&before| ways.iter().map(move |&cache| (before, cache))).collect()
}

/// Starts the systems that are there, each of which has run once; others are named.
#[expect(clippy::print_stdout, reason = "beside the table")]
fn start(
    args: &BenchArgs,
    decoder: &Path,
    folder: &Path,
    threads: usize,
) -> anyhow::Result<Vec<(&'static Decoder, Served)>> {
    let mut started = vec![];
    for (i, system) in DECODERS.iter().enumerate() {
        let chosen =
            args.only.is_empty() || args.only.iter().any(|part| system.name.contains(part));
        if system.file.is_some() && !chosen {
            continue;
        }
        let begun = || {
            let mut command = match system.file {
                None => systems::own("decoder", decoder, threads)?,
                Some(file) => systems::peer(args.environment.as_deref(), file, decoder, threads)?,
            };
            systems::settle(&mut command, threads);
            let mut served = Served::start(command, &folder.join(format!("decoding-{i}.log")))?;
            // As far as any run goes, so that buffers and plans are there.
            let before = args.before.iter().copied().max().unwrap_or(1);
            served.ask(&Request::Continue { before, new: 2, cache: true })?;
            anyhow::Ok(served)
        };
        match begun() {
            Ok(served) => started.push((system, served)),
            Err(error) if system.file.is_some() => println!("skipped: {}: {error:#}", system.name),
            Err(error) => return Err(error),
        }
    }
    Ok(started)
}

#[expect(clippy::print_stdout, reason = "the table")]
#[expect(clippy::cast_precision_loss, reason = "sizes for people")]
fn table(decoding: &Decoding) {
    println!(
        "{:<22} {:>6} {:>8} {:>12} {:>21}",
        "", "before", "cache", "ms a token", "least to most"
    );
    for cost in &decoding.costs {
        let Spread { median, min, max } = cost.milliseconds;
        let cache = if cost.cache { "with" } else { "without" };
        let range = format!("{min:.2} to {max:.2}");
        let mark =
            cost.disturbed.as_ref().map_or(String::new(), |what| format!("  disturbed: {what}"));
        println!(
            "{:<22} {:>6} {cache:>8} {median:>12.2} {range:>21}{mark}",
            cost.system, cost.before
        );
    }
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let weights = decoding.weights_bytes;
    for Ran { system, peak_memory_bytes, .. } in &decoding.systems {
        let peak = peak_memory_bytes.unwrap_or_default();
        let share = peak as f64 / weights as f64;
        println!("{system:<22} peak memory {:.0} MiB, {share:.2} of the weights", mib(peak));
    }
}
