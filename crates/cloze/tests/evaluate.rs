//! Evaluations of models on gold data from memory, without the command.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::{Path, PathBuf};

use cloze::core::Span;
use cloze::corpus::{Pair, TaggedParams, TaggedSentence};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::bias::{BiasEvaluation, StereotypePair};
use cloze::evaluate::classifier::{ClassifierEvaluation, GoldExample};
use cloze::evaluate::minimal_pairs::{MinimalPair, MinimalPairEvaluation};
use cloze::evaluate::search::{
    DocumentRows, SearchEvaluation, SearchReport, SearchSource, SearchedDocuments, SearchedText,
};
use cloze::evaluate::senses::{SenseReport, SenseTrials};
use cloze::evaluate::sts::StsEvaluation;
use cloze::evaluate::tags::{TagEvaluation, TagEvaluationParams, score_tags};
use cloze::heads::score::Masking;
use cloze::heads::senses::{Occurrence, SenseFitter, SensePredictParams};
use cloze::metrics::retrieval::RetrievalParams;
use cloze::{
    Input, Level, MaskedLm, Metric, ModelFolder, Runtime, RuntimeParams, Scorer, SentenceEncoder,
    Tagger, TextClassifier,
};

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

fn encoder() -> SentenceEncoder {
    let model = ModelFolder::open(model("minilm-l6-v2")).unwrap();
    SentenceEncoder::builder(model).runtime(runtime()).open().unwrap()
}

fn sentences(conll: &'static str) -> Vec<TaggedSentence> {
    let params = TaggedParams::default().check().unwrap();
    params.from_reader("gold.conll", conll.as_bytes()).collect::<Result<_, _>>().unwrap()
}

/// Of three gold entities the model finds two, and nothing else: `Rhine` is called an organisation
/// here, which it does not say. P 2 / 3, R 2 / 3.
#[test]
fn tags_of_a_model_beside_gold() {
    let model = ModelFolder::open(model("ner-en")).unwrap();
    let tagger = Tagger::builder(model).runtime(runtime()).open().unwrap();
    let gold = "Angela B-PER\nMerkel I-PER\nlives O\nin O\nKassel B-LOC\n. O\n\n\
                The O\nRhine B-ORG\nflows O\nto O\nthe O\nsea O\n. O\n";
    let params = TagEvaluationParams::new();
    let mut evaluation = TagEvaluation::new(&tagger, Some(&tagger), params).unwrap();
    assert!(matches!(evaluation.report("none"), Err(EvaluateError::NoRecords)));
    assert!(evaluation.add(&sentences(gold)).unwrap().is_empty());
    let report = evaluation.report("gold").unwrap();
    assert_eq!((report.report.sentences, report.report.words), (2, 13));
    let micro = report.report.entities.averages.micro;
    for figure in [micro.precision, micro.recall, micro.f1] {
        assert!((figure - 2.0 / 3.0).abs() < 1e-12, "{micro:?}");
    }
    // Beside itself a model is no better.
    assert!(report.compare.unwrap().micro_f1.difference.estimate.abs() < 1e-12);
}

/// Tags of other words are refused with their place; `B-PER O` against `B-PER I-PER` is not an
/// entity found.
#[test]
fn tags_beside_tags() {
    let params = TagEvaluationParams::new();
    let gold = sentences("Ann B-PER\nRoe I-PER\n");
    let report = score_tags(&gold, &sentences("Ann B-PER\nRoe O\n"), &params).unwrap();
    assert!(report.entities.averages.micro.f1.abs() < 1e-12);
    let other = score_tags(&gold, &sentences("Ann B-PER\nPoe I-PER\n"), &params);
    assert!(matches!(other, Err(EvaluateError::OtherWords { sentence: 0, word: 1 })));
}

