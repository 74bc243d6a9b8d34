//! Weights in 8 bits: what is multiplied, worked out here in whole numbers; and that a text's result
//! depends on nothing but the text.
use std::path::Path;

use cloze_encoder::observe::{self, Observer};
use cloze_encoder::{Encoder, EncoderParams, Head, ModelFolder, Output};
use cloze_graph::build::Inside;
use cloze_graph::checkpoint::StoredType;
use cloze_graph::checkpoint::weights::Int8Matrix;
use cloze_graph::quantize::{Observed, quantize};
use cloze_graph::{BuildParams, Checkpoint, Graph};
use cloze_store::Existing;
use cloze_testkit::{Random, assert_close, checkpoint, checkpoint_copy, texts};
use tempfile::TempDir;

fn open(folder: &Path, outputs: &[Output], params: EncoderParams) -> Encoder {
    let model = ModelFolder::open(folder).unwrap();
    Encoder::open_for(&super::runtime(), &model, outputs, params).unwrap()
}

/// Every result of each text's one window.
fn rows(encoder: &Encoder, texts: &[&str]) -> Vec<Vec<Vec<f32>>> {
    let all = |window: &cloze_encoder::WindowStates<'_>| {
        (0..).map_while(|i| window.get(i).map(<[f32]>::to_vec)).collect()
    };
    let found = encoder.map_windows(texts, all).unwrap();
    found.into_iter().flat_map(|text| text.windows).collect()
}

/// The folder's weights and settings in 8 bits, beside its tokenizer.
fn quantized(from: &Path, observed: Option<&[Observed]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let weights = Checkpoint::open(from).unwrap();
    let path = folder.path().join("model.safetensors");
    let config = quantize(&weights, observed, &path, Existing::Refuse).unwrap();
    fs_err::write(folder.path().join("config.json"), config).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        if from.join(name).is_file() {
            fs_err::copy(from.join(name), folder.path().join(name)).unwrap();
        }
    }
    folder
}

fn observed(folder: &Path, texts: &[&str]) -> Vec<Observed> {
    let model = ModelFolder::open(folder).unwrap();
    let observer = Observer::open(&super::runtime(), &model, EncoderParams::new()).unwrap();
    let mut seen = observer.nothing();
    observer.observe(texts).unwrap().iter().for_each(|text| observe::merge(&mut seen, text));
    seen
}

fn texts(words: &[usize]) -> Vec<String> {
    let mut random = Random::new(4);
    words.iter().map(|&words| texts::prose(&mut random, words)).collect()
}

/// `row · matrixᵀ` in whole numbers: `x / scale` rounded to the nearest, to the even one of two as near.
fn product(row: &[f32], matrix: &Int8Matrix) -> Vec<f64> {
    let most = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    let scale = matrix.input.unwrap_or(most * (1.0 / 127.0));
    #[expect(clippy::cast_possible_truncation, reason = "at most 128")]
    let numbers: Vec<i64> =
        row.iter().map(|x| (x / scale).round_ties_even().clamp(-128.0, 127.0) as i64).collect();
    let of_output = |(weights, &row_scale): (&[i8], &f32)| {
        let sum: i64 = weights.iter().zip(&numbers).map(|(&w, x)| i64::from(w) * x).sum();
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let sum = sum as f64;
        sum * f64::from(scale) * f64::from(row_scale)
    };
    matrix.numbers.chunks_exact(row.len()).zip(&matrix.scales).map(of_output).collect()
}

