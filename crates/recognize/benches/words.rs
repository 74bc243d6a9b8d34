//! All recognisers on prose, on a form and on a log: `cargo bench -p cloze-recognize`. One thread,
//! texts of about 4 KiB; the throughput is in words.
use std::hint::black_box;

use cloze_recognize::{RecognizerParams, Recognizers};
use criterion::{Criterion, Throughput};

/// The usual case: hardly a number.
const PROSE: &str = "We took the early train along the coast, and by the time the fog had lifted we \
    were already past the second lighthouse. Nobody spoke much; the tea was cold, the bread from \
    12 March was hard, and Mr Example read the paper twice.\n\n";

/// Something to find in every line.
const FORM: &str = "Name: Ada Example; DOB: 12/03/1980; phone (212) 555-0142; SSN 536-90-4399\n\
    IBAN DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111, ada@example.com\n\
    Passport: PX0055501, Steuer-ID 36 574 261 809, NHS number 943 476 5870\n";

/// Numbers everywhere, of which hardly one is anyone's: the slow case.
const LOG: &str = "2024-01-02T10:20:30.123Z INFO 10.0.0.17 req=550e8400-e29b-41d4-a716-446655440000 \
    took 1234 ms, 56 789 012 bytes, order 123456782, v1.2.3, 0x7ffe12345678\n";

fn main() {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let params = RecognizerParams::new().check().expect("the defaults are valid");
    let recognizers = Recognizers::new(params);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("all recognisers");
    for (name, paragraph) in [("prose", PROSE), ("form", FORM), ("log", LOG)] {
        let text = paragraph.repeat(4096 / paragraph.len());
        group.throughput(Throughput::Elements(text.split_whitespace().count() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| recognizers.find(black_box(&text)).len());
        });
    }
    group.finish();
    criterion.final_summary();
}
