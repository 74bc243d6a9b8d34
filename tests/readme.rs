//! The documents are true: console blocks show what the command prints, tables list what is there, links
//! lead somewhere.
//!
//! `CLOZE_BLESS=1 cargo test -p cloze-cli --test readme` writes what the command prints now into the
//! console blocks whose output is another one.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;

/// Documents with console blocks.
const SHOWN: [&str; 2] = ["README.md", "crates/cli/GUIDE.md"];
/// Largest `README.md`, in bytes: who meets the project reads it whole.
const README_BYTES: usize = 10 * 1024;
/// `cloze` from a clone.
const CARGO_RUN: &str = "cargo run --release -- ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(document: &str) -> String {
    fs_err::read_to_string(root().join(document)).unwrap()
}

/// A command and its output, as a document shows them.
#[derive(Debug, PartialEq)]
struct Shown {
    /// Line of the command, from 0.
    line: usize,
    command: String,
    /// Lines of the output, as a range of the document's lines; blank ones at the end left out.
    output: std::ops::Range<usize>,
    /// Exit status: `<!-- exit: 1 -->` before the block.
    exit: i32,
    /// Where only the last lines are shown, and the text says so: `<!-- last lines: 3 -->` before the block.
    last: Option<usize>,
}

/// Commands of the `console` blocks of a document.
fn shown(lines: &[&str]) -> Vec<Shown> {
    let mut commands: Vec<Shown> = vec![];
    let (mut exit, mut last) = (0, None);
    let mut inside = false;
    for (i, line) in lines.iter().enumerate() {
        if inside && *line == "```" {
            (inside, exit, last) = (false, 0, None);
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let command = command.replace(CARGO_RUN, "cloze ");
            commands.push(Shown { line: i, command, output: i + 1..i + 1, exit, last });
        } else if inside {
            let command = commands.last_mut().expect("a console block begins with a command");
            if !line.is_empty() {
                command.output.end = i + 1;
            }
        } else if ["```console", "```sh-session"].contains(line) {
            inside = true;
        } else if let Some(number) = directive(line, "exit") {
            exit = number.parse().unwrap();
        } else if let Some(number) = directive(line, "last lines") {
            last = Some(number.parse().unwrap());
        }
    }
    commands
}

/// The value of `<!-- name: value -->`, which readers do not see.
fn directive<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.strip_prefix(name)?.strip_prefix(": ")
}

