//! The examples, run on the repository's models and data.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;
use std::process::Command;

use cloze::MaskedLm;
use cloze_testkit::checkpoint;

/// Output of an example. Cargo builds examples with all tests of the package; where one test is named,
/// as by `--test examples`, `cargo build --examples` goes before.
fn run(name: &str, args: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built", program.display());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(program).args(args).current_dir(root).output().unwrap();
    let [said, failed] = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
    assert!(output.status.success(), "{name}: {failed}");
    said
}

#[test]
fn tag_prints_entities_with_labels() {
    let said = run("tag", &[]);
    assert!(said.lines().count() > 5, "{said}");
    for line in said.lines() {
        let score: f32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        // The model's card leaves out what is below.
        assert!(score >= 0.5, "{line}");
        assert!(["PER", "LOC", "ORG", "MISC"].contains(&line.split_whitespace().next().unwrap()));
    }
}

#[test]
fn redact_leaves_everything_but_entities() {
    let letter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/samples/letter.txt");
    let letter = fs_err::read_to_string(letter).unwrap();
    let said = run("redact", &[]);
    assert!(said.matches('[').count() > 5, "{said}");
    // What stands between labels is the letter's, in order.
    let mut rest = letter.as_str();
    for part in said.split('[').map(|part| part.split_once(']').map_or(part, |(_, kept)| kept)) {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is not in {rest:?}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn embed_prints_cosines() {
    let said = run("embed", &[]);
    assert!(said.starts_with("3 vectors of 384 numbers"), "{said}");
    let row = said.lines().nth(1).unwrap();
    let cosines: Vec<f64> = row.split_whitespace().take(3).map(|x| x.parse().unwrap()).collect();
    assert!(cosines[0] > 0.999 && cosines[1] > 0.6 && cosines[2] < 0.2, "{row}");
}

/// D003 is about films, which may be kept for one week.
#[test]
fn search_finds_the_document_that_answers() {
    let said = run("search", &[]);
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.lines().next().unwrap().contains(" D003 "), "{said}");
}

#[test]
fn classify_prints_sentiment_and_topic() {
    let said = run("classify", &[]);
    let rows: Vec<Vec<&str>> = said.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((rows[0][0], rows[0][1]), ("pos", "sport"), "{said}");
    assert_eq!((rows[1][0], rows[1][1]), ("neg", "money"), "{said}");
}

#[test]
fn fill_mask_prints_the_likeliest_words() {
    let said = run("fill_mask", &[]);
    let rows: Vec<(f64, &str)> = said
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(probability, word)| (probability.parse().unwrap(), word))
        .collect();
    assert_eq!(rows.len(), 5, "{said}");
    assert!(rows.is_sorted_by(|a, b| a.0 >= b.0), "{said}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/mlm-en");
    let model = MaskedLm::open(folder).unwrap();
    let predicted = model.predict("Paris is the [MASK] of France.", 5).unwrap();
    let words: Vec<&str> = predicted.masks[0].iter().map(|found| found.word.as_str()).collect();
    assert_eq!(rows.iter().map(|(_, word)| *word).collect::<Vec<_>>(), words);
}

/// Softmax of z / τ: of two tokens, the ratio of probabilities at τ = 0.5 is that at τ = 1 squared, and its
/// logarithm at τ = 1 is the difference of their logits.
#[test]
fn next_token_prints_a_distribution_by_temperatures() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders/gpt2");
    let said = run("next_token", &["The lamp", model.to_str().unwrap()]);
    let rows: Vec<Vec<f64>> = said
        .lines()
        .skip(1)
        .take(5)
        .map(|line| line.rsplit('\t').take(5).map(|x| x.parse().unwrap()).collect())
        .collect();
    for pair in rows.windows(2) {
        let ratio = |column: usize| pair[0][column] / pair[1][column];
        assert!((ratio(2).ln() - (pair[0][4] - pair[1][4])).abs() < 0.05, "{said}");
        assert!((ratio(3) / ratio(2).powi(2) - 1.0).abs() < 0.05, "{said}");
        assert!(ratio(1) <= ratio(2), "{said}");
    }
    let top: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    assert!((top.iter().sum::<f64>() - 1.0).abs() < 1e-3 && top[3..] == [0.0, 0.0], "{said}");
    // Of 96 positions.
    assert!(said.contains("\n64\t") && !said.contains("\n128\t"), "{said}");
}

#[test]
fn rerank_prints_documents_best_first() {
    let model = checkpoint("bert-sequence");
    let documents = ["the son", "Ann met the son in Kassel", "x"];
    let mut args = vec![model.to_str().unwrap(), "yes", "Ann"];
    args.extend(documents);
    let said = run("rerank", &args);
    let rows: Vec<(f64, &str)> = said
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(score, document)| (score.parse().unwrap(), document))
        .collect();
    assert!(rows.is_sorted_by(|a, b| a.0 >= b.0), "{said}");
    let mut sorted: Vec<&str> = rows.iter().map(|(_, document)| *document).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, ["Ann met the son in Kassel", "the son", "x"]);
}
