//! `cloze zscore`: what a correction does to the vectors it was fitted on, and where it is refused.
use serde_json::Value;

use crate::run::{Home, Ran, records};

/// A model of 16 numbers a vector, with two layers: large ones take seconds here.
fn small_model() -> String {
    let testkit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    testkit.join("minilm-f16").display().to_string()
}

/// 40 texts of words that small vocabularies have in pieces at least.
fn corpus(from: usize, to: usize) -> String {
    let words = ["the", "cat", "sat", "here", "and", "runs", "a", "dog", "in", "rain"];
    let line = |i: usize| {
        let word = |k: usize| words[(i * (k + 3) + k * k + i / 10) % words.len()];
        (0..3 + i % 5).map(word).collect::<Vec<_>>().join(" ") + "\n"
    };
    (from..to).map(line).collect()
}

fn home() -> Home {
    let (all, a, b) = (corpus(0, 40), corpus(0, 17), corpus(17, 40));
    Home::with([("all.txt", &*all), ("a.txt", &*a), ("b.txt", &*b)])
}

#[track_caller]
fn fit(home: &Home, texts: &str, file: &str, more: &[&str]) -> Ran {
    let model = small_model();
    let args = ["zscore", "fit", texts, "-o", file, "-m", &model, "--input", "lines"];
    home.run(&[&args, more].concat())
}

#[expect(clippy::cast_precision_loss, reason = "a few")]
fn count<T>(of: &[T]) -> f64 {
    of.len() as f64
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn saved(home: &Home, file: &str) -> Value {
    serde_json::from_str(&home.read(file)).unwrap()
}

#[track_caller]
fn assert_refused(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
    }
}

/// Mean and population variance of each dimension.
fn moments(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let n = count(rows);
    let one = |d: usize| {
        let mean = rows.iter().map(|row| row[d]).sum::<f64>() / n;
        (mean, rows.iter().map(|row| (row[d] - mean).powi(2)).sum::<f64>() / n)
    };
    (0..rows[0].len()).map(one).collect()
}

#[test]
fn parts_put_together_are_the_whole() {
    let home = home();
    for (method, level, spread) in [
        (&["--method", "zscore"][..], "sentence", "inv_std"),
        (&["--method", "whitening", "--dims", "3"], "word", "directions"),
        (&["--method", "all-but-the-top", "--directions", "2"], "token", "directions"),
    ] {
        let more = [method, &["--level", level, "--force"]].concat();
        for (texts, file) in [("all.txt", "all.json"), ("a.txt", "a.json"), ("b.txt", "b.json")] {
            fit(&home, texts, file, &more).good();
        }
        let ran = home.run(&["zscore", "merge", "a.json", "b.json", "-o", "m.json", "--force"]);
        assert!(ran.good().contains("parts      a.json, b.json\n"), "{}", ran.stdout());
        let (whole, merged) = (saved(&home, "all.json"), saved(&home, "m.json"));
        for at in ["fitted", "method"] {
            assert_eq!(whole[at], merged[at]);
        }
        assert_eq!(whole["moments"]["count"], merged["moments"]["count"]);
        for (part, field) in
            [("moments", "mean"), ("moments", "m2"), ("correction", "mean"), ("correction", spread)]
        {
            let (a, b) = (numbers(&whole[part][field]), numbers(&merged[part][field]));
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(&b) {
                // Sums of a few hundred squares in f64, and what is stored of them in f32.
                assert!((a - b).abs() <= 1e-6 * a.abs().max(1.0), "{part} {field}: {a} {b}");
            }
        }
    }
}

