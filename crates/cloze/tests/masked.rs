//! Words for masks, against transformers. `data/make_masked.py` has written what is expected.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::collections::BTreeMap;
use std::path::Path;

use cloze::checkpoint::weights::StoredType;
use cloze::checkpoint::{Checkpoint, Head};
use cloze::encoder::Sequence;
use cloze::graph::construct::{BuildParams, Graph};
use cloze::heads::masked::{FillOrder, SampleParams};
use cloze::store::Existing;
use cloze::{
    Error, GenerateParams, MaskPrediction, MaskPredictions, MaskedLm, Runtime, RuntimeParams, Task,
};
use cloze_testkit::{checkpoint, checkpoint_copy};
use safetensors::SafeTensors;

#[derive(serde::Deserialize)]
struct Entry {
    text: String,
    masks: Vec<Vec<(u32, f64)>>,
    targets: Vec<Vec<(String, Vec<u32>, f64)>>,
    left_to_right: Vec<u32>,
    confident: Vec<u32>,
}

fn reference() -> BTreeMap<String, Vec<Entry>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/masked.json");
    serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap()
}

fn try_open(folder: &Path) -> Result<MaskedLm, Error> {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    MaskedLm::builder(folder).runtime(runtime).open()
}

fn open(name: &str) -> MaskedLm {
    try_open(&checkpoint(name)).unwrap()
}

fn one<T>(mut all: Vec<Result<T, Error>>) -> T {
    all.remove(0).unwrap()
}

fn pairs(found: &[MaskPrediction]) -> Vec<(u32, f64)> {
    found.iter().map(|f| (f.ids[0], f.probability)).collect()
}

/// The five likeliest of each mask, with their probabilities.
#[test]
fn the_likeliest_are_those_of_transformers() {
    let reference = reference();
    assert_eq!(reference.len(), 8);
    for (name, entries) in &reference {
        let model = open(name);
        let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
        let found = model.predict_batch(&texts, 5).unwrap();
        let mut worst = 0.0_f64;
        for (entry, found) in entries.iter().zip(found) {
            let MaskPredictions { masks, windowed } = found.unwrap();
            assert!(!windowed && masks.len() == entry.masks.len(), "{name}: {}", entry.text);
            for (found, expected) in masks.iter().zip(&entry.masks) {
                for (found, expected) in pairs(found).iter().zip(expected) {
                    assert_eq!(found.0, expected.0, "{name}: {}", entry.text);
                    worst = worst.max((found.1 - expected.1).abs());
                }
            }
        }
        println!("{name}: at most {worst:e} off");
        assert!(worst < 1e-5);
    }
}

/// Of one token, two and three, as a whole.
#[test]
fn targets_are_scored_token_by_token() {
    for (name, entries) in &reference() {
        let model = open(name);
        let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
        let found = model.targets_batch(&texts, &["Kasseler", "Ann", "sonelx"]).unwrap();
        let mut lengths = vec![];
        for (entry, found) in entries.iter().zip(found) {
            for (found, expected) in found.unwrap().masks.iter().zip(&entry.targets) {
                assert_eq!(found.len(), 3);
                assert!(found.is_sorted_by(|a, b| a.probability >= b.probability));
                for (word, ids, log) in expected {
                    let found = found.iter().find(|f| f.word == *word).unwrap();
                    assert_eq!(&found.ids, ids, "{name}: {}: {word}", entry.text);
                    let off = found.probability.ln() - log;
                    assert!(off.abs() < 1e-4, "{name}: {}: {word} {off:e} off", entry.text);
                    lengths.push(ids.len());
                }
            }
        }
        assert!(lengths.contains(&1) && lengths.contains(&2) && lengths.iter().any(|&n| n > 2));
    }
}

/// A target that is one token is as likely as it is among all words.
#[test]
fn one_token_is_its_part_of_the_softmax() {
    let model = open("bert-mlm");
    let text = ["Ann lives in [MASK]."];
    let all = one(model.predict_batch(&text, usize::MAX).unwrap());
    assert_eq!(all.masks[0].len(), model.vocabulary());
    let sum: f64 = all.masks[0].iter().map(|f| f.probability).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let found = one(model.targets_batch(&text, &["Kassel", "##el", "the"]).unwrap());
    for target in &found.masks[0] {
        let own = all.masks[0].iter().find(|f| f.ids == target.ids).unwrap();
        assert!((own.probability - target.probability).abs() < 1e-12, "{target:?}");
    }
    assert_eq!(found.masks[0].iter().map(|f| f.ids.len()).sum::<usize>(), 3);
}

