//! Every byte of an index, looked at.
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::manifest::{Ids, Manifest, SegmentCard, SegmentFiles};
use super::segment::Segment;
use super::{keywords, open_correction};
use crate::SearchError;
use crate::index::OpenParams;

/// Result of a verification.
#[derive(Debug)]
pub struct Verified {
    /// Number of files read.
    pub files: usize,
    /// The bytes of them.
    pub bytes: u64,
    /// The rows that can be found.
    pub rows: usize,
    /// Faults, each naming its file; empty if the index is sound.
    pub findings: Vec<SearchError>,
}

/// Reads every file of the index in `folder`, and checks whether it is as it was written, and whether
/// its contents go together: vectors of finite numbers, records that can be read, no id twice,
/// graphs whose links stay within them, and as many words of a row as it is said to have. What is
/// wrong with one file does not keep it from looking at the next. Beside a writer it begins again
/// where files were missing because a commit has replaced them meanwhile.
///
/// # Errors
/// Errors of [`Index::open`](crate::index::Index::open) that come before any other file can be looked at: there
/// is not an index, or its `index.json` is damaged.
pub fn verify(folder: &Path) -> Result<Verified, SearchError> {
    loop {
        let manifest = Manifest::open(folder)?;
        let verified = verify_files(folder, &manifest)?;
        // Of a generation that is past no file need be there, so no finding counts.
        if verified.findings.is_empty() || Manifest::open(folder)?.generation == manifest.generation
        {
            return Ok(verified);
        }
    }
}

/// Looks at every file that a manifest names.
fn verify_files(folder: &Path, manifest: &Manifest) -> Result<Verified, SearchError> {
    let bytes = fs_err::metadata(Manifest::path(folder)).map_err(SearchError::Read)?.len();
    let mut verified = Verified { files: 1, bytes, rows: manifest.live(), findings: vec![] };
    let mut ids = HashSet::new();
    if let Some(part) = &manifest.correction {
        verified.take(part.part.bytes, open_correction(folder, Some(part)).map(|_| ()));
    }
    for card in &manifest.segments {
        let files = SegmentFiles::of(folder, card.number);
        let mut parts = vec![(files.vectors(), card.vectors)];
        if let Ids::Records { records, offsets } = &card.ids {
            parts.extend([(files.records(), *records), (files.offsets(), *offsets)]);
        }
        parts.extend(card.graph.iter().map(|graph| (files.graph(), graph.part)));
        if let Some(card) = &card.keywords {
            parts.extend([(files.terms(), card.terms), (files.postings(), card.postings)]);
        }
        parts.extend(
            card.deleted
                .iter()
                .map(|deleted| (files.deleted(deleted.part.number), deleted.part.part)),
        );
        let before = verified.findings.len();
        for (path, part) in parts {
            verified.take(part.bytes, part.check(&path));
        }
        if verified.findings.len() == before {
            verified.push(contents(folder, manifest, card, &mut ids));
        }
    }
    Ok(verified)
}

impl Verified {
    fn take(&mut self, bytes: u64, result: Result<(), SearchError>) {
        self.files += 1;
        self.bytes += bytes;
        self.push(result);
    }

    fn push(&mut self, result: Result<(), SearchError>) {
        self.findings.extend(result.err());
    }
}

/// Whether what is in the files of a segment goes together.
fn contents(
    folder: &Path,
    manifest: &Manifest,
    card: &SegmentCard,
    ids: &mut HashSet<String>,
) -> Result<(), SearchError> {
    let segment = Segment::open(folder, manifest, card)?;
    let path = || -> PathBuf { segment.vectors.path().to_owned() };
    for block in segment.vectors.blocks() {
        let (first, numbers) = block?;
        if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
            return Err(SearchError::Damaged {
                path: path(),
                expected: format!("finite numbers in row {}", first + index / manifest.width),
                found: numbers[index].to_string(),
            });
        }
    }
    for row in (0..segment.rows).filter(|row| segment.is_live(*row)) {
        let id = segment.record(row)?.id;
        if !ids.insert(id.clone()) {
            return Err(SearchError::DuplicateId { id });
        }
    }
    if card.graph.is_some() {
        segment.engine(folder, manifest, card, OpenParams::new().threads(1))?;
    }
    keywords::verify(folder, card)
}
