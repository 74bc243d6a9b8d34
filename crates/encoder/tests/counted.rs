//! Work of texts of mixed lengths, counted and not timed: tokens, padding, batches, and
//! allocations on the way. In a program of its own, whose allocator counts; ONNX Runtime has its
//! own.
#![expect(clippy::cast_precision_loss, reason = "small counts")]
use std::alloc::System;
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::{Encoder, EncoderParams, Output, Runtime, RuntimeParams};
use cloze_testkit::texts;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TEXTS: usize = 600;

/// The bounds are a little above what there is now: a change that goes over one makes more work, and
/// has to say what for. A copy of the hidden states alone would be 1,536 bytes a token.
#[test]
fn work_does_not_grow() {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
    let model = ModelFolder::open(&folder).unwrap();
    // The first state: the work around ONNX Runtime is the same for all, and its own the least.
    let params = EncoderParams::new().threads(Some(1));
    let encoder = Encoder::open_for(&runtime, &model, &[Output::Hidden(0)], params).unwrap();
    encoder.warm_up().unwrap();
    let texts = texts::of_mixed_lengths(11, TEXTS);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // Once before, for what is made once.
    let sums = || encoder.map_windows(&texts, |window| window.rows(0).iter().sum::<f32>()).unwrap();
    sums();
    let before = encoder.counts();
    let region = Region::new(ALLOCATOR);
    let found = sums();
    let allocated = region.change();
    let after = encoder.counts();
    assert_eq!(found.len(), TEXTS);

    let [tokens, padded, batches] = [
        after.tokens - before.tokens,
        after.padded - before.padded,
        after.batches - before.batches,
    ];
    let padding = 1.0 - tokens as f64 / padded as f64;
    let per_text = allocated.allocations as f64 / TEXTS as f64;
    let per_token = allocated.bytes_allocated as f64 / tokens as f64;
    println!(
        "{tokens} tokens, padding {padding:.4}, {batches} batches; \
         {per_text:.1} allocations a text, {per_token:.1} bytes a token"
    );
    // 22,238 tokens, 0.6 % padding, 70 batches, 464 allocations a text and 2,678 bytes a token, of which
    // the tokenizer makes nearly all.
    assert_eq!(tokens, 22_238, "the texts or the tokenizer are others");
    assert!(padding <= 0.01, "{padding}");
    assert!(batches <= 73, "{batches}");
    assert!(per_text <= 480.0, "{per_text} allocations a text");
    assert!(per_token <= 2_800.0, "{per_token} bytes a token");
}
