//! Entities: worked by hand, against seqeval and nervaluate, and what always holds.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod alike;

use std::collections::BTreeMap;

use alike::assert_alike;
use cloze_core::Span;
use cloze_metrics::entity::{ByMatch, Convention, EntityScorer, SchemeEvidence, TagScheme};
use cloze_metrics::{MetricsError, Origin, Scores};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

fn split(tags: &str) -> Vec<&str> {
    tags.split_whitespace().collect()
}

fn scored(convention: Convention, sentences: &[(&str, &str)]) -> EntityScorer {
    let mut scorer = EntityScorer::new(convention);
    for (gold, predicted) in sentences {
        scorer.add(&split(gold), &split(predicted)).unwrap();
    }
    scorer
}

/// Gold PER[0..2] LOC[3..4] LOC[5..6], predicted PER[0..2] PER[3..4] LOC[5..7] LOC[7..8] PER[8..9].
/// PER: 1 right of 1 gold and 3 predicted, P 1/3, R 1, F1 2/4. LOC: 0 of 2 and 2.
/// Together: 1 of 3 gold and 5 predicted, P 1/5, R 1/3, F1 2/8.
/// Macro: P 1/6, R 1/2, F1 1/4. Weighted, PER by 1 and LOC by 2: P 1/9, R 1/3, F1 1/6.
#[test]
fn a_report_by_hand() {
    let gold = "B-PER I-PER O B-LOC O B-LOC O O O";
    let predicted = "B-PER I-PER O B-PER O B-LOC I-LOC B-LOC B-PER";
    let convention = Convention::Strict(TagScheme::Iob2);
    let report = scored(convention, &[(gold, predicted)]).report();
    let found = serde_json::to_value(report).unwrap();
    let scores = |p: f64, r: f64, f: f64, s: u64| json!({"precision": p, "recall": r, "f1": f, "support": s});
    let mut expected = json!({
        "micro": scores(1.0 / 5.0, 1.0 / 3.0, 1.0 / 4.0, 3),
        "macro": scores(1.0 / 6.0, 1.0 / 2.0, 1.0 / 4.0, 3),
        "weighted": scores(1.0 / 9.0, 1.0 / 3.0, 1.0 / 6.0, 3),
        "labels": {"LOC": scores(0.0, 0.0, 0.0, 2), "PER": scores(1.0 / 3.0, 1.0, 1.0 / 2.0, 1)},
    });
    let mut figures = found.clone();
    let figures = figures.as_object_mut().unwrap();
    assert_eq!(figures.shift_remove("convention"), Some(json!("strict")));
    assert_eq!(figures.shift_remove("scheme"), Some(json!("IOB2")));
    assert_alike(&Value::Object(figures.clone()), &expected, "");
    let order: Vec<_> = found.as_object().unwrap().keys().collect();
    assert_eq!(order, ["convention", "scheme", "micro", "macro", "weighted", "labels"]);

    // Of LOC alone.
    let mut only = EntityScorer::new(Convention::Conlleval).restrict_to(["LOC"]);
    only.add(&split(gold), &split(predicted)).unwrap();
    let zeros = scores(0.0, 0.0, 0.0, 2);
    expected = json!({"convention": "conlleval", "scheme": null, "micro": zeros, "macro": zeros,
        "weighted": zeros, "labels": {"LOC": zeros}});
    assert_eq!(serde_json::to_value(only.report()).unwrap(), expected);
}

/// `I-PER I-PER` is PER[0..2] to conlleval, and nothing in strict IOB2. So is an `I` after another
/// label, `B-PER I-LOC`: PER[0..1] LOC[1..2], and strictly PER alone.
#[test]
fn conventions_differ_where_tags_are_illegal() {
    let pairs = [("B-PER I-PER O", "I-PER I-PER O"), ("B-PER O", "B-PER I-LOC")];
    let counts = |convention| {
        let scorer = scored(convention, &pairs);
        let of = |label: &str| scorer.labels().get(label).map(|c| (c.correct, c.gold, c.predicted));
        (of("PER"), of("LOC"))
    };
    assert_eq!(counts(Convention::Conlleval), (Some((2, 2, 2)), Some((0, 0, 1))));
    assert_eq!(counts(Convention::Strict(TagScheme::Iob2)), (Some((1, 2, 1)), None));
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    scheme: String,
    gold: Vec<String>,
    predicted: Vec<String>,
    strict: Value,
    conlleval: Value,
    partial: Value,
}

