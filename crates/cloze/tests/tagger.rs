//! Taggers: what they take from a model's card, and one result per text.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze::core::Span;
use cloze::{Cancel, Decode, Entity, Error, TagText, Tagger, TaggerBuilder};
use cloze_testkit::{checkpoint, checkpoint_copy, texts};
use safetensors::SafeTensors;
use serde_json::{Value, json};

const TEXT: &str = "Ann met the son in Kassel";

fn write_card(folder: &Path, settings: &Value) {
    let mut card = json!({ "kind": "model", "format_version": 1 });
    card.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    fs_err::write(folder.join("cloze.json"), card.to_string()).unwrap();
}

/// Transitions of five tags, `O`, `B-PER`, `I-PER`, `B-LOC` and `I-LOC`, with these first scores.
fn transitions(start: [f32; 5]) -> Value {
    let tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
    let zeros = [0.0; 5];
    json!({ "crf": { "tags": tags, "start": start, "end": zeros, "between": vec![zeros; 5] } })
}

fn tag(builder: TaggerBuilder) -> Vec<Entity> {
    builder.open().unwrap().tag(TEXT).unwrap()
}

/// Of a card's settings for redaction one that is set goes first, and who does not redact has none of them.
#[test]
fn a_tagger_that_redacts_follows_the_card() {
    let folder = checkpoint_copy("bert-token");
    let builder = || Tagger::builder(folder.path());
    let (plain, biased) = (tag(builder()), tag(builder().recall_bias(30.0)));
    assert_ne!(plain, biased);
    write_card(folder.path(), &json!({ "redaction": { "recall_bias": 30.0 } }));
    assert_eq!(tag(builder()), plain);
    assert_eq!(tag(builder().redacts(true)), biased);
    assert_eq!(tag(builder().redacts(true).recall_bias(0.0)), plain);
    // A window of no tokens is refused where it is taken from the card.
    write_card(folder.path(), &json!({ "redaction": { "recall_bias": 30.0, "window": 0 } }));
    assert_eq!(tag(builder()), plain);
    assert!(builder().redacts(true).open().is_err());
}

#[test]
fn the_cards_least_score_holds_unless_another_is_set() {
    let folder = checkpoint_copy("bert-token");
    let builder = || Tagger::builder(folder.path()).decode(Decode::Argmax);
    let all = tag(builder());
    let mut scores: Vec<f32> = all.iter().map(|entity| entity.score).collect();
    scores.sort_by(f32::total_cmp);
    // A score that the lower half of the entities does not have.
    let least = scores[scores.len() / 2];
    let some: Vec<Entity> = all.iter().filter(|e| e.score >= least).cloned().collect();
    assert!(!some.is_empty() && some.len() < all.len(), "{scores:?}");

    write_card(folder.path(), &json!({ "min_score": least }));
    assert_eq!(tag(builder()), some);
    assert_eq!(tag(builder().min_score(0.0)), all);
    // A label's own score leaves the card's to the others.
    let label = &some[0].label;
    let own = all.iter().filter(|e| e.score >= least || e.label == *label).cloned();
    assert_eq!(tag(builder().min_score_of(label.as_str(), 0.0)), own.collect::<Vec<_>>());
    // With a bias the scores are others, so that the card's least one says nothing.
    let biased = tag(builder().recall_bias(2.0));
    assert_eq!(biased, tag(builder().recall_bias(2.0).min_score(0.0)));
    assert!(biased.iter().any(|entity| entity.score < least), "{biased:?}");
}

/// Whatever the logits of an untrained model say, 1,000 more decide the first tag.
#[test]
fn the_cards_transitions_are_followed() {
    let folder = checkpoint_copy("bert-token");
    let first = Span::new(0, 3);
    for (tag_index, label) in [(1, "PER"), (3, "LOC")] {
        let mut start = [0.0; 5];
        start[tag_index] = 1000.0;
        write_card(folder.path(), &transitions(start));
        let entities = tag(Tagger::builder(folder.path()));
        assert_eq!((entities[0].label.as_str(), entities[0].span.start), (label, first.start));
    }
    let mut start = [0.0; 5];
    start[0] = 1000.0;
    write_card(folder.path(), &transitions(start));
    let entities = tag(Tagger::builder(folder.path()));
    assert!(entities.iter().all(|entity| !entity.span.overlaps(first)), "{entities:?}");
}

#[test]
fn settings_that_do_not_fit_name_the_model() {
    let folder = checkpoint_copy("bert-token");
    let refused = |builder: TaggerBuilder| {
        let error = builder.check().unwrap_err();
        let place = format!("model {}", folder.path().display());
        assert_eq!(error.to_string(), place);
        (std::error::Error::source(&error).unwrap().to_string(), error)
    };
    let (text, error) = refused(Tagger::builder(folder.path()).labels(vec!["ORG".to_owned()]));
    assert!(text.contains("ORG") && matches!(error, Error::TagSettings { .. }), "{text}");
    let mut crf = transitions([0.0; 5]);
    crf["crf"]["tags"][1] = json!("B-ORG");
    write_card(folder.path(), &crf);
    let (text, error) = refused(Tagger::builder(folder.path()));
    assert!(text.contains("B-ORG") && matches!(error, Error::TagSettings { .. }), "{text}");
    write_card(folder.path(), &json!({ "crf": { "tags": ["O"] } }));
    let (text, error) = refused(Tagger::builder(folder.path()));
    assert!(text.contains("start") && matches!(error, Error::CardTransitions { .. }), "{text}");
}

