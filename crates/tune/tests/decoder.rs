//! The trained decoder against ONNX Runtime's logits, torch's gradients and finite differences.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::decoder::DecoderCheckpoint;
use cloze_core::Cancel;
use cloze_encoder::decoder::{Asked, Decoder, DecoderParams};
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_testkit::assert_close;
use cloze_tune::decoder::{
    CausalExample, CausalLearner, DecoderTape, Drawn, TrainableDecoder, initial_tensors, pack,
};
use cloze_tune::encoder::{DropoutAt, LoraParams, Targets, TrainableEncoderParams, Tuning};
use cloze_tune::random::uniform;
use cloze_tune::training::{Event, StateFile, TrainingParams, ValidationScore, Watch};
use cloze_tune::{Parameters, TuneError};
use safetensors::SafeTensors;

const NAMES: [&str; 7] =
    ["gpt2", "gpt2-untied", "llama", "llama-tied", "mistral", "qwen2", "qwen3"];

#[derive(serde::Deserialize)]
struct Case {
    ids: Vec<u32>,
    greedy: Vec<u32>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders").join(name)
}

/// Prompts with the first 40 tokens behind each.
fn texts(name: &str) -> Vec<Vec<u32>> {
    let cases: Vec<Case> =
        serde_json::from_slice(&fs_err::read(folder(name).join("expected.json")).unwrap()).unwrap();
    cases.into_iter().map(|case| [&case.ids[..], &case.greedy[..40]].concat()).collect()
}

fn checkpoint(name: &str) -> DecoderCheckpoint {
    DecoderCheckpoint::of(ModelFolder::open(folder(name)).unwrap().sources()).unwrap()
}

fn full() -> TrainableEncoderParams {
    TrainableEncoderParams::default().tuning(Tuning::Full).embeddings(true)
}

fn lora() -> TrainableEncoderParams {
    let lora = LoraParams::default().rank(3).dropout(0.2).targets(Targets::all_linear());
    TrainableEncoderParams::default().tuning(Tuning::Lora(lora))
}

fn open(name: &str, params: TrainableEncoderParams) -> (TrainableDecoder, Parameters) {
    let mut parameters = Parameters::default();
    let params = params.check().unwrap();
    let decoder = TrainableDecoder::open(&checkpoint(name), &params, 3, &mut parameters).unwrap();
    (decoder, parameters)
}

fn slices(texts: &[Vec<u32>]) -> Vec<&[u32]> {
    texts.iter().map(Vec::as_slice).collect()
}

#[test]
fn logits_are_those_of_the_graph() {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    for name in NAMES {
        let model = ModelFolder::open(folder(name)).unwrap();
        let params = DecoderParams::new().threads(Some(1));
        let graph = Decoder::open(&runtime, &model, params).unwrap();
        let (decoder, parameters) = open(name, full());
        for ids in texts(name) {
            let mut expected = vec![];
            let mut cache = graph.cache(1, ids.len()).unwrap();
            cache.append(&[&ids], Asked::All, &mut |_, _, row| expected.extend(row)).unwrap();
            let found = decoder.logits(&parameters, &ids).unwrap();
            println!("{name}");
            assert_close(&found, &expected, 1e-4, 1e-5);
        }
    }
}

/// As transformers has them in 64 bits (`make_decoder_gradients.py`).
#[test]
fn losses_and_gradients_are_those_of_torch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gradients-decoders.safetensors");
    let bytes = fs_err::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let single = |name: &str| {
        let data = tensors.tensor(name).unwrap().data();
        f32::from_le_bytes(data.try_into().unwrap())
    };
    for name in ["gpt2", "llama-tied", "mistral", "qwen2", "qwen3"] {
        let (decoder, mut parameters) = open(name, full());
        let texts = texts(name);
        let texts = &slices(&texts)[1..3];
        let mut tape = DecoderTape::default();
        let loss = decoder.accumulate(&mut parameters, texts, 1.0, None, &mut tape).unwrap();
        let expected = f64::from(single(&format!("{name}/loss")));
        assert!((loss - expected).abs() < 2e-6 * expected, "{name}: {loss}, expected {expected}");
        for parameter in parameters.list() {
            let key = format!("{name}/{}", parameter.name);
            let expected = tensors.tensor(&key).unwrap();
            let largest = single(&format!("{key}/largest"));
            let number = |b: &[u8]| half_to_f32(u16::from_le_bytes(b.try_into().unwrap()));
            let mut expected: Vec<f32> = expected.data().chunks_exact(2).map(number).collect();
            if name == "gpt2" && parameter.name.contains(".h.") && parameter.shape.len() == 2 {
                // Stored as [inputs, outputs].
                expected = turn(&expected, parameter.shape[0]);
            }
            let mut found: Vec<f32> = parameter.gradient.iter().map(|g| g / largest).collect();
            if parameter.name.ends_with("embed_tokens.weight") {
                // torch gives the padding token's embedding no gradient of its own; here that token also
                // begins and ends texts.
                let width = parameter.shape[1];
                found[..width].copy_from_slice(&expected[..width]);
            }
            println!("{key}: up to {largest}");
            // Without rounding of 16 bits, 2⁻¹¹ of each: of all 32 bits of the numbers. A key's bias has no
            // gradient, but that of rounding.
            let idle = parameter.name.ends_with("k_proj.bias") && largest < 1e-6;
            assert!(idle || largest > 0.01, "{key}: {largest}");
            if !idle {
                assert_close(&found, &expected, 3e-5, 6e-4);
            }
        }
    }
}

