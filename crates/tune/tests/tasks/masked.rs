//! Masked words and the next sentence, beside transformers and by differences.
use cloze_checkpoint::Checkpoint;
use cloze_testkit::{Random, checkpoint};
use cloze_tune::encoder::{Tape, TrainableEncoder, TrainableEncoderParams, Tuning};
use cloze_tune::task::{
    DenseLayer, MaskGuess, MaskParams, MaskedExample, MaskedLmHead, MaskedTask, NextHead, Part,
    Task as _,
};
use cloze_tune::{Parameters, TrainingSequence, TuneError};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::numeric::{check, dense, hidden, numbers};

/// A text of `tokens` tokens with these masks.
fn example(tokens: usize, targets: &[(usize, u32)], is_next: Option<bool>) -> MaskedExample {
    MaskedExample {
        sequence: TrainingSequence { ids: vec![7; tokens], types: vec![] },
        parts: vec![Part::First; tokens],
        is_next,
        targets: targets.to_vec(),
    }
}

/// The encoder of a checkpoint, and a task with all heads that it has.
fn open(name: &str) -> (TrainableEncoder, MaskedTask, Parameters) {
    let checkpoint = Checkpoint::open(checkpoint(name)).unwrap();
    let mut parameters = Parameters::default();
    let params = TrainableEncoderParams::default().tuning(Tuning::Full).embeddings(true);
    let encoder =
        TrainableEncoder::open(&checkpoint, &params.check().unwrap(), 1, &mut parameters).unwrap();
    let layout = checkpoint.layout();
    let vocabulary = checkpoint.config().vocabulary;
    let masked = layout.masked.is_some().then(|| {
        let head = MaskedLmHead::open(&checkpoint, &encoder, vec![], 1, &mut parameters).unwrap();
        (head, MaskParams::new(4, vocabulary).check().unwrap())
    });
    let next = layout
        .next_sentence
        .is_some()
        .then(|| NextHead::open(&checkpoint, "bert.", 1, &mut parameters).unwrap());
    let task = MaskedTask::new(checkpoint.config(), masked, next, &parameters).unwrap();
    (encoder, task, parameters)
}

fn guess(
    opened: &(TrainableEncoder, MaskedTask, Parameters),
    example: &MaskedExample,
) -> MaskGuess {
    let (encoder, task, parameters) = opened;
    let hidden =
        encoder.forward(parameters, &[&example.sequence], None, &mut Tape::one_way()).unwrap();
    task.guess(parameters, &[example], &hidden).unwrap().remove(0)
}

/// −ln softmax(logits)[word], in f64.
fn loss(logits: &[f32], word: usize) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|x| f64::from(x - top).exp()).sum();
    sum.ln() - f64::from(logits[word] - top)
}

fn ids(value: &Value) -> Vec<u32> {
    let id = |id: &Value| u32::try_from(id.as_u64().unwrap()).unwrap();
    value.as_array().unwrap().iter().map(id).collect()
}

