//! `cloze generate`: text behind prompts by a decoder, or by prompts that an encoder reads.
use serde_json::Value;

use crate::run::{Home, Ran, models};
use crate::support::checkpoint;

/// A tiny decoder of the testkit.
pub(crate) fn decoder(name: &str) -> String {
    let all = models().join("../crates/testkit/decoders").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

/// A copy of a tiny model, whose files a test changes.
fn copy(home: &Home, name: &str, to: &str) -> std::path::PathBuf {
    let folder = home.path(to);
    fs_err::create_dir_all(&folder).unwrap();
    for entry in fs_err::read_dir(decoder(name)).unwrap() {
        let entry = entry.unwrap();
        fs_err::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    folder
}

/// Cases of transformers: prompt and ids of 64 new tokens, taken greedily.
fn cases(name: &str) -> Vec<(String, Vec<u64>)> {
    let path = std::path::Path::new(&decoder(name)).join("expected.json");
    let all: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    let ids = |case: &Value| {
        let ids = case["ended"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap());
        ids.take_while(|id| *id != 0).collect()
    };
    let cases = all.as_array().unwrap().iter();
    cases.map(|case| (case["prompt"].as_str().unwrap().to_owned(), ids(case))).collect()
}

#[test]
fn records_have_the_tokens_of_transformers() {
    let home = Home::new();
    let cases = cases("qwen3");
    let prompts: Vec<&str> = cases.iter().map(|(prompt, _)| prompt.as_str()).collect();
    let model = decoder("qwen3");
    let args = ["generate", "-m", &model, "-", "--max-new-tokens", "64", "--json"];
    let ran = home.run_with(prompts.join("\n"), &args);
    ran.good();
    let records = ran.records();
    assert_eq!(records.len(), cases.len());
    for (record, (prompt, ids)) in records.iter().zip(&cases) {
        assert_eq!(record["prompt"], prompt.as_str());
        let tokens = record["tokens"].as_array().unwrap();
        let found: Vec<u64> = tokens.iter().map(|token| token["id"].as_u64().unwrap()).collect();
        assert_eq!(&found, ids);
        let text: String = tokens.iter().map(|token| token["text"].as_str().unwrap()).collect();
        assert_eq!(record["text"], text.as_str());
        assert!(tokens.iter().all(|token| token["logprob"].as_f64().unwrap() <= 0.0));
        let reason = if ids.len() == 64 { "length" } else { "eos" };
        assert_eq!(record["finish_reason"], reason);
    }
}

#[test]
fn a_prompt_alone_is_streamed_as_text() {
    let home = Home::new();
    let model = decoder("gpt2");
    let args = ["generate", "-m", &model, "--text", "The lamp", "--max-new-tokens", "9"];
    let streamed = home.run(&args).good().to_owned();
    let record = &home.run(&[&args[..], &["--json"]].concat()).records()[0];
    let text = record["text"].as_str().unwrap();
    // Control characters are shown, so that a model cannot steer a terminal.
    assert!(!streamed.trim_end_matches('\n').chars().any(char::is_control), "{streamed:?}");
    assert!(!text.is_empty() && streamed.ends_with('\n'));
    let seeded = |seed: &str| {
        let more = ["--temperature", "1", "--seed", seed, "--json"];
        home.run(&[&args[..], &more].concat()).records()[0]["text"].clone()
    };
    assert_eq!(seeded("1"), seeded("1"));
    assert_ne!(seeded("1"), seeded("2"));
}

/// The errors of a run that ends with this status.
#[track_caller]
fn refused(ran: &Ran, status: i32) -> String {
    assert_eq!(ran.status, Some(status), "{}", ran.shown());
    ran.stderr.clone()
}

#[test]
fn what_does_not_fit_is_refused_with_the_command_that_does() {
    let home = Home::new();
    let encoder = home.run(&["generate", "-m", &checkpoint("bert-token"), "--text", "a"]);
    let error = refused(&encoder, 2);
    assert!(error.contains("a tagger: use `cloze tag`"), "{error}");
    let model = decoder("gpt2");
    let error = refused(&home.run_with("a\n", &["tag", "-m", &model, "-"]), 2);
    assert!(error.contains("cloze generate"), "{error}");
    for (args, expected) in [
        (["--text", "a", "--top-k", "5"], "--temperature above 0"),
        (["--text", "a", "--max-new-tokens", "0"], "max-new-tokens is 0"),
        (["--text", "a", "--max-cache-mib", "0"], "max-cache-mib"),
        (["--text", "a", "--stop", ""], "stop is an empty string"),
    ] {
        let error = refused(&home.run(&[&["generate", "-m", &model][..], &args].concat()), 2);
        assert!(error.contains(expected), "{error}");
    }
    // A prompt too long fails alone.
    let prompts = format!("{}\nThe lamp\n", "The lamp on the quay. ".repeat(40));
    let ran = home.run_with(prompts.clone(), &["generate", "-m", &model, "-", "--json"]);
    assert_eq!(ran.records().len(), 1);
    let error = refused(&ran, 1);
    assert!(error.contains("-:1: not encoded") && error.contains("--truncate left"), "{error}");
    let args = ["generate", "-m", &model, "-", "--json", "--truncate", "left"];
    let ran = home.run_with(prompts, &[&args[..], &["--max-new-tokens", "8"]].concat());
    ran.good();
    assert!(ran.records()[0]["truncated"].as_u64().unwrap() > 0);
}

/// Four beams of transformers, with the settings of `--length-penalty 2` and early stopping, which the folder
/// has; a copy of the folder has them as its own.
#[test]
fn beams_are_the_models_own_or_asked_for() {
    let home = Home::new();
    let folder = copy(&home, "bart", "beams");
    let path = folder.join("generation_config.json");
    let mut file: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    file["early_stopping"] = true.into();
    file["max_length"] = 65.into();
    fs_err::write(&path, file.to_string()).unwrap();
    let all: Value =
        serde_json::from_slice(&fs_err::read(folder.join("expected.json")).unwrap()).unwrap();
    let expected: Vec<Vec<u64>> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let ids = case["searches"][1]["ids"].as_array().unwrap().iter();
            ids.map(|id| id.as_u64().unwrap()).take_while(|id| *id != 2).collect()
        })
        .collect();
    let prompts: Vec<&str> =
        all.as_array().unwrap().iter().map(|case| case["prompt"].as_str().unwrap()).collect();
    let model = folder.display().to_string();
    let args = ["generate", "-m", &model, "-", "--json"];
    let found = |args: &[&str]| -> Vec<Vec<u64>> {
        let ran = home.run_with(prompts.join("\n"), args);
        ran.good();
        let ids = |record: &Value| {
            let tokens = record["tokens"].as_array().unwrap().iter();
            tokens.map(|token| token["id"].as_u64().unwrap()).collect()
        };
        ran.records().iter().map(ids).collect()
    };
    let flags = ["--beams", "4", "--length-penalty", "2"];
    assert_eq!(found(&[&args[..], &flags].concat()), expected);
    file["num_beams"] = 4.into();
    file["length_penalty"] = 2.0.into();
    fs_err::write(&path, file.to_string()).unwrap();
    assert_eq!(found(&args), expected);
    // Flags go before the model's own.
    assert_ne!(found(&[&args[..], &["--beams", "1"]].concat()), expected);
    file["num_beam_groups"] = 2.into();
    fs_err::write(&path, file.to_string()).unwrap();
    let error = refused(&home.run(&["generate", "-m", &model, "--text", "a"]), 2);
    assert!(error.contains("num_beam_groups is 2"), "{error}");
}

