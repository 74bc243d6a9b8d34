//! Files, folders, patterns and `-` → sources.
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{self, Component, Path, PathBuf};

use glob::MatchOptions;
use walkdir::WalkDir;

use crate::decode::read_error;
use crate::encoding::unmarked_utf16;
use crate::skipped::{holds_no_text, unread_kind};
use crate::unpack::Unpacked;
use crate::{CorpusError, Encoding, Format, NotReadReason, SkipReason, Skipped};

/// Test of the files of folders, by their first bytes, for those that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sniff {
    /// None: all are read.
    Off,
    /// A NUL is a sign of a binary file, unless a byte order mark says that it is UTF-16.
    Nul,
    /// Likewise, but UTF-16 of Latin letters is text without a mark, too.
    Guess,
}

/// Number of bytes of a file that are searched for a NUL.
const SNIFF_BYTES: u64 = 8 * 1024;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The standard input.
    Stdin,
    /// A file.
    File {
        /// Path of the file.
        path: PathBuf,
        /// The part of `path` that mirrors it below another folder: for a file in a folder what
        /// comes after that folder, for one that fits a pattern what comes after the folders
        /// the pattern names in full, for a file named by itself the last part.
        relative: PathBuf,
    },
}

impl Source {
    /// The standard input for `-`, or else the file of this path.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == "-" {
            return Self::Stdin;
        }
        let path = PathBuf::from(name);
        Self::File { relative: path.clone(), path }
    }

    /// Name in messages: `-`, or the path.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File { path, .. } => path.display().to_string(),
        }
    }
}

/// Result of [`find_sources`].
#[derive(Debug, Default)]
pub struct Walk {
    /// The inputs, in the order of the paths, and by name within a folder.
    pub sources: Vec<Source>,
    /// Files of folders that are left out; of a hidden folder the folder alone.
    pub skipped: Vec<Skipped>,
    /// One for each path that gives nothing, and for each part of a folder that cannot be read.
    pub errors: Vec<CorpusError>,
}

impl Walk {
    /// Number of files left out for this reason.
    #[must_use]
    pub fn count(&self, reason: SkipReason) -> u64 {
        self.skipped.iter().filter(|skipped| skipped.reason == reason).count() as u64
    }
}

/// The inputs that `paths` name:
/// - `-` is the standard input;
/// - a file is read, whatever it holds;
/// - a folder stands for the files in it and below. Skipped, and named in [`Walk::skipped`], are
///   hidden ones (a leading dot), anything that is not a file, such as a pipe, and with
///   [`Sniff::Nul`] or [`Sniff::Guess`] pictures, sound, films, fonts and programs. Another file with a NUL in the first
///   8 KiB is an error, unless it is a document or begins with a byte order mark. Links to folders
///   are not followed;
/// - a path that does not exist and has a `*`, `?` or `[` is a pattern, where `**` stands for
///   folders of any depth. It fits hidden names only where it spells a dot, and no names that are
///   not UTF-8. Binary files are skipped; a folder that fits stands for the files in it.
///
/// A file reached twice, links resolved, is read once, where it was reached first; hard links are
/// files of their own.
#[must_use]
pub fn find_sources(paths: &[String], sniff: Sniff) -> Walk {
    let mut finder = Finder { walk: Walk::default(), seen: HashSet::new(), sniff };
    for path in paths {
        if let Err(error) = finder.add(path) {
            finder.walk.errors.push(error);
        }
    }
    finder.walk
}

struct Finder {
    walk: Walk,
    /// `None` is the standard input.
    seen: HashSet<Option<PathBuf>>,
    sniff: Sniff,
}

