//! Whether a text goes on from another: against transformers' numbers.
use crate::run::Home;
use crate::support::{assert_close, assert_near, assert_refused, checkpoint, expected, f64_of};

#[test]
fn two_texts() {
    let home = Home::new();
    let model = checkpoint("bert-pretraining");
    for pair in expected("bert-pretraining")["pairs"].as_array().unwrap() {
        let [first, second] = ["first", "second"].map(|key| pair[key].as_str().unwrap());
        let args = ["next-sentence", first, second, "--model", &model];
        let ran = home.run(&[&args[..], &["--json"]].concat());
        ran.good();
        let record = &ran.records()[0];
        assert_close(f64_of(&record["is_next"]), f64_of(&pair["is_next"]));
        let plain = home.run(&args).good().trim().parse::<f64>().unwrap();
        assert!((plain - f64_of(&pair["is_next"])).abs() < 1e-4);
    }
    let ran = home.run(&["next-sentence", "one", "--model", &model]);
    assert_refused(&ran, &["two texts, found 1", "--neighbours"]);
}

/// RoBERTa has no head for it; its masked language model can be asked.
#[test]
fn a_model_without_the_head() {
    let home = Home::new();
    let model = checkpoint("roberta-mlm");
    let ran = home.run(&["next-sentence", "a", "b", "--model", &model]);
    assert_refused(&ran, &["roberta-mlm", "no head for next sentence", "--method mlm"]);
    for name in ["roberta-mlm", "bert-pretraining"] {
        for pair in expected(name)["pairs"].as_array().unwrap() {
            let [first, second] = ["first", "second"].map(|key| pair[key].as_str().unwrap());
            let args = ["next-sentence", first, second, "--method", "mlm", "--json", "--model"];
            let model = checkpoint(name);
            let ran = home.run(&[&args[..], &[&model]].concat());
            ran.good();
            let record = &ran.records()[0];
            assert_close(f64_of(&record["pll_behind"]), f64_of(&pair["behind"]));
            assert_close(f64_of(&record["pll_alone"]), f64_of(&pair["alone"]));
            let gain = f64_of(&record["pll_behind"]) - f64_of(&record["pll_alone"]);
            assert_near(f64_of(&record["gain"]) * f64_of(&record["tokens"]), gain);
        }
    }
    let ran = home.run(&["next-sentence", "a", "b", "--within-word", "--model", &model]);
    assert_refused(&ran, &["--within-word is for --method mlm"]);
}

#[test]
fn pairs_and_neighbours_are_the_same_pairs() {
    let home = Home::with([
        ("doc.txt", "Ann met the son. The son lives.\n\nAnn met. X"),
        ("lines.txt", "Ann met the son.\n\nThe son lives.\nAnn met.\n"),
        ("more.txt", "x\n"),
        (
            "pairs.csv",
            "id,first,second\n7,Ann met the son.,The son lives.\n8,The son lives.,Ann met.\n9,Ann met.,X\n",
        ),
    ]);
    let model = checkpoint("bert-pretraining");
    let run = |args: &[&str]| {
        let ran = home.run(&[&["next-sentence", "--model", &model, "--json"], args].concat());
        ran.good();
        ran.records()
    };
    let pairs = run(&["--pairs", "pairs.csv"]);
    let ids: Vec<_> = pairs.iter().map(|pair| pair["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["7", "8", "9"]);
    let sentences = run(&["--neighbours", "doc.txt"]);
    assert_eq!(sentences.len(), 3);
    for (a, b) in pairs.iter().zip(&sentences) {
        assert_eq!((&a["first"], &a["second"]), (&b["first"], &b["second"]));
        assert_eq!(f64_of(&a["is_next"]).to_bits(), f64_of(&b["is_next"]).to_bits());
    }
    let lines: Vec<_> = sentences.iter().map(|pair| pair["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 1, 3]);
    // A blank line is no neighbour, and the last line of a file has none in the next.
    let found = run(&["--neighbours=lines", "lines.txt", "more.txt"]);
    let found: Vec<_> = found
        .iter()
        .map(|p| (p["line"].as_u64().unwrap(), p["second"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [(1, "The son lives."), (3, "Ann met.")]);
    let table = home.run(&["next-sentence", "--model", &model, "--pairs", "pairs.csv"]);
    assert_eq!(table.good().lines().next(), Some("is_next\tpath\tline\tfirst\tsecond"));
    assert_eq!(table.stdout().lines().count(), 4);
}

/// Both texts have 24 tokens: one is cut, and that is said.
#[test]
fn what_is_cut_is_told() {
    let long = "ann ".repeat(24);
    let content = format!("first,second\n{long},{long}\nAnn,met\n");
    let home = Home::with([("p.csv", content.as_str())]);
    let model = checkpoint("bert-pretraining");
    for method in ["nsp", "mlm"] {
        let ran =
            home.run(&["next-sentence", "--model", &model, "--pairs", "p.csv", "--method", method]);
        ran.good();
        assert!(ran.stderr.contains("1 pair longer than the model's limit"), "{}", ran.stderr);
    }
}