/// The corpus' own vectors, z-scored, have mean 0 and variance 1 in each dimension that is kept.
#[test]
fn the_corpus_itself_is_standardised() {
    let home = home();
    let model = small_model();
    for level in ["sentence", "token"] {
        let ran = fit(&home, "all.txt", "z.json", &["--level", level, "--force", "--json"]);
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let args = ["embed", "all.txt", "-m", &model, "--input", "lines", "--level", level];
        let zscored = [&args[..], &["--zscore", "z.json", "--no-normalize"]].concat();
        let ran = home.run(&zscored);
        let rows: Vec<Vec<f64>> = if level == "sentence" {
            records(ran.good()).iter().map(|r| numbers(&r["vector"])).collect()
        } else {
            let records = records(ran.good());
            let tokens = records.iter().flat_map(|r| r["tokens"].as_array().unwrap());
            tokens.map(|t| numbers(&t["vector"])).collect()
        };
        assert_eq!(report["vectors"], rows.len(), "{level}");
        assert_eq!((&report["texts"], &report["level"]), (&40.into(), &level.into()));
        let dropped = report["dropped_dimensions"].as_array().unwrap();
        for (dim, (mean, variance)) in moments(&rows).into_iter().enumerate() {
            let expected = f64::from(u8::from(!dropped.contains(&dim.into())));
            assert!(mean.abs() <= 1e-4, "{level} {dim}: mean {mean}");
            assert!((variance - expected).abs() <= 1e-3, "{level} {dim}: variance {variance}");
        }
    }
}

/// The model that the repository has: three of its dimensions do not vary, because its last layer
/// norm scales them by 1e-9 and less.
#[test]
fn dimensions_that_do_not_vary_are_told() {
    let home = home();
    let ran = home.run(&["zscore", "fit", "a.txt", "-o", "z.json", "--input", "lines"]);
    let shown = ran.good();
    assert!(shown.contains("fitted on  17 vectors of 17 texts\n"), "{shown}");
    assert!(shown.contains("dropped    3 dimensions without variance: 127, 223, 319\n"), "{shown}");
    let info = home.run(&["zscore", "info", "z.json", "--json"]);
    let info: Value = serde_json::from_str(info.good()).unwrap();
    let sha256 = saved(&home, "z.json")["fitted"]["model_sha256"].clone();
    assert_eq!((&info["model_sha256"], sha256.as_str().unwrap().len()), (&sha256, 64));
    assert_eq!(info["dropped_dimensions"], serde_json::json!([127, 223, 319]));
    // And the vectors are others than without.
    let plain = home.run(&["embed", "a.txt", "--input", "lines"]);
    let zscored = home.run(&["embed", "a.txt", "--input", "lines", "--zscore", "z.json"]);
    let vector = |ran: &Ran| numbers(&records(ran.good())[0]["vector"]);
    let cosine: f64 = vector(&plain).iter().zip(vector(&zscored)).map(|(a, b)| a * b).sum();
    assert!(cosine < 0.9, "{cosine}");
}

#[test]
fn vectors_made_another_way_are_refused() {
    let home = home();
    fit(&home, "all.txt", "z.json", &[]).good();
    let model = small_model();
    for (flags, said) in [
        (&["--pooling", "cls"][..], "fitted for pooling mean, found pooling cls"),
        (&["--layers", "1"], "fitted for layers 2, found layers 1"),
        (&["--layers", "all"], "fitted for layers 2, found layers 0,1,2"),
        (&["--level", "token"], "--zscore was fitted for --level sentence, not token"),
    ] {
        let args = ["embed", "all.txt", "-m", &model, "--input", "lines", "--zscore", "z.json"];
        let ran = home.run(&[&args, flags].concat());
        assert_refused(&ran, &[said]);
    }
    let ran = home.run(&["embed", "all.txt", "--zscore", "z.json"]);
    assert_refused(&ran, &["z.json: not for these vectors: fitted for model minilm-f16 (SHA-256 "]);

    // What does not go together, named.
    for (file, flags, said) in [
        ("cls.json", &["--pooling", "cls"][..], "fitted for pooling mean, found pooling cls"),
        ("one.json", &["--layers", "1"], "fitted for layers 2, found layers 1"),
        ("word.json", &["--level", "word"], "fitted for level sentence, found level word"),
        ("white.json", &["--method", "whitening"], "fitted for method "),
    ] {
        fit(&home, "all.txt", file, flags).good();
        let ran = home.run(&["zscore", "merge", "z.json", file, "-o", "m.json"]);
        assert_refused(&ran, &[&format!("{file}: cannot be merged with z.json"), said]);
    }
    for (parts, said) in [
        (["z.json", "./z.json"], "./z.json: named twice"),
        (["z.json", "no.json"], "no.json"),
        (["z.json", "all.txt"], "all.txt"),
    ] {
        let ran = home.run(&["zscore", "merge", parts[0], parts[1], "-o", "m.json"]);
        assert_refused(&ran, &[said]);
    }
    assert!(!home.path("m.json").exists());
    assert_refused(
        &home.run(&["zscore", "merge", "z.json", "-o", "m.json"]),
        &["2 values required by"],
    );
    assert_refused(
        &home.run(&["zscore", "info", "all.txt"]),
        &["all.txt:1:2: expected the JSON of"],
    );
}

