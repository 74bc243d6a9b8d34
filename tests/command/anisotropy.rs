//! `cloze anisotropy`: its numbers against those of `cloze embed`, and the forms they come in.
use serde_json::Value;

use crate::run::{Home, Ran, records};

const CHECKPOINT: &str = "../testkit/checkpoints/minilm-f16";

/// A model of 16 numbers a vector, with two layers: large ones take seconds here.
fn small_model() -> String {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(CHECKPOINT).display().to_string()
}

const TEXTS: &str = "The cat sat here.\nA dog runs in the rain.\nThe bank of the river.\n\
                     He plays the flute.\nPrices rose again.\nWhere does she live?\n";

fn home() -> Home {
    let four: Vec<&str> = TEXTS.lines().take(4).collect();
    Home::with([("all.txt", TEXTS), ("four.txt", &*four.join("\n"))])
}

#[track_caller]
fn measure(home: &Home, texts: &str, more: &[&str]) -> Ran {
    let model = small_model();
    home.run(&[&["anisotropy", texts, "-m", &model, "--input", "lines"], more].concat())
}

#[track_caller]
fn report(home: &Home, texts: &str, more: &[&str]) -> Value {
    serde_json::from_str(measure(home, texts, &[more, &["--json"]].concat()).good()).unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "a few")]
