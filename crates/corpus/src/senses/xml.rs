//! One `<word>` element per word.
use std::io;
use std::path::{Path, PathBuf};

use cloze_core::Span;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::counted::Counted;
use super::{SenseText, SenseWord, TextUnit};
use crate::CorpusError;
use crate::error::beginning;
use crate::params::Opened;

const WORD: &str = "word";
/// Values of `break_level`.
const BREAKS: [(&str, Break); 5] = [
    ("NO_BREAK", Break::Within("")),
    ("SPACE_BREAK", Break::Within(" ")),
    ("LINE_BREAK", Break::Within("\n")),
    ("SENTENCE_BREAK", Break::Sentence),
    ("PARAGRAPH_BREAK", Break::Paragraph),
];
const BREAK_NAMES: &str = "NO_BREAK, SPACE_BREAK, LINE_BREAK, SENTENCE_BREAK or PARAGRAPH_BREAK";

/// Separator before a word.
#[derive(Clone, Copy)]
enum Break {
    Within(&'static str),
    Sentence,
    Paragraph,
}

pub(super) struct Xml {
    reader: Reader<Counted>,
    path: PathBuf,
    unit: TextUnit,
    max: usize,
    document: Option<String>,
    /// Number of open elements; the root is one.
    open: usize,
    building: Option<SenseText>,
    /// Whether the words up to the next break belong to a text that was an error.
    dropping: bool,
    /// Error of the word after a text that was whole.
    queued: Option<CorpusError>,
}

/// Attributes of a word's element.
#[derive(Default)]
struct Attributes {
    text: Option<String>,
    lemma: Option<String>,
    pos: Option<String>,
    sense: Option<String>,
    gloss: Option<String>,
    break_level: Option<String>,
}

impl Xml {
    pub(super) fn new(opened: Opened, unit: TextUnit, max: usize) -> Self {
        let Opened { path, raw, .. } = opened;
        Self {
            reader: Reader::from_reader(Counted::new(raw, max)),
            path,
            unit,
            max,
            document: None,
            open: 0,
            building: None,
            dropping: false,
            queued: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.get_ref().bytes_read()
    }

    pub(super) fn next(&mut self) -> Result<Option<SenseText>, CorpusError> {
        if let Some(error) = self.queued.take() {
            return Err(error);
        }
        let mut buffer = vec![];
        loop {
            buffer.clear();
            let line = self.reader.get_mut().begin();
            let event = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.broken(error, line)),
            };
            match event {
                Event::Start(element) => {
                    self.open += 1;
                    if let Some(text) = self.element(&element, line)? {
                        return Ok(Some(text));
                    }
                }
                Event::Empty(element) => {
                    if let Some(text) = self.element(&element, line)? {
                        return Ok(Some(text));
                    }
                }
                Event::End(_) => self.open = self.open.saturating_sub(1),
                Event::Eof if self.document.is_none() => return Err(self.ends(line, "an element")),
                Event::Eof if self.open > 0 => {
                    return Err(self.ends(line, "the end of the root element"));
                }
                Event::Eof => return Ok(self.building.take()),
                // What stands between words, comments, what comes before the root. No entity that a
                // document type defines is known: nothing of it is looked at.
                _ => {}
            }
        }
    }

    /// The text that ends before this element, if one does.
    fn element(
        &mut self,
        element: &BytesStart<'_>,
        line: u64,
    ) -> Result<Option<SenseText>, CorpusError> {
        if self.document.is_none() {
            let name = self.value(element, "name", line)?;
            let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            self.document = Some(name.unwrap_or_else(stem));
            return Ok(None);
        }
        let name = element.name();
        if name.as_ref() != WORD {
            let (path, tag_name) = (self.path.clone(), beginning(name.as_ref()));
            return Err(CorpusError::XmlElement { path, line, expected: WORD, found: tag_name });
        }
        let attributes = self.attributes(element, line)?;
        let before = match attributes.before() {
            Ok(before) => before,
            Err(value) => {
                self.drop_text();
                let (path, expected) = (self.path.clone(), BREAK_NAMES);
                let attribute = "break_level";
                return Err(CorpusError::XmlAttribute {
                    path,
                    line,
                    attribute,
                    expected,
                    found: value,
                });
            }
        };
        let (ends, separator) = match (before, self.unit) {
            (Break::Within(separator), _) => (false, separator),
            (Break::Sentence, TextUnit::Paragraph) => (false, " "),
            (Break::Sentence | Break::Paragraph, _) => (true, ""),
        };
        let mut ready = None;
        if ends {
            self.dropping = false;
            ready = self.building.take();
        }
        if self.dropping {
            return Ok(None);
        }
        match self.push(attributes, separator, line) {
            Ok(()) => Ok(ready),
            Err(error) => {
                self.drop_text();
                if ready.is_none() {
                    return Err(error);
                }
                self.queued = Some(error);
                Ok(ready)
            }
        }
    }