/// Every place of every text that transformers has logits of, for three words each; and every pair's
/// probability to go together.
#[test]
fn losses_are_those_of_transformers_logits() {
    for name in [
        "bert-mlm",
        "bert-mlm-untied",
        "bert-pretraining",
        "bert-nsp",
        "roberta-mlm",
        "distilbert-mlm",
        "mpnet-mlm",
        "albert-mlm",
        "electra-mlm",
    ] {
        let folder = checkpoint(name);
        let texts: Value =
            serde_json::from_slice(&fs_err::read(folder.join("texts.json")).unwrap()).unwrap();
        let bytes = fs_err::read(folder.join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        let read = |name: &str| -> Option<Vec<f32>> {
            let view = expected.tensor(name).ok()?;
            Some(
                view.data()
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                    .collect(),
            )
        };
        let opened = open(name);
        let (mut worst, mut seen) = (0.0_f64, 0);
        let has_next = name == "bert-pretraining" || name == "bert-nsp";
        for (i, text) in texts["texts"].as_array().unwrap().iter().enumerate() {
            let sequence = TrainingSequence { ids: ids(&text["ids"]), types: vec![] };
            let mut one = MaskedExample {
                parts: vec![Part::First; sequence.len()],
                is_next: has_next.then_some(true),
                sequence,
                targets: vec![],
            };
            if let Some(logits) = read(&format!("logits.{i}")).filter(|_| name != "bert-nsp") {
                let vocabulary = logits.len() / one.sequence.len();
                for word in [0, 5, u32::try_from(vocabulary - 1).unwrap()] {
                    one.targets = (0..one.sequence.len()).map(|place| (place, word)).collect();
                    let found = guess(&opened, &one);
                    for (row, (found, first)) in
                        logits.chunks_exact(vocabulary).zip(found.losses.iter().zip(found.first))
                    {
                        worst = worst.max((found - loss(row, word as usize)).abs());
                        assert_eq!(first, row.iter().all(|x| *x <= row[word as usize]));
                        seen += 1;
                    }
                }
            }
            if let Some(logits) = read(&format!("nsp.{i}")) {
                one.targets.clear();
                let found = guess(&opened, &one).is_next.unwrap();
                worst = worst.max((found - (-loss(&logits, 0)).exp()).abs());
                seen += 1;
            }
        }
        println!("{name}: worst difference {worst:.1e} of {seen}");
        assert!(seen > 3 && worst < 1e-5, "{name}: {worst} of {seen}");
    }
}

/// A head over a word table of its own that stands for the encoder's, of four numbers and nine words.
fn by_hand(parameters: &mut Parameters, next: bool) -> MaskedTask {
    let mut config = Checkpoint::open(checkpoint("bert-pretraining")).unwrap().config().clone();
    (config.hidden, config.vocabulary) = (4, 9);
    let mut random = Random::new(11);
    let table = parameters.add("words", &[9, 4], numbers(&mut random, 36), true);
    let inner = dense(parameters, "cls.predictions.transform.dense", 4, 4, &mut random);
    let head = MaskedLmHead {
        dense: inner,
        norm_weight: parameters.add("norm.weight", &[4], numbers(&mut random, 4), false),
        norm_bias: parameters.add("norm.bias", &[4], numbers(&mut random, 4), false),
        decoder: table,
        bias: parameters.add("bias", &[9], numbers(&mut random, 9), false),
    };
    let next = next.then(|| NextHead {
        pooler: dense(parameters, "bert.pooler.dense", 4, 4, &mut random),
        classifier: dense(parameters, "cls.seq_relationship", 4, 2, &mut random),
    });
    let params = MaskParams::new(2, 9).check().unwrap();
    MaskedTask::new(&config, Some((head, params)), next, parameters).unwrap()
}

#[test]
fn the_gradient_is_that_of_differences() {
    let mut random = Random::new(5);
    for next in [false, true] {
        let mut parameters = Parameters::default();
        let task = by_hand(&mut parameters, next).next_weight(2.0).unwrap();
        let is = |is: bool| next.then_some(is);
        let examples = [
            example(3, &[(0, 8), (2, 1)], is(true)),
            example(20, &[(4, 3), (5, 3), (9, 0), (19, 7)], is(false)),
            example(2, &[(1, 6)], is(true)),
        ];
        let hidden = hidden(&[3, 20, 2], 4, &mut random);
        check(&task, &mut parameters, &examples, &hidden, None, 1.0 / 256.0, 2e-3);
    }
}

/// With everything 0 all nine words are as likely, and so is a text that follows as one that does not:
/// ln 9 a mask, ln 2 a pair. The first example counts 3 of 20 tokens: 3 (ln 9 + ln 2), however many
/// masks it has; the second 1 of 4. Pairs that count three times: 4 (ln 9 + 3 ln 2).
#[test]
fn an_example_counts_as_many_masks_as_it_should_have() {
    let mut parameters = Parameters::default();
    let task = by_hand(&mut parameters, true);
    parameters.list_mut().iter_mut().for_each(|p| p.value.fill(0.0));
    let examples = [
        example(20, &[(4, 3), (5, 3)], Some(false)),
        example(4, &[(0, 1), (1, 1), (2, 1)], Some(true)),
    ];
    let mut random = Random::new(5);
    let hidden = hidden(&[20, 4], 4, &mut random);
    let all: Vec<_> = examples.iter().collect();
    let loss = task.loss(&mut parameters, &all, &hidden, None, None).unwrap();
    assert!((loss - 4.0 * 18.0_f64.ln()).abs() < 1e-5, "{loss}");
    let task = task.next_weight(3.0).unwrap();
    let loss = task.loss(&mut parameters, &all, &hidden, None, None).unwrap();
    assert!((loss - 4.0 * 72.0_f64.ln()).abs() < 1e-5, "{loss}");
    assert!(task.clone().next_weight(0.0).is_err() && task.clone().next_weight(f64::NAN).is_err());
    let weights = examples.each_ref().map(|e| task.weight(e).to_bits());
    assert_eq!(weights, [3.0_f64, 1.0].map(f64::to_bits));
}

#[test]
fn masks_are_drawn_where_none_are_given() {
    let mut parameters = Parameters::default();
    let task = by_hand(&mut parameters, false);
    let plain = example(20, &[], None);
    let drawn = task.draw(&plain, 1).unwrap();
    assert_eq!(drawn.targets.len(), 3);
    assert_ne!(drawn, task.draw(&plain, 2).unwrap());
    assert!(task.draw(&drawn, 1).is_none(), "they stay where they are given");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let mut parameters = Parameters::default();
    let task = by_hand(&mut parameters, true);
    let hidden = hidden(&[3], 4, &mut Random::new(5));
    for (example, what) in [
        (example(3, &[(3, 1)], Some(true)), "a mask at token 3 of 3"),
        (example(3, &[(0, 9)], Some(true)), "word 9; the vocabulary has 9"),
        (example(3, &[(0, 1)], None), "one text, expected two"),
        (example(2, &[(0, 1)], Some(true)), "2 tokens, but 3 hidden states"),
    ] {
        let error = task.loss(&mut parameters, &[&example], &hidden, None, None).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(task.guess(&parameters, &[&example], &hidden).is_err());
    }
    let config = Checkpoint::open(checkpoint("bert-pretraining")).unwrap().config().clone();
    let none = MaskedTask::new(&config, None, None, &parameters);
    assert!(matches!(none, Err(TuneError::Setting { .. })));
    let narrow = DenseLayer::drawn(&mut parameters, "narrow", 3, 2, 1).unwrap();
    let next = NextHead { pooler: narrow, classifier: narrow };
    assert!(MaskedTask::new(&config, None, Some(next), &parameters).is_err());
}

/// A new head guesses each word as often as it was said to be.
#[test]
fn a_new_head_begins_with_frequencies() {
    let checkpoint = Checkpoint::open(checkpoint("bert")).unwrap();
    let mut parameters = Parameters::default();
    let params = TrainableEncoderParams::default().check().unwrap();
    let encoder = TrainableEncoder::open(&checkpoint, &params, 1, &mut parameters).unwrap();
    let few = MaskedLmHead::open(&checkpoint, &encoder, vec![0.0; 3], 1, &mut parameters);
    assert!(matches!(few, Err(TuneError::Setting { .. })));
    let vocabulary = checkpoint.config().vocabulary;
    let frequencies = vec![-2.5; vocabulary];
    let head = MaskedLmHead::open(&checkpoint, &encoder, frequencies, 1, &mut parameters).unwrap();
    assert_eq!(head.decoder, encoder.words());
    assert_eq!(parameters.value(head.bias), vec![-2.5; vocabulary]);
}
