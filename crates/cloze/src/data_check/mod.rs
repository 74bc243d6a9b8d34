//! Labelled data, checked before anything is trained on it: contradictions, leaks between splits,
//! duplicates, rare and misspelt labels, illegal tags, long texts, likely label errors, and mentions that a
//! recogniser validates and the tags leave out.
//!
//! [`CheckedData`] takes examples or tagged sentences one by one and keeps all texts in memory;
//! [`DataCheck`] turns them into a [`DataCheckReport`].
//!
//! ```
//! use cloze::corpus::{Format, LabelledParams};
//! use cloze::corpus::quality::FindingKind;
//! use cloze::data_check::{CheckedData, DataCheck};
//!
//! let file = "text,label\nIt rains,weather\nit  rains,sport\n";
//! let mut data = CheckedData::labelled();
//! let params = LabelledParams::default().check()?;
//! for example in params.from_reader("news.csv", Format::Csv, file.as_bytes())? {
//!     data.add_example("news.csv", example?);
//! }
//! let report = DataCheck::new(&data).report();
//! assert_eq!(report.findings[0].kind, FindingKind::Contradiction);
//! # Ok::<(), cloze::corpus::CorpusError>(())
//! ```
#[cfg(feature = "train")]
mod label_errors;
mod long;
mod mentions;
#[cfg(feature = "train")]
mod near;

use std::sync::Arc;

use cloze_checkpoint::ModelFolder;
use cloze_core::Scheme;
use cloze_corpus::quality::{
    CheckedText, Finding, FindingKind, FindingsOfKind, LabelCount, LabelCounts, LabelledLine,
    RepeatedTexts, SourceLine, TagSequences, sorted,
};
use cloze_corpus::{Example, TaggedSentence};
use cloze_encoder::EncoderError;
use serde::Serialize;

#[cfg(feature = "train")]
pub use label_errors::{LabelErrorFindings, LabelErrorWarning, label_errors};
#[cfg(feature = "train")]
pub use near::{NearDuplicateSummary, SplitText};

/// Errors of single texts, which cost a check nothing but these texts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataCheckError {
    /// A text whose tokens cannot be counted.
    #[error("{path}:{line}: the tokens cannot be counted")]
    NotCounted {
        /// File of the text.
        path: String,
        /// Line, counted from 1.
        line: u64,
        /// Cause.
        source: EncoderError,
    },
}

/// Labelled texts or tagged sentences in memory.
#[derive(Clone, Debug, Default)]
pub struct CheckedData {
    files: Vec<Arc<str>>,
    examples: u64,
    labels: LabelCounts,
    texts: RepeatedTexts,
    empty: Vec<Finding>,
    tagged: Option<TagSequences>,
    /// Numbers and addresses that the tags of sentences leave out.
    mentions: Option<mentions::Mentions>,
    /// Examples that have a text, with their places, if they are to be kept.
    kept: Option<Vec<(SourceLine, Example)>>,
}

impl CheckedData {
    /// No labelled texts yet.
    #[must_use]
    pub fn labelled() -> Self {
        Self::default()
    }

    /// No tagged sentences yet.
    #[must_use]
    pub fn tagged() -> Self {
        let mentions = mentions::Mentions::new();
        Self { tagged: Some(TagSequences::default()), mentions, ..Self::default() }
    }

    /// Keeps the examples themselves, which label errors are found by. Default: no.
    #[must_use]
    pub fn keep_examples(mut self, keep: bool) -> Self {
        self.kept = keep.then(Vec::new);
        self
    }

