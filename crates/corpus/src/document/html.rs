//! HTML → its text, with the place of each character in the source.
//!
//! Source: WHATWG, HTML, §13.2.5 (tokens) and §3.2.7, `innerText` (blocks, line breaks, spaces).
use std::sync::Arc;

use cloze_core::Span;
use html5gum::{Emitter, Error, State, Tokenizer, naive_next_state};

use super::text::{BAR, Document, Limits};
use crate::NotReadReason;
use crate::origin::{MappedSource, SourcePiece};

/// Elements with a blank line before and after them.
const PARAGRAPHS: [&str; 16] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "table",
    "ul",
    "ol",
    "dl",
    "figure",
    "hr",
    "title",
];
/// Elements with a line of their own.
const BLOCKS: [&str; 37] = [
    "address",
    "article",
    "aside",
    "body",
    "button",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dt",
    "fieldset",
    "figcaption",
    "footer",
    "form",
    "head",
    "header",
    "hgroup",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "noscript",
    "optgroup",
    "option",
    "search",
    "section",
    "select",
    "summary",
    "tbody",
    "textarea",
    "tfoot",
    "thead",
    "tr",
];
/// Elements whose contents are not text.
const HIDDEN: [(&str, &str); 4] =
    [("script", "script"), ("style", "style sheet"), ("iframe", "frame"), ("noembed", "frame")];
/// Attributes whose value is text.
const TEXT_ATTRIBUTES: [&str; 9] = [
    "alt",
    "title",
    "placeholder",
    "aria-label",
    "aria-description",
    "label",
    "summary",
    "value",
    "content",
];

/// Attributes whose values tell whether those of others are text.
const TELLING_ATTRIBUTES: [&str; 4] = ["href", "name", "property", "type"];
/// Most attributes of an element that are looked at.
const MAX_ATTRIBUTES: usize = 1000;
/// Most parts of a run that are held before they are written.
const MAX_RUN_PARTS: usize = 1024;
/// Bytes of text that a page may have for each piece of it that stands apart in the source.
const TEXT_PER_PIECE: usize = 8;

/// Reads a page.
pub(crate) fn read(raw: String, limits: Limits) -> Result<Document, NotReadReason> {
    let mut page = Page::new(&raw, limits);
    for token in Tokenizer::new_with_emitter(&raw, &mut page) {
        let Ok(_never) = token;
    }
    page.finish_page()?;
    let Page { mut document, pieces, .. } = page;
    document.origin.source = Some(Arc::new(MappedSource { raw, pieces }));
    Ok(document)
}

/// Characters between two tags, or the value of an attribute.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    /// Number of bytes that stand in a range of the source.
    parts: Vec<(usize, Span, bool)>,
    attribute: bool,
}

impl Run {
    fn push(&mut self, bytes: &[u8], source: Span, literal: bool) {
        self.bytes.extend_from_slice(bytes);
        match self.parts.last_mut() {
            Some((length, last, true)) if literal && last.end == source.start => {
                *length += bytes.len();
                last.end = source.end;
            }
            _ => self.parts.push((bytes.len(), source, literal)),
        }
    }
}

/// Space that is due before the next character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Cell,
    Line,
    Paragraph,
}

struct Page<'s> {
    source: &'s str,
    limits: Limits,
    failed: Option<NotReadReason>,
    document: Document,
    pieces: Vec<SourcePiece>,
    gap: Gap,
    /// Number of cells with text in the row that is open.
    cells: u32,
    /// Whether the next character is the first of its cell.
    new_cell: bool,
    /// Place in the source of the space that is due.
    space: Option<Span>,
    /// Elements open that keep their spaces.
    kept_spaces: u32,
    /// The element whose contents are not text, while it is open.
    hidden: Option<&'static str>,
    position: usize,
    /// End of the last token in the source.
    cursor: usize,
    run: Run,
    tag: Vec<u8>,
    is_end: bool,
    last_start: Vec<u8>,
    attribute: Vec<u8>,
    value: Option<Run>,
    values: Vec<(&'static str, Run)>,
    /// Values of attributes, for the end of the text.
    kept: Vec<Run>,
}

