//! `cloze model quantize`: a folder of its own in 8 bits, which every command takes.
use serde_json::Value;

use crate::run::{Home, models};

/// Relative positions and shared layers, observed and not, are quantized as what they are.
#[test]
fn every_family_is_quantized() {
    let home = Home::with([
        ("a.log", "Ann lives in Kassel\n"),
        ("texts.txt", "The son met Ann.\n\nKassel is here.\n"),
    ]);
    for name in ["mpnet", "albert"] {
        let from = testkit(&format!("checkpoints/{name}"));
        let expected = vector(&home, &from);
        let fixed = ["--calibrate", "texts.txt", "--input", "lines", "--fixed"];
        for more in [&[][..], &fixed, &["--embeddings"]] {
            let args = ["model", "quantize", &*from, "-o", "int8", "--force"];
            home.run(&[&args[..], more].concat()).good();
            let found = vector(&home, "./int8");
            assert_ne!(found, expected, "{name}");
            assert!(cosine(&found, &expected) > 0.99, "{name}: {}", cosine(&found, &expected));
            home.run(&["model", "check", "./int8", "--run"]).good();
        }
    }
}

/// A folder of the testkit.
fn testkit(name: &str) -> String {
    let all = models().join("../crates/testkit").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

fn vector(home: &Home, model: &str) -> Vec<f64> {
    let ran = home.run(&["embed", "a.log", "-m", model]);
    ran.good();
    let numbers = ran.records()[0]["vector"].as_array().unwrap().clone();
    numbers.iter().map(|x| x.as_f64().unwrap()).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn what_is_quantized_stands_alone_and_gives_nearly_the_same() {
    let home = Home::with([
        ("a.log", "Ann lives in Kassel\n"),
        ("texts.txt", "The son met Ann.\n\nKassel is here.\n"),
    ]);
    let adapter = testkit("adapters/token-dora");
    let expected = vector(&home, &adapter);
    let calibrated = ["--calibrate", "texts.txt", "--input", "lines"];
    let fixed = [&calibrated[..], &["--fixed"]].concat();
    for (output, more) in [("rows", &[][..]), ("even", &calibrated), ("fixed", &fixed)] {
        let args = ["model", "quantize", &*adapter, "-o", output, "--json"];
        let ran = home.run(&[&args[..], more].concat());
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let weights = home.bytes(&format!("{output}/model.safetensors"));
        assert_eq!(report["bytes"], weights.len());
        let found = vector(&home, &format!("./{output}"));
        assert_ne!(found, expected);
        assert!(cosine(&found, &expected) > 0.99, "{output}: {}", cosine(&found, &expected));
        // Neither base nor adapter are needed, and the card says what it is.
        let checked = home.run(&["model", "check", &format!("./{output}")]);
        assert!(checked.good().contains(": nothing unsafe found ("));
        let card = home.read(&format!("{output}/README.md"));
        assert!(card.contains("quantized to 8 bits"), "{card}");
        let info = home.run(&["model", "info", &format!("./{output}")]);
        assert!(info.good().contains("matrices of layers in 8 bits"));
        let ran = home.run(&["tag", "a.log", "-m", &format!("./{output}")]);
        ran.good();
    }
    // As floats again it is another model of the same kind.
    home.run(&["model", "convert", "./rows", "--to", "safetensors", "--dtype", "f32", "-o", "f32"])
        .good();
    assert!(cosine(&vector(&home, "./f32"), &expected) > 0.99);
    // As a graph it has 7 bits, for whatever processor runs it.
    home.run(&["model", "convert", "./rows", "--to", "onnx", "-o", "graph"]).good();
    let found = vector(&home, "./graph");
    assert_ne!(found, vector(&home, "./rows"));
    assert!(cosine(&found, &expected) > 0.99, "{}", cosine(&found, &expected));
}

#[test]
fn what_cannot_be_quantized_is_said() {
    let home = Home::with([("empty.txt", ""), ("a.txt", "Ann\n")]);
    let model = testkit("checkpoints/bert");
    let says = |args: &[&str], text: &str| {
        let args = [&["model", "quantize"][..], args].concat();
        let ran = home.run(&args);
        assert_ne!(ran.status, Some(0), "{args:?}");
        assert!(ran.stderr.contains(text), "{args:?}: {}", ran.stderr);
        assert!(!home.path("out").exists(), "{args:?}");
    };
    says(
        &[&model, "-o", "out", "--calibrate", "empty.txt", "--input", "lines"],
        "--calibrate: expected texts",
    );
    says(&[&model, "-o", "out", "--calibrate", "missing.txt"], "missing.txt");
    says(&[&model, "-o", "out", "--fixed"], "--calibrate");
    says(&[&testkit("models/tiny"), "-o", "out"], "expected model.safetensors");
    home.run(&["model", "quantize", &model, "-o", "int8"]).good();
    says(&["./int8", "-o", "out"], "weights of 8 bits; expected floats");
    assert_ne!(home.run(&["model", "quantize", &model, "-o", "int8"]).status, Some(0));
    home.run(&["model", "quantize", &model, "-o", "int8", "--force"]).good();
}
