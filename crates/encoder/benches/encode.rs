//! Gain from sorting and from a budget of tokens: `cargo bench -p cloze-encoder`, three minutes or
//! so on two idle cores.
//!
//! 600 texts of log-normal lengths, 32 words on average and 1 to 400 each, through the model that
//! comes with the repository (`models/pii`), in six ways: batches sorted by length under 512
//! tokens, which is the default; batches of about 32 as the texts come; sorted under 2,048 tokens;
//! each with one thread and with two. In each of five rounds the sorted ways take all the texts and
//! the others the next fifth of them: they would need minutes for all, and unlike sorting gain
//! nothing from a larger choice.
//!
//! A plain program and not criterion: what is asked is how the ways compare, so they take turns
//! (one that is measured last suffers from whatever else the machine does by then), each takes
//! seconds, and a row has padding and batches beside its speed. Criterion measures one way after
//! the other, many times each.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts of words and tokens are small")]

use std::path::Path;
use std::time::Instant;

use cloze_checkpoint::ModelFolder;
use cloze_core::Encode as _;
use cloze_encoder::{Encoder, EncoderParams, EncodingCounts, Order, Runtime, RuntimeParams};
use cloze_testkit::texts;

const TEXTS: usize = 600;
const ROUNDS: usize = 5;

/// A way to put texts into batches: its name, order and budget.
type Way = (&'static str, Order, usize);

/// The budget of the second is such that batches come out at about 32.
const WAYS: [Way; 3] = [
    ("sorted, 512 tokens", Order::Sorted, 512),
    ("as given, about 32", Order::AsGiven, 8000),
    ("sorted, 2,048 tokens", Order::Sorted, 2048),
];

struct Run {
    way: usize,
    threads: usize,
    encoder: Encoder,
    /// Counts of the encoder when the rounds began.
    before: EncodingCounts,
    /// Words encoded in all rounds.
    words: f64,
    /// Words a second, of each round.
    speeds: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let runtime =
        Runtime::load(&RuntimeParams::default().fetch(true), &mut |line| println!("{line}"))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pii");
    let model = ModelFolder::open(&folder)?;
    let texts = texts::of_mixed_lengths(7, TEXTS);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();

    let mut runs = vec![];
    for (way, (_, order, budget)) in WAYS.into_iter().enumerate() {
        for threads in [1, 2] {
            let params = EncoderParams::new().order(order).batch_tokens(budget);
            let encoder = Encoder::open(&runtime, &model, params.threads(Some(threads)))?;
            // A session is made at first use.
            encoder.encode(&["Warm up."])?;
            let before = encoder.counts();
            runs.push(Run { way, threads, encoder, before, words: 0.0, speeds: vec![] });
        }
    }
    for (round, fifth) in texts.chunks(TEXTS / ROUNDS).enumerate() {
        // Each round begins one further, so that none always comes behind the same other.
        for i in 0..runs.len() {
            let at = (round + i) % runs.len();
            let run = &mut runs[at];
            let texts = if WAYS[run.way].1 == Order::Sorted { &texts[..] } else { fifth };
            let start = Instant::now();
            run.encoder.encode(texts)?;
            run.speeds.push(words(texts) / start.elapsed().as_secs_f64());
            run.words += words(texts);
        }
    }
    println!(
        "{TEXTS} texts, {} words, {ROUNDS} rounds: the median, and least to most\n",
        words(&texts)
    );
    print_table(&runs);
    print_ratios(&runs);
    Ok(())
}

fn words(texts: &[&str]) -> f64 {
    texts.iter().map(|text| text.split_whitespace().count()).sum::<usize>() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_table(runs: &[Run]) {
    println!(
        "{:<21} {:>7} {:>13} {:>6} {:>22} {:>9}",
        "batches", "threads", "windows/batch", "pad", "words/s", "tokens/s"
    );
    for Run { way, threads, encoder, before, words, speeds } in runs {
        let [least, most] = [f64::min, f64::max].map(|f| speeds.iter().copied().reduce(f));
        let range = format!("({:.0} to {:.0})", least.unwrap_or(0.0), most.unwrap_or(0.0));
        let speed = median(speeds.clone());
        let after = encoder.counts();
        let [windows, batches, tokens, padded] = [
            after.windows - before.windows,
            after.batches - before.batches,
            after.tokens - before.tokens,
            after.padded - before.padded,
        ]
        .map(|count| count as f64);
        println!(
            "{:<21} {threads:>7} {:>13.1} {:>6.3} {:>22} {:>9.0}",
            WAYS[*way].0,
            windows / batches,
            tokens / padded,
            format!("{speed:.0} {range}"),
            speed * tokens / words,
        );
    }
    println!("\npad: of the tokens computed, the share that is no padding");
}

/// Ratios of speeds within a round, which whatever slows the machine meanwhile divides out of.
fn print_ratios(runs: &[Run]) {
    let speeds = |way, threads| {
        let run = runs.iter().find(|run| (run.way, run.threads) == (way, threads));
        &run.expect("each way was run with one thread and with two").speeds
    };
    let ratio = |fast: (usize, usize), slow: (usize, usize)| {
        let pairs = speeds(fast.0, fast.1).iter().zip(speeds(slow.0, slow.1));
        median(pairs.map(|(fast, slow)| fast / slow).collect())
    };
    println!(
        "\nSorted under 512 tokens does {:.2} times the words of batches of about 32 as given on \
         one\nthread, {:.2} times on two; and {:.2} and {:.2} times those of sorted batches under \
         2,048.\nA second thread makes the three ways {:.2}, {:.2} and {:.2} times as fast.",
        ratio((0, 1), (1, 1)),
        ratio((0, 2), (1, 2)),
        ratio((0, 1), (2, 1)),
        ratio((0, 2), (2, 2)),
        ratio((0, 2), (0, 1)),
        ratio((1, 2), (1, 1)),
        ratio((2, 2), (2, 1)),
    );
}
