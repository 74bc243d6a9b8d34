//! A trained encoder with adapters beside its matrices, and what ONNX Runtime gives for the adapters
//! as they are saved: `graph` adds them to the matrices of the base.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::adapter::{Adapter, AdapterModule};
use cloze_checkpoint::weights::StoredType;
use cloze_checkpoint::{Checkpoint, ModelFolder, adapter};
use cloze_encoder::{Output, Runtime, RuntimeParams, Sequence};
use cloze_store::Existing;
use cloze_testkit::{assert_close, checkpoint};
use cloze_tune::encoder::{
    LoraParams, Tape, Targets, TrainableEncoder, TrainableEncoderParams, Tuning,
};
use cloze_tune::random::uniform;
use cloze_tune::training::{AdamMoments, AdamW};
use cloze_tune::{Hidden, Parameters, TrainingSequence};

const RANK: usize = 3;

/// Sequences of unlike lengths; the last is one token.
fn sequences(vocabulary: usize) -> Vec<TrainingSequence> {
    let id = |i: usize, j: usize| u32::try_from((7 * i + 5 * j + 3) % vocabulary).unwrap();
    let ids = |(i, len): (usize, usize)| (0..len).map(|j| id(i, j)).collect();
    let ids = [9, 4, 12, 1].into_iter().enumerate().map(ids);
    ids.map(|ids| TrainingSequence { ids, types: vec![] }).collect()
}

fn forward(
    encoder: &TrainableEncoder,
    parameters: &Parameters,
    sequences: &[TrainingSequence],
) -> Hidden {
    let all: Vec<&TrainingSequence> = sequences.iter().collect();
    encoder.forward(parameters, &all, None, &mut Tape::default()).unwrap()
}

/// Some steps towards less of a number that weighs all of the hidden state.
fn train(encoder: &TrainableEncoder, parameters: &mut Parameters, sequences: &[TrainingSequence]) {
    let all: Vec<&TrainingSequence> = sequences.iter().collect();
    let (mut tape, mut moments) = (Tape::default(), AdamMoments::new(parameters));
    for _ in 0..5 {
        let hidden = encoder.forward(parameters, &all, None, &mut tape).unwrap();
        let mut gradient =
            Hidden::zeros(hidden.width(), sequences.iter().map(TrainingSequence::len));
        let weights = uniform(5, gradient.rows().len(), 1.0);
        gradient.rows_mut().copy_from_slice(&weights);
        encoder.backward(parameters, &mut tape, &gradient);
        AdamW::default().step(parameters, &mut moments, 1.0, |_| 0.02);
    }
}

/// Saves the adapters of the encoder over the base.
fn save(
    folder: &Path,
    base: &Path,
    encoder: &TrainableEncoder,
    parameters: &Parameters,
    lora: &LoraParams,
) {
    let module = |module: &cloze_tune::encoder::LoraModule| {
        let (a, b) = (parameters.get(module.a), parameters.get(module.b));
        AdapterModule {
            name: module.name.clone(),
            a: a.value.clone(),
            b: b.value.clone(),
            inputs: a.shape[1],
            outputs: b.shape[0],
            magnitude: None,
        }
    };
    let adapter = Adapter {
        rank: lora.rank,
        alpha: lora.alpha,
        rslora: lora.rslora,
        dropout: 0.0,
        target_modules: vec![],
        modules: encoder.modules().iter().map(module).collect(),
        saved: vec![],
        base_model_name_or_path: base.display().to_string(),
        task_type: None,
    };
    adapter::write(folder, &adapter, StoredType::F32, Existing::Refuse).unwrap();
}

#[test]
fn merged_adapters_give_the_hidden_states_that_were_trained() {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    for (family, rslora) in [
        ("bert", false),
        ("roberta", true),
        ("distilbert", false),
        ("electra", true),
        ("mpnet", false),
        ("albert", true),
    ] {
        let base = checkpoint(family);
        let lora = LoraParams::default()
            .rank(RANK)
            .alpha(5.0)
            .rslora(rslora)
            .targets(Targets::all_linear());
        let params = TrainableEncoderParams::default().tuning(Tuning::Lora(lora.clone()));
        let opened = Checkpoint::open(&base).unwrap();
        let mut parameters = Parameters::default();
        let encoder =
            TrainableEncoder::open(&opened, &params.check().unwrap(), 3, &mut parameters).unwrap();
        let sequences = sequences(encoder.config().vocabulary);
        let before = forward(&encoder, &parameters, &sequences);
        train(&encoder, &mut parameters, &sequences);
        let trained = forward(&encoder, &parameters, &sequences);

        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("adapter");
        save(&folder, &base, &encoder, &parameters, &lora);
        let model = ModelFolder::open(&folder).unwrap();
        let output = Output::Hidden(encoder.config().layers);
        let merged = cloze_encoder::Encoder::open_for(
            &runtime,
            &model,
            &[output],
            cloze_encoder::EncoderParams::new(),
        );
        let pieces = |sequence: &TrainingSequence| Sequence {
            ids: sequence.ids.clone(),
            types: vec![0; sequence.ids.len()],
            ..Sequence::default()
        };
        let pieces: Vec<Sequence> = sequences.iter().map(pieces).collect();
        let found = merged.unwrap().map_sequences(&pieces, |window| window.rows(0).to_vec());
        let mut moved = 0.0_f32;
        for (i, found) in found.unwrap().iter().enumerate() {
            println!("{family}: sequence {i}");
            assert_close(found, trained.sequence(i), 1e-5, 0.0);
            let off =
                trained.sequence(i).iter().zip(before.sequence(i)).map(|(a, b)| (a - b).abs());
            moved = off.fold(moved, f32::max);
        }
        // As far as a thousand times what they may differ.
        assert!(moved > 1e-2, "{family}: training moved the states by {moved} alone");
    }
}
