//! `cloze train similarity`: vectors that say how alike texts are, on tiny checkpoints.
use serde_json::Value;

use crate::run::{Home, records};
use crate::support::checkpoint;

/// Pairs with a score: 5 where both are about the same, 0 where not, and some in between.
fn scored(n: usize) -> String {
    let row = |i: usize| {
        let [first, second, score] = [
            ["Ann met Ann", "Ann lives", "5"],
            ["the son .", "the son lives .", "4.5"],
            ["Ann met Ann", "the son .", "0"],
            ["the son lives .", "Ann lives", "0.5"],
            ["Ann met the son", "Ann lives", "2.5"],
        ][i % 5];
        format!("{first},{second},{score}\n")
    };
    "text1,text2,score\n".to_owned() + &(0..n).map(row).collect::<String>()
}

/// Texts that belong together: those that begin alike; and one that does not.
fn partners(n: usize) -> String {
    let row = |i: usize| {
        let names = ["Ann", "the son", "Kassel", "met", "lives", "."];
        let (name, other) = (names[i % 6], names[(i + 1) % 6]);
        format!("{name} {name},{name},{other}\n")
    };
    "text1,text2,wrong\n".to_owned() + &(0..n).map(row).collect::<String>()
}

fn home() -> Home {
    let (scored, partners) = (scored(40), partners(36));
    Home::with([
        ("scored.csv", &*scored),
        ("test.csv", &*self::scored(10)),
        ("partners.csv", &*partners),
    ])
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, found {value}"))
}

fn trained(home: &Home, file: &str, base: &str, output: &str, more: &[&str]) -> Value {
    let common = ["train", "similarity", file, "-m", base, "-o", output, "--json"];
    let steps = ["--epochs=20", "--learning-rate=0.01", "--force"];
    records(home.run(&[&common[..], &steps, more].concat()).good()).remove(0)
}

/// The report's figures are those of `cloze eval sts` on what was saved, and better than the base's.
#[test]
fn cosines_become_what_the_scores_say() {
    let home = home();
    let sts = |model: &str| {
        records(home.run(&["eval", "sts", "test.csv", "-m", model, "--json"]).good()).remove(0)
    };
    for family in ["bert", "roberta", "distilbert", "electra", "mpnet", "albert"] {
        let base = checkpoint(family);
        for tune in ["--tune=lora", "--tune=full"] {
            let more = ["--loss=cosine", "--test=test.csv", "--hold-out=0", "--batch=4", tune];
            let report = trained(&home, "scored.csv", &base, "m", &more);
            let eval = sts("./m");
            for figure in ["spearman", "pearson"] {
                let [own, eval] = [&report["test"], &eval].map(|r| number(&r[figure]));
                assert!((own - eval).abs() < 1e-5, "{family} {tune} {figure}: {own} {eval}");
            }
            let (before, after) = (number(&sts(&base)["pearson"]), number(&eval["pearson"]));
            assert!(after > 0.9 && after > before, "{family} {tune}: {before} to {after}");
            home.run(&["model", "check", "./m"]).good();
            home.run(&["similarity", "Ann", "the son", "-m", "./m"]).good();
            home.run_with("Ann\n", &["embed", "-", "-m", "./m"]).good();
        }
    }
}

#[test]
fn partners_come_near() {
    let home = home();
    let base = checkpoint("bert");
    for more in [&["--tune=full"][..], &["--tune=lora", "--negative-field=wrong", "--batch=6"]] {
        let flags =
            [&["--loss=ranking", "--test=partners.csv", "--dev=partners.csv"][..], more].concat();
        let report = trained(&home, "partners.csv", &base, "m", &flags);
        assert!(number(&report["test"]["mrr"]) > 0.95, "{more:?}: {}", report["test"]);
        assert_eq!(report["test"]["pairs"], 36);
        assert!(number(&report["test"]["accuracy"]) <= number(&report["test"]["mrr"]));
        let files = home.files("m");
        for file in ["README.md", "cloze.json", "report.html", "train.jsonl"] {
            assert!(files.iter().any(|f| f == file), "no {file} in {files:?}");
        }
    }
}

