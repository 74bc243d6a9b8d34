//! The encodings of an input.
use std::fmt;
use std::path::PathBuf;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::{CorpusError, Sniff};

/// Largest part of an input that its encoding is guessed from, in bytes.
pub(crate) const GUESSED_BYTES: usize = 16 << 20;

/// Encoding of text in bytes: one of the encodings of the web. Source: WHATWG, Encoding
/// Standard, §4.2. By it `latin1` is windows-1252, which has printable characters at 0x80–0x9F.
///
/// In every input a byte order mark of UTF-8 or UTF-16 decides, whatever encoding was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    rules: &'static encoding_rs::Encoding,
    open: Option<Open>,
}

/// Property of an encoding that the input decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Byte order of UTF-16.
    ByteOrder,
    /// All of it.
    All,
}

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self { rules: encoding_rs::UTF_8, open: None };
    /// The encoding that an input seems to have, by its first 16 MiB: UTF-8 where it is valid, else
    /// a guess by the frequency of letters. Source: chardetng.
    pub const AUTO: Self = Self { rules: encoding_rs::UTF_8, open: Some(Open::All) };

    /// The encoding of a label such as `utf-8`, `latin1` or `Shift_JIS`, in lower or upper case.
    /// `utf-16` goes by the byte order mark, and is little-endian without one; `utf-16le` and
    /// `utf-16be` say which. `auto` is [`AUTO`](Self::AUTO).
    ///
    /// # Errors
    /// [`CorpusError::UnknownEncoding`] if there is none.
    pub fn parse(label: &str) -> Result<Self, CorpusError> {
        // Python's `utf_8` and `latin-1` are no labels of the standard.
        let bare = label.trim().to_ascii_lowercase().replace(['-', '_'], "");
        match bare.as_str() {
            "auto" => return Ok(Self::AUTO),
            "utf16" => {
                return Ok(Self { rules: encoding_rs::UTF_16LE, open: Some(Open::ByteOrder) });
            }
            _ => {}
        }
        [label, &label.replace('_', "-"), &bare]
            .into_iter()
            // "Replacement" stands for encodings that browsers refuse to decode.
            .find_map(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
            .map(|rules| Self { rules, open: None })
            .ok_or_else(|| CorpusError::UnknownEncoding { label: label.to_owned() })
    }

    /// Name in the standard, such as `UTF-8`; `auto` for one that is still to be guessed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.open {
            None => self.rules.name(),
            Some(Open::ByteOrder) => "UTF-16",
            Some(Open::All) => "auto",
        }
    }

    /// Whether it is [`AUTO`](Self::AUTO): the input decides.
    #[must_use]
    pub fn is_auto(self) -> bool {
        self.open == Some(Open::All)
    }

    /// Test that the files of folders go through before they are read in this encoding.
    #[must_use]
    pub fn sniff(self) -> Sniff {
        match self.open {
            Some(Open::All) => Sniff::Guess,
            _ if self.is_utf16() => Sniff::Off,
            _ => Sniff::Nul,
        }
    }

    /// Whether its text is full of NUL bytes, and no sign of a binary file.
    pub(crate) fn is_utf16(self) -> bool {
        self.rules == encoding_rs::UTF_16LE || self.rules == encoding_rs::UTF_16BE
    }

    /// `text` in this encoding, without a byte order mark unless `text` begins with one. `utf-16`
    /// gives little-endian; what a [`Reader`](crate::Reader) found is its
    /// [`encoding`](crate::Reader::encoding).
    ///
    /// # Errors
    /// [`CorpusError::Unmappable`] for a character it lacks.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, CorpusError> {
        // encoding_rs writes UTF-8 for these two, as browsers do.
        if self.rules == encoding_rs::UTF_16LE {
            return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        if self.rules == encoding_rs::UTF_16BE {
            return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        let (bytes, _, replaced) = self.rules.encode(text);
        let unmappable = text.chars().find(|c| replaced && self.lacks(*c));
        match unmappable {
            Some(character) => Err(CorpusError::Unmappable { encoding: self.name(), character }),
            None => Ok(bytes.into_owned()),
        }
    }

    /// `text` in this encoding, with `escape` in the place of a character that it lacks.
    pub(crate) fn encode_with(self, text: &str, escape: impl Fn(char) -> String) -> Vec<u8> {
        if let Ok(bytes) = self.encode(text) {
            return bytes;
        }
        let escaped: String =
            text.chars().map(|c| if self.lacks(c) { escape(c) } else { c.to_string() }).collect();
        self.encode(&escaped).unwrap_or_else(|_| escaped.into_bytes())
    }

    fn lacks(self, character: char) -> bool {
        !self.is_utf16() && self.rules.encode(character.encode_utf8(&mut [0; 4])).2
    }

    /// The encoding that a byte order mark says, for an input that begins with `head`, three bytes
    /// or all there are.
    pub(crate) fn of_mark(head: &[u8]) -> Option<Self> {
        let (rules, _) = encoding_rs::Encoding::for_bom(head)?;
        Some(Self { rules, open: None })
    }

    /// The encoding of a label in a file, such as `<meta charset>`; `None` if there is none.
    #[cfg(feature = "documents")]
    pub(crate) fn of_label(label: &[u8]) -> Option<Self> {
        let rules = encoding_rs::Encoding::for_label_no_replacement(label)?;
        Some(Self { rules, open: None })
    }

    /// This encoding for an input without a byte order mark.
    pub(crate) fn settled(self) -> Self {
        Self { open: None, ..self }
    }

    /// The encoding that an input with this beginning seems to have; `whole` if it is all of it.
    pub(crate) fn guess(head: &[u8], whole: bool) -> Self {
        unmarked_utf16(head).unwrap_or_else(|| {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
            detector.feed(head, whole);
            Self { rules: detector.guess(None, Utf8Detection::Allow), open: None }
        })
    }

    /// All of a text without its byte order mark; `None` if some bytes mean nothing.
    #[cfg(feature = "documents")]
    pub(crate) fn decode_whole(self, bytes: &[u8]) -> Option<String> {
        let (text, malformed) = self.rules.decode_with_bom_removal(bytes);
        (!malformed).then(|| text.into_owned())
    }

    /// All of a text with its byte order mark, if it has one; `None` if some bytes mean nothing.
    #[cfg(feature = "documents")]
    pub(crate) fn decode_with_mark(self, bytes: &[u8]) -> Option<String> {
        let (text, malformed) = self.rules.decode_without_bom_handling(bytes);
        (!malformed).then(|| text.into_owned())
    }

    /// A decoder that leaves a byte order mark in the text.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.rules.new_decoder_without_bom_handling()
    }
}

/// Encoding that was guessed for an input. Displayed as `notes.txt: read as windows-1252`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuessedEncoding {
    /// The input.
    pub path: PathBuf,
    /// Encoding that it was read in.
    pub encoding: Encoding,
}

impl fmt::Display for GuessedEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: read as {}", self.path.display(), self.encoding.name())
    }
}

/// UTF-16 without a mark, of Latin letters: three of four bytes at odd places, or at even ones, are zero,
/// and none of the others. With fewer it may be UTF-8 with NULs in it.
pub(crate) fn unmarked_utf16(head: &[u8]) -> Option<Encoding> {
    let sample = &head[..head.len().min(64 << 10)];
    let count = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd) = (count(0), count(1));
    let least = (3 * sample.len() / 8).max(1);
    match (even, odd) {
        // A letter takes two bytes.
        _ if sample.len() < 2 => None,
        (0, odd) if odd >= least => Some(encoding_rs::UTF_16LE),
        (even, 0) if even >= least => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
    .map(|rules| Encoding { rules, open: None })
}
