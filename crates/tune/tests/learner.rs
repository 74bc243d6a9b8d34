//! An encoder and a task in the training loop.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::Checkpoint;
use cloze_core::Cancel;
use cloze_testkit::checkpoint;
use cloze_tune::encoder::{DropoutAt, TrainableEncoder, TrainableEncoderParams};
use cloze_tune::task::Task;
use cloze_tune::training::{EndReason, Event, StateFile, TaskLearner, TrainingParams, Watch};
use cloze_tune::{Hidden, Id, Parameters, TrainingSequence, TuneError};

/// A number for each text: half the squared error of a weighted first hidden state.
struct Regression {
    weight: Id,
}

impl Task for Regression {
    type Example = (TrainingSequence, f32);

    fn sequences<'e>(&self, example: &'e Self::Example) -> Vec<&'e TrainingSequence> {
        vec![&example.0]
    }

    fn weight(&self, _example: &Self::Example) -> f64 {
        1.0
    }

    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&Self::Example],
        hidden: &Hidden,
        _dropout: Option<DropoutAt>,
        mut gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        let mut loss = 0.0;
        for (i, (_, gold)) in examples.iter().enumerate() {
            let first = &hidden.sequence(i)[..hidden.width()];
            let (weight, own) = parameters.split_mut(self.weight);
            let error = first.iter().zip(weight).map(|(h, w)| h * w).sum::<f32>() - gold;
            loss += f64::from(error).powi(2) / 2.0;
            if let Some((gradient, scale)) = &mut gradient {
                let into = &mut gradient.sequence_mut(i)[..first.len()];
                for ((g, w), (own, h)) in into.iter_mut().zip(weight).zip(own.iter_mut().zip(first))
                {
                    *g = *scale * error * w;
                    *own += *scale * error * h;
                }
            }
        }
        Ok(loss)
    }
}

fn learner() -> TaskLearner<Regression> {
    let mut parameters = Parameters::default();
    let checkpoint = Checkpoint::open(checkpoint("bert")).unwrap();
    let params = TrainableEncoderParams::default().check().unwrap();
    let encoder = TrainableEncoder::open(&checkpoint, &params, 3, &mut parameters).unwrap();
    let (head_start, width) = (parameters.list().len(), encoder.width());
    let weight = parameters.add("head", &[width], vec![0.01; width], true);
    TaskLearner::new(encoder, Regression { weight }, parameters, head_start)
}

fn examples() -> Vec<(TrainingSequence, f32)> {
    let sequence = |i: u32| TrainingSequence {
        ids: (0..3 + i % 5).map(|j| 5 + (3 * i + j) % 20).collect(),
        types: vec![],
    };
    (0..12).map(|i| (sequence(i), if i % 3 == 0 { 1.0 } else { -0.5 })).collect()
}

fn params() -> TrainingParams {
    let params = TrainingParams::new().epochs(10).batch(4).learning_rate(3e-3);
    params.head_learning_rate(Some(0.03)).weight_decay(0.0)
}

/// All trained bits and the losses of the steps.
fn train(params: TrainingParams, state: Option<(&Path, u64)>) -> (Vec<u32>, Vec<f64>, EndReason) {
    let (mut learner, mut losses) = (learner(), vec![]);
    let stop = Cancel::new();
    let mut observe = |event: &Event| {
        if let Event::Step { loss, step, .. } = event {
            losses.push(*loss);
            if state.is_some_and(|(_, at)| at == *step) {
                stop.cancel();
            }
        }
        Ok(())
    };
    let state = state.map(|(path, _)| StateFile { path, fingerprint: "", resume: path.exists() });
    let watch = Watch { evaluate: None, observe: &mut observe, stop: &stop, state };
    let outcome = params.check().unwrap().train(&mut learner, &examples(), watch).unwrap();
    let trained = learner.parameters.list().iter().filter(|p| p.is_trained());
    (trained.flat_map(|p| p.value.iter().map(|x| x.to_bits())).collect(), losses, outcome.why)
}

#[test]
fn an_encoder_learns_a_task() {
    let (_, losses, _) = train(params().epochs(40).dropout(0.0), None);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / 3.0;
    let (first, last) = (mean(&losses[..3]), mean(&losses[losses.len() - 3..]));
    println!("{first} {last}");
    assert!(last < 0.05 * first, "{first} {last}");
}

#[test]
fn parts_are_as_good_as_the_whole() {
    let losses = |part_tokens| train(params().dropout(0.0).part_tokens(part_tokens), None).1;
    let (whole, parts) = (losses(1000), losses(1));
    for (whole, parts) in whole.iter().zip(&parts) {
        println!("{whole} {parts}");
        assert!((whole - parts).abs() < 1e-4 * whole.max(1e-2), "{whole} {parts}");
    }
}

#[test]
fn threads_and_stops_change_no_bit() {
    let expected = train(params().threads(Some(1)), None);
    assert_eq!(expected.2, EndReason::Done);
    assert!(train(params().threads(Some(3)), None) == expected);
    let folder = tempfile::tempdir().unwrap();
    for at in [1, 7, 29] {
        let path = folder.path().join(at.to_string());
        let before = train(params(), Some((&path, at)));
        assert_eq!(before.2, EndReason::Interrupted);
        let after = train(params(), Some((&path, 0)));
        assert!(after.0 == expected.0 && [before.1, after.1].concat() == expected.1);
    }
}