/// The shipped encoder's own settings stay: the mean of the token rows, 256 tokens.
#[test]
fn the_shipped_encoder_stays_an_encoder_of_sentences() {
    let home = home();
    for tune in ["--tune=lora", "--tune=full"] {
        let args = ["train", "similarity", "scored.csv", "-o", "m", "--loss=cosine", "--force"];
        let more = ["--max-steps=2", "--test=test.csv", "--json", tune];
        let report = records(home.run(&[&args[..], &more].concat()).good()).remove(0);
        let eval = home.run(&["eval", "sts", "test.csv", "-m", "./m", "--json"]);
        let eval = records(eval.good()).remove(0);
        assert_eq!(eval["pooling"], "mean");
        let [own, eval] = [&report["test"], &eval].map(|r| number(&r["pearson"]));
        assert!((own - eval).abs() < 1e-4, "{tune}: {own} {eval}");
    }
}

#[test]
fn what_cannot_be_learned_from_is_named() {
    let home = home();
    let base = checkpoint("bert");
    for (file, flags, expected) in [
        ("scored.csv", &["--loss=cosine", "--score-scale=4"][..], "scored.csv:2: expected a score"),
        ("scored.csv", &["--loss=cosine", "--score-scale=0"], "--score-scale is 0"),
        ("scored.csv", &["--loss=cosine", "--tune=head"], "--tune head trains nothing"),
        ("scored.csv", &["--loss=cosine", "--negative-field=x"], "--negative-field is for"),
        (
            "scored.csv",
            &["--loss=cosine", "--ranking-scale=9"],
            "--ranking-scale is for --loss rank",
        ),
        (
            "scored.csv",
            &["--loss=ranking", "--score-scale=9"],
            "--score-scale is for --loss cosine",
        ),
        ("scored.csv", &["--loss=ranking", "--batch=1"], "--batch is 1"),
        ("scored.csv", &["--loss=ranking", "--ranking-scale=0"], "scale is 0"),
        ("partners.csv", &["--loss=ranking", "--negative-field=x"], "x"),
        ("scored.csv", &[], "--loss"),
        ("none.csv", &["--loss=cosine"], "none.csv"),
        ("scored.csv", &["--loss=cosine", "--resume"], "nothing to resume"),
    ] {
        let args = [&["train", "similarity", file, "-m", &base, "-o", "x"][..], flags].concat();
        let ran = home.run(&args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!home.path("x").exists(), "{args:?}");
    }
}

/// Two writers of 5 and 7 pairs: those of one of them are held out, whatever the share.
#[test]
fn pairs_of_one_group_are_held_out_together() {
    let writer = |i: usize| if i < 5 { "Lena" } else { "Bo" };
    let row = |i: usize| format!("Ann {i},the son {i},{},{}\n", i % 6, writer(i));
    let rows: String = (0..12).map(row).collect();
    let home = Home::with([("pairs.csv", &*format!("text1,text2,score,writer\n{rows}"))]);
    let base = checkpoint("bert");
    let common = ["train", "similarity", "pairs.csv", "-m", &base, "--loss=cosine", "--json"];
    for seed in ["1", "2", "3"] {
        let more = ["-o", "m", "--force", "--max-steps=1", "--hold-out=0.4", "--seed", seed];
        let args = [&common[..], &more, &["--group-by", "writer"]].concat();
        let report = records(home.run(&args).good()).remove(0);
        assert!(matches!(report["held_out_examples"].as_u64(), Some(5 | 7)), "{seed}: {report}");
    }
    for (more, expected) in [
        (&["--group-by", "author"][..], "pairs.csv:1: expected a field \"author\", found"),
        (&["--group-by", "writer", "--no-header"], "cannot be used with"),
        (&["--group-by", "writer", "--dev", "pairs.csv"], "cannot be used with"),
    ] {
        let ran = home.run(&[&common[..], &["-o", "n"], more].concat());
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
