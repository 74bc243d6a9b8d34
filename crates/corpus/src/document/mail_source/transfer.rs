//! Transfer encodings of a part's bytes, and the way back for the bytes that change.
//!
//! Source: RFC 2045, §6.
use std::ops::Range;

/// Longest line of quoted-printable text and of base64, without its line end.
const MAX_LINE: usize = 76;

/// Transfer encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// `7bit`, `8bit` and `binary`: the bytes themselves.
    Identity,
    QuotedPrintable,
    Base64,
}

/// New bytes in the place of decoded ones.
pub(super) struct ByteEdit {
    pub(super) range: Range<usize>,
    pub(super) new: Vec<u8>,
}

impl Transfer {
    /// The encoding of this name; `None` for one that is not known.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Self::Identity,
            "quoted-printable" => Self::QuotedPrintable,
            "base64" => Self::Base64,
            _ => return None,
        })
    }

    /// The bytes that `raw` stands for; `None` where it is not of this encoding.
    pub(super) fn decode(self, raw: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Identity => Some(raw.to_vec()),
            Self::QuotedPrintable => Some(quoted_bytes(raw)?.into_iter().map(|b| b.byte).collect()),
            Self::Base64 => {
                let digits: Vec<u8> =
                    raw.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                base64::decode(digits).ok()
            }
        }
    }

    /// `raw` with decoded bytes replaced. All else stays byte for byte, but that base64 is encoded again,
    /// in lines as long as its first one.
    pub(super) fn replace(self, raw: &[u8], edits: &[ByteEdit]) -> Option<Vec<u8>> {
        match self {
            Self::Identity => Some(spliced(raw, edits)),
            Self::QuotedPrintable => quoted_with(raw, edits),
            Self::Base64 => Some(base64_like(raw, &spliced(&self.decode(raw)?, edits))),
        }
    }
}

fn spliced(bytes: &[u8], edits: &[ByteEdit]) -> Vec<u8> {
    let (mut new, mut copied) = (Vec::with_capacity(bytes.len()), 0);
    for edit in edits {
        new.extend_from_slice(&bytes[copied..edit.range.start]);
        new.extend_from_slice(&edit.new);
        copied = edit.range.end;
    }
    new.extend_from_slice(&bytes[copied..]);
    new
}

/// `bytes` in base64, with lines and line ends as `old` has them.
fn base64_like(old: &[u8], bytes: &[u8]) -> Vec<u8> {
    let begin = old.len() - old.trim_ascii_start().len();
    let body = old.trim_ascii();
    let line_end: &[u8] = if old.contains(&b'\r') { b"\r\n" } else { b"\n" };
    let first = body.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let length = first.filter(|&length| length > 0).unwrap_or(if body.len() > MAX_LINE {
        usize::MAX
    } else {
        MAX_LINE
    });
    let mut new = old[..begin].to_vec();
    let digits = base64::encode(bytes);
    for (i, line) in digits.as_bytes().chunks(length).enumerate() {
        if i > 0 {
            new.extend_from_slice(line_end);
        }
        new.extend_from_slice(line);
    }
    new.extend_from_slice(&old[begin + body.len()..]);
    new
}

/// A decoded byte of quoted-printable text.
struct QuotedByte {
    byte: u8,
    /// Bytes that stand for it.
    source: Range<usize>,
}

/// Decoded bytes of quoted-printable text with their places; `None` where an equals sign begins neither
/// a byte nor a soft line break.
fn quoted_bytes(raw: &[u8]) -> Option<Vec<QuotedByte>> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if byte != b'=' {
            bytes.push(QuotedByte { byte, source: at..at + 1 });
            at += 1;
            continue;
        }
        if let Some(end) = soft_break(raw, at) {
            at = end;
            continue;
        }
        let hex = std::str::from_utf8(raw.get(at + 1..at + 3)?).ok()?;
        let is_hex = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        let byte = u8::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
        bytes.push(QuotedByte { byte, source: at..at + 3 });
        at += 3;
    }
    Some(bytes)
}