/// A model whose vector of "Ann" is not a number.
#[test]
fn an_error_in_one_text_affects_only_that_text() {
    let folder = checkpoint_copy("bert-token");
    let path = folder.path().join("model.safetensors");
    let mut bytes = fs_err::read(&path).unwrap();
    let row = {
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let table = tensors.tensor("bert.embeddings.word_embeddings.weight").unwrap();
        // "Ann" is token 65, `texts.json` says; a row is eight numbers of four bytes.
        table.data().as_ptr().addr() - bytes.as_ptr().addr() + 65 * 8 * 4
    };
    bytes[row..row + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs_err::write(&path, bytes).unwrap();

    let texts = ["the son met", "Ann met the son", "in Kassel", "", "Ann"];
    let sound = Tagger::open(checkpoint("bert-token")).unwrap();
    let tagger = Tagger::open(folder.path()).unwrap();
    let results = tagger.tag_batch(&texts).unwrap();
    assert_eq!(results.len(), texts.len());
    for (text, result) in texts.iter().zip(results) {
        match result {
            Ok(entities) => assert_eq!(entities, sound.tag(text).unwrap(), "{text:?}"),
            Err(error) => assert!(error.is_of_one_text(), "{text:?}: {error}"),
        }
        assert_eq!(tagger.tag(text).is_err(), text.contains("Ann"), "{text:?}");
    }
    let failed = tagger.tag_iter(texts).map(|result| result.is_err()).collect::<Vec<_>>();
    assert_eq!(failed, [false, true, false, false, true]);
}

#[test]
fn a_text_has_the_same_entities_alone_in_a_batch_and_in_a_stream() {
    let tagger = Tagger::builder(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/ner-en"))
        .threads(2)
        .batch_tokens(256)
        .open()
        .unwrap();
    let texts = texts::of_mixed_lengths(7, 40);
    let alone: Vec<_> = texts.iter().map(|text| tagger.tag(text).unwrap()).collect();
    assert!(alone.iter().flatten().count() > 20);
    let batch = tagger.tag_batch(&texts).unwrap();
    assert_eq!(batch.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), alone);
    let stream = tagger.tag_iter(texts.iter()).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(stream, alone);
}

/// Of "Ann met" as one word there is one word, and it is what its first token is.
#[test]
fn words_that_are_given_are_the_words() {
    let tagger = Tagger::open(checkpoint("bert-token")).unwrap();
    let words = [Span::new(0, 7), Span::new(8, 11)];
    let text = TagText { words: Some(&words), ..TagText::from("Ann met the") };
    let given = tagger.tag_texts(&[text, text.text.into()]).unwrap();
    let given = given.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let [given, own] = &given[..] else { panic!("{given:?}") };
    assert_eq!(given.words, words);
    assert_eq!(own.words, [(0, 3), (4, 7), (8, 11)].map(|(start, end)| Span::new(start, end)));
    let within = |entities: &[Entity]| {
        let ends = words.iter().flat_map(|word| [word.start, word.end]).collect::<Vec<_>>();
        entities.iter().all(|e| ends.contains(&e.span.start) && ends.contains(&e.span.end))
    };
    assert!(within(&given.entities), "{:?}", given.entities);
}

#[test]
fn a_cancelled_tagger_tags_nothing() {
    let cancel = Cancel::new();
    let builder = Tagger::builder(checkpoint("bert-token")).cancel(cancel.clone());
    let tagger = builder.open().unwrap();
    assert!(tagger.tag_batch(&[TEXT]).is_ok());
    cancel.cancel();
    assert!(matches!(tagger.tag_batch(&[TEXT]), Err(Error::Cancelled(_))));
    let mut stream = tagger.tag_iter([TEXT; 3]);
    assert!(matches!(stream.next(), Some(Err(Error::Cancelled(_)))));
    assert!(stream.next().is_none());
}

/// The untrained model finds whatever it finds; a validated match is there whole beside it.
#[test]
fn the_cards_recognizers_run_beside_the_model() {
    let folder = checkpoint_copy("bert-token");
    let text = "Ann met ada@example.com in Kassel";
    let found = |builder: TaggerBuilder| {
        let tagger = builder.open().unwrap();
        let texts = tagger.tag_texts(&[text.into()]).unwrap().remove(0).unwrap();
        assert_eq!(texts.entities.len(), texts.recognizers.len());
        let both = texts.entities.into_iter().zip(texts.recognizers);
        both.filter_map(|(e, name)| Some((name?, e.span.of(text)?.to_owned()))).collect::<Vec<_>>()
    };
    let builder = || Tagger::builder(folder.path());
    let email = [("email".to_owned(), "ada@example.com".to_owned())];
    assert_eq!(found(builder()), []);
    assert_eq!(found(builder().recognizers(vec!["email".to_owned()])), email);
    write_card(folder.path(), &json!({ "recognizers": ["contact"] }));
    assert_eq!(found(builder()), email);
    assert!(builder().open().unwrap().labels().contains(&"EMAIL".to_owned()));
    assert_eq!(found(builder().recognizers(vec!["none".to_owned()])), []);
    write_card(folder.path(), &json!({ "recognizers": ["emial"] }));
    let error = builder().check().unwrap_err();
    assert!(matches!(error, Error::Recognizers { .. }), "{error}");
}
