//! Parts of a mail, by their places in its bytes.
//!
//! Source: RFC 5322, §2.2, and RFC 2046, §5.1.
use std::ops::Range;

use mail_parser::{Message, MessageParser, MimeHeaders};

use super::transfer::Transfer;
use crate::NotReadReason;
use crate::document::mail::{MAX_DEPTH, MAX_PARTS};

/// Name of the text before the first part and behind the last.
pub(super) const OUTSIDE: &str = "text outside parts";

/// A field of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Bytes behind the colon, without the last line end.
    pub(super) value: Range<usize>,
}

/// A part whose text is rewritten.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextPart {
    pub(super) name: String,
    pub(super) body: Range<usize>,
    pub(super) transfer: Transfer,
    /// As the part says.
    pub(super) charset: Option<String>,
    pub(super) html: bool,
}

/// A piece of a mail, in the order of its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PartOfMail {
    /// Header of the mail (1) or of one inside it (2 and on), or of a part (0).
    Header {
        mail: usize,
        fields: Vec<Field>,
    },
    Text(TextPart),
    /// A file that was sent along, with the delimiter before it.
    Attachment {
        name: String,
        range: Range<usize>,
    },
}

/// Reader of a mail's parts.
pub(super) struct PartReader<'m> {
    raw: &'m [u8],
    pub(super) parts: Vec<PartOfMail>,
    mails: usize,
    count: usize,
}

impl<'m> PartReader<'m> {
    /// Reads all parts of a mail.
    pub(super) fn read(raw: &'m [u8]) -> Result<Vec<PartOfMail>, NotReadReason> {
        let mut reader = Self { raw, parts: vec![], mails: 0, count: 0 };
        reader.entity(0..raw.len(), None, true, 0)?;
        Ok(reader.parts)
    }

    /// Reads a mail or a part: its header and what follows. `delimiter` is the place of the boundary
    /// before it.
    fn entity(
        &mut self,
        range: Range<usize>,
        delimiter: Option<usize>,
        is_mail: bool,
        depth: usize,
    ) -> Result<(), NotReadReason> {
        if depth > MAX_DEPTH {
            return Err(NotReadReason::Limit(format!("{MAX_DEPTH} parts inside each other")));
        }
        if self.count >= MAX_PARTS {
            return Err(NotReadReason::Limit(format!("{MAX_PARTS} parts")));
        }
        let (fields, body) = self.header(&range);
        let head = MessageParser::default().parse_headers(&self.raw[range.start..body]);
        // Of a part without a header there is nothing.
        let kind = Kind::of(head.as_ref().filter(|head| !head.parts.is_empty()));
        self.mails += usize::from(is_mail);
        self.count += 1;
        let name = self.part_name(&kind);
        let content = body..range.end;
        let is_text = kind.is_text();
        if kind.file.is_some() || !is_text && kind.boundary.is_none() && !kind.is_message() {
            let start = delimiter.unwrap_or(range.start);
            self.parts.push(PartOfMail::Attachment { name, range: start..range.end });
            return Ok(());
        }
        let mail = if is_mail { self.mails } else { 0 };
        self.parts.push(PartOfMail::Header { mail, fields });
        let transfer = Transfer::parse(&kind.transfer).ok_or_else(|| {
            NotReadReason::Damaged(format!("transfer encoding {}", kind.transfer))
        })?;
        if let Some(boundary) = &kind.boundary {
            return self.multipart(content, boundary.as_bytes(), depth);
        }
        if kind.is_message() {
            if transfer != Transfer::Identity {
                let start = delimiter.unwrap_or(range.start);
                self.parts.pop();
                self.parts.push(PartOfMail::Attachment { name, range: start..range.end });
                return Ok(());
            }
            return self.entity(content, None, true, depth + 1);
        }
        let html = kind.subtype == "html";
        let (body, charset) = (content, kind.charset);
        self.parts.push(PartOfMail::Text(TextPart { name, body, transfer, charset, html }));
        Ok(())
    }

    /// Reads the parts between boundaries. Text before the first and behind the last is rewritten, too,
    /// for the readers that show it.
    fn multipart(
        &mut self,
        content: Range<usize>,
        boundary: &[u8],
        depth: usize,
    ) -> Result<(), NotReadReason> {
        let delimiters = self.delimiters(&content, boundary);
        let Some(first) = delimiters.first() else {
            return Err(NotReadReason::Damaged("no boundary between its parts".to_owned()));
        };
        self.outside(content.start..first.start);
        for (i, delimiter) in delimiters.iter().enumerate() {
            if delimiter.is_last {
                self.outside(delimiter.end..content.end);
                return Ok(());
            }
            let end = delimiters.get(i + 1).map_or(content.end, |next| next.start);
            let range = delimiter.end.min(end)..end;
            self.entity(range, Some(delimiter.start), false, depth + 1)?;
        }
        Ok(())
    }

    fn outside(&mut self, body: Range<usize>) {
        if self.raw[body.clone()].trim_ascii().is_empty() {
            return;
        }
        let (name, transfer) = (OUTSIDE.to_owned(), Transfer::Identity);
        let charset = None;
        self.parts.push(PartOfMail::Text(TextPart { name, body, transfer, charset, html: false }));
    }

