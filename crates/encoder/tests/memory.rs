//! The most memory that an encoder takes. In a program of its own: what is measured is the most that the
//! whole process ever held.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::{Encoder, EncoderParams, Output, Runtime, RuntimeParams};
use cloze_testkit::texts;

/// The most memory this process has held, in bytes.
fn peak() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let row = status.lines().find(|row| row.starts_with("VmHWM:")).unwrap();
    row.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// 22 MB of words as halves, 43 of matrices and 43 as kernels want them are there once, however many
/// sessions there are. A copy of all while a session is made would be 65 MB more, words in f32 22, and
/// sessions that do not share 43 each.
#[test]
fn sessions_share_the_weights_and_are_made_without_a_copy() {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
    let model = ModelFolder::open(&folder).unwrap();
    let texts = texts::of_mixed_lengths(2, 40);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let before = peak();
    let mut most = vec![];
    for threads in [1, 4] {
        let params = EncoderParams::new().threads(Some(threads)).batch_tokens(64);
        let encoder = Encoder::open_for(&runtime, &model, &[Output::Hidden(6)], params).unwrap();
        let found = encoder.map_windows(&texts, |window| window.rows(0)[0]).unwrap();
        assert_eq!(found.len(), texts.len());
        most.push((peak() - before) >> 20);
    }
    println!("{most:?} MiB");
    // 126 and 143; with copies and without sharing 145 and 341.
    assert!(most[0] < 160, "{most:?} MiB");
    assert!(most[1] < 230, "{most:?} MiB");
}
