//! Operators of cloze's own, against those of ONNX Runtime that they stand for, of which a graph in a file consists.
use std::path::Path;

use cloze_checkpoint::Checkpoint;
use cloze_checkpoint::weights::StoredType;
use cloze_encoder::{EncoderParams, Output};
use cloze_graph::construct::{BuildParams, Graph, adds_in_16_bits};
use cloze_store::Existing;
use cloze_testkit::{assert_close, checkpoint, checkpoint_copy};

use super::int8::{observed, open, quantized, rows, texts, ways};

/// Number of own operators in the graph that is run.
fn own_nodes(folder: &Path, request: &BuildParams) -> usize {
    let request = request.clone().own_operators(true);
    let graph = Graph::build(&Checkpoint::open(folder).unwrap(), &request).unwrap();
    let nodes = graph.model.graph.unwrap().node;
    nodes.iter().filter(|node| node.domain == "cloze").count()
}

/// The weights of a folder become a graph in a file.
fn to_file(folder: &Path, request: &BuildParams) {
    let graph = Graph::build(&Checkpoint::open(folder).unwrap(), request).unwrap();
    let file = folder.join("model.onnx");
    graph.write_onnx(StoredType::F32, &file, Existing::Refuse).unwrap();
    fs_err::remove_file(folder.join("model.safetensors")).unwrap();
}

/// Two layers have attention, GELU and two norms each. MPNet's attention, which has a bias by relative position, is ONNX
/// Runtime's, and so is the other GELU, by tanh, of two.
#[test]
fn they_are_those_of_onnx_runtime_together() {
    let texts = texts(&[1, 4, 9, 2]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (name, own) in [
        ("bert", 8),
        ("bert-token", 6),
        ("roberta-sequence", 8),
        ("distilbert", 8),
        ("mpnet", 6),
        ("albert", 6),
    ] {
        let folder = checkpoint_copy(name);
        let outputs = [Output::Hidden(2)];
        let found = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
        let request = BuildParams::new().hidden(2);
        assert_eq!(own_nodes(folder.path(), &request), own, "{name}");
        to_file(folder.path(), &request);
        let expected = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(&found[0], &expected[0], 1e-5, 0.0);
        }
    }
}

/// A text of some two hundred tokens, of whose rows and heads each thread has some: bit for bit, however many there are.
#[test]
fn threads_share_a_text_without_a_trace() {
    let minilm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
    let texts = texts(&[180]);
    let int8 = quantized(&minilm, None);
    for folder in [&*minilm, int8.path()] {
        let found: Vec<Vec<u32>> = [1, 2, 5, 16]
            .map(|threads| {
                let params = EncoderParams::new().threads(Some(threads));
                let encoder = open(folder, &[Output::Hidden(6)], params);
                let rows = rows(&encoder, &[&texts[0]]);
                assert!(rows[0][0].len() > 180 * 384, "one window");
                rows.concat().concat().iter().map(|x| x.to_bits()).collect()
            })
            .into();
        assert!(found.iter().all(|bits| *bits == found[0]), "{}", folder.display());
    }
}

/// Operators of cloze's own do what those of ONNX Runtime do together, of which a graph in a file consists. A number that
/// is in the middle of two steps may go to the other one, and GELU is 1e-6 off: a few results differ by so much, in one layer.
#[test]
fn in_8_bits_they_are_those_of_onnx_runtime_together() {
    let texts = texts(&[1, 4, 9, 2]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for name in ["bert", "bert-token", "roberta-sequence", "distilbert", "mpnet", "albert"] {
        let from = checkpoint(name);
        let outputs = [Output::Hidden(1)];
        let seen = observed(&from, &texts);
        for calibration in ways(&seen) {
            let folder = quantized(&from, calibration);
            let found = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
            let request = BuildParams::new().hidden(1).seven_bits(adds_in_16_bits());
            assert!(own_nodes(folder.path(), &request) > 0, "{name}");
            to_file(folder.path(), &request);
            let expected = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
            let mut off = 0;
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(&found[0], &expected[0], 0.1, 0.0);
                let apart = found[0].iter().zip(&expected[0]).map(|(a, b)| (a - b).abs());
                off += apart.filter(|&apart| apart > 1e-4).count();
            }
            let all: usize = found.iter().map(|rows| rows[0].len()).sum();
            assert!(4 * off < all, "{name}: {off} of {all} numbers are not the same");
        }
    }
}
