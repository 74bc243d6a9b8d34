//! Rankings of documents: worked by hand, against `trec_eval`, and what always holds.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod alike;

use std::collections::{BTreeMap, BTreeSet};

use alike::assert_alike;
use cloze_metrics::MetricsError;
use cloze_metrics::compare::BootstrapParams;
use cloze_metrics::retrieval::{JudgedRanking, RetrievalParams, RetrievalScorer};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

type Grades = BTreeMap<String, i32>;

fn grades(of: &[(&str, i32)]) -> Grades {
    of.iter().map(|(document, grade)| ((*document).to_owned(), *grade)).collect()
}

fn scorer(cutoffs: impl IntoIterator<Item = usize>) -> RetrievalScorer {
    RetrievalParams::new().cutoffs(cutoffs).check().unwrap().scorer()
}

/// The figures of one query, as they are written.
fn figures(ranking: &JudgedRanking, cutoffs: impl IntoIterator<Item = usize>) -> Value {
    let mut scorer = scorer(cutoffs);
    scorer.add("q", ranking).unwrap();
    serde_json::to_value(scorer.report().mean).unwrap()
}

/// Relevant a 3, b 1, c 2 (three of them); d 0, e −1. Ranked e, b, x, a: gains 0 1 0 3, where x is not
/// judged and c not found.
/// At 2: one of two is relevant, one of three found. DCG 1/log₂3; ideal 3 + 2/log₂3.
/// At 4: 2/4, 2/3. DCG 1/log₂3 + 3/log₂5; ideal 3 + 2/log₂3 + 1/log₂4.
/// At 10 the list is over: precision 2/10, all else as at 4. Average precision: (1/2 + 2/4 + 0) / 3.
#[test]
fn a_ranking_by_hand() {
    let grades = grades(&[("a", 3), ("b", 1), ("c", 2), ("d", 0), ("e", -1)]);
    let ranking = JudgedRanking::in_order(&["e", "b", "x", "a"], &grades).unwrap();
    assert_eq!((ranking.retrieved(), ranking.judged(), ranking.relevant()), (4, 5, 3));
    let (log3, log5) = (3_f64.log2(), 5_f64.log2());
    let whole = (1.0 / log3 + 3.0 / log5) / (3.0 + 2.0 / log3 + 0.5);
    let expected = json!({
        "ndcg": {"1": 0.0, "2": (1.0 / log3) / (3.0 + 2.0 / log3), "4": whole, "10": whole},
        "precision": {"1": 0.0, "2": 0.5, "4": 0.5, "10": 0.2},
        "recall": {"1": 0.0, "2": 1.0 / 3.0, "4": 2.0 / 3.0, "10": 2.0 / 3.0},
        "reciprocal_rank_at": {"1": 0.0, "2": 0.5, "4": 0.5, "10": 0.5},
        "reciprocal_rank": 0.5,
        "average_precision": 1.0 / 3.0,
    });
    assert_alike(&figures(&ranking, [10, 1, 4, 2, 4]), &expected, "");
    assert_alike(&json!(ranking.ndcg(usize::MAX)), &json!(whole), "without a cutoff");
    for figure in [
        JudgedRanking::ndcg,
        JudgedRanking::precision,
        JudgedRanking::recall,
        JudgedRanking::reciprocal_rank,
    ] {
        assert_alike(&json!(figure(&ranking, 0)), &json!(0.0), "at 0");
    }
}

/// Equal scores, also 0 and −0: the last name first, by bytes, so é before b before B and d9 before d10.
/// As it is given, the order is what it is.
#[test]
fn ties_go_by_name() {
    for (hits, relevant, rank) in [
        (&[("b", 1.0), ("a", 1.0)][..], "a", 2.0),
        (&[("a", 1.0), ("b", 1.0)], "a", 2.0),
        (&[("a", 1.0), ("b", 1.0 - f64::EPSILON)], "a", 1.0),
        (&[("d10", 0.0), ("d9", -0.0)], "d10", 2.0),
        (&[("B", 2.0), ("b", 2.0), ("é", 2.0), ("x", f64::INFINITY)], "B", 4.0),
        (&[("y", f64::NEG_INFINITY), ("x", -1.0)], "y", 2.0),
    ] {
        let grades = grades(&[(relevant, 1)]);
        let found = JudgedRanking::by_score(hits, &grades).unwrap().reciprocal_rank(usize::MAX);
        assert_alike(&json!(found), &json!(1.0 / rank), &format!("{hits:?}"));
    }
    let as_it_is = JudgedRanking::in_order(&["a", "b"], &grades(&[("a", 1)])).unwrap();
    assert_alike(&json!(as_it_is.reciprocal_rank(1)), &json!(1.0), "in order");
}

