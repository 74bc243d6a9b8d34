//! Tests of the files that paths stand for.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_corpus::{CorpusError, SkipReason, Sniff, Source, Walk, find_sources};
use tempfile::TempDir;

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("b.txt", &b"b"[..]),
        ("a.txt", b""),
        ("é/deep/c.txt", "👍".as_bytes()),
        ("é/binary.png", b"PK\0"),
        ("z [1].txt", b"z"),
        (".hidden.txt", b"h"),
        (".git/config", b"h"),
        ("é/.also/x", b"h"),
        ("only/.hidden", b"h"),
        ("only/x.png", b"\0"),
    ] {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
    folder
}

fn find_in(folder: &Path, names: &[&str]) -> Walk {
    let path = |name: &&str| match *name {
        "-" => "-".to_owned(),
        name => folder.join(name).to_str().unwrap().to_owned(),
    };
    find_sources(&names.iter().map(path).collect::<Vec<_>>(), Sniff::Nul)
}

/// `path` below the folder and `relative`, where they differ with ` as ` between them.
fn shown(folder: &Path, walk: &Walk) -> Vec<String> {
    let show = |source: &Source| match source {
        Source::Stdin => "-".to_owned(),
        Source::File { path, relative } => {
            let path = path.strip_prefix(folder).unwrap().display().to_string();
            let relative = relative.display().to_string();
            if path == relative { path } else { format!("{path} as {relative}") }
        }
    };
    walk.sources.iter().map(show).collect()
}

#[test]
fn a_folder_is_its_files_by_name() {
    let folder = tree();
    let walk = find_in(folder.path(), &["."]);
    let expected = ["a.txt", "b.txt", "z [1].txt", "é/deep/c.txt"];
    assert_eq!(shown(folder.path(), &walk), expected);
    // .hidden.txt, .git, é/.also, only/.hidden; é/binary.png, only/x.png.
    let count = |reason| walk.count(reason);
    assert_eq!(
        (count(SkipReason::Hidden), count(SkipReason::Binary), walk.errors.len()),
        (4, 2, 0)
    );
    let at = |name: &str| folder.path().join(".").join(name).display().to_string();
    let named: Vec<String> = walk.skipped.iter().map(ToString::to_string).collect();
    for (name, reason) in
        [(".git", "hidden"), (".hidden.txt", "hidden"), ("é/binary.png", "binary")]
    {
        let expected = format!("{}: {reason} file skipped", at(name));
        assert!(named.contains(&expected), "{expected}: {named:?}");
    }

    let unsniffed = find_sources(&[folder.path().to_str().unwrap().to_owned()], Sniff::Off);
    assert_eq!((unsniffed.sources.len(), unsniffed.count(SkipReason::Binary)), (6, 0));
}

/// UTF-16 of Latin letters without a mark is read where encodings are guessed, and else named as it is. A
/// picture, and a lone NUL, are neither.
#[test]
fn utf_16_without_a_mark_is_text_where_encodings_are_guessed() {
    let folder = TempDir::new().unwrap();
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "Lena Vogt lives in Köln.\n".encode_utf16().flat_map(order).collect()
    };
    for (name, bytes) in [
        ("big.txt", utf16(u16::to_be_bytes)),
        ("little.txt", utf16(u16::to_le_bytes)),
        ("x.png", utf16(u16::to_le_bytes)),
        ("zero.dat", vec![0]),
        ("zeros.dat", vec![0; 64]),
    ] {
        fs_err::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().display().to_string();
    for (sniff, read, errors) in [
        (Sniff::Guess, &["big.txt", "little.txt"][..], &["zero.dat", "zeros.dat"][..]),
        (Sniff::Nul, &[], &["big.txt: UTF-16BE", "little.txt: UTF-16LE", "zero.dat", "zeros.dat"]),
    ] {
        let walk = find_sources(std::slice::from_ref(&path), sniff);
        assert_eq!(shown(folder.path(), &walk), read, "{sniff:?}");
        assert_eq!(walk.count(SkipReason::Binary), 1);
        let errors: Vec<String> = errors
            .iter()
            .map(|error| match error.split_once(": ") {
                Some((name, encoding)) => {
                    format!("{path}/{name}: not read: {encoding} without a byte order mark")
                }
                None => format!("{path}/{error}: not read: binary, and of no known kind"),
            })
            .collect();
        let said: Vec<String> = walk.errors.iter().map(ToString::to_string).collect();
        assert_eq!(said, errors, "{sniff:?}");
    }
}