/// From what the feed-forward part takes to what its second matrix takes: one product, a bias, an
/// activation (here ReLU, so that a bias can be undone where the result is not 0).
#[test]
fn products_are_those_of_whole_numbers() {
    let copy = checkpoint_copy("bert");
    let path = copy.path().join("config.json");
    let config = fs_err::read_to_string(&path).unwrap();
    let relu = config.replace("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"");
    assert_ne!(relu, config);
    fs_err::write(&path, relu).unwrap();
    let texts = texts(&[1, 3, 5]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let seen = observed(copy.path(), &texts[..2]);
    for observed in [None, Some(&seen[..])] {
        let folder = quantized(copy.path(), observed);
        let weights = Checkpoint::open(folder.path()).unwrap();
        let layer = &weights.layout().layers[0];
        let matrix = weights.weights().reader().read_int8(&layer.up.weight).unwrap();
        assert_eq!(matrix.input.is_some(), observed.is_some());
        let bias = weights.weights().reader().read(&layer.up.bias).unwrap();
        let outputs = [Output::Inside(1, Inside::Attended), Output::Inside(1, Inside::Active)];
        let encoder = open(folder.path(), &outputs, EncoderParams::new());
        let mut some = 0;
        for result in rows(&encoder, &texts) {
            let [attended, active] = [&result[0], &result[1]];
            let (narrow, wide) = (layer.up.inputs, layer.up.outputs);
            for (x, found) in attended.chunks(narrow).zip(active.chunks(wide)) {
                let sums = product(x, &matrix);
                #[expect(clippy::cast_possible_truncation, reason = "as the graph does")]
                let expected: Vec<f32> =
                    sums.iter().zip(&bias).map(|(s, b)| (*s as f32 + b).max(0.0)).collect();
                some += expected.iter().filter(|x| **x > 0.0).count();
                assert_close(found, &expected, 1e-5, 0.0);
            }
        }
        assert!(some > 100, "{some}");
    }
}

/// Every family and head, by rows and with fixed scales: close to floats, and not the same.
#[test]
fn results_are_near_those_of_floats() {
    let texts = texts(&[1, 2, 6, 4]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for name in ["bert-token", "roberta-sequence", "distilbert", "electra-mlm"] {
        let from = checkpoint(name);
        let last = Output::Hidden(Checkpoint::open(&from).unwrap().config().layers);
        let expected = rows(&open(&from, &[last], EncoderParams::new()), &texts);
        let seen = observed(&from, &texts);
        for observed in [None, Some(&seen[..])] {
            let folder = quantized(&from, observed);
            let found = rows(&open(folder.path(), &[last], EncoderParams::new()), &texts);
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(&found[0], &expected[0], 0.25, 0.0);
                assert_ne!(found[0], expected[0], "{name}");
            }
        }
    }
}

/// Bit for bit, on a model whose sums are not exact; the last layer's first row, too.
#[test]
fn company_does_not_matter_to_8_bits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let minilm = root.join("models/minilm-l6-v2");
    let texts = texts(&[1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 5]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bits =
        |rows: &[Vec<f32>]| -> Vec<u32> { rows.concat().iter().map(|x| x.to_bits()).collect() };
    let seen = observed(&minilm, &texts[..4]);
    let ways =
        [(None, Output::Hidden(6)), (None, Output::First(6)), (Some(&seen[..]), Output::Hidden(6))];
    for (observed, output) in ways {
        let folder = quantized(&minilm, observed);
        let together = open(folder.path(), &[output], EncoderParams::new().threads(Some(2)));
        let alone = open(folder.path(), &[output], EncoderParams::new().threads(Some(1)));
        for (text, found) in texts.iter().zip(rows(&together, &texts)) {
            let expected = &rows(&alone, &[text])[0];
            assert_eq!(bits(&found), bits(expected), "{output:?}: {text:?}");
        }
        assert!(together.counts().batches < together.counts().windows);
    }
}

/// As floats again, each number is a multiple of its row's scale, at most half of it off; and a graph
/// of either is written as a file that gives the same.
#[test]
fn floats_and_files_can_be_made_of_it() {
    let from = checkpoint("bert-sequence");
    let folder = quantized(&from, None);
    let [before, int8] = [&from, folder.path()].map(|path| Checkpoint::open(path).unwrap());
    let weight = &before.layout().layers[0].down.weight;
    let matrix = int8.weights().reader().read_int8(weight).unwrap();
    let [expected, found] = [&before, &int8].map(|c| c.weights().reader().read(weight).unwrap());
    let inputs = found.len() / matrix.scales.len();
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() <= 0.500_1 * matrix.scales[i / inputs], "{i}");
    }
    let again = tempfile::tempdir().unwrap();
    let path = again.path().join("model.safetensors");
    int8.write_weights(StoredType::F32, &path, Existing::Refuse).unwrap();
    fs_err::write(again.path().join("config.json"), int8.config_json().unwrap()).unwrap();
    let floats = Checkpoint::open(again.path()).unwrap();
    assert!(!floats.weights().any_int8());
    assert_eq!(floats.weights().reader().read(weight).unwrap(), found);

    let texts = texts(&[2, 5]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let outputs = [Output::Head(Head::Sequence)];
    let expected = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
    let graph = Graph::build(&int8, &BuildParams::new().head(Head::Sequence)).unwrap();
    graph.write_onnx(StoredType::F32, &folder.path().join("model.onnx"), Existing::Refuse).unwrap();
    fs_err::remove_file(folder.path().join("model.safetensors")).unwrap();
    let found = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
    assert_eq!(found, expected);
}
