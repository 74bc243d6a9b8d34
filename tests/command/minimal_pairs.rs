//! Which sentence of a pair is likelier: counted again from what `cloze score` says.
use serde_json::{Value, json};

use crate::run::Home;
use crate::support::{assert_near, assert_refused, checkpoint};

const AGREEMENT: &str = r#"{"sentence_good": "Ann lives in Kassel.", "sentence_bad": "Ann live in Kassel.", "field": "morphology", "linguistics_term": "agreement", "UID": "verb", "pairID": "0"}
{"sentence_good": "The son met Ann.", "sentence_bad": "The son met Ann.", "field": "morphology", "linguistics_term": "agreement", "UID": "verb", "pairID": "1"}
{"sentence_good": "The son met.", "sentence_bad": "Son the met.", "field": "syntax", "linguistics_term": "order", "UID": "article", "pairID": "0"}
"#;
/// Without kinds: the paradigm is the file.
const PLAIN: &str =
    "{\"sentence_good\": \"Ann met the son.\", \"sentence_bad\": \"Met Ann son the.\"}
{\"sentence_good\": \"x\", \"sentence_bad\": \"Ann\"}
";

/// The sum of a sentence's log-probabilities.
fn pll(home: &Home, text: &str, flags: &[&str]) -> f64 {
    let model = checkpoint("bert-pretraining");
    let args = ["score", "--text", text, "--model", &model, "--json"];
    let ran = home.run(&[&args[..], flags].concat());
    ran.good();
    ran.records()[0]["pll"].as_f64().unwrap()
}

fn share<'v>(report: &'v Value, kind: &str, name: &str) -> &'v Value {
    let all = report[kind].as_array().unwrap();
    all.iter().find(|share| share["name"] == name).unwrap()
}

#[test]
fn accuracy_by_paradigm_phenomenon_and_field() {
    let home = Home::with([("blimp/a.jsonl", AGREEMENT), ("blimp/b.jsonl", PLAIN)]);
    let model = checkpoint("bert-pretraining");
    for flags in [&[][..], &["--within-word"][..]] {
        let args = ["eval", "minimal-pairs", "blimp", "--model", &model];
        let ran = home.run(&[&args[..], flags, &["--json"]].concat());
        ran.good();
        let report = &ran.records()[0];
        let mut right = vec![];
        for line in AGREEMENT.lines().chain(PLAIN.lines()) {
            let pair: Value = serde_json::from_str(line).unwrap();
            let [good, bad] = ["sentence_good", "sentence_bad"]
                .map(|key| pll(&home, pair[key].as_str().unwrap(), flags));
            right.push(f64::from(u8::from(good > bad)));
        }
        let near = |share: &Value, expected: &[f64], ties: u64| {
            let n = f64::from(u32::try_from(expected.len()).unwrap());
            assert_near(share["share"].as_f64().unwrap(), expected.iter().sum::<f64>() / n);
            assert_eq!((&share["pairs"], &share["ties"]), (&json!(expected.len()), &json!(ties)));
        };
        near(&report["overall"], &right, 1);
        near(share(report, "paradigms", "verb"), &right[..2], 1);
        near(share(report, "paradigms", "article"), &right[2..3], 0);
        near(share(report, "paradigms", "blimp/b.jsonl"), &right[3..], 0);
        near(share(report, "phenomena", "agreement"), &right[..2], 1);
        near(share(report, "fields", "syntax"), &right[2..3], 0);
        assert_eq!(report["phenomena"].as_array().unwrap().len(), 2);
        let mean = [&right[..2], &right[2..3], &right[3..]]
            .map(|part| part.iter().sum::<f64>() / f64::from(u32::try_from(part.len()).unwrap()));
        assert_near(
            report["mean_over_paradigms"].as_f64().unwrap(),
            mean.iter().sum::<f64>() / 3.0,
        );
    }
    let table = home.run(&["eval", "minimal-pairs", "blimp", "--model", &model]);
    assert!(table.good().contains("exactly as likely counts as wrong"), "{}", table.stdout());
    let limited =
        home.run(&["eval", "minimal-pairs", "blimp", "--model", &model, "--limit", "1", "--json"]);
    limited.good();
    assert_eq!(limited.records()[0]["overall"]["pairs"], 2);
}

#[test]
fn a_pair_that_cannot_be_read_or_scored_is_named() {
    let lines = "{\"sentence_good\": \"x\"}
{\"sentence_good\": \"x\", \"sentence_bad\": \"[MASK]\"}
{\"sentence_good\": \"Ann met.\", \"sentence_bad\": \"x\"}
";
    let home = Home::with([("a.jsonl", lines), ("empty.jsonl", "")]);
    let model = checkpoint("bert-pretraining");
    let ran = home.run(&["eval", "minimal-pairs", "a.jsonl", "--model", &model, "--json"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.records()[0]["overall"]["pairs"], 1);
    let errors = ran.errors();
    assert!(errors.iter().any(|e| e.starts_with("a.jsonl:1: ") && e.contains("sentence_bad")));
    assert!(errors.iter().any(|e| e.starts_with("a.jsonl:2: ") && e.contains("mask token")));
    let ran = home.run(&["eval", "minimal-pairs", "empty.jsonl", "--model", &model]);
    assert_refused(&ran, &["empty.jsonl: expected pairs of sentences"]);
}
