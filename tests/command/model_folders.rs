//! Folders of sentence-transformers and models of the wrong task, through the command.
use serde_json::{Value, json};

use crate::run::{Home, models};
use crate::support::{checkpoint, vectors};

/// A folder whose encoder is `bert` of the testkit, in `encoder` of it, with these files.
fn folder(home: &Home, name: &str, encoder: &str, files: &[(&str, Value)]) {
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        let bytes = fs_err::read(format!("{}/{file}", checkpoint("bert"))).unwrap();
        home.write(&format!("{name}/{encoder}{file}"), bytes);
    }
    for (file, value) in files {
        home.write(&format!("{name}/{file}"), value.to_string());
    }
}

/// `modules.json` of an encoder, mean pooling and a norm.
fn modules(encoder: &str) -> (&'static str, Value) {
    let module = |class: &str, path: &str| json!({"type": class, "path": path});
    let list = [
        module("sentence_transformers.models.Transformer", encoder),
        module("sentence_transformers.models.Pooling", "1_Pooling"),
        module("sentence_transformers.models.LayerNorm", "2_LayerNorm"),
    ];
    ("modules.json", list.into_iter().collect())
}

fn pooling() -> (&'static str, Value) {
    ("1_Pooling/config.json", json!({"embedding_dimension": 32, "pooling_mode": "cls"}))
}

/// Writes the weights of the norm: factors of 2, 3, …, and nothing added.
fn norm(home: &Home, name: &str) {
    let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let weight = bytes(&(2_u8..34).map(f32::from).collect::<Vec<_>>());
    let bias = bytes(&[0.0; 32]);
    let view = |data| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![32], data);
    let tensors = [("norm.weight", view(&weight).unwrap()), ("norm.bias", view(&bias).unwrap())];
    let file = safetensors::serialize(tensors, None).unwrap();
    home.write(&format!("{name}/2_LayerNorm/model.safetensors"), file);
    home.write(&format!("{name}/2_LayerNorm/config.json"), json!({"dimension": 32}).to_string());
}

fn close(found: &[Vec<f64>], expected: &[Vec<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }
}

/// A converted, quantized or installed folder has the modules, with the encoder in the folder itself.
#[test]
fn modules_go_along_with_a_model() {
    let home = Home::new();
    let texts = ["Ann lives in Kassel.", "i met the son"];
    for (name, encoder) in [("flat", ""), ("nested", "0_Transformer/")] {
        folder(&home, name, encoder, &[modules(encoder.trim_end_matches('/')), pooling()]);
        norm(&home, name);
        let from = format!("./{name}");
        let own = vectors(&home, &texts, &["-m", &from]);
        for (to, args) in [
            ("weights", &["model", "convert", &from, "--dtype", "f32", "-o"][..]),
            ("graph", &["model", "convert", &from, "--to", "onnx", "-o"]),
        ] {
            let out = format!("{name}-{to}");
            home.run(&[args, &[&out]].concat()).good();
            close(&vectors(&home, &texts, &["-m", &format!("./{out}")]), &own);
        }
        let out = format!("{name}-int8");
        home.run(&["model", "quantize", &from, "-o", &out]).good();
        assert_eq!(vectors(&home, &texts, &["-m", &format!("./{out}")])[0].len(), 32);
    }
}

