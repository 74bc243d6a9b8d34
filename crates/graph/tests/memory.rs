//! A file must not take more room than the settings allow. In a program of its own: what is
//! measured is the most that the whole process ever held.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
#![cfg(target_os = "linux")]
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cloze_graph::check::CheckParams;

/// The most memory this process has held, in bytes.
fn peak() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let row = status.lines().find(|row| row.starts_with("VmHWM:")).unwrap();
    row.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// A field that has a length.
fn field(number: u8, content: &[u8]) -> Bytes {
    let mut bytes = vec![];
    let wire = prost::encoding::WireType::LengthDelimited;
    prost::encoding::encode_key(number.into(), wire, &mut bytes);
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend(content);
    bytes.into()
}

/// Fields of two or three bytes each: the way from the model down to them, their number, the variant.
#[test]
fn many_small_fields_take_bounded_room() {
    let (graph, node, attribute) = (7, 1, 5);
    let table: [(&[u8], u8, &str); 12] = [
        (&[graph], node, "TooManyNodes"),
        (&[graph], 5, "TooManyFields"),       // initializers
        (&[graph], 15, "TooManyFields"),      // sparse ones
        (&[graph], 11, "TooManyFields"),      // inputs
        (&[graph, node], 1, "TooManyFields"), // names
        (&[graph, node], attribute, "TooManyFields"),
        (&[graph, node, attribute], 11, "TooManyFields"), // sub-graphs
        (&[graph, node, attribute], 10, "TooManyFields"), // tensors
        (&[graph, 5], 1, "TooManyFields"),                // dimensions, packed
        (&[graph, 5], 13, "TooManyFields"),               // external data
        (&[], 20, "TooManyFields"),                       // training
        (&[], 25, "TooManyFields"),                       // functions
    ];
    let size = 16 << 20;
    let params = CheckParams::new().check().unwrap();
    let built = |way: &[u8], number: u8, count: usize| {
        let one = field(number, b"");
        let many = one.repeat(count / one.len());
        let packed = if number == 1 && way == [7, 5] { field(1, &many) } else { many.into() };
        way.iter().rev().fold(packed, |inner, outer| field(*outer, &inner))
    };
    let start = Instant::now();
    let mut largest = 0;
    for (way, number, variant) in table {
        // The bomb, and as much of it as is just let through.
        let error = params.judge(built(way, number, size), Path::new(".")).unwrap_err();
        assert!(format!("{error:?}").starts_with(variant), "{way:?} {number}: {error}");
        let each = field(number, b"").len();
        let few = if variant == "TooManyNodes" { 100_000 } else { 999_990 };
        let before = peak();
        let _ = params.judge(built(way, number, few * each), Path::new("."));
        largest = largest.max(peak() - before);
    }
    // The setting's own words: 400 bytes a field, a million of them; and the bombs themselves.
    assert!(peak() < 400_000_000 + 8 * size as u64, "{} MB", peak() >> 20);
    assert!(largest > 50_000_000, "nothing was decoded: {largest}");
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}
