//! `cloze model add`, `cloze man` and `cloze --version`.
use std::io::Write as _;

use crate::run::{Home, Ran};
use crate::support::{assert_refused, checkpoint};

/// Runs the command with a folder for models of its own.
fn installed(home: &Home, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    let output = command.env("CLOZE_MODELS", home.path("installed")).output().unwrap();
    Ran::of(output, args)
}

/// Files of a tiny tagger, by name.
fn files() -> Vec<(String, Vec<u8>)> {
    let entries = fs_err::read_dir(checkpoint("bert-token")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<_> = paths
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs_err::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn tar_gz(prefix: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Not `set_path`, which refuses what an attacker would write.
        let name = format!("{prefix}{name}");
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn zip(prefix: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("{prefix}{name}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn an_added_model_is_reported_as_json() {
    let home = Home::new();
    let args = ["model", "add", &checkpoint("bert-token"), "--name", "mine", "--json"];
    let report = installed(&home, &args);
    report.good();
    let record = &report.records()[0];
    assert_eq!(record["name"], "mine");
    assert!(record["folder"].as_str().unwrap().ends_with("mine"), "{record}");
}

/// A folder and archives, with and without a folder inside, come to the same model.
#[test]
fn a_model_is_found_by_name_once_it_is_added() {
    let home = Home::with([("a.txt", "Ann met the son in Kassel")]);
    let files = files();
    home.write("made/deep.tar.gz", tar_gz("some-folder/", &files));
    home.write("made/flat.tgz", tar_gz("", &files));
    home.write("made/deep.zip", zip("some-folder/", &files));
    let expected = home.run(&["tag", "a.txt", "-q", "-m", &checkpoint("bert-token")]);
    let expected = expected.good();
    for (source, name) in [
        (checkpoint("bert-token"), "folder"),
        ("made/deep.tar.gz".into(), "deep-tar"),
        ("made/flat.tgz".into(), "flat"),
        ("made/deep.zip".into(), "deep-zip"),
    ] {
        let add = ["model", "add", &source, "--name", name];
        let ran = installed(&home, &add);
        assert!(ran.good().starts_with(&format!("{name}  ")), "{}", ran.stdout());
        let tag = installed(&home, &["tag", "a.txt", "-q", "-m", name]);
        assert_eq!(tag.good(), expected, "{source}");
        let again = installed(&home, &add);
        assert_refused(&again, &["hint: --force replaces a model"]);
        let force = [&add[..], &["--force"]].concat();
        installed(&home, &force).good();
    }
}

#[test]
fn nothing_is_added_of_what_is_no_model_or_leaves_its_folder() {
    let home = Home::new();
    let mut files = files();
    home.write("outside.tar.gz", tar_gz("../", &files));
    home.write("outside.zip", zip("../../", &files));
    files.retain(|(name, _)| name != "tokenizer.json");
    home.write("no-tokenizer.tgz", tar_gz("", &files));
    home.write("text.txt", "no model");
    for (source, said) in [
        ("outside.tar.gz", "leaves the archive's folder"),
        ("outside.zip", "leaves the archive's folder"),
        ("no-tokenizer.tgz", "no tokenizer.json"),
        ("text.txt", "expected a folder, or an archive"),
        ("not-there", "not-there"),
    ] {
        let ran = installed(&home, &["model", "add", source]);
        assert_refused(&ran, &[said]);
    }
    let left = fs_err::read_dir(home.path("installed")).unwrap().count();
    assert_eq!(left, 0);
    let ran = installed(&home, &["model", "add", &checkpoint("bert-token"), "--name", "../x"]);
    assert_refused(&ran, &["expected a plain name"]);
}

#[test]
fn the_nearest_name_is_offered() {
    let home = Home::with([("a.txt", "x")]);
    let ran = home.run(&["tag", "a.txt", "-m", "ner-em"]);
    assert_refused(&ran, &["no model \"ner-em\"", "hint: did you mean ner-en?"]);
}

#[test]
fn there_are_manual_pages_of_all_commands() {
    let home = Home::new();
    assert!(home.run(&["man"]).good().contains(".TH cloze 1"));
    home.run(&["man", "-o", "pages"]).good();
    for page in ["cloze.1", "cloze-tag.1", "cloze-train-classify.1"] {
        let path = home.path("pages").join(page);
        assert!(fs_err::read_to_string(path).unwrap().contains(".SH OPTIONS"), "{page}");
    }
}

#[test]
fn the_version_names_the_runtime() {
    let text = Home::new().run(&["--version"]);
    let mut lines = text.good().lines();
    assert_eq!(lines.next(), Some(concat!("cloze ", env!("CARGO_PKG_VERSION"))));
    assert!(lines.next().is_some_and(|line| line.starts_with("ONNX Runtime: ")));
}

/// The graphs of a model without weights may lie in a folder of their own, as transformers.js has them.
#[test]
fn graphs_in_a_folder_of_their_own_go_along() {
    let home = Home::new();
    for (name, file) in [
        ("gpt2 by transformers.js", "onnx/model_quantized.onnx"),
        ("llama by onnxruntime-genai", "genai_config.json"),
    ] {
        let folder = cloze_testkit::exported_decoder(name);
        let args = ["model", "add", folder.path().to_str().unwrap(), "--name", "added", "--force"];
        installed(&home, &args).good();
        assert!(home.path("installed/added").join(file).is_file(), "{name}");
        let args = ["generate", "-m", "added", "--text", "The lamp", "--max-new-tokens", "3"];
        installed(&home, &args).good();
    }
}