/// q1 finds its one document at rank 2: RR 1/2, AP 1/2, P@2 1/2. q2 was not asked. q3 found nothing. q4 has
/// no relevant document, q5 was not judged. So the mean of 1/2, 0 and 0 is 1/6.
#[test]
fn what_is_missing_counts_as_nothing_found() {
    let judgements: BTreeMap<String, Grades> =
        [("q1", 2), ("q2", 1), ("q3", 1), ("q4", 0), ("q6", -1)]
            .map(|(query, grade)| (query.to_owned(), grades(&[("d", grade)])))
            .into();
    let ranking = |query: &str, ranked: &[&str]| {
        JudgedRanking::in_order(ranked, judgements.get(query).unwrap_or(&Grades::new())).unwrap()
    };
    let mut first = scorer([2]);
    first.add("q1", &ranking("q1", &["x", "d"])).unwrap();
    first.add("q3", &ranking("q3", &[])).unwrap();
    let mut second = scorer([2]);
    second.add("q4", &ranking("q4", &["d"])).unwrap();
    second.add("q5", &ranking("q5", &["d"])).unwrap();
    for query in ["q4", "q5"] {
        assert_eq!(
            second.add(query, &ranking(query, &[])),
            Err(MetricsError::QueryTwice { query: query.into() })
        );
    }
    let before = first.clone();
    let mut again = second.clone();
    again.add("q3", &ranking("q3", &["d"])).unwrap();
    assert_eq!(first.merge(again), Err(MetricsError::QueryTwice { query: "q3".into() }));
    let unlike = first.merge(scorer([2, 3])).unwrap_err();
    let expected =
        "counts of one kind cannot be added to another's: cutoffs {2} and cutoffs {2, 3}";
    assert_eq!(unlike.to_string(), expected);
    assert_eq!(first, before);
    first.merge(second).unwrap();
    first.add_missing(&judgements);
    first.add_missing(&judgements);

    let none = json!({
        "relevant": 1, "retrieved": 0, "ndcg": {"2": 0}, "precision": {"2": 0}, "recall": {"2": 0},
        "reciprocal_rank_at": {"2": 0}, "reciprocal_rank": 0, "average_precision": 0,
    });
    let ndcg = 1.0 / 3_f64.log2(); // 2/log₂3 over 2
    let expected = json!({
        "queries": 3, "without_results": 2, "without_relevant": 2, "unjudged": 1,
        "mean": {
            "ndcg": {"2": ndcg / 3.0}, "precision": {"2": 1.0 / 6.0}, "recall": {"2": 1.0 / 3.0},
            "reciprocal_rank_at": {"2": 1.0 / 6.0}, "reciprocal_rank": 1.0 / 6.0,
            "average_precision": 1.0 / 6.0,
        },
        "by_query": {
            "q1": {
                "relevant": 1, "retrieved": 2, "ndcg": {"2": ndcg}, "precision": {"2": 0.5},
                "recall": {"2": 1}, "reciprocal_rank_at": {"2": 0.5}, "reciprocal_rank": 0.5,
                "average_precision": 0.5,
            },
            "q2": none, "q3": none,
        },
    });
    let found = serde_json::to_value(first.report()).unwrap();
    assert_alike(&found, &expected, "");
    assert!(!found.to_string().contains("-0"), "{found}");
}

