//! `cloze restore`: redacted files back to their originals, byte for byte.
pub(crate) mod args;

use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{bail, ensure};
use cloze_corpus::{Sniff, Source, find_sources, unpacked_path};
use cloze_redact::{FileEdits, KeyFile, RedactError, restore};
use cloze_store::{Existing, checksum};
use tempfile::NamedTempFile;

use crate::commands::restore::args::RestoreArgs;
use crate::commands::tag::output::sink::Place;
use crate::input::skipped;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;

pub(crate) fn run(args: &RestoreArgs, messages: &Messages) -> anyhow::Result<()> {
    let key = KeyFile::open(&args.key_file)?;
    let walk = find_sources(&args.paths, Sniff::Off);
    messages.not_there(&walk);
    skipped::report(&walk, messages);
    let destination = Place::of(args.output.as_deref(), &args.paths);
    if let Place::File(path) = &destination
        && walk.sources.len() > 1
    {
        let (path, files) = (path.display(), plural(walk.sources.len() as u64, "file"));
        bail!("{path}: one file cannot hold {files}\nhint: --output FOLDER/");
    }
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let (mut restored, mut written) = (0, vec![]);
    for source in &walk.sources {
        match restore_one(source, &key, &destination, existing, &mut written) {
            Ok(()) => restored += 1,
            Err(error) => messages.failure(error.as_ref()),
        }
    }
    messages.note(&format!("{} restored", plural(restored, "file")));
    Ok(())
}

/// Restores a file; `written` has the files of this run, over which no other is written.
fn restore_one(
    source: &Source,
    key: &KeyFile,
    destination: &Place,
    existing: Existing,
    written: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    let mut spool = NamedTempFile::new()?;
    let redacted = match source {
        Source::Stdin => {
            io::copy(&mut io::stdin().lock(), &mut spool)?;
            spool.path()
        }
        Source::File { path, .. } => path,
    };
    let sha256 = checksum::sha256_file(redacted)?;
    let edits = the_one(source, key.changes(&sha256)?)?;
    let output = match destination {
        Place::Stdout | Place::Inputs(_) => {
            let original = NamedTempFile::new()?;
            restore(redacted, &edits, original.path(), Existing::Replace)?;
            let mut out = Out::stdout(false);
            io::copy(&mut fs_err::File::open(original.path())?, &mut out)?;
            return out.finish();
        }
        Place::File(path) => path.clone(),
        Place::Folder(folder) => folder.join(original_name(source, &edits)?),
    };
    ensure!(
        !written.contains(&output),
        "{}: {} would be written over another file's original",
        source.name(),
        output.display()
    );
    restore(redacted, &edits, &output, existing)?;
    written.push(output);
    Ok(())
}

/// Changes of a file. Where different originals became the same, its path tells which one it was.
fn the_one(source: &Source, mut changes: Vec<FileEdits>) -> Result<FileEdits, RedactError> {
    let path = PathBuf::from(source.name());
    if changes.is_empty() {
        return Err(RedactError::Unknown { path });
    }
    let sources = changes.iter().map(|edits| edits.source.clone()).collect();
    if changes.len() > 1 {
        changes.retain(|edits| {
            original_name(source, edits).is_ok_and(|name| Path::new(&edits.source).ends_with(name))
        });
    }
    match changes.pop() {
        Some(edits) if changes.is_empty() => Ok(edits),
        _ => Err(RedactError::Ambiguous { path, sources }),
    }
}

/// Name of an original below the folder of originals: that of the redacted file, without the ending that
/// a document's text got, and with that of a file that was packed.
fn original_name(source: &Source, edits: &FileEdits) -> anyhow::Result<PathBuf> {
    let relative = match source {
        Source::File { relative, .. } => relative.clone(),
        Source::Stdin => "stdin".into(),
    };
    // A pattern may have `..` behind its first `*`.
    ensure!(
        relative.components().all(|part| matches!(part, Component::Normal(_))),
        "{}: its original would leave the folder",
        source.name()
    );
    let is_text = relative.extension().is_some_and(|ending| ending == "txt");
    let of_text = is_text.then(|| relative.with_extension(""));
    let original = Path::new(&edits.source).file_name().map_or(Path::new(""), Path::new);
    let unpacked = unpacked_path(original);
    for name in of_text.iter().chain([&relative]) {
        if name.file_name() == unpacked.file_name() {
            return Ok(name.with_file_name(original));
        }
    }
    Ok(relative)
}
