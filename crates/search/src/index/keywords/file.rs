//! Words of the rows of a segment, in two files.
//!
//! `keywords.terms`, which is read when the index is opened, has for each row how many words it has
//! (u32), for each of the different words, sorted by its bytes, where it ends (u64), where its list ends
//! (u64) and the CRC-32 of that (u32), and then the words. `keywords.postings` has the lists, which
//! are read when they are asked for.
use std::collections::HashMap;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use crc32fast::Hasher;
use fs_err::File;

use super::list::{List, decode};
use super::words::for_each_word;
use crate::SearchError;
use crate::files::Part;
use crate::index::manifest::{KeywordsCard, SegmentFiles};
use crate::vectors::read_exact_at;

/// The bytes of how many words a row has.
const LENGTH: usize = 4;
/// The bytes of where a word and its list end, and of the list's CRC-32.
const ENTRY: usize = 20;

/// Gathers the words of rows, in memory: about two bytes for each word of each row.
#[derive(Default)]
pub(crate) struct KeywordWriter {
    lengths: Vec<u8>,
    row: u64,
    lists: HashMap<String, List>,
}

impl KeywordWriter {
    /// Adds the next row.
    pub(crate) fn push(&mut self, text: Option<&str>) {
        let (row, mut len) = (self.row, 0_u32);
        for_each_word(text.unwrap_or_default(), |word| {
            len = len.saturating_add(1);
            match self.lists.get_mut(word) {
                Some(list) => list.push(row),
                None => self.lists.entry(word.to_owned()).or_default().push(row),
            }
        });
        self.lengths.extend_from_slice(&len.to_le_bytes());
        self.row += 1;
    }

    /// Writes the files, if there is any word; they are on the disk then.
    pub(crate) fn finish(self, files: &SegmentFiles) -> Result<Option<KeywordsCard>, SearchError> {
        if self.lists.is_empty() {
            return Ok(None);
        }
        let mut lists: Vec<_> = self.lists.into_iter().collect();
        lists.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let count = lists.len();
        let (mut words, mut end) = (String::new(), 0_u64);
        let mut postings = PartWriter::create(files.postings())?;
        let mut terms = PartWriter::create(files.terms())?;
        terms.write(&self.lengths)?;
        for (word, list) in lists {
            let list = list.finish();
            postings.write(&list)?;
            words.push_str(&word);
            end += list.len() as u64;
            terms.write(&(words.len() as u64).to_le_bytes())?;
            terms.write(&end.to_le_bytes())?;
            terms.write(&crc32fast::hash(&list).to_le_bytes())?;
        }
        terms.write(words.as_bytes())?;
        Ok(Some(KeywordsCard { count, terms: terms.finish()?, postings: postings.finish()? }))
    }
}

/// A file that is written from its beginning to its end.
struct PartWriter {
    file: BufWriter<File>,
    path: PathBuf,
    crc: Hasher,
    bytes: u64,
}

