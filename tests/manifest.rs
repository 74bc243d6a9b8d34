//! Cargo builds no top-level tests of a workspace by itself: one that `crates/cli/Cargo.toml` does
//! not declare is passed over in silence.
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
    let names: Vec<String> = fs_err::read_dir(package.join("../../tests"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    let there: BTreeSet<(&str, String)> =
        names.iter().map(|name| (name.as_str(), format!("../../tests/{name}.rs"))).collect();
    let there: BTreeSet<(&str, &str)> =
        there.iter().map(|(name, path)| (*name, path.as_str())).collect();
    assert_eq!(declared, there);
    assert!(there.len() >= 2);
}
