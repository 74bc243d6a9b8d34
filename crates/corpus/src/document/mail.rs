//! A mail → its header fields and texts, decoded.
use std::collections::HashSet;

use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::html;
use super::text::{Document, Limits, Writer};
use crate::NotReadReason;

/// Largest number of mails inside each other.
const MAX_MAILS: usize = 64;
/// Largest number of parts of a mail inside each other.
pub(super) const MAX_DEPTH: usize = 64;
/// Largest number of parts of a mail.
pub(super) const MAX_PARTS: usize = 10_000;

/// Reads a mail. Attachments are parts that are not read, or are left out if `drops_attachments`.
pub(crate) fn read(
    raw: &[u8],
    limits: Limits,
    drops_attachments: bool,
) -> Result<Document, NotReadReason> {
    check_depth(raw)?;
    let message = parse(raw)?;
    let mut mail = Mail { writer: Writer::new(limits), mails: 0, drops_attachments };
    mail.message(&message, 0)?;
    Ok(mail.writer.finish())
}

/// Refuses more mails inside each other than are read: they are values inside each other, which a stack
/// has to hold.
pub(super) fn check_depth(raw: &[u8]) -> Result<(), NotReadReason> {
    if raw.windows(8).filter(|window| window.eq_ignore_ascii_case(b"message/")).count() > MAX_MAILS
    {
        return Err(NotReadReason::Limit(format!("{MAX_MAILS} mails inside each other")));
    }
    Ok(())
}

/// Parses what is a mail by its header.
pub(super) fn parse(raw: &[u8]) -> Result<Message<'_>, NotReadReason> {
    let not_mail = || NotReadReason::Damaged("no header of a mail".to_owned());
    let message = MessageParser::default().parse(raw).ok_or_else(not_mail)?;
    let known = [message.subject().is_some(), message.from().is_some(), message.to().is_some()];
    if !known.contains(&true) && message.date().is_none() && message.content_type().is_none() {
        return Err(not_mail());
    }
    if message.parts.len() > MAX_PARTS {
        return Err(NotReadReason::Limit(format!("{MAX_PARTS} parts")));
    }
    Ok(message)
}

struct Mail {
    writer: Writer,
    /// Number of mails begun.
    mails: usize,
    drops_attachments: bool,
}

impl Mail {
    fn message(&mut self, message: &Message<'_>, depth: usize) -> Result<(), NotReadReason> {
        self.mails += 1;
        let number = self.mails;
        self.writer.end_paragraph()?;
        self.writer.begin(if number == 1 {
            "header".into()
        } else {
            format!("mail {number}, header")
        });
        let addresses = [
            ("From", message.from()),
            ("Sender", message.sender()),
            ("Reply-To", message.reply_to()),
            ("To", message.to()),
            ("Cc", message.cc()),
            ("Bcc", message.bcc()),
        ];
        if let Some(subject) = message.subject() {
            self.field("Subject", subject)?;
        }
        for (name, addresses) in addresses {
            if let Some(addresses) = addresses {
                self.field(name, &shown(addresses))?;
            }
        }
        if let Some(date) = message.header_raw("Date") {
            self.field("Date", date)?;
        }
        self.part(message, 0, number, depth)
    }

    fn field(&mut self, name: &str, value: &str) -> Result<(), NotReadReason> {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() {
            return Ok(());
        }
        self.writer.push(name)?;
        self.writer.push(": ")?;
        self.writer.push(&value)?;
        self.writer.end_line()
    }

    fn part(
        &mut self,
        message: &Message<'_>,
        id: u32,
        number: usize,
        depth: usize,
    ) -> Result<(), NotReadReason> {
        let Some(part) = message.part(id) else { return Ok(()) };
        let name = Self::name(part, id, number);
        if depth > MAX_DEPTH {
            let reason = NotReadReason::Limit(format!("{MAX_DEPTH} parts inside each other"));
            self.writer.unread(name, reason);
            return Ok(());
        }
        match &part.body {
            PartType::Multipart(parts) if is_alternative(part) => {
                self.alternative(message, parts, number, depth + 1)
            }
            PartType::Multipart(parts) => {
                for id in parts {
                    self.part(message, *id, number, depth + 1)?;
                }
                Ok(())
            }
            PartType::Message(nested) => self.message(nested, depth + 1),
            PartType::Text(_) | PartType::Html(_) if is_attached(part) => {
                self.attachment(name);
                Ok(())
            }
            PartType::Text(_) | PartType::Html(_) => match self.text(part, &name)? {
                Some(text) => self.write(name, &text),
                None => Ok(()),
            },
            PartType::Binary(_) | PartType::InlineBinary(_) => {
                let kind = part.content_type().map_or("", |kind| kind.ctype()).to_ascii_lowercase();
                let signs = part
                    .content_type()
                    .and_then(|kind| kind.subtype())
                    .is_some_and(|kind| kind.to_ascii_lowercase().ends_with("signature"));
                if signs {
                    self.writer.document.leave_out("signature", 1);
                } else if kind == "image" && !is_attached(part) {
                    self.writer.document.leave_out("picture", 1);
                } else {
                    self.attachment(name);
                }
                Ok(())
            }
        }
    }

