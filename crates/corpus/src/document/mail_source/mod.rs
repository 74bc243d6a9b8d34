//! A mail → the text of all its header fields and parts, and back into its bytes.
//!
//! - `parts`: the places of header fields, texts and attachments;
//! - `words`: header fields with encoded words and folds;
//! - `transfer`: quoted-printable and base64.
//!
//! Other than [`mail::read`](super::mail::read), which gives what a reader is shown, this has every text
//! of several that stand for each other, and every field but those of the form of parts.
mod parts;
mod transfer;
mod words;

use std::ops::Range;
use std::sync::Arc;

use cloze_core::Span;
use mail_parser::{Message, PartType};

use self::parts::{Field, PartOfMail, PartReader, TextPart};
use self::transfer::{ByteEdit, Transfer};
use self::words::{FieldValue, ValueError};
use super::html;
use super::mail::MAX_DEPTH;
use super::text::{Document, Limits, Writer};
use crate::origin::MappedSource;
use crate::{CorpusError, Encoding, NotReadReason};

/// Fields of a header that have no data of people: the form of parts, and the date.
const FORM_FIELDS: [&str; 5] =
    ["mime-version", "content-type", "content-transfer-encoding", "content-disposition", "date"];

/// Bytes of a mail, and the sections of them that its text comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MailSource {
    raw: Vec<u8>,
    /// In the order of the bytes, which is that of the text.
    sections: Vec<Section>,
}

#[derive(Debug, PartialEq, Eq)]
struct Section {
    text: Span,
    source: Range<usize>,
    content: Content,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Field(FieldValue),
    Body(Body),
    /// An attachment that is left out.
    Dropped,
}

/// Text of a part.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    transfer: Transfer,
    charset: Charset,
    /// Decoded.
    source: String,
    /// Places of the text in `source`, where that is a page.
    page: Option<Arc<MappedSource>>,
}

/// Characters of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    /// Read as windows-1252, and written as both have it.
    Latin1,
    Of(Encoding),
}

/// Reads a mail that is to be rewritten. Attachments are left out if `drops_attachments`; else they are
/// parts that are not read.
pub(crate) fn read(
    raw: Vec<u8>,
    limits: Limits,
    drops_attachments: bool,
) -> Result<Document, NotReadReason> {
    super::mail::check_depth(&raw)?;
    let message = super::mail::parse(&raw)?;
    let mut texts = vec![];
    all_texts(&message, 0, &mut texts)?;
    let mut builder = Builder {
        raw: &raw,
        writer: Writer::new(limits),
        sections: vec![],
        texts,
        drops_attachments,
    };
    for part in PartReader::read(&raw)? {
        builder.add(part)?;
    }
    if let Some(text) = builder.texts.first() {
        let start: String = text.chars().take(40).collect();
        return Err(NotReadReason::Damaged(format!("a part beyond its parts, {start:?}")));
    }
    let Builder { writer, sections, .. } = builder;
    // Its end stays, as it is of a section.
    let mut document = writer.document;
    document.mail = Some(Arc::new(MailSource { raw, sections }));
    Ok(document)
}

/// Texts of all parts, as the other reader of mails decodes them, in order.
fn all_texts<'m>(
    message: &'m Message<'_>,
    depth: usize,
    texts: &mut Vec<&'m str>,
) -> Result<(), NotReadReason> {
    fn of_part<'m>(
        message: &'m Message<'_>,
        id: u32,
        depth: usize,
        texts: &mut Vec<&'m str>,
    ) -> Result<(), NotReadReason> {
        if depth > MAX_DEPTH {
            return Err(NotReadReason::Limit(format!("{MAX_DEPTH} parts inside each other")));
        }
        let Some(part) = message.part(id) else { return Ok(()) };
        match &part.body {
            PartType::Multipart(ids) => {
                ids.iter().try_for_each(|id| of_part(message, *id, depth + 1, texts))?;
            }
            PartType::Message(nested) => all_texts(nested, depth + 1, texts)?,
            PartType::Text(text) | PartType::Html(text) => texts.push(text),
            PartType::Binary(_) | PartType::InlineBinary(_) => {}
        }
        Ok(())
    }
    of_part(message, 0, depth, texts)
}

struct Builder<'m> {
    raw: &'m [u8],
    writer: Writer,
    sections: Vec<Section>,
    /// Texts as the other reader has them, of which those that were found here are taken out.
    texts: Vec<&'m str>,
    drops_attachments: bool,
}

