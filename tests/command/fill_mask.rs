//! `cloze fill-mask`: words for masks, and masks filled.
use serde_json::Value;

use crate::run::{Home, Ran, models};

/// A tiny checkpoint of the testkit.
fn checkpoint(name: &str) -> String {
    let all = models().join("../crates/testkit/checkpoints").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

/// The command with the small BERT.
fn run(home: &Home, args: &[&str]) -> Ran {
    home.run(&[&["fill-mask", "-m", &checkpoint("bert-mlm")], args].concat())
}

fn tokens(words: &Value) -> Vec<&str> {
    words.as_array().unwrap().iter().map(|word| word["token"].as_str().unwrap()).collect()
}

#[test]
fn each_mask_has_its_words() {
    let home = Home::new();
    let text = "Ann lives in [MASK], and <mask> met.";
    let ran = run(&home, &[text, "--json", "-k", "3"]);
    ran.good();
    let [record] = &ran.records()[..] else { panic!("one line") };
    let masks = record["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 2);
    for words in masks {
        assert_eq!(tokens(words).len(), 3);
        let probability = |i: usize| words[i]["probability"].as_f64().unwrap();
        assert!(probability(0) >= probability(1) && probability(1) >= probability(2));
        assert!(words[0]["id"].is_u64() && probability(2) > 0.0);
    }
    assert!(record.get("text").is_none());
    let plain = run(&home, &[text, "-k", "1"]);
    let lines: Vec<&str> = plain.good().lines().collect();
    assert_eq!(lines[0], format!("── {text} ──"));
    assert_eq!((lines[1], lines[3], lines.len()), ("mask 1", "mask 2", 6));
    assert!(lines[2].ends_with(&format!("  {}", tokens(&masks[0])[0])), "{}", lines[2]);
}

#[test]
fn targets_are_scored_as_a_whole() {
    let home = Home::new();
    let ran = run(&home, &["Ann lives in [MASK].", "--targets", "the,Kasseler", "--json"]);
    ran.good();
    let words = &ran.records()[0]["masks"][0];
    let mut all = tokens(words);
    all.sort_unstable();
    assert_eq!(all, ["Kasseler", "the"]);
    for word in words.as_array().unwrap() {
        // kassel ##er.
        let several = word["token"] == "Kasseler";
        assert_eq!(word["ids"].as_array().map_or(1, Vec::len), if several { 2 } else { 1 });
        assert_eq!(word["id"].is_u64(), !several);
    }
    let unknown = run(&home, &["Ann lives in [MASK].", "--targets", "☃"]);
    assert_eq!(unknown.status, Some(2));
    assert!(
        unknown.stderr.contains("target \"☃\": the vocabulary makes [UNK] of it"),
        "{}",
        unknown.stderr
    );
}

/// A text without a mask is named, and the others go on; texts come from anywhere.
#[test]
fn texts_come_from_anywhere_and_a_bad_one_costs_itself() {
    let home = Home::with([
        ("a.txt", "Ann met [MASK].\n"),
        ("b.jsonl", "{\"id\":\"x\",\"text\":\"the <mask>\"}\n{\"text\":\"none\"}\n"),
    ]);
    let ran = run(
        &home,
        &["no mask", "[MASK]", "--texts", "a.txt", "--texts", "b.jsonl", "--json", "-k", "1"],
    );
    assert_eq!(ran.status, Some(1));
    let ids: Vec<String> =
        ran.records().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["argument:2", "a.txt", "x"]);
    let none = "not encoded: no mask in the text: expected [MASK] where a word is wanted";
    assert_eq!(ran.errors(), [format!("argument:1: {none}"), format!("b.jsonl:2: {none}")]);
    let args = ["fill-mask", "-m", &checkpoint("roberta-mlm"), "--texts", "-", "--json"];
    let piped = home.run_with("Ann [MASK]\n<mask> Ann\n", &args);
    piped.good();
    assert_eq!(piped.records().len(), 2);
    let written = run(&home, &["[MASK]", "--output", "words.txt"]);
    assert_eq!(written.good(), "");
    assert!(home.read("words.txt").starts_with("── [MASK] ──\n"));
}

#[test]
fn masks_are_filled() {
    let home = Home::new();
    let greedy = run(&home, &["Ann [MASK] in Kassel", "the son", "--words", "3"]);
    let lines: Vec<&str> = greedy.good().lines().collect();
    assert!(lines[0].starts_with("Ann") && lines[0].ends_with(" in Kassel"), "{lines:?}");
    assert!(lines[1].starts_with("the son") && lines.len() == 2, "{lines:?}");
    assert!(!greedy.stdout().contains("[MASK]"));
    let ran = run(&home, &["Ann [MASK] in [MASK]", "--decode", "confident", "--json"]);
    ran.good();
    let record = &ran.records()[0];
    assert!(record["text"].as_str().unwrap().starts_with("Ann"));
    assert_eq!(
        record["masks"].as_array().unwrap().iter().map(|m| tokens(m).len()).sum::<usize>(),
        2
    );
    // The same seed the same text, alone and among others; another seed another.
    let gibbs = |texts: &[&str], seed: &str| {
        let flags = [
            "--decode", "gibbs", "--words", "8", "--steps", "5", "--seed", seed, "--top-p", "0.95",
        ];
        let more = ["--temperature", "2", "--repetition-penalty", "1.2", "--sample-top-k", "50"];
        run(&home, &[texts, &flags, &more].concat()).good().to_owned()
    };
    let alone = gibbs(&["Ann"], "1");
    assert_eq!(gibbs(&["Ann"], "1"), alone);
    assert_ne!(gibbs(&["Ann"], "2"), alone);
    assert!(gibbs(&["the [MASK] son", "Ann"], "1").ends_with(&alone));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let home = Home::new();
    for (args, message) in [
        (&["[MASK]", "-k", "0"][..], "--top-k is 0: expected at least 1"),
        (&["[MASK]", "--words", "0"], "words is 0: expected at least 1"),
        (&["[MASK]", "--words", "1", "--steps", "3"], "--steps is for --decode gibbs"),
        (&["[MASK]", "--words", "1", "--top-p", "0.5"], "expected a --temperature above 0"),
        (
            &["[MASK]", "--words", "1", "--temperature", "NaN"],
            "temperature is NaN: expected 0 or more",
        ),
        (
            &["[MASK]", "--decode", "gibbs", "--top-p", "2"],
            "top-p is 2: expected more than 0, up to 1",
        ),
        (&["[MASK]", "--temperature", "1"], "--decode"),
        (&["[MASK]", "--seed", "1"], "--decode"),
        (&["[MASK]", "--words", "1", "-k", "1"], "cannot be used with"),
        (&[], "required"),
    ] {
        let ran = run(&home, args);
        assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{args:?}");
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
    let ran = home.run(&["fill-mask", "-m", &checkpoint("bert"), "[MASK]"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("no head for masked words: expected a masked language model"));
    assert!(ran.stderr.contains("it has pooler"), "{}", ran.stderr);
}

/// What is around the mask is seen, and it is said.
#[test]
fn long_texts_are_seen_around_the_mask() {
    let home = Home::new();
    let text = format!("{}[MASK] {}", "the ".repeat(30), "met ".repeat(30));
    let ran = run(&home, &[&text, "--json"]);
    ran.good();
    assert_eq!(ran.records()[0]["masks"].as_array().unwrap().len(), 1);
    let note = "1 text longer than the model's limit, cut to a window around the masks";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    let far = format!("[MASK] {} [MASK]", "the ".repeat(30));
    let ran = run(&home, &[&far, "--decode", "confident"]);
    let expected = "the masks take 32 tokens from the first to the last; the model takes 22";
    assert_eq!(
        (ran.status, ran.errors()),
        (Some(1), vec![format!("argument:1: not encoded: {expected}").as_str()])
    );
}