#[test]
fn settings_that_cannot_be_followed() {
    let home = home();
    home.write("z.json", "there");
    home.write("one.txt", "the cat\n");
    for (flags, said) in [
        (&["--static"][..], "--static: a correction is fitted on hidden states"),
        (&["--zscore", "z.json"], "--zscore: a correction is fitted on vectors that are not"),
        (&["--truncate-dim", "4"], "--truncate-dim: a correction is fitted on vectors before"),
        (&["--no-normalize"], "--no-normalize: a correction is fitted on vectors before"),
        (&["--dims", "4"], "--dims is for --method whitening, not zscore"),
        (&["--directions", "4"], "--directions is for --method all-but-the-top, not zscore"),
        (&["--method", "whitening", "--directions", "4"], "not whitening"),
        (&["--method", "all-but-the-top", "--dims", "4"], "not all-but-the-top"),
        (&["--method", "whitening", "--dims", "17"], "--dims is 17: expected 1 to 16"),
        (&["--method", "whitening", "--dims", "0"], "--dims is 0: expected 1 to 16"),
        (&["--method", "all-but-the-top", "--directions", "16"], "--directions is 16: expected"),
        (&["--method", "pca"], "there are zscore, whitening, all-but-the-top"),
        (&["--layers", "3"], "no layer 3: the model has 2"),
    ] {
        assert_refused(&fit(&home, "all.txt", "new.json", flags), &[said]);
        assert!(!home.path("new.json").exists(), "{flags:?}");
    }
    assert_refused(&fit(&home, "all.txt", "z.json", &[]), &["z.json: exists already"]);
    assert_eq!(home.read("z.json"), "there");
    let ran = fit(&home, "one.txt", "new.json", &[]);
    assert_refused(&ran, &["new.json: not written: expected at least 2 vectors, found 1"]);
    assert!(!home.path("new.json").exists());
    // The same text again has no spread.
    home.write("same.txt", "the cat\nthe cat\n");
    assert_refused(&fit(&home, "same.txt", "new.json", &[]), &["all 2 vectors are the same"]);
}

#[test]
fn a_file_that_fails_is_named_and_the_others_are_done() {
    let home = home();
    let model = small_model();
    let args = ["zscore", "fit", "a.txt", "no.txt", "b.txt", "-o", "z.json", "-m", &model];
    let ran = home.run(&[&args[..], &["--input", "lines"]].concat());
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_eq!(ran.errors().len(), 1);
    assert!(ran.errors()[0].contains("no.txt"));
    fit(&home, "all.txt", "all.json", &[]).good();
    assert_eq!(saved(&home, "z.json")["moments"]["count"], 40);
    assert_eq!(saved(&home, "z.json")["moments"], saved(&home, "all.json")["moments"]);
}
