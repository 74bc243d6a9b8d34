//! The encoder against transformers' hidden states and against finite differences.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::Checkpoint;
use cloze_testkit::{assert_close, checkpoint, checkpoints};
use cloze_tune::encoder::{
    DropoutAt, LoraParams, Tape, Targets, TrainableEncoder, TrainableEncoderParams, Tuning,
};
use cloze_tune::random::uniform;
use cloze_tune::{Hidden, Id, Parameters, TrainingSequence};
use safetensors::SafeTensors;

#[derive(serde::Deserialize)]
struct Texts {
    texts: Vec<Text>,
    #[serde(default)]
    pairs: Vec<Pair>,
}

#[derive(serde::Deserialize)]
struct Text {
    ids: Vec<u32>,
}

#[derive(serde::Deserialize)]
struct Pair {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
}

/// The texts that transformers was shown, then the pairs.
fn sequences(folder: &Path) -> (Vec<TrainingSequence>, usize) {
    let texts: Texts =
        serde_json::from_slice(&fs_err::read(folder.join("texts.json")).unwrap()).unwrap();
    let count = texts.texts.len();
    let alone = texts.texts.into_iter().map(|t| TrainingSequence { ids: t.ids, types: vec![] });
    let pair = |p: Pair| TrainingSequence { ids: p.ids, types: p.type_ids };
    (alone.chain(texts.pairs.into_iter().map(pair)).collect(), count)
}

fn open(name: &str, params: TrainableEncoderParams) -> (TrainableEncoder, Parameters) {
    let mut parameters = Parameters::default();
    let checkpoint = Checkpoint::open(checkpoint(name)).unwrap();
    let params = params.check().unwrap();
    let encoder = TrainableEncoder::open(&checkpoint, &params, 3, &mut parameters).unwrap();
    (encoder, parameters)
}

fn full() -> TrainableEncoderParams {
    TrainableEncoderParams::default().tuning(Tuning::Full).embeddings(true)
}

