//! `cloze model convert`: smaller weights and graphs, which give the same vectors.
use serde_json::Value;

use crate::run::{Home, models};

/// The tiny checkpoints of the testkit.
fn checkpoint(name: &str) -> String {
    let all = models().join("../crates/testkit/checkpoints").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

fn vectors(home: &Home, model: &str) -> Vec<f64> {
    let ran = home.run(&["embed", "a.log", "-m", model]);
    ran.good();
    let rows = ran.records();
    let numbers = rows.iter().flat_map(|r| r["vector"].as_array().unwrap().clone());
    numbers.map(|x| x.as_f64().unwrap()).collect()
}

fn assert_near(found: &[f64], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= within, "number {i}: {f} and {e}");
    }
}

#[test]
fn what_is_converted_gives_the_same_vectors() {
    let home = Home::with([("a.log", "the cat sat\nAnn\n")]);
    for name in ["bert", "roberta", "distilbert", "electra", "mpnet", "albert", "minilm-bf16"] {
        let from = checkpoint(name);
        let own = vectors(&home, &from);
        for (args, within) in [
            (&["--to", "safetensors", "--dtype", "f32"][..], 0.0),
            (&["--to", "safetensors", "--dtype", "f16"], 2e-3),
            (&["--to", "onnx"], 1e-6),
            (&["--to", "onnx", "--dtype", "f16"], 2e-3),
        ] {
            let out = args.join("").replace("--", "-");
            let out = format!("{name}{out}");
            home.run(&[&["model", "convert", &from, "-o", &out], args].concat()).good();
            let found = vectors(&home, &format!("./{out}"));
            assert_near(&found, &own, within);
        }
    }
}

#[test]
fn an_onnx_file_alone_is_one_file() {
    let home = Home::new();
    let args = ["model", "convert", &checkpoint("bert-token"), "--to", "onnx", "-o", "x.onnx"];
    home.run(&args).good();
    assert_eq!(home.files("."), ["x.onnx"]);
    // It is there now, and stays unless it is to be replaced.
    assert_eq!(home.run(&args).status, Some(2));
    home.run(&[&args[..], &["--force"]].concat()).good();
}

#[test]
fn parameters_are_counted_by_part() {
    let home = Home::new();
    let info: Value =
        serde_json::from_str(home.run(&["model", "info", "minilm-l6-v2", "--json"]).good())
            .unwrap();
    let weights = &info["weights"];
    // Each layer: 4 · (384² + 384), 2 · 384 · 1536 + 1536 + 384, 4 · 384; six of them.
    let layer = 4 * (384 * 384 + 384) + 2 * 384 * 1536 + 1536 + 384 + 4 * 384;
    assert_eq!(weights["in_layers"].as_u64(), Some(6 * layer));
    assert_eq!(weights["rule_of_thumb"].as_u64(), Some(12 * 6 * 384 * 384));
    // Words, positions, types and their norm, layers; the pooler, which vectors do not need.
    let pooler = 384 * 384 + 384;
    let used = (30522 + 512 + 2 + 2) * 384 + 6 * layer;
    assert_eq!(info["parameters"].as_u64(), Some(used));
    assert_eq!(info["unused_parameters"].as_u64(), Some(pooler));
    let all = used + pooler;
    let parts = weights["parts"].as_array().unwrap();
    assert_eq!(parts.iter().map(|p| p["parameters"].as_u64().unwrap()).sum::<u64>(), all);
    let error = weights["relative_error"].as_f64().unwrap();
    let expected = 10_616_832.0 / 10_646_784.0 - 1.0; // 12 · 6 · 384² and six layers
    assert_eq!(6 * layer, 10_646_784);
    assert!((error - expected).abs() < 1e-12);
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let home = Home::new();
    let bert = checkpoint("bert");
    for (args, said) in [
        (&["pii", "-o", "x"][..], "expected model.safetensors"),
        (&["no-such", "-o", "x"], "no-such"),
        (&[&bert, "-o", "x", "--to", "onnx", "--dtype", "bf16"], "bf16"),
        (&[&bert, "-o", &bert], "own folder"),
    ] {
        let ran = home.run(&[&["model", "convert"], args].concat());
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert!(home.files(".").is_empty(), "{args:?}");
    }
}