#[test]
fn masks_are_filled_as_greedily_elsewhere() {
    for (name, entries) in &reference() {
        let model = open(name);
        let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
        for decode in [FillOrder::LeftToRight, FillOrder::Confident] {
            let params = GenerateParams::new().decode(decode).check().unwrap();
            for (entry, found) in entries.iter().zip(model.generate_batch(&texts, &params).unwrap())
            {
                let found: Vec<u32> = found.unwrap().words.iter().map(|w| w.ids[0]).collect();
                let expected = if decode == FillOrder::Confident {
                    &entry.confident
                } else {
                    &entry.left_to_right
                };
                assert_eq!(&found, expected, "{name}: {}: {decode:?}", entry.text);
            }
        }
    }
}

/// Every logit of three texts, asked for at each token.
#[test]
fn logits_are_those_of_transformers_wherever_asked() {
    for name in reference().keys() {
        let model = open(name);
        let folder = checkpoint(name);
        let bytes = fs_err::read(folder.join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        let texts: serde_json::Value =
            serde_json::from_slice(&fs_err::read(folder.join("texts.json")).unwrap()).unwrap();
        for i in [0, 4, 7] {
            let text = texts["texts"][i]["text"].as_str().unwrap();
            let pieces = model.tokenize(text).unwrap();
            let n = u32::try_from(pieces.sequence.ids.len()).unwrap();
            let asked = Sequence { asked: (0..n).collect(), ..pieces.sequence };
            let found = model.map(&[asked], |_, logits| logits.to_vec()).unwrap().remove(0);
            let data = expected.tensor(&format!("logits.{i}")).unwrap().data().to_vec();
            let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
            let data: Vec<f32> = data.chunks_exact(4).map(number).collect();
            cloze_testkit::assert_close(&found, &data, 1e-5, 0.0);
        }
    }
}

/// `[MASK]` and `<mask>` alike, whatever the model's own is; spans are those of the text.
#[test]
fn any_mask_will_do() {
    for name in ["bert-mlm", "roberta-mlm"] {
        let model = open(name);
        let texts =
            ["é Ann [MASK] met [MASK]!", "é Ann <mask> met [MASK]!", "é Ann <mask> met <mask>!"];
        let found: Vec<MaskPredictions> =
            model.predict_batch(&texts, 3).unwrap().into_iter().map(Result::unwrap).collect();
        assert!(found[0] == found[1] && found[1] == found[2]);
        for text in texts {
            let pieces = model.tokenize(text).unwrap();
            let spans = pieces.tokens.iter().zip(&pieces.sequence.ids[pieces.before..]);
            let spans: Vec<&str> = spans
                .filter(|(token, id)| {
                    **id == model.mask_id() || &text[token.span.start..token.span.end] == "!"
                })
                .map(|(token, _)| &text[token.span.start..token.span.end])
                .collect();
            let masks: Vec<&str> =
                ["[MASK]", "<mask>"].into_iter().filter(|m| text.contains(m)).collect();
            assert_eq!(spans.len(), 3, "{text}");
            assert!(
                masks.contains(&spans[0]) && masks.contains(&spans[1]) && spans[2] == "!",
                "{spans:?}"
            );
        }
    }
}

/// A text alone and among others, in every way it can be asked about: to the same bits.
#[test]
fn company_does_not_matter() {
    for name in ["bert-pretraining", "roberta-mlm"] {
        let model = open(name);
        let texts = [
            "Ann lives in [MASK].",
            "x",
            "[MASK] met the [MASK] [MASK] in Kassel, and the son lives in the [MASK]",
            "",
            "the [MASK]",
        ];
        let gibbs = FillOrder::Gibbs { steps: 7 };
        let sample = SampleParams::new().temperature(1.3).top_p(0.9).repetition_penalty(1.2);
        let params = GenerateParams::new().decode(gibbs).words(Some(2)).sample(sample).seed(5);
        let params = params.check().unwrap();
        let predicted = model.predict_batch(&texts, 4).unwrap();
        let scored = model.targets_batch(&texts, &["son", "Kasseler"]).unwrap();
        let filled = model.generate_batch(&texts, &params).unwrap();
        for (i, text) in texts.iter().enumerate() {
            let alone = model.predict_batch(&[text], 4).unwrap().remove(0).ok();
            assert_eq!(predicted[i].as_ref().ok(), alone.as_ref(), "{text}");
            let alone = model.targets_batch(&[text], &["son", "Kasseler"]).unwrap().remove(0).ok();
            assert_eq!(scored[i].as_ref().ok(), alone.as_ref(), "{text}");
            let alone = model.generate_batch(&[text], &params).unwrap().remove(0).unwrap();
            assert_eq!(filled[i].as_ref().unwrap(), &alone, "{text}");
        }
        let none = predicted[1].as_ref().unwrap_err();
        assert!(matches!(none, Error::NoMask { .. }), "{none}");
    }
}

/// The words stand in the text where its masks were, and the rest is as it was.
#[test]
fn what_is_filled_is_put_into_the_text() {
    let model = open("bert-mlm");
    let params = GenerateParams::new().check().unwrap();
    let found = one(model.generate_batch(&["ÉCOLE  [MASK]—[MASK]\n"], &params).unwrap());
    assert_eq!(found.words.len(), 2);
    assert!(found.text.starts_with("ÉCOLE") && found.text.ends_with('\n'), "{:?}", found.text);
    assert!(!found.text.contains("[MASK]") && found.text.contains('—'), "{:?}", found.text);
    // Two for each, and behind a text without one.
    let params = GenerateParams::new().words(Some(2)).check().unwrap();
    let found = one(model.generate_batch(&["[MASK] met [MASK]"], &params).unwrap());
    assert_eq!(found.words.len(), 4);
    let found = one(model.generate_batch(&["Ann met"], &params).unwrap());
    assert!(found.text.starts_with("Ann met") && found.words.len() == 2, "{found:?}");
    let found = one(model.generate_batch(&[""], &params).unwrap());
    assert!(!found.text.is_empty() && found.words.len() == 2, "{found:?}");
    // No special token, however it is drawn.
    let wild = SampleParams::new().temperature(100.0);
    let gibbs = FillOrder::Gibbs { steps: 200 };
    let params = GenerateParams::new().words(Some(9)).decode(gibbs).sample(wild).check().unwrap();
    let found = one(model.generate_batch(&["a"], &params).unwrap());
    assert!(found.words.iter().all(|w| !model.encoder().is_special(w.ids[0])), "{found:?}");
}

/// Of 22 tokens beside the special ones it sees those around the mask.
#[test]
fn long_texts_are_seen_around_their_masks() {
    let model = open("bert-mlm");
    let far = "the ".repeat(40);
    let around = "met ".repeat(11);
    let text = format!("{far}{around}[MASK] {around}{far}");
    let found = one(model.predict_batch(&[&text], 5).unwrap());
    assert!(found.windowed);
    // 22 − 1 are beside it, 10 before and 11 behind.
    let seen = format!("{}[MASK] {around}", "met ".repeat(10));
    let expected = one(model.predict_batch(&[&seen], 5).unwrap());
    assert!(!expected.windowed);
    assert_eq!(found.masks, expected.masks);
    // Further apart than that: each for itself, or not at all.
    let apart = format!("[MASK] {far}[MASK]");
    let found = one(model.predict_batch(&[&apart], 5).unwrap());
    let first = one(model.predict_batch(&[&format!("[MASK] {}", "the ".repeat(21))], 5).unwrap());
    assert_eq!((found.masks.len(), &found.masks[0]), (2, &first.masks[0]));
    let params = GenerateParams::new().check().unwrap();
    let error = model.generate_batch(&[&apart], &params).unwrap().remove(0).unwrap_err();
    assert!(matches!(error, Error::MaskSpan { needed: 42, room: 22 }), "{error}");
    let long = "x ".repeat(23);
    let error = model.targets_batch(&["the [MASK]"], &[&long]).unwrap().remove(0).unwrap_err();
    assert!(matches!(error, Error::MaskSpan { needed: 23, room: 22 }), "{error}");
    let params = GenerateParams::new().words(Some(22)).check().unwrap();
    assert_eq!(one(model.generate_batch(&["the"], &params).unwrap()).words.len(), 22);
    let params = GenerateParams::new().words(Some(23)).check().unwrap();
    assert!(model.generate_batch(&["the"], &params).unwrap()[0].is_err());
    let params = GenerateParams::new().words(Some(usize::MAX)).check().unwrap();
    assert!(model.generate_batch(&["the"], &params).unwrap()[0].is_err());
    assert!(GenerateParams::new().words(Some(0)).check().is_err());
    // More masks than sequences at once, each as if it were alone.
    let many = format!("{far}[MASK] ").repeat(700);
    let found = one(model.predict_batch(&[&many], 1).unwrap());
    assert!(found.masks.len() == 700 && found.masks[1..699].windows(2).all(|two| two[0] == two[1]));
    let found = one(model.targets_batch(&[&many], &["the", "met"]).unwrap());
    assert!(found.masks.len() == 700 && found.masks[1..699].windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn what_cannot_be_asked_is_named() {
    let error = try_open(&checkpoint("bert")).unwrap_err();
    let Error::WrongTask { task: Task::Embed, source, .. } = &error else { panic!("{error}") };
    assert!(matches!(**source, Error::NoMaskedLm { .. }), "{error}");
    assert!(
        source
            .to_string()
            .ends_with("bert: no head for masked words: expected a masked language model")
    );
    // A tagger's logits are no words.
    let copy = checkpoint_copy("bert-token");
    let tagger = Checkpoint::open(copy.path()).unwrap();
    let graph = Graph::build(&tagger, &BuildParams::new().head(Head::Tokens)).unwrap();
    graph.write_onnx(StoredType::F32, &copy.path().join("model.onnx"), Existing::Refuse).unwrap();
    fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
    let error = try_open(copy.path()).unwrap_err();
    let Error::WrongTask { task: Task::Tag, source, .. } = &error else { panic!("{error}") };
    let error = source.to_string();
    let expected = "model.onnx: 5 logits per token, but the tokenizer has 73 words";
    assert!(error.ends_with(expected), "{error}");
    let model = open("bert-mlm");
    for (target, what) in [("", "no token"), ("☃", "makes [UNK]"), ("[MASK]", "makes [MASK]")] {
        let error = model.check_target(target).unwrap_err();
        assert!(
            matches!(error, Error::Target { .. }) && error.to_string().contains(what),
            "{error}"
        );
        assert!(model.targets_batch(&["a [MASK]"], &[target]).is_err());
    }
    // The tokenizer's own name for it, wherever it is said.
    let copy = checkpoint_copy("bert-mlm");
    let path = copy.path().join("tokenizer_config.json");
    let config = fs_err::read_to_string(&path).unwrap();
    let named =
        config.replace("\"mask_token\": \"[MASK]\"", "\"mask_token\": {\"content\": \"[PAD]\"}");
    assert_ne!(named, config);
    fs_err::write(&path, named).unwrap();
    assert_eq!(try_open(copy.path()).unwrap().mask_token(), "[PAD]");
}

/// Words as people read them: without the marks of byte pairs, and with that of a word's second piece.
#[test]
fn words_have_no_marks() {
    let bert = open("bert-mlm");
    let word = |model: &MaskedLm, token: &str| model.word(model.encoder().token_id(token).unwrap());
    assert_eq!(word(&bert, "kassel"), "kassel");
    assert_eq!(word(&bert, "##el"), "##el");
    assert_eq!(word(&bert, "."), ".");
    assert_eq!(word(&bert, "[CLS]"), "[CLS]");
    let roberta = open("roberta-mlm");
    assert_eq!(word(&roberta, "ĠKassel"), "Kassel");
    assert_eq!(word(&roberta, "es"), "es");
    assert_eq!(word(&roberta, "Ġ"), "Ġ");
}
