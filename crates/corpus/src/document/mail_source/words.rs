//! Values of header fields, with encoded words and folds.
//!
//! Source: RFC 5322, §2.2.3, and RFC 2047.
use std::ops::Range;

use cloze_core::Span;

use crate::Encoding;

/// Longest encoded word.
const MAX_WORD: usize = 75;

/// Value of a field: its text, and the pieces of the source that it stands in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FieldValue {
    pub(super) text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: Span,
    /// In the value.
    source: Range<usize>,
    /// `None` where the source has the text as it is.
    word: Option<Coding>,
}

/// Coding of an encoded word.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Coding {
    charset: String,
    encoding: Encoding,
    base64: bool,
}

/// Reason why a value is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ValueError {
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// An encoded word in a charset that is not known, or with bytes that are not of it.
    Charset(String),
}

impl FieldValue {
    /// Reads a value, without its last line end.
    pub(super) fn parse(raw: &[u8]) -> Result<Self, ValueError> {
        let raw = std::str::from_utf8(raw).map_err(|_| ValueError::NotUtf8)?;
        let mut value = Self::default();
        let mut at = 0;
        while at < raw.len() {
            let rest = &raw[at..];
            if let Some((length, coding, bytes)) = encoded_word(rest)? {
                let unknown = || ValueError::Charset(coding.charset.clone());
                let text = coding.encoding.decode_whole(&bytes).ok_or_else(unknown)?;
                value.push(&text, at..at + length, Some(coding));
                at += length;
                // Blanks between two encoded words are none.
                let blanks = raw[at..].len() - raw[at..].trim_start().len();
                if encoded_word(&raw[at + blanks..])?.is_some() {
                    at += blanks;
                }
                continue;
            }
            // The line end of a fold is no text, and the blank behind it is.
            let c = rest.chars().next().unwrap_or_default();
            let end = at + c.len_utf8();
            if !matches!(c, '\r' | '\n') {
                value.push(&raw[at..end], at..end, None);
            }
            at = end;
        }
        Ok(value)
    }

    fn push(&mut self, text: &str, source: Range<usize>, word: Option<Coding>) {
        let start = self.text.len();
        self.text.push_str(text);
        let span = Span::new(start, self.text.len());
        match self.pieces.last_mut() {
            Some(last)
                if word.is_none() && last.word.is_none() && last.source.end == source.start =>
            {
                last.text.end = span.end;
                last.source.end = source.end;
            }
            _ => self.pieces.push(Piece { text: span, source, word }),
        }
    }

    /// The value with spans of its text replaced. Encoded words that change keep their charset and
    /// encoding, and what becomes more than ASCII becomes an encoded word.
    pub(super) fn replace(&self, raw: &[u8], edits: &[(Span, String)]) -> Vec<u8> {
        let line_end = if raw.contains(&b'\r') || !raw.contains(&b'\n') { "\r\n" } else { "\n" };
        let is_utf8 = !raw.is_ascii();
        let (mut new, mut copied) = (Vec::with_capacity(raw.len()), 0);
        for piece in &self.pieces {
            // Those of the piece alone: there may be many of both.
            let first = edits.partition_point(|(span, _)| span.end <= piece.text.start);
            let rest = &edits[first..];
            let edits = &rest[..rest.partition_point(|(span, _)| span.start < piece.text.end)];
            let parts = self.parts(piece, edits);
            let start = piece.text.start;
            let goes_on = |span: &Span| span.start < start && start < span.end;
            // Encoded words stay apart as long as something is left of both.
            let is_gone = piece.word.is_none() || parts.iter().all(|part| part.text.is_empty());
            if !is_gone || !edits.iter().any(|(span, _)| goes_on(span)) {
                new.extend_from_slice(&raw[copied..piece.source.start]);
            }
            copied = piece.source.end;
            match &piece.word {
                _ if parts.iter().all(|part| !part.edited) => {
                    new.extend_from_slice(&raw[piece.source.clone()]);
                }
                Some(coding) => {
                    let text: String = parts.iter().map(|part| part.text).collect();
                    new.extend_from_slice(coding.words(&text, line_end).as_bytes());
                }
                None => {
                    for part in parts {
                        if !part.edited || is_utf8 || part.text.is_ascii() {
                            new.extend_from_slice(part.text.as_bytes());
                        } else {
                            let words = Coding::utf8().words(part.text, line_end);
                            new.extend_from_slice(words.as_bytes());
                        }
                    }
                }
            }
        }
        new.extend_from_slice(&raw[copied..]);
        new
    }

