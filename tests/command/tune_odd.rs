//! `cloze train tag` on files as people have them, and on such as they had better not.
use serde_json::Value;

use crate::run::{Home, models};

fn checkpoint() -> String {
    let bert = models().join("../crates/testkit/checkpoints/bert");
    fs_err::canonicalize(bert).unwrap().display().to_string()
}

/// Trains two steps on `data`, beside sentences that are in order, and returns the report.
#[track_caller]
fn trained(home: &Home, data: &[&str], more: &[&str]) -> Value {
    let base = checkpoint();
    let common = ["--max-steps=2", "--batch=4", "--rank=2", "-m", &base, "-o", "x", "--json"];
    let ran = home.run(&[&["train", "tag"], data, &common[..], more].concat());
    serde_json::from_str(ran.good()).unwrap()
}

/// Ten entities of PER in ten sentences.
fn sound() -> String {
    "Ann\tB-PER\nmet\tO\nthe\tO\nson\tO\n\n".repeat(10)
}

/// Each a file, and the entities that conlleval finds in it: `I-` alone begins one, as does `I-` after
/// another label; `E` and `S` end one.
#[test]
fn every_scheme_and_every_writing_is_read() {
    let long = format!("{}\tB-PER\nmet\tO\n\n", "a".repeat(3000));
    let many = format!("{}Ann\tB-PER\n\n", "the\tO\n".repeat(1000));
    for (name, text, per, loc, sentences) in [
        ("bioes", "Ann\tB-PER\nson\tI-PER\nson\tE-PER\nKassel\tS-LOC\n\n", 1, 1, 1),
        ("iob1", "Ann\tI-PER\nson\tI-PER\nAnn\tB-PER\nmet\tO\nKassel\tI-LOC\n\n", 2, 1, 1),
        ("inside", "Ann\tI-PER\nKassel\tI-LOC\n\n", 1, 1, 1),
        ("emoji", "👩\u{200d}👧\tB-PER\n🙂\tO\nשלום\tB-LOC\n\n", 1, 1, 1),
        ("crlf", "Ann\tB-PER\r\nmet\tO\r\n\r\nKassel\tB-LOC\r\n", 1, 1, 2),
        ("docstart", "-DOCSTART-\tO\n\nAnn\tB-PER\n\n-DOCSTART-\tO\n\nAnn\tB-PER\n", 2, 0, 2),
        ("long", &*long, 1, 0, 1),
        ("many", &*many, 1, 0, 1),
        ("bom", "\u{feff}Ann\tB-PER\n\n", 1, 0, 1),
    ] {
        let home = Home::with([("sound.conll", &*sound()), ("odd.conll", text)]);
        // Nothing is held out, so that all of it counts; it is also what is judged by.
        let dev = ["--dev", "odd.conll", "--test", "odd.conll"];
        let report = trained(&home, &["sound.conll", "odd.conll"], &dev);
        assert_eq!(report["labels"]["PER"], 10 + per, "{name}: {report}");
        assert_eq!(report["labels"]["LOC"].as_u64().unwrap_or(0), loc, "{name}: {report}");
        assert_eq!(report["data"][1]["examples"], sentences, "{name}: {report}");
        let support = report["test"]["micro"]["support"].as_u64();
        assert_eq!(support, Some(per + loc), "{name}: {report}");
        home.run(&["model", "check", "./x"]).good();
        home.run(&["tag", "odd.conll", "-m", "./x", "--min-score=0"]).good();
    }
}

