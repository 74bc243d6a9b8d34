//! Keys: what brings originals back, and keeps replacements the same from run to run.
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cloze_store::{AtomicFile, Existing, Location};
use serde::{Deserialize, Serialize};

use crate::{FileEdits, RedactError};

/// Kind of the file, in its first line.
const KIND: &str = "redaction key";
/// Version of the format that is written.
const VERSION: u32 = 1;
/// Longest line: the changes of one file, in bytes.
const MAX_LINE_BYTES: u64 = 1 << 30;
/// Longest first line.
const MAX_HEAD_BYTES: u64 = 1 << 12;

/// Secret of hashes and pseudonyms, and the numbers that values have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(crate) secret: [u8; 32],
    /// By label, and by value in canonical form.
    pub(crate) numbers: HashMap<String, HashMap<String, u64>>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    kind: String,
    format_version: u32,
    secret: String,
}

/// A line after the first.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Value { label: String, value: String, number: u64 },
    File(FileEdits),
}

impl Key {
    /// A key with a secret of its own, and no numbers.
    ///
    /// # Errors
    /// [`RedactError::Random`].
    pub fn generate() -> Result<Self, RedactError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(RedactError::Random)?;
        Ok(Self::with_secret(secret))
    }

    /// A key with this secret, and no numbers.
    #[must_use]
    pub fn with_secret(secret: [u8; 32]) -> Self {
        Self { secret, numbers: HashMap::new() }
    }

    /// Number of a value in canonical form: a new one for a new value.
    pub(crate) fn number(&mut self, label: &str, value: String) -> u64 {
        let numbers = self.numbers.entry(label.to_owned()).or_default();
        let next = numbers.len() as u64 + 1;
        *numbers.entry(value).or_insert(next)
    }
}

/// File with a key and the changes of files, in lines of JSON. Only its owner may read it.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    key: Key,
    /// Offsets of the lines with the changes of each redacted file, by SHA-256.
    files: HashMap<String, Vec<u64>>,
}

impl KeyFile {
    /// Opens a key file.
    ///
    /// # Errors
    /// [`RedactError::Read`], for a pipe or a device, too; [`RedactError::Readable`] if other users may read it;
    /// [`RedactError::NotAKey`] and [`RedactError::KeyLine`] for other content.
    pub fn open(path: &Path) -> Result<Self, RedactError> {
        let unreadable = |source| RedactError::Read { path: path.to_owned(), source };
        // Before it is opened: a pipe would wait for its writer.
        Location::from(path).check_file().map_err(unreadable)?;
        let file = fs_err::File::open(path).map_err(unreadable)?;
        check_private(path, &file.metadata().map_err(unreadable)?)?;
        let mut lines = Lines { file: BufReader::new(file), path, offset: 0, number: 0 };
        let head = lines.next_within(MAX_HEAD_BYTES)?.unwrap_or_default();
        let not_a_key = || RedactError::NotAKey {
            path: path.to_owned(),
            found: head.chars().take(80).collect(),
        };
        let parsed: Head = serde_json::from_str(&head).map_err(|_| not_a_key())?;
        if parsed.kind != KIND || parsed.format_version > VERSION {
            return Err(not_a_key());
        }
        let secret = base64::decode(&parsed.secret).ok();
        let secret = secret.and_then(|secret| secret.try_into().ok()).ok_or_else(not_a_key)?;
        let mut key = Key::with_secret(secret);
        let mut files = HashMap::<String, Vec<u64>>::new();
        let mut offset = lines.offset;
        while let Some(line) = lines.next()? {
            match lines.parse(&line)? {
                Line::Value { label, value, number } => {
                    key.numbers.entry(label).or_default().insert(value, number);
                }
                Line::File(edits) => {
                    files.entry(edits.output_sha256).or_default().push(offset);
                }
            }
            offset = lines.offset;
        }
        Ok(Self { path: path.to_owned(), key, files })
    }