    /// Text of a piece between its edits, and the new text of those that begin in it. An edit that began
    /// before is an empty part.
    fn parts<'s>(&'s self, piece: &Piece, edits: &'s [(Span, String)]) -> Vec<Part<'s>> {
        let (mut parts, mut offset) = (vec![], piece.text.start);
        for (span, new) in edits {
            let begins_here = span.start >= piece.text.start;
            if offset < span.start {
                parts.push(Part { text: &self.text[offset..span.start], edited: false });
            }
            parts.push(Part { text: if begins_here { new } else { "" }, edited: true });
            offset = span.end.min(piece.text.end);
        }
        if offset < piece.text.end {
            parts.push(Part { text: &self.text[offset..piece.text.end], edited: false });
        }
        parts
    }
}

struct Part<'s> {
    text: &'s str,
    edited: bool,
}

impl Coding {
    fn utf8() -> Self {
        Self { charset: "UTF-8".to_owned(), encoding: Encoding::UTF_8, base64: true }
    }

    /// `text` as encoded words, each no longer than allowed, with folds between them.
    fn words(&self, text: &str, line_end: &str) -> String {
        let mut words: Vec<String> = vec![];
        let mut chunk = String::new();
        for c in text.chars() {
            let longer = format!("{chunk}{c}");
            if !chunk.is_empty() && self.word(&longer).len() > MAX_WORD {
                words.push(self.word(&chunk));
                chunk = c.to_string();
            } else {
                chunk = longer;
            }
        }
        if !chunk.is_empty() {
            words.push(self.word(&chunk));
        }
        words.join(&format!("{line_end} "))
    }

    /// One encoded word; in UTF-8 where the charset lacks a character.
    fn word(&self, text: &str) -> String {
        let charset = &self.charset;
        let bytes = self.encoding.encode(text).ok().filter(|_| has_characters(charset, text));
        let Some(bytes) = bytes else { return Self::utf8().word(text) };
        if self.base64 {
            return format!("=?{charset}?B?{}?=", base64::encode(bytes));
        }
        let quoted: String = bytes.iter().map(|&byte| quoted(byte)).collect();
        format!("=?{charset}?Q?{quoted}?=")
    }
}

/// Whether a charset that says to be Latin 1, which is read as windows-1252, has the characters of a text in
/// both.
pub(super) fn has_characters(charset: &str, text: &str) -> bool {
    let is_latin1 = ["iso-8859-1", "iso_8859-1", "latin1", "l1"]
        .iter()
        .any(|label| charset.trim().eq_ignore_ascii_case(label));
    !is_latin1 || text.chars().all(|c| c <= '\u{ff}')
}

/// A byte in an encoded word: as it is where that is allowed even in a name (RFC 2047, §5).
fn quoted(byte: u8) -> String {
    match byte {
        b' ' => "_".to_owned(),
        b'!' | b'*' | b'+' | b'-' | b'/' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("={byte:02X}"),
    }
}

/// An encoded word at the beginning of a text.
type EncodedWord = (usize, Coding, Vec<u8>);