#[test]
fn seqeval_and_nervaluate_have_the_same() {
    let fixture: Fixture = serde_json::from_str(include_str!("data/entities.json")).unwrap();
    let (mut worst, mut sentences) = (0.0_f64, BTreeMap::new());
    for (i, case) in fixture.cases.iter().enumerate() {
        let scheme = TagScheme::parse(&case.scheme).unwrap();
        let pairs: Vec<_> =
            case.gold.iter().zip(&case.predicted).map(|(g, p)| (&**g, &**p)).collect();
        *sentences.entry(scheme.name()).or_insert(0) += pairs.len();
        for (convention, expected) in
            [(Convention::Strict(scheme), &case.strict), (Convention::Conlleval, &case.conlleval)]
        {
            let place = format!("case {i}, {scheme}, {}", convention.name());
            let scorer = scored(convention, &pairs);
            let mut found = serde_json::to_value(scorer.report()).unwrap();
            for key in ["convention", "scheme"] {
                found.as_object_mut().unwrap().shift_remove(key);
            }
            worst = worst.max(assert_alike(&found, expected, &place));
        }
        let found = scored(Convention::Conlleval, &pairs).partial_report();
        let found = serde_json::to_value(found).unwrap();
        worst = worst.max(assert_alike(&found, &case.partial, &format!("case {i}, partial")));
    }
    assert!(sentences.len() == 6 && sentences.values().all(|n| *n >= 200), "{sentences:?}");
    println!("worst difference: {worst:e}");
}

