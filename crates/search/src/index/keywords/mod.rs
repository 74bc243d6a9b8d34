//! Search by words: BM25 over the texts of the records.
//!
//! The postings are kept by hand, where tantivy would keep them, too. It was tried (0.27, without
//! features): it keeps the length of a text in 8 bits, so that from 40 words on scores are not those of
//! the formula; it counts deleted rows where it counts rows with a word, so that an index with deletes
//! ranks as none that was built at once; it takes bytes for granted, and panics where they are damaged;
//! and it takes over three minutes of CPU to compile. Phrases and prefixes, which it is strong in, are
//! not asked for.
mod file;
mod list;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::manifest::{Manifest, SegmentCard, SegmentFiles};
use super::segment::Segment;
use crate::index::Index;
use crate::top::Top;
use crate::{Hit, RowSet, SearchError};
use file::KeywordFile;
pub(crate) use file::KeywordWriter;
use words::for_each_word;

/// BM25's k1: the smaller, the sooner more of the same word adds no more.
const K1: f64 = 1.2;
/// BM25's b: the strength of the normalisation by text length.
const B: f64 = 0.75;

/// The words of an index that is open.
pub(super) struct Keywords {
    /// By segment; none where no row has a word.
    files: Vec<Option<KeywordFile>>,
    /// The rows with words that can be found.
    rows: u64,
    /// Number of words of all rows.
    words: u64,
}

impl Keywords {
    /// The words of the `segments` of `manifest`, where they are kept.
    pub(super) fn open<'a>(
        folder: &Path,
        manifest: &Manifest,
        segments: impl Iterator<Item = &'a Segment>,
    ) -> Result<Option<Self>, SearchError> {
        if !manifest.keywords {
            return Ok(None);
        }
        let mut keywords = Self { files: vec![], rows: 0, words: 0 };
        for (segment, card) in segments.zip(&manifest.segments) {
            let file = open_file(folder, card)?;
            let lengths = file.iter().flat_map(|file| file.lengths.iter().enumerate());
            for (_, length) in lengths.filter(|(row, len)| **len > 0 && segment.is_live(*row)) {
                keywords.rows += 1;
                keywords.words += u64::from(*length);
            }
            keywords.files.push(file);
        }
        Ok(Some(keywords))
    }

    /// The score of every row of `segments`; 0 for those without any of the words.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 rows and words")]
    fn scores(&self, query: &str, segments: &[&Segment]) -> Result<Vec<f64>, SearchError> {
        let mut scores = vec![0.0; segments.iter().map(|segment| segment.rows).sum()];
        let (rows, mean) = (self.rows as f64, self.words as f64 / self.rows as f64);
        // In order, so that sums are the same however rows and words came.
        let mut times = BTreeMap::<String, f64>::new();
        for_each_word(query, |word| *times.entry(word.to_owned()).or_default() += 1.0);
        for (word, times) in times {
            let mut lists = vec![];
            let (mut first, mut matching_rows) = (0, 0.0);
            for (segment, file) in segments.iter().zip(&self.files) {
                if let Some((file, term)) = file.as_ref().and_then(|f| Some((f, f.find(&word)?))) {
                    let mut list = file.list(term)?;
                    list.retain(|(row, _)| segment.is_live(*row));
                    matching_rows += list.len() as f64;
                    lists.push((first, file, list));
                }
                first += segment.rows;
            }
            let weight = times * (1.0 + (rows - matching_rows + 0.5) / (matching_rows + 0.5)).ln();
            for (first, file, list) in lists {
                for (row, count) in list {
                    let count = f64::from(count);
                    let long = f64::from(file.lengths[row]) / mean;
                    scores[first + row] += weight * count / (count + K1 * (1.0 - B + B * long));
                }
            }
        }
        Ok(scores)
    }
}

impl Index {
    /// The `k` rows whose texts have most of the words of `query`, best first and of equal scores the one
    /// that was added first, among those of `allowed`, or among all. Fewer than `k` where no more have
    /// any. There is no syntax in a query; [`fuse`](crate::fuse) makes one ranking of this and that of
    /// [`search`](Self::search).
    ///
    /// Words are those of Unicode (UAX #29, and apart at apostrophes), in the form NFKC and in lower case,
    /// with their accents and endings as they are; Chinese characters are words each, emoji are none.
    ///
    /// The score is BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
    /// 2009), the sum over the words of the query, those that come twice counted twice, of
    /// ln(1 + (N − n + 0.5) / (n + 0.5)) · f / (f + 1.2 · (0.25 + 0.75 · l / m)), where f is how often the
    /// row has the word, l how many words it has, N how many rows have words, m how many on average, and
    /// n how many have this one. As in Lucene there is no factor of 2.2 above, which changes no order.
    /// Deleted rows are not counted, so that an index scores as one that was built at once of what is
    /// left, to the last bit; rows that are not `allowed` are.
    ///
    /// All rows with a word are looked at: it takes time, and memory of 8 bytes a row of the index.
    ///
    /// # Errors
    /// [`SearchError::NoKeywords`] if the index was made without
    /// [`IndexParams::keywords`](crate::index::IndexParams::keywords); [`SearchError::Read`] and
    /// [`SearchError::Damaged`] for what is read from the disk.
    #[expect(clippy::cast_possible_truncation, reason = "scores are small numbers")]
    pub fn keywords(
        &self,
        query: &str,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Hit>, SearchError> {
        let Some(keywords) = &self.keywords else {
            return Err(SearchError::NoKeywords { folder: self.folder.clone() });
        };
        let segments: Vec<_> = self.segments.iter().map(|(segment, _)| segment).collect();
        let scores = keywords.scores(query, &segments)?;
        let mut top = Top::new(k);
        // Deleted rows have no score.
        for (row, score) in scores.into_iter().enumerate().filter(|(_, score)| *score > 0.0) {
            if allowed.is_none_or(|allowed| allowed.contains(row)) {
                top.push(Hit { row: row as u64, score: score as f32 });
            }
        }
        Ok(top.into_sorted())
    }
}

fn open_file(folder: &Path, card: &SegmentCard) -> Result<Option<KeywordFile>, SearchError> {
    let files = SegmentFiles::of(folder, card.number);
    card.keywords.as_ref().map(|c| KeywordFile::open(&files, c, card.rows)).transpose()
}

/// Whether the words of a segment can be read, and make up the lengths of its rows.
pub(super) fn verify(folder: &Path, card: &SegmentCard) -> Result<(), SearchError> {
    let Some(file) = open_file(folder, card)? else { return Ok(()) };
    let mut counted = HashMap::<usize, u64>::new();
    for term in 0..file.len() {
        for (row, count) in file.list(term)? {
            *counted.entry(row).or_default() += u64::from(count);
        }
    }
    let counted = |row| counted.get(&row).copied().unwrap_or_default();
    let wrong = (0..).zip(&file.lengths).find(|(row, length)| counted(*row) != u64::from(**length));
    match wrong {
        None => Ok(()),
        Some((row, length)) => Err(SearchError::Damaged {
            path: SegmentFiles::of(folder, card.number).terms(),
            expected: format!("{length} words in row {row}"),
            found: counted(row).to_string(),
        }),
    }
}
