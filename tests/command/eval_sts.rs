//! How well similarities go with people's: figures recomputed from what `cloze embed` writes.
use serde_json::{Value, json};

use crate::run::Home;
use crate::support::{assert_near, assert_refused, cosine, numbers, vectors};

/// Texts and gold scores; not in the order of their scores, and two are the same.
const PAIRS: [(&str, &str, f64); 4] = [
    ("A man plays a guitar.", "The stock market fell.", 0.0),
    ("A dog runs in a field.", "A dog is running outside.", 4.0),
    ("A woman slices an onion.", "Somebody cuts a potato.", 4.0),
    ("The cat sits outside.", "A cat is outside.", 5.0),
];

fn csv(header: &str) -> String {
    let row = |(a, b, gold): &(&str, &str, f64)| format!("{a},{b},{gold}\n");
    format!("{header}{}", PAIRS.iter().map(row).collect::<String>())
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / f64::from(u32::try_from(x.len()).unwrap())
}

fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let centre = |v: &[f64]| v.iter().map(|a| a - mean(v)).collect::<Vec<_>>();
    cosine(&centre(x), &centre(y))
}

fn cosines(vectors: &[Vec<f64>]) -> Vec<f64> {
    vectors.chunks_exact(2).map(|two| cosine(&two[0], &two[1])).collect()
}

/// The rank of each number; none occurs twice.
fn ranks(x: &[f64]) -> Vec<f64> {
    let rank = |a: &f64| f64::from(u32::try_from(x.iter().filter(|b| *b <= a).count()).unwrap());
    x.iter().map(rank).collect()
}

fn all_texts() -> Vec<&'static str> {
    PAIRS.iter().flat_map(|(a, b, _)| [*a, *b]).collect()
}

const GOLD: [f64; 4] = [0.0, 4.0, 4.0, 5.0];
/// The two fours share ranks 2 and 3.
const GOLD_RANKS: [f64; 4] = [1.0, 2.5, 2.5, 4.0];

#[track_caller]
fn assert_figures(report: &Value, similarities: &[f64]) {
    let number = |key: &str| report[key].as_f64().unwrap();
    let (r, rho) = (pearson(similarities, &GOLD), pearson(&ranks(similarities), &GOLD_RANKS));
    assert_near(number("pearson"), r);
    assert_near(number("spearman"), rho);
    // n − 3 is 1: Fisher 1921; Bonett & Wright 2000.
    for (key, r, error) in
        [("pearson_interval", r, 1.0), ("spearman_interval", rho, (1.0 + rho * rho / 2.0).sqrt())]
    {
        let half = 1.959_963_985 * error;
        let ends = numbers(&report[key]);
        assert_near(ends[0], (r.atanh() - half).tanh());
        assert_near(ends[1], (r.atanh() + half).tanh());
    }
}

