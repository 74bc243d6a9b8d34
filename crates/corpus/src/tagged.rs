//! Sentences with one tag per word: CoNLL with any columns, as in [`Format::Conll`].
use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;

use cloze_core::Span;

use crate::conll::{Columns, Part, Sentence, Sentences, SkippedRows, TagColumn};
use crate::decode::Decoded;
use crate::params::Opened;
use crate::source::{SourceParams, at_least_one, setting_error};
use crate::{CorpusError, Encoding, Format, GuessedEncoding, Source};

/// A sentence; words, tags and lines are as many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedSentence {
    /// The line of its first word; counts from 1.
    pub line: u64,
    /// The words with a space between each.
    pub text: String,
    /// The words, as spans of `text`.
    pub words: Vec<Span>,
    /// The tag of each word; none is empty.
    pub tags: Vec<String>,
    /// The line of each word.
    pub lines: Vec<u64>,
    /// Document, author or the like, by the [name](TaggedParams::group_field) that was asked for.
    pub group: Option<String>,
}

impl TaggedSentence {
    /// Sentence of these words and their tags, on line 1 and the following.
    ///
    /// ```
    /// let sentence = cloze_corpus::TaggedSentence::of(&[("Ann", "B-PER"), ("spoke", "O")]);
    /// assert_eq!((&*sentence.text, &*sentence.lines), ("Ann spoke", &[1, 2][..]));
    /// ```
    #[must_use]
    pub fn of(words: &[(&str, &str)]) -> Self {
        let (mut text, mut spans) = (String::new(), vec![]);
        for (word, _) in words {
            if !text.is_empty() {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(word);
            spans.push(Span::new(start, text.len()));
        }
        let tags = words.iter().map(|(_, tag)| (*tag).to_owned()).collect();
        let lines = (1..).take(words.len()).collect();
        Self { line: 1, text, words: spans, tags, lines, group: None }
    }
}

/// Settings of [`Tagged`]; [`check`](Self::check) makes them usable.
///
/// ```
/// use cloze_corpus::TaggedParams;
///
/// let file = "-DOCSTART- -X- O\n\nAngela NNP B-PER\nMerkel NNP I-PER\nspoke VBD O\n";
/// let params = TaggedParams::default().check()?;
/// let mut sentences = params.from_reader("news.conll", file.as_bytes());
/// let sentence = sentences.next().expect("one sentence")?;
/// assert_eq!((sentence.line, &*sentence.text), (3, "Angela Merkel spoke"));
/// assert_eq!(sentence.words[1].of(&sentence.text), Some("Merkel"));
/// assert_eq!((&*sentence.tags, &*sentence.lines), (&["B-PER", "I-PER", "O"].map(String::from)[..], &[3, 4, 5][..]));
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaggedParams {
    token_column: Option<usize>,
    tag_column: Option<usize>,
    group_field: Option<String>,
    source: SourceParams,
}

impl TaggedParams {
    /// The column that holds the token, counted from 1. Default `None`: the second of `.conllu` files,
    /// whose first one must be ids, and the first of others.
    #[must_use]
    pub fn token_column(self, token_column: impl Into<Option<usize>>) -> Self {
        Self { token_column: token_column.into(), ..self }
    }

    /// The column that holds the tag, counted from 1. Default `None`, the last; then a row with more
    /// or fewer columns than the file's first one is an error, since its last may be another.
    #[must_use]
    pub fn tag_column(self, tag_column: Option<usize>) -> Self {
        Self { tag_column, ..self }
    }

    /// Name by whose values sentences belong together: that of comments such as `# author = Lena`, each of
    /// which holds up to the next one or the next document; or `document`, for the documents that
    /// `-DOCSTART-`, `# newdoc` and `#begin document` begin. Default `None`, no groups.
    #[must_use]
    pub fn group_field(self, group_field: Option<String>) -> Self {
        Self { group_field, ..self }
    }

    /// Name by whose values sentences belong together, if there is one.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group_field.as_deref()
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { source: SourceParams { encoding, ..self.source }, ..self }
    }