/// Three queries of recall 1, 0, 0: of 27 resamples 8 have a mean of 0, 12 of 1/3, 6 of 2/3 and 1 of 1, so
/// up to 0.30, 0.74, 0.96 and 1 of all. 95 % lie from 0 (0.025) to 1 (0.975), 30 % at 1/3 (0.35, 0.65).
#[test]
fn intervals_are_of_queries() {
    let mut scorer = scorer([1]);
    let grades = grades(&[("d", 1)]);
    for (query, ranked) in [("q1", "d"), ("q2", "x"), ("q3", "x")] {
        scorer.add(query, &JudgedRanking::in_order(&[ranked], &grades).unwrap()).unwrap();
    }
    for (level, low, high) in [(0.95, 0.0, 1.0), (0.3, 1.0 / 3.0, 1.0 / 3.0)] {
        let bootstrap = BootstrapParams::new().resamples(20_000).level(level).check().unwrap();
        let found = scorer.intervals(&bootstrap).unwrap();
        let all =
            [found.recall[&1], found.ndcg[&1], found.reciprocal_rank, found.average_precision];
        for interval in all {
            let ends = json!([interval.low, interval.estimate, interval.high]);
            assert_alike(&ends, &json!([low, 1.0 / 3.0, high]), "recall");
        }
    }
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    let grades = grades(&[("a", 1)]);
    let error = JudgedRanking::in_order(&["a", "x", "x", "a"], &grades).unwrap_err();
    let expected = MetricsError::DocumentTwice { document: "x".into(), first: 2, second: 3 };
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), "document \"x\" is at rank 2 and again at rank 3");
    let error =
        JudgedRanking::by_score(&[("a", 1.0), ("x", 2.0), ("a", 0.5)], &grades).unwrap_err();
    assert_eq!(error, MetricsError::DocumentTwice { document: "a".into(), first: 2, second: 3 });
    let error = JudgedRanking::by_score(&[("a", 1.0), ("b", f64::NAN)], &grades).unwrap_err();
    assert_eq!(error.to_string(), "document \"b\": expected a score, found NaN");

    let error = RetrievalParams::new().cutoffs([3, 0]).check().unwrap_err();
    assert_eq!(error.to_string(), "cutoffs: expected at least 1, found 0");
    let ranking = JudgedRanking::in_order(&["a"], &grades).unwrap();
    for (cutoffs, found) in [(vec![], vec![]), (vec![1, usize::MAX], vec![1, usize::MAX])] {
        let mut scorer = scorer(cutoffs);
        scorer.add("q", &ranking).unwrap();
        assert_eq!(scorer.report().mean.ndcg.into_keys().collect::<Vec<_>>(), found);
    }
    let empty = RetrievalParams::default().check().unwrap().scorer();
    let text = serde_json::to_string(&empty.report()).unwrap();
    assert!(text.contains("\"100\":0.0") && !text.contains("null"), "{text}");
    let bootstrap = BootstrapParams::new().check().unwrap();
    let expected = MetricsError::TooFewExamples { expected: 1, found: 0 };
    assert_eq!(empty.intervals(&bootstrap), Err(expected));
}

