//! Cargo builds no top-level tests of a workspace by itself: one that `crates/cli/Cargo.toml` does
//! not declare is passed over in silence.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_test_is_declared() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs_err::read_to_string(package.join("Cargo.toml")).unwrap();
    let declared: BTreeSet<(&str, &str)> = manifest
        .split("[[test]]")
        .skip(1)
        .map(|section| {
            let value = |key: &str| {
                let line = section
                    .lines()
                    .find_map(|l| l.strip_prefix(key)?.trim_start().strip_prefix('='));
                line.unwrap().trim().trim_matches('"')
            };
            (value("name"), value("path"))
        })
        .collect();
    let there = tests(&package.join("../../tests"));
    let there: BTreeSet<(&str, &str)> =
        there.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    assert_eq!(declared, there);
    assert!(there.iter().any(|(_, path)| path.ends_with("/main.rs")));
    assert!(there.iter().any(|(_, path)| !path.ends_with("/main.rs")));
}

/// Name and path of each test: files, and `main.rs` of folders that hold Rust files.
fn tests(folder: &Path) -> Vec<(String, String)> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs_err::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut tests = vec![];
    for name in names(folder) {
        let path = folder.join(&name);
        if let Some(test) = name.strip_suffix(".rs") {
            tests.push((test.to_owned(), format!("../../tests/{name}")));
        } else if path.is_dir()
            && names(&path).iter().any(|file| file.strip_suffix(".rs").is_some())
        {
            assert!(path.join("main.rs").exists(), "{name}: Rust files, but no main.rs");
            tests.push((name.clone(), format!("../../tests/{name}/main.rs")));
        }
    }
    tests
}
