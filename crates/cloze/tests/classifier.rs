//! Checkpoints that classify: their labels, against transformers' logits.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze::{
    Error, Input, InputClassifier, PairClassifier, Reranker, Runtime, RuntimeParams,
    TextClassifier, TextClassifierBuilder,
};
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

fn builder(folder: &Path) -> TextClassifierBuilder {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    TextClassifier::builder(folder).runtime(runtime)
}

fn open(folder: &Path) -> InputClassifier {
    builder(folder).open().unwrap().into_inputs()
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
fn in_order(classifier: &InputClassifier, found: &[(String, f64)]) -> Vec<f64> {
    let of = |label: &String| found.iter().find(|(l, _)| l == label).unwrap().1;
    classifier.labels().iter().map(of).collect()
}

/// The most that a probability may be off: logits are within 1e-5.
const TOLERANCE: f64 = 1e-5;

#[test]
fn probabilities_and_logits_are_those_of_transformers_for_texts_and_pairs() {
    for name in [
        "bert-sequence",
        "distilbert-sequence",
        "electra-sequence",
        "roberta-sequence",
        "mpnet-sequence",
        "albert-sequence",
    ] {
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
        let found = classifier.classify_batch(&inputs).unwrap();
        for ((found, logits), input) in found.into_iter().zip(&expected).zip(&inputs) {
            let found = found.unwrap();
            if found.probabilities.is_empty() {
                // Nothing is classified where there is no text.
                assert!(input.is_blank(), "{name} {input:?}");
                continue;
            }
            let expected = softmax(logits);
            let own = in_order(&classifier, &found.probabilities);
            for (a, b) in own.iter().zip(&expected) {
                assert!((a - b).abs() <= TOLERANCE, "{name} {input:?}: {own:?} {expected:?}");
            }
            let best = (0..3).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            assert_eq!(found.labels, [classifier.labels()[best].clone()], "{name} {input:?}");
        }
        for (found, expected) in classifier.logits_batch(&inputs).unwrap().iter().zip(&expected) {
            let found = found.as_ref().unwrap();
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
        let found = classifier.classify_batch(&[Input::text(&text.text)]).unwrap().remove(0);
        let found = found.unwrap();
        if found.probabilities.is_empty() {
            assert!(text.text.trim().is_empty(), "{i}");
            continue;
        }
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
    let narrow = builder(&folder).window(4).stride(0).cut(cloze::Cut::Anywhere);
    let narrow = narrow.open().unwrap().into_inputs();
    let whole = open(&folder);
    // Windows of 4 tokens: four of the first, two of the second.
    let probabilities = |classifier: &InputClassifier, text: &str| {
        let found = classifier.classify_batch(&[Input::text(text)]).unwrap().remove(0).unwrap();
        in_order(classifier, &found.probabilities)
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

/// Texts and pairs alone, in a batch and in a stream are what the model beneath finds.
#[test]
fn texts_and_pairs_have_one_form() {
    let folder = checkpoint("bert-sequence");
    let (texts, _) = read(&folder);
    let one_by_one = open(&folder);
    let classifier = TextClassifier::open(&folder).unwrap();
    let strs: Vec<&str> = texts.texts.iter().map(|text| text.text.as_str()).collect();
    let batch = classifier.classify_batch(&strs).unwrap();
    let stream: Vec<_> = classifier.classify_iter(&strs).collect();
    assert_eq!((batch.len(), stream.len()), (strs.len(), strs.len()));
    for ((text, batch), stream) in strs.iter().zip(batch).zip(stream) {
        let expected = one_by_one.classify_batch(&[Input::text(text)]).unwrap().remove(0).unwrap();
        assert_eq!(classifier.classify(text).unwrap(), expected, "{text:?}");
        assert_eq!((batch.unwrap(), stream.unwrap()), (expected.clone(), expected), "{text:?}");
    }
    let classifier = PairClassifier::open(&folder).unwrap();
    let pairs: Vec<(&str, &str)> =
        texts.pairs.iter().map(|pair| (pair.first.as_str(), pair.second.as_str())).collect();
    let batch = classifier.classify_batch(&pairs).unwrap();
    let stream: Vec<_> = classifier.classify_iter(pairs.iter().copied()).collect();
    assert_eq!((batch.len(), stream.len()), (pairs.len(), pairs.len()));
    for (((first, second), batch), stream) in pairs.iter().zip(batch).zip(stream) {
        let input = [Input::pair(first, second)];
        let expected = one_by_one.classify_batch(&input).unwrap().remove(0).unwrap();
        assert_eq!(classifier.classify(first, second).unwrap(), expected, "{input:?}");
        assert_eq!((batch.unwrap(), stream.unwrap()), (expected.clone(), expected), "{input:?}");
    }
}

/// The probability of a label is the score; the order is that of the scores, worked out here.
#[test]
fn documents_are_ordered_by_the_probability_of_a_label() {
    let folder = checkpoint("bert-sequence");
    let documents = ["the son", "Ann met the son in Kassel", "x", "met"];
    let reranker = Reranker::builder(&folder).label("yes".to_owned()).open().unwrap();
    let pairs = PairClassifier::open(&folder).unwrap();
    let mut expected: Vec<(usize, f64)> = documents
        .iter()
        .map(|text| pairs.classify("Ann", text).unwrap().probabilities)
        .map(|all| all.into_iter().find(|(label, _)| label == "yes").unwrap().1)
        .enumerate()
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    assert_ne!(expected.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1, 2, 3], "in order");
    let ranked = reranker.rerank("Ann", &documents).unwrap();
    let found: Vec<(usize, f64)> = ranked.iter().map(|r| (r.index, r.score)).collect();
    assert_eq!(found, expected);
    // Of several queries each has its own.
    let (some, none): (&[&str], &[&str]) = (&documents, &[]);
    let batch = reranker.rerank_batch(&[("Kassel", some), ("Ann", none), ("Ann", some)]).unwrap();
    let batch: Vec<_> = batch.into_iter().map(Result::unwrap).collect();
    assert_eq!((batch[1].len(), &batch[2]), (0, &ranked));
    let stream = [("Kassel", documents.to_vec()), ("Ann", vec![]), ("Ann", documents.to_vec())];
    let stream = reranker.rerank_iter(stream).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(stream, batch);
    // Of three labels one is to be named, and be there.
    for label in [None, Some("perhaps".to_owned())] {
        let error = Reranker::builder(&folder).label(label.clone()).open().unwrap_err();
        assert!(matches!(&error, Error::RerankLabel { label: found, .. } if *found == label));
        assert!(error.to_string().contains("no, maybe, yes"), "{error}");
    }
}