#[test]
fn what_is_named_is_read() {
    let folder = tree();
    let names = [".hidden.txt", "é/binary.png", "z [1].txt", ".git", "é"];
    let walk = find_in(folder.path(), &names);
    let expected = [
        ".hidden.txt",
        "é/binary.png as binary.png",
        "z [1].txt",
        ".git/config as config",
        "é/deep/c.txt as deep/c.txt",
    ];
    assert_eq!(shown(folder.path(), &walk), expected);
    assert!(walk.errors.is_empty(), "{:?}", walk.errors);
}

#[test]
fn a_file_reached_twice_is_read_where_it_was_reached_first() {
    let folder = tree();
    let names = ["-", "b.txt", ".", "é/../a.txt", "-", "*.txt"];
    let walk = find_in(folder.path(), &names);
    let expected = ["-", "b.txt", "a.txt", "z [1].txt", "é/deep/c.txt"];
    assert_eq!(shown(folder.path(), &walk), expected);
    assert!(walk.errors.is_empty(), "{:?}", walk.errors);
}

#[test]
fn a_pattern_is_the_files_that_fit() {
    let folder = tree();
    for (pattern, expected) in [
        ("*.txt", &["a.txt", "b.txt", "z [1].txt"][..]),
        ("**/*.txt", &["a.txt", "b.txt", "z [1].txt", "é/deep/c.txt"]),
        ("[ab].t?t", &["a.txt", "b.txt"]),
        ("é/*", &["é/deep/c.txt as deep/c.txt"]),
        ("./é/d*/c.txt", &["é/deep/c.txt as deep/c.txt"]),
        (".h*", &[".hidden.txt"]),
        (".*", &[".git/config", ".hidden.txt"]),
        ("é/.*/*", &["é/.also/x as .also/x"]),
        ("A*.txt", &[]),
        ("*", &["a.txt", "b.txt", "z [1].txt", "é/deep/c.txt"]),
    ] {
        let walk = find_in(folder.path(), &[pattern]);
        assert_eq!(shown(folder.path(), &walk), expected, "{pattern}");
        assert_eq!(walk.errors.is_empty(), !expected.is_empty(), "{pattern}: {:?}", walk.errors);
    }
}

#[test]
fn a_pattern_may_begin_anywhere() {
    let find = |pattern: &str| find_sources(&[pattern.to_owned()], Sniff::Nul).sources;
    for pattern in ["src/wal*.rs", "./src/wal*.rs", "../corpus/src/wal*.rs"] {
        let sources = find(pattern);
        let [Source::File { path, relative }] = &sources[..] else { panic!("{sources:?}") };
        assert!(path.ends_with("src/walk.rs"), "{}", path.display());
        assert_eq!(relative, Path::new("walk.rs"));
    }
    let sources = find("*/walk.rs");
    assert_eq!(sources.len(), 2);
    for source in sources {
        assert!(matches!(source, Source::File { path, relative } if path == relative));
    }
}

#[test]
fn each_path_that_gives_nothing_is_an_error_and_the_others_go_on() {
    let folder = tree();
    let names = ["none.txt", "no*", "[", "only", "only/*", "a.txt/x", "b.txt"];
    let walk = find_in(folder.path(), &names);
    assert_eq!(shown(folder.path(), &walk), ["b.txt"]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let texts: Vec<_> = walk.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[..5],
        [
            format!("{}: no such file or folder", at("none.txt")),
            format!("{}: no file matches", at("no*")),
            format!("{}: expected a file, a folder or a pattern", at("[")),
            format!("{}: no file to read in it (1 hidden and 1 binary skipped)", at("only")),
            format!("{}: no file to read in it (0 hidden and 1 binary skipped)", at("only/*")),
        ]
    );
    assert!(matches!(walk.errors[5], CorpusError::Read(_)));
    assert!(texts[5].contains(&at("a.txt/x")), "{}", texts[5]);
    assert_eq!(texts.len(), 6);
    let nothing = find_sources(&[String::new()], Sniff::Nul);
    assert_eq!((nothing.sources.len(), nothing.errors.len()), (0, 1));
}