/// `[cols, rows]` of `[rows, cols]`.
fn turn(matrix: &[f32], cols: usize) -> Vec<f32> {
    let column = |col: usize| matrix.iter().skip(col).step_by(cols).copied();
    (0..cols).flat_map(column).collect()
}

/// A number of 16 bits.
fn half_to_f32(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 31), f32::from(bits & 1023) / 1024.0);
    let value = if exponent == 0 {
        fraction * 2_f32.powi(-14)
    } else {
        (1.0 + fraction) * 2_f32.powi(exponent - 15)
    };
    sign * value
}

/// The loss rises along each parameter's gradient as the gradient's length says, and along a drawn
/// direction as both together say; dropout, adapters and texts of several groups included.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "compared in f32")]
fn gradients_are_what_the_loss_rises_by() {
    const STEP: f64 = 1.0 / 256.0;
    for name in NAMES {
        // A corner of relu lies within many steps.
        let share = if name == "gpt2-untied" { 0.1 } else { 0.01 };
        for params in [full(), lora(), full().frozen_layers(1).embeddings(false)] {
            let (decoder, mut parameters) = open(name, params);
            for (i, parameter) in parameters.list_mut().iter_mut().enumerate() {
                if parameter.name.contains("lora_B") {
                    parameter.value = uniform(i as u64, parameter.value.len(), 0.1);
                }
            }
            let texts = texts(name);
            let texts: Vec<&[u32]> = texts[1..3].iter().map(|text| &text[..13]).collect();
            let dropout = Some(DropoutAt { seed: 7, rate: 0.1 });
            let mut tape = DecoderTape::default();
            let scale = 1.0 / 64.0;
            let mut loss = |parameters: &mut Parameters| {
                let loss = decoder.accumulate(parameters, &texts, scale, dropout, &mut tape);
                loss.unwrap() * f64::from(scale)
            };
            loss(&mut parameters);
            let expected: Vec<_> = parameters.list().to_vec();
            let mut trained = 0;
            for (i, parameter) in expected.iter().enumerate().filter(|(_, p)| p.is_trained()) {
                trained += 1;
                let length =
                    |xs: &[f32]| xs.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                let norm = length(&parameter.gradient);
                if parameter.name.ends_with("k_proj.bias") && norm < 1e-5 {
                    continue;
                }
                assert!(norm > 1e-5, "{name} {}: {norm}", parameter.name);
                let drawn = uniform(i as u64, parameter.value.len(), 1.0);
                let drawn_length = length(&drawn);
                let direction: Vec<f64> = parameter
                    .gradient
                    .iter()
                    .zip(&drawn)
                    .map(|(&g, &d)| f64::from(g) / norm + 0.3 * f64::from(d) / drawn_length)
                    .collect();
                let along: f64 =
                    direction.iter().zip(&parameter.gradient).map(|(d, &g)| d * f64::from(g)).sum();
                let mut moved = |by: f64| {
                    let values = &mut parameters.list_mut()[i].value;
                    for ((x, before), d) in values.iter_mut().zip(&parameter.value).zip(&direction)
                    {
                        *x = (f64::from(*before) + by * d) as f32;
                    }
                    let loss = loss(&mut parameters);
                    parameters.list_mut()[i].value.clone_from(&parameter.value);
                    loss
                };
                let near = moved(STEP) - moved(-STEP);
                let far = moved(2.0 * STEP) - moved(-2.0 * STEP);
                let rise = (8.0 * near - far) / (12.0 * STEP);
                let off = (rise - along).abs();
                println!("{name} {}: {along:.5} {rise:.5}", parameter.name);
                assert!(off < share * along + 3e-3, "{name} {}: {along} {rise}", parameter.name);
            }
            assert!(trained > 4, "{name}");
        }
    }
}