#[derive(Deserialize)]
struct Retrieval {
    cutoffs: Vec<usize>,
    queries: BTreeMap<String, Case>,
    complete: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Case {
    grades: Grades,
    hits: Vec<(String, f64)>,
    figures: Value,
}

#[test]
fn trec_eval_has_the_same() {
    let data: Retrieval = serde_json::from_str(include_str!("data/retrieval.json")).unwrap();
    let mut all = scorer(data.cutoffs.iter().copied());
    let (mut worst, mut tied) = (0.0_f64, 0);
    for (name, Case { grades, hits, figures: expected }) in &data.queries {
        let ranking = JudgedRanking::by_score(hits, grades).unwrap();
        all.add(name, &ranking).unwrap();
        // Where nothing is relevant a scorer has no figures, but a ranking has those of trec_eval: 0.
        for (&k, measure) in data.cutoffs.iter().flat_map(|k| {
            ["ndcg", "precision", "recall", "reciprocal_rank_at"].map(|measure| (k, measure))
        }) {
            let found = match measure {
                "ndcg" => ranking.ndcg(k),
                "precision" => ranking.precision(k),
                "recall" => ranking.recall(k),
                _ => ranking.reciprocal_rank(k),
            };
            let expected = &expected[measure][k.to_string()];
            worst =
                worst.max(assert_alike(&json!(found), expected, &format!("{name} {measure} {k}")));
        }
        let found = json!([ranking.reciprocal_rank(usize::MAX), ranking.average_precision()]);
        let whole = json!([expected["reciprocal_rank"], expected["average_precision"]]);
        worst = worst.max(assert_alike(&found, &whole, name));
        if ranking.relevant() > 0 {
            let found = figures(&ranking, data.cutoffs.iter().copied());
            worst = worst.max(assert_alike(&found, expected, name));
        }
        let scores: BTreeSet<u64> = hits.iter().map(|(_, score)| score.to_bits()).collect();
        tied += usize::from(scores.len() < hits.len());
    }
    let report = all.report();
    let left_out = report.without_relevant;
    assert_eq!((report.queries + left_out, report.unjudged), (200, 0));
    assert!(report.without_results > 5 && left_out > 5 && tied > 100, "{report:?}");
    // trec_eval's means with -c count the queries without a relevant document, whose figures are 0.
    let f64_of = |n: u64| f64::from(u32::try_from(n).unwrap());
    let share = f64_of(report.queries) / f64_of(report.queries + left_out);
    let mut found = BTreeMap::from([
        ("recip_rank".to_owned(), report.mean.reciprocal_rank * share),
        ("map".to_owned(), report.mean.average_precision * share),
    ]);
    for (name, figures) in [
        ("ndcg_cut", &report.mean.ndcg),
        ("P", &report.mean.precision),
        ("recall", &report.mean.recall),
    ] {
        found.extend(figures.iter().map(|(k, figure)| (format!("{name}_{k}"), figure * share)));
    }
    worst = worst.max(assert_alike(&json!(found), &json!(data.complete), "complete"));
    println!("worst difference: {worst:e}");
}

proptest! {
    /// Few documents, so that many are relevant. A document moved ahead of one that is worth less never
    /// makes a figure lower, what is not judged matters at no rank behind, and the best order is best.
    #[test]
    fn better_rankings_have_better_figures(
        gains in prop::collection::vec(-1..4_i32, 1..9), unfound in prop::collection::vec(0..3_i32, 0..3),
        at in 0..8_usize, k in 1..10_usize,
    ) {
        let name = |i: usize| format!("d{i}");
        let grades: Grades = gains.iter().chain(&unfound).enumerate().map(|(i, g)| (name(i), *g)).collect();
        let all = |order: &[usize]| {
            let ranked: Vec<String> = order.iter().map(|i| name(*i)).collect();
            let r = JudgedRanking::in_order(&ranked, &grades).unwrap();
            [r.ndcg(k), r.recall(k), r.precision(k), r.reciprocal_rank(k), r.average_precision()]
        };
        let mut order: Vec<usize> = (0..gains.len()).collect();
        let before = all(&order);
        let longer: Vec<usize> = order.iter().copied().chain([100, 101]).collect();
        prop_assert_eq!(all(&longer).map(f64::to_bits), before.map(f64::to_bits));
        let at = at % gains.len();
        if at > 0 {
            let up = gains[at].max(0) >= gains[at - 1].max(0);
            order.swap(at - 1, at);
            let after = all(&order);
            for (before, after) in before.iter().zip(after) {
                let change = if up { after - before } else { before - after };
                prop_assert!(change >= -1e-12);
            }
        }
        let mut best: Vec<usize> = (0..grades.len()).collect();
        best.sort_by_key(|i| std::cmp::Reverse(grades[&name(*i)]));
        let most = f64::from(u8::from(grades.values().any(|grade| *grade > 0)));
        let [ndcg, _, _, rank, precision] = all(&best);
        for figure in [ndcg, rank, precision] {
            prop_assert!((figure - most).abs() < 1e-12);
        }
        for (figure, best) in before.into_iter().zip(all(&best)) {
            prop_assert!((0.0..=best + 1e-12).contains(&figure));
        }
    }

    /// Scores that fall with each rank give the order as it is.
    #[test]
    fn an_order_is_one_of_falling_scores(order in Just((0..12).collect::<Vec<_>>()).prop_shuffle()) {
        let names: Vec<String> = order.iter().map(|i| format!("d{i}")).collect();
        let grades: Grades = (0..12).map(|i| (format!("d{i}"), i - 6)).collect();
        let scored: Vec<(&String, f64)> = names.iter().zip((0..12).map(|rank| -f64::from(rank))).collect();
        let found = JudgedRanking::by_score(&scored, &grades).unwrap();
        prop_assert_eq!(found, JudgedRanking::in_order(&names, &grades).unwrap());
    }
}