#[test]
fn encoder_decoders_are_named_where_they_do_not_fit() {
    let home = Home::new();
    let model = decoder("t5");
    for command in ["tag", "embed"] {
        let error = refused(&home.run_with("a\n", &[command, "-m", &model, "-"]), 2);
        assert!(error.contains("use `cloze generate`"), "{command}: {error}");
    }
    let bart = decoder("bart");
    for (args, expected) in
        [(["--beams", "0"], "beams is 0"), (["--length-penalty", "2"], "expected --beams above 1")]
    {
        let args = [&["generate", "-m", &bart, "--text", "a"][..], &args].concat();
        let error = refused(&home.run(&args), 2);
        assert!(error.contains(expected), "{error}");
    }
    // A prompt longer than the encoder's positions fails alone, or is cut and counted.
    let prompts = format!("{}\nThe lamp\n", "The lamp on the quay. ".repeat(40));
    let args = ["generate", "-m", &bart, "-", "--json", "--max-new-tokens", "5"];
    let ran = home.run_with(prompts.clone(), &args);
    assert_eq!(ran.records().len(), 1);
    let error = refused(&ran, 1);
    assert!(error.contains("the model's encoder reads 80"), "{error}");
    let ran = home.run_with(prompts, &[&args[..], &["--truncate", "left"]].concat());
    ran.good();
    assert!(ran.records()[0]["truncated"].as_u64().unwrap() > 0);
    // An architecture that is near to one of these is not taken for it.
    let folder = copy(&home, "bart", "mbart");
    let config = fs_err::read_to_string(folder.join("config.json")).unwrap();
    let config = config.replace("\"model_type\": \"bart\"", "\"model_type\": \"mbart\"");
    fs_err::write(folder.join("config.json"), config).unwrap();
    let model = folder.display().to_string();
    let error = refused(&home.run(&["generate", "-m", &model, "--text", "a"]), 2);
    assert!(error.contains("codes of languages") && error.contains("t5, bart, marian"), "{error}");
}
