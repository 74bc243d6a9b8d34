//! `cloze model`, `cloze setup`, `cloze completions`, and help.
use serde_json::Value;

use crate::run::Home;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn models_are_listed() {
    let home = Home::new();
    let text = home.run(&["model", "list"]);
    assert!(text.good().starts_with("minilm-l6-v2  embed, Apache-2.0, "), "{}", text.stdout());
    assert!(text.good().contains("\npii  tag, CC-BY-4.0, "), "{}", text.stdout());
    let list = json(home.run(&["model", "list", "--json"]).good());
    let pii = list.as_array().unwrap().iter().find(|m| m["name"] == "pii").unwrap();
    assert_eq!((pii["task"].as_str(), pii["license"].as_str()), (Some("tag"), Some("CC-BY-4.0")));
    // A broken one hides no other, and says so.
    home.write("models/broken/config.json", "{");
    let ran = home.run_with_models(&["model", "list"]);
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 1));
    assert!(ran.stdout().contains("pii") && ran.errors()[0].contains("broken"), "{}", ran.stderr);
}

#[test]
fn a_model_is_described() {
    let home = Home::new();
    let text = home.run(&["model", "info", "pii"]);
    for part in [
        "licence      CC-BY-4.0",
        "17 (35 tags)",
        "512 tokens, 2 of them special",
        "logits: float32",
    ] {
        assert!(text.good().contains(part), "{part} in {}", text.stdout());
    }
    let info = json(home.run(&["model", "info", "pii", "--json"]).good());
    assert_eq!(
        (info["max_tokens"].as_u64(), info["special_tokens"].as_u64()),
        (Some(512), Some(2))
    );
    assert_eq!(info["tags"].as_array().unwrap().len(), 35);
    assert_eq!(info["labels"].as_array().unwrap().len(), 17);
    // The card's hash is that of the file.
    let card = json(&fs_err::read_to_string(crate::run::models().join("pii/cloze.json")).unwrap());
    assert_eq!(info["sha256"], card["sha256"]["model.onnx"]);
}

#[test]
fn a_sound_model_is_sound() {
    let home = Home::new();
    let text = home.run(&["model", "check", "pii"]);
    let found = text.good();
    assert!(found.starts_with("pii: nothing unsafe found ("), "{found}");
    assert!(text.stderr.is_empty(), "{}", text.stderr);
    let report = json(home.run(&["model", "check", "pii", "--json"]).good());
    assert_eq!((&report["sound"], &report["changed"]), (&Value::Bool(true), &json("[]")));
}

/// One byte, or a whole file.
#[test]
fn a_model_that_was_changed_is_named() {
    let home = Home::new();
    let hash = |name: &str| {
        let card =
            json(&fs_err::read_to_string(crate::run::models().join("pii/cloze.json")).unwrap());
        card["sha256"][name].as_str().unwrap().to_owned()
    };
    for file in ["LICENSE", "model.onnx", "tokenizer_config.json"] {
        home.model("m");
        let mut bytes = home.bytes(&format!("m/{file}"));
        // In the middle of the weights, of words, of a number: the file still reads.
        let place = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
        bytes[place] ^= 1;
        home.write(&format!("m/{file}"), bytes);
        let ran = home.run(&["model", "check", "./m"]);
        assert_eq!((ran.status, ran.stdout()), (Some(1), ""));
        let error = ran.errors()[0].to_owned();
        assert!(error.starts_with(&format!("{file}: SHA-256 is ")), "{error}");
        assert!(error.contains(&hash(file)), "{error}");
        // Nor is it opened for work.
        let ran = home.run(&["tag", "--text", "I am Ann.", "-m", "./m", "-q"]);
        assert_eq!((ran.status, ran.stdout()), (Some(2), ""));
        let refused = format!("./m/{error}\nhint: `cloze model check` names all such files");
        assert!(ran.stderr.contains(&refused), "{}", ran.stderr);
        let report = home.run(&["model", "check", "./m", "--json"]);
        assert_eq!(report.status, Some(1));
        let report = json(report.stdout());
        assert_eq!(
            (&report["sound"], report["changed"][0].as_str()),
            (&Value::Bool(false), Some(&*error))
        );
    }
    home.model("m");
    fs_err::remove_file(home.path("m/LICENSE")).unwrap();
    let ran = home.run(&["model", "check", "./m"]);
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 1));
    assert!(ran.errors()[0].starts_with("LICENSE: not there"), "{}", ran.stderr);
    assert_eq!(home.run(&["model", "check", "./gone"]).status, Some(2));
}

#[test]
fn setup_says_which_library() {
    let home = Home::new();
    let report = json(home.run(&["setup", "--json"]).good());
    let library = std::path::Path::new(report["library"].as_str().unwrap());
    assert!(library.is_file(), "{report}");
    assert!(report["origin"].is_string() && report["build"].is_string());
    assert!(home.run(&["setup"]).good().contains(report["library"].as_str().unwrap()));
}

