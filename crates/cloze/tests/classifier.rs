//! Checkpoints that classify: their labels, against transformers' logits.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze::encoder::PairCut;
use cloze::{Input, Runtime, RuntimeParams, TextClassifier};
use cloze_testkit::{checkpoint, checkpoint_copy};
use safetensors::SafeTensors;

#[derive(serde::Deserialize)]
struct Texts {
    texts: Vec<Text>,
    pairs: Vec<Pair>,
}

#[derive(serde::Deserialize)]
struct Text {
    text: String,
}

#[derive(serde::Deserialize)]
struct Pair {
    first: String,
    second: String,
}

fn open(folder: &Path) -> TextClassifier {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let name = folder.display().to_string();
    TextClassifier::open(&runtime, &name, PairCut::default(), |encoder| encoder).unwrap()
}

fn read(folder: &Path) -> (Texts, Vec<u8>) {
    let texts = fs_err::read(folder.join("texts.json")).unwrap();
    (
        serde_json::from_slice(&texts).unwrap(),
        fs_err::read(folder.join("expected.safetensors")).unwrap(),
    )
}

fn logits(tensors: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let number = |b: &[u8]| f64::from(f32::from_le_bytes(b.try_into().unwrap()));
    tensors.tensor(name).unwrap().data().chunks_exact(4).map(number).collect()
}

/// softmax by its formula.
fn softmax(logits: &[f64]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|z| z.exp()).sum();
    logits.iter().map(|z| z.exp() / sum).collect()
}

/// Each label's probability in the model's order.
fn in_order(classifier: &TextClassifier, found: &[(String, f64)]) -> Vec<f64> {
    let of = |label: &String| found.iter().find(|(l, _)| l == label).unwrap().1;
    classifier.labels().iter().map(of).collect()
}

/// The most that a probability may be off: logits are within 1e-5.
const TOLERANCE: f64 = 1e-5;

#[test]
fn probabilities_and_logits_are_those_of_transformers_for_texts_and_pairs() {
    for name in ["bert-sequence", "distilbert-sequence", "electra-sequence", "roberta-sequence"] {
        let folder = checkpoint(name);
        let classifier = open(&folder);
        assert_eq!(classifier.labels(), ["no", "maybe", "yes"], "{name}");
        assert_eq!(classifier.takes_pairs(), None);
        let (texts, bytes) = read(&folder);
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        // Texts and pairs in turns: each finds its own result.
        let mut inputs = vec![];
        let mut expected = vec![];
        for i in 0..texts.texts.len().max(texts.pairs.len()) {
            if let Some(text) = texts.texts.get(i) {
                inputs.push(Input::text(&text.text));
                expected.push(logits(&tensors, &format!("logits.{i}")));
            }
            if let Some(pair) = texts.pairs.get(i) {
                inputs.push(Input::pair(&pair.first, &pair.second));
                expected.push(logits(&tensors, &format!("pair_logits.{i}")));
            }
        }
        let found = classifier.classify(&inputs).unwrap();
        for ((found, logits), input) in found.iter().zip(&expected).zip(&inputs) {
            let expected = softmax(logits);
            let own = in_order(&classifier, &found.probabilities);
            for (a, b) in own.iter().zip(&expected) {
                assert!((a - b).abs() <= TOLERANCE, "{name} {input:?}: {own:?} {expected:?}");
            }
            let best = (0..3).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            assert_eq!(found.labels, [classifier.labels()[best].clone()], "{name} {input:?}");
        }
        for (found, expected) in classifier.logits(&inputs).unwrap().iter().zip(&expected) {
            assert_eq!(found.len(), 3);
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() <= TOLERANCE, "{name}: {found:?} {expected:?}");
            }
        }
    }
}

/// `problem_type` makes each label a question of its own.
#[test]
fn several_labels_are_judged_one_by_one() {
    let copy = checkpoint_copy("bert-sequence");
    let path = copy.path().join("config.json");
    let config = fs_err::read_to_string(&path).unwrap();
    let config = config.replacen('{', "{\"problem_type\": \"multi_label_classification\",", 1);
    fs_err::write(&path, config).unwrap();
    let classifier = open(copy.path());
    let (texts, bytes) = read(copy.path());
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    for (i, text) in texts.texts.iter().enumerate() {
        let found = &classifier.classify(&[Input::text(&text.text)]).unwrap()[0];
        let expected = logits(&tensors, &format!("logits.{i}"));
        let own = in_order(&classifier, &found.probabilities);
        for (p, z) in own.iter().zip(&expected) {
            let sigmoid = 1.0 / (1.0 + (-z).exp());
            assert!((p - sigmoid).abs() <= TOLERANCE, "{i}: {p} {sigmoid}");
        }
        let above = expected.iter().filter(|z| **z > 0.0).count();
        assert_eq!(found.labels.len(), above, "{i}");
    }
}

/// A text of several windows has the mean of their logits, weighted by tokens.
#[test]
fn long_texts_are_averaged_over_their_windows() {
    let folder = checkpoint("bert-sequence");
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let name = folder.display().to_string();
    let narrow = TextClassifier::open(&runtime, &name, PairCut::default(), |encoder| {
        encoder.window(Some(4)).stride(Some(0)).cut(cloze::encoder::Cut::Anywhere)
    });
    let narrow = narrow.unwrap();
    let whole = open(&folder);
    // Windows of 4 tokens: four of the first, two of the second.
    let probabilities = |classifier: &TextClassifier, text: &str| {
        let found = classifier.classify(&[Input::text(text)]).unwrap();
        in_order(classifier, &found[0].probabilities)
    };
    let parts = ["x x x x", "the son"].map(|part| {
        // Logits but for a constant, which a softmax does not see.
        probabilities(&whole, part).into_iter().map(f64::ln).collect::<Vec<_>>()
    });
    let mean: Vec<f64> =
        parts[0].iter().zip(&parts[1]).map(|(a, b)| (4.0 * a + 2.0 * b) / 6.0).collect();
    let found = probabilities(&narrow, "x x x x the son");
    for (a, b) in found.iter().zip(softmax(&mean)) {
        assert!((a - b).abs() <= TOLERANCE, "{found:?} {mean:?}");
    }
    assert_eq!(narrow.counts().long, 1);
}