#[test]
fn figures_with_and_without_a_header() {
    let home = Home::with([
        ("plain.csv", &*csv("")),
        ("named.csv", &csv("text1,text2,gold\n")),
        ("asked.csv", &csv("a,b,c\n")),
        ("plain.tsv", &csv("").replace(',', "\t")),
    ]);
    let similarities = cosines(&vectors(&home, &all_texts(), &[]));
    let ran = home.run(&["eval", "sts", "plain.csv", "--no-header", "--json"]);
    ran.good();
    let [report] = &ran.records()[..] else { panic!("{}", ran.stdout()) };
    assert_figures(report, &similarities);
    for (key, value) in [
        ("pairs", Value::from(4)),
        ("texts", 8.into()),
        ("long_texts", 0.into()),
        ("truncated_texts", 0.into()),
        ("model", "minilm-l6-v2".into()),
        ("pooling", "mean".into()),
        ("layers", "6".into()),
        ("correction", "none".into()),
        ("metric", "cosine".into()),
        ("fitted_on", Value::Null),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_eq!(report["model_sha256"].as_str().unwrap().len(), 64);
    for args in [
        &["named.csv"][..],
        &["plain.tsv", "--no-header"],
        &["asked.csv", "--first-field", "a", "--second-field", "b", "--score-field", "c"],
    ] {
        let ran = home.run(&[&["eval", "sts", "--json"], args].concat());
        ran.good();
        assert_figures(&ran.records()[0], &similarities);
    }
    let table = home.run(&["eval", "sts", "plain.csv", "--no-header"]);
    let last: Vec<&str> = table.good().lines().last().unwrap().split_whitespace().collect();
    let rho = pearson(&ranks(&similarities), &GOLD_RANKS);
    assert_eq!((last[0], last[1], last[last.len() - 1]), ("none", &*format!("{rho:.4}"), "4"));
}

/// Rows of `vectors` to mean 0 and variance 1 by the moments of `corpus`; a dimension that rounding
/// alone spreads is dropped.
fn zscored(corpus: &[Vec<f64>], vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = vectors[0].len();
    let column = |d: usize| corpus.iter().map(|row| row[d]).collect::<Vec<_>>();
    let std = |d: usize| {
        let column = column(d);
        let squares: Vec<f64> = column.iter().map(|x| (x - mean(&column)).powi(2)).collect();
        mean(&squares).sqrt()
    };
    let largest = (0..width).map(std).fold(0.0, f64::max);
    let score = |row: &Vec<f64>, d: usize| {
        let (mean, std) = (mean(&column(d)), std(d));
        let least = f64::from(f32::EPSILON) * largest.max(mean.abs());
        if std > least { (row[d] - mean) / std } else { 0.0 }
    };
    vectors.iter().map(|row| (0..width).map(|d| score(row, d)).collect()).collect()
}

#[test]
fn corrections_are_a_line_each() {
    // No scores there, and a text twice, which counts twice.
    let fit =
        "It rains.,It is raining.\nIt rains.,The bank is closed.\nHe sings.,She reads a book.\n";
    let home = Home::with([("eval.csv", &*csv("")), ("fit.csv", fit)]);
    let args = ["eval", "sts", "eval.csv", "--fit", "fit.csv", "--json", "--correction"];
    let names = "none,zscore,whitening,all-but-the-top";
    let flags = [names, "--dims", "4", "--directions", "2", "--no-header"];
    let ran = home.run(&[&args[..], &flags].concat());
    ran.good();
    let records = ran.records();
    let found: Vec<_> = records.iter().map(|r| r["correction"].as_str().unwrap()).collect();
    assert_eq!(found, names.split(',').collect::<Vec<_>>());
    assert_eq!((&records[2]["dims"], &records[3]["directions"]), (&4.into(), &2.into()));
    let fitted = json!({"file": "fit.csv", "texts": 6});
    let expected = [&Value::Null, &fitted, &fitted, &fitted];
    assert_eq!(records.iter().map(|r| &r["fitted_on"]).collect::<Vec<_>>(), expected);

    let corpus: Vec<&str> = fit.trim().split(['\n', ',']).collect();
    let raw = vectors(&home, &all_texts(), &["--no-normalize"]);
    let corpus = vectors(&home, &corpus, &["--no-normalize"]);
    assert_figures(&records[0], &cosines(&raw));
    let number = |key: &str| records[1][key].as_f64().unwrap();
    let similarities = cosines(&zscored(&corpus, &raw));
    // f32 vectors on the way, divided by small deviations.
    assert!((number("pearson") - pearson(&similarities, &GOLD)).abs() < 1e-5);
    assert_near(number("spearman"), pearson(&ranks(&similarities), &GOLD_RANKS));
    let table = home
        .run(&[&args[..5], &["--correction", "whitening", "--dims", "4", "--no-header"]].concat());
    assert!(table.good().contains("\nwhitening, 4 dims"), "{}", table.stdout());
}

#[test]
fn a_bad_row_costs_itself() {
    let bad =
        csv("").replace("A dog runs", "too,many,columns,1\none,two,much\nsingle\n\nA dog runs");
    let home = Home::with([
        ("bad.csv", &*bad),
        (
            "bad.jsonl",
            "{\"first\":\"a\",\"second\":\"b\",\"score\":1}\n{\"first\":\"a\",\"score\":2}\nno\n{\"text1\":\"a cat\",\"text2\":\"b\",\"gold\":2.5}\n{\"first\":\"x\",\"second\":\"y\",\"score\":\"3\"}\n",
        ),
    ]);
    let ran = home.run(&["eval", "sts", "bad.csv", "--no-header", "--json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "bad.csv:2: expected 3 columns, found 4",
            "bad.csv:3: column 3: expected a number, found \"much\"",
            "bad.csv:4: expected 3 columns, found 1",
        ]
    );
    assert_figures(&ran.records()[0], &cosines(&vectors(&home, &all_texts(), &[])));
    let ran = home.run(&["eval", "sts", "bad.jsonl", "--json"]);
    assert_eq!((ran.status, &ran.records()[0]["pairs"]), (Some(1), &2.into()));
    let [second, third, fifth] = ran.errors()[..] else { panic!("{}", ran.stderr) };
    assert_eq!(
        second,
        "bad.jsonl:2: no field known for the second text; found \"first\", \"score\""
    );
    assert!(third.starts_with("bad.jsonl:3: expected a JSON object"));
    assert_eq!(fifth, "bad.jsonl:5: field \"score\": expected a number, found a string");
}

#[test]
fn what_cannot_be_judged() {
    let home = Home::with([
        ("good.csv", &*csv("text1,text2,gold\n")),
        ("empty.csv", ""),
        ("one.csv", "text1,text2,score\na,b,1\n"),
        ("same.csv", "text1,text2,score\na,b,3\nc,d,3\n"),
        ("alike.csv", "text1,text2,score\na,a,1\nb,b,2\n"),
        ("named.csv", "left,right,much\na,b,1\n"),
        ("two.csv", "a,b\nc,d\n"),
        ("open.csv", "a,\"b,1\n"),
    ]);
    for (args, part) in [
        (&["empty.csv"][..], "empty.csv: expected pairs of texts, found none"),
        (&["gone.csv"], "gone.csv"),
        (&["one.csv"], "one.csv: expected at least 2 pairs for a correlation, found 1"),
        (&["same.csv"], "same.csv: all gold scores are 3"),
        (&["alike.csv", "--metric", "euclid"], "alike.csv: all similarities are 0"),
        (
            &["named.csv"],
            "named.csv:1: no column known for the score; found \"left\", \"right\", \"much\"",
        ),
        (&["two.csv", "--no-header"], "two.csv:1: expected 3 columns, found 2"),
        (&["open.csv"], "open.csv:1: expected a closing quote"),
        (&["good.csv", "--correction", "zscore"], "--fit FILE"),
        (&["good.csv", "--correction", "none,whitening"], "--correction whitening: expected texts"),
        (&["good.csv", "--fit", "good.csv"], "expected a correction to fit"),
        (&["good.csv", "--correction", "none,none"], "names none twice"),
        (&["good.csv", "--fit", "good.csv", "--correction", "zscore", "--dims", "2"], "--dims is"),
        (&["good.csv", "--correction", "sharpen"], "all-but-the-top"),
        (&["good.csv", "--fit", "gone.csv", "--correction", "zscore"], "gone.csv"),
        (
            &["good.csv", "--fit", "one.csv", "--correction", "whitening", "--dims", "9"],
            "one.csv: whitening not fitted",
        ),
        (&["good.csv", "--no-header", "--header"], "--no-header"),
    ] {
        assert_refused(&home.run(&[&["eval", "sts"], args].concat()), &[part]);
    }
    // A first row that is no number where the score would be can be said to be a pair.
    let ran = home.run(&["eval", "sts", "named.csv", "--no-header"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(
        ran.errors(),
        [
            "named.csv:1: column 3: expected a number, found \"much\"",
            "named.csv: expected at least 2 pairs for a correlation, found 1",
        ]
    );
}