impl Builder<'_> {
    fn add(&mut self, part: PartOfMail) -> Result<(), NotReadReason> {
        match part {
            PartOfMail::Header { mail, fields } => {
                self.writer.begin(match mail {
                    0 => "header of a part".to_owned(),
                    1 => "header".to_owned(),
                    mail => format!("mail {mail}, header"),
                });
                fields.into_iter().try_for_each(|field| self.field(field))?;
                self.writer.end_paragraph()
            }
            PartOfMail::Text(part) => self.text(part),
            PartOfMail::Attachment { name, range } => {
                self.pass_attachment(&range);
                if !self.drops_attachments {
                    self.writer.unread(name, NotReadReason::Attached);
                } else if range.start == 0 {
                    // Nothing of the mail would be left.
                    return Err(NotReadReason::Attached);
                } else {
                    self.writer.document.leave_out("attachment", 1);
                    let end = self.writer.document.text.len();
                    let (text, content) = (Span::new(end, end), Content::Dropped);
                    self.sections.push(Section { text, source: range, content });
                }
                Ok(())
            }
        }
    }

    fn field(&mut self, field: Field) -> Result<(), NotReadReason> {
        let Field { name, value: source } = field;
        if FORM_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
            return Ok(());
        }
        let value = FieldValue::parse(&self.raw[source.clone()]).map_err(|error| {
            let what = match error {
                ValueError::NotUtf8 => format!("field {name}"),
                ValueError::Charset(charset) => format!("{charset} in field {name}"),
            };
            NotReadReason::Characters(what)
        })?;
        if !name.is_empty() {
            self.writer.push(&name)?;
            self.writer.push(":")?;
        }
        let start = self.writer.document.text.len();
        self.writer.push(&value.text)?;
        let text = Span::new(start, self.writer.document.text.len());
        self.writer.push("\n")?;
        self.sections.push(Section { text, source, content: Content::Field(value) });
        Ok(())
    }

    fn text(&mut self, part: TextPart) -> Result<(), NotReadReason> {
        let TextPart { name, body, transfer, charset, html: is_html } = part;
        let raw = &self.raw[body.clone()];
        let damaged = || NotReadReason::Damaged(format!("transfer encoding of {name}"));
        let bytes = transfer.decode(raw).ok_or_else(damaged)?;
        let unknown = || {
            let label = charset.as_deref().unwrap_or("ASCII");
            NotReadReason::Characters(format!("{label} in {name}"))
        };
        let charset = Charset::of(charset.as_deref(), &bytes).ok_or_else(unknown)?;
        let source = charset.decode(&bytes).ok_or_else(unknown)?;
        self.take_text(&source, &name)?;
        let (text, page) = if is_html {
            let Document { text, origin, left_out, .. } =
                html::read(source.clone(), self.writer.limits())?;
            for (kind, count) in left_out {
                self.writer.document.leave_out(kind, count);
            }
            (text, origin.source)
        } else {
            (source.clone(), None)
        };
        self.writer.begin(name);
        let start = self.writer.document.text.len();
        self.writer.push(&text)?;
        let text = Span::new(start, self.writer.document.text.len());
        self.writer.end_paragraph()?;
        let content = Content::Body(Body { transfer, charset, source, page });
        self.sections.push(Section { text, source: body, content });
        Ok(())
    }

    /// Takes the text out of those that the other reader has: only where both agree it is known what
    /// a part says. Text outside parts is not among those.
    fn take_text(&mut self, source: &str, name: &str) -> Result<(), NotReadReason> {
        if name == parts::OUTSIDE {
            return Ok(());
        }
        let is_same = |text: &&str| {
            source.split_whitespace().eq(text.trim_start_matches('\u{feff}').split_whitespace())
        };
        match self.texts.iter().position(is_same) {
            Some(index) => {
                self.texts.remove(index);
                Ok(())
            }
            None => Err(NotReadReason::Damaged(format!("{name} can be read in two ways"))),
        }
    }

    /// Takes the texts of an attachment out of those that the other reader has.
    fn pass_attachment(&mut self, range: &Range<usize>) {
        let raw = &self.raw[range.clone()];
        self.texts.retain(|text| {
            let start = text.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
            start >= raw.len()
        });
    }
}

