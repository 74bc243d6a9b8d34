//! Weights in 8 bits: what is multiplied, worked out here in whole numbers; and that a text's result
//! depends on nothing but the text.
use std::path::Path;

use cloze_checkpoint::quantize::{ActivationCalibration, Observed, QuantizeParams, quantize};
use cloze_checkpoint::weights::{Int8Matrix, StoredType};
use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_encoder::observe::{self, Observer};
use cloze_encoder::{Encoder, EncoderParams, Output};
use cloze_graph::construct::{BuildParams, Graph, Inside, adds_in_16_bits};
use cloze_store::Existing;
use cloze_testkit::{Random, assert_close, checkpoint, checkpoint_copy, texts};
use tempfile::TempDir;

pub(super) fn open(folder: &Path, outputs: &[Output], params: EncoderParams) -> Encoder {
    let model = ModelFolder::open(folder).unwrap();
    Encoder::open_for(&super::runtime(), &model, outputs, params).unwrap()
}

/// Every result of each text's one window.
pub(super) fn rows(encoder: &Encoder, texts: &[&str]) -> Vec<Vec<Vec<f32>>> {
    let all = |window: &cloze_encoder::WindowStates<'_>| {
        (0..).map_while(|i| window.get(i).map(<[f32]>::to_vec)).collect()
    };
    let found = encoder.map_windows(texts, all).unwrap();
    found.into_iter().flat_map(|text| text.windows).collect()
}

/// The folder's weights and settings in 8 bits, beside its tokenizer.
pub(super) fn quantized(from: &Path, calibration: Option<ActivationCalibration<'_>>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let weights = Checkpoint::open(from).unwrap();
    let path = folder.path().join("model.safetensors");
    let params = QuantizeParams { calibration, embeddings: false };
    let config = quantize(&weights, params, &path, Existing::Refuse).unwrap();
    fs_err::write(folder.path().join("config.json"), config).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        if from.join(name).is_file() {
            fs_err::copy(from.join(name), folder.path().join(name)).unwrap();
        }
    }
    folder
}

pub(super) fn observed(folder: &Path, texts: &[&str]) -> Vec<Observed> {
    let model = ModelFolder::open(folder).unwrap();
    let observer = Observer::open(&super::runtime(), &model, EncoderParams::new()).unwrap();
    let mut seen = observer.nothing();
    observer.observe(texts).unwrap().iter().for_each(|text| observe::merge(&mut seen, text));
    seen
}

pub(super) fn texts(words: &[usize]) -> Vec<String> {
    let mut random = Random::new(4);
    words.iter().map(|&words| texts::prose(&mut random, words)).collect()
}

/// Without a calibration, with one, and with one that fixes scales.
pub(super) fn ways(seen: &[Observed]) -> [Option<ActivationCalibration<'_>>; 3] {
    let with = |fixed| Some(ActivationCalibration { observed: seen, fixed });
    [None, with(false), with(true)]
}

/// The matrix as it is multiplied: where products are added in 16 bits, in 7 bits, half of each number, of which those
/// between two whole ones go down and up in turns in each row.
fn as_run(mut matrix: Int8Matrix) -> Int8Matrix {
    if adds_in_16_bits() {
        let inputs = matrix.numbers.len() / matrix.scales.len();
        for row in matrix.numbers.chunks_exact_mut(inputs) {
            let mut turns = [f32::floor, f32::ceil].into_iter().cycle();
            for number in row {
                let half = f32::from(*number) / 2.0;
                let half = if half.fract() == 0.0 { half } else { turns.next().unwrap()(half) };
                #[expect(clippy::cast_possible_truncation, reason = "-64 to 64")]
                let half = half as i8;
                *number = half;
            }
        }
        matrix.scales.iter_mut().for_each(|scale| *scale *= 2.0);
    }
    matrix
}

/// `row · matrixᵀ` in whole numbers of 0 to 255: `x / scale + zero` rounded to the nearest, to the even
/// one of two as near. No number of the row is below −`floor`, if there is one.
fn product(row: &[f32], matrix: &Int8Matrix, floor: Option<f32>) -> Vec<f64> {
    let one = vec![1.0; row.len()];
    let factors = matrix.factors.as_ref().unwrap_or(&one);
    let row: Vec<f32> = row.iter().zip(factors).map(|(x, factor)| x * factor).collect();
    let most = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    // The scale, and what stands for 0, as `construct::int8` says.
    let (scale, zero) = match (matrix.input, floor) {
        (None, None) => (most * (1.0 / 127.0), 128.0),
        (None, Some(0.0)) => (most * (1.0 / 255.0), 0.0),
        (None, Some(floor)) => ((most * (1.0 / 215.0)).max(floor / 40.0), 40.0),
        (Some(scale), None) => (scale, 128.0),
        (Some(scale), Some(floor)) => {
            let scale = (scale * 127.0 + floor) / 255.0;
            (scale, (floor / scale).round())
        }
    };
    let scale = scale.max(1e-30);
    let whole = |x: &f32| ((x / scale).round_ties_even() + zero).clamp(0.0, 255.0) - zero;
    let numbers: Vec<f64> = row.iter().map(|x| f64::from(whole(x))).collect();
    let of_output = |(weights, &row_scale): (&[i8], &f32)| {
        let sum: f64 = weights.iter().zip(&numbers).map(|(&w, x)| f64::from(w) * x).sum();
        sum * f64::from(scale) * f64::from(row_scale)
    };
    matrix.numbers.chunks_exact(row.len()).zip(&matrix.scales).map(of_output).collect()
}