impl Finder {
    fn add(&mut self, name: &str) -> Result<(), CorpusError> {
        if name == "-" {
            if self.seen.insert(None) {
                self.walk.sources.push(Source::Stdin);
            }
            return Ok(());
        }
        let path = Path::new(name);
        match fs_err::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                self.add_all(path, |finder| finder.add_folder(path, path))
            }
            Ok(_) => {
                self.add_file(path, Path::new(path.file_name().unwrap_or(path.as_os_str())));
                Ok(())
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CorpusError::Read(error)),
            Err(_) if name.contains(['*', '?', '[']) => self.add_pattern(name),
            Err(_) => Err(CorpusError::NotFound { path: path.to_owned() }),
        }
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), CorpusError> {
        let is_wild = |part: &Component<'_>| {
            part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
        };
        let is_dotted = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
        let parts = || Path::new(pattern).components();
        let base: PathBuf =
            parts().take_while(|part| !is_wild(part)).filter(|&p| p != Component::CurDir).collect();
        let spells_dot = parts().skip_while(|part| !is_wild(part)).any(is_dotted);
        // glob finds the folder itself and the one above by `.*`.
        let dots = |path: &[u8]| {
            let parts = path.split(|&byte| path::is_separator(byte.into()));
            parts.filter(|part| matches!(*part, b"." | b"..")).count()
        };
        // Not by `require_literal_leading_dot`: in glob 0.3.4 that panics where a name is no UTF-8,
        // and finds no `.x*`.
        let fits = |path: &Path| {
            let below = path.strip_prefix(&base).unwrap_or(path);
            dots(path.as_os_str().as_encoded_bytes()) <= dots(pattern.as_bytes())
                && (spells_dot || !below.components().any(is_dotted))
        };
        let mut matches = glob::glob_with(pattern, MatchOptions::new())
            .map_err(|source| CorpusError::Pattern { pattern: pattern.to_owned(), source })?
            .filter(|path| path.as_ref().map_or(true, |path| fits(path)))
            .peekable();
        if matches.peek().is_none() {
            return Err(CorpusError::NoMatch { pattern: pattern.to_owned() });
        }
        self.add_all(pattern.as_ref(), |finder| {
            let mut files = 0;
            for path in matches {
                files += match path {
                    Ok(path) if path.is_dir() => finder.add_folder(&path, &base),
                    Ok(path) => finder.add_found(&path, &base),
                    // Its own conversion forgets the path.
                    Err(error) => {
                        finder.fail(CorpusError::Read(io::Error::new(error.error().kind(), error)))
                    }
                };
            }
            files
        })
    }

    /// Runs `add`, which gives the number of files found; none at all is an error, unless `add`
    /// has left one that says why.
    fn add_all(
        &mut self,
        path: &Path,
        add: impl FnOnce(&mut Self) -> u64,
    ) -> Result<(), CorpusError> {
        let skipped = self.walk.skipped.len();
        let errors = self.walk.errors.len();
        if add(self) == 0 && self.walk.errors.len() == errors {
            let skipped = &self.walk.skipped[skipped..];
            let count = |reason| skipped.iter().filter(|s| s.reason == reason).count() as u64;
            return Err(CorpusError::NoFiles {
                path: path.to_owned(),
                hidden: count(SkipReason::Hidden),
                binary: count(SkipReason::Binary),
                special: count(SkipReason::Special),
            });
        }
        Ok(())
    }

    /// The number of files in `folder` and below; they are relative to `base`.
    fn add_folder(&mut self, folder: &Path, base: &Path) -> u64 {
        let mut entries = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
        let mut files = 0;
        while let Some(entry) = entries.next() {
            files += match entry {
                Ok(entry) if entry.file_name().as_encoded_bytes().starts_with(b".") => {
                    self.skip(entry.path(), SkipReason::Hidden);
                    if entry.file_type().is_dir() {
                        entries.skip_current_dir();
                    }
                    0
                }
                Ok(entry) if entry.file_type().is_dir() => 0,
                Ok(entry) => self.add_found(entry.path(), base),
                Err(error) => self.fail(CorpusError::Read(error.into())),
            };
        }
        files
    }

    /// 1 if `path`, which nobody named by itself, is a file to read, and 0 if not.
    fn add_found(&mut self, path: &Path, base: &Path) -> u64 {
        match fs_err::metadata(path) {
            // A link to a folder.
            Ok(metadata) if metadata.is_dir() => return 0,
            Ok(metadata) if !metadata.is_file() => {
                self.skip(path, SkipReason::Special);
                return 0;
            }
            Ok(_) => {}
            Err(error) => return self.fail(CorpusError::Read(error)),
        }
        if self.sniff != Sniff::Off {
            match binary_head(path) {
                Ok(None) => {}
                Ok(Some(_)) if holds_no_text(path) => {
                    self.skip(path, SkipReason::Binary);
                    return 0;
                }
                Ok(Some(head)) => match (unread_kind(path), unmarked_utf16(&head)) {
                    (None, Some(_)) if self.sniff == Sniff::Guess => {}
                    (kind, utf16) => {
                        let reason = match (kind, utf16) {
                            (Some(kind), _) => NotReadReason::Kind(kind),
                            (None, Some(encoding)) => NotReadReason::Unmarked(encoding),
                            (None, None) => NotReadReason::Binary,
                        };
                        let path = path.to_owned();
                        return self.fail(CorpusError::NotRead { path, part: None, reason });
                    }
                },
                Err(error) => return self.fail(error),
            }
        }
        self.add_file(path, path.strip_prefix(base).unwrap_or(path));
        1
    }

    fn add_file(&mut self, path: &Path, relative: &Path) {
        // What has no canonical path (`/dev/stdin` that is a pipe) is its own.
        let canonical = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(Some(canonical)) {
            let (path, relative) = (path.to_owned(), relative.to_owned());
            self.walk.sources.push(Source::File { path, relative });
        }
    }

    fn skip(&mut self, path: &Path, reason: SkipReason) {
        self.walk.skipped.push(Skipped { path: path.to_owned(), reason });
    }

    fn fail(&mut self, error: CorpusError) -> u64 {
        self.walk.errors.push(error);
        0
    }
}

/// The first bytes of a file that is neither text nor a document that is read.
fn binary_head(path: &Path) -> Result<Option<Vec<u8>>, CorpusError> {
    let format = Format::of_path(path);
    if format.is_document() || format.is_columns() {
        return Ok(None);
    }
    let file = fs_err::File::open(path).map_err(CorpusError::Read)?;
    let head = head(Unpacked::new(Box::new(file), path.to_owned()))?;
    Ok(Some(head).filter(|head| is_binary_head(head)))
}

/// The first bytes, up to those that are searched for a NUL.
pub(crate) fn head(raw: impl Read) -> Result<Vec<u8>, CorpusError> {
    let mut head = Vec::new();
    raw.take(SNIFF_BYTES).read_to_end(&mut head).map_err(read_error)?;
    Ok(head)
}

/// Whether a file that begins so is binary: it has a NUL, and no byte order mark that says why.
pub(crate) fn is_binary_head(head: &[u8]) -> bool {
    head.contains(&0) && Encoding::of_mark(head).is_none()
}
