//! One document of the i2b2/UTHealth 2014 de-identification task. Source: Stubbs & Uzuner, 2015
//! ("Annotating longitudinal clinical narratives for de-identification"), section 4.
use std::path::Path;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Mark, MarkedText, Place, items};
use crate::CorpusError;
use crate::error::beginning;

pub(super) fn read(path: &Path, content: &str) -> Result<MarkedText, CorpusError> {
    let mut reader = Reader::from_str(content);
    let (mut text, mut within, mut tags) = (None::<String>, false, false);
    let mut marks = vec![];
    let line_of = |position: u64| {
        let end = usize::try_from(position).unwrap_or(usize::MAX).min(content.len());
        content.as_bytes()[..end].iter().fold(1, |line, byte| line + u64::from(*byte == b'\n'))
    };
    loop {
        let line = line_of(reader.buffer_position());
        let broken =
            |source| CorpusError::Xml { path: path.to_owned(), line, source: Box::new(source) };
        match reader.read_event().map_err(broken)? {
            Event::Start(element) if element.name().as_ref() == "TEXT" => {
                within = true;
                text.get_or_insert_default();
            }
            Event::End(element) if element.name().as_ref() == "TEXT" => within = false,
            Event::Start(element) if element.name().as_ref() == "TAGS" => tags = true,
            Event::CData(part) if within => text.get_or_insert_default().push_str(&newlines(&part)),
            Event::Text(part) if within => text.get_or_insert_default().push_str(&newlines(&part)),
            Event::Start(element) | Event::Empty(element) if tags => {
                marks.push(mark(&element, path, line)?);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let Some(text) = text.filter(|_| tags) else {
        return Err(CorpusError::NoMarks { path: path.to_owned() });
    };
    let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let items = items(Place { path, line: 1, bytes: false }, &text, marks)?;
    Ok(MarkedText { line: 1, id, kind: None, text, items })
}

/// Line ends as XML has them. Source: XML 1.0, section 2.11.
fn newlines(part: &str) -> String {
    part.replace("\r\n", "\n").replace('\r', "\n")
}

/// The item of an element: `TYPE` is its label, or else the name of the element.
fn mark(element: &BytesStart<'_>, path: &Path, line: u64) -> Result<Mark, CorpusError> {
    let (mut start, mut end, mut text, mut label) = (None, None, None, None);
    for attribute in element.attributes() {
        let broken = |source: quick_xml::events::attributes::AttrError| CorpusError::Xml {
            path: path.to_owned(),
            line,
            source: Box::new(source.into()),
        };
        let attribute = attribute.map_err(broken)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|source| {
            CorpusError::Xml { path: path.to_owned(), line, source: Box::new(source) }
        })?;
        match attribute.key.as_ref() {
            "start" => start = Some(number("start", &value, path, line)?),
            "end" => end = Some(number("end", &value, path, line)?),
            "text" => text = Some(value.into_owned()),
            "TYPE" => label = Some(value.into_owned()),
            _ => {}
        }
    }
    let missing =
        |attribute| CorpusError::MissingAttribute { path: path.to_owned(), line, attribute };
    let name = || element.name().as_ref().to_owned();
    Ok(Mark {
        label: label.filter(|label| !label.is_empty()).unwrap_or_else(name),
        start: start.ok_or_else(|| missing("start"))?,
        end: end.ok_or_else(|| missing("end"))?,
        text,
    })
}

fn number(
    attribute: &'static str,
    value: &str,
    path: &Path,
    line: u64,
) -> Result<usize, CorpusError> {
    value.parse().map_err(|_| CorpusError::XmlAttribute {
        path: path.to_owned(),
        line,
        attribute,
        expected: "a whole number",
        found: beginning(value),
    })
}
