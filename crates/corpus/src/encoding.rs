//! The encodings of an input.
use crate::CorpusError;

/// Encoding of text in bytes: one of the encodings of the web. Source: WHATWG, Encoding
/// Standard, §4.2. By it `latin1` is windows-1252, which has printable characters at 0x80–0x9F.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    rules: &'static encoding_rs::Encoding,
    /// Whether a byte order mark decides between the two UTF-16s.
    sniffed: bool,
}

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self { rules: encoding_rs::UTF_8, sniffed: false };

    /// The encoding of a label such as `utf-8`, `latin1` or `Shift_JIS`, in lower or upper case.
    /// `utf-16` goes by the byte order mark, and is little-endian without one; `utf-16le` and
    /// `utf-16be` say which.
    ///
    /// # Errors
    /// [`CorpusError::UnknownEncoding`] if there is none.
    pub fn parse(label: &str) -> Result<Self, CorpusError> {
        // Python's `utf_8` and `latin-1` are no labels of the standard.
        let bare = label.trim().to_ascii_lowercase().replace(['-', '_'], "");
        if bare == "utf16" {
            return Ok(Self { rules: encoding_rs::UTF_16LE, sniffed: true });
        }
        [label, &label.replace('_', "-"), &bare]
            .into_iter()
            // "Replacement" stands for encodings that browsers refuse to decode.
            .find_map(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
            .map(|rules| Self { rules, sniffed: false })
            .ok_or_else(|| CorpusError::UnknownEncoding { label: label.to_owned() })
    }

    /// Name in the standard, such as `UTF-8`.
    #[must_use]
    pub fn name(self) -> &'static str {
        if self.sniffed { "UTF-16" } else { self.rules.name() }
    }

    /// Whether its text is full of NUL bytes, and no sign of a binary file.
    #[must_use]
    pub fn is_utf16(self) -> bool {
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
        let lacks = |text: &str| self.rules.encode(text).2;
        let (bytes, _, replaced) = self.rules.encode(text);
        let unmappable = text.chars().find(|c| replaced && lacks(c.encode_utf8(&mut [0; 4])));
        match unmappable {
            Some(character) => Err(CorpusError::Unmappable { encoding: self.name(), character }),
            None => Ok(bytes.into_owned()),
        }
    }

    /// This encoding for a file that begins with `head`, two bytes or all there are.
    pub(crate) fn sniff(self, head: &[u8]) -> Self {
        match head {
            [0xFE, 0xFF, ..] if self.sniffed => {
                Self { rules: encoding_rs::UTF_16BE, sniffed: false }
            }
            _ => Self { sniffed: false, ..self },
        }
    }

    /// A decoder that leaves a byte order mark in the text.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.rules.new_decoder_without_bom_handling()
    }
}
