//! The hot paths alone: `cargo bench -p cloze-encoder --bench hot`. Tokenizing a text of 35 to 65 words
//! and one of 400, and one batch through a session on one thread, as texts × tokens: a query alone, a
//! full batch of short texts, and one of paragraphs.
//!
//! The comparison of the two is in `encode`, whose head explains why it does not use criterion.
use std::hint::black_box;
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::{Encoder, EncoderParams, Output, Runtime, RuntimeParams, Sequence};
use cloze_testkit::{Random, texts};
use criterion::{BenchmarkId, Criterion, Throughput};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {})?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
    let model = ModelFolder::open(&folder)?;
    let params = EncoderParams::new().threads(Some(1));
    let encoder = Encoder::open_for(&runtime, &model, &[Output::Hidden(6)], params)?;
    encoder.warm_up()?;
    let mut criterion = Criterion::default().configure_from_args();

    let mut random = Random::new(1);
    let mut group = criterion.benchmark_group("tokenize");
    for text in [texts::paragraph(&mut random), texts::prose(&mut random, 400)] {
        let tokens = encoder.pieces(&text, 0)?.tokens.len();
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_with_input(BenchmarkId::new("tokens", tokens), &text, |b, text| {
            b.iter(|| encoder.pieces(black_box(text), 0));
        });
    }
    group.finish();

    let text = texts::prose(&mut random, 400);
    let whole = encoder.pieces(&text, 0)?.sequence;
    let mut group = criterion.benchmark_group("batch");
    group.sample_size(20);
    for (size, seq) in [(1, 16), (32, 16), (4, 128)] {
        let one = Sequence {
            ids: whole.ids[..seq].to_vec(),
            types: whole.types[..seq].to_vec(),
            casing: whole.casing[..seq].to_vec(),
            asked: vec![],
        };
        let sequences = vec![one; size];
        group.throughput(Throughput::Elements((size * seq) as u64));
        group.bench_function(format!("{size} × {seq}"), |b| {
            b.iter(|| encoder.map_sequences(black_box(&sequences), |states| states.rows(0)[0]));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
