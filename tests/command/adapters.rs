//! Folders with an adapter: every command takes them as it takes any model, and `cloze model merge`
//! makes them ones that need no base.
use serde_json::Value;

use crate::run::{Home, models};

/// A folder of the testkit.
fn testkit(name: &str) -> String {
    let all = models().join("../crates/testkit").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

fn numbers(home: &Home, model: &str) -> Vec<f64> {
    let ran = home.run(&["embed", "a.log", "-m", model]);
    ran.good();
    let rows = ran.records();
    let numbers = rows.iter().flat_map(|r| r["vector"].as_array().unwrap().clone());
    numbers.map(|x| x.as_f64().unwrap()).collect()
}

/// What a command prints, with the model's name left out.
fn printed(home: &Home, args: &[&str], model: &str) -> String {
    let ran = home.run(&[args, &["-m", model]].concat());
    ran.good().replace(model, "MODEL")
}

fn info(home: &Home, model: &str) -> Value {
    serde_json::from_str(home.run(&["model", "info", model, "--json"]).good()).unwrap()
}

#[test]
fn every_command_takes_an_adapter() {
    let home = Home::with([("a.log", "Ann lives in Kassel\nThe son met Ann.\n")]);
    let (tagger, classifier) =
        (testkit("adapters/token-dora"), testkit("adapters/sequence-rslora"));
    for (args, adapter, base) in [
        (&["tag", "a.log", "--format", "jsonl"][..], &tagger, "checkpoints/bert-token"),
        (&["classify", "a.log", "--format", "jsonl"], &classifier, "checkpoints/bert-sequence"),
        (&["similarity", "Ann", "the son"], &classifier, "checkpoints/bert-sequence"),
    ] {
        let [own, plain] =
            [adapter.clone(), testkit(base)].map(|model| printed(&home, args, &model));
        assert_ne!(own, plain, "{args:?}: the adapter changes nothing");
    }
    for adapter in ["token-qv", "vectors-a", "vectors-sum", "roberta-sequence", "over-mlm"] {
        let folder = testkit(&format!("adapters/{adapter}"));
        assert!(!numbers(&home, &folder).is_empty());
        assert!(
            home.run(&["model", "check", &folder]).good().contains(": nothing unsafe found ("),
            "{adapter}"
        );
    }
    assert_ne!(
        numbers(&home, &testkit("adapters/vectors-a")),
        numbers(&home, &testkit("checkpoints/bert"))
    );
}

/// `bert-token`: 2 layers, width 8. Query, value, and the three `dense` of a layer, rank 2, so
/// 2 · (8 + 8) numbers for three of a layer's five, 2 · (8 + 12) for the two between 8 and 12; lengths
/// 8, 8, 8, 12, 8; the classifier 5 · 8 + 5.
#[test]
fn an_adapter_is_described() {
    let home = Home::new();
    let info = info(&home, &testkit("adapters/token-dora"));
    let adapter = &info["adapters"][0];
    let expected = 2 * (3 * 2 * 16 + 2 * 2 * 20 + 4 * 8 + 12) + 45;
    assert_eq!(adapter["parameters"].as_u64(), Some(expected));
    // As PEFT 0.21.2 has it: print_trainable_parameters says 485 of 2402, 1917 and the adapter's own.
    assert_eq!((expected, info["parameters"].as_u64()), (485, Some(1917)));
    assert!((adapter["share"].as_f64().unwrap() - 485.0 / 2402.0).abs() < 1e-12);
    assert_eq!(
        (&adapter["kind"], &adapter["ranks"][0], &adapter["scales"][0], &adapter["alpha"]),
        (&"DoRA".into(), &2.into(), &2.0.into(), &4.0.into())
    );
    assert_eq!(adapter["matrices"].as_u64(), Some(10));
    assert!(info["base"].as_str().unwrap().ends_with("bert-token"));
    let text = home.run(&["model", "info", &testkit("adapters/sequence-rslora")]);
    // 3 / √4; six matrices of two layers each, and the pooler's.
    for part in [
        "LoRA of rank 4, alpha 3, scale 1.5000 (alpha / √rank), weight 1, on 13 matrices",
        "classifier.weight",
    ] {
        assert!(text.good().contains(part), "{part} in {}", text.stdout());
    }
    // A model without says nothing of it.
    assert!(!home.run(&["model", "info", "pii"]).good().contains("\nadapter "));
}

/// A pooler counts where a head is on top of it, as in transformers 5.24.0: 1971 for `bert-sequence`, with
/// which PEFT 0.21.2 has 923 of 2894; not for a tagger, whose 19395 have a pooler of 32 · 32 + 32; and for vectors
/// by the mean it is apart, though PEFT counts it: 512 of 19296 + 512.
#[test]
fn an_unused_pooler_is_counted_apart() {
    let home = Home::new();
    for (adapter, used, unused, trainable, all) in [
        ("sequence-rslora", 1971, None, 923.0, 2894.0),
        ("token-qv", 18339, Some(1056), 611.0, 18950.0),
        ("vectors-a", 18240, Some(1056), 512.0, 19808.0),
    ] {
        let info = info(&home, &testkit(&format!("adapters/{adapter}")));
        assert_eq!(info["parameters"].as_u64(), Some(used), "{adapter}");
        assert_eq!(info["unused_parameters"].as_u64(), unused, "{adapter}");
        let share = info["adapters"][0]["share"].as_f64().unwrap();
        assert!((share - trainable / all).abs() < 1e-12, "{adapter}: {share}");
    }
    let text = home.run(&["model", "info", &testkit("adapters/token-qv")]);
    let expected = "18339, and 1056 that the task does not use";
    assert!(text.good().contains(expected), "{}", text.stdout());
}

#[test]
fn what_is_merged_needs_no_base() {
    let home = Home::with([("a.log", "Ann lives in Kassel\nThe son met Ann.\n")]);
    for name in ["vectors-a", "vectors-sum", "token-dora", "sequence-rslora", "roberta-sequence"] {
        let from = testkit(&format!("adapters/{name}"));
        home.run(&["model", "merge", &from, "-o", name]).good();
        let alone = format!("./{name}");
        assert_eq!(numbers(&home, &alone), numbers(&home, &from), "{name}");
        assert!(
            home.run(&["model", "check", &alone])
                .good()
                .contains("nothing unsafe found (1 file as"),
            "{name}"
        );
        assert!(info(&home, &alone).get("adapters").is_none());
        assert!(home.read(&format!("{name}/README.md")).contains("of rank"));
    }
    let args = ["tag", "a.log", "--format", "jsonl"];
    let from = testkit("adapters/token-dora");
    assert_eq!(printed(&home, &args, "./token-dora"), printed(&home, &args, &from));
    // Labels and class, which the base's settings lack.
    home.run(&["model", "merge", &testkit("adapters/token-qv"), "-o", "qv", "--dtype", "f16"])
        .good();
    let config: Value = serde_json::from_str(&home.read("qv/config.json")).unwrap();
    assert_eq!(config["architectures"][0], "BertForTokenClassification");
    assert_eq!(config["id2label"]["2"], "LABEL_2");
    assert_eq!(info(&home, "./qv")["weights"]["stored"], "f16");
    // It is there now, and stays unless it is to be replaced.
    let again = ["model", "merge", &testkit("adapters/token-qv"), "-o", "qv"];
    assert_eq!(home.run(&again).status, Some(2));
    home.run(&[&again[..], &["--force"]].concat()).good();
    assert_eq!(info(&home, "./qv")["weights"]["stored"], "f32");
    // `convert` writes the same.
    home.run(&["model", "convert", &testkit("adapters/token-qv"), "-o", "converted"]).good();
    assert_eq!(home.bytes("converted/model.safetensors"), home.bytes("qv/model.safetensors"));
    assert_eq!(home.bytes("converted/config.json"), home.bytes("qv/config.json"));
}

/// A table of casings beside an adapter: `Ann` and `ann` are two, also merged; a graph has no place for
/// it.
#[test]
fn a_table_of_casings_goes_along() {
    let home = Home::with([("a.log", "Ann\n"), ("lower.log", "ann\n")]);
    let from = testkit("adapters/vectors-a");
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        let file = std::path::Path::new(&from).join(name);
        home.write(&format!("cased/{name}"), fs_err::read(file).unwrap());
    }
    let config = home.read("cased/adapter_config.json");
    let base = testkit("checkpoints");
    home.write("cased/adapter_config.json", config.replace("../../checkpoints", &base));
    // [6, 32] of the class's number at the row's first place, as safetensors has it.
    let mut table =
        br#"{"casing.weight":{"dtype":"F32","shape":[6,32],"data_offsets":[0,768]}}"#.to_vec();
    table.resize(table.len().next_multiple_of(8), b' ');
    let mut bytes = (table.len() as u64).to_le_bytes().to_vec();
    bytes.extend(table);
    for i in 0..6 * 32_u8 {
        let number = if i.is_multiple_of(32) { f32::from(i / 32) } else { 0.0 };
        bytes.extend(number.to_le_bytes());
    }
    home.write("cased/casing.safetensors", &bytes);
    let vectors = |file: &str, model: &str| {
        let ran = home.run(&["embed", file, "-m", model]);
        ran.good();
        ran.records()[0]["vector"].clone()
    };
    home.run(&["model", "merge", "./cased", "-o", "merged"]).good();
    assert_eq!(home.bytes("merged/casing.safetensors"), bytes);
    for model in ["./cased", "./merged"] {
        assert_ne!(vectors("a.log", model), vectors("lower.log", model), "{model}");
    }
    assert_eq!(vectors("a.log", "./merged"), vectors("a.log", "./cased"));
    assert_eq!(vectors("a.log", &from), vectors("lower.log", &from));
    let ran = home.run(&["model", "convert", "./merged", "--to", "onnx", "-o", "graph"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("casing table"), "{}", ran.stderr);
}

/// Two adapters with their weights, as `vectors-sum` has them in its `cloze.json`.
#[test]
fn adapters_are_merged_into_a_plain_base() {
    let home = Home::with([("a.log", "Ann lives in Kassel\n")]);
    let (a, b) = (testkit("adapters/vectors-a"), testkit("adapters/vectors-b"));
    let base = testkit("checkpoints/bert");
    let merge = |args: &[&str], out: &str| {
        home.run(&[&["model", "merge", &base, "-o", out], args].concat())
    };
    let both = ["--adapter", &a, "--adapter", &b];
    merge(&[&both[..], &["--weight", "0.5", "--weight", "1.5"]].concat(), "sum").good();
    let expected = numbers(&home, &testkit("adapters/vectors-sum"));
    assert_eq!(numbers(&home, "./sum"), expected);
    merge(&both, "ones").good();
    assert_ne!(numbers(&home, "./ones"), expected);
    merge(&["--adapter", &a, "--weight", "-1"], "minus").good();
    for (ran, said) in [
        (merge(&[&both[..], &["--weight", "1"]].concat(), "x"), "1 --weight for 2 --adapter"),
        (merge(&[], "x"), "expected a model with adapters, found none"),
        (merge(&["--adapter", "no-such"], "x"), "no adapter_model.safetensors in no-such"),
        (merge(&["--weight", "1"], "x"), "--adapter"),
        (merge(&["--adapter", &base], "x"), "no adapter_model.safetensors"),
        (home.run(&["model", "merge", &a, "-o", &a, "--force"]), "name another"),
        (home.run(&["model", "merge", &a, "-o", &base, "--force"]), "name another"),
        (home.run(&["model", "merge", &a, "--adapter", &b, "-o", "x"]), "is an adapter itself"),
        (
            home.run(&["model", "merge", "pii", "-o", "x"]),
            "expected a model with adapters, found none",
        ),
    ] {
        assert_eq!(ran.status, Some(2), "{said}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        assert!(!home.path("x").exists());
    }
}

/// A head that was fitted on top of an adapter is of that adapter: with another it is refused.
#[test]
fn a_list_shows_adapters_and_a_head_knows_its_own() {
    let home = Home::with([("a.jsonl", "")]);
    let line = |i: usize| {
        let (text, label) = if i.is_multiple_of(2) { ("Ann met", "x") } else { ("the son", "y") };
        format!("{{\"text\": \"{text} {i}\", \"label\": \"{label}\"}}\n")
    };
    let lines = (0..20).map(line).collect::<Vec<_>>().concat();
    home.write("a.jsonl", lines);
    for (from, to) in [("adapters/vectors-a", "models/ours"), ("checkpoints/bert", "models/bert")] {
        for file in fs_err::read_dir(testkit(from)).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().to_string_lossy().into_owned();
            home.write(&format!("{to}/{name}"), fs_err::read(file.path()).unwrap());
        }
    }
    let config = home.read("models/ours/adapter_config.json");
    home.write(
        "models/ours/adapter_config.json",
        config.replace("../../checkpoints/bert", "some-owner/bert"),
    );
    assert!(
        home.run_with_models(&["model", "list"]).good().contains("\nours  ")
            || home.run_with_models(&["model", "list"]).good().starts_with("ours  ")
    );
    home.run_with_models(&["train", "classify", "a.jsonl", "-m", "ours", "-o", "models/head"])
        .good();
    home.run_with_models(&["classify", "a.jsonl", "-m", "head"]).good();
    let config = home.read("models/ours/adapter_config.json");
    home.write(
        "models/ours/adapter_config.json",
        config.replace("\"lora_alpha\": 4", "\"lora_alpha\": 5"),
    );
    let ran = home.run_with_models(&["classify", "a.jsonl", "-m", "head"]);
    assert!(ran.stderr.contains("fitted on a model of SHA-256"), "{}", ran.stderr);
}