fn count<T>(of: &[T]) -> f64 {
    of.len() as f64
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The vectors of a layer, as `cloze embed` gives them.
#[track_caller]
fn embedded(home: &Home, texts: &str, level: &str, layer: &str) -> Vec<Vec<f64>> {
    let model = small_model();
    let args = ["embed", texts, "-m", &model, "--input", "lines", "--no-normalize"];
    let ran = home.run(&[&args[..], &["--level", level, "--layers", layer]].concat());
    let rows = records(ran.good());
    if level == "sentence" {
        return rows.iter().map(|row| numbers(&row["vector"])).collect();
    }
    let tokens = rows.iter().flat_map(|row| row["tokens"].as_array().unwrap());
    tokens.map(|token| numbers(&token["vector"])).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Each dimension to mean 0 and variance 1.
fn standardised(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = count(rows);
    let mut rows = rows.to_vec();
    for d in 0..rows[0].len() {
        let mean = rows.iter().map(|row| row[d]).sum::<f64>() / n;
        let std = (rows.iter().map(|row| (row[d] - mean).powi(2)).sum::<f64>() / n).sqrt();
        for row in &mut rows {
            row[d] = (row[d] - mean) / std;
        }
    }
    rows
}

/// The trace of the covariance matrix and the sum of its squares, which are the sums of the
/// variances of the components and of their squares.
fn invariants(rows: &[Vec<f64>]) -> (f64, f64) {
    let (n, dims) = (count(rows), rows[0].len());
    let mean = |d: usize| rows.iter().map(|row| row[d]).sum::<f64>() / n;
    let means: Vec<f64> = (0..dims).map(mean).collect();
    let covariance = |i: usize, j: usize| {
        rows.iter().map(|row| (row[i] - means[i]) * (row[j] - means[j])).sum::<f64>() / n
    };
    let squares = (0..dims).flat_map(|i| (0..dims).map(move |j| (i, j)));
    let squares = squares.map(|(i, j)| covariance(i, j).powi(2)).sum();
    ((0..dims).map(|d| covariance(d, d)).sum(), squares)
}

/// `IsoScore` by what its algorithm comes to: with s = √d λ/|λ|, |s − 1|² = 2d − 2 √d Σλ/|λ|, so
/// that d − δ²(d − √d) = √d Σλ/|λ|, φ = (Σλ)² / (d |λ|²), and the score is (d φ − 1) / (d − 1).
fn iso_score(rows: &[Vec<f64>]) -> f64 {
    let (d, (sum, squares)) = (count(&rows[0]), invariants(rows));
    (sum * sum / squares - 1.0) / (d - 1.0)
}

fn close(a: &Value, b: f64) -> bool {
    (a.as_f64().unwrap() - b).abs() <= 1e-5
}

/// Of four vectors there are three ways to make two pairs.
#[test]
fn the_mean_cosine_of_four_texts() {
    let home = home();
    let report = report(&home, "four.txt", &["--level", "sentence", "--top", "16"]);
    let shape = ["texts", "vectors", "sample"].map(|key| report[key].as_u64().unwrap());
    assert_eq!((shape, &report["pooling"]), ([4, 4, 4], &"mean".into()));
    let layers = report["layers"].as_array().unwrap();
    assert_eq!(layers.iter().map(|l| l["layer"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    let mut found = vec![];
    for (i, layer) in layers.iter().enumerate() {
        let rows = embedded(&home, "four.txt", "sentence", &i.to_string());
        for (at, rows) in [("before", rows.clone()), ("after", standardised(&rows))] {
            let measured = &layer[at];
            assert_eq!((&measured["pairs"], &measured["dims"]), (&2.into(), &16.into()));
            let matching = [[(0, 1), (2, 3)], [(0, 2), (1, 3)], [(0, 3), (1, 2)]];
            let matching = matching.iter().position(|pairs| {
                let [a, b] = pairs.map(|(i, j): (usize, usize)| cosine(&rows[i], &rows[j]));
                // A standard deviation of |a − b| / √2, and √2 in its error.
                let (mean, half) = (f64::midpoint(a, b), 1.959_964 * (a - b).abs() / 2.0);
                close(&measured["mean_cosine"], mean)
                    && close(&measured["interval"][0], (mean - half).max(-1.0))
                    && close(&measured["interval"][1], (mean + half).min(1.0))
            });
            found.push(matching.expect("one of the three"));
            let shares = measured["top_dimensions"].as_array().unwrap();
            let sum: f64 = shares.iter().map(|top| top["share"].as_f64().unwrap()).sum();
            assert!(shares.len() == 16 && (sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }
    // The same places in every layer.
    assert!(found.iter().all(|matching| *matching == found[0]), "{found:?}");
}

#[test]
fn spread_of_all_tokens() {
    let home = home();
    let report = report(&home, "all.txt", &["--layers", "1,-1", "--components", "16"]);
    for (layer, number) in report["layers"].as_array().unwrap().iter().zip(["1", "2"]) {
        let rows = embedded(&home, "all.txt", "token", number);
        assert_eq!(
            (&report["vectors"], &report["sample"]),
            (&rows.len().into(), &rows.len().into())
        );
        for (at, rows) in [("before", rows.clone()), ("after", standardised(&rows))] {
            let measured = &layer[at];
            assert!(close(&measured["iso_score"], iso_score(&rows)), "{number} {at}");
            let explained = numbers(&measured["explained"]);
            assert!((explained[15] - 1.0).abs() < 1e-9);
            // Of each component by itself: falling, and with squares that sum as they must.
            let before = [&[0.0], &explained[..15]].concat();
            let own: Vec<f64> = explained.iter().zip(before).map(|(a, b)| a - b).collect();
            assert!(own.is_sorted_by(|a, b| *a >= b - 1e-9), "{own:?}");
            let (sum, squares) = invariants(&rows);
            let found: f64 = own.iter().map(|share| share * share).sum();
            assert!((found - squares / sum.powi(2)).abs() < 1e-6, "{number} {at}");
        }
    }
    let whitened = |method| {
        let args = ["--layers", "-1", "--correction", method];
        self::report(&home, "all.txt", &args)["layers"][0]["after"]["iso_score"].as_f64().unwrap()
    };
    assert!((whitened("whitening") - 1.0).abs() < 1e-6);
    assert!(whitened("all-but-the-top") < 1.0);
}

#[test]
fn a_sample_is_the_same_for_a_seed() {
    let home = home();
    for level in ["token", "sentence"] {
        let run = |more: &[&str]| {
            let args = ["--sample", "5", "--level", level, "--json"];
            measure(&home, "all.txt", &[&args, more].concat()).good().to_owned()
        };
        let first = run(&["--seed", "3", "--threads", "1"]);
        let value: Value = serde_json::from_str(&first).unwrap();
        assert_eq!((&value["sample"], &value["seed"]), (&5.into(), &3.into()));
        assert!(value["vectors"].as_u64().unwrap() > 5);
        assert_eq!(
            first,
            run(&["--seed", "3", "--threads", "3", "--batch-tokens", "1"]),
            "{level}"
        );
        assert_ne!(first, run(&["--seed", "4"]));
    }
}

#[test]
fn the_table_fits_and_says_what_it_leaves_out() {
    let home = home();
    for more in [
        &[][..],
        &["--correction", "all-but-the-top", "--top", "16", "--components", "12"],
        &["--correction", "none", "--top", "0", "--components", "0", "--level", "sentence"],
    ] {
        let ran = measure(&home, "all.txt", more);
        let table = ran.good();
        assert!(table.starts_with("minilm-f16: "), "{table}");
        for line in table.lines() {
            assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?}");
        }
        let compared = table.lines().filter(|line| line.starts_with("      after ")).count();
        assert_eq!(compared, if more.contains(&"none") { 0 } else { 3 }, "{table}");
        let left_out = table.contains("--json and --html have more dimensions and the variance");
        assert_eq!(left_out, !more.contains(&"none"), "{table}");
        assert_eq!(table.contains("fitted on this sample itself"), !more.contains(&"none"));
    }
    // Shares of a mean cosine that may be 0 are not told.
    let table = measure(&home, "all.txt", &[]);
    assert!(table.good().contains("  no shares\n") && table.stdout().contains("\nno shares: "));
}

/// The same text four times: nothing spreads, and nothing can be corrected.
#[test]
fn vectors_that_are_all_the_same() {
    let home = Home::with([("same.txt", "The cat.\nThe cat.\nThe cat.\nThe cat.\n")]);
    let args = ["--level", "sentence", "--layers", "-1"];
    let report = report(&home, "same.txt", &args);
    let layer = &report["layers"][0];
    assert!(close(&layer["before"]["mean_cosine"], 1.0));
    assert_eq!((&layer["before"]["iso_score"], &layer["after"]), (&Value::Null, &Value::Null));
    assert_eq!(layer["after_error"], "all 4 vectors are the same: nothing to correct by");
    let notes = report["notes"].to_string();
    assert!(notes.contains("layer 2: no correction: all 4") && notes.contains("no IsoScore: all"));
    let files = ["--svg", "p.svg", "--html", "p.html"];
    let shown = measure(&home, "same.txt", &[&args[..], &files].concat());
    assert!(shown.good().contains("layer 2: no correction: all 4 vectors are the same"));
    assert!(!shown.stdout().contains("NaN"));
    for file in ["p.svg", "p.html"] {
        assert!(!home.read(file).contains("NaN"), "{file}");
    }
    assert_well_formed(&home.read("p.svg"));
}

/// Every element is closed in its turn, and nothing is loaded.
#[track_caller]
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = vec![];
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text:?}");
        let name = tag.split([' ', '\n', '/']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.starts_with('!') || tag.ends_with('/') || name == "meta" => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for loads in ["href", "src=", "url(", "@import", "<script", "<image"] {
        assert!(!xml.contains(loads), "{loads}");
    }
    let addresses = xml.matches("://").count();
    assert_eq!(addresses, xml.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
}

/// The plot and the page, of a model whose name has to be escaped.
#[test]
fn the_plot_and_the_page_need_nothing_else() {
    let home = home();
    for file in fs_err::read_dir(small_model()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().to_string_lossy().into_owned();
        home.write(&format!("a&b<c>/{name}"), fs_err::read(file.path()).unwrap());
    }
    let args = ["anisotropy", "all.txt", "-m", "./a&b<c>", "--input", "lines", "-o", "t.txt"];
    let files = ["--svg", "p.svg", "--html", "p.html"];
    let ran = home.run(&[&args[..], &files].concat());
    assert_eq!(ran.good(), "");
    assert!(home.read("t.txt").starts_with("a&b<c>: "));
    let (svg, html) = (home.read("p.svg"), home.read("p.html"));
    for text in [&svg, &html] {
        assert_well_formed(text);
        assert!(text.contains("a&amp;b&lt;c") && !text.contains("a&b"));
        for said in ["mean cosine of pairs", "IsoScore", "layer (0: embeddings)", "after: zscore"] {
            assert!(text.contains(said), "{said}");
        }
    }
    // A mark for each of three layers and one in the legend; the panels are two.
    assert_eq!(svg.matches("<circle").count(), 2 * 3 + 1);
    assert_eq!(html.matches("<tbody>").count(), 3);
    assert!(html.contains(svg.trim_end()));
    // What is there stays, unless it is to be replaced.
    let again = home.run(&["anisotropy", "all.txt", "--svg", "p.svg", "--html", "new.html"]);
    assert_eq!(again.status, Some(2));
    assert!(again.errors()[0].contains("p.svg: exists already"), "{}", again.stderr);
    assert_eq!((home.read("p.svg"), home.path("new.html").exists()), (svg, false));
    home.run(&[&args[..], &files, &["--force", "--correction", "none"]].concat()).good();
    assert_eq!(home.read("p.svg").matches("<polygon").count(), 0);
}

#[test]
fn a_file_that_is_missing_costs_only_itself() {
    let home = home();
    let model = small_model();
    let args = ["--input", "lines", "--layers", "-1", "--json", "-m", &model];
    let ran = home.run(&[&["anisotropy", "no.txt", "all.txt"], &args[..]].concat());
    assert_eq!(ran.status, Some(1));
    assert!(ran.errors().len() == 1 && ran.errors()[0].contains("no.txt"), "{}", ran.stderr);
    assert_eq!(ran.stdout(), home.run(&[&["anisotropy", "all.txt"], &args[..]].concat()).good());
}

#[test]
fn settings_that_cannot_be_followed() {
    let home = home();
    home.write("z.json", "{}");
    home.write("three.txt", "The cat.\nA dog.\nThe rain.\n");
    let none = home.run(&["anisotropy"]);
    assert_eq!((none.status, none.stdout()), (Some(2), ""));
    assert!(none.errors()[0].contains("give files, folders, patterns, or -"), "{}", none.stderr);
    for (more, said) in [
        (&["--static"][..], "--static: hidden states are measured"),
        (&["--zscore", "z.json"], "--zscore: --correction fits one"),
        (&["--truncate-dim", "4"], "--truncate-dim: vectors are measured as they are"),
        (&["--no-normalize"], "--no-normalize: vectors are measured as they are"),
        (&["--level", "word"], "--level word: expected token or sentence"),
        (&["--pooling", "cls"], "--pooling is for --level sentence"),
        (&["--prompt", "query: "], "--prompt is for --level sentence"),
        (&["--sample", "3"], "--sample is 3: expected at least 4"),
        (&["--pairs", "1"], "--pairs is 1: expected at least 2"),
        (&["--layers", "3"], "no layer 3: the model has 2"),
        (&["--layers", "1,-2"], "layer -2 is named twice"),
        (&["--svg", "p", "--html", "p"], "p: named for two results"),
        (&["--force"], "--output"),
        (&["--correction", "pca"], "all-but-the-top"),
    ] {
        let ran = measure(&home, "all.txt", more);
        assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said:?} in {}", ran.stderr);
    }
    let ran = measure(&home, "three.txt", &["--level", "sentence", "--svg", "p.svg"]);
    assert_eq!(ran.status, Some(2));
    let said = "expected at least 4 texts to compare in two pairs, found 3 texts";
    assert!(ran.errors()[0].contains(said) && !home.path("p.svg").exists(), "{}", ran.stderr);
}
