//! `cloze senses`: senses learned from sentences, told of others, judged, put together and drawn.
use std::fmt::Write as _;

use serde_json::Value;

use crate::run::{Home, Ran, records};

/// A model of 16 numbers a vector, with two layers, where nothing rests on what it understands.
fn small_model() -> String {
    let testkit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    testkit.join("minilm-f16").display().to_string()
}

/// Sentences with a word in brackets, its lemma, part of speech and sense.
const TRAINING: [(&str, &str, &str, &str); 10] = [
    ("She opened an account at the [bank] on Monday.", "bank", "NOUN", "money"),
    ("The [bank] lent them the money for the house.", "bank", "NOUN", "money"),
    ("Two [banks] have raised their interest rates again.", "bank", "NOUN", "money"),
    ("They had a picnic on the grassy [bank] of the stream.", "bank", "NOUN", "river"),
    ("Willows grow along the river [bank] here.", "bank", "NOUN", "river"),
    ("He [banked] his savings every week.", "bank", "VERB", "deposit"),
    ("A [bat] flew out of the cave at dusk.", "bat", "NOUN", "animal"),
    ("The [bat] hung upside down and slept.", "bat", "NOUN", "animal"),
    ("He hit the ball with his new wooden [bat].", "bat", "NOUN", "club"),
    ("The [stream] was cold and clear.", "stream", "NOUN", "water"),
];

/// A line of JSON for each sentence.
fn jsonl(sentences: &[(&str, &str, &str, &str)]) -> String {
    let line = |(i, (marked, lemma, pos, sense)): (usize, &(&str, &str, &str, &str))| {
        let start = marked.chars().position(|c| c == '[').unwrap();
        let end = marked.chars().position(|c| c == ']').unwrap() - 1;
        let text = marked.replace(['[', ']'], "");
        let line = serde_json::json!({"text": text, "start": start, "end": end, "lemma": lemma,
                                      "pos": pos, "sense": sense, "document": format!("d{i}")});
        format!("{line}\n")
    };
    sentences.iter().enumerate().map(line).collect()
}

fn fitted() -> Home {
    let home = Home::with([("train.jsonl", &*jsonl(&TRAINING))]);
    home.run(&["senses", "fit", "train.jsonl", "-o", "senses", "--prior", "0"]).good();
    home
}

#[track_caller]
fn assert_refused(ran: &Ran, said: &str) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(said), "{said:?} in {}", ran.stderr);
}

