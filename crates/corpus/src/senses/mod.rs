//! Texts with words whose sense is known.
mod counted;
mod lines;
mod xml;

use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;
use std::path::Path;

use cloze_core::Span;

use crate::params::Opened;
use crate::source::at_least_one;
use crate::{CorpusError, Format, Source};
use lines::Lines;
use xml::Xml;

/// A text, and those of its words whose sense is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenseText {
    /// The document it is of, where that is known: in XML the root's `name`, or else the file's.
    pub document: Option<String>,
    /// The line it begins in; counts from 1.
    pub line: u64,
    /// The text.
    pub text: String,
    /// The words whose sense is known, in order; there may be none.
    pub words: Vec<SenseWord>,
}

/// A word whose sense is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenseWord {
    /// The line it is in; counts from 1.
    pub line: u64,
    /// Position in bytes of the text; not empty.
    pub span: Span,
    /// The word as a dictionary has it; not empty.
    pub lemma: String,
    /// The part of speech; empty where none is said.
    pub pos: String,
    /// The name of the sense; not empty.
    pub sense: String,
    /// Meaning of the sense, where the data say it.
    pub gloss: Option<String>,
}

/// Format of a file of senses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenseFormat {
    /// One `<word>` element per word.
    Xml,
    /// A JSON object a word that has a sense.
    Jsonl,
}

impl SenseFormat {
    /// The format of files with this ending: `.xml`; `.jsonl` and `.ndjson`. `None` for others.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match Format::of_path(path) {
            Format::Jsonl => Some(Self::Jsonl),
            _ if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xml")) => Some(Self::Xml),
            _ => None,
        }
    }
}

/// Unit of an XML document that is one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextUnit {
    /// A sentence.
    #[default]
    Sentence,
    /// A paragraph.
    Paragraph,
}

/// Settings of [`SenseReader`]; [`check`](Self::check) makes them usable.
///
/// - XML as Google's corpora of NOAD senses have it (`SemCor` and MASC by Yuan et al., COLING 2016,
///   `simple-wsd-doc.dtd`): a `<word>` a word, whose `break_level` says what stands before it. `text` has
///   to be there; a word with a `sense` has a `lemma`, and may have a `pos` and a `gloss`.
/// - JSONL: an object a word that has a sense: `text`, `start` and `end` of the word in it, in code
///   points, `lemma`, `sense`, and perhaps `pos`, `gloss` and `document`.
///
/// ```
/// use cloze_corpus::{SenseFormat, SenseParams};
///
/// let file = r#"<doc name="a">
///   <word text="He" break_level="NO_BREAK"/>
///   <word text="ran" lemma="run" pos="VERB" sense="run.1" break_level="SPACE_BREAK"/>
///   <word text="." break_level="NO_BREAK"/>
/// </doc>"#;
/// let params = SenseParams::default().check()?;
/// let mut texts = params.from_reader("a.xml", SenseFormat::Xml, file.as_bytes());
/// let text = texts.next().expect("one text")?;
/// assert_eq!((&*text.text, text.document.as_deref()), ("He ran.", Some("a")));
/// let word = &text.words[0];
/// assert_eq!((word.span.of(&text.text), &*word.lemma, &*word.sense), (Some("ran"), "run", "run.1"));
/// # Ok::<(), cloze_corpus::CorpusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SenseParams {
    unit: TextUnit,
    max_text_bytes: usize,
}

impl Default for SenseParams {
    fn default() -> Self {
        Self { unit: TextUnit::default(), max_text_bytes: 16 << 20 }
    }
}

impl SenseParams {
    /// Unit of an XML document that is one text. Default [`TextUnit::Sentence`].
    #[must_use]
    pub fn unit(self, unit: TextUnit) -> Self {
        Self { unit, ..self }
    }

    /// The most that a text, a line, or an element may have, in bytes. It bounds the memory of a
    /// reader. Default `16 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { max_text_bytes, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0.
    pub fn check(self) -> Result<ValidSenseParams, CorpusError> {
        at_least_one("max_text_bytes", self.max_text_bytes)?;
        Ok(ValidSenseParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidSenseParams(SenseParams);

impl ValidSenseParams {
    /// The texts of `source`, in the format of its ending; standard input is JSONL.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened; [`CorpusError::NoSenses`] for another ending.
    pub fn open(&self, source: &Source) -> Result<SenseReader, CorpusError> {
        let format = match source {
            Source::Stdin => SenseFormat::Jsonl,
            Source::File { path, .. } => SenseFormat::of_path(path)
                .ok_or_else(|| CorpusError::NoSenses { path: path.clone() })?,
        };
        // The format is decided above; this one is not looked at.
        let opened = Opened::of(source, Some(Format::Text), Format::Text)?;
        Ok(self.senses(format, opened))
    }

    /// The texts of `raw`, which errors call `name`.
    pub fn from_reader(
        &self,
        name: &str,
        format: SenseFormat,
        raw: impl Read + Send + 'static,
    ) -> SenseReader {
        self.senses(format, Opened::named(name, Format::Text, raw))
    }

    fn senses(&self, format: SenseFormat, opened: Opened) -> SenseReader {
        let SenseParams { unit, max_text_bytes } = self.0;
        let state = match format {
            SenseFormat::Xml => State::Xml(Box::new(Xml::new(opened, unit, max_text_bytes))),
            SenseFormat::Jsonl => State::Lines(Box::new(Lines::new(opened, max_text_bytes))),
        };
        SenseReader { state, ended: false }
    }
}

/// Reads texts with senses one at a time; made by [`ValidSenseParams::open`]. What is wrong with a word
/// is one error, and costs its text. After an error that [is fatal](CorpusError::is_fatal) it ends.
pub struct SenseReader {
    state: State,
    ended: bool,
}

enum State {
    Xml(Box<Xml>),
    Lines(Box<Lines>),
}

impl SenseReader {
    /// Number of bytes of the input read so far: up to a block more than the texts have.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        match &self.state {
            State::Xml(xml) => xml.bytes_read(),
            State::Lines(lines) => lines.bytes_read(),
        }
    }

    fn path(&self) -> &Path {
        match &self.state {
            State::Xml(xml) => xml.path(),
            State::Lines(lines) => lines.path(),
        }
    }
}

impl Iterator for SenseReader {
    type Item = Result<SenseText, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match &mut self.state {
            State::Xml(xml) => xml.next(),
            State::Lines(lines) => lines.next(),
        };
        let next = next.transpose();
        self.ended = match &next {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(error)) => error.is_fatal(),
        };
        next
    }
}

impl FusedIterator for SenseReader {}

impl fmt::Debug for SenseReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Senses").field("path", &self.path()).finish_non_exhaustive()
    }
}
