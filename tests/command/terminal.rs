//! Output of commands on a terminal.
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::run::Home;
use crate::support::checkpoint;

/// Columns of a terminal where no line is too long.
const WIDE: usize = 600;

/// Output of a command on its terminal, and where that was not the terminal, to standard output.
struct Shown {
    status: Option<i32>,
    width: usize,
    /// All bytes, with those that move the cursor.
    raw: String,
    stdout: Vec<u8>,
}

/// Runs a command whose standard error is a terminal of `width` columns, and its standard output, too, with
/// `stdout`.
fn shown(mut command: Command, stdout: bool, width: usize) -> Shown {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, vec![]).unwrap();
    // Not the terminal of this process: its end would end the tests.
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let terminal: OwnedFd = rustix::fs::open(&*name, flags, Mode::empty()).unwrap();
    let mut size = Command::new("stty");
    size.args(["rows", "50", "cols", &width.to_string()]);
    assert!(size.stdin(terminal.try_clone().unwrap()).status().unwrap().success());
    command.env("TERM", "xterm").stderr(Stdio::from(terminal.try_clone().unwrap()));
    let shared = |terminal: &OwnedFd| Stdio::from(terminal.try_clone().unwrap());
    command.stdout(if stdout { shared(&terminal) } else { Stdio::piped() });
    let mut child = command.spawn().unwrap();
    // They hold the terminal open.
    drop((command, size, terminal));
    let pipe = child.stdout.take();
    let piped = std::thread::spawn(move || {
        let mut bytes = vec![];
        pipe.map(|mut pipe| pipe.read_to_end(&mut bytes).unwrap());
        bytes
    });
    let (mut controller, mut raw, mut block) = (File::from(controller), vec![], [0; 4096]);
    // A terminal that nobody has open any more ends with an error.
    while let Ok(n @ 1..) = controller.read(&mut block) {
        raw.extend_from_slice(&block[..n]);
    }
    let status = child.wait().unwrap().code();
    Shown { status, width, raw: String::from_utf8(raw).unwrap(), stdout: piped.join().unwrap() }
}

