//! A folder of one's own, and the command run in it.
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The folder that names of models are looked up in.
pub(crate) fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// A folder that is there for one test. Commands run in it, so that messages have short paths that
/// are the same everywhere.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with these files.
    pub(crate) fn with<const N: usize>(files: [(&str, &str); N]) -> Self {
        let home = Self::new();
        for (name, content) in files {
            home.write(name, content);
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs_err::read(self.path(name)).unwrap()
    }

    /// Every file in a folder and below, hidden ones included, by name.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let (mut files, mut folders) = (vec![], vec![self.path(folder)]);
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        let base = self.path(folder);
        let name =
            |path: PathBuf| path.strip_prefix(&base).unwrap().to_string_lossy().replace('\\', "/");
        let mut names: Vec<_> = files.into_iter().map(name).collect();
        names.sort();
        names
    }

    /// A copy of the model, to be changed.
    pub(crate) fn model(&self, name: &str) {
        for file in fs_err::read_dir(models().join("pii")).unwrap() {
            let file = file.unwrap();
            let bytes = fs_err::read(file.path()).unwrap();
            self.write(&format!("{name}/{}", file.file_name().to_string_lossy()), bytes);
        }
    }

    /// The same without hashes in its card, so that a change of its files is no damage.
    pub(crate) fn model_without_hashes(&self, name: &str) {
        self.model(name);
        self.write(&format!("{name}/cloze.json"), r#"{"kind": "model", "format_version": 1}"#);
    }

    /// The command, ready to run here. `tag` is that of the small model where none is named: most
    /// tests are of what is done with entities, and not of which there are.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloze"));
        let named = |arg: &&str| ["-m", "--model"].contains(arg);
        let (name, rest) = args.split_at(usize::from(args.first() == Some(&"tag")));
        command.args(name);
        if !name.is_empty() && !args.iter().any(named) {
            command.args(["--model", "pii"]);
        }
        command.args(rest).current_dir(self.0.path()).env("CLOZE_MODELS", models());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap(), args)
    }

    /// The same where the models in the folder `models` here are found by name.
    pub(crate) fn run_with_models(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        Ran::of(command.env("CLOZE_MODELS", self.path("models")).output().unwrap(), args)
    }

    /// The same with `input` on standard input.
    pub(crate) fn run_with(&self, input: impl Into<Vec<u8>>, args: &[&str]) -> Ran {
        let input = input.into();
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap(); // one that does not read to the end may say so by itself
        Ran::of(output, args)
    }
}

/// What a command left. Making one checks that it did not panic.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) bytes: Vec<u8>,
    /// Standard error, with the times taken out.
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output, args: &[&str]) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        let status = output.status.code();
        assert!(!stderr.contains("panicked") && status != Some(101), "{args:?}: {stderr}");
        Self { status, bytes: output.stdout, stderr: without_times(&stderr) }
    }

    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// Standard output of a run without a fault.
    #[track_caller]
    pub(crate) fn good(&self) -> &str {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self.stdout()
    }

    /// The lines of standard error that are errors.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect()
    }

    /// Standard output as a JSON value a line.
    pub(crate) fn records(&self) -> Vec<Value> {
        records(self.stdout())
    }

    /// Everything, for a snapshot: scores differ between machines in their last digits.
    pub(crate) fn shown(&self) -> String {
        let status = self.status.map_or("signal".to_owned(), |status| status.to_string());
        let (stdout, stderr) = (without_scores(self.stdout()), &self.stderr);
        format!("status: {status}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

/// The lines of a stream as they come, so that a test can give up on one.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let (send, receive) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                if send.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self(receive)
    }

    /// The next line, or `None` at the end.
    #[track_caller]
    pub(crate) fn next(&self) -> Option<String> {
        match self.0.recv_timeout(Duration::from_mins(1)) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line within a minute"),
        }
    }
}

pub(crate) fn records(jsonl: &str) -> Vec<Value> {
    jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// NumPy's format of `[rows, N]`, f32.
pub(crate) fn npy<const N: usize>(rows: &[[f32; N]]) -> Vec<u8> {
    let shape = format!("({}, {N})", rows.len());
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    bytes
}

/// The entities of a record.
pub(crate) fn entities(record: &Value) -> &[Value] {
    record["entities"].as_array().unwrap()
}

/// A record's entities as (label, text).
pub(crate) fn found(record: &Value) -> Vec<(String, String)> {
    let string = |value: &Value| value.as_str().unwrap().to_owned();
    entities(record).iter().map(|e| (string(&e["label"]), string(&e["text"]))).collect()
}

/// `34 words in 0.1 s, 244 words/s` → `34 words in # s, # words/s`.
fn without_times(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for i in 1..words.len() {
        let number = words[i - 1].parse::<f64>().is_ok();
        if number && (words[i] == "s," || words[i].starts_with("words/s")) {
            words[i - 1] = "#";
        }
    }
    words.join(" ")
}

/// Numbers below 1 with more than two digits become `#`.
fn without_scores(text: &str) -> String {
    let mut parts = text.split("0.");
    let mut shown = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match part.len() - rest.len() {
            0..=2 => shown.extend(["0.", part]),
            _ => shown.extend(["#", rest]),
        }
    }
    shown
}