/// The third label is wrong on purpose: 2 of 3.
#[test]
fn labels_beside_gold() {
    let labels = [("sport", "sport"), ("money", "banks and shares")];
    let builder = TextClassifier::builder(model("minilm-l6-v2")).zero_shot(labels);
    let classifier = builder.runtime(runtime()).open().unwrap();
    let classifier = classifier.inputs();
    let gold = ["sport", "money", "money"].map(|label| vec![label.to_owned()]);
    let texts = ["The striker scored twice.", "The bank raised its rates.", "She won the race."];
    let examples = texts.iter().zip(&gold);
    let examples = examples.map(|(text, labels)| GoldExample { input: Input::text(text), labels });
    let mut evaluation = ClassifierEvaluation::new(classifier);
    let predictions = evaluation.add(&examples.collect::<Vec<_>>()).unwrap();
    let right: Vec<_> = predictions.iter().map(|example| example.right).collect();
    assert_eq!(right, [Some(true), Some(true), Some(false)]);
    let report = evaluation.report(0).unwrap();
    assert!((report.evaluation.accuracy() - 2.0 / 3.0).abs() < 1e-12);
    // Labels that it does not have are no gold labels for it.
    let mut evaluation = ClassifierEvaluation::new(classifier);
    let other = [String::from("weather")];
    evaluation.add(&[GoldExample { input: Input::text("It rains."), labels: &other }]).unwrap();
    assert!(matches!(evaluation.report(0), Err(EvaluateError::OtherLabels { .. })));
}

/// Similarities are in the order of the gold scores: the correlation of ranks is 1, and of the scores
/// turned round −1.
#[test]
fn similarities_beside_people_s() {
    let encoder = encoder();
    let pairs = |scores: [f64; 3]| {
        let texts = [
            ("The cat sits outside.", "The cat is sitting outside."),
            ("The cat sits outside.", "A dog lies in the garden."),
            ("The cat sits outside.", "Shares fell on Monday."),
        ];
        let pair = |((first, second), score): ((&str, &str), f64)| Pair {
            line: 1,
            id: None,
            first: first.into(),
            second: second.into(),
            score: Some(score),
            cells: None,
            group: None,
        };
        texts.into_iter().zip(scores).map(pair).collect::<Vec<_>>()
    };
    for (scores, expected) in [([5.0, 2.0, 0.0], 1.0), ([0.0, 2.0, 5.0], -1.0)] {
        let mut evaluation = StsEvaluation::new(&encoder, Metric::Cosine);
        assert!(evaluation.add(&pairs(scores)).unwrap().iter().all(Result::is_ok));
        let (report, errors) = evaluation.report(None, None).unwrap();
        assert!(errors.is_empty());
        assert_eq!((report.pairs, report.texts), (3, 4));
        assert!((report.spearman - expected).abs() < 1e-12, "{}", report.spearman);
    }
}

/// "She see" is less acceptable than "She sees", and the same pair turned round is wrong: 1 of 2 in
/// each evaluation. Equal sentences are a tie.
#[test]
fn sentences_beside_each_other() {
    let model = ModelFolder::open(model("mlm-en")).unwrap();
    let lm = MaskedLm::builder(model.clone()).runtime(runtime()).open().unwrap();
    let scorer = Scorer::new(lm, Masking::Token);
    let (good, bad) = ("She sees the old house every day.", "She see the old house every day.");
    let pair = |good, bad| MinimalPair {
        good,
        bad,
        paradigm: "agreement",
        phenomenon: None,
        field: Some("syntax"),
    };
    let mut evaluation = MinimalPairEvaluation::new(&scorer);
    evaluation.add(&[pair(good, bad), pair(bad, good)]).unwrap();
    let report = evaluation.report(&model).unwrap();
    assert_eq!((report.overall.pairs, report.overall.ties), (2, 0));
    assert!((report.overall.first - 0.5).abs() < 1e-12);
    assert_eq!((report.fields.len(), report.phenomena.len()), (1, 0));

    let mut evaluation = BiasEvaluation::new(&scorer);
    let pair = |more, less| StereotypePair { more, less, category: Some("age") };
    evaluation.add(&[pair(good, bad), pair(bad, good), pair(good, good)]).unwrap();
    let report = evaluation.report(&model).unwrap();
    assert_eq!((report.overall.pairs, report.overall.ties), (3, 1));
    assert!((report.overall.first - 1.0 / 3.0).abs() < 1e-12);
}

