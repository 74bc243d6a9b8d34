//! Bytes that nobody meant to be a graph: an answer for each, and no panic.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
use std::path::Path;
use std::sync::LazyLock;

use bytes::Bytes;
use cloze_graph::check::{CheckParams, CheckedModel};
use cloze_graph::{GraphError, onnx};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

/// Every fixture, good or bad: a bad one is one byte away from other good ones.
static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let paths = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "onnx")).collect();
    paths.sort();
    assert!(paths.len() > 50);
    paths.iter().map(|path| fs_err::read(path).unwrap()).collect()
});

/// In a folder with no files, so that external data are looked for and not found.
fn checked(bytes: Vec<u8>) -> Result<CheckedModel, GraphError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    CheckParams::new().check().unwrap().check_bytes(bytes.into(), &folder)
}

/// Asserts that a file that passes can be decoded, and agrees with its reported contents.
fn consistent(bytes: Vec<u8>) {
    if let Ok(model) = checked(bytes.clone()) {
        assert_eq!(model.bytes, bytes);
        let decoded = onnx::ModelProto::decode(Bytes::from(bytes)).unwrap();
        let main = decoded.graph.unwrap();
        assert!(model.info.nodes >= main.node.len());
        assert_eq!(model.info.operators.values().sum::<usize>(), model.info.nodes);
        assert_eq!(model.info.outputs.len(), main.output.len());
        assert!(model.info.inputs.len() <= main.input.len());
    }
}

/// All of them, not a sample: the fixtures are small.
#[test]
fn every_truncation_has_an_answer() {
    for whole in &*FIXTURES {
        for end in 0..whole.len() {
            consistent(whole[..end].to_vec());
        }
    }
}

/// Each byte as a few others: the field number changed, the type changed, the length changed to
/// nothing and to a lot.
#[test]
fn every_changed_byte_has_an_answer() {
    for whole in &*FIXTURES {
        for at in 0..whole.len() {
            let old = whole[at];
            for new in [old ^ 1, old ^ 8, 0, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[at] = new;
                consistent(changed);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..200)) {
        consistent(bytes);
    }

    /// Small field numbers with plausible types, which random bytes rarely are.
    #[test]
    fn anything_like_protobuf_has_an_answer(
        fields in vec((1..26u8, vec((1..26u8, vec(0..60u8, 0..20)), 0..4)), 0..4)
    ) {
        let field = |number: u8, content: &[u8]| {
            let mut bytes = vec![];
            prost::encoding::encode_key(
                number.into(), prost::encoding::WireType::LengthDelimited, &mut bytes,
            );
            prost::encoding::encode_varint(content.len() as u64, &mut bytes);
            bytes.extend(content);
            bytes
        };
        let inner = |inner: &[(u8, Vec<u8>)]| {
            inner.iter().flat_map(|(number, content)| field(*number, content)).collect::<Vec<_>>()
        };
        consistent(fields.iter().flat_map(|(n, f)| field(*n, &inner(f))).collect());
    }

    #[test]
    fn spliced_fixtures_have_an_answer(
        (a, b) in (0..50usize, 0..50usize), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        // Protobuf reads two files in a row as one with the fields of both.
        let mut bytes = [&FIXTURES[a][..], &FIXTURES[b][..]].concat();
        consistent(bytes.clone());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        consistent(bytes);
    }
}