impl<'s> Page<'s> {
    fn new(source: &'s str, limits: Limits) -> Self {
        Self {
            source,
            limits,
            failed: None,
            document: Document::default(),
            pieces: vec![],
            gap: Gap::None,
            cells: 0,
            new_cell: false,
            space: None,
            kept_spaces: 0,
            hidden: None,
            position: 0,
            cursor: 0,
            run: Run::default(),
            tag: vec![],
            is_end: false,
            last_start: vec![],
            attribute: vec![],
            value: None,
            values: vec![],
            kept: vec![],
        }
    }

    /// Ends the page: values of attributes follow, each as a paragraph.
    fn finish_page(&mut self) -> Result<(), NotReadReason> {
        self.flush();
        for run in std::mem::take(&mut self.kept) {
            self.due(Gap::Paragraph);
            self.write(run);
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    fn due(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Writes the characters since the last tag.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        if self.hidden.is_none() && !run.bytes.is_empty() {
            self.write(run);
        }
    }

    fn write(&mut self, run: Run) {
        let Run { bytes, parts, attribute } = run;
        let whole = parts.first().zip(parts.last());
        let whole = whole.map(|(first, last)| Span::new(first.1.start, last.1.end));
        match String::from_utf8(bytes) {
            Ok(text) => {
                let mut start = 0;
                for (length, source, literal) in parts {
                    // A reference may be cut by none, as its source is ASCII.
                    if let Some(part) = text.get(start..start + length) {
                        self.write_part(part, source, literal, attribute);
                    }
                    start += length;
                }
            }
            // The source is UTF-8, so that no run of it is not.
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                if let Some(source) = whole {
                    self.write_part(&text, source, false, attribute);
                }
            }
        }
    }

    fn write_part(&mut self, text: &str, source: Span, literal: bool, attribute: bool) {
        let keeps_spaces = self.kept_spaces > 0;
        for (offset, c) in text.char_indices() {
            let place = if literal {
                let start = source.start + offset;
                Span::new(start, start + c.len_utf8())
            } else {
                source
            };
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0C') && !keeps_spaces {
                self.due(Gap::Space);
                // Not beyond a tag, which would be replaced with the space; a line feed may have been
                // given with its carriage return.
                let between = |space: Span| self.source.get(space.end..place.start);
                self.space = Some(match self.space {
                    Some(space) if matches!(between(space), Some("" | "\n")) => {
                        Span::new(space.start, place.end)
                    }
                    Some(space) => space,
                    None => place,
                });
                continue;
            }
            self.write_gap(attribute);
            self.push(c, place, literal, attribute);
        }
    }

    /// Writes the space that is due.
    fn write_gap(&mut self, attribute: bool) {
        let (gap, space) = (std::mem::replace(&mut self.gap, Gap::None), self.space.take());
        let text = &mut self.document.text;
        if text.is_empty() {
            self.cells += u32::from(std::mem::take(&mut self.new_cell));
            return;
        }
        match gap {
            Gap::None => {}
            Gap::Space if text.ends_with(['\n', '\t']) => {}
            Gap::Space => match space {
                Some(place) => self.push(' ', place, place.end - place.start == 1, attribute),
                None => text.push(' '),
            },
            Gap::Cell if self.cells > 0 => text.push_str(BAR),
            Gap::Cell if text.ends_with('\n') => {}
            Gap::Cell | Gap::Line => text.push('\n'),
            Gap::Paragraph => text.push_str("\n\n"),
        }
        self.cells += u32::from(std::mem::take(&mut self.new_cell));
    }

    fn push(&mut self, c: char, source: Span, literal: bool, attribute: bool) {
        let start = self.document.text.len();
        if start + c.len_utf8() > self.limits.text {
            self.failed.get_or_insert(self.limits.too_much_text());
            return;
        }
        self.document.text.push(c);
        let text = Span::new(start, self.document.text.len());
        let is_full = self.pieces.len() >= self.limits.text / TEXT_PER_PIECE + 1000;
        match self.pieces.last_mut() {
            Some(last)
                if last.text.end == text.start
                    && last.literal == literal
                    && last.attribute == attribute
                    && (if literal {
                        last.source.end == source.start
                    } else {
                        last.source == source
                    }) =>
            {
                last.text.end = text.end;
                last.source.end = source.end;
            }
            _ if is_full => {
                let most = self.pieces.len();
                let reason = || NotReadReason::Limit(format!("{most} tags and references"));
                self.failed.get_or_insert_with(reason);
            }
            _ => self.pieces.push(SourcePiece { text, source, literal, attribute }),
        }
    }