#[test]
fn settings_of_the_folder_are_defaults_of_the_flags() {
    let home = Home::new();
    let settings = json!({"prompts": {"query": "the son ", "document": "in "}, "default_prompt_name": "query",
        "similarity_fn_name": "dot", "truncate_dim": 8});
    let settings = ("config_sentence_transformers.json", settings);
    folder(&home, "own", "", &[pooling(), settings]);
    folder(&home, "plain", "", &[pooling()]);
    let texts = ["Ann", "i met"];
    let own = |flags: &[&str]| vectors(&home, &texts, &[&["-m", "./own"], flags].concat());
    let plain = |flags: &[&str]| {
        vectors(&home, &texts, &[&["-m", "./plain", "--no-normalize"], flags].concat())
    };
    close(&own(&[]), &plain(&["--prompt", "the son ", "--truncate-dim", "8"]));
    close(&own(&["--prompt", ""]), &plain(&["--truncate-dim", "8"]));
    let named = own(&["--prompt-name", "document", "--truncate-dim", "4"]);
    close(&named, &plain(&["--prompt", "in ", "--truncate-dim", "4"]));
    let ran = home.run(&["embed", "--text", "x", "-m", "./own", "--prompt-name", "passage"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("no prompt \"passage\"; there are query, document"),
        "{}",
        ran.stderr
    );
    let both = ["--prompt", "a", "--prompt-name", "query"];
    assert_eq!(home.run(&[&["embed", "--text", "x"], &both[..]].concat()).status, Some(2));
    // An index has the prompts for texts and for queries, and the model's similarity.
    home.write("texts.txt", "Ann\ni met\n");
    let index = ["index", "build", "texts.txt", "-m", "./own", "-o", "index"];
    home.run(&index).good();
    let card: Value = serde_json::from_str(&home.read("index/index.json")).unwrap();
    let card = &card["index"];
    assert_eq!(card["encoder"]["prompt"], "in ");
    assert_eq!(card["encoder"]["query_prompt"], "the son ");
    assert_eq!((&card["metric"], &card["encoder"]["normalize"]), (&json!("dot"), &json!(false)));
}

/// Every command that is given a model of another task names the model's own command.
#[test]
fn the_wrong_command_names_the_right_one() {
    let home = Home::with([("t.txt", "Ann met the son\n"), ("p.tsv", "text1\ttext2\na\tb\n")]);
    let pii = models().join("pii").display().to_string();
    let onnx = "a tagger: use `cloze tag`";
    let kinds = [
        (pii, onnx),
        (checkpoint("bert-token"), "a tagger: use `cloze tag`"),
        (checkpoint("bert-sequence"), "a classifier: use `cloze classify`"),
        (checkpoint("bert-mlm"), "a masked language model: use `cloze fill-mask`"),
        (checkpoint("bert-nsp"), "a model of next sentences: use `cloze next-sentence`"),
        (checkpoint("bert"), "an encoder: use `cloze embed`"),
    ];
    let commands: [(&str, &[&str]); 5] = [
        ("a tagger", &["tag", "t.txt", "-m"]),
        ("a classifier", &["classify", "t.txt", "-m"]),
        ("a classifier", &["pair", "p.tsv", "-m"]),
        ("a masked", &["fill-mask", "Ann [MASK] the son", "-m"]),
        ("a model of next", &["next-sentence", "--text", "Ann", "--text", "x", "-m"]),
    ];
    for (model, use_of) in &kinds {
        for (wanted, command) in commands {
            if use_of.starts_with(wanted) || command[0] == "next-sentence" {
                continue;
            }
            let ran = home.run(&[command, &[model]].concat());
            assert_ne!(ran.status, Some(0), "{command:?} {model}");
            assert!(ran.stderr.contains(use_of), "{command:?} {model}: {}", ran.stderr);
            assert!(ran.stderr.contains("; expected "), "{command:?} {model}: {}", ran.stderr);
        }
        let check = home.run(&["model", "check", model]);
        assert!(check.stdout().contains(use_of), "{model}: {}", check.stdout());
        let info = home.run(&["model", "info", model]);
        assert!(info.stdout().contains(use_of), "{model}: {}", info.stdout());
    }
    let embed = home.run(&["embed", "t.txt", "-m", &kinds[0].0]);
    assert!(embed.stderr.contains(onnx), "{}", embed.stderr);
}

/// Logits of one output: as they are for a regression, with the sigmoid as a label's. The sigmoid of z is
/// 1 / (1 + e⁻ᶻ).
#[test]
fn a_regression_gives_numbers() {
    let home = Home::with([("t.txt", "Ann met the son\n")]);
    let from = checkpoint("bert-sequence");
    let config: Value =
        serde_json::from_str(&fs_err::read_to_string(format!("{from}/config.json")).unwrap())
            .unwrap();
    let rows = |problem: Value, names: Value| {
        for file in ["model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
            home.write(&format!("m/{file}"), fs_err::read(format!("{from}/{file}")).unwrap());
        }
        let mut config = config.clone();
        config["problem_type"] = problem;
        config["id2label"] = names;
        home.write("m/config.json", config.to_string());
        home.run(&["classify", "t.txt", "-m", "./m"])
    };
    let names = || json!({"0": 1, "1": 2, "2": "3.5"});
    let several = rows("multi_label_classification".into(), names());
    let numbers = rows("regression".into(), names());
    numbers.good();
    let (several, numbers) = (&several.records()[0], &numbers.records()[0]);
    assert!(
        numbers.get("label").is_none_or(Value::is_null) && numbers.get("probabilities").is_none()
    );
    for name in ["1", "2", "3.5"] {
        let score = numbers["scores"][name].as_f64().unwrap();
        let probability = several["probabilities"][name].as_f64().unwrap();
        assert!((1.0 / (1.0 + (-score).exp()) - probability).abs() < 1e-12, "{name}");
    }
    let ran = rows("ranking".into(), names());
    assert!(ran.stderr.contains("problem_type: expected regression"), "{}", ran.stderr);
}
