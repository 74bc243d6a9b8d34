//! How good tags are: figures worked out by hand, and files that do not fit each other.
use serde_json::{Value, json};

use crate::run::Home;
use crate::support::assert_refused;

/// A document's mark, a comment, columns by tabs or spaces, CRLF, a word of several bytes.
/// Tags: B-PER I-PER O B-LOC | B-LOC O | O. Gold PER[0..2] LOC[3..4] and LOC[0..1].
const GOLD: &str = "-DOCSTART- -X- O\n\n# id = 1\nÅsa NNP B-PER\nBerg NNP I-PER\nin IN O\n\
                    Oslo NNP B-LOC\n\nRome\tNNP\tB-LOC\r\n#\tSYM\tO\r\n\r\n\nwell UH O";
/// I-PER I-PER O B-PER | B-LOC I-LOC | S-less O. Predicted, by conlleval: PER[0..2] PER[3..4] and
/// LOC[0..2]; strictly in IOB2: PER[3..4] and LOC[0..2].
const PREDICTED: &str =
    "Åsa I-PER\nBerg  I-PER\nin O\nOslo B-PER\n\nRome B-LOC\n# I-LOC\n\nwell O\n";

fn report(home: &Home, args: &[&str]) -> Value {
    let ran =
        home.run(&[&["score-tags", "gold.conll", "predicted.conll", "--json"], args].concat());
    serde_json::from_str(ran.good()).unwrap()
}

fn home() -> Home {
    Home::with([("gold.conll", GOLD), ("predicted.conll", PREDICTED)])
}

fn scores(precision: f64, recall: f64, f1: f64, support: u64) -> Value {
    json!({"precision": precision, "recall": recall, "f1": f1, "support": support})
}

/// conlleval: PER 1 right of 1 gold and 2 predicted: P 1/2, R 1, F1 2/3; LOC 0 of 2 and 1. Together 1
/// of 3 and 3. Weighted: P 1/6, R 1/3, F1 2/9. Strict: PER 0 of 1 and 1, so all is 0.
#[test]
fn figures_by_hand() {
    let home = home();
    let third = 1.0 / 3.0;
    let mut found = report(&home, &[]);
    let intervals = found.as_object_mut().unwrap().remove("f1_intervals").unwrap();
    assert_eq!(
        found,
        json!({
            "gold": "gold.conll",
            "predicted": "predicted.conll",
            "sentences": 3,
            "words": 7,
            "convention": "conlleval",
            "scheme": null,
            "micro": scores(third, third, third, 3),
            "macro": scores(0.25, 0.5, third, 3),
            "weighted": scores(0.5 / 3.0, third, 2.0 / 3.0 / 3.0, 3),
            "labels": {"LOC": scores(0.0, 0.0, 0.0, 2), "PER": scores(0.5, 1.0, 2.0 / 3.0, 1)},
        })
    );
    // Of three sentences drawn from three, all are the first one in 1 of 27 draws (F1 1/2, none is higher),
    // and in 8 it is not among them (F1 0): both are more than the 2.5 % that are outside.
    let micro = &intervals["micro"];
    assert_eq!(
        (&micro["estimate"], &micro["low"], &micro["high"]),
        (&json!(third), &json!(0.0), &json!(0.5))
    );
    let person = &intervals["labels"]["PER"];
    assert_eq!((&person["low"], &person["high"]), (&json!(2.0 / 3.0), &json!(2.0 / 3.0)));
    assert_eq!(intervals["labels"].as_object().unwrap().len(), 2);
    let strict = report(&home, &["--strict"]);
    assert_eq!((&strict["convention"], &strict["scheme"]), (&"strict".into(), &"IOB2".into()));
    assert_eq!(strict["labels"]["PER"], scores(0.0, 0.0, 0.0, 1));
    // A scheme that is only named changes no figure.
    let named = report(&home, &["--scheme", "IOBES"]);
    assert_eq!((&named["convention"], &named["scheme"]), (&"conlleval".into(), &"IOBES".into()));
    assert_eq!(named["labels"], found["labels"]);
    let per = report(&home, &["--labels", "PER"]);
    assert_eq!((&per["only"], &per["micro"]), (&json!(["PER"]), &per["labels"]["PER"]));
    assert_eq!(per["labels"].as_object().unwrap().len(), 1);
    // Partial matches: PER[0..2] is right; PER[3..4] is LOC's place; LOC[0..2] overlaps LOC[0..1].
    let partial = report(&home, &["--partial"]);
    let counts = |kind: &str| {
        ["correct", "incorrect", "partial", "missed", "spurious"]
            .map(|key| partial["partial"][kind][key].as_u64().unwrap())
    };
    assert_eq!(counts("strict"), [1, 2, 0, 0, 0]);
    assert_eq!(counts("exact"), [2, 1, 0, 0, 0]);
    assert_eq!(counts("partial"), [2, 0, 1, 0, 0]);
    assert_eq!(counts("type"), [2, 1, 0, 0, 0]);
}