/// A text sees neither those before it in a row nor those behind it, and gets the same loss in any batch.
#[test]
fn texts_of_a_row_do_not_see_each_other() {
    for name in ["gpt2", "mistral", "qwen3"] {
        let (decoder, mut parameters) = open(name, full());
        let texts = texts(name);
        let mut tape = DecoderTape::one_way();
        let mut logits = |text: &[u32]| decoder.loss(&parameters, &[text], &mut tape).unwrap();
        let alone: Vec<f64> = texts.iter().map(|text| logits(text)).collect();
        let whole = decoder.loss(&parameters, &slices(&texts), &mut tape).unwrap();
        let sum: f64 = alone.iter().sum();
        assert!((whole - sum).abs() < 1e-9 * sum, "{name}: {whole}, alone {sum}");
        // Nor does a token see those behind it.
        let ids = &texts[1];
        let all = decoder.logits(&parameters, ids).unwrap();
        let first = decoder.logits(&parameters, &ids[..9]).unwrap();
        let bits = |xs: &[f32]| xs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&all[..first.len()]), bits(&first), "{name}");
        // The gradient of a batch is that of its texts, one after another.
        let mut tape = DecoderTape::default();
        let texts = slices(&texts);
        decoder.accumulate(&mut parameters, &texts, 1.0, None, &mut tape).unwrap();
        let together: Vec<_> = parameters.list().iter().map(|p| p.gradient.clone()).collect();
        parameters.clear_gradients();
        for text in texts {
            decoder.accumulate(&mut parameters, &[text], 1.0, None, &mut tape).unwrap();
        }
        for (parameter, together) in parameters.list().iter().zip(&together) {
            let largest = together.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            assert_close(&parameter.gradient, together, 1e-5 * largest, 1e-5);
        }
    }
}

/// Saved tensors are those that were read, as they were stored; an adapter that was not trained changes nothing, and
/// one that was is merged.
#[test]
fn tensors_are_saved_as_they_were_stored() {
    for name in NAMES {
        let checkpoint = checkpoint(name);
        for params in [full(), lora()] {
            let (decoder, mut parameters) = open(name, params);
            let tensors = decoder.tensors(&parameters);
            assert_eq!(tensors.len(), checkpoint.weights().names().count(), "{name}");
            let mut reader = checkpoint.weights().reader();
            for (tensor, shape, value) in tensors {
                assert_eq!(checkpoint.weights().shape(&tensor), Some(&shape[..]), "{name}");
                assert_eq!(reader.read(&tensor).unwrap(), value, "{name} {tensor}");
            }
            if decoder.modules().is_empty() {
                continue;
            }
            let before = decoder.logits(&parameters, &[1, 2, 3]).unwrap();
            let b = parameters.list_mut().iter_mut().filter(|p| p.name.contains("lora_B"));
            b.for_each(|p| p.value = uniform(5, p.value.len(), 0.2));
            let adapted = decoder.logits(&parameters, &[1, 2, 3]).unwrap();
            assert!(before.iter().zip(&adapted).any(|(a, b)| (a - b).abs() > 0.01), "{name}");
            let (merged, mut plain) = open(name, full());
            for (tensor, shape, value) in decoder.tensors(&parameters) {
                // GPT-2's layers store [inputs, outputs].
                let turned = name.starts_with("gpt2") && tensor.contains(".h.") && shape.len() == 2;
                let value = if turned { turn(&value, shape[1]) } else { value };
                plain.list_mut().iter_mut().find(|p| p.name == tensor).unwrap().value = value;
            }
            let found = merged.logits(&plain, &[1, 2, 3]).unwrap();
            assert_close(&found, &adapted, 2e-4, 1e-4);
        }
    }
}

#[test]
fn texts_that_do_not_fit_are_named() {
    let (decoder, parameters) = open("llama", full());
    let mut tape = DecoderTape::one_way();
    let long = vec![1; 98];
    let cases: [(&[u32], &str); 4] = [
        (&[1], "expected 2 to 97 tokens, found 1"),
        (&[], "expected 2 to 97 tokens, found 0"),
        (&long, "expected 2 to 97 tokens, found 98"),
        (&[1, 320], "token id 320; the vocabulary has 320 tokens"),
    ];
    for (text, expected) in cases {
        let error = decoder.loss(&parameters, &[&[1, 2], text], &mut tape).unwrap_err();
        assert_eq!(error.to_string(), format!("sequence 1 of the batch: {expected}"));
    }
    let refused = |params: TrainableEncoderParams| {
        let params = params.check().unwrap();
        let opened =
            TrainableDecoder::open(&checkpoint("llama"), &params, 0, &mut Parameters::default());
        opened.unwrap_err().to_string()
    };
    assert!(refused(full().tuning(Tuning::Head)).starts_with("tune is head"));
    assert!(refused(full().casing(Some(4))).starts_with("casing is on"));
    assert!(refused(full().frozen_layers(3)).contains("at most the 2 there are"));
}