/// End of the soft line break at `start`: an equals sign, blanks and a line end, or the end of the text.
fn soft_break(raw: &[u8], start: usize) -> Option<usize> {
    let blanks = raw[start + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let end = start + 1 + blanks;
    match &raw[end..] {
        [] => Some(end),
        [b'\r', b'\n', ..] => Some(end + 2),
        [b'\n', ..] => Some(end + 1),
        _ => None,
    }
}

/// Quoted-printable text with decoded bytes replaced, and soft breaks in lines that become too long.
fn quoted_with(raw: &[u8], edits: &[ByteEdit]) -> Option<Vec<u8>> {
    let bytes = quoted_bytes(raw)?;
    let place = |decoded: usize| bytes.get(decoded).map_or(raw.len(), |byte| byte.source.start);
    let line_end: &[u8] = if raw.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut quoted = Quoted { new: Vec::with_capacity(raw.len()), line: 0, line_end };
    let mut copied = 0;
    for edit in edits {
        // Soft breaks before the first byte stay, those within go.
        let start = place(edit.range.start);
        let last = edit.range.end.checked_sub(1).filter(|last| *last >= edit.range.start);
        let end = last.and_then(|last| bytes.get(last)).map_or(start, |byte| byte.source.end);
        quoted.extend(&raw[copied..start]);
        for &byte in &edit.new {
            quoted.push(byte);
        }
        // No more of the line than tells whether it is too long: it may be all of the text.
        let rest = &raw[end..raw.len().min(end + MAX_LINE + 2)];
        let rest = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        // A blank at the end of a line would be taken off.
        if rest.is_empty()
            && let Some(blank) = quoted.new.pop_if(|byte| matches!(byte, b' ' | b'\t'))
        {
            quoted.escape(blank);
        }
        if !rest.is_empty() && quoted.column() > 0 && quoted.column() + rest.len() > MAX_LINE {
            quoted.break_line();
        }
        copied = end;
    }
    quoted.extend(&raw[copied..]);
    Some(quoted.new)
}

/// Quoted-printable text as it grows.
struct Quoted<'l> {
    new: Vec<u8>,
    /// Start of the last line.
    line: usize,
    line_end: &'l [u8],
}

impl Quoted<'_> {
    fn column(&self) -> usize {
        self.new.len() - self.line
    }

    fn extend(&mut self, bytes: &[u8]) {
        if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
            self.line = self.new.len() + end + 1;
        }
        self.new.extend_from_slice(bytes);
    }

    fn push(&mut self, byte: u8) {
        if matches!(byte, b' ' | b'\t' | b'!'..=b'<' | b'>'..=b'~') {
            self.make_room(1);
            self.new.push(byte);
        } else {
            self.escape(byte);
        }
    }

    fn escape(&mut self, byte: u8) {
        self.make_room(3);
        self.new.extend_from_slice(format!("={byte:02X}").as_bytes());
    }

    /// Breaks the line if so many bytes and an equals sign do not fit in it.
    fn make_room(&mut self, bytes: usize) {
        if self.column() + bytes >= MAX_LINE {
            self.break_line();
        }
    }

    fn break_line(&mut self) {
        self.new.push(b'=');
        self.extend(self.line_end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(range: Range<usize>, new: &str) -> ByteEdit {
        ByteEdit { range, new: new.as_bytes().to_vec() }
    }

    #[track_caller]
    fn check(transfer: Transfer, raw: &str, edits: &[ByteEdit], expected: &str) {
        let new = transfer.replace(raw.as_bytes(), edits).unwrap();
        assert_eq!(String::from_utf8(new.clone()).unwrap(), expected);
        let decoded = transfer.decode(raw.as_bytes()).unwrap();
        assert_eq!(transfer.decode(&new).unwrap(), spliced(&decoded, edits));
    }

    #[test]
    fn quoted_text_changes_where_it_is_edited() {
        let quoted = Transfer::QuotedPrintable;
        // Decoded: "J\xC3\xB6rg M\xC3\xBCller  at 3=4" with a soft break in the name.
        let raw = "J=C3=B6rg M=C3=\r\n=BCller =20at 3=3D4\r\n";
        check(quoted, raw, &[], raw);
        check(quoted, raw, &[edit(0..13, "[P]")], "[P] =20at 3=3D4\r\n");
        check(quoted, raw, &[edit(6..13, "é=")], "J=C3=B6rg =C3=A9=3D =20at 3=3D4\r\n");
        // The blank before the line end.
        check(quoted, "to Ann\r\n", &[edit(3..6, "x ")], "to x=20\r\n");
        for bad in ["a=G0", "a=4", "= x"] {
            assert_eq!(quoted.decode(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn quoted_lines_stay_short() {
        let raw = format!("{} Ann {}\r\n", "a".repeat(40), "b".repeat(30));
        let long = "é".repeat(12);
        let new =
            Transfer::QuotedPrintable.replace(raw.as_bytes(), &[edit(41..44, &long)]).unwrap();
        let new = String::from_utf8(new).unwrap();
        assert!(new.lines().all(|line| line.len() <= 76), "{new}");
        let expected = raw.replace("Ann", &long);
        let decoded = Transfer::QuotedPrintable.decode(new.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), expected);
    }

    #[test]
    fn base64_keeps_its_lines() {
        let base64 = Transfer::Base64;
        // "My name is Ann." in lines of eight digits: without the name "My name is [P]."
        check(
            base64,
            "TXkgbmFt\r\nZSBpcyBB\r\nbm4u\r\n\r\n",
            &[edit(11..14, "[P]")],
            "TXkgbmFt\r\nZSBpcyBb\r\nUF0u\r\n\r\n",
        );
        check(base64, "TXkgbmFtZSBpcyBBbm4u", &[edit(11..14, "[P]")], "TXkgbmFtZSBpcyBbUF0u");
        assert_eq!(base64.decode(b"T?=="), None);
    }
}