    /// The most that a row, the text of a sentence, or all its tags may have, in bytes of UTF-8. It
    /// bounds the memory of a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { source: SourceParams { max_text_bytes, ..self.source }, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a column or a limit of 0, for one column that is both, and for an
    /// empty name of groups.
    pub fn check(self) -> Result<ValidTaggedParams, CorpusError> {
        at_least_one("token_column", self.token_column.unwrap_or(1))?;
        at_least_one("tag_column", self.tag_column.unwrap_or(1))?;
        self.source.check()?;
        if self.group_field.as_deref() == Some("") {
            return setting_error("group_field", "a name", "\"\"");
        }
        if let Some(tag) = self.tag_column {
            other_columns(self.token_column.unwrap_or(1), tag)?;
        }
        Ok(ValidTaggedParams(self))
    }
}

/// One column is not both.
fn other_columns(token: usize, tag: usize) -> Result<(), CorpusError> {
    if token == tag {
        return setting_error("tag_column", "another than the token's", &tag.to_string());
    }
    Ok(())
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidTaggedParams(TaggedParams);

impl ValidTaggedParams {
    /// The sentences of `source`, whatever its ending.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::Setting`] if the tag's column is the
    /// one that the file has its tokens in.
    pub fn open(&self, source: &Source) -> Result<Tagged, CorpusError> {
        let format = Format::Conll;
        let opened = Opened::of(source, Some(format), format)?;
        let token = Columns::of(&opened.path, self.0.token_column, None).token;
        other_columns(token, self.0.tag_column.unwrap_or(usize::MAX))?;
        Ok(self.tagged(opened))
    }

    /// The sentences of `raw`, which errors call `name`; its ending counts as that of a file.
    pub fn from_reader(&self, name: &str, raw: impl Read + Send + 'static) -> Tagged {
        self.tagged(Opened::named(name, Format::Conll, raw))
    }

    fn tagged(&self, opened: Opened) -> Tagged {
        let TaggedParams { token_column, tag_column, ref group_field, source } = self.0;
        let tag = tag_column.map_or(TagColumn::Last, TagColumn::At);
        let columns = Columns::of(&opened.path, token_column, Some(tag));
        let sentences =
            Sentences::new(columns, source.max_text_bytes).grouped(group_field.as_deref());
        let decoded = Decoded::new(opened.raw, opened.path, source.encoding);
        Tagged { decoded, sentences, started: false, ended: false }
    }
}

/// Reads tagged sentences one at a time; made by [`ValidTaggedParams::open`]. A bad row is one error,
/// and costs its sentence. After an error that [is fatal](CorpusError::is_fatal) it ends.
pub struct Tagged {
    decoded: Decoded,
    sentences: Sentences,
    started: bool,
    ended: bool,
}

impl Tagged {
    /// Number of bytes of the input read so far: up to a block more than the sentences have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.decoded.bytes_read()
    }

    /// The encoding, from the first sentence on, where it was guessed.
    #[must_use]
    pub fn guessed_encoding(&self) -> Option<GuessedEncoding> {
        self.decoded.guessed()
    }

    /// Rows left out so far.
    #[must_use]
    pub fn skipped_rows(&self) -> SkippedRows {
        self.sentences.skipped()
    }

    fn sentence(&mut self) -> Result<Option<TaggedSentence>, CorpusError> {
        if !std::mem::replace(&mut self.started, true) {
            self.decoded.take('\u{feff}')?;
        }
        while let Some(part) = self.sentences.next(&mut self.decoded)? {
            if let Part::Sentence(sentence) = part {
                let Sentence { line, text, words, tags, lines, group, .. } = sentence;
                return Ok(Some(TaggedSentence { line, text, words, tags, lines, group }));
            }
        }
        Ok(None)
    }
}

impl Iterator for Tagged {
    type Item = Result<TaggedSentence, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.sentence().transpose();
        self.ended = match &next {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_fatal(),
        };
        next
    }
}

impl FusedIterator for Tagged {}

impl fmt::Debug for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged").field("path", &self.decoded.path()).finish_non_exhaustive()
    }
}
