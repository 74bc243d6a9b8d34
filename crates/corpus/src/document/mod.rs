//! Documents → their text, with the places it comes from, and the parts that are not read.
mod archive;
mod html;
mod mail;
mod mail_source;
mod opendocument;
mod pdf;
mod text;
mod word;
mod workbook;
mod xml;

use cloze_core::guard;

use crate::params::MailParams;
use crate::{Encoding, Format, NotReadReason};
pub(crate) use mail_source::MailSource;
pub(crate) use text::{Document, Limits};

/// Bytes that a document may unpack to for each byte of text that it may have.
const UNPACKED_PER_TEXT: u64 = 16;

impl Limits {
    /// The limits on a document with at most `text` bytes of text.
    pub(crate) fn of_text(text: usize) -> Self {
        Self { text, unpacked: (text as u64).saturating_mul(UNPACKED_PER_TEXT) }
    }
}

/// Reads a document; returns its encoding, too, which HTML may say itself. A parser that fails on it gives an
/// error.
pub(crate) fn read(
    format: Format,
    raw: Vec<u8>,
    encoding: Encoding,
    limits: Limits,
    mails: MailParams,
) -> Result<(Document, Encoding), NotReadReason> {
    let read = || parsed(format, raw, encoding, limits, mails);
    guard("its parser", read).unwrap_or_else(|what| Err(NotReadReason::Damaged(what)))
}

fn parsed(
    format: Format,
    raw: Vec<u8>,
    encoding: Encoding,
    limits: Limits,
    mails: MailParams,
) -> Result<(Document, Encoding), NotReadReason> {
    let document = match format {
        Format::Html => {
            let encoding = html_encoding(&raw, encoding)?;
            let text = encoding
                .decode_with_mark(&raw)
                .ok_or_else(|| NotReadReason::Characters(encoding.name().to_owned()))?;
            return Ok((html::read(text, limits)?, encoding));
        }
        Format::Eml if mails.rewrites => mail_source::read(raw, limits, mails.drops_attachments)?,
        Format::Eml => mail::read(&raw, limits, mails.drops_attachments)?,
        Format::Docx => word::read(raw, limits)?,
        Format::Odt => opendocument::read(raw, limits)?,
        Format::Xlsx => workbook::read(raw, limits)?,
        Format::Pdf => pdf::read(&raw, limits)?,
        _ => Document::default(),
    };
    Ok((document, Encoding::UTF_8))
}

/// The encoding of a page: its byte order mark, or the one asked for, or the one it says itself in its
/// first 1,024 bytes. Source: WHATWG, HTML, §13.2.3.2.
fn html_encoding(raw: &[u8], asked: Encoding) -> Result<Encoding, NotReadReason> {
    if let Some(encoding) = Encoding::of_mark(raw) {
        return Ok(encoding);
    }
    if asked != Encoding::UTF_8 && !asked.is_auto() {
        return Ok(asked.settled());
    }
    let head = raw[..raw.len().min(1024)].to_ascii_lowercase();
    let says = |key: &[u8]| {
        let start = head.windows(key.len()).position(|window| window == key)? + key.len();
        let label = head[start..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label);
        let ends = |b: &u8| b.is_ascii_whitespace() || b"\"';>/".contains(b);
        Some(label[..label.iter().position(ends)?].to_vec())
    };
    let is_xml = head.trim_ascii_start().starts_with(b"<?xml");
    let said = says(b"charset").or_else(|| is_xml.then(|| says(b"encoding")).flatten());
    match said {
        // A page that says so in ASCII is in no UTF-16: the standard takes UTF-8.
        Some(label) if label.starts_with(b"utf-16") => Ok(Encoding::UTF_8),
        Some(label) => Encoding::of_label(&label)
            .ok_or_else(|| NotReadReason::Characters(String::from_utf8_lossy(&label).into_owned())),
        None if asked.is_auto() => Ok(Encoding::guess(raw, true)),
        None => Ok(Encoding::UTF_8),
    }
}
