//! Destinations of results: standard output, one file, or a folder with one file per input.
use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Component, Path, PathBuf};

use cloze_corpus::{Encoding, Format, Source, unpacked_path};
use cloze_store::{AtomicFile, Existing, StoreError};

use super::{Form, FormParams, Tagged, WriteError};
use crate::commands::tag::args::OutputArg;
use crate::terminal::out::Out;

/// Most complete files without their names; each is open.
const MAX_PENDING: usize = 64;

/// Destination of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
    /// The inputs themselves; originals are kept under their names with this ending, if there is one.
    Inputs(Option<String>),
}

impl Place {
    /// Returns the destination that `--output` names: a folder if it is one, if it ends in a separator, or
    /// if a folder is read and it has no extension; else a file.
    pub(crate) fn of(output: Option<&Path>, inputs: &[String]) -> Self {
        let Some(path) = output else { return Self::Stdout };
        let text = path.to_string_lossy();
        let named_so = text.ends_with('/') || text.ends_with(std::path::MAIN_SEPARATOR);
        let reads_folder = || inputs.iter().any(|p| Path::new(p).is_dir());
        let is_folder = path.is_dir() || named_so || (path.extension().is_none() && reads_folder());
        if is_folder { Self::Folder(path.to_owned()) } else { Self::File(path.to_owned()) }
    }
}

/// A stream being written.
struct Stream {
    form: Box<dyn Form>,
    out: Out,
    backup: Option<Backup>,
}

/// A copy of a file that is about to be replaced.
struct Backup {
    original: PathBuf,
    copy: PathBuf,
    existing: Existing,
}

impl Backup {
    fn write(&self) -> anyhow::Result<()> {
        let mut copy = AtomicFile::create(&self.copy, self.existing)?;
        io::copy(&mut fs_err::File::open(&self.original)?, &mut copy)?;
        Ok(copy.commit()?)
    }

    /// Whether the copy is there already: a run that was killed made it before it replaced the file.
    fn is_made(&self) -> io::Result<bool> {
        let (original, copy) =
            (fs_err::metadata(&self.original)?, fs_err::symlink_metadata(&self.copy)?);
        if !copy.is_file() || original.len() != copy.len() {
            return Ok(false);
        }
        let mut bytes = io::BufReader::new(fs_err::File::open(&self.original)?).bytes();
        for byte in io::BufReader::new(fs_err::File::open(&self.copy)?).bytes() {
            if bytes.next().transpose()? != Some(byte?) {
                return Ok(false);
            }
        }
        Ok(bytes.next().is_none())
    }
}

impl Stream {
    fn open(params: &FormParams, out: Out) -> io::Result<Self> {
        let mut stream = Self { form: params.open(), out, backup: None };
        let (form, out) = stream.parts();
        form.begin(out)?;
        Ok(stream)
    }

    fn parts(&mut self) -> (&mut dyn Form, &mut dyn Write) {
        (self.form.as_mut(), &mut self.out)
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let (form, out) = self.parts();
        form.end(out)?;
        if let Some(backup) = &self.backup {
            backup.write()?;
        }
        self.out.finish()
    }
}

/// Writer of results to a destination. Files get their names only when they are complete.
pub(crate) struct Sink {
    params: FormParams,
    destination: Place,
    existing: Existing,
    stream: Option<Stream>,
    /// Complete files that get their names when the key file has their changes.
    pending: Vec<Stream>,
    /// Files written in this run: `--force` replaces older ones, not these.
    written: HashSet<PathBuf>,
    /// Whether an input ended without failure.
    any_whole: bool,
}

impl Sink {
    /// Opens the output; for a folder, nothing yet.
    pub(crate) fn open(
        params: FormParams,
        destination: Place,
        force: bool,
    ) -> anyhow::Result<Self> {
        let existing = if force { Existing::Replace } else { Existing::Refuse };
        let out = match &destination {
            Place::Stdout if params.restores() => Some(Out::spooled()?),
            Place::Stdout => Some(Out::stdout(params.form == OutputArg::Pretty)),
            Place::File(path) => Some(Out::file(path, existing)?),
            Place::Folder(_) | Place::Inputs(_) => None,
        };
        let stream = out.map(|out| Stream::open(&params, out)).transpose()?;
        Ok(Self {
            params,
            destination,
            existing,
            stream,
            pending: vec![],
            written: HashSet::new(),
            any_whole: false,
        })
    }