/// From 1.29 on ONNX Runtime keeps an identifier of the machine and reports to its maker under the
/// user's cache folder, unless it is kept from it.
#[cfg(unix)]
#[test]
fn onnx_runtime_leaves_nothing_in_the_home_of_the_user() {
    let home = Home::new();
    let report = json(home.run(&["setup", "--json"]).good());
    let library = report["library"].as_str().unwrap();
    for value in [None, Some(""), Some("0"), Some("1")] {
        let user = tempfile::tempdir().unwrap();
        let mut command = home.command(&["setup", "--runtime", library]);
        command.env("HOME", user.path()).env_remove("XDG_CACHE_HOME").env_remove("CI");
        match value {
            Some(value) => command.env("ORT_DISABLE_TELEMETRY", value),
            None => command.env_remove("ORT_DISABLE_TELEMETRY"),
        };
        assert!(command.output().unwrap().status.success());
        let left = fs_err::read_dir(user.path()).unwrap().count();
        assert_eq!(left, 0, "{value:?}");
    }
}

/// The same words as those of the library (`crates/encoder/tests/runtime.rs`).
#[cfg(unix)]
#[test]
fn offline_with_nothing_there_says_the_ways() {
    let home = Home::new();
    home.write("nothing/cache/.keep", "");
    for flag in [false, true] {
        let mut command = home.command(if flag { &["setup", "--offline"] } else { &["setup"] });
        command.env_clear().env("PATH", home.path("nothing")).env("HOME", home.path("nothing"));
        command.env("CLOZE_CACHE", home.path("nothing/cache"));
        if !flag {
            command.env("CLOZE_OFFLINE", "1");
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: no ONNX Runtime library found, and fetching one is forbidden (offline)\nhint: any \
             of these provides it: `cloze setup` while online; ORT_DYLIB_PATH or --runtime naming the \
             library; the library beside the program; `pip install onnxruntime`\n"
        );
    }
}

#[test]
fn completions_are_scripts_that_ask_the_program() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = home.run(&["completions", shell]);
        assert!(ran.good().len() > 100 && ran.stdout().contains("CLOZE_COMPLETE"), "{shell}");
    }
    assert_eq!(home.run(&["completions", "cmd"]).status, Some(2));
}

/// Words that the script of fish is given for the last of `words`.
fn completed(home: &Home, words: &[&str]) -> Vec<String> {
    let mut command = home.command(&["--", "cloze"]);
    let output = command.args(words).env("CLOZE_COMPLETE", "fish").output().unwrap();
    assert!(output.status.success(), "{words:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn names_of_models_are_completed() {
    let home = Home::with([("mine/a.txt", "a"), ("notes.txt", "b")]);
    for words in [&["tag", "--model", "pi"][..], &["tag", "-m", "pi"], &["model", "info", "pi"]] {
        assert_eq!(completed(&home, words), ["pii"], "{words:?}");
    }
    assert_eq!(completed(&home, &["tag", "-m", "p"]), ["pii", "prose-en"]);
    assert_eq!(completed(&home, &["embed", "--model=mini"]), ["--model=minilm-l6-v2"]);
    // A model may also be a folder; a text is in a file.
    assert_eq!(completed(&home, &["embed", "--model", "mi"]), ["minilm-l6-v2", "mine/"]);
    assert_eq!(completed(&home, &["embed", "no"]), ["notes.txt"]);
    assert_eq!(completed(&home, &["embed", "--format", "np"]), ["npy", "npz"]);
    assert_eq!(completed(&home, &["simi"]), ["similarity"]);
    assert!(completed(&home, &["tag", "--prefer"]).contains(&"--prefer-recall".to_owned()));
}

/// The script of bash in a bash.
#[cfg(unix)]
#[test]
fn bash_completes_names_of_models() {
    let home = Home::new();
    let script = home.run(&["completions", "bash"]);
    home.write("cloze.bash", script.good());
    let ask = "source cloze.bash; COMP_WORDS=(cloze tag --model pi); COMP_CWORD=3; COMP_TYPE=9; \
               _clap_complete_cloze cloze pi --model; echo \"${COMPREPLY[@]}\"";
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_cloze")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", ask]).current_dir(home.path("")).env("PATH", path);
    let Ok(output) = bash.env("CLOZE_MODELS", crate::run::models()).output() else { return };
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "pii");
}

/// Every option and every command says what it is for.
#[test]
fn help_leaves_nothing_out() {
    let home = Home::new();
    for args in [
        &[][..],
        &["tag"],
        &["model"],
        &["model", "list"],
        &["model", "info"],
        &["model", "check"],
        &["setup"],
        &["completions"],
    ] {
        for flag in ["-h", "--help"] {
            let ran = home.run(&[args, &[flag]].concat());
            let lines: Vec<&str> = ran.good().lines().collect();
            let mut options = 0;
            for (i, line) in lines.iter().enumerate() {
                let is_option = line.trim_start().starts_with('-') && line.starts_with("  ");
                if !is_option || line.trim_start().starts_with("- ") {
                    continue;
                }
                options += 1;
                // Behind two spaces, or in the next line.
                let behind = line.trim_start().split_once("  ").map_or("", |(_, text)| text.trim());
                let below = lines.get(i + 1).map_or("", |line| line.trim());
                let text = if behind.is_empty() { below } else { behind };
                let says = !text.is_empty() && !text.starts_with(['-', '[']);
                assert!(says, "{args:?} {flag}: {line}");
            }
            assert!(options >= 5, "{args:?} {flag}: {options} options");
        }
    }
}