#[test]
fn the_table_names_convention_and_scheme() {
    let home = home();
    let ran = home.run(&["score-tags", "gold.conll", "predicted.conll", "--partial"]);
    let expected = "\
convention conlleval, scheme not named: 3 sentences, 7 words

label             precision     recall         f1  95 % interval    support
LOC                  0.0000     0.0000     0.0000  0.0000-0.0000          2
PER                  0.5000     1.0000     0.6667  0.6667-0.6667          1

micro average        0.3333     0.3333     0.3333  0.0000-0.5000          3
macro average        0.2500     0.5000     0.3333                         3
weighted average     0.1667     0.3333     0.2222                         3

match    precision     recall         f1    correct  incorrect    partial     missed   spurious
strict      0.3333     0.3333     0.3333          1          2          0          0          0
exact       0.6667     0.6667     0.6667          2          1          0          0          0
partial     0.8333     0.8333     0.8333          2          0          1          0          0
type        0.6667     0.6667     0.6667          2          1          0          0          0
";
    assert_eq!(ran.good(), expected);
    assert_eq!(ran.stderr, "3 sentences with 7 words\n");
    let args = ["score-tags", "gold.conll", "predicted.conll", "--strict", "--labels", "LOC,ORG"];
    let ran = home.run(&args);
    let first = ran.good().lines().next();
    assert_eq!(
        first,
        Some("convention strict, scheme IOB2, only labels LOC, ORG: 3 sentences, 7 words")
    );
    assert!(ran.stderr.starts_with("no entity has the label ORG\n"), "{}", ran.stderr);
    // Into a file, which is not replaced unasked.
    let to_file = [&args[..], &["--output", "report.txt"]].concat();
    assert_eq!(home.run(&to_file).good(), "");
    assert_eq!(home.read("report.txt"), ran.stdout());
    assert_refused(&home.run(&to_file), &["report.txt"]);
    home.run(&[&to_file[..], &["--force"]].concat()).good();
}

#[test]
fn columns_are_chosen() {
    let both = "a O B-X\nb B-X O\n";
    let home = Home::with([("both.conll", both), ("one.conll", "a\nb\n")]);
    let args = ["score-tags", "both.conll", "both.conll", "--json"];
    let f1 = |args: &[&str]| home.run(args).records()[0]["micro"]["f1"].as_f64().unwrap();
    assert!((f1(&args) - 1.0).abs() < 1e-12);
    assert!(f1(&[&args[..], &["--gold-column", "2"]].concat()).abs() < 1e-12);
    let same = ["--predicted-column", "2", "--gold-column", "2"];
    assert!((f1(&[&args[..], &same].concat()) - 1.0).abs() < 1e-12);
    for (flags, part) in [
        (["--gold-column", "0"], "--gold-column is 0: columns count from 1"),
        (["--predicted-column", "4"], "both.conll:1: expected 4 columns, found 3"),
        (["--gold-column", "1"], "--gold-column: expected another than the token's, found 1"),
        (["--scheme", "iob3"], "expected one of iob1, iob2, ioe1"),
    ] {
        assert_refused(&home.run(&[&args[..], &flags].concat()), &[part]);
    }
    assert_refused(
        &home.run(&["score-tags", "one.conll", "both.conll"]),
        &["one.conll:1: expected 2 columns, found 1"],
    );
}

#[test]
fn files_that_do_not_fit_name_both_places() {
    let home = home();
    for (name, content) in [
        ("word.conll", PREDICTED.replace("Oslo", "Bergen")),
        ("longer.conll", PREDICTED.replace("Oslo B-PER", "Oslo B-PER\n. O")),
        ("shorter.conll", PREDICTED.replace("\n# I-LOC", "")),
        ("parted.conll", PREDICTED.replace("in O", "in O\n")),
        ("less.conll", PREDICTED.replace("\nwell O", "")),
        ("more.conll", format!("{PREDICTED}\nbye O\n")),
        ("scheme.conll", PREDICTED.replace("# I-LOC", "# E-LOC")),
        ("tag.conll", PREDICTED.replace("# I-LOC", "# LOC")),
        ("empty.conll", "\n# a = b\n".to_owned()),
        ("plain.conll", "a O\n".to_owned()),
        ("latin.conll", String::new()),
    ] {
        home.write(name, content);
    }
    home.write("latin.conll", b"\xe9 O\n");
    for (predicted, part) in [
        (
            "word.conll",
            "gold.conll:7: \"Oslo\", but word.conll:4: \"Bergen\": expected the same words",
        ),
        ("longer.conll", "gold.conll:8: the end of a sentence, but longer.conll:5: \".\""),
        ("shorter.conll", "gold.conll:10: \"#\", but shorter.conll:7: the end of a sentence"),
        ("parted.conll", "gold.conll:7: \"Oslo\", but parted.conll:4: the end of a sentence"),
        ("less.conll", "gold.conll:13: \"well\", but less.conll: the end of the file"),
        ("more.conll", "gold.conll: the end of the file, but more.conll:11: \"bye\""),
        (
            "tag.conll",
            "tag.conll:7: tag \"LOC\": expected O, or a label after B-, I-, E-, S-, L-, U-",
        ),
        ("gone.conll", "gone.conll"),
        ("latin.conll", "latin.conll"),
    ] {
        assert_refused(&home.run(&["score-tags", "gold.conll", predicted]), &[part]);
    }
    let strict = home.run(&["score-tags", "gold.conll", "scheme.conll", "--strict"]);
    assert_refused(
        &strict,
        &["scheme.conll:7: tag \"E-LOC\": expected O, or a label after B-, I-"],
    );
    let empty = home.run(&["score-tags", "empty.conll", "empty.conll"]);
    assert_refused(&empty, &["empty.conll: expected sentences, found none"]);
    let plain = ["score-tags", "plain.conll", "plain.conll"];
    home.run(&plain).good();
    let ran = home.run(&[&plain[..], &["--strict"]].concat());
    assert_refused(
        &ran,
        &["plain.conll: the tags fit several schemes, or none\nhint: --scheme sets it"],
    );
}
