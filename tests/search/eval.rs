//! Figures of searches.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::run::{Home, records};
use crate::{data, near, only, string};

/// What was found for a query, best first.
type Run = BTreeMap<String, Vec<(String, f64)>>;
type Grades = BTreeMap<String, BTreeMap<String, i32>>;

fn run_of(text: &str) -> Run {
    let mut run = Run::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        let [query, q0, document, rank, score, tag] = columns[..] else { panic!("{line}") };
        assert_eq!((q0, tag), ("Q0", "cloze"));
        let found = run.entry(query.to_owned()).or_default();
        found.push((document.to_owned(), score.parse().unwrap()));
        assert_eq!(rank.parse::<usize>().unwrap(), found.len());
        let scores: Vec<f64> = found.iter().rev().take(2).map(|(_, score)| *score).collect();
        assert!(scores[0] <= scores[scores.len() - 1]);
    }
    run
}

fn grades_of(text: &str) -> Grades {
    let mut grades = Grades::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let documents = grades.entry(columns[0].to_owned()).or_default();
        documents.insert(columns[2].to_owned(), columns[3].parse().unwrap());
    }
    grades
}

fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// nDCG, precision and recall at `k`, reciprocal rank and average precision, by their definitions.
fn figures(found: &[(String, f64)], grades: &BTreeMap<String, i32>, k: usize) -> [f64; 5] {
    let grade = |(document, _): &(String, f64)| grades.get(document).copied().unwrap_or(0).max(0);
    let gains: Vec<i32> = found.iter().map(grade).collect();
    let mut ideal: Vec<i32> = grades.values().copied().filter(|grade| *grade > 0).collect();
    let relevant = number(ideal.len());
    ideal.sort_unstable();
    ideal.reverse();
    let dcg = |gains: &[i32]| -> f64 {
        let gains = gains.iter().take(k).enumerate();
        gains.map(|(i, gain)| f64::from(*gain) / number(i + 2).log2()).sum()
    };
    let hits = |n: usize| number(gains.iter().take(n).filter(|gain| **gain > 0).count());
    let ranks: Vec<usize> = (1..=gains.len()).filter(|rank| gains[rank - 1] > 0).collect();
    let precisions: f64 = ranks.iter().map(|rank| hits(*rank) / number(*rank)).sum();
    [
        dcg(&gains) / dcg(&ideal),
        hits(k) / number(k),
        hits(k) / relevant,
        ranks.first().map_or(0.0, |rank| 1.0 / number(*rank)),
        precisions / relevant,
    ]
}

/// The same of a report, or of one of its queries.
fn reported(figures: &Value, k: usize) -> [&Value; 5] {
    let k = k.to_string();
    [
        &figures["ndcg"][&k],
        &figures["precision"][&k],
        &figures["recall"][&k],
        &figures["reciprocal_rank"],
        &figures["average_precision"],
    ]
}

