//! From the rows of a text to its vector: `cargo bench -p cloze-embed`. The mean of 16, 128 and 512
//! rows of 384 numbers, and its length brought to 1.
use cloze_embed::l2_normalize;
use std::hint::black_box;

use cloze_embed::Pooling;
use cloze_testkit::Random;
use criterion::{BenchmarkId, Criterion, Throughput};

const WIDTH: usize = 384;

fn main() {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut random = Random::new(1);
    let mut group = criterion.benchmark_group("mean and norm");
    for tokens in [16, 128, 512] {
        #[expect(clippy::cast_possible_truncation, reason = "numbers between -1 and 1")]
        let rows: Vec<f32> =
            (0..tokens * WIDTH).map(|_| (2.0 * random.unit() - 1.0) as f32).collect();
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_with_input(BenchmarkId::new("tokens", tokens), &rows, |b, rows| {
            let mut out = Vec::with_capacity(WIDTH);
            b.iter(|| {
                out.clear();
                let pooled = Pooling::Mean.pool(black_box(rows), WIDTH, &mut out);
                l2_normalize(&mut out);
                pooled
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
