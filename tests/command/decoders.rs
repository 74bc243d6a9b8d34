//! Decoders that score texts, answer questions and chat.
use serde_json::{Value, json};

use crate::run::{Home, models};
use crate::support::{assert_close, assert_near, assert_refused, checkpoint, f64_of};

/// A tiny decoder of the testkit.
fn decoder(name: &str) -> String {
    let all = models().join("../crates/testkit/decoders").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

/// Likelihoods by transformers (`make_likelihoods.py`): text, stride, log-probabilities.
fn likelihoods(name: &str) -> Vec<(String, u64, Vec<f64>)> {
    let path = models().join("../crates/testkit/decoders/likelihoods.json");
    let all: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    let cases = all[name].as_array().unwrap().iter();
    let numbers = |case: &Value| -> Vec<f64> {
        case["logprobs"].as_array().unwrap().iter().map(f64_of).collect()
    };
    let case = |case: &Value| {
        let text = case["text"].as_str().unwrap().to_owned();
        (text, case["stride"].as_u64().unwrap(), numbers(case))
    };
    cases.map(case).collect()
}

#[test]
fn texts_have_the_likelihood_of_transformers_per_token_word_and_byte() {
    let home = Home::new();
    let model = decoder("llama");
    for (text, stride, expected) in likelihoods("llama") {
        let stride = stride.to_string();
        let args = ["score", "-m", &model, "--text", &text, "--stride", &stride, "--json"];
        let ran = home.run(&args);
        ran.good();
        let record = &ran.records()[0];
        let tokens = record["tokens"].as_array().unwrap();
        assert_eq!(tokens.len(), expected.len());
        for (token, expected) in tokens.iter().zip(&expected) {
            assert!((f64_of(&token["log_probability"]) - expected).abs() < 1e-3, "{token}");
        }
        let sum: f64 = tokens.iter().map(|token| f64_of(&token["log_probability"])).sum();
        assert_close(f64_of(&record["log_likelihood"]), sum);
        let words = text.split_whitespace().count();
        for (key, n) in [
            ("perplexity", tokens.len()),
            ("perplexity_per_word", words),
            ("perplexity_per_byte", text.len()),
        ] {
            let n = f64::from(u32::try_from(n).unwrap());
            assert_near(f64_of(&record[key]) / (-sum / n).exp(), 1.0);
        }
        assert!(record.get("pll").is_none() && record.get("unscored").is_none());
    }
}

/// The same commands as for masked models; what cannot be compared is refused.
#[test]
fn a_corpus_of_a_decoder_is_compared_where_that_means_something() {
    let home = Home::with([("a.txt", "The lamp on the quay.\nShe counted.\n\n")]);
    let (gpt2, llama) = (decoder("gpt2"), decoder("llama"));
    let args = ["score", "a.txt", "--corpus", "--json"];
    let saved = home.run(&[&args[..], &["-m", &gpt2, "--summary", "gpt2.json"]].concat());
    saved.good();
    assert_eq!(saved.records()[0]["start_token"], "<|end|>");
    assert_eq!(saved.records()[0]["stride"], 48);
    for (unit, key) in [("token", "perplexity"), ("byte", "perplexity_per_byte")] {
        let compare = ["-m", &llama, "--compare", "gpt2.json", "--by", unit];
        let ran = home.run(&[&args[..], &compare].concat());
        ran.good();
        let report = &ran.records()[0];
        assert_eq!(report["compare"]["pseudo_perplexity"], Value::Null);
        assert_eq!(report["compare"]["perplexity"], report[key]);
        assert_eq!(report["compare"]["other"], saved.records()[0][key]);
        assert_eq!(report["compare"]["same_texts"], true);
    }
    let masked = checkpoint("bert-pretraining");
    let ran = home.run(&[&args[..], &["-m", &masked, "--compare", "gpt2.json"]].concat());
    assert_refused(&ran, &["the scores are not comparable"]);
    let ran = home.run(&["score", "a.txt", "-m", &masked, "--stride", "9"]);
    assert_refused(&ran, &["--stride is for causal language models"]);
    let ran = home.run(&["score", "a.txt", "-m", &gpt2, "--within-word"]);
    assert_refused(&ran, &["--within-word is for masked language models"]);
    let ran = home.run(&["score", "a.txt", "-m", &gpt2, "--stride", "96"]);
    assert_refused(&ran, &["stride is 96; expected 1 to 95"]);
    let text = home.run(&["score", "a.txt", "-m", &gpt2]);
    assert!(text.good().starts_with("       perplexity  log-likelihood  tokens  text\n"));
}

#[test]
fn minimal_pairs_go_by_the_likelihood_of_the_decoder() {
    let pairs = "{\"sentence_good\": \"The lamp went out.\", \"sentence_bad\": \"Lamp the out went.\"}\n\
                 {\"sentence_good\": \"€\", \"sentence_bad\": \"The lamp\"}\n";
    let home = Home::with([("pairs.jsonl", pairs)]);
    let model = decoder("qwen3");
    let ran = home.run(&["eval", "minimal-pairs", "pairs.jsonl", "-m", &model, "--json"]);
    ran.good();
    let report = &ran.records()[0];
    let likelihood = |text: &str| {
        let ran = home.run(&["score", "-m", &model, "--text", text, "--json"]);
        f64_of(&ran.records()[0]["log_likelihood"])
    };
    let right = [("The lamp went out.", "Lamp the out went."), ("€", "The lamp")];
    let right = right.iter().filter(|(good, bad)| likelihood(good) > likelihood(bad)).count();
    let share = f64::from(u32::try_from(right).unwrap()) / 2.0;
    assert_near(f64_of(&report["overall"]["share"]), share);
    assert_eq!(report["start_token"], "<|end|>");
}

const MMLU: &str = "\"Where is the lamp?\nSay it.\",On the quay,In the drawer,At sea,Nowhere,A\n\
    Who counted?,She,He,They,Nobody,A\n\
    How low was it?,So low,High,,Dry,A\n\
    Without an answer?,a,b,c,d,\n\
    How many?,1,22,333,4444,D\n";

/// A letter's probability is that of the letter behind the prompt, by `cloze score`.
#[test]
fn questions_are_answered_by_letter_and_by_text() {
    let home = Home::with([
        ("mmlu.csv", MMLU),
        (
            "named.jsonl",
            "{\"question\": \"Who counted?\", \"choices\": [\"She\", \"He\"], \"answer\": 0}\n\
             {\"question\": \"Who?\", \"choices\": [\"She\", \"He\"]}\n",
        ),
        ("named.tsv", "answer\tA\tB\tquestion\tsubject\nb\tShe\tHe\tWho counted?\tpeople\n"),
    ]);
    let model = decoder("gpt2");
    let args = ["eval", "choices", "-m", &model, "--json"];
    let ran = home.run(&[&args[..], &["mmlu.csv"]].concat());
    // Two questions are none; the others are answered.
    assert_eq!(ran.status, Some(1), "{}", ran.shown());
    let report: Value = serde_json::from_str(ran.stdout()).unwrap();
    assert_eq!(report["overall"]["questions"], 3);
    assert!(ran.stderr.contains("mmlu.csv:4: not a question"), "{}", ran.stderr);
    assert!(ran.stderr.contains("choice C is empty"), "{}", ran.stderr);
    assert!(ran.stderr.contains("mmlu.csv:5: not a question"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the answer is empty"), "{}", ran.stderr);
    assert_near(f64_of(&report["chance"]), 0.25);
    assert_eq!(report["calibration"]["examples"], 3);

    let prompt = "Who counted?\nA. She\nB. He\nAnswer:";
    let likelihood = |text: &str| {
        let ran = home.run(&["score", "-m", &model, "--text", text, "--json"]);
        f64_of(&ran.records()[0]["log_likelihood"])
    };
    let (a, b) = (likelihood(&format!("{prompt} A")), likelihood(&format!("{prompt} B")));
    let ran = home.run(&[&args[..], &["named.tsv"]].concat());
    ran.good();
    let report = &ran.records()[0];
    assert_eq!(report["groups"][0]["name"], "people");
    assert_near(f64_of(&report["overall"]["accuracy"]), f64::from(u8::from(b > a)));
    // The log loss of one question is −ln of the right one's probability.
    assert_near(f64_of(&report["calibration"]["log_loss"]), (1.0 + (a - b).exp()).ln());
    // Longest: "She".
    assert_near(f64_of(&report["longest"]), 0.0);

    let ran = home.run(&[&args[..], &["named.jsonl", "--score", "text"]].concat());
    assert_eq!(ran.status, Some(1), "{}", ran.shown());
    assert!(
        ran.stderr.contains("named.jsonl:2: not a question: no field \"answer\""),
        "{}",
        ran.stderr
    );
    let text = |text: &str| likelihood(&format!("Question: Who counted?\nAnswer: {text}"));
    let report: Value = serde_json::from_str(ran.stdout()).unwrap();
    let without = likelihood("Question: Who counted?\nAnswer:");
    let is_right = (text("She") - without) / 3.0 > (text("He") - without) / 2.0;
    assert_near(f64_of(&report["overall"]["accuracy"]), f64::from(u8::from(is_right)));

    // Solved questions stand before each, and are computed once.
    let few =
        home.run(&[&args[..], &["named.tsv", "--shots", "named.tsv", "--limit", "1"]].concat());
    few.good();
    assert_eq!(few.records()[0]["shots"], 1);
    assert!(few.stderr.contains("reused"), "{}", few.stderr);
    let table = home.run(&["eval", "choices", "-m", &model, "named.tsv", "-f", "csv"]);
    assert!(table.good().contains("overall,"), "{}", table.shown());
    let shown = home.run(&["eval", "choices", "-m", &model, "named.tsv"]);
    assert!(shown.good().contains("choices scored by letter"), "{}", shown.shown());
}

#[test]
fn generated_texts_are_compared_with_references() {
    let home = Home::new();
    let model = decoder("gpt2");
    let new = ["--max-new-tokens", "6"];
    let generated = |prompt: &str| {
        let args = ["generate", "-m", &model, "--text", prompt, "--json"];
        home.run(&[&args[..], &new].concat()).records()[0]["text"].as_str().unwrap().to_owned()
    };
    let first = generated("The lamp");
    let rows = [
        json!({"prompt": "The lamp", "reference": ["something else", first]}),
        json!({"prompt": "She counted", "reference": "nothing like it at all"}),
        json!({"prompt": "", "reference": "a"}),
        json!({"prompt": "a", "reference": []}),
    ];
    let rows = rows.map(|row| row.to_string()).join("\n");
    home.write("pairs.jsonl", rows);
    let args = ["eval", "generate", "-m", &model, "pairs.jsonl", "--json"];
    let ran = home.run(&[&args[..], &new].concat());
    assert_eq!(ran.status, Some(1), "{}", ran.shown());
    assert!(ran.stderr.contains("pairs.jsonl:3: no \"prompt\""), "{}", ran.stderr);
    assert!(ran.stderr.contains("pairs.jsonl:4: no \"reference\""), "{}", ran.stderr);
    let report: Value = serde_json::from_str(ran.stdout()).unwrap();
    assert_eq!(report["texts"], 2);
    assert_near(f64_of(&report["exact"]["share"]), 0.5);
    for figure in ["bleu", "chrf"] {
        let (low, high) = (f64_of(&report[figure]["low"]), f64_of(&report[figure]["high"]));
        let value = f64_of(&report[figure]["estimate"]);
        assert!(low <= value && value <= high, "{figure}: {report}");
    }
    let shown = home.run(&[&args[..5], &new].concat());
    assert!(shown.stdout().contains("exact match         0.5000"), "{}", shown.shown());
}

/// A decoder with a chat template, in `home`.
fn with_template(home: &Home, template: &str) {
    for file in fs_err::read_dir(decoder("gpt2")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        home.write(&format!("chat/{name}"), fs_err::read(path).unwrap());
    }
    home.write("chat/chat_template.jinja", template);
}

#[test]
fn chats_are_prompts_by_the_models_template() {
    let home = Home::new();
    let template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% if m.content == 'no' %}\
                    {{ raise_exception('refused') }}{% endif %}{% endfor %}she:";
    with_template(&home, template);
    home.write(
        "chats.jsonl",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"The lamp\"}]}\n\
         {\"prompt\": \"The lamp\", \"lang\": \"en\"}\n\
         {\"messages\": \"The lamp\"}\n\
         {\"prompt\": \"no\"}\n",
    );
    let new = ["--max-new-tokens", "5", "--json"];
    let plain = ["generate", "-m", "./chat", "--text", "system: Be brief\nuser: The lamp\nshe:"];
    let expected = home.run(&[&plain[..], &new].concat()).records()[0]["text"].clone();
    let system = ["--chat", "--system", "Be brief"];
    let args = ["generate", "-m", "./chat", "--text", "The lamp"];
    let ran = home.run(&[&args[..], &system, &new].concat());
    ran.good();
    assert_eq!(ran.records()[0]["text"], expected);
    let args = ["generate", "-m", "./chat", "chats.jsonl"];
    let ran = home.run(&[&args[..], &system, &new].concat());
    assert_eq!(ran.status, Some(1), "{}", ran.shown());
    let texts: Vec<Value> = crate::run::records(ran.stdout());
    assert_eq!(texts.len(), 2);
    assert!(texts.iter().all(|record| record["text"] == expected), "{texts:?}");
    assert!(ran.stderr.contains("chats.jsonl:3: messages: expected a list"), "{}", ran.stderr);
    assert!(ran.stderr.contains("chat template, line 2: refused"), "{}", ran.stderr);

    let ran = home.run(&["generate", "-m", &decoder("gpt2"), "--text", "a", "--chat"]);
    assert_refused(&ran, &["has no chat template"]);
}

/// A copy of a decoder in `home`, with `edit` on its files.
fn altered(home: &Home, name: &str, edit: impl Fn(&str, Vec<u8>) -> Vec<u8>) {
    for file in fs_err::read_dir(decoder("gpt2")).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs_err::read(&path).unwrap();
        home.write(&format!("{name}/{file}"), edit(&file, bytes));
    }
}

#[test]
fn first_tokens_without_a_start_are_counted_and_not_scored() {
    let home = Home::new();
    altered(&home, "bare", |file, bytes| {
        if !file.contains("config.json") || file.starts_with("tokenizer") {
            return bytes;
        }
        let mut config: Value = serde_json::from_slice(&bytes).unwrap();
        config.as_object_mut().unwrap().remove("bos_token_id");
        config.to_string().into_bytes()
    });
    let texts = ["score", "-m", "./bare", "--text", "The lamp", "--text", "T", "--json"];
    let ran = home.run(&texts);
    ran.good();
    let [lamp, one] = &ran.records()[..] else { panic!("{}", ran.shown()) };
    let with_start = home.run(&["score", "-m", &decoder("gpt2"), "--text", "The lamp", "--json"]);
    let all = with_start.records()[0]["tokens"].as_array().unwrap().len();
    assert_eq!(lamp["tokens"].as_array().unwrap().len(), all - 1);
    assert_eq!((&lamp["unscored"], &one["unscored"]), (&json!(1), &json!(1)));
    assert_eq!((&one["perplexity"], &one["perplexity_per_byte"]), (&Value::Null, &Value::Null));
    assert!(ran.stderr.contains("2 first tokens not scored"), "{}", ran.stderr);
    // Bytes of tokens that are not scored do not count.
    let names: Vec<&str> =
        lamp["tokens"].as_array().unwrap().iter().map(|t| t["token"].as_str().unwrap()).collect();
    let bytes = names.concat().replace('Ġ', " ").trim_start().len();
    let bytes = f64::from(u32::try_from(bytes).unwrap());
    let expected = (-f64_of(&lamp["log_likelihood"]) / bytes).exp();
    assert_near(f64_of(&lamp["perplexity_per_byte"]) / expected, 1.0);
}

#[test]
fn logits_that_are_no_numbers_are_named_and_a_text_without_tokens_has_no_figure() {
    let home = Home::new();
    altered(&home, "nan", |file, mut bytes| {
        if file == "model.safetensors" {
            let len = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
            let end = bytes.len();
            bytes[8 + len..end].fill(0xff);
        }
        bytes
    });
    let ran = home.run(&["score", "-m", "./nan", "--text", "The lamp", "--json"]);
    assert_eq!(ran.status, Some(1), "{}", ran.shown());
    assert!(ran.stderr.contains("token 1 of the text"), "{}", ran.stderr);
    let ran = home.run(&["score", "-m", &decoder("gpt2"), "--text", "", "--json"]);
    ran.good();
    assert_eq!(ran.records()[0]["perplexity"], Value::Null);
    assert_eq!(ran.records()[0]["tokens"], json!([]));
    let ran = home.run(&["score", "-m", &decoder("gpt2"), "--text", "", "--corpus"]);
    assert_refused(&ran, &["found no token"]);
}

/// `llama`: word embeddings and head 320 · 32 each; a layer's attention 2 · 32 · 32 + 2 · 32 · 16, its
/// feed-forward network 3 · 32 · 48, its norms 2 · 32; two layers and a last norm. By the rule
/// 12 · 2 · 32² = 24,576. `gpt2`: no head of its own, 96 positions, biases, 2 · 2 · 32 numbers of a layer's norms.
#[test]
fn a_decoder_is_described_checked_and_run() {
    let home = Home::new();
    let info = |name: &str| -> Value {
        let ran = home.run(&["model", "info", &decoder(name), "--format", "json"]);
        ran.good();
        serde_json::from_str(ran.stdout()).unwrap()
    };
    let part =
        |part: &str, parameters: u64| json!({"part": part, "parameters": parameters, "used": true});
    let llama = info("llama");
    let parts = [
        part("word embeddings", 10_240),
        part("attention", 6144),
        part("feed-forward", 9216),
        part("layer norms", 128),
        part("last norm", 32),
        part("language model head", 10_240),
    ];
    assert_eq!(llama["weights"]["parts"], json!(parts));
    assert_eq!(llama["parameters"], 36_000);
    assert_eq!(llama["weights"]["in_layers"], 6144 + 9216 + 128);
    assert_eq!(llama["weights"]["rule_of_thumb"], 24_576);
    assert_eq!(llama["tasks"], json!(["generate"]));
    let parts = [
        part("word embeddings", 10_240),
        part("position embeddings", 96 * 32),
        part("attention", 2 * (32 * 96 + 96 + 32 * 32 + 32)),
        part("feed-forward", 2 * (2 * 32 * 128 + 128 + 32)),
        part("layer norms", 2 * 2 * 2 * 32),
        part("last norm", 64),
    ];
    assert_eq!(info("gpt2")["weights"]["parts"], json!(parts));
    // Both halves; word embeddings are shared.
    let t5 = info("t5-gated");
    assert_eq!(t5["tasks"], json!(["generate"]));
    for name in ["gpt2", "llama", "t5", "marian"] {
        let ran = home.run(&["model", "check", &decoder(name), "--run"]);
        ran.good();
        assert!(ran.stdout().contains("sound, and it runs"), "{name}: {}", ran.stdout());
        assert!(ran.stdout().contains("use `cloze generate`"), "{name}: {}", ran.stdout());
    }
}

#[test]
fn exported_decoders_are_described_checked_and_run() {
    let home = Home::with([("a.txt", "The lamp on the quay.\n")]);
    let names = cloze_testkit::EXPORTED_DECODERS.iter();
    for name in names.chain(&cloze_testkit::EXPORTED_ENCODER_DECODERS) {
        let folder = cloze_testkit::exported_decoder(name);
        let path = folder.path().display().to_string();
        let ran = home.run(&["model", "check", &path, "--run"]);
        ran.good();
        assert!(ran.stdout().contains("sound, and it runs"), "{name}: {}", ran.stdout());
        home.run(&["model", "info", &path]).good();
        let text = |model: &str| {
            let args = ["generate", "-m", model, "--text", "The lamp", "--max-new-tokens", "9"];
            let ran = home.run(&args);
            ran.good();
            ran.stdout().to_owned()
        };
        assert_eq!(text(&path), text(&decoder(cloze_testkit::exported_of(name))), "{name}");
        // The command that fits is named.
        let ran = home.run(&["tag", "a.txt", "-m", &path]);
        assert_eq!(ran.status, Some(2), "{name}");
        assert!(ran.stderr.contains("cloze generate"), "{name}: {}", ran.stderr);
    }
    // A graph without a cache, such as an encoder's.
    let encoder = cloze_testkit::model_copy("tiny");
    let path = encoder.path().display().to_string();
    let ran = home.run(&["generate", "-m", &path, "--text", "The lamp"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("model.onnx: no inputs past_key_values"), "{}", ran.stderr);
}

#[test]
fn a_decoder_of_8_bits_runs() {
    let home = Home::new();
    let args = ["model", "quantize", &decoder("llama-tied"), "-o", "small", "--embeddings"];
    home.run(&args).good();
    let ran = home.run(&["model", "info", "./small"]);
    ran.good();
    assert!(ran.stdout().contains("matrices of layers in 8 bits"), "{}", ran.stdout());
    home.run(&["model", "check", "./small", "--run"]).good();
    let args = ["model", "quantize", &decoder("llama"), "-o", "x", "--calibrate", "small"];
    assert_refused(&home.run(&args), &["--calibrate is for encoders"]);
}
