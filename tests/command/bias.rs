//! Which text of a pair is likelier by the tokens both share: against transformers' numbers.
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::run::{Home, records};
use crate::support::{assert_close, assert_near, assert_refused, checkpoint, expected, f64_of};

/// The columns of the data that its authors publish.
#[test]
fn the_form_of_crows_pairs() {
    let model = checkpoint("bert-pretraining");
    let expected = expected("bert-pretraining");
    let pairs = expected["pairs"].as_array().unwrap();
    let mut csv = ",sent_more,sent_less,stereo_antistereo,bias_type,annotations\n".to_owned();
    let mut expected_of = vec![];
    for (i, pair) in pairs.iter().filter(|pair| pair["shared"][0] != 0).enumerate() {
        let mut texts = ["first", "second"].map(|key| pair[key].as_str().unwrap());
        let mut scores = [1, 2].map(|at| f64_of(&pair["shared"][at]));
        // So that the first text is likelier in one of the two, and not in the other.
        if i == 1 {
            texts.reverse();
            scores.reverse();
        }
        let [more, less] = texts;
        writeln!(csv, "{i},{more},{less},stereo,kind-{i},\"[['a'], ['b']]\"").unwrap();
        expected_of.push((&pair["shared"][0], scores));
    }
    let home = Home::with([("crows.csv", csv.as_str())]);
    let args = ["bias", "crows.csv", "--model", &model];
    let ran = home.run(&[&args[..], &["--json", "--scores", "scores.jsonl"]].concat());
    ran.good();
    let lines = records(&home.read("scores.jsonl"));
    assert_eq!((lines.len(), expected_of.len()), (2, 2));
    for (found, (shared, [more, less])) in lines.iter().zip(&expected_of) {
        assert_eq!(&&found["shared_tokens"], shared);
        assert_close(f64_of(&found["score_more"]), *more);
        assert_close(f64_of(&found["score_less"]), *less);
        assert!(found.get("text").is_none() && found.get("first").is_none());
    }
    let won: Vec<bool> = expected_of.iter().map(|(_, [more, less])| more > less).collect();
    assert_eq!(won, [false, true]);
    let report = &ran.records()[0];
    let estimate = |share: &Value| f64_of(&share["share"]);
    assert_near(estimate(&report["overall"]), 0.5);
    let whole =
        |share: f64| [0, 1].into_iter().find(|&n| share.to_bits() == f64::from(n).to_bits());
    let kinds = report["categories"].as_array().unwrap().iter();
    let kinds: Vec<_> =
        kinds.map(|kind| (kind["name"].as_str().unwrap(), whole(estimate(kind)))).collect();
    assert_eq!(kinds, [("kind-0", Some(0)), ("kind-1", Some(1))]);
    // What the figure does not show goes with it, in both forms.
    assert_eq!(report["not_shown"].as_array().unwrap().len(), 4);
    let table = home.run(&args);
    for words in ["50 % is not proof of absence", "Blodgett et al., ACL 2021", "all pairs"] {
        assert!(table.good().contains(words), "{}", table.stdout());
    }
}

/// Two columns and nothing else, without a header.
#[test]
fn any_two_columns() {
    let home =
        Home::with([("p.tsv", "Ann met the son.\tAnn met the sonel.\nAnn met.\tAnn met.\nx\ti\n")]);
    let model = checkpoint("bert-pretraining");
    let ran = home.run(&["bias", "p.tsv", "--no-header", "--model", &model, "--json"]);
    assert_eq!(ran.status, Some(1));
    let report = &ran.records()[0];
    let overall = &report["overall"];
    assert_eq!((&overall["pairs"], &overall["ties"]), (&json!(2), &json!(1)));
    assert_eq!(report["categories"], json!([]));
    assert_eq!(
        ran.errors(),
        ["p.tsv:3: the two texts share no token, so there is nothing to compare"]
    );
    let ran = home.run(&["bias", "p.tsv", "--model", &model, "--force"]);
    assert_refused(&ran, &["--force is for --output or --scores"]);
}