/// UTF-16 has NUL bytes, and a mark that says why; a document is read by its ending.
#[test]
fn a_binary_file_that_may_hold_text_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.txt", &b"\xFF\xFEa\0"[..]),
        ("b.csv", b"\xFE\xFF\0a"),
        ("c.txt", b"\xEF\xBB\xBFa\0"),
        ("d.docx", b"PK\0"),
        ("e.bin", b"a\0\0\x01"),
        ("f.doc", b"\xD0\xCF\x11\xE0\0"),
        ("g.jpg", b"\xFF\xD8\0"),
        ("h.jsonl.gz", b"\x1F\x8B\x08\0\0\0\0\0\0\xFF\x4B\x04\0\x43\xBE\xB7\xE8\x01\0\0\0"),
    ] {
        fs_err::write(folder.path().join(name), bytes).unwrap();
    }
    let walk = find_in(folder.path(), &["."]);
    let expected = ["a.txt", "b.csv", "c.txt", "d.docx", "h.jsonl.gz"];
    assert_eq!(shown(folder.path(), &walk), expected, "{:?}", walk.errors);
    let at = |name: &str| folder.path().join(".").join(name).display().to_string();
    let errors: Vec<_> = walk.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            format!("{}: not read: binary, and of no known kind", at("e.bin")),
            format!("{}: not read: Word 97 is not among the kinds that are", at("f.doc")),
        ]
    );
    assert_eq!(walk.count(SkipReason::Binary), 1);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn links_to_files_are_read_and_links_to_folders_are_not() {
        let folder = tree();
        let link = |to: &str, name: &str| symlink(to, folder.path().join(name)).unwrap();
        link("../only/x.png", "é/1-binary");
        link("deep/c.txt", "é/2-file");
        link("deep", "é/3-folder");
        link("..", "é/4-loop");
        link("nowhere", "é/5-broken");
        let walk = find_in(folder.path(), &["é"]);
        // c.txt was reached as 2-file already.
        assert_eq!(shown(folder.path(), &walk), ["é/2-file as 2-file"]);
        // A picture is left out by its name; binary content without one is a failure.
        assert_eq!((walk.count(SkipReason::Binary), walk.errors.len()), (1, 2));
        for name in ["é/1-binary", "é/5-broken"] {
            let path = folder.path().join(name).display().to_string();
            assert!(walk.errors.iter().any(|e| e.to_string().contains(&path)), "{name}");
        }
        // Named, it is followed.
        let walk = find_in(folder.path(), &["é/3-folder"]);
        assert_eq!(shown(folder.path(), &walk), ["é/3-folder/c.txt as c.txt"]);
    }

    /// A pipe would wait for someone to write into it.
    #[test]
    fn what_is_no_file_is_named() {
        let folder = tree();
        let pipe = folder.path().join("é/pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let walk = find_in(folder.path(), &["é"]);
        let named: Vec<String> = walk.skipped.iter().map(ToString::to_string).collect();
        let expected = format!("{}: special file skipped", pipe.display());
        assert!(named.contains(&expected), "{named:?}");
        let only = tempfile::tempdir().unwrap();
        fs_err::rename(&pipe, only.path().join("pipe")).unwrap();
        let error = find_in(only.path(), &["."]).errors.remove(0).to_string();
        assert!(error.ends_with("(0 hidden and 0 binary skipped, 1 special)"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn names_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tree();
        let name = std::ffi::OsStr::from_bytes(b"a\xFF.txt");
        fs_err::write(folder.path().join(name), "x").unwrap();
        assert_eq!(find_in(folder.path(), &["."]).sources.len(), 5);
        assert_eq!(find_in(folder.path(), &["*.txt"]).sources.len(), 3);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_an_error_among_the_files() {
        let folder = tree();
        let locked = folder.path().join("é");
        let lock =
            |mode| fs_err::set_permissions(&locked, std::fs::Permissions::from_mode(mode)).unwrap();
        lock(0);
        if fs_err::read_dir(&locked).is_ok() {
            return; // the superuser reads everything
        }
        let walk = find_in(folder.path(), &["."]);
        lock(0o755);
        assert_eq!(shown(folder.path(), &walk), ["a.txt", "b.txt", "z [1].txt"]);
        assert_eq!(walk.errors.len(), 1);
        assert!(walk.errors[0].to_string().contains("/é: "), "{}", walk.errors[0]);
    }
}
