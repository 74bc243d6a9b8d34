//! `cloze train causal`: decoders from running text.
use serde_json::{Value, json};

use crate::run::{Home, models};
use crate::support::{assert_refused, checkpoint};

/// A tiny decoder of the testkit.
fn decoder(name: &str) -> String {
    let folder = models().join("../crates/testkit/decoders").join(name);
    fs_err::canonicalize(folder).unwrap().display().to_string()
}

/// A shape that a model is made of in a moment.
fn config() -> Value {
    json!({
        "model_type": "llama",
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": true,
    })
}

fn home() -> Home {
    let text = "The lamp on the quay went out. She counted the letters twice.\n".repeat(12);
    let dev = "The lamp went out. She counted the letters on the quay.\n";
    Home::with([
        ("text.txt", &*text),
        ("dev.txt", dev),
        ("empty.txt", "\n \n"),
        ("config.json", &config().to_string()),
    ])
}

/// Figures of a training on `text.txt`.
fn trained(home: &Home, more: &[&str]) -> Value {
    let common = ["train", "causal", "text.txt", "--dev", "dev.txt", "--json", "--batch=2"];
    serde_json::from_str(home.run(&[&common[..], more].concat()).good()).unwrap()
}

#[test]
fn a_decoder_learns_a_text_and_writes_on() {
    let home = home();
    for (base, flags) in [
        ("llama", &["--tune=full", "--learning-rate=1e-2"][..]),
        ("gpt2", &["--tune=full", "--learning-rate=1e-2", "--dtype=f16"]),
        ("qwen3", &["--targets=all-linear", "--learning-rate=2e-2"]),
    ] {
        let base_folder = decoder(base);
        let more = ["-m", &base_folder, "-o", base, "--block=48", "--epochs=4"];
        let report = trained(&home, &[&more[..], flags].concat());
        assert_eq!(
            (report["task"].as_str(), &report["settings"]["max_tokens"]),
            (Some("causal"), &json!(48))
        );
        let losses = report["curve"]["judged_losses"].as_array().unwrap();
        let loss = |at: usize| losses[at][1].as_f64().unwrap();
        assert!(loss(losses.len() - 1) < loss(0), "{base}: {losses:?}");
        let held_out = &report["held_out"];
        assert_eq!(held_out["bytes"], 56, "{held_out}");
        let model = format!("./{base}");
        let ran = home.run(&["generate", "-m", &model, "--text", "The lamp", "--max-new-tokens=5"]);
        assert!(!ran.good().is_empty());
    }
}

/// The tokenizer has every byte and the texts' words; what is saved says which token ends a text.
#[test]
fn a_new_model_is_trained_from_scratch() {
    let home = home();
    let more = ["--config", "config.json", "--vocabulary=290", "-o", "new", "--epochs=20"];
    let report = trained(&home, &[&more[..], &["--learning-rate=1e-2"]].concat());
    assert_eq!(report["base"]["name"], "config.json");
    let loss = report["held_out"]["loss"].as_f64().unwrap();
    // Less than all tokens alike, by far.
    assert!(loss < 290_f64.ln() - 1.5, "{loss}");
    let saved: Value = serde_json::from_str(&home.read("new/config.json")).unwrap();
    assert_eq!(saved["architectures"][0], "LlamaForCausalLM");
    assert_eq!((&saved["eos_token_id"], &saved["dtype"]), (&json!(0), &json!("float32")));
    let size = saved["vocab_size"].as_u64().unwrap();
    assert!((258..=290).contains(&size), "{size}");
    let card = home.read("new/README.md");
    assert!(card.contains("trained from scratch") && !card.contains("base_model"), "{card}");
    let args = ["generate", "-m", "./new", "--text", "She", "--max-new-tokens=8", "--json"];
    let ran = home.run(&args);
    ran.good();
    assert!(!ran.records()[0]["tokens"].as_array().unwrap().is_empty());
    // With the tokenizer of that model, the same shape again.
    let more = ["--config", "config.json", "--tokenizer", "new/tokenizer.json", "-o", "again"];
    trained(&home, &[&more[..], &["--epochs=1"]].concat());
    let again: Value = serde_json::from_str(&home.read("again/config.json")).unwrap();
    assert_eq!(again["vocab_size"], size);
}

#[test]
fn what_cannot_be_trained_is_named() {
    let home = home();
    let write = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut config = config();
        config["vocab_size"] = json!(300);
        change(&mut config);
        home.write(name, config.to_string());
    };
    write("kind.json", &|config| config["model_type"] = json!("rwkv"));
    write("unknown.json", &|config| config["n_layers"] = json!(3));
    write("huge.json", &|config| config["hidden_size"] = json!(1u64 << 40));
    write("good.json", &|_| {});
    let vocabulary = json!({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}});
    home.write("tokenizer.json", vocabulary.to_string());
    let (llama, bert) = (decoder("llama"), checkpoint("bert"));
    let new = |config: &'static str| ["train", "causal", "text.txt", "-o", "x", "--config", config];
    let with = |config: &'static str, more: &[&'static str]| {
        [&new(config)[..], more].concat().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let owned = |args: &[&str]| args.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (args, expected) in [
        (
            owned(&["train", "causal", "empty.txt", "-m", &llama, "-o", "x"]),
            "no text could be read",
        ),
        (owned(&["train", "causal", "text.txt", "-m", &bert, "-o", "x"]), "not a decoder"),
        (owned(&["train", "causal", "text.txt", "-o", "x"]), "neither --model nor --config"),
        (
            owned(&["train", "causal", "text.txt", "-m", &llama, "-o", "x", "--block=97"]),
            "--block is 97: expected 1 to 96",
        ),
        (
            owned(&["train", "causal", "text.txt", "-m", &llama, "-o", "x", "--tune=head"]),
            "--tune is head: expected lora or full",
        ),
        (with("good.json", &["--tune=lora"]), "--tune is lora: expected full"),
        (with("kind.json", &[]), "model_type is \"rwkv\""),
        (with("unknown.json", &[]), "unknown settings of a llama: n_layers"),
        (with("huge.json", &[]), "hidden_size is 1099511627776: too large"),
        (with("config.json", &[]), "no vocab_size"),
        (with("good.json", &["--vocabulary=400"]), "vocab_size is 300 and --vocabulary 400"),
        (with("config.json", &["--vocabulary=100"]), "--vocabulary is 100: expected 257"),
        (with("good.json", &["--tokenizer=tokenizer.json"]), "no token that ends a text"),
        (
            owned(&["train", "causal", "text.txt", "--vocabulary=300", "-m", &llama, "-o", "x"]),
            "--config",
        ),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = home.run(&args);
        assert_refused(&ran, &[expected]);
        assert!(!home.path("x").exists(), "{args:?}");
    }
}