impl PartWriter {
    fn create(path: PathBuf) -> Result<Self, SearchError> {
        let file = File::create(&path).map_err(SearchError::write(&path))?;
        Ok(Self { file: BufWriter::new(file), path, crc: Hasher::new(), bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SearchError> {
        self.crc.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(SearchError::write(&self.path))
    }

    fn finish(self) -> Result<Part, SearchError> {
        let Self { file, path, crc, bytes } = self;
        let file = file.into_inner().map_err(|e| SearchError::write(&path)(e.into_error()))?;
        file.sync_all().map_err(SearchError::write(&path))?;
        Ok(Part { bytes, crc32: crc.finalize() })
    }
}

/// The words of a segment: which there are in memory, which rows have them on the disk.
pub(crate) struct KeywordFile {
    postings: File,
    /// Number of words of each row.
    pub(super) lengths: Vec<u32>,
    words: String,
    terms: Vec<Term>,
}

/// A word, by where it and its list end.
struct Term {
    end: usize,
    list_end: u64,
    crc32: u32,
}

impl KeywordFile {
    pub(crate) fn open(
        files: &SegmentFiles,
        card: &KeywordsCard,
        rows: usize,
    ) -> Result<Self, SearchError> {
        let path = files.terms();
        card.postings.check_len(&files.postings())?;
        let bytes = card.terms.read(&path)?;
        let damaged = |actual: &str| SearchError::Damaged {
            path: path.clone(),
            expected: format!("{} words of {rows} rows", card.count),
            found: actual.to_owned(),
        };
        let split = |bytes: Option<(Vec<u8>, Vec<u8>)>| bytes.ok_or_else(|| damaged("fewer bytes"));
        let (lengths, rest) = split(split_off(bytes, rows, LENGTH))?;
        let (entries, words) = split(split_off(rest, card.count, ENTRY))?;
        let words = String::from_utf8(words).map_err(|_| damaged("bytes that are not UTF-8"))?;
        let lengths = lengths.chunks_exact(LENGTH).map(|length| {
            let length = length.first_chunk().copied().unwrap_or_default();
            u32::from_le_bytes(length)
        });
        let terms = entries.chunks_exact(ENTRY).map(|entry| {
            let number = |offset: usize| {
                let bytes = entry[offset..].first_chunk().copied().unwrap_or_default();
                u64::from_le_bytes(bytes)
            };
            let crc32 = entry.last_chunk().copied().unwrap_or_default();
            Term {
                end: usize::try_from(number(0)).unwrap_or(usize::MAX),
                list_end: number(8),
                crc32: u32::from_le_bytes(crc32),
            }
        });
        let file = Self {
            postings: File::open(files.postings()).map_err(SearchError::Read)?,
            lengths: lengths.collect(),
            words,
            terms: terms.collect(),
        };
        file.judge(card.postings.bytes).map_err(damaged)?;
        Ok(file)
    }

    /// Whether words and lists are within the files, and the words in order.
    fn judge(&self, bytes: u64) -> Result<(), &'static str> {
        let (mut start, mut list_start, mut before) = (0, 0, None);
        for term in &self.terms {
            let word = self.words.get(start..term.end).ok_or("a word that is not in the file")?;
            if term.list_end <= list_start || term.list_end > bytes {
                return Err("a list that is not in its file");
            }
            if before >= Some(word) {
                return Err("words in another order");
            }
            (start, list_start, before) = (term.end, term.list_end, Some(word));
        }
        if (start, list_start) != (self.words.len(), bytes) {
            return Err("more bytes than there are words for");
        }
        Ok(())
    }

    /// Number of distinct words.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// The number of a word.
    pub(super) fn find(&self, word: &str) -> Option<usize> {
        let nth = |n: usize| {
            let start = n.checked_sub(1).map_or(0, |before| self.terms[before].end);
            &self.words[start..self.terms[n].end]
        };
        let (mut low, mut high) = (0, self.terms.len());
        while low < high {
            let middle = low.midpoint(high);
            match nth(middle).cmp(word) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The rows that have the word of this number, in order, and how often.
    pub(super) fn list(&self, term: usize) -> Result<Vec<(usize, u32)>, SearchError> {
        let start = term.checked_sub(1).map_or(0, |before| self.terms[before].list_end);
        let Term { list_end, crc32, .. } = self.terms[term];
        let damaged = |expected: String, actual: String| SearchError::Damaged {
            path: self.postings.path().to_owned(),
            expected: format!("{expected} in list {term}"),
            found: actual,
        };
        // Within the length of a file that was there.
        let mut bytes = vec![0; usize::try_from(list_end - start).unwrap_or(usize::MAX)];
        read_exact_at(&self.postings, &mut bytes, start).map_err(SearchError::Read)?;
        let actual = crc32fast::hash(&bytes);
        if actual != crc32 {
            return Err(damaged(format!("the CRC-32 {crc32:08x}"), format!("{actual:08x}")));
        }
        let list = decode(&bytes, self.lengths.len());
        list.ok_or_else(|| damaged("rows".into(), "other numbers".into()))
    }
}

/// The first `n` things of `size` bytes each, and the rest.
fn split_off(mut bytes: Vec<u8>, n: usize, size: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let offset = n.checked_mul(size).filter(|offset| *offset <= bytes.len())?;
    let rest = bytes.split_off(offset);
    Some((bytes, rest))
}
