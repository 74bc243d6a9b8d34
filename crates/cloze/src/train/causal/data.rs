//! Texts of a data set, and their tokens.
use cloze_report::DataFile;

use super::super::language::data::{add_hashes, cut, for_each_chunk};
use super::super::sample::{HOLD_OUT, drawn};
use super::super::{DataSource, FineTuneError, TrainingObserver, ValidDocumentParams};

/// Texts of a data set, none of them blank.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    pub(super) texts: Vec<CorpusText>,
    files: Vec<DataFile>,
}

/// A text, and the place it comes from.
#[derive(Debug)]
pub(super) struct CorpusText {
    pub(super) path: String,
    pub(super) line: u64,
    pub(super) text: String,
}

impl AsRef<str> for CorpusText {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Texts in tokens.
#[derive(Debug, Default)]
pub(super) struct EncodedCorpus {
    /// Each between the tokens that begin and end a text.
    pub(super) documents: Vec<Vec<u32>>,
    /// Length of all texts in bytes.
    pub(super) bytes: usize,
    pub(super) files: Vec<DataFile>,
}

impl EncodedCorpus {
    /// Number of tokens.
    pub(super) fn tokens(&self) -> usize {
        self.documents.iter().map(Vec::len).sum()
    }

    /// Names of the files.
    pub(super) fn names(&self) -> String {
        self.files.iter().map(|file| file.file.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Corpus {
    /// Reads the texts of a data set. What cannot be read is named and left out.
    pub(super) fn read(
        source: &DataSource<String>,
        params: &ValidDocumentParams,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let mut corpus = Self::default();
        for_each_chunk(source, params, observer, |chunk| {
            for input in &chunk {
                for (_, text) in cut(input, params.unit) {
                    corpus.add(&input.path, input.line, text);
                }
            }
            Ok(())
        })?;
        if corpus.texts.is_empty() {
            let (data, what) = (source.names(), "no text could be read");
            return Err(FineTuneError::Data { data, what });
        }
        add_hashes(source, &mut corpus.files)?;
        Ok(corpus)
    }

    fn add(&mut self, path: &str, line: u64, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if self.files.last().is_none_or(|file| file.file != path) {
            self.files.push(DataFile { file: path.to_owned(), sha256: None, examples: 0 });
        }
        if let Some(file) = self.files.last_mut() {
            file.examples += 1;
        }
        self.texts.push(CorpusText { path: path.to_owned(), line, text: text.to_owned() });
    }

    /// Takes a share of the texts out, drawn by `seed`.
    pub(super) fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let mut drawn = drawn(seed, HOLD_OUT, share, self.texts.len()).into_iter();
        let is_out = |_: &mut CorpusText| drawn.next().unwrap_or(false);
        Self { texts: self.texts.extract_if(.., is_out).collect(), files: vec![] }
    }

    pub(super) fn into_parts(self) -> (Vec<CorpusText>, Vec<DataFile>) {
        (self.texts, self.files)
    }
}