    /// Returns whether results appear on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.destination == Place::Stdout && io::stdout().is_terminal()
    }

    /// Begins an input. In a folder this opens its file.
    pub(crate) fn begin(&mut self, source: &Source, format: Option<Format>) -> anyhow::Result<()> {
        let opened = match &self.destination {
            Place::Stdout | Place::File(_) => None,
            Place::Folder(folder) => {
                let unpacks = self.params.form == OutputArg::Redact;
                let path = mirrored(source, folder, self.params.ending(format), unpacks)?;
                Some((path, None, self.existing))
            }
            Place::Inputs(suffix) => {
                let path = original(source)?;
                let backup = suffix.as_ref().map(|suffix| {
                    let mut copy = path.clone().into_os_string();
                    copy.push(suffix);
                    Backup { original: path.clone(), copy: copy.into(), existing: self.existing }
                });
                Some((path, backup, Existing::Replace))
            }
        };
        let own_file = opened.is_some();
        if let Some((path, mut backup, existing)) = opened {
            anyhow::ensure!(
                self.written.insert(path.clone()),
                "{}: {} would be written over another input's result",
                source.name(),
                path.display()
            );
            if let Some(wanted @ Backup { copy, existing: Existing::Refuse, .. }) = &backup
                && fs_err::symlink_metadata(copy).is_ok()
            {
                anyhow::ensure!(wanted.is_made()?, StoreError::Exists { path: copy.clone() });
                backup = None;
            }
            let file = Out::file(&path, existing)?;
            self.stream = Some(Stream { backup, ..Stream::open(&self.params, file)? });
        }
        if let Some(recorder) = &self.params.recorder {
            let mut recorder = recorder.borrow_mut();
            if own_file {
                recorder.begin_output();
            }
            recorder.begin_input(source);
        }
        Ok(())
    }

    /// Whether each input has a file of its own for its result.
    fn has_files(&self) -> bool {
        matches!(self.destination, Place::Folder(_) | Place::Inputs(_))
    }

    /// Whether inputs are replaced by their results, so that one with any failure stays as it is.
    pub(crate) fn is_in_place(&self) -> bool {
        matches!(self.destination, Place::Inputs(_))
    }

    /// Writes a record with its entities.
    pub(crate) fn record(&mut self, tagged: &Tagged<'_>) -> Result<(), WriteError> {
        match &mut self.stream {
            Some(stream) => {
                let (form, out) = stream.parts();
                form.record(tagged, out)
            }
            None => Ok(()),
        }
    }

    /// Writes a part of the input outside records.
    pub(crate) fn verbatim(&mut self, text: &str, encoding: Encoding) -> Result<(), WriteError> {
        match &mut self.stream {
            Some(stream) => {
                let (form, out) = stream.parts();
                form.verbatim(text, encoding, out)
            }
            None => Ok(()),
        }
    }

    /// Flushes the output, so that a reader sees all records so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.parts().1.flush(),
            None => Ok(()),
        }
    }

    /// Ends an input; one with a failure leaves no file of its own.
    pub(crate) fn end(&mut self, whole: bool) -> anyhow::Result<()> {
        let has_files = self.has_files();
        if let Some(recorder) = &self.params.recorder
            && (whole || !has_files)
        {
            recorder.borrow_mut().end_input(whole)?;
        }
        self.any_whole |= whole;
        if has_files
            && let Some(stream) = self.stream.take()
            && whole
        {
            let Some(recorder) = &self.params.recorder else { return stream.finish() };
            recorder.borrow_mut().end_output();
            self.pending.push(stream);
            if self.pending.len() >= MAX_PENDING || recorder.borrow().is_full() {
                return self.finish_pending();
            }
        }
        Ok(())
    }

    /// Names the files that are complete, after the key file has their changes.
    fn finish_pending(&mut self) -> anyhow::Result<()> {
        if let Some(recorder) = &self.params.recorder
            && !self.pending.is_empty()
        {
            recorder.borrow_mut().write_key()?;
        }
        self.pending.drain(..).try_for_each(Stream::finish)
    }

    /// Ends the output. If no input ended without failure, one file for all is not written either: an
    /// existing file is better than nothing, or than half.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        match self.stream.take() {
            Some(stream) if self.any_whole || self.destination == Place::Stdout => {
                if let Some(recorder) = &self.params.recorder {
                    recorder.borrow_mut().end_output();
                }
                self.pending.push(stream);
            }
            _ => {}
        }
        self.finish_pending()
    }
}

/// Path of an input's result in a folder; if it `unpacks`, without the ending of a packed file.
fn mirrored(
    source: &Source,
    folder: &Path,
    ending: &str,
    unpacks: bool,
) -> anyhow::Result<PathBuf> {
    let mut name = match source {
        Source::File { relative, .. } if unpacks => unpacked_path(relative).into_os_string(),
        Source::File { relative, .. } => relative.clone().into_os_string(),
        Source::Stdin => "stdin".into(),
    };
    // A pattern may have `..` behind its first `*`.
    anyhow::ensure!(
        Path::new(&name).components().all(|part| matches!(part, Component::Normal(_))),
        "{}: its result would leave {}",
        source.name(),
        folder.display()
    );
    name.push(ending);
    Ok(folder.join(name))
}

/// Path of an input that can be replaced by its result.
fn original(source: &Source) -> anyhow::Result<PathBuf> {
    match source {
        Source::Stdin => anyhow::bail!("standard input is not redacted in place"),
        Source::File { path, .. } if unpacked_path(path) != *path => anyhow::bail!(
            "{}: packed files are not redacted in place\nhint: --output FOLDER/",
            source.name()
        ),
        Source::File { path, .. } => Ok(path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_folder_when_it_says_so() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_string_lossy().into_owned();
        let file = ["a.txt".to_owned()];
        let of = |path: &str, inputs: &[String]| Place::of(Some(Path::new(path)), inputs);
        assert_eq!(Place::of(None, &file), Place::Stdout);
        assert!(matches!(of("out.jsonl", &file), Place::File(_)));
        assert!(matches!(of("out/", &file), Place::Folder(_)));
        assert!(matches!(of(&folder, &file), Place::Folder(_)));
        assert!(matches!(of("out", &file), Place::File(_)));
        assert!(matches!(of("out", std::slice::from_ref(&folder)), Place::Folder(_)));
        assert!(matches!(of("out.jsonl", &[folder]), Place::File(_)));
    }
}