#[test]
fn the_last_hidden_state_is_that_of_transformers() {
    for name in checkpoints() {
        let folder = checkpoint(&name);
        let bytes = fs_err::read(folder.join("expected.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let (encoder, parameters) = open(&name, full());
        let (sequences, texts) = sequences(&folder);
        let all: Vec<&TrainingSequence> = sequences.iter().collect();
        let hidden = encoder.forward(&parameters, &all, None, &mut Tape::default()).unwrap();
        let mut compared = 0;
        for i in 0..texts {
            let Ok(expected) = tensors.tensor(&format!("hidden.{i}")) else { continue };
            let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
            let numbers: Vec<f32> = expected.data().chunks_exact(4).map(number).collect();
            // `[layers + 1, length, hidden]`.
            let last = hidden.sequence(i);
            println!("{name}: text {i}");
            assert_close(last, &numbers[numbers.len() - last.len()..], 1e-5, 0.0);
            compared += 1;
        }
        assert!(compared > 0, "{name}");
    }
}

/// A few sequences of unlike lengths, with types where the family has them.
fn some(encoder: &TrainableEncoder, classes: u32) -> Vec<TrainingSequence> {
    let config = encoder.config();
    let sequence = |(i, len): (usize, usize)| {
        let id = |j: usize| u32::try_from((7 * i + 5 * j + 3) % config.vocabulary).unwrap();
        let types = u32::try_from(config.types.max(1)).unwrap() * classes;
        TrainingSequence {
            ids: (0..len).map(id).collect(),
            types: (0..u32::try_from(len).unwrap()).map(|j| j % types).collect(),
        }
    };
    [5, 1, 9, 3].into_iter().enumerate().map(sequence).collect()
}

/// A loss to be differentiated: each hidden number times a weight of its own.
struct Loss {
    encoder: TrainableEncoder,
    sequences: Vec<TrainingSequence>,
    weights: Vec<f32>,
    dropout: Option<DropoutAt>,
}

impl Loss {
    fn new(encoder: TrainableEncoder, classes: u32, dropout: Option<DropoutAt>) -> Self {
        let sequences = some(&encoder, classes);
        let tokens: usize = sequences.iter().map(TrainingSequence::len).sum();
        let weights = uniform(11, tokens * encoder.width(), 1.0);
        Self { encoder, sequences, weights, dropout }
    }

    fn value(&self, parameters: &Parameters, tape: &mut Tape) -> (f64, Hidden) {
        let all: Vec<&TrainingSequence> = self.sequences.iter().collect();
        let hidden = self.encoder.forward(parameters, &all, self.dropout, tape).unwrap();
        let terms = hidden.rows().iter().zip(&self.weights);
        (terms.map(|(h, w)| f64::from(*h) * f64::from(*w)).sum(), hidden)
    }

    fn gradients(&self, parameters: &mut Parameters, tape: &mut Tape) {
        let (_, hidden) = self.value(parameters, tape);
        let lengths = self.sequences.iter().map(TrainingSequence::len);
        let mut gradient = Hidden::zeros(hidden.width(), lengths);
        gradient.rows_mut().copy_from_slice(&self.weights);
        parameters.clear_gradients();
        self.encoder.backward(parameters, tape, &gradient);
    }
}

/// Slope of the loss along `direction` of one parameter, by central differences of fourth order.
fn slope(loss: &Loss, parameters: &Parameters, id: Id, direction: &[f32], step: f32) -> f64 {
    let at = |k: f32| {
        let mut moved = parameters.clone();
        let value = moved.get(id).value.iter().zip(direction).map(|(x, d)| x + k * step * d);
        let value = value.collect();
        for parameter in moved.list_mut() {
            if parameter.name == parameters.get(id).name {
                parameter.value = value;
                break;
            }
        }
        loss.value(&moved, &mut Tape::default()).0
    };
    let (near, far) = (at(1.0) - at(-1.0), at(2.0) - at(-2.0));
    (8.0 * near - far) / (12.0 * f64::from(step))
}

/// Every trained parameter: along three drawn directions of all its numbers, and along five single
/// ones.
fn check_gradients(loss: &Loss, mut parameters: Parameters) {
    let name = loss.encoder.config().architecture.clone();
    loss.gradients(&mut parameters, &mut Tape::default());
    for parameter in parameters.list().iter().filter(|p| p.is_trained()) {
        let id = parameters.find(&parameter.name).unwrap();
        let len = parameter.value.len();
        let signs = |seed| uniform(seed, len, 1.0).iter().map(|x| x.signum()).collect();
        let single = |i: usize| {
            let mut one = vec![0.0; len];
            one[i * (len - 1) / 4] = 1.0;
            one
        };
        let directions: Vec<Vec<f32>> = (0..3).map(signs).chain((0..5).map(single)).collect();
        let mut largest = 0.0_f64;
        for direction in directions {
            let norm = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
            let found = parameter.gradient.iter().zip(&direction);
            let found: f64 = found.map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
            // The sum of many f32 carries rounding of about 1e-5, which the step divides, and where
            // the loss bends much, as in small tables before a norm, a step must be short.
            let off = |step: f32| {
                let expected = slope(loss, &parameters, id, &direction, step / norm);
                let bound = 2e-3 * f64::from(norm) + 2e-3 * expected.abs();
                ((found - expected).abs() / bound, expected)
            };
            let tried = [0.02, 0.005, 0.002].map(off);
            let (off, expected) = tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            assert!(off < 1.0, "{name:?}, {}: {found} {expected}", parameter.name);
            largest = largest.max(expected.abs());
        }
        // A key's bias moves all of a token's scores alike, which no softmax sees.
        let idle = ["key.bias", "k_lin.bias", "attn.k.bias"]
            .iter()
            .any(|end| parameter.name.ends_with(end));
        assert!(idle || largest > 1e-3, "{name:?}, {}: no slope at all", parameter.name);
    }
}

const FAMILIES: [&str; 6] =
    ["bert", "roberta", "distilbert", "electra", "mpnet-token", "albert-token"];
/// Those whose gradients without dropout are torch's, which takes less time to see.
const BY_TORCH: [&str; 2] = ["mpnet-token", "albert-token"];

#[test]
fn every_gradient_is_the_slope_of_the_loss() {
    for name in FAMILIES {
        for dropout in [None, Some(DropoutAt { seed: 5, rate: 0.2 })] {
            if dropout.is_none() && BY_TORCH.contains(&name) {
                continue;
            }
            let (encoder, parameters) = open(name, full());
            check_gradients(&Loss::new(encoder, 1, dropout), parameters);
        }
    }
}

#[test]
fn every_gradient_of_adapters_and_casing_is_the_slope_of_the_loss() {
    let lora = LoraParams::default().rank(3).dropout(0.2);
    for targets in [Targets::query_value(), Targets::all_linear()] {
        for name in FAMILIES {
            // Where adapters are does not depend on the family.
            if targets == Targets::query_value() && BY_TORCH.contains(&name) {
                continue;
            }
            let tuning = Tuning::Lora(lora.clone().targets(targets.clone()));
            let params = TrainableEncoderParams::default().tuning(tuning).casing(Some(3));
            let (encoder, mut parameters) = open(name, params);
            for (i, parameter) in parameters.list_mut().iter_mut().enumerate() {
                if parameter.name.ends_with("lora_B.weight") {
                    parameter.value = uniform(i as u64, parameter.value.len(), 0.1);
                }
            }
            let dropout = Some(DropoutAt { seed: 5, rate: 0.2 });
            check_gradients(&Loss::new(encoder, 3, dropout), parameters);
        }
    }
}

/// `tests/data/make_gradients.py` says what is differentiated: relative positions of a hundred tokens and
/// layers that share their numbers.
#[test]
fn gradients_are_those_of_torch() {
    for name in ["mpnet", "albert"] {
        let path =
            format!("{}/tests/data/gradients-{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        let bytes = fs_err::read(path).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        let (encoder, mut parameters) = open(name, full());
        let (mut sequences, texts) = sequences(&checkpoint(name));
        sequences.truncate(texts);
        sequences.remove(texts - 2);
        let all: Vec<&TrainingSequence> = sequences.iter().collect();
        let mut tape = Tape::default();
        let hidden = encoder.forward(&parameters, &all, None, &mut tape).unwrap();
        let lengths = sequences.iter().map(TrainingSequence::len);
        let mut gradient = Hidden::zeros(hidden.width(), lengths);
        for (k, weight) in gradient.rows_mut().iter_mut().enumerate() {
            *weight = f32::from(u8::try_from(37 * k % 101).unwrap()) / 50.0 - 1.0;
        }
        encoder.backward(&mut parameters, &mut tape, &gradient);
        let trained = parameters.list().iter().filter(|p| p.is_trained());
        assert_eq!(trained.clone().count(), expected.len(), "{name}");
        for parameter in trained {
            let data = expected.tensor(&parameter.name).unwrap().data().to_vec();
            let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
            let expected: Vec<f32> = data.chunks_exact(4).map(number).collect();
            println!("{name}: {}", parameter.name);
            let largest = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            // A key's bias has no gradient, but that of rounding.
            let idle = ["k.bias", "key.bias"].iter().any(|end| parameter.name.ends_with(end));
            assert!(idle || largest > 0.01, "{name}, {}: {largest}", parameter.name);
            assert_close(&parameter.gradient, &expected, 1e-5 * largest.max(1.0), 0.0);
        }
    }
}

/// Biases of relative positions are no part of the layers: they are trained with the embeddings, and weight
/// decay leaves them alone. Adapters leave both as they are.
#[test]
fn relative_biases_are_trained_with_the_embeddings() {
    let name = "encoder.relative_attention_bias.weight";
    let lora = TrainableEncoderParams::default();
    for (params, trained) in [(full(), true), (full().embeddings(false), false), (lora, false)] {
        let (_, parameters) = open("mpnet", params);
        let biases = parameters.get(parameters.find(name).unwrap());
        assert_eq!((biases.is_trained(), biases.decays), (trained, false));
        assert_eq!(biases.shape, [32, 4]);
    }
}

/// Five layers of two groups are two layers' numbers, and as many adapters; the first three can stay as
/// they are, but not two of the three.
#[test]
fn layers_that_share_numbers_are_frozen_together() {
    let (encoder, parameters) = open("albert", TrainableEncoderParams::default());
    assert_eq!(encoder.modules().len(), 4);
    let names: Vec<&str> = parameters.list().iter().map(|p| p.name.as_str()).collect();
    let distinct: std::collections::HashSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    let refused = |frozen: usize| {
        let params = full().embeddings(false).frozen_layers(frozen).check().unwrap();
        let checkpoint = Checkpoint::open(checkpoint("albert")).unwrap();
        TrainableEncoder::open(&checkpoint, &params, 3, &mut Parameters::default()).err()
    };
    for (frozen, fits) in [(0, true), (1, false), (2, false), (3, true), (4, false), (5, true)] {
        match refused(frozen) {
            None => assert!(fits, "{frozen}"),
            Some(error) => {
                assert!(!fits && error.to_string().contains("share their numbers"), "{error}");
            }
        }
    }
}

#[test]
fn an_adapter_of_zero_changes_nothing() {
    for name in FAMILIES {
        let lora = LoraParams::default().targets(Targets::all_linear());
        let params = TrainableEncoderParams::default().tuning(Tuning::Lora(lora)).casing(Some(2));
        let (encoder, parameters) = open(name, params);
        let adapted = Loss::new(encoder, 1, None);
        let types = |t: &u32| 2 * t + 1;
        let casing = |s: &TrainingSequence| TrainingSequence {
            ids: s.ids.clone(),
            types: s.types.iter().map(types).collect(),
        };
        let sequences = adapted.sequences.iter().map(casing).collect();
        let adapted = Loss { sequences, ..adapted };
        let (encoder, plain) = open(name, full());
        let base = Loss::new(encoder, 1, None);
        let expected = base.value(&plain, &mut Tape::default()).1;
        assert_eq!(adapted.value(&parameters, &mut Tape::default()).1, expected, "{name}");
    }
}

/// A text's rows do not depend on the batch, nor the gradients on the number of threads.
#[test]
fn company_and_threads_do_not_matter() {
    let (encoder, parameters) = open("bert", full());
    let mut loss = Loss::new(encoder, 1, Some(DropoutAt { seed: 9, rate: 0.1 }));
    let more: Vec<TrainingSequence> = (0..40).flat_map(|_| loss.sequences.clone()).collect();
    loss.sequences = more;
    let tokens: usize = loss.sequences.iter().map(TrainingSequence::len).sum();
    loss.weights = uniform(4, tokens * loss.encoder.width(), 1.0);
    let run = |threads: usize| {
        let mut parameters = parameters.clone();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut tape = Tape::default();
        pool.install(|| loss.gradients(&mut parameters, &mut tape));
        // A tape that has been used gives the same.
        pool.install(|| loss.gradients(&mut parameters, &mut tape));
        let gradients = parameters.list().iter().flat_map(|p| p.gradient.clone());
        gradients.map(f32::to_bits).collect::<Vec<_>>()
    };
    assert!(run(1) == run(4));
    let together = {
        let all: Vec<&TrainingSequence> = loss.sequences.iter().collect();
        loss.encoder.forward(&parameters, &all, None, &mut Tape::default()).unwrap()
    };
    for (i, sequence) in loss.sequences.iter().enumerate().take(8) {
        let alone =
            loss.encoder.forward(&parameters, &[sequence], None, &mut Tape::default()).unwrap();
        assert_close(together.sequence(i), alone.rows(), 1e-6, 0.0);
    }
    // A tape that keeps nothing is no other.
    let all: Vec<&TrainingSequence> = loss.sequences.iter().collect();
    let one_way = loss.encoder.forward(&parameters, &all, None, &mut Tape::one_way()).unwrap();
    assert_eq!(one_way, together);
}

/// Nothing is computed for what stays: gradients of frozen layers are not there, those above are the
/// same as when all is trained.
#[test]
fn frozen_layers_have_no_gradients() {
    let (encoder, mut all) = open("bert", full());
    Loss::new(encoder, 1, None).gradients(&mut all, &mut Tape::default());
    let params = full().embeddings(false).frozen_layers(1);
    let (encoder, mut some) = open("bert", params);
    Loss::new(encoder, 1, None).gradients(&mut some, &mut Tape::default());
    let mut trained = 0;
    for (all, some) in all.list().iter().zip(some.list()) {
        assert_eq!(all.name, some.name);
        let above = some.name.contains("layer.1.");
        assert_eq!(some.is_trained(), above, "{}", some.name);
        if above {
            assert_eq!(all.gradient, some.gradient, "{}", some.name);
            trained += 1;
        }
    }
    assert_eq!(trained, 16);
}
