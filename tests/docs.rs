//! Doc lines name the thing: each is read alone, in an editor's hover or a list of rustdoc, where
//! "What it is" or "Its name" says nothing and a search for the field's term finds nothing.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// First words of relative clauses and pronouns, where a noun or a verb belongs.
const OPENERS: [&str; 8] = ["What", "Which", "How", "Where", "That of", "Those", "Its", "Such"];

/// Largest share of doc lines that may begin so, in thousandths.
const MOST_PER_MILLE: usize = 5;

/// Phrases that no reader understands alone, each with the words in its place.
const BANNED: [(&str, &str); 15] = [
    ("company would change", "results depend on the batch"),
    ("company changes results", "results depend on the batch"),
    ("what comes of it", "the result"),
    ("the surest mistakes", "the most confident errors"),
    ("what its probabilities are worth", "calibration"),
    ("is drawn follows from", "random seed"),
    ("numbers a token has", "hidden size"),
    ("what goes by it", "the residual"),
    ("nodes in view", "`ef_search`"),
    ("kept in view", "`ef_search`"),
    ("what the way back needs", "activations saved for the backward pass"),
    ("the length a gradient may have", "gradient norm"),
    ("the longest a gradient may be", "gradient norm"),
    ("how often every example is seen", "number of epochs"),
    ("where nothing is said", "by default"),
];

#[test]
fn doc_lines_begin_with_a_noun_or_a_verb() {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut lines, mut found) = (0, vec![]);
    for (path, text) in sources() {
        let docs = doc_lines(&text);
        let bad: Vec<(usize, &str)> =
            docs.iter().copied().filter(|(_, line)| opens_badly(line)).collect();
        let krate = path.split('/').nth(1).unwrap().to_owned();
        let count = counts.entry(krate).or_default();
        count.0 += docs.len();
        count.1 += bad.len();
        lines += docs.len();
        found.extend(bad.iter().map(|(number, line)| format!("{path}:{number}: {line}")));
    }
    let mut table = String::new();
    for (krate, (docs, bad)) in &counts {
        writeln!(table, "{krate}: {bad} of {docs}").unwrap();
    }
    println!("{table}");
    assert!(lines > 5000, "only {lines} doc lines found");
    assert!(
        found.len() * 1000 <= lines * MOST_PER_MILLE,
        "{} of {lines} doc lines begin with one of {OPENERS:?}:\n{}\n{table}",
        found.len(),
        found.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn no_doc_line_or_string_has_a_banned_phrase() {
    let mut found = vec![];
    for (path, text) in sources() {
        let lines: Vec<String> = text.lines().map(spoken).collect();
        for (i, line) in lines.iter().enumerate() {
            // A phrase may go on in the next line.
            let both = format!("{line} {}", lines.get(i + 1).map_or("", String::as_str));
            for (phrase, plain) in BANNED {
                if both.find(phrase).is_some_and(|start| start < line.len()) {
                    found.push(format!("{path}:{}: {phrase:?}; write {plain:?}", i + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn openers_are_told_from_words_of_a_sentence() {
    for bad in ["What it is.", "- `x`: what it is;", "- [`X`]: how it is read;", "Its name."] {
        assert!(opens_badly(bad), "{bad}");
    }
    for bad in ["[`X`]: which of them.", "Those of a text.", "That of a word.", "1. Where it is."] {
        assert!(opens_badly(bad), "{bad}");
    }
    for good in ["Hidden size.", "which is the next line", "That is why.", "Whatever", "Items"] {
        assert!(!opens_badly(good), "{good}");
    }
    let text = "/// One.\n/// ```\n/// What\n/// ```\n//! Two.\nfn x() {}\n// What\n";
    assert_eq!(doc_lines(text), [(1, "One."), (5, "Two.")]);
}

/// Whether a doc line begins a sentence with one of [`OPENERS`]. In lower case it does only behind
/// a list's link or code, since else it is a word in the midst of a sentence.
fn opens_badly(line: &str) -> bool {
    let item = line.trim_start();
    let numbered = item.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(". ");
    let item = item.strip_prefix("- ").or(numbered.filter(|_| item.starts_with(char::is_numeric)));
    let item = item.unwrap_or(line.trim_start());
    let named = item.starts_with('`') || item.starts_with('[');
    let rest = item.split_once(": ").filter(|(name, _)| named && !name.contains(' '));
    let text = rest.map_or(item, |(_, rest)| rest);
    OPENERS.iter().any(|opener| {
        let lower = opener.to_lowercase();
        let after = text
            .strip_prefix(opener)
            .or_else(|| rest.and_then(|(_, rest)| rest.strip_prefix(lower.as_str())));
        after.is_some_and(|after| !after.starts_with(char::is_alphanumeric))
    })
}

/// The lines of `///` and `//!` outside code blocks, with their numbers from 1.
fn doc_lines(text: &str) -> Vec<(usize, &str)> {
    let (mut lines, mut in_code) = (vec![], false);
    for (i, line) in text.lines().enumerate() {
        let Some(doc) = doc_of(line) else {
            in_code = false;
            continue;
        };
        if doc.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !doc.is_empty() {
            lines.push((i + 1, doc));
        }
    }
    lines
}

/// Text of a line of `///` or `//!`; `None` for other lines.
fn doc_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
    Some(doc.strip_prefix(' ').unwrap_or(doc))
}

/// Text of a line that a user may read, in lower case: of a doc comment without its marker, of code
/// without the end of a string that goes on; nothing of a plain comment.
fn spoken(line: &str) -> String {
    let line = line.trim();
    let text = match doc_of(line) {
        Some(doc) => doc,
        None if line.starts_with("//") => "",
        None => line.trim_end_matches('\\').trim_end(),
    };
    text.to_lowercase()
}

/// Path from the workspace's root, with slashes, and text of every Rust file of the crates.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut folders, mut files) = (vec![PathBuf::from("crates")], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(root.join(&folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = folder.join(&name);
            if root.join(&path).is_dir() {
                if name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let read = |path: PathBuf| {
        let text = fs_err::read_to_string(root.join(&path)).unwrap();
        (path.to_str().unwrap().replace('\\', "/"), text)
    };
    files.into_iter().map(read).collect()
}
