//! Memory that reading takes, as Linux counts it: for a process, so a binary with one test.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::io::{self, Read as _};

use cloze_corpus::{Format, JudgementParams, ReadParams};

/// The most memory this process has had so far.
fn peak_kib() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Held, the 40 MB would take at least as much.
#[test]
fn what_is_passed_over_is_not_held() {
    let params = ReadParams::default().max_text_bytes(1000).check().unwrap();
    let before = peak_kib();
    for (format, byte) in
        [(Format::Text, b'x'), (Format::Lines, b'x'), (Format::Csv, b','), (Format::Conll, b' ')]
    {
        let raw = io::repeat(byte).take(40_000_000);
        let pieces: Vec<_> = params.from_reader("in", format, raw).collect();
        assert!(pieces.len() == 1 && pieces[0].is_err(), "{format}: {pieces:?}");
        let grown = peak_kib() - before;
        assert!(grown < 8 * 1024, "{format}: {grown} KiB more");
    }
    let params = JudgementParams::default().max_text_bytes(1000).check().unwrap();
    for (format, byte) in [(Format::Lines, b'\t'), (Format::Jsonl, b' ')] {
        let raw = io::repeat(byte).take(40_000_000);
        let read: Vec<_> = params.from_reader("in", format, raw).unwrap().collect();
        assert!(read.len() == 1 && read[0].is_err(), "{format}: {read:?}");
        let grown = peak_kib() - before;
        assert!(grown < 8 * 1024, "judgements as {format}: {grown} KiB more");
    }
}