    /// The place in the source of characters that begin at `start` and end at the position, and
    /// whether they stand there as they are.
    fn place(&self, characters: &[u8], start: usize) -> (Span, bool) {
        let source = self.source.as_bytes();
        let end = self.position.min(source.len());
        let mut start = start.min(end);
        // A carriage return and a line feed were given as one character.
        if start > 0 && source[start - 1] == b'\r' && source[start..end].first() == Some(&b'\n') {
            start += 1;
        }
        let (part, length) = (&source[start..end], characters.len());
        if part == characters {
            return (Span::new(start, end), true);
        }
        // A tag that turned out to be text comes in parts, at the end of all of them.
        if part.first() != Some(&b'&') && part.starts_with(characters) {
            return (Span::new(start, start + length), true);
        }
        (Span::new(start, end), false)
    }

    fn open(&mut self) {
        let name = String::from_utf8_lossy(&self.last_start).into_owned();
        if let Some((element, kind)) = HIDDEN.into_iter().find(|(element, _)| *element == name) {
            self.hidden = Some(element);
            self.document.leave_out(kind, 1);
            return;
        }
        let values = std::mem::take(&mut self.values);
        let is_pair = |name: &str, value: &str| {
            values.iter().any(|(n, v)| *n == name && v.bytes.eq_ignore_ascii_case(value.as_bytes()))
        };
        let is_technical = name == "meta"
            && !values.iter().any(|(n, v)| {
                matches!(*n, "name" | "property")
                    && ["viewport", "robots", "generator", "theme-color"]
                        .iter()
                        .all(|t| !v.bytes.eq_ignore_ascii_case(t.as_bytes()))
            });
        let no_value = is_pair("type", "checkbox") || is_pair("type", "radio");
        for (attribute, run) in values {
            let text = match attribute {
                "content" => name == "meta" && !is_technical,
                "value" => matches!(name.as_str(), "input" | "button" | "data") && !no_value,
                "href" => ["mailto:", "tel:"].iter().any(|p| run.bytes.starts_with(p.as_bytes())),
                attribute => TEXT_ATTRIBUTES.contains(&attribute),
            };
            if text && !run.bytes.trim_ascii().is_empty() {
                self.kept.push(run);
            }
        }
        match name.as_str() {
            "br" if self.in_row() => self.due(Gap::Space),
            "br" => {
                self.space = None;
                if self.gap == Gap::Line {
                    // A second one makes a blank line.
                    self.gap = Gap::Paragraph;
                }
                self.due(Gap::Line);
            }
            "td" | "th" => {
                self.due(Gap::Cell);
                self.new_cell = true;
            }
            _ => self.block(&name),
        }
        if matches!(name.as_str(), "pre" | "textarea") {
            self.kept_spaces += 1;
        }
    }

    fn close(&mut self) {
        let name = String::from_utf8_lossy(&self.tag).into_owned();
        if self.hidden == Some(name.as_str()) {
            self.hidden = None;
        }
        self.block(&name);
        if matches!(name.as_str(), "pre" | "textarea") {
            self.kept_spaces = self.kept_spaces.saturating_sub(1);
        }
    }

    /// Whether a cell is open; its lines are one.
    fn in_row(&self) -> bool {
        self.cells > 0 || self.new_cell
    }

    fn block(&mut self, name: &str) {
        if matches!(name, "tr" | "table" | "tbody" | "thead" | "tfoot") {
            if self.cells > 1 {
                self.document.text.push_str(BAR.trim_end());
            }
            (self.cells, self.new_cell) = (0, false);
            // A cell that is empty is none.
            if self.gap == Gap::Cell {
                self.gap = Gap::None;
            }
        } else if self.in_row() && (PARAGRAPHS.contains(&name) || BLOCKS.contains(&name)) {
            return self.due(Gap::Space);
        }
        if PARAGRAPHS.contains(&name) {
            self.due(Gap::Paragraph);
        } else if BLOCKS.contains(&name) {
            self.due(Gap::Line);
        }
    }

