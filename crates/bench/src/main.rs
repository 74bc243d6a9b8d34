//! The benchmark: cloze and its peers, the same texts, in turns, on one machine. `README.md` says what it
//! measures and how to run it.
//!
//! In the order data flows:
//! - `args`: arguments of the command line;
//! - `workload`: the texts;
//! - `systems`: the systems measured, and how each is started;
//! - `serve`, `gemm`: the side that is measured, where it is this program itself;
//! - `protocol`, `child`: what both sides speak, and a system as a process;
//! - `machine`: processor time, and whether others used it; `patience`: what is done then;
//! - `rounds`: systems in turns; `agree`: whether they compute the same; `quality`: what their vectors are worth;
//! - `start`: from nothing to the first result; `growth`: from a thousand texts to a million; `decoding`: tokens
//!   of a decoder;
//! - `stats`, `share`: medians, and the arithmetic that texts take;
//! - `report`: table, `bench.json`, plots.
#![expect(clippy::print_stderr, reason = "a benchmark says how far it is")]

mod agree;
mod args;
mod child;
mod decoding;
mod gemm;
mod growth;
mod machine;
mod patience;
mod protocol;
mod quality;
mod report;
mod rounds;
mod serve;
mod share;
mod start;
mod stats;
mod systems;
mod workload;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use cloze_checkpoint::ModelFolder;
use cloze_encoder::{Runtime, RuntimeParams};

use args::{BenchArgs, Cli};
use machine::Machine;
use quality::Pairs;
use report::Report;
use report::{Described, plot, table};
use rounds::{Measured, Plan};
use share::Sizes;
use systems::{Places, REFERENCE, Scales, System};
use workload::{KINDS, Kind, Task, Workload};

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(args::Command::Serve(args)) = &cli.command {
        return serve::run(args);
    }
    // It is gone when the benchmark ends: texts, results, what systems said.
    let folder = tempfile::tempdir()?;
    match &cli.bench.decoder {
        Some(decoder) => decoding::run(&cli.bench, decoder, folder.path()),
        None if cli.bench.growth.is_empty() => bench(&cli.bench, folder.path()),
        None => growth::run(&cli.bench, folder.path()),
    }
}

#[expect(clippy::print_stdout, reason = "the table")]
fn bench(args: &BenchArgs, folder: &Path) -> anyhow::Result<()> {
    let kinds: Vec<&'static Kind> =
        if args.workloads.is_empty() { KINDS.iter().collect() } else { args.workloads.clone() };
    let workloads = kinds.iter().map(|kind| workload(kind, args, folder));
    let workloads: Vec<Workload> = workloads.collect::<Result<_, _>>()?;
    let cloze = match &args.cloze {
        Some(program) => Some(program.clone()),
        None => beside()?,
    };
    let places = places(args, cloze.as_deref(), folder)?;
    let chosen = |system: &System| {
        let named = args.only.is_empty() || args.only.iter().any(|part| system.name.contains(part));
        let wanted = workloads.iter().any(|w| w.kind.task == system.task);
        wanted && (named || system.name == REFERENCE)
    };
    let pairs = args.sts.as_deref().map(|path| Pairs::read(path, folder)).transpose()?;
    let plan = Plan {
        places: &places,
        workloads: &workloads,
        threads: &args.threads,
        rounds: args.rounds,
        busy_ok: args.busy_ok,
        chosen: &chosen,
        pairs: pairs.as_ref(),
        folder,
    };
    let measured = plan.run()?;
    let starts = match args.starts {
        0 => vec![],
        times => start::measure(&places, cloze.as_deref(), &chosen, times, args.busy_ok, folder)?,
    };
    let wrong = measured.disagreements();
    let report = report(args, &workloads, measured, starts)?;
    print!("{}", table::render(&report));
    report::write(&args.output.join("bench.json"), &report::json(&report)?)?;
    report::write(&args.output.join("bench.svg"), &plot::draw(&report)?)?;
    if !wrong.is_empty() {
        bail!("results are not those of {REFERENCE}: {}", wrong.join("; "));
    }
    Ok(())
}

fn workload(kind: &'static Kind, args: &BenchArgs, folder: &Path) -> anyhow::Result<Workload> {
    let source = args.texts.iter().rev().find(|(of, _)| of.name == kind.name);
    let count = args.count.iter().rev().find(|(of, _)| of.name == kind.name);
    let model = ModelFolder::open(model(kind.task, args))?;
    let source = source.map(|(_, path)| path.as_path());
    Workload::new(kind, source, count.map(|(_, n)| *n), &model, folder)
}

