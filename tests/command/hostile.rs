//! Model folders and vectors that are to harm: each is refused by name, soon and in little memory.
use std::process::Command;

use crate::run::{Home, models};

/// A copy of a tiny model of the testkit with a graph, as `m`.
fn graph_model(home: &Home) {
    for file in fs_err::read_dir(models().join("../crates/testkit/models/tiny")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            home.write(&format!("m/{name}"), fs_err::read(&path).unwrap());
        }
    }
}

#[test]
fn a_check_says_sound_only_of_what_has_run() {
    let home = Home::new();
    graph_model(&home);
    let out = |flags: &[&str]| {
        let ran = home.run(&[&["model", "check", "./m"], flags].concat());
        (ran.status, ran.stdout().to_owned())
    };
    let task = "m: a tagger: use `cloze tag`\n";
    let unrun = format!("m: nothing unsafe found (no hashes to compare)\n{task}");
    assert_eq!(out(&[]), (Some(0), unrun));
    let sound = format!("m: sound, and it runs (no hashes to compare)\n{task}");
    assert_eq!(out(&["--run"]), (Some(0), sound));
    let report: serde_json::Value = serde_json::from_str(&out(&["--run", "--json"]).1).unwrap();
    assert_eq!((&report["sound"], &report["ran"]), (&true.into(), &true.into()));
    // Of an operator that there is not: no check knows all of them.
    let graph = home.bytes("m/model.onnx");
    let at = graph.windows(9).position(|part| part == b"Transpose").unwrap();
    let mut other = graph.clone();
    other[at..at + 9].copy_from_slice(b"Transport");
    home.write("m/model.onnx", &other);
    assert_eq!(out(&[]).0, Some(0));
    let ran = home.run(&["model", "check", "./m", "--run"]);
    assert_eq!((ran.status, ran.stdout()), (Some(1), ""));
    assert!(ran.stderr.contains("ONNX Runtime refuses the graph"), "{}", ran.stderr);
}

/// A panic of the tokenizers library is one line of error, without its own message.
#[test]
fn a_damaged_tokenizer_is_one_error() {
    let home = Home::new();
    graph_model(&home);
    let text = home.read("m/tokenizer.json");
    // A merge of tokens that are not there.
    let mut whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    whole["model"] = serde_json::json!({"type": "BPE", "vocab": {"b": 0}, "merges": [["b", "b"]]});
    for damaged in [whole.to_string(), text[..text.len() / 2].to_owned()] {
        home.write("m/tokenizer.json", damaged);
        home.write("a.txt", "Ann");
        for command in [&["model", "info", "./m"][..], &["tag", "a.txt", "--model", "./m"]] {
            let ran = home.run(command);
            assert_eq!(ran.status, Some(2), "{}", ran.stderr);
            assert!(
                ran.stderr.contains("tokenizer.json: not a usable tokenizer"),
                "{}",
                ran.stderr
            );
            assert!(!ran.stderr.contains("thread '"), "{}", ran.stderr);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_folder_does_not_wait() {
    let home = Home::new();
    graph_model(&home);
    let pipe = home.path("m/README.md");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for command in ["info", "check"] {
        let ran = home.run(&["model", command, "./m"]);
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("README.md: expected a regular file"), "{}", ran.stderr);
    }
}

#[test]
fn a_long_header_of_vectors_is_not_read() {
    let home = Home::new();
    let header = |version: u8, length: &[u8]| [b"\x93NUMPY", &[version, 0][..], length].concat();
    for (bytes, expected) in [
        (header(2, &u32::MAX.to_le_bytes()), "at most 1048576 bytes, found 4294967295"),
        (header(3, &[0xff, 0xff, 0x10, 0]), "at most 1048576 bytes, found 1114111"),
        (header(1, &[9, 0]), "expected a header of 9 bytes, found 0"),
    ] {
        home.write("v.npy", bytes);
        let ran = home.run(&["index", "build", "--vectors", "v.npy", "-o", "x"]);
        assert_eq!(ran.status, Some(2));
        assert!(ran.stderr.contains("v.npy") && ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