#[test]
fn figures_are_those_of_the_run_and_do_not_depend_on_the_way() {
    let home = Home::new();
    let (documents, judgements) = (data("documents.jsonl"), data("judgements.tsv"));
    let queries = data("queries.jsonl");
    home.run(&["index", "build", &documents, "-o", "town"]).good();
    let asked = ["eval", "search", "--judgements", &judgements, "--json", "--per-query"];
    let flags = ["--index", "town", "--queries", &queries, "--run", "found.run"];
    let report = only(&home.run(&[&asked[..], &flags[..]].concat()));

    let grades = grades_of(&fs_err::read_to_string(&judgements).unwrap());
    let run = run_of(&home.read("found.run"));
    assert_eq!((grades.len(), run.len()), (47, 47));
    assert!(run.values().all(|found| found.len() == 100));
    for k in [1, 3, 5, 10, 100] {
        let mut sums = [0.0; 5];
        for (query, found) in &run {
            let expected = figures(found, &grades[query], k);
            for (i, value) in reported(&report["by_query"][query], k).into_iter().enumerate() {
                near(value, expected[i]);
                sums[i] += expected[i];
            }
        }
        for (i, value) in reported(&report["mean"], k).into_iter().enumerate() {
            near(value, sums[i] / 47.0);
        }
        let interval = &report["intervals"]["ndcg"][k.to_string()];
        near(&interval["estimate"], sums[0] / 47.0);
        let [low, high] = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
        assert!(low < sums[0] / 47.0 && sums[0] / 47.0 < high && high - low < 0.3, "{interval}");
    }
    for (key, value) in [
        ("queries", 47),
        ("without_results", 0),
        ("not_asked", 0),
        ("without_relevant", 0),
        ("unjudged", 0),
        ("further_parts", 0),
        ("depth", 100),
        ("records", 126),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    assert!(report["convention"].as_str().unwrap().starts_with("trec_eval"));

    // The same figures by each other way: documents encoded now, what a search has printed, the run.
    let printed =
        home.run(&["index", "search", "town", "--queries", &queries, "-k", "100", "--json"]);
    home.write("found.jsonl", printed.good());
    for way in [
        &[&*documents, "--queries", &queries][..],
        &["--results", "found.jsonl"],
        &["--results", "found.run"],
    ] {
        let other = only(&home.run(&[&asked[..], way].concat()));
        for key in ["mean", "intervals", "by_query", "queries", "without_results", "not_asked"] {
            assert_eq!(other[key], report[key], "{key} of {way:?}");
        }
    }
    // The table has the same numbers.
    let ran = home.run(&[&asked[..4], &["--results", "found.run", "--per-query"]].concat());
    let text = ran.good();
    let mean = report["mean"]["ndcg"]["10"].as_f64().unwrap();
    assert!(text.contains(&format!("\nnDCG@10        {mean:>6.4}  ")), "{text}");
    assert!(text.contains("\nas trec_eval 9 with -c"), "{text}");
    let rank = report["by_query"]["Q05"]["reciprocal_rank"].as_f64().unwrap();
    let row = text.lines().find(|line| line.starts_with("Q05 ")).unwrap();
    assert_eq!(row.split_whitespace().nth(5).unwrap(), format!("{rank:.4}"));
}

/// Worked by hand. q1, whose relevant documents are b (2) and c (1): d and c have the same score, so d,
/// the last name, comes first: b's part #2 of 0.9, d, c, and b's worse part is passed over. nDCG@2 is
/// 2/(2 + 1/log₂3), recall@2 1/2, precision@2 1/2, average precision (1 + 2/3)/2. q2 has found nothing,
/// q3 has no relevant document, q4 is not judged, and q5 was not asked: means are over q1, q2 and q5.
#[test]
fn parts_ties_and_queries_that_do_not_count() {
    let part = json!({"span": [0, 4]});
    let hit = |id: &str, score: f64, rest: &Value| {
        let mut hit = rest.clone();
        hit["id"] = id.into();
        hit["score"] = score.into();
        hit
    };
    let none = json!({});
    let hits = [
        hit("c", 0.5, &none),
        hit("b#1", 0.4, &part),
        hit("b#2", 0.9, &part),
        hit("d", 0.5, &none),
    ];
    let line = |id: &str, hits: &[Value]| json!({"id": id, "query": "?", "hits": hits}).to_string();
    let found = [line("q1", &hits), line("q2", &[]), line("q3", &hits), line("q4", &hits)];
    let judgements = "q1 0 b 2\nq1 0 c 1\nq1 0 d 0\nq2 0 b 1\nq3 0 b 0\nq5 0 b 1\n";
    let home = Home::with([("found.jsonl", &*found.join("\n")), ("town.qrels", judgements)]);
    let args = ["eval", "search", "--qrels", "town.qrels", "--cutoffs", "2", "--json"];
    let flags = ["--results", "found.jsonl", "--run", "run.txt"];
    let report = only(&home.run(&[&args[..], &flags[..]].concat()));
    let ndcg = 2.0 / (2.0 + 1.0 / 3.0_f64.log2());
    let expected = [ndcg, 0.5, 0.5, 1.0, f64::midpoint(1.0, 2.0 / 3.0)];
    for (value, expected) in reported(&report["mean"], 2).into_iter().zip(expected) {
        near(value, expected / 3.0);
    }
    for (key, value) in [
        ("queries", 3),
        ("without_results", 2),
        ("not_asked", 1),
        ("without_relevant", 1),
        ("unjudged", 1),
        ("further_parts", 3),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    let run = home.read("run.txt");
    let first: Vec<&str> = run.lines().take(3).collect();
    assert_eq!(first, ["q1 Q0 b 1 0.9 cloze", "q1 Q0 d 2 0.5 cloze", "q1 Q0 c 3 0.5 cloze"]);
    // A name with a number is a part only where it is one, and whoever judges parts gets them.
    let judged = "q1 0 b#1 2\nq1 0 b 1\n";
    home.write("parts.qrels", judged);
    let args = ["eval", "search", "--qrels", "parts.qrels", "--cutoffs", "2", "--json"];
    home.run(&[&args[..], &["--results", "found.jsonl", "--run", "parts.txt"]].concat()).good();
    assert_eq!(home.read("parts.txt").lines().nth(3), Some("q1 Q0 b#1 4 0.4 cloze"));
    home.write("whole.jsonl", line("q1", &[hit("b#2", 0.9, &none)]));
    home.run(&[&args[..], &["--results", "whole.jsonl", "--run", "whole.txt"]].concat()).good();
    assert_eq!(home.read("whole.txt"), "q1 Q0 b#2 1 0.9 cloze\n");
}

/// Parts take places, and still `-k` documents are found, each as good as its best part.
#[test]
fn documents_in_parts_are_found_to_the_same_depth() {
    let home = Home::new();
    let (documents, judgements) = (data("documents.jsonl"), data("judgements.tsv"));
    let queries = data("queries.jsonl");
    home.run(&["index", "build", &documents, "--chunk", "words:6", "-o", "parts"]).good();
    let found =
        home.run(&["index", "search", "parts", "--queries", &queries, "-k", "9999", "--json"]);
    let mut expected = Run::new();
    for answer in records(found.good()) {
        let mut best: BTreeMap<String, f64> = BTreeMap::new();
        for hit in answer["hits"].as_array().unwrap() {
            let id = string(&hit["id"]);
            let document = id.split('#').next().unwrap().to_owned();
            let score = hit["score"].as_f64().unwrap();
            best.entry(document).and_modify(|s| *s = s.max(score)).or_insert(score);
        }
        assert_eq!(best.len(), 126);
        expected.insert(string(&answer["id"]), best.into_iter().collect());
    }
    let args = ["eval", "search", "--queries", &queries, "--judgements", &judgements, "--json"];
    let depth = ["-k", "20", "--cutoffs", "10", "--run", "parts.run"];
    let report = only(&home.run(&[&args[..], &["--index", "parts"], &depth].concat()));
    assert!(report["further_parts"].as_u64().unwrap() > 0);
    let run = run_of(&home.read("parts.run"));
    assert_eq!(run.len(), 47);
    for (query, found) in &run {
        assert_eq!(found.len(), 20, "{query}");
        let all = &expected[query];
        let mut scores: Vec<f64> = all.iter().map(|(_, score)| *score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        for ((document, score), best) in found.iter().zip(scores) {
            // Printed as f32, and here as f64.
            assert!((score - best).abs() < 1e-6, "{query} {document}: {score} {best}");
            let own = all.iter().find(|(name, _)| name == document).unwrap().1;
            assert!((score - own).abs() < 1e-6, "{query} {document}: {score} {own}");
        }
    }
    // Documents that are cut now are the same.
    let now = [&documents, "--chunk", "words:6", "-k", "20", "--cutoffs", "10"];
    let other = only(&home.run(&[&args[..], &now[..]].concat()));
    for key in ["mean", "intervals", "queries"] {
        assert_eq!(other[key], report[key], "{key}");
    }
}

/// The scores of fused rankings are tied often, and order and figures are still those of the run.
#[test]
fn words_count_where_they_are_asked_for() {
    let home = Home::new();
    let (documents, judgements) = (data("documents.jsonl"), data("judgements.tsv"));
    let queries = data("queries.jsonl");
    home.run(&["index", "build", &documents, "--keywords", "-o", "town"]).good();
    let args = ["eval", "search", "--judgements", &judgements, "--json"];
    let flags = ["--index", "town", "--queries", &queries, "--run", "both.run", "--hybrid"];
    let report = only(&home.run(&[&args[..], &flags[..]].concat()));
    assert_eq!(report["hybrid"], true);
    let search = ["index", "search", "town", "--queries", &queries, "-k", "100", "--json"];
    home.write("both.jsonl", home.run(&[&search[..], &["--hybrid"]].concat()).good());
    home.write("one.jsonl", home.run(&search).good());
    for (found, same) in [("both.run", true), ("both.jsonl", true), ("one.jsonl", false)] {
        let other = only(&home.run(&[&args[..], &["--results", found]].concat()));
        assert_eq!(other["mean"] == report["mean"], same, "{found}");
    }
}

#[test]
fn filters_hold_for_an_index_and_for_documents() {
    let home = Home::new();
    let (documents, judgements) = (data("documents.jsonl"), data("judgements.tsv"));
    let queries = data("queries.jsonl");
    let library: BTreeSet<String> = records(&fs_err::read_to_string(&documents).unwrap())
        .iter()
        .filter(|document| document["topic"] == "library")
        .map(|document| string(&document["id"]))
        .collect();
    assert!(library.len() > 5 && library.len() < 100);
    home.run(&["index", "build", &documents, "-o", "town"]).good();
    let args = ["eval", "search", "--queries", &queries, "--judgements", &judgements];
    let filter = ["--filter", "topic=library", "--json", "--force", "--run", "only.run"];
    for source in [&["--index", "town", "--engine", "exact"][..], &[&*documents]] {
        let report = only(&home.run(&[&args[..], source, &filter].concat()));
        assert_eq!(report["queries"], 47);
        for (query, found) in run_of(&home.read("only.run")) {
            let names: BTreeSet<String> = found.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, library, "{query}");
        }
    }
}

/// What stands before queries alone changes their vectors and no others.
#[test]
fn a_prompt_for_queries_is_for_queries() {
    let home = Home::with([
        (
            "docs.jsonl",
            "{\"id\":\"a\",\"text\":\"find: rain\"}\n{\"id\":\"b\",\"text\":\"rain\"}\n",
        ),
        ("queries.jsonl", "{\"id\":\"q\",\"text\":\"rain\"}\n"),
        ("town.qrels", "q 0 a 1\n"),
    ]);
    let args = ["eval", "search", "docs.jsonl", "--queries", "queries.jsonl"];
    let args = [&args[..], &["--judgements", "town.qrels", "--force", "--run", "run"]].concat();
    for (flags, best) in [(&[][..], "b"), (&["--query-prompt", "find: "], "a")] {
        home.run(&[&args[..], flags].concat()).good();
        let (document, score) = &run_of(&home.read("run"))["q"][0];
        assert_eq!((&**document, score.round()), (best, 1.0));
    }
}
