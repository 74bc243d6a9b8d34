//! `crates/cli/REFERENCE.md` is the help of every command.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Runs the command; its help does not depend on the terminal.
fn help(command: &[&str]) -> String {
    let mut run = Command::new(env!("CARGO_BIN_EXE_cloze"));
    run.args(command).arg("--help").env("COLUMNS", "100").env_remove("CLOZE_OFFLINE");
    let output = run.output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Names of the commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // A summary that goes on in the next line is indented further.
    let entries =
        lines.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    entries.filter_map(|entry| entry.split_whitespace().next()).collect()
}

fn section(out: &mut String, command: &[&str]) {
    let text = help(command);
    let name = [&["cloze"], command].concat().join(" ");
    let trimmed: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    write!(out, "\n## {name}\n\n```text\n{}\n```\n", trimmed.join("\n")).unwrap();
    for next in commands(&text).into_iter().filter(|next| *next != "help") {
        section(out, &[command, &[next]].concat());
    }
}

/// `CLOZE_BLESS=1` writes the file anew.
#[test]
fn the_reference_is_the_help_of_every_command() {
    let mut expected =
        "# Reference\n\nThe help of every command, as `cloze COMMAND --help` prints it. \
                        The guide is [task by task](GUIDE.md).\n"
            .to_owned();
    section(&mut expected, &[]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("REFERENCE.md");
    if std::env::var_os("CLOZE_BLESS").is_some_and(|value| value == "1") {
        fs_err::write(&path, &expected).unwrap();
    }
    let found = fs_err::read_to_string(&path).unwrap();
    let different = found.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert!(found == expected, "{different:?}\nCLOZE_BLESS=1 writes it anew");
    assert!(found.contains("\n## cloze train classify\n") && found.contains("\n## cloze tag\n"));
}