impl Charset {
    /// The characters of a part that says `label`. Without one they are ASCII, or else UTF-8, which mails
    /// of today have; `None` where they are neither, and for a charset that is not known.
    fn of(label: Option<&str>, bytes: &[u8]) -> Option<Self> {
        let is_ascii = bytes.is_ascii();
        match label.map(|label| label.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "us-ascii" | "ascii") if is_ascii => Some(Self::Ascii),
            None | Some("") => Some(Self::Of(Encoding::UTF_8)),
            Some(label) if !words::has_characters(label, "€") => Some(Self::Latin1),
            Some(label) => Encoding::of_label(label.as_bytes()).map(Self::Of),
        }
    }

    /// The text of bytes that are written so; `None` where encoding it gives other bytes.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        let Some(encoding) = self.encoding() else { return String::from_utf8(bytes.to_vec()).ok() };
        let text = encoding.decode_with_mark(bytes)?;
        (encoding.encode(&text).ok()? == bytes).then_some(text)
    }

    fn encoding(self) -> Option<Encoding> {
        match self {
            Self::Ascii => None,
            Self::Latin1 => Encoding::of_label(b"iso-8859-1"),
            Self::Of(encoding) => Some(encoding),
        }
    }

    fn encode(self, text: &str) -> Result<Vec<u8>, CorpusError> {
        match self.encoding() {
            Some(encoding) => encoding.encode(text),
            None => Ok(text.as_bytes().to_vec()),
        }
    }

    /// Bytes of a text that was not there before.
    fn encode_new(self, text: &str) -> Result<Vec<u8>, CorpusError> {
        let (encoding, last) = match self {
            Self::Ascii => ("US-ASCII", '\u{7f}'),
            Self::Latin1 => ("ISO-8859-1", '\u{ff}'),
            Self::Of(encoding) => return encoding.encode(text),
        };
        match text.chars().find(|c| *c > last) {
            Some(character) => Err(CorpusError::Unmappable { encoding, character }),
            None => self.encode(text),
        }
    }

    fn lacks(self, character: char) -> bool {
        self.encode_new(character.encode_utf8(&mut [0; 4])).is_err()
    }
}

impl MailSource {
    /// The mail with spans of its text replaced. All else stays byte for byte.
    pub(crate) fn replace(&self, edits: &[(Span, String)]) -> Result<Vec<u8>, CorpusError> {
        let (mut new, mut copied) = (Vec::with_capacity(self.raw.len()), 0);
        // The first edit that may reach into the section.
        let (mut first, mut written) = (0, 0);
        for section in &self.sections {
            new.extend_from_slice(&self.raw[copied..section.source.start]);
            copied = section.source.end;
            let raw = &self.raw[section.source.clone()];
            let before = |(span, _): &(Span, String)| span.end <= section.text.start;
            first += edits[first..].iter().take_while(|edit| before(edit)).count();
            let local = section.edits(edits, first, &mut written);
            match &section.content {
                Content::Dropped => {}
                _ if local.is_empty() => new.extend_from_slice(raw),
                Content::Field(value) => new.extend(value.replace(raw, &local)),
                Content::Body(body) => new.extend(body.replace(raw, &local)?),
            }
        }
        new.extend_from_slice(&self.raw[copied..]);
        Ok(new)
    }
}

impl Section {
    /// Edits in the section, of which none is before number `first`, as spans of its own text. One over
    /// several sections has its replacement in the first; `written` counts those that have been.
    fn edits(
        &self,
        edits: &[(Span, String)],
        first: usize,
        written: &mut usize,
    ) -> Vec<(Span, String)> {
        let mut local = vec![];
        for (i, (span, new)) in edits.iter().enumerate().skip(first) {
            if span.start >= self.text.end {
                break;
            }
            if span.end <= self.text.start {
                continue;
            }
            let start = span.start.max(self.text.start) - self.text.start;
            let end = span.end.min(self.text.end) - self.text.start;
            let new = if i >= *written { new.clone() } else { String::new() };
            *written = (*written).max(i + 1);
            local.push((Span::new(start, end), new));
        }
        local
    }
}

impl Body {
    fn replace(&self, raw: &[u8], edits: &[(Span, String)]) -> Result<Vec<u8>, CorpusError> {
        let changes: Vec<(Span, String)> = match &self.page {
            Some(page) => page
                .changes(edits)
                .into_iter()
                .map(|(span, new)| (span, self.in_page(&new)))
                .collect(),
            None => edits.to_vec(),
        };
        let (mut byte_edits, mut offset, mut byte) = (vec![], 0, 0);
        for (span, new) in changes {
            byte += self.charset.encode(&self.source[offset..span.start])?.len();
            let start = byte;
            byte += self.charset.encode(&self.source[span.start..span.end])?.len();
            offset = span.end;
            byte_edits.push(ByteEdit { range: start..byte, new: self.charset.encode_new(&new)? });
        }
        // Decoding was tried when the mail was read.
        Ok(self.transfer.replace(raw, &byte_edits).unwrap_or_default())
    }

    /// Text of a page with references for characters that the charset lacks.
    fn in_page(&self, text: &str) -> String {
        let escaped = text.chars().map(|c| {
            if self.charset.lacks(c) { format!("&#{};", u32::from(c)) } else { c.to_string() }
        });
        escaped.collect()
    }
}