/// Matrices have about the deviation that was asked for, those that a layer adds half of it with two
/// layers (1 / √4), norms are 1 and biases 0; all tensors of the checkpoint are there.
#[test]
fn a_new_decoder_is_drawn() {
    for name in NAMES {
        let checkpoint = checkpoint(name);
        let tensors = initial_tensors(checkpoint.config(), Drawn { seed: 1, spread: 0.02 });
        let names: Vec<&str> = tensors.iter().map(|(name, ..)| name.as_str()).collect();
        for (tensor, shape, value) in &tensors {
            assert_eq!(checkpoint.weights().shape(tensor), Some(&shape[..]), "{name} {tensor}");
            if shape.len() == 1 {
                let expected = if tensor.ends_with("bias") { 0.0 } else { 1.0 };
                assert!(value.iter().all(|x| x.to_bits() == f32::to_bits(expected)), "{tensor}");
                continue;
            }
            let squares: f64 = value.iter().map(|x| f64::from(*x).powi(2)).sum();
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let spread = (squares / value.len() as f64).sqrt();
            let added = ["o_proj.weight", "c_proj.weight", "down_proj.weight"];
            let expected = if added.iter().any(|end| tensor.ends_with(end)) { 0.01 } else { 0.02 };
            assert!((spread / expected - 1.0).abs() < 0.1, "{name} {tensor}: {spread}");
        }
        for stored in checkpoint.weights().names() {
            assert!(names.contains(&stored), "{name}: no {stored}");
        }
    }
}

/// Stopped after 3 of 7 steps and gone on: the same losses and numbers, bit for bit, dropout and
/// all; and the loss falls.
#[test]
fn a_stopped_training_goes_on_with_the_same_numbers() {
    let texts = texts("llama");
    let rows = pack(&texts, 24);
    assert!(rows.len() > 6);
    let train = |state: Option<&Path>, stop_at: u64| {
        let (decoder, parameters) = open("llama", full());
        let mut learner = CausalLearner::new(decoder, parameters);
        let params = TrainingParams::new().epochs(2).max_steps(Some(7)).batch(2).part_tokens(30);
        let params = params.learning_rate(1e-2).dropout(0.1).seed(5).judge_every(Some(2));
        let (stop, mut losses) = (Cancel::new(), vec![]);
        let mut observe = |event: &Event| {
            if let Event::Step { step, loss, .. } = event {
                losses.push((*step, loss.to_bits()));
                if *step == stop_at {
                    stop.cancel();
                }
            }
            Ok(())
        };
        let mut evaluate = |learner: &mut CausalLearner| {
            let mut tape = DecoderTape::one_way();
            let loss = learner.decoder.loss(&learner.parameters, &slices(&texts), &mut tape)?;
            Ok(ValidationScore { metric: -loss, loss: Some(loss) })
        };
        let state = state.map(|path| StateFile { path, fingerprint: "x", resume: path.exists() });
        let watch =
            Watch { evaluate: Some(&mut evaluate), observe: &mut observe, stop: &stop, state };
        let outcome = params.check().unwrap().train(&mut learner, &rows, watch).unwrap();
        let bits = |p: &cloze_tune::Parameter| p.value.iter().map(|x| x.to_bits()).collect();
        let numbers: Vec<Vec<u32>> = learner.parameters.list().iter().map(bits).collect();
        (losses, numbers, outcome.history)
    };
    let whole = train(None, 0);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.safetensors");
    let first = train(Some(&state), 3);
    assert_eq!(first.0.len(), 3);
    let second = train(Some(&state), 0);
    assert_eq!([first.0, second.0].concat(), whole.0);
    assert_eq!(second.1, whole.1);
    assert_eq!(second.2, whole.2);
    let loss = |i: usize| whole.2[i].score.loss.unwrap();
    assert!(loss(whole.2.len() - 1) < 0.98 * loss(0), "{:?}", whole.2);
}

/// Weights that are no numbers are seen as such at the first step.
#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let (decoder, mut parameters) = open("qwen2", full());
    parameters.list_mut()[0].value.fill(f32::NAN);
    let mut learner = CausalLearner::new(decoder, parameters);
    let rows: Vec<CausalExample> = pack(&texts("qwen2"), 24);
    let stop = Cancel::new();
    let mut observe = |_: &Event| Ok(());
    let watch = Watch { evaluate: None, observe: &mut observe, stop: &stop, state: None };
    let params = TrainingParams::new().check().unwrap();
    match params.train(&mut learner, &rows, watch) {
        Err(TuneError::NotFinite { step: 1, what: "the loss", found }) => assert!(found.is_nan()),
        other => panic!("{other:?}"),
    }
}
