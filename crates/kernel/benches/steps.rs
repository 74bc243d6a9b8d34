//! Time of the steps between two products, of 512 rows of a model of 384 numbers: `cargo bench -p cloze-kernel`.
use std::hint::black_box;
use std::sync::Mutex;

use cloze_kernel::attention::{self, Given, Room};
use cloze_kernel::rows::{self, Rounding, Scale, SumNorm};
use criterion::{Criterion, criterion_group, criterion_main};

const ROWS: usize = 512;
const HIDDEN: usize = 384;
const INNER: usize = 1536;

fn numbers(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| f32::from(u8::try_from((i * 7919 + 13) % 251).unwrap_or(0)) / 100.0 - 1.2)
        .collect()
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("512 rows");
    let (x, sums, scales) = (numbers(ROWS * HIDDEN), numbers(ROWS * INNER), vec![0.9; ROWS]);
    let (narrow, wide) = (numbers(HIDDEN), numbers(INNER));
    let mut out = vec![0.0; ROWS * INNER];
    let (mut eight, mut row_scales) = (vec![0; ROWS * INNER], vec![0.0; ROWS]);

    let rounding = Rounding { zero: 128, scale: Scale::Least(1e-30) };
    group.bench_function("round, 384", |b| {
        b.iter(|| rows::round(rounding, black_box(&x), &mut eight[..x.len()], &mut row_scales));
    });
    let rounding = Rounding { zero: 40, scale: Scale::Least(0.17 / 40.0) };
    group.bench_function("gelu and round, 1536", |b| {
        b.iter(|| {
            let given: [&[f32]; 3] = [black_box(&sums), &scales, &wide];
            rows::scaled_gelu_rounded(rounding, given, &mut eight, &mut row_scales);
        });
    });
    group.bench_function("gelu, 1536", |b| {
        b.iter(|| rows::scaled_gelu(black_box(&sums), &scales, &wide, &mut out));
    });
    group.bench_function("sum and norm, 384", |b| {
        let given = SumNorm {
            sums: &x,
            scales: &scales,
            bias: &narrow,
            skip: &x,
            weight: &narrow,
            shift: &narrow,
            epsilon: 1e-12,
        };
        b.iter(|| rows::scaled_sum_norm(black_box(given), &mut out[..x.len()]));
    });
    let (qkv, bias) = (numbers(ROWS * 3 * HIDDEN), numbers(3 * HIDDEN));
    let room = [Mutex::new(Room::default())];
    let beside = |_: usize, _: &(dyn Fn(usize) + Send + Sync)| Ok::<(), ()>(());
    for seq in [16, 64, 128, 256] {
        let mask = vec![1; ROWS];
        group.bench_function(format!("attention of {} × {seq}", ROWS / seq), |b| {
            let given =
                Given { sums: &qkv, scales: &scales, bias: &bias, mask: &mask, seq, heads: 12 };
            b.iter(|| attention::attention(black_box(given), &room, &mut out[..x.len()], beside));
        });
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
