//! From the logits of a text to its entities: `cargo bench -p cloze-heads`. 16, 128 and 512 tokens of 9
//! tags, decoded by the best path of legal tags (Viterbi), the default, and by each token's best tag.
use std::hint::black_box;

use cloze_core::{Matrix, Span, Token, TokenRows};
use cloze_heads::tag::{Decode, TagParams};
use criterion::{BenchmarkId, Criterion, Throughput};

const TAGS: [&str; 9] =
    ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"];

/// Words of one token each, with logits that jump about: the longest way through is not a plain
/// one.
fn rows(tokens: u32) -> TokenRows {
    let at = |i: u32| Span::new(6 * i as usize, 6 * i as usize + 5);
    let token = |i| Token { span: at(i), word: Some(i) };
    let mut rows = Matrix::with_capacity(tokens as usize, TAGS.len());
    for i in 0..tokens {
        // The highest byte of a product that wraps: the same on every machine.
        let byte = |tag: u32| (i * 9 + tag).wrapping_mul(2_654_435_761).to_be_bytes()[0];
        let row: Vec<f32> = (0..9).map(|tag| f32::from(byte(tag)) / 32.0).collect();
        assert!(rows.push_rows(&row), "rows are as wide as there are tags");
    }
    TokenRows { tokens: (0..tokens).map(token).collect(), rows }
}

fn main() -> Result<(), cloze_heads::HeadError> {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let mut criterion = Criterion::default().configure_from_args();
    for (name, decode) in [("viterbi", Decode::Viterbi), ("argmax", Decode::Argmax)] {
        let tags = TAGS.map(str::to_owned).to_vec();
        let tagger = TagParams::new(tags).decode(decode).check()?;
        let mut group = criterion.benchmark_group(name);
        for tokens in [16, 128, 512] {
            group.throughput(Throughput::Elements(tokens.into()));
            group.bench_with_input(BenchmarkId::new("tokens", tokens), &rows(tokens), |b, rows| {
                b.iter(|| tagger.predict(black_box(rows)).map(|units| tagger.decode("", &units)));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