/// Status 2 where nothing can be done, 1 where the rest was; what was there stays as it is.
#[test]
fn what_is_no_data_is_named_and_harms_nothing() {
    let base = checkpoint();
    for (data, expected, status) in [
        (&["empty.conll"][..], "empty.conll: expected tagged sentences, found none", 2),
        (&["sound.conll", "empty.conll"], "empty.conll: expected tagged sentences", 2),
        (&["sound.conll", "blank.conll"], "blank.conll: expected tagged sentences", 2),
        (&["sound.conll", "gone.conll"], "gone.conll", 2),
        (&["sound.conll", "."], "", 2),
        (&["untagged.conll"], "untagged.conll:1", 2),
        (&["sound.conll", "short.conll"], "short.conll:2", 1),
    ] {
        let home = Home::with([
            ("sound.conll", &*sound()),
            ("empty.conll", ""),
            ("blank.conll", "\n\n \n"),
            ("untagged.conll", "Ann\tperson\n"),
            // A row that cannot be read costs its sentence alone.
            ("short.conll", "Ann\tB-PER\nmet\n\nAnn\tB-PER\n\n"),
            ("x.txt", "not yours"),
        ]);
        let before = home.files("");
        let common = ["--max-steps=2", "--rank=2", "-m", &base, "-o", "x"];
        let ran = home.run(&[&["train", "tag"], data, &common[..]].concat());
        assert_eq!(ran.status, Some(status), "{data:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{data:?}: {}", ran.stderr);
        assert_eq!(home.read("x.txt"), "not yours");
        assert_eq!(home.path("x").exists(), status == 1, "{data:?}");
        if status == 2 {
            assert_eq!(home.files(""), before, "{data:?}");
        }
    }
    // What is no trained model is not replaced.
    let home = Home::with([("sound.conll", &*sound()), ("x/mine.txt", "mine")]);
    for more in [&[][..], &["--force"]] {
        let common = ["train", "tag", "sound.conll", "-m", &base, "-o", "x"];
        let ran = home.run(&[&common[..], more].concat());
        assert_eq!((ran.status, &*home.read("x/mine.txt")), (Some(2), "mine"), "{}", ran.stderr);
    }
}

/// A label may be whatever stands in a file: it is text on the page and on the card.
#[test]
fn labels_are_no_markup() {
    let odd = ["ort|x<b>", "$x^2$", "`a`*b*", "a&amp;", "שלום"];
    let text = odd.map(|label| format!("Ann\tB-{label}\nson\tI-{label}\n\n")).concat();
    let home = Home::with([("odd.conll", &*text)]);
    let report = trained(&home, &["odd.conll"], &["--dev=odd.conll", "--test=odd.conll"]);
    for label in odd {
        assert_eq!(report["labels"][label], 1, "{report}");
    }
    let (html, card) = (home.read("x/report.html"), home.read("x/README.md"));
    assert!(html.contains("ort|x&lt;b&gt;") && !html.contains("<b>"), "{html}");
    assert!(html.contains("a&amp;amp;"), "{html}");
    let escaped = [r"ort\|x\<b\>", r"\$x^2\$", r"\`a\`\*b\*", r"a\&amp;", "שלום"];
    for (label, escaped) in odd.iter().zip(escaped) {
        // The label's own count, then the figures of both verdicts.
        let rows = card.lines().filter(|line| line.starts_with(&format!("| {escaped} |")));
        assert!(rows.count() >= 3, "{label}: {card}");
    }
    assert!(!card.contains("x<b>") && card.contains("- Fewer than 10 training entities"), "{card}");
}

/// Two documents of 5 and 7 sentences: one of them is held out, whatever the share.
#[test]
fn sentences_of_one_document_are_held_out_together() {
    let sentences = |n: usize, from: usize| -> String {
        let sentence = |i: usize| format!("Ann\tB-PER\nmet\tO\n{}\tO\n\n", i + from);
        (0..n).map(sentence).collect()
    };
    let (five, seven) = (sentences(5, 0), sentences(7, 5));
    let marked = format!("-DOCSTART-\tO\n\n{five}-DOCSTART-\tO\n\n{seven}");
    let named = format!("# author = Lena Vogt\n{five}# author = Bo\n{seven}");
    let home = Home::with([("marked.conll", &*marked), ("named.conll", &*named)]);
    for (file, name) in [("marked.conll", "document"), ("named.conll", "author")] {
        for seed in ["1", "2", "3", "4"] {
            let more = ["--group-by", name, "--hold-out=0.4", "--seed", seed, "--force"];
            let report = trained(&home, &[file], &more);
            let held_out = report["held_out_examples"].as_u64();
            assert!(matches!(held_out, Some(5 | 7)), "{file} {seed}: {report}");
        }
    }
    let base = checkpoint();
    for (file, name, more, expected) in [
        (
            "named.conll",
            "document",
            &[][..],
            "named.conll: no documents: expected rows such as -DOCSTART- or # newdoc\n",
        ),
        (
            "marked.conll",
            "author",
            &[],
            "marked.conll: no group \"author\": expected comments such as # author = …\n\
             hint: --group-by document is for -DOCSTART- and # newdoc\n",
        ),
        ("marked.conll", "", &[], "--group-by: expected a name, found \"\"\n"),
        ("marked.conll", "document", &["--dev", "named.conll"], "cannot be used with"),
    ] {
        let common = ["train", "tag", file, "-m", &base, "-o", "y", "--group-by", name];
        let ran = home.run(&[&common[..], more].concat());
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
    }
}