/// Reads the encoded word at the beginning of `text`: its length, its coding and its bytes.
fn encoded_word(text: &str) -> Result<Option<EncodedWord>, ValueError> {
    let Some(rest) = text.strip_prefix("=?") else { return Ok(None) };
    let mut parts = rest.splitn(3, '?');
    let (Some(charset), Some(kind), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    // Up to its first question mark: a search for the whole end would look at all that is behind each
    // beginning.
    let Some((content, end)) = rest.split_once('?') else { return Ok(None) };
    let is_token = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace());
    if !is_token(charset) || !end.starts_with('=') || content.contains(['\r', '\n']) {
        return Ok(None);
    }
    let base64 = match kind {
        "b" | "B" => true,
        "q" | "Q" => false,
        _ => return Ok(None),
    };
    let unknown = || ValueError::Charset(charset.to_owned());
    // RFC 2231 puts a language behind the charset.
    let label = charset.split('*').next().unwrap_or(charset);
    let encoding = Encoding::of_label(label.as_bytes()).ok_or_else(unknown)?;
    let bytes = if base64 {
        base64::decode(content.trim()).ok()
    } else {
        super::transfer::Transfer::QuotedPrintable.decode(content.replace('_', " ").as_bytes())
    };
    let bytes = bytes.ok_or_else(unknown)?;
    let length = "=??".len() + charset.len() + kind.len() + "?".len() + content.len() + "?=".len();
    Ok(Some((length, Coding { charset: charset.to_owned(), encoding, base64 }, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, text: &str, edits: &[(&str, &str)], expected: &str) {
        let value = FieldValue::parse(raw.as_bytes()).unwrap();
        assert_eq!(value.text, text);
        let edits: Vec<(Span, String)> = edits
            .iter()
            .map(|(old, new)| {
                let start = text.find(old).unwrap();
                (Span::new(start, start + old.len()), (*new).to_owned())
            })
            .collect();
        let new = String::from_utf8(value.replace(raw.as_bytes(), &edits)).unwrap();
        assert_eq!(new, expected);
        // Read again, it is the text with its replacements.
        let again = FieldValue::parse(new.as_bytes()).unwrap().text;
        let expected = edits.iter().rev().fold(text.to_owned(), |mut text, (span, new)| {
            text.replace_range(span.start..span.end, new);
            text
        });
        assert_eq!(again, expected);
    }

    #[test]
    fn plain_values_are_spliced() {
        let raw = " Ann Lee <ann@example.org>,\r\n\tBob <b@example.org>";
        let text = " Ann Lee <ann@example.org>,\tBob <b@example.org>";
        check(raw, text, &[], raw);
        check(
            raw,
            text,
            &[("Ann Lee", "[P]"), ("ann@example.org", "[E]"), ("b@example.org", "[E]")],
            " [P] <[E]>,\r\n\tBob <[E]>",
        );
        // A fold within goes.
        check(" Ann\r\n Lee!", " Ann Lee!", &[("Ann Lee", "[P]")], " [P]!");
        // "Žofie" in UTF-8 and base64.
        check(" to Ann", " to Ann", &[("Ann", "Žofie")], " to =?UTF-8?B?xb1vZmll?=");
        check(" für Ann", " für Ann", &[("Ann", "Žofie")], " für Žofie");
    }

    #[test]
    fn encoded_words_keep_their_coding() {
        // "Jörg Öz " and "aus Köln", whose blanks between are none.
        let raw = " Re: =?iso-8859-1?Q?J=F6rg_=D6z_?=\r\n =?utf-8?b?YXVzIEvDtmxu?= (x)";
        let text = " Re: Jörg Öz aus Köln (x)";
        check(raw, text, &[], raw);
        check(
            raw,
            text,
            &[("Öz", "Ü")],
            " Re: =?iso-8859-1?Q?J=F6rg_=DC_?=\r\n =?utf-8?b?YXVzIEvDtmxu?= (x)",
        );
        // The second word loses "aus", which the first has the replacement of.
        check(
            raw,
            text,
            &[("Jörg", "Ł"), ("Öz aus", "[C]")],
            " Re: =?UTF-8?B?xYEgW0Nd?=\r\n =?utf-8?B?IEvDtmxu?= (x)",
        );
        // All of it, and so the fold.
        check(raw, text, &[("Öz aus Köln", "[C]")], " Re: =?iso-8859-1?Q?J=F6rg_=5BC=5D?= (x)");
    }

    #[test]
    fn words_that_cannot_be_read_are_named() {
        for bad in ["=?x-none?Q?a?=", "=?utf-8?B?/w==?=", "=?utf-8?B?*?="] {
            assert!(
                matches!(FieldValue::parse(bad.as_bytes()), Err(ValueError::Charset(_))),
                "{bad}"
            );
        }
        assert_eq!(FieldValue::parse(b"\xff"), Err(ValueError::NotUtf8));
        for plain in ["=?utf-8?X?a?=", "=?utf-8?Q?a", "=? ?Q?a?=", "=?"] {
            assert_eq!(FieldValue::parse(plain.as_bytes()).unwrap().text, plain);
        }
    }
}