    fn end_attribute(&mut self) {
        let Some(mut run) = self.value.take() else { return };
        let known = TEXT_ATTRIBUTES.into_iter().chain(TELLING_ATTRIBUTES);
        let name = known.into_iter().find(|name| name.as_bytes() == self.attribute);
        self.attribute.clear();
        let Some(name) = name.filter(|_| self.failed.is_none()) else { return };
        if self.values.len() >= MAX_ATTRIBUTES {
            let reason = NotReadReason::Limit(format!("{MAX_ATTRIBUTES} attributes of an element"));
            self.failed = Some(reason);
            return;
        }
        // Held to the end of the page.
        run.bytes.shrink_to_fit();
        run.parts.shrink_to_fit();
        self.values.push((name, run));
    }
}

impl Emitter for &mut Page<'_> {
    type Token = std::convert::Infallible;

    fn set_last_start_tag(&mut self, tag: Option<&[u8]>) {
        self.last_start = tag.unwrap_or_default().to_vec();
    }

    fn emit_eof(&mut self) {
        self.flush();
    }

    fn emit_error(&mut self, _: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Self::Token> {
        None
    }

    fn emit_string(&mut self, characters: &[u8]) {
        if characters.is_empty() {
            return;
        }
        let (place, literal) = self.place(characters, self.cursor);
        self.cursor = place.end;
        if self.hidden.is_none() && self.failed.is_none() {
            self.run.push(characters, place, literal);
            if self.run.parts.len() >= MAX_RUN_PARTS {
                self.flush();
            }
        }
    }

    fn init_start_tag(&mut self) {
        self.tag.clear();
        self.is_end = false;
        self.values.clear();
    }

    fn init_end_tag(&mut self) {
        self.tag.clear();
        self.is_end = true;
        self.values.clear();
    }

    fn init_comment(&mut self) {
        self.flush();
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        self.flush();
        self.cursor = self.position;
        if self.is_end {
            self.close();
            self.last_start.clear();
            return None;
        }
        self.last_start = std::mem::take(&mut self.tag);
        self.open();
        naive_next_state(&self.last_start)
    }

    fn emit_current_comment(&mut self) {
        self.cursor = self.position;
        self.document.leave_out("comment", 1);
    }

    fn emit_current_doctype(&mut self) {
        self.cursor = self.position;
    }

    fn set_self_closing(&mut self) {}

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, name: &[u8]) {
        self.tag.extend_from_slice(name);
    }

    fn push_comment(&mut self, _: &[u8]) {}

    fn push_doctype_name(&mut self, _: &[u8]) {}

    fn init_doctype(&mut self) {
        self.flush();
    }

    fn init_attribute(&mut self) {
        self.end_attribute();
        self.value = Some(Run { attribute: true, ..Run::default() });
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        self.attribute.extend_from_slice(name);
    }

    fn push_attribute_value(&mut self, characters: &[u8]) {
        let end = self.position.min(self.source.len());
        let last = self.value.as_ref().and_then(|run| run.parts.last()).map(|(_, s, _)| s.end);
        let start = last.unwrap_or_else(|| self.value_start(characters, end));
        let (place, literal) = self.place(characters, start);
        if let Some(run) = &mut self.value {
            run.push(characters, place, literal);
        }
    }

    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end && !self.last_start.is_empty() && self.last_start == self.tag
    }
}

impl Page<'_> {
    /// Start of the first characters of a value: after its quote or `=`, or at a reference.
    fn value_start(&self, characters: &[u8], end: usize) -> usize {
        let source = self.source.as_bytes();
        let start = end.saturating_sub(characters.len());
        let follows = |at: usize| {
            at.checked_sub(1).is_some_and(|before| {
                matches!(source[before], b'=' | b'"' | b'\'')
                    || source[before].is_ascii_whitespace()
            })
        };
        if source[start..end] == *characters && follows(start) {
            return start;
        }
        source[..end].iter().rposition(|&b| b == b'&').unwrap_or(start)
    }
}