impl Shown {
    /// Rows that stay on the screen; a line that is longer takes several. Source of the sequences: ECMA-48,
    /// §8.3.
    fn screen(&self) -> Vec<String> {
        let (mut lines, mut row, mut column) = (vec![String::new()], 0, 0);
        let mut chars = self.raw.chars();
        while let Some(char) = chars.next() {
            match char {
                '\r' => column = 0,
                '\n' => {
                    row += 1;
                    if row == lines.len() {
                        lines.push(String::new());
                    }
                }
                '\u{1b}' => {
                    assert_eq!(chars.next(), Some('['), "{:?}", self.raw);
                    let (mut number, mut end) = (String::new(), None);
                    for char in chars.by_ref() {
                        if char.is_ascii_alphabetic() {
                            end = Some(char);
                            break;
                        }
                        number.push(char);
                    }
                    match end {
                        Some('A') => row -= number.parse::<usize>().unwrap_or(1).min(row),
                        Some('B') => row = (row + number.parse().unwrap_or(1)).min(lines.len() - 1),
                        Some('K') if number == "2" => lines[row].clear(),
                        Some('K') if ["", "0"].contains(&&*number) => {
                            lines[row] = lines[row].chars().take(column).collect();
                        }
                        // Colours, and whether the cursor is seen.
                        Some('m' | 'h' | 'l') => {}
                        other => panic!("{number}{other:?}: {:?}", self.raw),
                    }
                }
                char => {
                    // The cursor waits at the last column until there is another character.
                    if column == self.width {
                        (row, column) = (row + 1, 0);
                        if row == lines.len() {
                            lines.push(String::new());
                        }
                    }
                    let mut line: Vec<char> = lines[row].chars().collect();
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = char;
                    column += 1;
                    lines[row] = line.into_iter().collect();
                }
            }
        }
        // Rows below the cursor that were written and cleared are as others below it.
        while lines.len() > row + 1 && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

/// Bytes that a terminal would take for commands are refused before the model is opened; a pipe gets them.
#[test]
fn bytes_are_not_written_to_a_terminal() {
    let home = Home::with([("a.txt", "Ann met the son .\n")]);
    let model = checkpoint("bert");
    for (format, level) in [("npy", "sentence"), ("npz", "token"), ("safetensors", "token")] {
        let args = ["embed", "a.txt", "-m", &model, "--format", format, "--level", level];
        let ran = shown(home.command(&args), true, WIDE);
        assert_eq!(ran.status, Some(2), "{format}: {:?}", ran.raw);
        let expected = format!(
            "error: --format {format} is not text, and standard output is a terminal\n\
             hint: --output FILE, or a pipe\n"
        );
        assert_eq!(ran.screen().join("\n"), expected);
        let ran = shown(home.command(&args), false, WIDE);
        assert_eq!(ran.status, Some(0), "{format}: {:?}", ran.raw);
        assert!(!ran.stdout.is_empty(), "{format}");
    }
    // Text is no such format.
    let ran = shown(home.command(&["embed", "a.txt", "-m", &model, "--json"]), true, WIDE);
    assert_eq!(ran.status, Some(0), "{:?}", ran.raw);
    assert!(ran.screen().iter().any(|line| line.starts_with("{\"")), "{:?}", ran.raw);
}

/// Whatever the run ends with, the messages stay, and of the bar nothing.
#[test]
fn the_progress_bar_leaves_nothing_behind() {
    let text = "Ann met the son .\n".repeat(300);
    let home = Home::with([("a.txt", &*text), ("bad.txt", "\u{0}"), ("b.conll", "Ann\tB-PER\n\n")]);
    home.write("latin.txt", b"Ann met the son .\n\xff\n");
    let model = checkpoint("bert");
    let steps = ["--max-steps=2", "--batch=2", "--rank=2", "--hold-out=0", "-o", "m", "--force"];
    let tune = [&["train", "tag", "b.conll", "-m", &model][..], &steps].concat();
    for (args, status, drawn) in [
        (&["embed", "a.txt", "--input", "lines", "-m", &model, "--json"][..], Some(0), true),
        (&["embed", "a.txt", "latin.txt", "-m", &model, "--json"], Some(1), true),
        (&["tag", "a.txt", "-f", "jsonl"], Some(0), true),
        (&["score", "a.txt", "--input", "lines", "-m", &model], Some(2), false),
        (&tune, Some(0), true),
        (&["embed", "nowhere.txt", "-m", &model, "--json"], Some(2), true),
    ] {
        for width in [WIDE, 30] {
            let ran = shown(home.command(args), false, width);
            assert_eq!(ran.status, status, "{args:?}: {:?}", ran.raw);
            assert_eq!(ran.raw.contains(" gone"), drawn, "{args:?}: {:?}", ran.raw);
            let screen = ran.screen();
            let bar =
                |line: &String| line.contains(" gone") || line.contains('█') || line.contains('░');
            assert!(!screen.iter().any(bar), "{args:?}: {screen:#?}");
            assert_eq!(screen.last().map(String::as_str), Some(""), "{args:?}: {screen:#?}");
            // Between messages there is no row that the bar left empty.
            let messages = &screen[..screen.len() - 1];
            assert!(messages.iter().all(|line| !line.trim().is_empty()), "{args:?}: {screen:#?}");
            // The cursor is seen again.
            let hidden = ran.raw.matches("\u{1b}[?25l").count();
            assert!(hidden <= ran.raw.matches("\u{1b}[?25h").count(), "{:?}", ran.raw);
        }
    }
}

/// Results and bar on one terminal: each result is a line of its own.
#[test]
fn results_on_a_terminal_are_whole_lines() {
    let text = "Ann met the son .\n".repeat(300);
    let home = Home::with([("a.txt", &*text)]);
    let args = ["tag", "a.txt", "--input", "lines", "-f", "jsonl"];
    let piped = home.run(&args);
    let ran = shown(home.command(&args), true, WIDE);
    assert_eq!(ran.status, Some(0), "{:?}", ran.raw);
    let screen = ran.screen();
    let results: Vec<&str> =
        screen.iter().map(|line| line.trim_end()).filter(|line| line.starts_with('{')).collect();
    assert_eq!(results, piped.good().lines().collect::<Vec<_>>());
    // The model, the results, the summary, and the row that the cursor is in.
    assert_eq!(screen.len(), 300 + 3, "{screen:#?}");
}
