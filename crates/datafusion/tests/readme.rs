//! The README's commands, run as they stand there.
#![cfg(feature = "cluster")]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::net::TcpListener;
use std::process::Command;

use cloze_testkit::texts::of_mixed_lengths;
use common::{batch, write_parquet};

/// Blocks of `sh`, one behind the other.
fn script() -> String {
    let readme = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks: Vec<&str> =
        readme.split("```sh\n").skip(1).map(|block| block.split_once("```").unwrap().0).collect();
    assert_eq!(blocks.len(), 5);
    // Other processes may have the README's ports.
    let listeners: Vec<_> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let mut script = blocks.concat();
    for (port, listener) in (50050..).zip(&listeners) {
        let free = listener.local_addr().unwrap().port();
        script = script.replace(&port.to_string(), &free.to_string());
    }
    script
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let texts = of_mixed_lengths(1, 250);
    let texts: Vec<_> = texts.iter().map(|text| Some(&**text)).collect();
    write_parquet(&folder.path().join("texts.parquet"), &batch(&texts), 100);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_cloze-cluster"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let script = format!("set -eu\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n{}", script());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("CLOZE_MODELS", concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{stderr}");
    assert!(stderr.contains("1 of 3 parts written, 100 rows"), "{stderr}");
    assert!(stderr.contains("holds the output of another job: the query is"), "{stderr}");
    let hashes = String::from_utf8_lossy(&output.stdout);
    let hashes: Vec<&str> = hashes.lines().collect();
    assert!(hashes[0].starts_with("minilm-l6-v2@") && hashes[0].len() == 13 + 64, "{hashes:?}");
    // That of the cluster, and that of what was fetched.
    assert_eq!(hashes, [hashes[0]; 2]);
    // Whoever reads the README reads these numbers of rows.
    let written = |name: &str| fs_err::read_dir(folder.path().join(name)).unwrap().count();
    // A manifest, a lock and parts.
    assert_eq!((written("here"), written("redacted")), (2 + 1, 2 + 3));
    assert_eq!(written("from-store"), 2 + 1);
}
