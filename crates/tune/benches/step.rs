//! A step of fine-tuning beside PyTorch, in one run, each in a process of its own:
//! `CLOZE_BENCH_PYTHON=python cargo bench -p cloze-tune`
//!
//! `CLOZE_BENCH_PYTHON` is an interpreter with the packages of `pytorch/requirements.txt`; without
//! it, Rust runs alone. `CLOZE_BENCH_MODEL` is another checkpoint than `models/minilm-l6-v2`. Each
//! step trains a tagger with nine tags: 16 sequences of 32 tokens, embeddings frozen, dropout 0.1,
//! gradients clipped, `AdamW`; on two threads (`CLOZE_BENCH_THREADS`), three rounds in turns. Times
//! are medians of 20 steps; memory is the most that the process has held (Linux).
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]
use std::path::PathBuf;
use std::process::Command;

use cloze_checkpoint::Checkpoint;
use cloze_core::Cancel;
use cloze_tune::encoder::{LoraParams, TrainableEncoder, TrainableEncoderParams, Tuning};
use cloze_tune::task::{DenseLayer, TaggedExample, TokenTask};
use cloze_tune::training::{Event, Schedule, TaskLearner, TrainingParams, Watch};
use cloze_tune::{Parameters, TrainingSequence, TuneError};

/// Steps that are not timed, and those that are.
const WARM: u64 = 5;
const TIMED: u64 = 20;
const ROUNDS: usize = 3;
/// Variable that names the task of a process of its own.
const ONLY: &str = "CLOZE_BENCH_ONLY";

fn main() {
    let threads = std::env::var("CLOZE_BENCH_THREADS").unwrap_or_else(|_| "2".into());
    let model = std::env::var_os("CLOZE_BENCH_MODEL").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/minilm-l6-v2")),
        PathBuf::from,
    );
    if let Ok(only) = std::env::var(ONLY) {
        return step(&only, &model, threads.parse().unwrap());
    }
    let python = std::env::var_os("CLOZE_BENCH_PYTHON");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pytorch/step.py");
    for _ in 0..ROUNDS {
        for what in ["full", "lora"] {
            let mut own = Command::new(std::env::current_exe().unwrap());
            own.env(ONLY, what).status().unwrap();
            if let Some(python) = &python {
                let mut peer = Command::new(python);
                peer.arg(script).arg(&model).args([what, &threads]).status().unwrap();
            }
        }
    }
}

/// Nine tags over 32 made-up tokens.
fn example(i: u32) -> TaggedExample {
    let ids = (0..32).map(|j| 1000 + 37 * i + 101 * j).collect();
    let places = (1..31).map(|place| (place, (place + i as usize) % 9)).collect();
    TaggedExample { sequence: TrainingSequence { ids, types: vec![] }, places }
}

fn step(what: &str, model: &std::path::Path, threads: usize) {
    let tuning = if what == "full" { Tuning::Full } else { Tuning::Lora(LoraParams::default()) };
    let checkpoint = Checkpoint::open(model).unwrap();
    let mut parameters = Parameters::default();
    let params = TrainableEncoderParams::default().tuning(tuning).check().unwrap();
    let encoder = TrainableEncoder::open(&checkpoint, &params, 1, &mut parameters).unwrap();
    let head_start = parameters.list().len();
    let dense = DenseLayer::drawn(&mut parameters, "classifier", encoder.width(), 9, 1).unwrap();
    let mut learner = TaskLearner::new(encoder, TokenTask::new(dense), parameters, head_start);
    let examples: Vec<_> = (0..16).map(example).collect();
    let params = TrainingParams::new()
        .epochs(WARM + TIMED)
        .batch(16)
        .learning_rate(1e-4)
        .schedule(Schedule::Constant)
        .dropout(0.1)
        .threads(Some(threads))
        .check()
        .unwrap();
    let mut times = vec![];
    let mut observe = |event: &Event| {
        if let Event::Step { seconds, .. } = event {
            times.push(1000.0 * seconds);
        }
        Ok::<(), TuneError>(())
    };
    let stop = Cancel::new();
    let watch = Watch { evaluate: None, observe: &mut observe, stop: &stop, state: None };
    params.train(&mut learner, &examples, watch).unwrap();
    let mut times = times.split_off(usize::try_from(WARM).unwrap());
    times.sort_by(f64::total_cmp);
    let (low, median, high) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    let memory = peak_mib().map_or("unknown".into(), |mib| format!("{mib} MiB"));
    println!("cloze    {what}: {median:.0} ms a step ({low:.0} to {high:.0}), peak {memory}");
}

/// The most memory that this process has held.
fn peak_mib() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? / 1024)
}