    /// The key in the file.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The changes of the redacted file with this SHA-256, as they are recorded: several where different
    /// originals became the same, each original once; none for an unknown file.
    ///
    /// # Errors
    /// As [`open`](Self::open), if the file has changed since.
    pub fn changes(&self, output_sha256: &str) -> Result<Vec<FileEdits>, RedactError> {
        let mut changes: Vec<FileEdits> = vec![];
        for &offset in self.files.get(output_sha256).into_iter().flatten() {
            let unreadable = |source| RedactError::Read { path: self.path.clone(), source };
            let mut file = fs_err::File::open(&self.path).map_err(unreadable)?;
            file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
            let file = BufReader::new(file);
            let mut lines = Lines { file, path: &self.path, offset, number: 0 };
            let line = lines.next()?.unwrap_or_default();
            if let Line::File(edits) = lines.parse(&line)?
                && edits.output_sha256 == output_sha256
            {
                // The latest name of an original counts.
                changes.retain(|known| known.input_sha256 != edits.input_sha256);
                changes.push(edits);
            }
        }
        Ok(changes)
    }

    /// Writes a key file with what the old one at `path` recorded, if there is one, and the changes of
    /// more files: either the new file is there, whole, or the old one.
    ///
    /// # Errors
    /// [`RedactError::Store`] and [`RedactError::Write`]; those of [`open`](Self::open) for the old one.
    pub fn write<'e>(
        path: &Path,
        key: &Key,
        changes: impl IntoIterator<Item = &'e FileEdits>,
    ) -> Result<(), RedactError> {
        let unwritable = |source| RedactError::Write { path: path.to_owned(), source };
        let mut file = AtomicFile::create(path, Existing::Replace)?.private()?;
        let mut put = |line: &[u8]| {
            file.write_all(line).and_then(|()| file.write_all(b"\n")).map_err(unwritable)
        };
        let secret = base64::encode(key.secret);
        let head = Head { kind: KIND.to_owned(), format_version: VERSION, secret };
        put(&to_json(&head))?;
        if path.exists() {
            let unreadable = |source| RedactError::Read { path: path.to_owned(), source };
            let old = fs_err::File::open(path).map_err(unreadable)?;
            let mut lines = Lines { file: BufReader::new(old), path, offset: 0, number: 0 };
            lines.next()?;
            while let Some(line) = lines.next()? {
                // Values are written below, with those that have come since.
                if matches!(lines.parse(&line)?, Line::File(_)) {
                    put(line.as_bytes())?;
                }
            }
        }
        for edits in changes {
            put(&to_json(&Line::File(edits.clone())))?;
        }
        for (label, numbers) in &key.numbers {
            for (value, &number) in numbers {
                let (label, value) = (label.clone(), value.clone());
                put(&to_json(&Line::Value { label, value, number }))?;
            }
        }
        Ok(file.commit()?)
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and numbers are JSON")
}

/// Lines of a key file.
struct Lines<'p> {
    file: BufReader<fs_err::File>,
    path: &'p Path,
    /// Bytes read so far.
    offset: u64,
    /// Number of the line read last, from 1.
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<String>, RedactError> {
        self.next_within(MAX_LINE_BYTES)
    }

    fn next_within(&mut self, max_bytes: u64) -> Result<Option<String>, RedactError> {
        let mut line = String::new();
        let read = (&mut self.file).take(max_bytes).read_line(&mut line);
        let unreadable = |source| RedactError::Read { path: self.path.to_owned(), source };
        let bytes = read.map_err(unreadable)?;
        self.offset += bytes as u64;
        self.number += 1;
        Ok((bytes > 0).then_some(line).map(|line| line.trim_end_matches('\n').to_owned()))
    }

    fn parse(&self, line: &str) -> Result<Line, RedactError> {
        let (path, number) = (self.path, self.number);
        serde_json::from_str(line).map_err(|source| RedactError::KeyLine {
            path: path.to_owned(),
            line: number,
            source,
        })
    }
}

#[cfg(unix)]
fn check_private(path: &Path, metadata: &std::fs::Metadata) -> Result<(), RedactError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    // No bit for group or others.
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    Err(RedactError::Readable { path: path.to_owned(), mode })
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &std::fs::Metadata) -> Result<(), RedactError> {
    Ok(())
}