    /// Adds an example of the file `path`.
    pub fn add_example(&mut self, path: &str, example: Example) {
        let source = self.place(path, example.line);
        self.examples += 1;
        for label in &example.labels {
            self.labels.add(label, &source);
        }
        // Sets: their order says nothing.
        let mut set = example.labels.clone();
        set.sort_unstable();
        let label = (!set.is_empty()).then(|| set.join(" + "));
        let line = LabelledLine { place: source.clone(), label };
        let Example { text, second, .. } = &example;
        if text.trim().is_empty() || second.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.empty.push(Finding {
                kind: FindingKind::EmptyText,
                weight: 1.0,
                occurrences: vec![line],
                text: None,
                suggested: None,
                note: None,
            });
            return;
        }
        self.texts.add(CheckedText { first: text.clone(), second: second.clone() }, line);
        if let Some(kept) = &mut self.kept {
            kept.push((source, example));
        }
    }

    /// Adds a sentence of the file `path`; its tags count where the data are [tagged](Self::tagged).
    pub fn add_sentence(&mut self, path: &str, sentence: TaggedSentence) {
        let source = self.place(path, sentence.line);
        self.examples += 1;
        if let Some(mentions) = &mut self.mentions {
            mentions.add(&sentence, &source);
        }
        let TaggedSentence { text, tags, lines, .. } = sentence;
        let label = Some(tags.join(" "));
        let tags = tags.into_iter().zip(lines).map(|(tag, line)| {
            let source = SourceLine { line, ..source.clone() };
            self.labels.add(&tag, &source);
            (tag, source)
        });
        let tags = tags.collect();
        if let Some(tagged) = &mut self.tagged {
            tagged.add(tags);
        }
        self.texts
            .add(CheckedText { first: text, second: None }, LabelledLine { place: source, label });
    }

    fn place(&mut self, path: &str, line: u64) -> SourceLine {
        if self.files.last().is_none_or(|last| **last != *path) {
            self.files.push(path.into());
        }
        let rank = self.files.len() - 1;
        SourceLine { rank, line, path: Arc::clone(&self.files[rank]) }
    }

    /// Number of examples or sentences.
    #[must_use]
    pub fn examples(&self) -> u64 {
        self.examples
    }

    /// Returns whether the data are tagged sentences.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        self.tagged.is_some()
    }

    /// Examples that have a text, with their places, where they are [kept](Self::keep_examples).
    #[must_use]
    pub fn kept_examples(&self) -> &[(SourceLine, Example)] {
        self.kept.as_deref().unwrap_or_default()
    }
}

/// Check of some data: findings are added, and [`report`](Self::report) sorts them.
#[derive(Clone, Debug)]
pub struct DataCheck<'d> {
    data: &'d CheckedData,
    scheme: Option<Scheme>,
    findings: Vec<Finding>,
}

impl<'d> DataCheck<'d> {
    /// Finds empty and repeated texts.
    #[must_use]
    pub fn new(data: &'d CheckedData) -> Self {
        let mut findings = data.empty.clone();
        data.texts.repeated(&mut findings);
        Self { data, scheme: None, findings }
    }

    /// Tagging scheme. Default: the one that the tags show.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<Option<Scheme>>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// Adds texts that are in `other` data, too, and those that are nearly the same as others there.
    /// Returns whether these were looked for: not among more than 32 Mi letters.
    pub fn against(&mut self, other: &CheckedData) -> bool {
        self.data.texts.leaked(&other.texts, &mut self.findings);
        self.data.texts.nearly_leaked(&other.texts, &mut self.findings)
    }

    /// Adds texts with more tokens than `model` takes at once. Errors of single texts are returned.
    ///
    /// # Errors
    /// [`EncoderError`] for a model whose tokenizer cannot be opened.
    pub fn long_texts(&mut self, model: &ModelFolder) -> Result<Vec<DataCheckError>, EncoderError> {
        let (findings, errors) = long::long_texts(&self.data.texts, model)?;
        self.findings.extend(findings);
        Ok(errors)
    }

    /// Adds findings made elsewhere, such as likely label errors.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// All findings, with the frequencies of labels.
    #[must_use]
    pub fn report(mut self) -> DataCheckReport {
        let data = self.data;
        let (labels, tags) = if let Some(tagged) = &data.tagged {
            let entities = tagged.entities();
            let (scheme, illegal) = tagged.findings(self.scheme);
            self.findings.extend(illegal);
            self.findings.extend(data.mentions.iter().flat_map(mentions::Mentions::findings));
            entities.findings(&mut self.findings);
            let words = data.labels.total();
            let tags = data.labels.shares(words);
            let labels = entities.shares(entities.total());
            (labels, Some(TagSummary { words, scheme, tags }))
        } else {
            data.labels.findings(&mut self.findings);
            (data.labels.shares(data.examples), None)
        };
        DataCheckReport {
            files: data.files.iter().map(ToString::to_string).collect(),
            examples: data.examples,
            labels,
            tags,
            findings: sorted(self.findings),
        }
    }
}

/// Result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct DataCheckReport {
    /// Paths of the files.
    pub files: Vec<String>,
    /// Number of texts or sentences.
    pub examples: u64,
    /// Frequencies of the labels: of texts, or of the entities of sentences.
    pub labels: Vec<LabelCount>,
    /// Summary of the tags, of sentences.
    #[serde(flatten)]
    pub tags: Option<TagSummary>,
    /// Findings by kind, the gravest kind first.
    pub findings: Vec<FindingsOfKind>,
}

/// Tags of sentences.
#[derive(Clone, Debug, Serialize)]
pub struct TagSummary {
    /// Number of words.
    pub words: u64,
    /// Name of the scheme.
    pub scheme: &'static str,
    /// Frequencies of the tags.
    pub tags: Vec<LabelCount>,
}
