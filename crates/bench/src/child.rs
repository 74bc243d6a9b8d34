//! A system in a process of its own.
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, anyhow};

use crate::machine::{self, Load, Since};
use crate::protocol::{Answer, Ready, Request};

/// A system that waits for requests.
pub(crate) struct Served {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    log: PathBuf,
    pub(crate) ready: Ready,
}

impl Served {
    /// Starts a system, and waits until it is ready. What it says on stderr goes to `log`.
    ///
    /// # Errors
    /// If it cannot be started, or ends before it is ready; its last words are named.
    pub(crate) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let stderr = fs_err::File::create(log)?.into_file();
        let program = PathBuf::from(command.get_program());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        let input = child.stdin.take().context("no pipe to it")?;
        let output = BufReader::new(child.stdout.take().context("no pipe from it")?);
        // Whole from here on, so that whatever fails the process is ended.
        let mut this = Self { child, input, output, log: log.to_owned(), ready: Ready::default() };
        this.ready = this.line()?;
        Ok(this)
    }

    fn line<T: serde::de::DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            // It ends by itself; its status adds nothing to what it said.
            let _ = self.child.wait();
            let log = fs_err::read_to_string(&self.log).unwrap_or_default();
            let last = log.lines().rev().find(|line| !line.trim().is_empty());
            return Err(anyhow!("{}", last.unwrap_or("it ended without a word").trim()));
        }
        serde_json::from_str(&line).with_context(|| format!("it said {:?}", line.trim_end()))
    }

    /// # Errors
    /// If it ends, or answers something else.
    pub(crate) fn ask(&mut self, request: &Request) -> anyhow::Result<Answer> {
        writeln!(self.input, "{}", serde_json::to_string(request)?)?;
        self.input.flush()?;
        self.line()
    }

    /// Likewise, and what the machine did meanwhile.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn measure(
        &mut self,
        request: &Request,
        threads: usize,
    ) -> anyhow::Result<(Answer, Load)> {
        let since = Since::now(self.child.id())?;
        let answer = self.ask(request)?;
        Ok((answer, since.load(self.child.id(), threads)?))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it has had in use so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        machine::peak_memory(self.child.id())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It only waits for more; nobody is left to be told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn last_words_of_one_that_is_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let start = |command| Served::start(command, &folder.path().join("log")).err().unwrap();
        let why = start(shell("echo Traceback >&2; echo 'no module named x' >&2; exit 1"));
        assert_eq!(why.to_string(), "no module named x");
        assert_eq!(start(shell("exit 0")).to_string(), "it ended without a word");
        assert!(start(shell("echo Loading")).to_string().contains("Loading"));
        assert!(start(Command::new("no-such-program")).to_string().contains("no-such-program"));
    }

    #[test]
    fn questions_are_answered_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let script = "echo '{\"versions\":{\"sh\":\"1\"}}'; read a; echo '{\"seconds\":0.5}'; read b; \
                      echo '{\"seconds\":2,\"padded\":7}'; read c; echo oops >&2";
        let mut served = Served::start(shell(script), &folder.path().join("log")).unwrap();
        assert_eq!(served.ready.versions["sh"], "1");
        let run = Request::Run { texts: "t".into() };
        assert!((served.ask(&run).unwrap().seconds - 0.5).abs() < 1e-12);
        let (answer, load) = served.measure(&run, 2).unwrap();
        assert_eq!((answer.padded, load.threads), (Some(7), 2));
        assert!(served.peak_memory().unwrap() > 0);
        assert_eq!(served.ask(&run).unwrap_err().to_string(), "oops");
    }
}
