//! Files and folders of labelled texts.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_corpus::{CorpusError, Encoding, Holds, LabelledParams, labelled_sources};
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
    folder
}

/// The paths below the folder: `@` stands for it.
fn paths(folder: &Path, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.replace('@', folder.to_str().unwrap())).collect()
}

/// `path:line text=label` or `!error`, the folder as `@`.
fn read(folder: &TempDir, params: LabelledParams, names: &[&str]) -> Result<Vec<String>, String> {
    let at = folder.path();
    let short = |text: String| text.replace(at.to_str().unwrap(), "@");
    let sources = labelled_sources(&paths(at, names)).map_err(|error| short(error.to_string()))?;
    let mut labelled = params.check().unwrap().open_all(sources);
    let mut shown = vec![];
    while let Some(next) = labelled.next() {
        let path = labelled.path().display();
        shown.push(short(match next {
            Ok(e) => format!("{path}:{} {}={}", e.line, e.text, e.labels.concat()),
            Err(error) => format!("!{error}"),
        }));
    }
    Ok(shown)
}

fn good(folder: &TempDir, names: &[&str]) -> Vec<String> {
    read(folder, LabelledParams::default(), names).unwrap()
}

#[test]
fn a_file_or_a_folder_a_class() {
    let home = folder(&[
        ("flat/pos.txt", b"good\n\nbest \n"),
        ("flat/neg", b"\xef\xbb\xbfbad\r\n"),
        ("flat/.hidden", b"x"),
        ("deep/pos/1.txt", b"good\nbest\n"),
        ("deep/pos/2", b""),
        ("deep/neg/1.csv", b"bad"),
        ("own.csv", b"text,label\nso,so\n"),
        ("a=b.csv", b"text,label\nab,x\n"),
    ]);
    let flat = ["@/flat/neg:1 bad=neg", "@/flat/pos.txt:1 good=pos", "@/flat/pos.txt:3 best =pos"];
    assert_eq!(good(&home, &["@/flat"]), flat);
    assert_eq!(
        good(&home, &["@/deep"]),
        [
            "@/deep/neg/1.csv:1 bad=neg",
            "@/deep/pos/1.txt:1 good\nbest\n=pos",
            "@/deep/pos/2:1 =pos"
        ]
    );
    assert_eq!(
        good(&home, &["+=@/flat/pos.txt", "-=@/flat/neg"]),
        ["@/flat/pos.txt:1 good=+", "@/flat/pos.txt:3 best =+", "@/flat/neg:1 bad=-",]
    );
    assert_eq!(good(&home, &["+=@/deep/pos"])[1], "@/deep/pos/2:1 =+");
    // A file with the whole name comes first, and files with labels in them go with the others.
    let both = ["@/a=b.csv:2 ab=x", "@/own.csv:2 so=so"];
    assert_eq!(good(&home, &["@/a=b.csv", "@/own.csv"]), both);
    assert_eq!(good(&home, &["@/*.csv"]), both);
    let holds = |name| labelled_sources(&paths(home.path(), &[name])).unwrap()[0].holds.clone();
    assert_eq!(holds("x=-"), Holds::Lines("x".into()));
    assert_eq!(holds("-"), Holds::Examples);
}

#[test]
fn a_folder_that_could_mean_two_things() {
    let home = folder(&[
        ("stems/rt.neg", b"a\n"),
        ("stems/rt.pos", b"b\n"),
        ("beside/pos/1", b"a"),
        ("beside/x.txt", b"b"),
        ("deeper/pos/1/2", b"a"),
        ("tables/train.csv", b"a"),
        ("empty/.x", b"a"),
    ]);
    let classes = "expected one file, or one folder of files, per class, found";
    for (name, expected) in [
        (
            "stems",
            "@/stems/rt.neg, @/stems/rt.pos: expected one file for the class \"rt\", found two; \
             LABEL=FILE says which is which"
                .to_owned(),
        ),
        ("beside", format!("@/beside: {classes} files beside folders")),
        ("deeper", format!("@/deeper: {classes} folders in folders")),
        ("tables", format!("@/tables: {classes} tables or JSON lines, which are named one by one")),
        ("empty", "@/empty: no file to read in it (1 hidden and 0 binary skipped)".to_owned()),
        ("gone", "@/gone: no such file or folder".to_owned()),
    ] {
        let found = read(&home, LabelledParams::default(), &[&format!("@/{name}")]);
        assert_eq!(found, Err(expected));
    }
    let found = read(&home, LabelledParams::default(), &["x=@/gone"]);
    assert_eq!(found, Err("@/gone: no such file or folder".to_owned()));
    assert_eq!(
        good(&home, &["-=@/stems/rt.neg", "+=@/stems/rt.pos"]),
        ["@/stems/rt.neg:1 a=-", "@/stems/rt.pos:1 b=+"]
    );
}

#[test]
fn one_bad_file_leaves_the_others() {
    let home = folder(&[
        ("a", b"one\n\xe9t\xe9\n"),
        ("b", b"three\ntoo long a line\nsix\n"),
        ("c.txt", b"x"),
        ("d.csv", b"text,tag\ne,f\n"),
    ]);
    let names = ["x=@/a", "@/c.txt", "y=@/b", "@/d.csv"];
    let found = read(&home, LabelledParams::default().max_text_bytes(9), &names).unwrap();
    assert_eq!(
        found,
        [
            "@/a:1 one=x",
            "!@/a: byte 4: expected UTF-8, found invalid bytes",
            "!@/c.txt: expected texts with labels as csv, tsv or jsonl, found text",
            "@/b:1 three=y",
            "!@/b:2: expected at most 9 bytes, found more",
            "@/b:3 six=y",
            "@/d.csv:2 e=f",
        ]
    );
    let latin = LabelledParams::default().encoding(Encoding::parse("latin-1").unwrap());
    assert_eq!(read(&home, latin, &["x=@/a"]).unwrap()[1], "@/a:2 été=x");
    let pairs = read(&home, LabelledParams::default().pairs(true), &["x=@/a"]).unwrap();
    let error =
        "!@/a: expected pairs of texts with labels as csv, tsv or jsonl, found a file of one class";
    assert_eq!(pairs, [error]);
    let gone = LabelledParams::default().check().unwrap();
    let source =
        cloze_corpus::Source::File { path: "gone.csv".into(), relative: "gone.csv".into() };
    assert!(matches!(gone.open(&source), Err(CorpusError::Read(_))));
}
