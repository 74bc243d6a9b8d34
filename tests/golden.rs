//! `cloze tag --decode argmax` against the transformers library's token-classification pipeline, on
//! the texts of `tests/golden`: every strategy, every entity, every span, every score.
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn jsonl(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(path: &str) -> Vec<Value> {
    jsonl(&fs_err::read_to_string(root().join(path)).unwrap())
}

/// (label, tag, start, end, score); offsets in code points. The one difference in spans that is
/// wanted: a tokenizer that strips accents leaves a decomposed accent at the end of a word outside
/// its token, where cloze takes it in. So marks at an entity's end do not count.
fn entities(record: &Value, text: &[char]) -> Vec<(String, Option<String>, u64, u64, f64)> {
    let string = |v: &Value| v.as_str().map(str::to_owned);
    let one = |e: &Value| {
        let (start, mut end) = (e["start"].as_u64().unwrap(), e["end"].as_u64().unwrap());
        let mark = |end: u64| is_combining_mark(text[usize::try_from(end).unwrap() - 1]);
        while end > start && mark(end) {
            end -= 1;
        }
        let score = e["score"].as_f64().unwrap();
        (string(&e["label"]).unwrap(), string(&e["tag"]), start, end, score)
    };
    record["entities"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn entities_are_those_of_the_transformers_pipeline() {
    let texts: BTreeMap<String, Vec<char>> = read("tests/golden/texts.jsonl")
        .iter()
        .map(|r| (r["id"].as_str().unwrap().into(), r["text"].as_str().unwrap().chars().collect()))
        .collect();
    let golden = read("tests/golden/pipeline.jsonl");
    let strategies: BTreeSet<&str> = golden.iter().filter_map(|g| g["strategy"].as_str()).collect();
    assert_eq!(strategies.len(), 5);
    let (mut compared, mut worst) = (0, 0.0_f64);
    for strategy in strategies {
        let run = Command::new(env!("CARGO_BIN_EXE_cloze"))
            .args(["tag", "tests/golden/texts.jsonl", "--format", "jsonl", "--decode", "argmax"])
            .args(["--model", "pii", "--recognizers", "none", "--aggregation", strategy])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let ours: BTreeMap<String, Value> = jsonl(&String::from_utf8(run.stdout).unwrap())
            .into_iter()
            .map(|r| (r["id"].as_str().unwrap().to_owned(), r))
            .collect();
        assert_eq!(ours.len(), texts.len());
        for expected in golden.iter().filter(|g| g["strategy"] == strategy) {
            let id = expected["id"].as_str().unwrap();
            let (found, wanted) = (entities(&ours[id], &texts[id]), entities(expected, &texts[id]));
            assert_eq!(
                found.len(),
                wanted.len(),
                "{id}, {strategy}: {found:?}\nexpected {wanted:?}"
            );
            for (f, w) in found.iter().zip(&wanted) {
                assert_eq!((&f.0, &f.1, f.2, f.3), (&w.0, &w.1, w.2, w.3), "{id}, {strategy}");
                let apart = (f.4 - w.4).abs();
                assert!(apart <= 1e-4, "{id}, {strategy}: score {} for {}", f.4, w.4);
                worst = worst.max(apart);
                compared += 1;
            }
        }
    }
    // As many as the file has; so a reader that skips some would show.
    let in_file: usize = golden.iter().filter_map(|g| g["entities"].as_array()).map(Vec::len).sum();
    assert_eq!(compared, in_file);
    println!("{compared} entities, scores at most {worst:.1e} apart");
}