/// A layer norm.
fn norm(x: &[f64], weight: &[f32], bias: &[f32], epsilon: f64) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let scaled = x.iter().map(|x| (x - mean) / (variance + epsilon).sqrt());
    #[expect(clippy::cast_possible_truncation, reason = "to compare with f32")]
    scaled.zip(weight).zip(bias).map(|((x, &w), &b)| (x as f32) * w + b).collect()
}

/// The feed-forward part, matrix by matrix: what it takes times the first, with a bias and an activation
/// (`ReLU`; GELU's second matrix alone); that times the second, with a bias, what it takes and a norm.
#[test]
fn products_are_those_of_whole_numbers() {
    let texts = texts(&[1, 3, 5]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (activation, floor) in [("relu", 0.0), ("gelu", 0.1701_f32)] {
        let copy = checkpoint_copy("bert");
        let path = copy.path().join("config.json");
        let config = fs_err::read_to_string(&path).unwrap();
        let changed = config
            .replace("\"hidden_act\": \"gelu\"", &format!("\"hidden_act\": \"{activation}\""));
        assert_eq!(changed == config, activation == "gelu");
        fs_err::write(&path, changed).unwrap();
        let seen = observed(copy.path(), &texts[..2]);
        for calibration in ways(&seen) {
            let folder = quantized(copy.path(), calibration);
            let weights = Checkpoint::open(folder.path()).unwrap();
            let layer = &weights.layout().layers[0];
            let epsilon = f64::from(weights.config().norm_epsilon);
            let int8 =
                |name: &str| as_run(weights.weights().reader().read_int8(name, false).unwrap());
            let read = |name: &str| weights.weights().reader().read(name).unwrap();
            let [up, down] = [int8(&layer.up.weight), int8(&layer.down.weight)];
            assert_eq!(up.factors.is_some(), calibration.is_some());
            assert_eq!(down.factors, None);
            assert_eq!(up.input.is_some(), calibration.is_some_and(|c| c.fixed));
            let [up_bias, down_bias] = [read(&layer.up.bias), read(&layer.down.bias)];
            let [weight, shift] = [read(&layer.output_norm.weight), read(&layer.output_norm.bias)];
            let inside = |part| Output::Inside(1, part);
            let outputs = [inside(Inside::Attended), inside(Inside::Active), Output::Hidden(1)];
            let encoder = open(folder.path(), &outputs, EncoderParams::new());
            let mut rows_seen = 0;
            for result in rows(&encoder, &texts) {
                let (narrow, wide) = (layer.up.inputs, layer.up.outputs);
                let [attended, active, hidden] = [&result[0], &result[1], &result[2]];
                let attended = attended.chunks(narrow);
                let both = attended.zip(active.chunks(wide)).zip(hidden.chunks(narrow));
                for ((attended, active), hidden) in both {
                    rows_seen += 1;
                    if activation == "relu" {
                        let sums = product(attended, &up, None);
                        #[expect(clippy::cast_possible_truncation, reason = "to compare with f32")]
                        let expected: Vec<f32> = sums
                            .iter()
                            .zip(&up_bias)
                            .map(|(s, b)| (*s as f32 + b).max(0.0))
                            .collect();
                        assert_close(active, &expected, 1e-5, 0.0);
                    }
                    let sums = product(active, &down, Some(floor)).into_iter().zip(&down_bias);
                    let sums =
                        sums.zip(attended).map(|((s, &b), &x)| s + f64::from(b) + f64::from(x));
                    let expected = norm(&sums.collect::<Vec<_>>(), &weight, &shift, epsilon);
                    assert_close(hidden, &expected, 2e-5, 0.0);
                }
            }
            assert!(rows_seen >= 15, "{rows_seen}");
        }
    }
}

/// Every family and head, by rows and with fixed scales: close to floats, and not the same.
#[test]
fn results_are_near_those_of_floats() {
    let texts = texts(&[1, 2, 6, 4]);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for name in [
        "bert-token",
        "roberta-sequence",
        "distilbert",
        "electra-mlm",
        "mpnet",
        "mpnet-sequence",
        "albert",
        "albert-token",
    ] {
        let from = checkpoint(name);
        let last = Output::Hidden(Checkpoint::open(&from).unwrap().config().layers);
        let expected = rows(&open(&from, &[last], EncoderParams::new()), &texts);
        let seen = observed(&from, &texts);
        // With a bit less, a step is twice as large.
        let far = if adds_in_16_bits() { 0.5 } else { 0.25 };
        for calibration in ways(&seen) {
            let folder = quantized(&from, calibration);
            let found = rows(&open(folder.path(), &[last], EncoderParams::new()), &texts);
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(&found[0], &expected[0], far, 0.0);
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
    let outputs = [Output::Hidden(6), Output::First(6), Output::Hidden(6)];
    for (calibration, output) in ways(&seen).into_iter().zip(outputs) {
        let folder = quantized(&minilm, calibration);
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
    let matrix = int8.weights().reader().read_int8(weight, false).unwrap();
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
    let request = BuildParams::new().head(Head::Sequence).seven_bits(adds_in_16_bits());
    let graph = Graph::build(&int8, &request).unwrap();
    graph.write_onnx(StoredType::F32, &folder.path().join("model.onnx"), Existing::Refuse).unwrap();
    fs_err::remove_file(folder.path().join("model.safetensors")).unwrap();
    let found = rows(&open(folder.path(), &outputs, EncoderParams::new()), &texts);
    // ONNX Runtime puts nodes of a file together, which changes the last bits.
    for (found, expected) in found.iter().zip(&expected) {
        assert_close(&found[0], &expected[0], 1e-5, 0.0);
    }
}