fn spans<'a>(entities: &'a [(&'a str, usize, usize)]) -> Vec<(&'a str, Span)> {
    entities.iter().map(|(label, start, end)| (*label, Span::new(*start, *end))).collect()
}

/// Gold A[0..2] B[3..5] A[6..9] B[10..11]; predicted A[0..2], A[3..5] (other label), A[7..9] (other
/// place), B[6..7] (both, and what it overlaps is taken), A[12..13] (nothing there).
/// In order A[0..2] A[3..5] B[6..7] A[7..9] A[12..13]:
/// strict: COR 1, INC 2 (A[3..5], B[6..7]), MIS 1 (B[10..11]), SPU 2: P 1/5, R 1/4.
/// exact: COR 2, INC 1, MIS 1, SPU 2. partial: COR 2, PAR 1, so P 2.5/5, R 2.5/4.
/// type: COR 1 (A[0..2]), INC 2 (A[3..5] and B[6..7]; A[7..9] comes too late), MIS 1, SPU 2.
#[test]
fn partial_matches_by_hand() {
    let mut scorer = EntityScorer::new(Convention::Conlleval);
    let gold = [("A", 0, 2), ("B", 3, 5), ("A", 6, 9), ("B", 10, 11)];
    let predicted = [("A", 0, 2), ("A", 3, 5), ("A", 7, 9), ("B", 6, 7), ("A", 12, 13)];
    scorer.add_spans(spans(&gold), spans(&predicted)).unwrap();
    let ByMatch { strict, exact, partial, r#type } = scorer.partial_report();
    let counts = [strict, exact, partial, r#type].map(|s| {
        let c = s.counts;
        (c.correct, c.incorrect, c.partial, c.missed, c.spurious)
    });
    assert_eq!(counts, [(1, 2, 0, 1, 2), (2, 1, 0, 1, 2), (2, 0, 1, 1, 2), (1, 2, 0, 1, 2)]);
    assert_eq!((strict.precision, strict.recall), (1.0 / 5.0, 1.0 / 4.0));
    assert_eq!((partial.precision, partial.recall), (2.5 / 5.0, 2.5 / 4.0));
    assert!((partial.f1 - 5.0 / 9.0).abs() < 1e-15);
    // By label and place alone: A[0..2] of 2 gold A and 4 predicted.
    let report = scorer.report();
    let a = Scores { precision: 0.25, recall: 0.5, f1: 1.0 / 3.0, support: 2 };
    assert_eq!(report.labels["A"], a);
}

#[test]
fn what_is_no_tag_is_an_error() {
    let scorer = || EntityScorer::new(Convention::Strict(TagScheme::Iob2));
    let error = scorer().add(&["O"], &["O", "O"]).unwrap_err();
    assert_eq!(error, MetricsError::GoldPredicted { gold: 1, predicted: 2 });
    assert_eq!(error.to_string(), "1 gold and 2 predicted: expected equal numbers");
    let error = scorer().add(&["O", "B-A"], &["O", "S-A"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "predicted tag 1 is \"S-A\": expected O, or one of BI with -LABEL"
    );
    let mut any = EntityScorer::new(Convention::Conlleval);
    for bad in ["", "PER", "BPER", "o", "b-A", "é-A", "-", "O-A"] {
        let error = any.add(&["O"], &[bad]).unwrap_err();
        let expected = "BIESLU";
        let found = bad.to_owned();
        let origin = Origin::Predicted;
        assert_eq!(error, MetricsError::Tag { origin, position: 0, expected, found });
    }
    let error = any.add_spans(spans(&[("A", 2, 2)]), spans(&[])).unwrap_err();
    assert_eq!(error.to_string(), "gold A at 2..2: expected an end after the start");
    // Nothing was counted, and nothing is 0 throughout.
    assert_eq!(any, EntityScorer::new(Convention::Conlleval));
    assert_eq!(any.report().averages.r#macro, Scores::default());
    // No label is one, too; hyphens in labels stay.
    any.add(&["B", "B-a-b", "I-É"], &["B-", "B-a", "I-É"]).unwrap();
    assert_eq!(any.labels().keys().collect::<Vec<_>>(), ["_", "a", "a-b", "É"]);
    let micro = any.report().averages.micro;
    assert_alike(&json!(micro.f1), &json!(2.0 / 3.0), "micro");
}

#[test]
fn counts_of_two_kinds_do_not_add() {
    let conlleval = || EntityScorer::new(Convention::Conlleval);
    let error = conlleval()
        .merge(EntityScorer::new(Convention::Strict(TagScheme::Bilou)).restrict_to(["A"]))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "counts of one kind cannot be added to another's: conlleval, no scheme, all labels and \
         strict, BILOU, labels {\"A\"}"
    );
    conlleval().merge(conlleval().named_scheme(TagScheme::Iob1)).unwrap_err();
}

#[test]
fn tags_show_their_scheme() {
    for (sentences, expected) in [
        (&["O O", ""][..], None),
        (&["I-A O"], Some(TagScheme::Iob1)),
        (&["B-A I-A", "B-B"], Some(TagScheme::Iob2)),
        (&["B-A I-A", "I-A B-A"], Some(TagScheme::Iob2)), // legal in neither
        (&["I-A B-A I-A", "I-B O"], Some(TagScheme::Iob1)),
        (&["I-A E-A O", "E-B"], Some(TagScheme::Ioe2)),
        (&["I-A E-A I-A", "O I-B"], Some(TagScheme::Ioe1)),
        (&["B-A E-A", "O"], Some(TagScheme::Iobes)),
        (&["S-A"], Some(TagScheme::Iobes)),
        (&["B-A L-A"], Some(TagScheme::Bilou)),
        (&["U-A"], Some(TagScheme::Bilou)),
        (&["B-A E-A U-A"], None),
    ] {
        let mut whole = SchemeEvidence::default();
        for sentence in sentences {
            let mut part = SchemeEvidence::default();
            part.add(&split(sentence));
            whole.merge(&part);
        }
        assert_eq!(whole.scheme(), expected, "{sentences:?}");
    }
}

/// Tags over two labels, in letters of `letters`.
fn tags(letters: &'static str) -> impl Strategy<Value = Vec<(String, String)>> {
    let tag = (0..=letters.len(), 0..2_usize).prop_map(|(letter, label)| {
        letters.get(letter..=letter).map_or("O".into(), |l| format!("{l}-{}", ["A", "B"][label]))
    });
    prop::collection::vec((tag.clone(), tag), 1..7)
}

fn counted(convention: Convention, sentences: &[Vec<(String, String)>]) -> EntityScorer {
    let mut scorer = EntityScorer::new(convention);
    for sentence in sentences {
        let (gold, predicted): (Vec<_>, Vec<_>) = sentence.iter().cloned().unzip();
        scorer.add(&gold, &predicted).unwrap();
    }
    scorer
}

proptest! {
    /// Sentences counted apart are those counted together; a swap of gold and predicted swaps precision
    /// and recall.
    #[test]
    fn parts_add_up(sentences in prop::collection::vec(tags("BIES"), 0..6), at in 0..6_usize) {
        for convention in [Convention::Conlleval, Convention::Strict(TagScheme::Iobes)] {
            let at = at.min(sentences.len());
            let mut parts = counted(convention, &sentences[..at]);
            parts.merge(counted(convention, &sentences[at..])).unwrap();
            let whole = counted(convention, &sentences);
            prop_assert_eq!(&parts, &whole);
            let swapped: Vec<Vec<_>> = sentences
                .iter()
                .map(|s| s.iter().map(|(g, p)| (p.clone(), g.clone())).collect())
                .collect();
            let swapped = counted(convention, &swapped).report();
            for (label, scores) in whole.report().labels {
                let other = swapped.labels[&label];
                prop_assert_eq!((scores.precision, scores.recall), (other.recall, other.precision));
            }
        }
    }

    /// A strict entity is one to conlleval, too, where every sentence is legal; and gold evaluated
    /// against itself is right throughout.
    #[test]
    fn gold_against_itself_is_right(sentence in tags("BILU")) {
        let same: Vec<_> = sentence.into_iter().map(|(gold, _)| (gold.clone(), gold)).collect();
        for convention in [Convention::Conlleval, Convention::Strict(TagScheme::Bilou)] {
            let scorer = counted(convention, std::slice::from_ref(&same));
            for counts in scorer.labels().values() {
                prop_assert_eq!((counts.correct, counts.correct), (counts.gold, counts.predicted));
            }
            let found = scorer.partial_report();
            for scores in [found.strict, found.exact, found.partial, found.r#type] {
                let counts = scores.counts;
                let rest = counts.incorrect + counts.partial + counts.missed + counts.spurious;
                prop_assert_eq!(rest, 0);
            }
        }
    }

    /// Spans that may overlap: gold and predicted are all accounted for in each way of counting, what
    /// is right strictly is right in place, and what is right is that of the counts by label.
    #[test]
    fn every_span_is_accounted_for(
        gold in prop::collection::vec((0..2_usize, 0..6_usize, 1..4_usize), 0..7),
        predicted in prop::collection::vec((0..2_usize, 0..6_usize, 1..4_usize), 0..7),
    ) {
        let spans = |list: &[(usize, usize, usize)]| {
            list.iter().map(|(l, at, n)| (["A", "B"][*l], Span::new(*at, at + n))).collect::<Vec<_>>()
        };
        let mut scorer = EntityScorer::new(Convention::Conlleval);
        scorer.add_spans(spans(&gold), spans(&predicted)).unwrap();
        let sum = |of: fn(&cloze_metrics::Counts) -> u64| scorer.labels().values().map(of).sum::<u64>();
        let found = scorer.partial_report();
        for scores in [found.strict, found.exact, found.partial, found.r#type] {
            let c = scores.counts;
            let both = c.correct + c.incorrect + c.partial;
            prop_assert_eq!((both + c.missed, both + c.spurious), (sum(|c| c.gold), sum(|c| c.predicted)));
        }
        prop_assert_eq!(found.strict.counts.correct, sum(|c| c.correct));
        prop_assert!(found.strict.counts.correct <= found.exact.counts.correct);
        prop_assert_eq!(found.exact.counts.incorrect, found.partial.counts.partial);
    }
}

/// In BILOU `B-A I-A L-A U-A O B-B` conlleval reads A[0..3] A[3..4] B[5..6]; strictly B is not ended.
/// The same entities in IOB1 are `I-A I-A I-A B-A O I-B`, where B is one.
#[test]
fn entities_of_two_schemes_are_the_same() {
    const BILOU: [&str; 6] = ["B-A", "I-A", "L-A", "U-A", "O", "B-B"];
    const IOB1: [&str; 6] = ["I-A", "I-A", "I-A", "B-A", "O", "I-B"];
    let all = spans(&[("A", 0, 3), ("A", 3, 4), ("B", 5, 6)]);
    let read = |convention: Convention, tags: &'static [&'static str; 6]| {
        convention.entities(tags, Origin::Gold).unwrap()
    };
    assert_eq!(read(Convention::Conlleval, &BILOU), all);
    assert_eq!(read(Convention::Conlleval, &IOB1), all);
    assert_eq!(read(Convention::Strict(TagScheme::Iob1), &IOB1), all);
    assert_eq!(read(Convention::Strict(TagScheme::Bilou), &BILOU), all[..2]);
    let error = Convention::Strict(TagScheme::Iob1).entities(&BILOU, Origin::Gold).unwrap_err();
    let (position, found) = (2, "L-A".to_owned());
    let expected = MetricsError::Tag { origin: Origin::Gold, position, expected: "BI", found };
    assert_eq!(error, expected);
    assert_eq!(Convention::Conlleval.entities(&[""; 0], Origin::Gold), Ok(vec![]));
}
