//! Files and folders → files of labelled texts.
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::{CorpusError, Format, SkipReason, Sniff, Source, walk};

/// A file, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledSource {
    /// The file.
    pub source: Source,
    /// Contents of the file.
    pub holds: Holds,
}

/// Contents of a file of labelled texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Rows or objects, each with its label.
    Examples,
    /// One text per line, all with this label.
    Lines(String),
    /// One text with this label.
    Text(String),
}

/// The files that `paths` name, in order:
/// - a file has its labels in it, and so has `-`, the standard input;
/// - a folder of files has one file per class, named by its stem, with one text per line;
/// - a folder of folders has one folder per class, named by its name, with one text per
///   file (source: scikit-learn's `load_files`);
/// - `LABEL=FILE` gives every line of `FILE` this label, and `LABEL=FOLDER` every file in `FOLDER`;
///   a file or folder that has the whole name comes first;
/// - a path that does not exist and has a `*`, `?` or `[` is a pattern, as in
///   [`walk::find_sources`].
///
/// Hidden files are not texts. In a folder a link to a file that was there before is not read
/// again.
///
/// # Errors
/// - [`CorpusError::NotFound`], [`CorpusError::Read`], [`CorpusError::NoFiles`] and the errors of
///   patterns, as in [`walk::find_sources`];
/// - [`CorpusError::SameClass`] for two files of one stem in a folder;
/// - [`CorpusError::NoClasses`] for a folder that is neither of files nor of folders of files, that
///   holds tables or JSON lines, which would not be read as what they are, or a file whose name is
///   not UTF-8.
pub fn labelled_sources(paths: &[String]) -> Result<Vec<LabelledSource>, CorpusError> {
    let mut sources = vec![];
    for path in paths {
        if Path::new(path).is_dir() {
            sources.extend(classes(path)?);
            continue;
        }
        let there = path == "-" || fs_err::metadata(path).is_ok();
        match path.split_once('=') {
            Some((label, named)) if !there && !label.trim().is_empty() && !named.is_empty() => {
                let holds = if Path::new(named).is_dir() { Holds::Text } else { Holds::Lines };
                sources.extend(found(named, |_| Ok(holds(label.to_owned())))?);
            }
            _ => sources.extend(found(path, |_| Ok(Holds::Examples))?),
        }
    }
    Ok(sources)
}

/// The files that `path` names, each holding what `holds` says by the part below a folder.
fn found(
    path: &str,
    mut holds: impl FnMut(&Path) -> Result<Holds, CorpusError>,
) -> Result<Vec<LabelledSource>, CorpusError> {
    let walk = walk::find_sources(&[path.to_owned()], Sniff::Off);
    if let Some(error) = walk.errors.into_iter().next() {
        return Err(error);
    }
    if let Some(special) = walk.skipped.iter().find(|s| s.reason == SkipReason::Special) {
        let source = io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{}: expected a file, found a pipe, a socket or a device",
                special.path.display()
            ),
        );
        return Err(CorpusError::Read(source));
    }
    let mut sources = Vec::with_capacity(walk.sources.len());
    for source in walk.sources {
        let holds = match &source {
            Source::File { relative, .. } => holds(relative)?,
            Source::Stdin => holds(Path::new("-"))?,
        };
        sources.push(LabelledSource { source, holds });
    }
    Ok(sources)
}

/// The files of a folder, each of a class.
fn classes(folder: &str) -> Result<Vec<LabelledSource>, CorpusError> {
    let no_classes =
        |contents| CorpusError::NoClasses { path: PathBuf::from(folder), found: contents };
    let mut depth = None;
    let mut stems: BTreeMap<String, PathBuf> = BTreeMap::new();
    found(folder, |relative| {
        let parts = relative.components().count();
        let class = match (parts, depth.replace(parts)) {
            (1 | 2, Some(before)) if before != parts => {
                return Err(no_classes("files beside folders"));
            }
            (1, _) => relative.file_stem(),
            (2, _) => relative.parent().map(Path::as_os_str),
            _ => return Err(no_classes("folders in folders")),
        };
        let class = class.and_then(|name| name.to_str());
        let class = class.ok_or_else(|| no_classes("a name that is not UTF-8"))?.to_owned();
        if parts == 2 {
            return Ok(Holds::Text(class));
        }
        let format = Format::of_path(relative);
        if format.is_columns() || matches!(format, Format::Csv | Format::Tsv | Format::Jsonl) {
            return Err(no_classes("tables or JSON lines, which are named one by one"));
        }
        match stems.insert(class.clone(), relative.to_owned()) {
            None => Ok(Holds::Lines(class)),
            Some(first) => Err(CorpusError::SameClass {
                label: class,
                first: Path::new(folder).join(first),
                second: Path::new(folder).join(relative),
            }),
        }
    })
}
