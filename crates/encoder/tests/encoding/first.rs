//! If only the first token is read, the last layer computes nothing else: the same numbers, in any
//! batch, from weights and files.
use std::path::{Path, PathBuf};

use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_encoder::{Encoder, EncoderParams, Output};
use cloze_graph::construct::{BuildParams, Graph};
use cloze_store::Existing;
use cloze_testkit::{Random, assert_close, checkpoint, checkpoint_copy, checkpoints, texts};

const READ_FIRST: [Head; 3] = [Head::Pooler, Head::Sequence, Head::NextSentence];

fn open(folder: &Path, outputs: &[Output], params: EncoderParams) -> Encoder {
    let model = ModelFolder::open(folder).unwrap();
    Encoder::open_for(&super::runtime(), &model, outputs, params).unwrap()
}

/// Result `i` of each text's one window.
fn rows(encoder: &Encoder, i: usize, texts: &[&str]) -> Vec<Vec<f32>> {
    let found = encoder.map_windows(texts, |window| window.rows(i).to_vec()).unwrap();
    found.into_iter().flat_map(|text| text.windows).collect()
}

fn texts() -> Vec<String> {
    let mut random = Random::new(9);
    [1, 2, 3, 7, 4, 1].iter().map(|&words| texts::prose(&mut random, words)).collect()
}

/// A model that comes with the repository, whose sums are not exact.
fn real(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

#[test]
fn heads_give_what_they_give_beside_every_state() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut compared = 0;
    for name in checkpoints() {
        let folder = checkpoint(&name);
        let weights = Checkpoint::open(&folder).unwrap();
        let last = Output::Hidden(weights.config().layers);
        for head in weights.heads().into_iter().filter(|head| READ_FIRST.contains(head)) {
            let alone = open(&folder, &[Output::Head(head)], EncoderParams::new());
            let beside = open(&folder, &[last, Output::Head(head)], EncoderParams::new());
            let expected = rows(&beside, 1, &texts);
            for (found, expected) in rows(&alone, 0, &texts).iter().zip(&expected) {
                assert_close(found, expected, 1e-5, 0.0);
            }
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared}");
}

#[test]
fn the_first_row_of_any_state_is_that_of_all_its_rows() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let folders =
        checkpoints().into_iter().map(|name| checkpoint(&name)).chain([real("minilm-l6-v2")]);
    for folder in folders {
        let layers = ModelFolder::open(&folder).unwrap().layers().unwrap();
        for layer in 0..=layers {
            let all = open(&folder, &[Output::Hidden(layer)], EncoderParams::new());
            let first = open(&folder, &[Output::First(layer)], EncoderParams::new());
            let width = first.width(0).unwrap();
            for (found, all) in rows(&first, 0, &texts).iter().zip(rows(&all, 0, &texts)) {
                assert_close(found, &all[..width], 1e-5, 0.0);
            }
        }
    }
}

/// Every layer but the last attends from every token; the last from the first alone, and lower ones
/// stand in for it where only they are wanted.
#[test]
fn the_last_layer_attends_from_the_first_token_alone() {
    let weights = Checkpoint::open(checkpoint("bert-pretraining")).unwrap();
    let layers = weights.config().layers;
    let count = |params: &BuildParams| {
        let graph = Graph::build(&weights, params).unwrap().model.graph.unwrap();
        let of = |op: &str| graph.node.iter().filter(|node| node.op_type == op).count();
        (of("Attention"), of("MultiHeadAttention"))
    };
    let p = BuildParams::new;
    assert_eq!(count(&p().head(Head::Pooler)), (layers - 1, 1));
    assert_eq!(count(&p().head(Head::Pooler).head(Head::NextSentence)), (layers - 1, 1));
    assert_eq!(count(&p().first(layers)), (layers - 1, 1));
    assert_eq!(count(&p().first(layers).hidden(layers - 1)), (layers - 1, 1));
    assert_eq!(count(&p().first(1)), (0, 1));
    assert_eq!(count(&p().first(0)), (0, 0));
    // Others read every row.
    assert_eq!(count(&p().first(layers).hidden(layers)), (layers, 0));
    assert_eq!(count(&p().first(1).hidden(layers)), (layers, 0));
    assert_eq!(count(&p().head(Head::Pooler).head(Head::MaskedLm)), (layers, 0));
    assert_eq!(count(&p().head(Head::MaskedLm)), (layers, 0));
}

#[test]
fn company_does_not_matter_to_the_first_token() {
    let mut random = Random::new(5);
    let lengths = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 5];
    let texts: Vec<String> =
        lengths.iter().map(|&words| texts::prose(&mut random, words)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bits = |rows: &[f32]| rows.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let models =
        [("minilm-l6-v2", Output::First(6)), ("sentiment-en", Output::Head(Head::Sequence))];
    for (model, output) in models {
        let together = open(&real(model), &[output], EncoderParams::new().threads(Some(2)));
        let alone = open(&real(model), &[output], EncoderParams::new().threads(Some(1)));
        for (text, found) in texts.iter().zip(rows(&together, 0, &texts)) {
            assert_eq!(bits(&found), bits(&rows(&alone, 0, &[text])[0]), "{model}: {text:?}");
        }
        assert!(together.counts().batches < together.counts().windows);
    }
}

/// A graph from elsewhere has all rows, of which the first is taken.
#[test]
fn a_file_gives_the_same_row() {
    let copy = checkpoint_copy("bert");
    let layers = Checkpoint::open(copy.path()).unwrap().config().layers;
    let outputs = [Output::First(layers)];
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected = rows(&open(copy.path(), &outputs, EncoderParams::new()), 0, &texts);
    let weights = Checkpoint::open(copy.path()).unwrap();
    let graph = Graph::build(&weights, &BuildParams::new().hidden(layers)).unwrap();
    let path = copy.path().join("model.onnx");
    graph.write_onnx(StoredType::F32, &path, Existing::Refuse).unwrap();
    fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
    let found = rows(&open(copy.path(), &outputs, EncoderParams::new()), 0, &texts);
    for (found, expected) in found.iter().zip(&expected) {
        assert_close(found, expected, 1e-5, 0.0);
    }
}
