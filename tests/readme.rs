//! What the README shows is what the command prints, and every path it names is there.
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The console blocks of the README, run from the root; `[..]` and `...` stand for what varies. The
/// command that is under test is the one that `cargo run --release --` starts.
#[test]
fn the_console_blocks_are_true() {
    std::env::set_current_dir(root()).unwrap();
    let readme = fs_err::read_to_string("README.md").unwrap();
    assert!(readme.contains("$ cargo run --release -- tag data/samples\n"));
    let folder = tempfile::tempdir().unwrap();
    let blocks = folder.path().join("README.md");
    fs_err::write(&blocks, readme.replace("$ cargo run --release -- ", "$ cloze ")).unwrap();
    trycmd::TestCases::new().case(blocks).timeout(std::time::Duration::from_mins(2)).run();
}

/// Every crate is in the README's table of crates, and every row of it is a crate.
#[test]
fn the_map_is_the_territory() {
    let readme = fs_err::read_to_string(root().join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `crates/")?.split('`').next());
    let mut rows: Vec<&str> = rows.collect();
    rows.sort_unstable();
    let folders = fs_err::read_dir(root().join("crates")).unwrap();
    let mut folders: Vec<String> =
        folders.map(|f| f.unwrap().file_name().to_string_lossy().into_owned()).collect();
    folders.sort();
    assert_eq!(rows, folders);
}

/// Every link of the Markdown files that is a path leads somewhere.
#[test]
fn links_lead_somewhere() {
    for file in [
        "README.md",
        "data/README.md",
        "models/README.md",
        "models/ner-en/README.md",
        "models/pii/README.md",
        "models/sentiment-en/README.md",
    ] {
        let path = root().join(file);
        let text = fs_err::read_to_string(&path).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = path.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(target.exists(), "{file}: {link}");
        }
    }
}
