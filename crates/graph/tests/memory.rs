//! A file must not take more room than the settings allow. In a program of its own: what is
//! measured is the most that the whole process ever held.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
#![cfg(target_os = "linux")]
use std::path::Path;

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
    let (max_fields, size) = (250_000, 4 << 20);
    let params = CheckParams::new().max_nodes(25_000).max_fields(max_fields).check().unwrap();
    let built = |way: &[u8], number: u8, count: usize| {
        let many = field(number, b"").repeat(count);
        let packed = if number == 1 && way == [7, 5] { field(1, &many) } else { many.into() };
        way.iter().rev().fold(packed, |inner, outer| field(*outer, &inner))
    };
    let mut largest = 0;
    for (way, number, variant) in table {
        // The bomb, and as much of it as is just let through.
        let error = params.check_bytes(built(way, number, size / 2), Path::new(".")).unwrap_err();
        assert!(format!("{error:?}").starts_with(variant), "{way:?} {number}: {error}");
        let few = if variant == "TooManyNodes" { 25_000 } else { max_fields - 10 };
        let (bytes, before) = (built(way, number, few), peak());
        let _ = params.check_bytes(bytes, Path::new("."));
        largest = largest.max(peak() - before);
    }
    // A file that is too large is not read; this one takes no room on the disk.
    let temp = tempfile::tempdir().unwrap();
    let huge = temp.path().join("model.onnx");
    fs_err::File::create_new(&huge).unwrap().set_len(3 << 30).unwrap();
    assert!(params.open(&huge).is_err());
    // The setting's own words: 400 bytes a field. The bombs and the program are beside that.
    let allowed = 400 * max_fields as u64 + 8 * size as u64;
    assert!(peak() < allowed, "{} MB", peak() >> 20);
    assert!(largest > 12_000_000, "nothing was decoded: {largest}");
}