    /// Lines that a boundary stands in. The line end before one belongs to it.
    fn delimiters(&self, content: &Range<usize>, boundary: &[u8]) -> Vec<Delimiter> {
        let mut delimiters = vec![];
        let mut start = content.start;
        while start < content.end {
            let line = line_at(&self.raw[..content.end], start);
            let text = self.raw[line.clone()].trim_ascii_end();
            if let Some(rest) = text.strip_prefix(b"--").and_then(|t| t.strip_prefix(boundary))
                && matches!(rest, b"" | b"--")
            {
                let before = &self.raw[content.start..start];
                let line_end = match before {
                    [.., b'\r', b'\n'] => 2,
                    [.., b'\n'] => 1,
                    _ => 0,
                };
                // The line end behind the last one is of what follows.
                let is_last = rest == b"--";
                let end = if is_last { start + text.len() } else { line.end };
                delimiters.push(Delimiter { start: start - line_end, end, is_last });
                if is_last {
                    break;
                }
            }
            start = line.end;
        }
        delimiters
    }

    /// Fields of a header, and the start of what follows it.
    fn header(&self, range: &Range<usize>) -> (Vec<Field>, usize) {
        let raw = &self.raw[..range.end];
        let mut fields: Vec<Field> = vec![];
        let mut start = range.start;
        while start < range.end {
            let line = line_at(raw, start);
            let content = without_line_end(raw, &line);
            if raw[content.clone()].is_empty() {
                return (fields, line.end);
            }
            let is_fold = matches!(raw[start], b' ' | b'\t');
            let colon = raw[content.clone()].iter().position(|byte| *byte == b':');
            let is_name = |name: &[u8]| {
                let name = name.trim_ascii_end();
                !name.is_empty() && name.iter().all(|byte| (33..127).contains(byte))
            };
            let colon = colon.filter(|&colon| is_name(&raw[start..start + colon]));
            match (fields.last_mut(), colon) {
                (Some(last), _) if is_fold => last.value.end = content.end,
                (_, Some(colon)) => {
                    let name = String::from_utf8_lossy(&raw[start..start + colon]);
                    let name = name.trim_end().to_owned();
                    fields.push(Field { name, value: start + colon + 1..content.end });
                }
                // No field, such as the first line of a mail in a mailbox.
                _ => fields.push(Field { name: String::new(), value: content }),
            }
            start = line.end;
        }
        (fields, range.end)
    }

    fn part_name(&self, kind: &Kind) -> String {
        let (of_kind, number) = (format!("{}/{}", kind.main, kind.subtype), self.count);
        let name = match &kind.file {
            Some(file) if !file.is_empty() => format!("attachment {file:?} ({of_kind})"),
            _ => format!("part {number} ({of_kind})"),
        };
        if self.mails > 1 { format!("mail {}, {name}", self.mails) } else { name }
    }
}

/// A line with a boundary.
struct Delimiter {
    start: usize,
    end: usize,
    is_last: bool,
}

/// The line that begins at `start`, with its line end.
fn line_at(raw: &[u8], start: usize) -> Range<usize> {
    let length = raw[start..].iter().position(|byte| *byte == b'\n');
    start..length.map_or(raw.len(), |length| start + length + 1)
}

fn without_line_end(raw: &[u8], line: &Range<usize>) -> Range<usize> {
    let content = &raw[line.clone()];
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    line.start..line.start + content.len()
}

/// Kind of a part, by its header.
struct Kind {
    main: String,
    subtype: String,
    boundary: Option<String>,
    charset: Option<String>,
    transfer: String,
    /// Name of the file, of one that was sent along.
    file: Option<String>,
}

impl Kind {
    fn of(head: Option<&Message<'_>>) -> Self {
        let content_type = head.and_then(|head| head.content_type());
        let lower = |text: Option<&str>| text.unwrap_or_default().to_ascii_lowercase();
        let (main, subtype) = match content_type {
            Some(kind) => (lower(Some(kind.ctype())), lower(kind.subtype())),
            None => ("text".to_owned(), "plain".to_owned()),
        };
        let attribute =
            |name: &str| content_type.and_then(|kind| kind.attribute(name)).map(str::to_owned);
        let disposition = head.and_then(|head| head.content_disposition());
        let is_attachment =
            disposition.is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment"));
        let file = head.and_then(|head| head.attachment_name()).map(str::to_owned);
        let file = file.or_else(|| is_attachment.then(String::new));
        let boundary = attribute("boundary").filter(|_| main == "multipart");
        let transfer = head.and_then(|head| head.content_transfer_encoding());
        let transfer = transfer.unwrap_or_default().to_owned();
        Self { boundary, charset: attribute("charset"), transfer, file, main, subtype }
    }

    fn is_text(&self) -> bool {
        self.main == "text"
    }

    fn is_message(&self) -> bool {
        self.main == "message" && matches!(self.subtype.as_str(), "rfc822" | "global")
    }
}
