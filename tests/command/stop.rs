//! Ctrl-C, and readers that go away.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Home, Ran};
use crate::support::signals;

const LINE: &[u8] = b"My name is John Smith.\n";

/// Input without end, until nobody reads it. With pauses, in which results are due.
fn feed(mut stdin: ChildStdin) {
    while stdin.write_all(&LINE.repeat(8)).is_ok() {
        std::thread::sleep(Duration::from_millis(40));
    }
}

/// Waits until `done`, for a minute at most.
#[track_caller]
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_mins(1), "no {what} within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Ctrl-C, the signal of systems, and that of a terminal that is closed. With a file to be written, and at different moments of the work: while the model is loaded, too,
/// where ending in the usual way would crash now and then.
#[test]
fn an_interrupt_leaves_nothing_half_written() {
    let home = Home::new();
    for (i, output) in ["out.jsonl", "out/"].into_iter().cycle().take(14).enumerate() {
        let mut command = home.command(&["tag", "-", "-f", "jsonl", "-o", output]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || feed(stdin));
        wait_until("temporary file", || home.files("").iter().any(|name| name.contains(".cloze-")));
        std::thread::sleep(Duration::from_millis(20 * u64::try_from(i).unwrap()));
        let signals = signals();
        let (name, status) = signals[i / 2 % signals.len()];
        signal(&child, name);
        let ran = Ran::of(child.wait_with_output().unwrap(), &["interrupted"]);
        feeder.join().unwrap();
        assert_eq!((ran.status, ran.stdout(), &*ran.stderr), (Some(status), "", ""), "{name}");
        assert_eq!(home.files(""), Vec::<String>::new());
    }
}

/// What was there stays.
#[test]
fn an_interrupt_leaves_the_older_file() {
    let home = Home::with([("out.jsonl", "precious")]);
    let mut command = home.command(&["tag", "-", "-f", "jsonl", "-o", "out.jsonl", "--force"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(LINE).unwrap();
    wait_until("temporary file", || home.files("").len() == 2);
    // While it waits for more of its input.
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    drop(stdin);
    assert_eq!((home.files("").len(), home.read("out.jsonl")), (1, "precious".into()));
}

/// `cloze tag - | head -1`, where the input never ends.
#[test]
fn a_reader_may_go_away() {
    let home = Home::new();
    for format in ["pretty", "jsonl", "conll", "tsv", "inline", "html", "redact"] {
        let mut command = home.command(&["tag", "-", "-f", format]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || feed(stdin));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        let ran = Ran::of(child.wait_with_output().unwrap(), &[format]);
        feeder.join().unwrap();
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{format}");
        assert!(first.ends_with('\n'), "{format}");
    }
}

/// The same for what prints little: the pipe is closed before anything is written.
#[test]
fn a_reader_may_never_have_been_there() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    for args in [
        &["tag", "a.txt", "--quiet"][..],
        &["embed", "a.txt", "--quiet"],
        &["embed", "a.txt", "--quiet", "--format", "npy"],
        &["similarity", "a", "b"],
        &["similarity", "a", "b", "--json"],
        &["model", "list"],
        &["model", "info", "pii"],
        &["model", "check", "pii"],
        &["setup"],
        &["completions", "zsh"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdout(writer).output().unwrap();
        let ran = Ran::of(output, args);
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{args:?}");
    }
}

/// An output that fails ends the run, also while the input is idle.
#[cfg(target_os = "linux")]
#[test]
fn a_failed_output_does_not_wait_for_input() {
    let home = Home::new();
    let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_parts().0;
    let mut command = home.command(&["tag", "-", "-f", "jsonl"]);
    command.stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(LINE).unwrap();
    let mut status = None;
    wait_until("end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    drop(stdin);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.unwrap().code(), Some(2));
    assert!(stderr.starts_with("error: standard output: "), "{stderr}");
}

/// `1<file` leaves standard output open for reading only: nothing that is written there arrives.
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    for args in [
        &["tag", "a.txt", "--quiet"][..],
        &["model", "list"],
        &["setup"],
        &["completions", "zsh"],
        &["man"],
    ] {
        let unwritable = fs_err::File::open(home.path("a.txt")).unwrap().into_parts().0;
        let ran = Ran::of(home.command(args).stdout(unwritable).output().unwrap(), args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: standard output: Bad file"), "{}", ran.stderr);
    }
    assert_eq!(home.read("a.txt"), "My name is John Smith.");
}