/// The likeliest sense at each place, with the form there.
fn best(ran: &Ran) -> Vec<(String, String)> {
    let record = &records(ran.good())[0];
    let places = record["occurrences"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    places.map(|p| (text(&p["form"]), text(&p["senses"][0]["sense"]))).collect()
}

#[test]
fn senses_are_told_of_new_sentences() {
    let home = fitted();
    for (text, word, form, sense) in [
        ("He sat on the muddy bank and fished in the river.", "bank", "bank", "river"),
        ("The Bank refused to lend us the money.", "bank", "Bank", "money"),
        ("Many banks closed their accounts.", "bank", "banks", "money"),
        ("The bats slept in the cave, and a bat flew out at night.", "bat", "bat", "animal"),
        ("He swung the bat and hit the ball.", "bat", "bat", "club"),
    ] {
        let ran = home.run(&["senses", "tell", text, word, "--pos", "NOUN", "--json"]);
        assert_eq!(best(&ran), [(form.to_owned(), sense.to_owned())], "{text}");
    }
    // Every place, in code points, and every part of speech.
    let text = "Ça: bank by the river, bank with my money 👍 bank";
    let ran = home.run(&["senses", "tell", text, "bank", "--json"]);
    let record = &records(ran.good())[0];
    let starts: Vec<u64> = record["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["start"].as_u64().unwrap())
        .collect();
    assert_eq!(starts, [4, 23, 44]);
    assert_eq!(record["occurrences"][0]["senses"].as_array().unwrap().len(), 3);
    assert_eq!((&record["known"], &record["offsets"]), (&true.into(), &"char".into()));
    // A word of one sense has that one, and a form is as good as a lemma.
    let ran = home.run(&["senses", "tell", "A stream of words.", "stream", "--json"]);
    assert_eq!(best(&ran), [("stream".to_owned(), "water".to_owned())]);
    let ran = home.run(&["senses", "tell", "He banked it.", "banked", "--json", "-k", "1"]);
    assert_eq!(best(&ran), [("banked".to_owned(), "deposit".to_owned())]);
    let ran = home.run(&["senses", "tell", "On the bank of the river.", "bank", "-k", "2"]);
    let shown = ran.good();
    assert!(shown.starts_with("On the [bank] of the river.\n"), "{shown}");
    assert_eq!(shown.lines().count(), 4, "{shown}");
    assert!(shown.lines().nth(2).unwrap().contains("river"), "{shown}");
}

#[test]
fn what_nothing_is_known_of_is_said_to_be_so() {
    let home = fitted();
    let ran = home.run(&["senses", "tell", "The dog barked.", "dog", "--json"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_eq!(
        ran.errors(),
        ["\"dog\": not among the words that the senses in senses were fitted on"]
    );
    let record = &records(ran.stdout())[0];
    assert_eq!((&record["known"], &record["occurrences"]), (&false.into(), &serde_json::json!([])));
    let ran = home.run(&["senses", "tell", "The dog barked.", "bank"]);
    assert_eq!((ran.status, ran.stdout()), (Some(1), ""));
    assert_eq!(ran.errors().len(), 1);
    let ran = home.run(&["senses", "tell", "The bank.", "bank", "--pos", "ADJ"]);
    assert_eq!(ran.status, Some(1));
}

#[test]
fn senses_are_of_the_model_they_were_fitted_on() {
    let home = fitted();
    let model = small_model();
    let args = ["senses", "tell", "The bank.", "bank", "-m", &model];
    assert_refused(&home.run(&args), "senses: fitted on a model of SHA-256 ");
    assert_refused(
        &home.run(&["senses", "tell", "The bank.", "bank", "--senses", "no"]),
        "no/senses.json",
    );
    // A folder that is there stays, unless it is to be replaced.
    let fit = ["senses", "fit", "train.jsonl", "-o", "senses", "-m", &model, "--layers", "-1"];
    assert_refused(&home.run(&fit), "senses: exists already");
    let ran = home.run(&[&fit[..], &["--force", "--json"]].concat());
    let report: Value = serde_json::from_str(ran.good()).unwrap();
    assert_eq!(
        (&report["occurrences"], &report["words"], &report["ambiguous_words"], &report["senses"]),
        (&10.into(), &4.into(), &2.into(), &6.into())
    );
    assert_eq!((&report["correction"], &report["layers"]), (&"zscore".into(), &"2".into()));
    let told = home.run(&["senses", "tell", "The bank.", "bank", "-m", &model, "--json"]);
    assert_eq!(records(told.good())[0]["occurrences"][0]["senses"].as_array().unwrap().len(), 3);
    assert_eq!(home.files("senses"), ["senses.json", "senses.safetensors"]);
    // Other vectors than those that were fitted, though of as many numbers.
    let mut vectors = home.bytes("senses/senses.safetensors");
    let whole = vectors.clone();
    *vectors.last_mut().unwrap() ^= 1;
    home.write("senses/senses.safetensors", vectors);
    assert_refused(&home.run(&args), "senses/senses.safetensors: SHA-256 is ");
    home.write("senses/senses.safetensors", whole);
    home.run(&args).good();
    // Cut off, or of a later version.
    let whole = home.read("senses/senses.json");
    home.write("senses/senses.json", &whole[..whole.len() / 2]);
    assert_refused(&home.run(&args), "expected the JSON of a \"senses\"");
    home.write(
        "senses/senses.json",
        whole.replacen("\"format_version\": 1", "\"format_version\": 2", 1),
    );
    assert_refused(&home.run(&args), "expected \"senses\" of format version 1 or older, found 2");
}

/// The same sentences as XML give the same senses.
#[test]
fn xml_is_as_good_as_lines() {
    let mut xml = "<doc name='d'>\n".to_owned();
    for (marked, lemma, pos, sense) in TRAINING {
        for (i, word) in marked.split(' ').enumerate() {
            let level = if i == 0 { "SENTENCE_BREAK" } else { "SPACE_BREAK" };
            let (bare, rest) = word.split_once(']').unwrap_or((word, ""));
            let bare_word = bare.trim_start_matches('[');
            let said = format!("lemma='{lemma}' pos='{pos}' sense='{sense}'");
            let said = if word.contains('[') { said } else { String::new() };
            writeln!(xml, "<word text='{bare_word}' {said} break_level='{level}'/>").unwrap();
            if !rest.is_empty() {
                writeln!(xml, "<word text='{rest}' break_level='NO_BREAK'/>").unwrap();
            }
        }
    }
    xml += "</doc>";
    let home = Home::with([
        ("a/train.xml", &*xml),
        ("a/doc.dtd", "x"),
        ("train.jsonl", &*jsonl(&TRAINING)),
    ]);
    let model = small_model();
    let fit = |from: &str, to: &str| {
        let ran = home.run(&["senses", "fit", from, "-o", to, "-m", &model, "--layers", "-1,-2"]);
        ran.good();
        ran
    };
    let ran = fit("a", "x");
    assert!(ran.stderr.contains("1 file skipped: neither .xml nor .jsonl"), "{}", ran.stderr);
    fit("train.jsonl", "l");
    assert_eq!(home.bytes("x/senses.safetensors"), home.bytes("l/senses.safetensors"));
    let words = |folder: &str| -> Value {
        let card: Value =
            serde_json::from_str(&home.read(&format!("{folder}/senses.json"))).unwrap();
        card["words"].clone()
    };
    assert_eq!(words("x"), words("l"));
}

#[test]
fn faults_of_the_input_are_named_and_the_rest_is_done() {
    let home = Home::with([
        ("good.jsonl", &*jsonl(&TRAINING)),
        ("bad.xml", "<d>\n<word text='a' sense='s'/>\n</d>"),
        ("broken.xml", "<d>\n<word text='a'"),
        ("other.txt", "text"),
    ]);
    let model = small_model();
    let args = [
        "senses",
        "fit",
        "good.jsonl",
        "bad.xml",
        "broken.xml",
        "other.txt",
        "no.xml",
        "-o",
        "s",
        "-m",
        &model,
        "--layers",
        "-1",
    ];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let errors = ran.errors();
    assert_eq!(errors.len(), 4, "{errors:?}");
    for said in [
        "no.xml: no such file or folder",
        "bad.xml:2: expected an attribute \"lemma\", found none",
        "broken.xml:2: expected XML: ",
        "other.txt: expected senses as xml or jsonl, found another ending",
    ] {
        assert!(errors.iter().any(|error| error.starts_with(said)), "{said:?} in {errors:?}");
    }
    assert!(ran.stdout().contains("10 occurrences in 10 texts"), "{}", ran.stdout());
    let ran = home.run(&["senses", "fit", "bad.xml", "-o", "t", "-m", &model, "--layers", "-1"]);
    assert_eq!(ran.status, Some(2));
    assert!(!home.path("t").exists());
    for (flags, said) in [
        (&["--prior", "-1"][..], "prior is -1: expected a number from 0 on"),
        (&["--max-text", "0"], "--max-text is 0"),
        (&["--layers", "9"], "no layer 9: the model has 2"),
        (&["--correction", "pca"], "invalid value 'pca'"),
        (&["--directions", "2"], "--directions is for --correction all-but-the-top"),
        (&["--dims", "2", "--correction", "zscore"], "--dims is for --correction whitening"),
    ] {
        let fit = ["senses", "fit", "good.jsonl", "-o", "t", "-m", &model];
        assert_refused(&home.run(&[&fit[..], flags].concat()), said);
    }
}

/// Ten documents of one sentence each: `d4` and `d7` of the ten are held out by seed 0 and a share of
/// 0.2, and `d0` is for choosing; see the test of the split. d4 is the river bank, whose words are there
/// in other documents, and d7 the sleeping bat.
#[test]
fn held_out_documents_are_judged() {
    let home = Home::with([("all.jsonl", &*jsonl(&TRAINING))]);
    let ran = home.run(&["senses", "eval", "all.jsonl", "--json", "--prior", "0"]);
    let report: Value = serde_json::from_str(ran.good()).unwrap();
    let split = &report["split"];
    assert_eq!(
        (&split["documents"], &split["judged_documents"], &split["train_documents"]),
        (&10.into(), &2.into(), &8.into())
    );
    assert_eq!(
        (&report["occurrences"], &report["ambiguous"], &report["unseen"]),
        (&2.into(), &2.into(), &0.into())
    );
    let names: Vec<String> = report["scores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            format!("{} {}", s["method"].as_str().unwrap(), s["correction"].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        names,
        [
            "most frequent sense -",
            "static none",
            "in context none",
            "in context zscore",
            "in context whitening"
        ]
    );
    // Of bank 3 to 1 are money in what is left; of bat, 1 and 1, the first by name is the animal.
    let right = |i: usize| report["scores"][i]["ambiguous"]["right"].as_u64().unwrap();
    assert_eq!((right(0), report["scores"][0]["all"]["of"].as_u64()), (1, Some(2)));
    let ran = home.run(&["senses", "eval", "all.jsonl", "--on", "dev", "--correction", "zscore"]);
    let shown = ran.good();
    assert!(
        shown.contains("7 occurrences in 7 of 10 documents, evaluated on 1 (dev, seed 0)"),
        "{shown}"
    );
    assert!(shown.contains("\nmost frequent sense "), "{shown}");
    // A folder of senses, on all of it.
    home.run(&["senses", "fit", "all.jsonl", "-o", "senses"]).good();
    let ran = home.run(&["senses", "eval", "all.jsonl", "--senses", "senses", "--json"]);
    let report: Value = serde_json::from_str(ran.good()).unwrap();
    assert_eq!((&report["occurrences"], &report["ambiguous"]), (&10.into(), &8.into()));
    for (flags, said) in [
        (&["--hold-out", "0.7"][..], "--hold-out is 0.7: expected a number above 0 and below 0.6"),
        (&["--correction", "none,none"], "--correction names a method twice"),
        (&["--senses", "senses", "--layers", "-1"], "cannot be used with"),
    ] {
        assert_refused(&home.run(&[&["senses", "eval", "all.jsonl"], flags].concat()), said);
    }
}

#[test]
fn uses_of_a_word_are_put_together() {
    let texts: String =
        TRAINING.iter().map(|(marked, ..)| marked.replace(['[', ']'], "") + "\n").collect();
    let home = Home::with([("texts.txt", &*texts)]);
    let args = ["senses", "induce", "texts.txt", "--word", "BANK", "--input", "lines"];
    let ran =
        home.run(&[&args[..], &["-k", "2", "--format", "jsonl", "--html", "m.html"]].concat());
    let clusters: Vec<(u64, u64)> = records(ran.good())
        .iter()
        .map(|r| (r["line"].as_u64().unwrap(), r["cluster"].as_u64().unwrap()))
        .collect();
    // Lines 1 and 2 are of money, 4 and 5 of rivers; "banks" and "banked" are other words.
    let of = |line: u64| clusters.iter().find(|(l, _)| *l == line).unwrap().1;
    assert_eq!(clusters.len(), 4);
    assert!(of(1) == of(2) && of(4) == of(5) && of(1) != of(4), "{clusters:?}");
    let page = home.read("m.html");
    assert!(page.contains("<title>Map of the occurrences</title>") && page.contains("[bank]"));
    assert!(!page.contains("<script") && !page.contains("http-equiv") && !page.contains("src="));
    let ran = home.run(&["senses", "induce", "texts.txt", "--word", "zebra", "--input", "lines"]);
    assert_refused(
        &ran,
        "expected the word \"zebra\" in at least one text, found it in none of 10",
    );
}

#[test]
fn a_word_is_drawn_without_and_in_context() {
    let home = fitted();
    let texts =
        "He sat on the bank of the river.\nThe Bank lent <b>money</b>.\nNo word here.\nOur bank\n";
    home.write("texts.txt", texts);
    let args = ["senses", "compare", "bank", "texts.txt", "--input", "lines"];
    let ran = home.run(&[&args[..], &["--json"]].concat());
    let report = &records(ran.good())[0];
    let occurrences = report["occurrences"].as_array().unwrap();
    // One static vector, whatever the case; three in context, which differ.
    assert_eq!(report["statics"].as_array().unwrap().len(), 1);
    assert_eq!(report["statics"][0]["forms"], serde_json::json!(["bank", "Bank"]));
    assert_eq!(occurrences.len(), 3);
    assert!(occurrences[0]["x"] != occurrences[1]["x"] && occurrences[0].get("sense").is_none());
    let ran = home.run(&[&args[..], &["--senses", "senses", "-o", "map.html"]].concat());
    assert_eq!(ran.good(), "");
    let page = home.read("map.html");
    for part in [
        "The [Bank] lent &lt;b&gt;money&lt;/b&gt;.",
        "<svg ",
        "static vector of bank, Bank",
        "money",
        "river",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("src="));
    assert_eq!(page.matches("<circle ").count(), 3);
}