    /// Value of an attribute that must be there.
    fn present(
        &self,
        value: Option<String>,
        attribute: &'static str,
        line: u64,
    ) -> Result<String, CorpusError> {
        let path = || self.path.clone();
        value.ok_or_else(|| CorpusError::MissingAttribute { path: path(), line, attribute })
    }

    /// Value of the attribute `what`, which must have more than white space in it.
    fn not_blank(
        &self,
        value: String,
        what: &'static str,
        line: u64,
    ) -> Result<String, CorpusError> {
        if value.trim().is_empty() {
            let (path, attribute_name) = (self.path.clone(), format!("attribute {what:?}"));
            return Err(CorpusError::EmptySense { path, line, place: attribute_name, what });
        }
        Ok(value)
    }

    /// Adds a word to the text.
    fn push(
        &mut self,
        attributes: Attributes,
        separator: &str,
        line: u64,
    ) -> Result<(), CorpusError> {
        let Attributes { text, lemma, pos, sense, gloss, .. } = attributes;
        let gloss = gloss.filter(|gloss| !gloss.trim().is_empty());
        let word = self.present(text, "text", line)?;
        let tagged = match sense {
            None => None,
            Some(sense) => Some((
                self.not_blank(word.clone(), "text", line)?,
                self.not_blank(self.present(lemma, "lemma", line)?, "lemma", line)?,
                self.not_blank(sense, "sense", line)?,
            )),
        };
        let document = &self.document;
        let building = self.building.get_or_insert_with(|| SenseText {
            document: document.clone(),
            line,
            text: String::new(),
            words: vec![],
        });
        if !building.text.is_empty() {
            building.text.push_str(separator);
        }
        let start = building.text.len();
        building.text.push_str(&word);
        if building.text.len() > self.max {
            let (path, line, max) = (self.path.clone(), building.line, self.max);
            return Err(CorpusError::TooLong { path, line, max, fatal: false });
        }
        if let Some((_, lemma, sense)) = tagged {
            let span = Span::new(start, building.text.len());
            building.words.push(SenseWord {
                line,
                span,
                lemma,
                pos: pos.unwrap_or_default(),
                sense,
                gloss,
            });
        }
        Ok(())
    }

    /// The text has an error, which costs all of it.
    fn drop_text(&mut self) {
        self.building = None;
        self.dropping = true;
    }

    fn attributes(&self, element: &BytesStart<'_>, line: u64) -> Result<Attributes, CorpusError> {
        let mut attributes = Attributes::default();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| self.broken(error.into(), line))?;
            let slot = match attribute.key.as_ref() {
                "text" => &mut attributes.text,
                "lemma" => &mut attributes.lemma,
                "pos" => &mut attributes.pos,
                "sense" => &mut attributes.sense,
                "gloss" => &mut attributes.gloss,
                "break_level" => &mut attributes.break_level,
                _ => continue,
            };
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            *slot = Some(value.map_err(|error| self.broken(error, line))?.into_owned());
        }
        Ok(attributes)
    }

    /// The value of one attribute.
    fn value(
        &self,
        element: &BytesStart<'_>,
        name: &str,
        line: u64,
    ) -> Result<Option<String>, CorpusError> {
        let attribute = element.try_get_attribute(name).map_err(|e| self.broken(e.into(), line))?;
        let Some(attribute) = attribute else { return Ok(None) };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        Ok(Some(value.map_err(|error| self.broken(error, line))?.into_owned()))
    }

    fn ends(&self, line: u64, expected: &'static str) -> CorpusError {
        CorpusError::XmlEnds { path: self.path.clone(), line, expected }
    }

    fn broken(&self, error: quick_xml::Error, line: u64) -> CorpusError {
        let path = self.path.clone();
        match error {
            quick_xml::Error::Io(_) if self.reader.get_ref().is_too_long() => {
                CorpusError::TooLong { path, line, max: self.max, fatal: true }
            }
            // It is shared with nobody, but cannot be taken out either. Its text names the input.
            quick_xml::Error::Io(error) => {
                CorpusError::Read(io::Error::new(error.kind(), error.to_string()))
            }
            source => CorpusError::Xml { path, line, source: Box::new(source) },
        }
    }
}

impl Attributes {
    /// Separator before the word: a space by default.
    fn before(&self) -> Result<Break, String> {
        let Some(level) = &self.break_level else { return Ok(Break::Within(" ")) };
        let known = BREAKS.iter().find(|(name, _)| name == level);
        known.map(|(_, before)| *before).ok_or_else(|| beginning(level))
    }
}
