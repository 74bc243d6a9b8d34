//! A step of fine-tuning beside PyTorch: `CLOZE_BENCH_PYTHON=… CLOZE_BENCH_MODEL=… cargo bench -p
//! cloze-tune`. Batches of 16 sequences of 32 tokens, embeddings frozen, two threads; medians.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]
use std::path::PathBuf;
use std::time::Instant;

use cloze_graph::Checkpoint;
use cloze_tune::encoder::{DropoutAt, EncoderParams, LoraParams, Tape, Tuning};
use cloze_tune::{Encoder, Hidden, Parameters, Sequence};

fn main() {
    let model = std::env::var_os("CLOZE_BENCH_MODEL").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/minilm-l6-v2")),
        PathBuf::from,
    );
    let checkpoint = Checkpoint::open(&model).unwrap();
    let threads = std::env::var("CLOZE_BENCH_THREADS").map_or(2, |n| n.parse().unwrap());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let only = std::env::var("CLOZE_BENCH_ONLY").unwrap_or_default();
    for (name, tuning) in [("full", Tuning::Full), ("LoRA", Tuning::Lora(LoraParams::default()))] {
        if !only.is_empty() && only != name {
            continue;
        }
        let mut parameters = Parameters::default();
        let params = EncoderParams::default().with_tuning(tuning).check().unwrap();
        let encoder = Encoder::open(&checkpoint, &params, 1, &mut parameters).unwrap();
        let sequences: Vec<Sequence> = (0..16_u32)
            .map(|i| Sequence {
                ids: (0..32).map(|j| 1000 + 37 * i + 101 * j).collect(),
                types: vec![],
            })
            .collect();
        let all: Vec<&Sequence> = sequences.iter().collect();
        let mut gradient = Hidden::zeros(encoder.width(), all.iter().map(|s| s.len()));
        gradient.rows_mut().fill(1e-3);
        let mut tape = Tape::default();
        let mut times = vec![];
        for step in 0..25 {
            let start = Instant::now();
            let dropout = Some(DropoutAt { seed: step, rate: 0.1 });
            pool.install(|| {
                encoder.forward(&parameters, &all, dropout, &mut tape).unwrap();
            });
            let forth = start.elapsed();
            pool.install(|| encoder.backward(&mut parameters, &mut tape, &gradient));
            times.push((start.elapsed(), forth));
        }
        times.drain(..5);
        times.sort_unstable();
        let (total, forth) = times[times.len() / 2];
        println!("{name}: {total:.1?} a step without the optimiser, {forth:.1?} of it forth");
    }
}
