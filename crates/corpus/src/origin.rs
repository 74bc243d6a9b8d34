//! Places of a document's text: pages, cells, paragraphs, and bytes of the source.
use std::borrow::Cow;
use std::sync::Arc;

use cloze_core::Span;

/// Places in the file that the text of a document comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Start of each part in the text, and its name.
    pub(crate) parts: Vec<(usize, String)>,
    pub(crate) source: Option<Arc<MappedSource>>,
}

/// A source that the text stands in, piece by piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MappedSource {
    pub(crate) raw: String,
    /// Pieces of the text, in its order; between them is text that the source does not have.
    pub(crate) pieces: Vec<SourcePiece>,
}

/// A piece of the text, and its place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourcePiece {
    pub(crate) text: Span,
    pub(crate) source: Span,
    /// Whether the source has the text byte for byte, and not as a reference such as `&eacute;`.
    pub(crate) literal: bool,
    /// Whether it is in the value of an attribute.
    pub(crate) attribute: bool,
}

impl Origin {
    /// Name of the part that a byte of the text is in: `page 2` of a PDF, `Sheet1!B3` of a workbook,
    /// `paragraph 4` or `header 1` of a text document, `part 2 (text/html)` of a mail.
    #[must_use]
    pub fn part(&self, offset: usize) -> Option<&str> {
        let next = self.parts.partition_point(|(start, _)| *start <= offset);
        self.parts.get(next.checked_sub(1)?).map(|(_, name)| name.as_str())
    }

    /// Source of the text, where offsets into it are known: so for HTML.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.raw.as_str())
    }

    /// Bytes of [`source`](Self::source) from the beginning of a span of the text to its end, with
    /// the tags between; `None` if no part of the span stands in a source.
    #[must_use]
    pub fn source_span(&self, span: Span) -> Option<Span> {
        let source = self.source.as_ref()?;
        let mut cuts = source.cuts(span).map(|(cut, _)| cut);
        let first = cuts.next()?;
        let last = cuts.last().unwrap_or(first);
        // Values of attributes stand behind the text, and anywhere in the source.
        Some(Span::new(first.start.min(last.start), first.end.max(last.end)))
    }
}

impl MappedSource {
    /// Ranges of the source that a span of the text stands in, each with its piece.
    fn cuts(&self, span: Span) -> impl Iterator<Item = (Span, &SourcePiece)> {
        let first = self.pieces.partition_point(|piece| piece.text.end <= span.start);
        let pieces = self.pieces[first..].iter().take_while(move |p| p.text.start < span.end);
        pieces.map(move |piece| {
            if !piece.literal {
                return (piece.source, piece);
            }
            let start = span.start.max(piece.text.start) - piece.text.start;
            let end = span.end.min(piece.text.end) - piece.text.start;
            (Span::new(piece.source.start + start, piece.source.start + end), piece)
        })
    }

    /// The source with spans of the text replaced. A replacement stands where its span begins; tags
    /// within the span stay.
    pub(crate) fn replace(&self, edits: &[(Span, String)]) -> String {
        let mut replaced = String::with_capacity(self.raw.len());
        let mut end = 0;
        for (cut, new) in self.changes(edits) {
            replaced.push_str(&self.raw[end..cut.start]);
            replaced.push_str(&new);
            end = cut.end;
        }
        replaced.push_str(&self.raw[end..]);
        replaced
    }

    /// Spans of the source that change when spans of the text are replaced, with what they become; in
    /// order, without overlaps.
    pub(crate) fn changes(&self, edits: &[(Span, String)]) -> Vec<(Span, String)> {
        let mut changes: Vec<(Span, Cow<'_, str>)> = vec![];
        for (span, new) in edits {
            for (i, (cut, piece)) in self.cuts(*span).enumerate() {
                let new = if i == 0 { escaped(new, piece.attribute).into() } else { "".into() };
                changes.push((cut, new));
            }
        }
        changes.sort_by_key(|(cut, _)| cut.start);
        let mut apart: Vec<(Span, String)> = vec![];
        for (cut, new) in changes {
            match apart.last_mut() {
                // Two spans may share a reference that stands for two characters.
                Some((last, text)) if cut.start < last.end => text.push_str(&new),
                _ => apart.push((cut, new.into_owned())),
            }
        }
        apart
    }
}

/// `text` with references for the characters that mean something in HTML; in an attribute, which
/// may be without quotes, for spaces, too.
fn escaped(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            ' ' if attribute => escaped.push_str("&#32;"),
            c => escaped.push(c),
        }
    }
    escaped
}