    fn attachment(&mut self, name: String) {
        if self.drops_attachments {
            self.writer.document.leave_out("attachment", 1);
        } else {
            self.writer.unread(name, NotReadReason::Attached);
        }
    }

    /// Writes one text of several that stand for each other, and any other that has words of its own.
    fn alternative(
        &mut self,
        message: &Message<'_>,
        parts: &[u32],
        number: usize,
        depth: usize,
    ) -> Result<(), NotReadReason> {
        let mut words: HashSet<String> = HashSet::new();
        let is_html = |id: &&u32| {
            message.part(**id).is_some_and(|part| matches!(part.body, PartType::Html(_)))
        };
        let (html, others): (Vec<&u32>, Vec<&u32>) = parts.iter().partition(is_html);
        for id in others.into_iter().chain(html) {
            let Some(part) = message.part(*id) else { continue };
            let name = Self::name(part, *id, number);
            let text = match &part.body {
                PartType::Text(_) | PartType::Html(_) if !is_attached(part) => {
                    self.text(part, &name)?
                }
                _ => {
                    self.part(message, *id, number, depth)?;
                    continue;
                }
            };
            let Some(text) = text else { continue };
            let of_text = || text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
            if !words.is_empty() && of_text().all(|word| words.contains(word)) {
                continue;
            }
            words.extend(of_text().map(str::to_owned));
            self.write(name, &text)?;
        }
        Ok(())
    }

    fn write(&mut self, name: String, text: &str) -> Result<(), NotReadReason> {
        self.writer.end_paragraph()?;
        self.writer.begin(name);
        self.writer.push(text.trim_matches(['\n', '\r']))
    }

    /// The text of a part; `None` where it cannot be decoded, which is noted.
    fn text(
        &mut self,
        part: &MessagePart<'_>,
        name: &str,
    ) -> Result<Option<String>, NotReadReason> {
        if part.is_encoding_problem {
            let what = part.content_transfer_encoding().unwrap_or("its encoding").to_owned();
            self.writer.unread(name, NotReadReason::Damaged(what));
            return Ok(None);
        }
        let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
        let is_known = charset.is_none_or(|label| {
            label.to_ascii_lowercase().starts_with("utf-7")
                || encoding_rs::Encoding::for_label(label.as_bytes()).is_some()
        });
        let (text, is_html) = match &part.body {
            PartType::Text(text) => (text, false),
            PartType::Html(text) => (text, true),
            _ => return Ok(None),
        };
        if !is_known && !text.is_ascii() || text.contains('\u{fffd}') {
            let charset = charset.unwrap_or("UTF-8").to_owned();
            self.writer.unread(name, NotReadReason::Characters(charset));
        }
        let text = text.replace("\r\n", "\n");
        if !is_html {
            return Ok(Some(text));
        }
        let Document { text, left_out, .. } = html::read(text, self.writer.limits())?;
        for (kind, count) in left_out {
            self.writer.document.leave_out(kind, count);
        }
        Ok(Some(text))
    }

    fn name(part: &MessagePart<'_>, id: u32, number: usize) -> String {
        let kind = part.content_type().map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")),
        );
        let name = match part.attachment_name() {
            Some(name) => format!("attachment {name:?} ({kind})"),
            None => format!("part {} ({kind})", id + 1),
        };
        if number > 1 { format!("mail {number}, {name}") } else { name }
    }
}

fn is_alternative(part: &MessagePart<'_>) -> bool {
    part.is_content_type("multipart", "alternative")
}

/// Whether a part is a file that was sent along.
fn is_attached(part: &MessagePart<'_>) -> bool {
    let disposition = part.content_disposition();
    disposition.is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment"))
        || disposition.is_none_or(|d| !d.ctype().eq_ignore_ascii_case("inline"))
            && part.attachment_name().is_some()
}

fn shown(addresses: &Address<'_>) -> String {
    let shown = addresses.iter().map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    });
    shown.filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ")
}