fn model(task: Task, args: &BenchArgs) -> &Path {
    if task == Task::Vectors { &args.model } else { &args.tag_model }
}

/// The places of everything; the model is made into one that peers read, once.
fn places(args: &BenchArgs, cloze: Option<&Path>, folder: &Path) -> anyhow::Result<Places> {
    // Found, or fetched, before anything is measured.
    let runtime =
        Runtime::load(&RuntimeParams::default().fetch(true), &mut |line| eprintln!("{line}"))?;
    let calibration = workload::calibration(args.calibration.as_deref(), folder)?;
    let int8 = |scales| {
        int8(cloze, &args.model, scales, &calibration, folder).map_err(|why| format!("{why:#}"))
    };
    let mut places = Places {
        environment: args.environment.clone(),
        peers: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"),
        model: args.model.clone(),
        prepared: Err("no --environment, which has what makes it".into()),
        int8: int8(Scales::Token),
        int8_fixed: int8(Scales::Fixed),
        tag_model: args.tag_model.clone(),
        runtime: runtime.path().to_owned(),
        calibration,
    };
    if places.environment.is_some() {
        let hash = ModelFolder::open(&args.model)?.sha256()?;
        let short = hash.get(..16).unwrap_or_default();
        let folder = args.output.join(format!("model-{short}"));
        places.prepared = prepare(&places, &folder).map_err(|why| format!("{why:#}"));
    }
    Ok(places)
}

fn prepare(places: &Places, folder: &Path) -> anyhow::Result<PathBuf> {
    if !folder.is_dir() {
        eprintln!("the model as peers read it: {}", folder.display());
        let mut command = Command::new(places.python("")?);
        command.arg(places.peers.join("prepare.py")).arg(&places.model).arg(folder);
        systems::settle(&mut command, 1);
        let done = command.output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            bail!("{}", said.trim_end().lines().next_back().unwrap_or_default());
        }
    }
    // Peers may run elsewhere.
    fs_err::canonicalize(folder).context("the model as peers read it")
}

/// The model in 8 bits, as `cloze model quantize` makes it: without texts to calibrate by, or with fixed scales.
fn int8(
    cloze: Option<&Path>,
    model: &Path,
    scales: Scales,
    calibration: &Path,
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    let output = folder.join(if scales == Scales::Fixed { "int8-fixed" } else { "int8" });
    let cloze = cloze.context("no cloze command, which makes them")?;
    let mut command = Command::new(cloze);
    command.args(["model", "quantize"]).arg(model).arg("--output").arg(&output);
    if scales == Scales::Fixed {
        command.arg("--fixed").arg("--calibrate").arg(calibration);
    }
    let done = command.output()?;
    if !done.status.success() {
        bail!("{}", String::from_utf8_lossy(&done.stderr).trim_end());
    }
    Ok(output)
}

/// The `cloze` command beside this program, if it has been built.
fn beside() -> anyhow::Result<Option<PathBuf>> {
    let name = format!("cloze{}", std::env::consts::EXE_SUFFIX);
    Ok(Some(std::env::current_exe()?.with_file_name(name)).filter(|path| path.is_file()))
}

fn report(
    args: &BenchArgs,
    workloads: &[Workload],
    measured: Measured,
    starts: Vec<start::Start>,
) -> anyhow::Result<Report> {
    let describe = |workload: &Workload| {
        anyhow::Ok(Described::of(workload, Sizes::read(model(workload.kind.task, args))?))
    };
    let described: Vec<Described> = workloads.iter().map(describe).collect::<Result<_, _>>()?;
    let rates = report::rates(&measured, &args.threads);
    let figures = report::figures(&measured, workloads, &described, &rates);
    Ok(Report {
        format_version: 1,
        measured_at: report::now(),
        disturbed: measured.disturbed() || starts.iter().any(|start| start.disturbed.is_some()),
        machine: Machine::read(),
        model_sha256: ModelFolder::open(&args.model)?.sha256()?,
        tag_model_sha256: ModelFolder::open(&args.tag_model)?.sha256()?,
        rounds: args.rounds,
        workloads: described,
        matrix_product: rates,
        figures,
        starts,
        measured,
    })
}
