//! How likely texts are: against transformers' numbers, which `make_scores.py` of the façade's tests has
//! made, and against sums of what is printed.
use serde_json::{Value, json};

use crate::run::{Home, records};
use crate::support::{
    assert_close, assert_near, assert_refused, checkpoint, expected, f64_of, numbers,
};

fn log_probabilities(record: &Value) -> Vec<f64> {
    let tokens = record["tokens"].as_array().unwrap();
    tokens.iter().map(|token| token["log_probability"].as_f64().unwrap()).collect()
}

#[test]
fn every_token_has_its_log_probability() {
    let home = Home::new();
    for model in ["bert-pretraining", "roberta-mlm"] {
        let folder = checkpoint(model);
        for (flags, key) in [(&[][..], "token"), (&["--within-word"][..], "within_word")] {
            let expected = expected(model);
            for text in expected["texts"].as_array().unwrap() {
                let given = text["text"].as_str().unwrap();
                let args = ["score", "--text", given, "--model", &folder, "--json"];
                let ran = home.run(&[&args[..], flags].concat());
                ran.good();
                let record = &ran.records()[0];
                let (found, own) = (log_probabilities(record), numbers(&text[key]));
                assert_eq!(found.len(), own.len(), "{record}");
                for (a, b) in found.iter().zip(&own) {
                    assert_close(*a, *b);
                }
                let names: Vec<&Value> =
                    record["tokens"].as_array().unwrap().iter().map(|t| &t["token"]).collect();
                assert_eq!(json!(names), text["tokens"]);
                let sum: f64 = found.iter().sum();
                assert_near(f64_of(&record["pll"]), sum);
                let n = f64::from(u32::try_from(found.len()).unwrap());
                match record["pseudo_perplexity"].as_f64() {
                    Some(perplexity) => assert_near(perplexity / (-sum / n).exp(), 1.0),
                    None => assert_eq!(given, ""),
                }
            }
        }
    }
}

#[test]
fn a_corpus_is_one_figure() {
    let home = Home::with([("a.txt", "Ann met the son.\n"), ("b.log", "x\n\nAnn 住 lives.\n")]);
    let model = checkpoint("bert-pretraining");
    let args = ["score", "a.txt", "b.log", "--model", &model, "--json"];
    let each = home.run(&args);
    each.good();
    let texts = each.records();
    let pll: f64 = texts.iter().map(|text| f64_of(&text["pll"])).sum();
    let tokens: usize = texts.iter().map(|text| log_probabilities(text).len()).sum();
    let ran = home.run(&[&args[..], &["--corpus", "--summary", "s.json"]].concat());
    ran.good();
    let report = &ran.records()[0];
    // Ann met the son. · x · nothing · Ann 住 lives.
    for (key, value) in [("words", 8), ("unknown", 1), ("texts", 4), ("tokens", tokens)] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_near(f64_of(&report["log_probability"]), pll);
    let n = f64::from(u32::try_from(tokens).unwrap());
    assert_near(f64_of(&report["pseudo_perplexity"]) / (-pll / n).exp(), 1.0);
    assert_near(f64_of(&report["pseudo_perplexity_per_word"]) / (-pll / 8.0).exp(), 1.0);
    assert!(ran.stderr.contains("1 token for words that the vocabulary does not have"));
    let saved: Value = serde_json::from_str(&home.read("s.json")).unwrap();
    assert_eq!((&saved["kind"], &saved["format_version"]), (&json!("cloze-score"), &json!(1)));
    assert_eq!(saved["tokenizer_sha256"], report["tokenizer_sha256"]);
    // What is there stays, and shows before anything is scored.
    let again = home.run(&["score", "a.txt", "--model", &model, "--summary", "s.json"]);
    assert_refused(&again, &["s.json: exists already", "--force"]);
    let table = home.run(&["score", "b.log", "--model", &model, "--quiet"]);
    let first = table.good().lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(first[2..], ["1", "x"]);
}

/// Perplexities a token are compared where one tokenizer cut the texts; a word is a word for all.
#[test]
fn only_what_is_comparable_is_compared() {
    let home = Home::with([("a.log", "Ann met the son.\n"), ("b.log", "x\n")]);
    let [bert, other, roberta] = ["bert-pretraining", "bert-mlm", "roberta-mlm"].map(checkpoint);
    let score = |file: &str, model: &str, more: &[&str]| {
        home.run(&[&["score", file, "--model", model, "--corpus"], more].concat())
    };
    score("a.log", &bert, &["--summary", "s.json"]).good();
    let compare = ["--compare", "s.json"];
    let ran = score("a.log", &other, &[&compare[..], &["--json"]].concat());
    ran.good();
    let compared = &ran.records()[0]["compare"];
    assert_eq!((&compared["by"], &compared["same_texts"]), (&json!("token"), &json!(true)));
    let saved: Value = serde_json::from_str(&home.read("s.json")).unwrap();
    assert_near(f64_of(&compared["other"]), f64_of(&saved["pseudo_perplexity"]));
    let ran = score("b.log", &other, &compare);
    assert!(ran.good().contains("the texts differ"));
    let ran = score("a.log", &roberta, &compare);
    assert_refused(
        &ran,
        &["s.json: scored by bert-pretraining", "their tokens differ", "--by word"],
    );
    let ran = score("a.log", &roberta, &[&compare[..], &["--by", "word", "--json"]].concat());
    ran.good();
    let compared = &ran.records()[0]["compare"];
    assert_near(f64_of(&compared["other"]), f64_of(&saved["pseudo_perplexity_per_word"]));
    let ran = score("a.log", &bert, &[&compare[..], &["--within-word"]].concat());
    assert_refused(&ran, &["masked by token, but these texts by within-word"]);
    // It is no summary.
    home.write("odd.json", "{\"kind\": \"cloze-head\", \"format_version\": 1}");
    assert_refused(&score("a.log", &bert, &["--compare", "odd.json"]), &["odd.json", "cloze-head"]);
}

/// Longer than 22 tokens: every token is scored, and it is said how. What cannot be scored is named, and
/// the others are done.
#[test]
fn nothing_is_cut_and_nothing_passed_over() {
    let long = "ann met the son in kassel ".repeat(10);
    let content = format!("x\nAnn [MASK] met\n{long}\n");
    let home = Home::with([("a.log", content.as_str())]);
    let model = checkpoint("bert-pretraining");
    let ran = home.run(&["score", "a.log", "--model", &model, "--json"]);
    assert_eq!(ran.status, Some(1));
    let texts = records(ran.stdout());
    let lens: Vec<usize> = texts.iter().map(|text| log_probabilities(text).len()).collect();
    assert_eq!(lens, [1, 60]);
    assert!(texts[1]["windows"].as_u64().unwrap() > 1);
    assert!(
        ran.stderr.contains("1 text longer than the model's limit, scored in overlapping windows")
    );
    let errors = ran.errors();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("a.log:2: ") && errors[0].contains("mask token"), "{errors:?}");
    // A model without a head for it.
    let ran = home.run(&["score", "--text", "x", "--model", &checkpoint("bert-nsp")]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("bert-nsp"), "{}", ran.stderr);
    assert_refused(&home.run(&["score"]), &["PATHS"]);
}