/// Output and exit status of a command line in a folder: standard output and error together, as on a terminal.
fn run(command: &str, folder: &Path) -> (String, i32) {
    let cloze = Path::new(env!("CARGO_BIN_EXE_cloze"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [cloze.parent().unwrap().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let (mut output, writer) = std::io::pipe().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).unwrap())
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    let mut process = shell.spawn().unwrap();
    // Its ends of the pipe; while they are open, reading has no end.
    drop(shell);
    let mut bytes = vec![];
    output.read_to_end(&mut bytes).unwrap();
    let status = process.wait().unwrap().code().unwrap();
    (String::from_utf8(bytes).unwrap(), status)
}

/// The last `last` lines of an output, or all, without blanks at the end of lines and of the text.
fn lines_of(output: &str, last: Option<usize>) -> Vec<&str> {
    let lines: Vec<&str> = output.trim_end().lines().map(str::trim_end).collect();
    let first = last.map_or(0, |last| lines.len().saturating_sub(last));
    lines[first..].to_vec()
}

/// A text with what differs from one machine and run to another made the same: paths, durations,
/// numbers, and the width of columns.
fn normalised(text: &str) -> String {
    static RULES: LazyLock<[(Regex, &str); 6]> = LazyLock::new(|| {
        [
            (r#"(^|[\s"'(=])(?:/|[A-Za-z]:\\)[^\s"'),;]+"#, "${1}PATH"),
            (r"\b\d+(?:\.\d+)*(?:e[-+]?\d+)?", "N"),
            (r"(^|[\s\[(,:])[-−]N", "${1}N"),
            (r"\bN ?(?:ns|µs|ms|s|min|h)\b", "TIME"),
            (r"TIME(?: TIME)+", "TIME"),
            (r"[ \t]+", " "),
        ]
        .map(|(pattern, by)| (Regex::new(pattern).unwrap(), by))
    });
    let text = RULES
        .iter()
        .fold(text.to_owned(), |text, (rule, by)| rule.replace_all(&text, *by).into_owned());
    text.trim_end().to_owned()
}

/// Copies a folder of files and folders.
fn copy(from: &Path, to: &Path) {
    fs_err::create_dir(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs what `document` shows, one command after the other in one folder that has a copy of `data`, and
/// compares, or with `CLOZE_BLESS=1` corrects the document.
fn check(document: &str) {
    let text = read(document);
    let lines: Vec<&str> = text.lines().collect();
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("data"), &folder.path().join("data"));
    let bless = std::env::var("CLOZE_BLESS").is_ok_and(|value| value == "1");
    let (mut blessed, mut copied) = (String::new(), 0);
    let mut wrong = String::new();
    for Shown { line, command, output, exit, last } in shown(&lines) {
        let (printed, status) = run(&command, folder.path());
        let place = format!("{document}:{}: $ {command}", line + 1);
        assert_eq!(status, exit, "{place}\n{printed}");
        let expected = lines[output.clone()].join("\n");
        let printed = lines_of(&printed, last).join("\n");
        let same = normalised(&printed) == normalised(&expected);
        if bless {
            let machine = [&root().canonicalize().unwrap(), folder.path()];
            for path in machine.map(|path| path.display().to_string()) {
                assert!(!printed.contains(&path), "{place}\na path of this machine:\n{printed}");
            }
            for line in &lines[copied..output.start] {
                writeln!(blessed, "{line}").unwrap();
            }
            let shown = if same { &expected } else { &printed };
            if !shown.is_empty() {
                writeln!(blessed, "{shown}").unwrap();
                if lines.get(output.end).is_some_and(|next| next.starts_with("$ ")) {
                    writeln!(blessed).unwrap();
                }
            }
            copied = output.end;
        } else if !same {
            writeln!(wrong, "{place}\n--- shown\n{expected}\n--- printed\n{printed}\n").unwrap();
        }
    }
    if bless {
        for line in &lines[copied..] {
            writeln!(blessed, "{line}").unwrap();
        }
        if blessed != text {
            fs_err::write(root().join(document), blessed).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}CLOZE_BLESS=1 writes what is printed into the document");
}

#[test]
fn the_readme_shows_what_is_printed() {
    check(SHOWN[0]);
}

#[test]
fn the_guide_shows_what_is_printed() {
    check(SHOWN[1]);
}

/// Who reads sees no wildcard of a test, and no more than fits into a quarter of an hour.
#[test]
fn readers_see_no_wildcards() {
    for document in SHOWN {
        let text = read(document);
        let lines: Vec<&str> = text.lines().collect();
        assert!(!text.contains("[..]"), "{document}");
        assert!(
            !lines.iter().any(|line| line.trim() == "..." || line.starts_with("? ")),
            "{document}"
        );
        assert!(!shown(&lines).is_empty(), "{document}");
    }
    let readme = read("README.md");
    assert!(readme.len() <= README_BYTES, "README.md has {} bytes", readme.len());
    // The two commands that a clone begins with.
    let first = readme.split("```console\n").nth(1).unwrap();
    assert!(first.starts_with(&format!("$ {CARGO_RUN}tag data/samples\n")));
    assert!(readme.lines().any(|line| line == "cargo test --workspace"));
}

/// Every crate is in the table of crates with the crates it uses, and every row of it is a crate.
#[test]
fn the_map_is_the_territory() {
    let map = read("crates/cloze/ARCHITECTURE.md");
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `crates/")?.split_once("` |"));
    let uses = |row: &str| -> BTreeSet<String> {
        let cell = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        cell.trim().split(", ").filter(|name| *name != "–").map(str::to_owned).collect()
    };
    let rows = rows.map(|(name, row)| (name.to_owned(), uses(row)));
    let folders = fs_err::read_dir(root().join("crates")).unwrap();
    let crates = folders.map(|folder| {
        let folder = folder.unwrap();
        let manifest = fs_err::read_to_string(folder.path().join("Cargo.toml")).unwrap();
        let (_, section) = manifest.split_once("\n[dependencies]\n").unwrap_or_default();
        let section = section.split("\n[").next().unwrap();
        let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        let names = names.filter(|name| name.starts_with("cloze"));
        let uses = names.map(|name| name.strip_prefix("cloze-").unwrap_or(name).to_owned());
        (folder.file_name().to_string_lossy().into_owned(), uses.collect())
    });
    assert_eq!(rows.collect::<BTreeMap<_, _>>(), crates.collect::<BTreeMap<_, _>>());
}

/// The help of every command, by the words of its name.
fn helps() -> BTreeMap<Vec<String>, String> {
    let mut helps = BTreeMap::new();
    let mut waiting = vec![vec![]];
    while let Some(words) = waiting.pop() {
        let (help, status) = run(&format!("cloze {} --help", words.join(" ")), &root());
        assert_eq!(status, 0, "{words:?}: {help}");
        for name in commands_of(&help) {
            waiting.push([words.as_slice(), &[name.to_owned()]].concat());
        }
        helps.insert(words, help);
    }
    helps
}

/// Names of the commands below a command, by its help: set in by two blanks, where lines that go on are by more.
fn commands_of(help: &str) -> impl Iterator<Item = &str> {
    let (_, commands) = help.split_once("\nCommands:\n").unwrap_or_default();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !["", "help"].contains(name))
}

/// Every command is in the README's table of commands, and every row of it is a command.
#[test]
fn the_table_has_every_command() {
    let (help, _) = run("cloze --help", &root());
    let commands: BTreeSet<&str> = commands_of(&help).collect();
    let readme = read("README.md");
    let link = Regex::new(r"\[`([a-z-]+)`\]\(").unwrap();
    let rows = readme.lines().filter(|line| line.starts_with("| [`"));
    let names = rows.flat_map(|row| link.captures_iter(row)).map(|name| name.extract::<1>().1[0]);
    assert_eq!(names.collect::<BTreeSet<_>>(), commands);
}

/// Every command and every flag that the documents name is one, and a flag behind a command is one of
/// that command.
#[test]
fn commands_and_flags_are_named_rightly() {
    let helps = helps();
    let span = Regex::new(r"`([^`\n]+)`").unwrap();
    let flag = Regex::new(r"(?:^|[ `=(])(--[a-z][a-z0-9-]*)").unwrap();
    let has = |help: &str, flag: &str| {
        let mut words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        words.any(|word| word == flag)
    };
    let mut wrong = vec![];
    for document in SHOWN {
        let text = read(document);
        let (prose, typed) = split(&text);
        let spans = span.captures_iter(&prose).map(|span| span.extract::<1>().1[0]);
        let typed = typed.into_iter().map(|line| line.strip_prefix("$ ").unwrap_or(line));
        let typed =
            typed.flat_map(|line| line.split(" | ")).filter(|code| code.starts_with("cloze "));
        for code in spans.chain(typed) {
            let code = code.replace(CARGO_RUN, "cloze ");
            let Some(words) = code.strip_prefix("cloze ") else {
                let known = |flag: &str| helps.values().any(|help| has(help, flag));
                let flags = flag.captures_iter(&code).map(|flag| flag.extract::<1>().1[0]);
                // Flags of other programs stand behind these.
                let ours = code.starts_with('-');
                wrong.extend(flags.filter(|flag| ours && !known(flag)).map(str::to_owned));
                continue;
            };
            let mut command = vec![];
            for word in words.split(' ') {
                let deeper = [command.as_slice(), &[word.to_owned()]].concat();
                if !helps.contains_key(&deeper) {
                    break;
                }
                command = deeper;
            }
            let help = &helps[&command];
            let rest = words.split(' ').nth(command.len()).unwrap_or_default();
            let named = rest.chars().next().is_some_and(|c| c.is_ascii_lowercase());
            if named && commands_of(help).next().is_some() {
                wrong.push(code.clone());
            }
            let flags = flag.captures_iter(&code).map(|flag| flag.extract::<1>().1[0]);
            let flags = flags.filter(|flag| !has(help, flag));
            wrong.extend(flags.map(|flag| format!("{flag}: {code}")));
        }
    }
    assert!(wrong.is_empty(), "no such command or flag: {wrong:#?}");
}

/// Markdown files below a folder, apart from what is built or hidden, but for `.github`.
fn markdown(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let passed_over = name == "target" || (name.starts_with('.') && name != ".github");
        if path.is_dir() && !passed_over {
            markdown(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            files.push(path);
        }
    }
}

/// The lines of a Markdown file that are no code in fences, and those that are.
fn split(text: &str) -> (String, Vec<&str>) {
    let (mut prose, mut code, mut inside) = (String::new(), vec![], false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line);
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    (prose, code)
}

/// Anchors of the headings, as GitHub makes them: lower case, blanks as hyphens, without punctuation.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::<String, usize>::new();
    let (prose, _) = split(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = times.entry(anchor.clone()).or_default();
        *before += 1;
        if *before == 1 { anchor } else { format!("{anchor}-{}", *before - 1) }
    });
    anchors.collect()
}

/// Every link of every Markdown file that is a path, or a heading, leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut files = vec![];
    markdown(&root(), &mut files);
    let named = |end: &str| files.iter().any(|file| file.ends_with(end));
    for end in ["README.md", ".github/CONTRIBUTING.md", "cli/GUIDE.md", "cloze/ARCHITECTURE.md"] {
        assert!(named(end), "{end}");
    }
    let link = Regex::new(r"\]\(([^)\s]+)[^)]*\)|(?m)^\[[^\]]+\]: +(\S+)").unwrap();
    let code = Regex::new(r"`[^`\n]*`").unwrap();
    let mut dead = vec![];
    for file in &files {
        let text = fs_err::read_to_string(file).unwrap();
        for found in link.captures_iter(&code.replace_all(&split(&text).0, "code")) {
            let target = found.get(1).or(found.get(2)).unwrap().as_str();
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let place =
                if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            let there = place.exists()
                && (anchor.is_empty()
                    || anchors(&fs_err::read_to_string(&place).unwrap()).contains(anchor));
            if !there {
                dead.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Two runs on two machines come to the same, another word does not.
#[test]
fn numbers_times_and_paths_are_normalised() {
    let same = [
        ("in 2.0 s, 4722 words/s", "in 12 ms, 999 words/s"),
        ("in 1 min 2 s", "in 59.1 s"),
        ("    0.7552  A cat", "   -0.0524  A cat"),
        ("[-0.1,2e-5]", "[0.1,-0.25]"),
        ("in /usr/models (here)", "in /home/a/models (here)"),
        ("\"path\":\"/a/b\"", "\"path\":\"/c\""),
        ("| 1.00 |", "| -0.5 |  "),
    ];
    for (a, b) in same {
        assert_eq!(normalised(a), normalised(b));
    }
    for (a, b) in [("D003", "D004"), ("S-1 a", "S-1 b"), ("a/b", "a/c"), ("3 texts", "texts")] {
        assert_ne!(normalised(a), normalised(b));
    }
}

/// Comments before a block hold for that block; output ends where the next command begins.
#[test]
fn blocks_are_read() {
    let lines = [
        "<!-- exit: 1 -->",
        "```console",
        "$ cargo run --release -- a",
        "x",
        "",
        "y",
        "",
        "$ cloze b",
        "```",
        "```sh",
        "$ no",
        "```",
        "<!-- last lines: 2 -->",
        "```console",
        "$ c",
        "```",
    ];
    let expected = [
        Shown { line: 2, command: "cloze a".into(), output: 3..6, exit: 1, last: None },
        Shown { line: 7, command: "cloze b".into(), output: 8..8, exit: 1, last: None },
        Shown { line: 14, command: "c".into(), output: 15..15, exit: 0, last: Some(2) },
    ];
    assert_eq!(shown(&lines), expected);
    assert_eq!(lines_of("a \n\nb\n\n", Some(2)), ["", "b"]);
    assert_eq!(lines_of("a \n\nb\n\n", None), ["a", "", "b"]);
}
