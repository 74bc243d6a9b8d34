//! Events of an XML part: elements by their local names, characters with references resolved.
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::NotReadReason;

/// Largest number of elements inside each other.
const MAX_DEPTH: usize = 1_000;

/// Part of an XML document.
pub(crate) enum Node<'x> {
    Start(Element<'x>),
    /// End of an element; comes after the start of an empty one, too.
    End(String),
    Text(String),
}

/// Start of an element.
pub(crate) struct Element<'x> {
    pub(crate) name: String,
    start: BytesStart<'x>,
}

impl Element<'_> {
    /// The value of the attribute with this local name.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let attribute = self
            .start
            .attributes()
            .with_checks(false)
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.local_name().as_ref() == name)?;
        attribute.normalized_value(XmlVersion::default()).ok().map(std::borrow::Cow::into_owned)
    }
}

pub(crate) struct Nodes<'x> {
    reader: Reader<&'x [u8]>,
    name: &'x str,
    depth: usize,
    /// End of an empty element.
    end: Option<String>,
}

impl<'x> Nodes<'x> {
    /// The nodes of a part of this name.
    pub(crate) fn new(text: &'x str, name: &'x str) -> Self {
        let reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        Self { reader, name, depth: 0, end: None }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Node<'x>>, NotReadReason> {
        if let Some(name) = self.end.take() {
            return Ok(Some(Node::End(name)));
        }
        let damaged = |what: String| NotReadReason::Damaged(format!("{}: {what}", self.name));
        loop {
            let event = self.reader.read_event().map_err(|error| damaged(error.to_string()))?;
            return Ok(Some(match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        let limit = format!("{MAX_DEPTH} elements inside each other");
                        return Err(NotReadReason::Limit(limit));
                    }
                    Node::Start(element(start))
                }
                Event::Empty(start) => {
                    let element = element(start);
                    self.end = Some(element.name.clone());
                    Node::Start(element)
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::End(end.local_name().as_ref().to_owned())
                }
                Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Node::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string(),
                        Ok(None) => {
                            let name: String = (*reference).into();
                            let known = quick_xml::escape::resolve_predefined_entity(&name);
                            // Entities of a document type are not followed: they may grow without end.
                            known.ok_or_else(|| damaged(format!("entity {name:?}")))?.to_owned()
                        }
                        Err(error) => return Err(damaged(error.to_string())),
                    };
                    Node::Text(resolved)
                }
                Event::Eof if self.depth > 0 => return Err(damaged("cut off".to_owned())),
                Event::Eof => return Ok(None),
                _ => continue,
            }));
        }
    }
}

fn element(start: BytesStart<'_>) -> Element<'_> {
    Element { name: start.local_name().as_ref().to_owned(), start }
}