/// The first query finds its document first; the second one's is there second at best, since the
/// first document is about it. MRR (1 + 1 / 2) / 2.
#[test]
fn documents_beside_judgements() {
    let encoder = encoder();
    let none = serde_json::Map::new();
    let text = |id, text| SearchedText { id, path: "-", line: 1, text, metadata: &none };
    let mut rows = DocumentRows::new(encoder.width(), cloze::corpus::TextChunks::default(), None);
    let documents = [
        text("cats", "Cats sleep most of the day."),
        text("banks", "The bank lends money to firms."),
        text("cats", "The same name again."),
    ];
    let errors = rows.push(&documents, &encoder).unwrap();
    assert_eq!(errors.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2]);
    let searched = SearchedDocuments::in_memory(encoder, rows, Metric::Cosine, 1).unwrap();
    let grades = [("q1", "banks"), ("q2", "banks")]
        .map(|(query, document)| (query.to_owned(), [(document.to_owned(), 1)].into()));
    let scorer = RetrievalParams::new().cutoffs([1]).check().unwrap().scorer();
    let mut evaluation = SearchEvaluation::new(grades.into(), scorer, Some(10));
    let queries = [("q1", "Who gives credit to companies?"), ("q2", "How long do cats sleep?")];
    for (query, text) in queries {
        let found = searched.ranked(&[text], 10, evaluation.judged()).unwrap().pop().unwrap();
        evaluation.add(query, found).unwrap();
    }
    assert_eq!(evaluation.check().unwrap(), None);
    let source = SearchSource::Results { results: "memory".into() };
    let evaluated = evaluation.finish(0).unwrap();
    let report = SearchReport::new(source, "grades".into(), Some(10), evaluated, false);
    assert_eq!(report.queries, 2);
    assert!((report.mean.reciprocal_rank - 0.75).abs() < 1e-12, "{:?}", report.mean);
}

/// The senses of `bank`, fitted on two texts each and evaluated on the same: all are right in
/// context, while the most frequent sense is right in half of them.
#[test]
fn senses_beside_gold() {
    use cloze::corpus::{SenseText, SenseWord};
    let encoder = encoder();
    let text = |text: &str, sense: &str| {
        let start = text.find("bank").unwrap();
        let span = Span::new(start, start + 4);
        let (lemma, pos) = ("bank".into(), "NOUN".into());
        let word = SenseWord { line: 1, span, lemma, pos, sense: sense.into(), gloss: None };
        SenseText { line: 1, document: None, text: text.into(), words: vec![word] }
    };
    let texts = [
        text("She opened an account at the bank.", "money"),
        text("The bank lends money to firms.", "money"),
        text("They sat on the bank of the river.", "river"),
        text("Reeds grow along the bank of the stream.", "river"),
    ];
    let vector = |text: &SenseText| {
        let spans = [text.words[0].span];
        let mut vectors = encoder.spans(&[(&*text.text, &spans[..])]).unwrap();
        vectors.pop().unwrap().pop().unwrap().unwrap()
    };
    let params = SensePredictParams::new().check().unwrap();
    let width = encoder.provenance(Level::Word).unwrap().width;
    let mut fitter = SenseFitter::new(width, params.spread());
    for text in &texts {
        let SenseWord { lemma, pos, sense, .. } = &text.words[0];
        fitter.push(&Occurrence { lemma, pos, sense, form: "bank" }, &vector(text)).unwrap();
    }
    let senses = [fitter.fit(&params).unwrap()];
    let mut report = SenseReport::new(&encoder, &senses[0], &texts, "sentence").unwrap();
    let mut trials = SenseTrials::new("in context", &senses);
    for text in &texts {
        trials.add(&text.words[0], &vector(text)).unwrap();
    }
    report.scores.extend(trials.into_scores());
    let right: Vec<_> = report.scores.iter().map(|score| (score.all.right, score.all.of)).collect();
    assert_eq!(right, [(2, 4), (4, 4)]);
}
