//! Spans of a text, and the units in which others count them.
use std::fmt;

/// A half-open range of bytes of the original text, on character boundaries: `text[start..end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Whether nothing lies in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The piece of `text` it covers; `None` where it leaves the text or splits a character.
    #[must_use]
    pub fn of(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Whether the two share a byte.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Unit that an offset counts. Inside cloze it is always bytes; output names its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OffsetUnit {
    /// Unicode code points, as Python's `str` counts.
    #[default]
    Char,
    /// Bytes of the UTF-8 text, as Rust and Go count.
    Byte,
    /// UTF-16 code units, as JavaScript and Java count.
    Utf16,
}

impl OffsetUnit {
    /// The word output uses for it: `char`, `byte` or `utf16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Byte => "byte",
            Self::Utf16 => "utf16",
        }
    }

    /// Length of `text` in this unit.
    #[must_use]
    pub fn len(self, text: &str) -> usize {
        match self {
            Self::Char => text.chars().count(),
            Self::Byte => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
        }
    }
}

/// Turns byte offsets of one text into another unit. It walks forward from the last offset asked
/// for, so that offsets asked in rising order cost one pass over the text; a smaller one starts
/// the walk again.
#[derive(Debug)]
pub struct OffsetConverter<'a> {
    text: &'a str,
    unit: OffsetUnit,
    byte: usize,
    count: usize,
}

impl<'a> OffsetConverter<'a> {
    /// A converter for the offsets of `text`.
    #[must_use]
    pub fn new(text: &'a str, unit: OffsetUnit) -> Self {
        Self { text, unit, byte: 0, count: 0 }
    }

    /// The offset that `byte` has in the unit; `None` if it is not a character boundary of the
    /// text.
    pub fn convert(&mut self, byte: usize) -> Option<usize> {
        if byte < self.byte {
            (self.byte, self.count) = (0, 0);
        }
        self.count += self.unit.len(self.text.get(self.byte..byte)?);
        self.byte = byte;
        Some(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `é` as e + U+0301 is 3 bytes, 2 code points, 2 UTF-16 units; 👍 is 4 bytes, 1, 2.
    #[test]
    fn each_unit_counts_its_own_way() {
        let text = "e\u{301}👍x";
        for (unit, expected) in [
            (OffsetUnit::Byte, [0, 1, 3, 7, 8]),
            (OffsetUnit::Char, [0, 1, 2, 3, 4]),
            (OffsetUnit::Utf16, [0, 1, 2, 4, 5]),
        ] {
            let mut converter = OffsetConverter::new(text, unit);
            for (byte, count) in [0, 1, 3, 7, 8].into_iter().zip(expected) {
                assert_eq!(converter.convert(byte), Some(count), "{unit:?} at byte {byte}");
            }
            // Backwards, and again forwards.
            assert_eq!(converter.convert(1), Some(1));
            assert_eq!(converter.convert(7), Some(expected[3]));
        }
    }

    #[test]
    fn no_boundary_is_no_offset() {
        let mut converter = OffsetConverter::new("👍", OffsetUnit::Char);
        assert_eq!(converter.convert(2), None);
        assert_eq!(converter.convert(5), None);
        assert_eq!(Span::new(0, 2).of("👍"), None);
        assert_eq!(OffsetConverter::new("", OffsetUnit::Utf16).convert(0), Some(0));
    }
}
