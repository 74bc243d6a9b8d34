//! Destinations of results: standard output, or a file that gets its name when it is complete.
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::Path;

use cloze_store::{AtomicFile, Existing};
use serde::Serialize;

/// Name of standard output in errors.
const STDOUT: &str = "standard output";

/// Writes a line of JSON.
pub(crate) fn json_line(out: &mut impl Write, value: &impl Serialize) -> anyhow::Result<()> {
    // As an `io::Error`, by which a closed pipe is known.
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// A stream of results. Errors have its name.
pub(crate) enum Out {
    Stdout(BufWriter<Named<Box<dyn Write>>>),
    /// A file, which is buffered by itself.
    File(Named<AtomicFile>),
    /// A file without a name, which goes to standard output when it is complete.
    Spooled(BufWriter<File>),
}

/// Writer that adds its name to errors.
pub(crate) struct Named<W> {
    writer: W,
    name: String,
}

impl<W: Write> Named<W> {
    fn named<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name)))
    }
}

impl<W: Write> Write for Named<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes);
        self.named(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer.flush();
        self.named(flushed)
    }
}

/// Returns standard output. An error has its name, and that it cannot be written is one: the standard
/// library's own takes all for written then.
pub(crate) fn stdout() -> impl Write {
    Named { writer: Open(io::stdout().lock()), name: STDOUT.into() }
}

/// Standard output, if it can be written.
struct Open<W>(W);

impl<W: Write> Write for Open<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check_open()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Fails where standard output was opened for reading only. One that was closed (`>&-`) is `/dev/null` by
/// now: the standard library opens it before `main`, read-write as libuv's children and daemons have
/// theirs, so that nothing in safe code tells them apart.
#[cfg(unix)]
fn check_open() -> io::Result<()> {
    use rustix::fs::OFlags;
    let flags = rustix::fs::fcntl_getfl(io::stdout())?;
    match flags & OFlags::ACCMODE {
        OFlags::RDONLY => Err(rustix::io::Errno::BADF.into()),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "of one form with that of Unix")]
fn check_open() -> io::Result<()> {
    Ok(())
}

impl Out {
    /// Returns standard output; colour is stripped again unless the terminal shows it.
    pub(crate) fn stdout(colour: bool) -> Self {
        let writer: Box<dyn Write> =
            if colour { Box::new(anstream::stdout()) } else { Box::new(io::stdout()) };
        let writer: Box<dyn Write> = Box::new(Open(writer));
        Self::Stdout(BufWriter::new(Named { writer, name: STDOUT.into() }))
    }

    /// Returns standard output that nothing reaches before [`finish`](Self::finish).
    pub(crate) fn spooled() -> anyhow::Result<Self> {
        Ok(Self::Spooled(BufWriter::new(tempfile::tempfile()?)))
    }

    /// Creates a file, which gets its name in [`finish`](Self::finish).
    pub(crate) fn file(path: &Path, existing: Existing) -> anyhow::Result<Self> {
        let writer = AtomicFile::create(path, existing)?;
        Ok(Self::File(Named { writer, name: path.display().to_string() }))
    }

    /// Opens the named file, or standard output without a name; `force` replaces an existing file.
    pub(crate) fn to(path: Option<&Path>, force: bool) -> anyhow::Result<Self> {
        let existing = if force { Existing::Replace } else { Existing::Refuse };
        path.map_or_else(|| Ok(Self::stdout(false)), |path| Self::file(path, existing))
    }

    /// Ends the output: a file gets its name.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        match self {
            Self::Stdout(_) => {}
            Self::File(file) => file.writer.commit()?,
            Self::Spooled(spool) => {
                let mut file = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.rewind()?;
                let mut out = Self::stdout(false);
                io::copy(&mut file, &mut out)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(out) => out.write(bytes),
            Self::Spooled(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out) => out.flush(),
            Self::Spooled(out) => out.flush(),
        }
    }
}
