//! NumPy's array files: a header of one line, and behind it the numbers as they lie in memory.
//!
//! Source: NumPy's `numpy/lib/format.py`; format 1.0 is written, 1.0 to 3.0 are read. By hand, since a crate
//! for this one line brings a parser of Python and twelve more crates into every build.
use std::fmt::Write as _;
use std::io::{self, Read};

/// The first bytes of each file, before the version.
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The numbers begin at a multiple of this.
const ALIGNED: usize = 64;
/// Longest header in bytes; NumPy writes some 100.
const MAX_HEADER_BYTES: u32 = 1 << 20;

/// Type, order and shape of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// Byte order, kind and bytes of a number: `<f4`, `<i8`, `|b1`.
    pub dtype: String,
    /// Whether the first index changes fastest.
    pub fortran_order: bool,
    /// Lengths, outer to inner.
    pub shape: Vec<u64>,
}

/// Why bytes are not the header of an array.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// They end early or cannot be read.
    #[error("the header of a NumPy file cannot be read")]
    Read(#[from] io::Error),
    /// They begin otherwise.
    #[error("expected a NumPy file, found another beginning")]
    NotNpy,
    /// A version that is not known.
    #[error("expected format 1, 2 or 3 of NumPy's files, found {found}")]
    Version {
        /// The version.
        found: u8,
    },
    /// A header that is too long to be one.
    #[error("expected a header of at most {MAX_HEADER_BYTES} bytes, found {found}")]
    Long {
        /// Bytes that it says it has.
        found: u32,
    },
    /// A header that ends early.
    #[error("expected a header of {expected} bytes, found {found}")]
    Short {
        /// Bytes that it says it has.
        expected: u32,
        /// Bytes that there are.
        found: usize,
    },
    /// Not the dictionary that NumPy writes.
    #[error("expected {expected} at byte {at} of the header, found {found:?}")]
    Syntax {
        /// Expected part.
        expected: &'static str,
        /// Position in the dictionary.
        at: usize,
        /// Text in its place.
        found: String,
    },
}

impl NpyHeader {
    /// Header of an array in C order.
    #[must_use]
    pub fn new(dtype: &str, shape: &[u64]) -> Self {
        Self { dtype: dtype.to_owned(), fortran_order: false, shape: shape.to_vec() }
    }

    /// The bytes before the numbers. Of an array with two indices they are 128, whatever its shape.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let order = if self.fortran_order { "True" } else { "False" };
        let mut text = format!("{{'descr': '{}', 'fortran_order': {order}, 'shape': (", self.dtype);
        for (i, length) in self.shape.iter().enumerate() {
            // A tuple of one has a comma behind it.
            let end = if self.shape.len() == 1 { "," } else { "" };
            let before = if i > 0 { ", " } else { "" };
            let _ = write!(text, "{before}{length}{end}"); // a string takes all text
        }
        text.push_str("), }");
        let prefix = MAGIC.len() + 4;
        let size = (prefix + text.len() + 1).next_multiple_of(ALIGNED);
        let length = u16::try_from(size - prefix).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(size);
        bytes.extend(MAGIC);
        bytes.extend([1, 0]);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.resize(size - 1, b' ');
        bytes.push(b'\n');
        bytes
    }

    /// Reads a header, and leaves `file` where the numbers begin.
    ///
    /// # Errors
    /// [`NpyError`]
    pub fn read(file: &mut impl Read) -> Result<Self, NpyError> {
        let mut start = [0; 8];
        file.read_exact(&mut start)?;
        if !start.starts_with(MAGIC) {
            return Err(NpyError::NotNpy);
        }
        let width = match start[6] {
            1 => 2,
            2 | 3 => 4,
            found => return Err(NpyError::Version { found }),
        };
        let mut length = [0; 4];
        file.read_exact(&mut length[..width])?;
        let length = u32::from_le_bytes(length);
        if length > MAX_HEADER_BYTES {
            return Err(NpyError::Long { found: length });
        }
        let mut text = Vec::new();
        let found = file.take(length.into()).read_to_end(&mut text)?;
        if u32::try_from(found) != Ok(length) {
            return Err(NpyError::Short { expected: length, found });
        }
        Dictionary { text: &String::from_utf8_lossy(&text), at: 0 }.header()
    }
}

/// A dictionary as Python writes it, and the place up to which it was read.
struct Dictionary<'t> {
    text: &'t str,
    at: usize,
}

impl Dictionary<'_> {
    fn header(&mut self) -> Result<NpyHeader, NpyError> {
        let (mut dtype, mut order, mut shape) = (None, None, None);
        self.need('{', "{")?;
        while !self.takes('}') {
            let key = self.string("a key in quotes")?;
            self.need(':', ":")?;
            match &*key {
                "descr" if dtype.is_none() => {
                    dtype = Some(self.string("one type of numbers in quotes")?);
                }
                "fortran_order" if order.is_none() => order = Some(self.boolean()?),
                "shape" if shape.is_none() => shape = Some(self.tuple()?),
                _ => return Err(self.wrong("each of descr, fortran_order and shape once")),
            }
            if !self.takes(',') {
                self.need('}', ", or }")?;
                break;
            }
        }
        match (dtype, order, shape) {
            (Some(dtype), Some(fortran_order), Some(shape)) if self.rest().is_empty() => {
                Ok(NpyHeader { dtype, fortran_order, shape })
            }
            _ => Err(self.wrong("descr, fortran_order and shape, and nothing else")),
        }
    }

    /// Text that follows, blanks before it passed over.
    fn rest(&mut self) -> &str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    fn takes(&mut self, character: char) -> bool {
        let takes = self.rest().starts_with(character);
        self.at += if takes { character.len_utf8() } else { 0 };
        takes
    }

    fn need(&mut self, character: char, expected: &'static str) -> Result<(), NpyError> {
        if self.takes(character) { Ok(()) } else { Err(self.wrong(expected)) }
    }

    fn wrong(&mut self, expected: &'static str) -> NpyError {
        let found = self.rest().chars().take(20).collect();
        NpyError::Syntax { expected, at: self.at, found }
    }

    fn string(&mut self, expected: &'static str) -> Result<String, NpyError> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let text = quote.and_then(|quote| rest[1..].split_once(quote)).map(|(text, _)| text);
        // An escape is in no type and in none of the keys.
        let Some(text) = text.filter(|text| !text.contains('\\')).map(str::to_owned) else {
            return Err(self.wrong(expected));
        };
        self.at += text.len() + 2;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        for (name, value) in [("True", true), ("False", false)] {
            if self.rest().starts_with(name) {
                self.at += name.len();
                return Ok(value);
            }
        }
        Err(self.wrong("True or False"))
    }

    fn tuple(&mut self) -> Result<Vec<u64>, NpyError> {
        let mut lengths = vec![];
        self.need('(', "(")?;
        while !self.takes(')') {
            let rest = self.rest();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let Ok(length) = rest[..digits].parse() else {
                return Err(self.wrong("a length of at most 64 bits"));
            };
            self.at += digits;
            // NumPy below Python 3 wrote long numbers so.
            self.takes('L');
            lengths.push(length);
            if !self.takes(',') {
                self.need(')', ", or )")?;
                break;
            }
        }
        Ok(lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that numpy 2.4.6 writes by `numpy.save` for zeros of this type and shape.
    #[test]
    fn headers_are_those_of_numpy() {
        for (dtype, shape, text) in [
            ("<f4", &[3_u64, 4][..], "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"),
            ("<i8", &[7], "{'descr': '<i8', 'fortran_order': False, 'shape': (7,), }"),
            ("|b1", &[], "{'descr': '|b1', 'fortran_order': False, 'shape': (), }"),
            ("<f2", &[0, 384], "{'descr': '<f2', 'fortran_order': False, 'shape': (0, 384), }"),
        ] {
            let header = NpyHeader::new(dtype, shape);
            let bytes = header.bytes();
            assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
            assert_eq!(bytes.len(), 128);
            let padded = format!("{text}{}\n", " ".repeat(117 - text.len()));
            assert_eq!(std::str::from_utf8(&bytes[10..]).unwrap(), padded);
            assert_eq!(NpyHeader::read(&mut &*bytes).unwrap(), header);
        }
        let largest = NpyHeader::new("<f4", &[u64::MAX, u64::MAX]).bytes();
        assert_eq!(largest.len(), 128);
    }

    fn read(version: u8, text: &str) -> Result<NpyHeader, NpyError> {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let width = if version == 1 { 2 } else { 4 };
        let bytes = [&MAGIC[..], &[version, 0], &length[..width], text.as_bytes()].concat();
        NpyHeader::read(&mut &*bytes)
    }

    /// As Python reads them: any order, either quote, blanks anywhere, the `L` of Python 2.
    #[test]
    fn other_programs_headers_are_read() {
        let expected = NpyHeader { dtype: "<f8".into(), fortran_order: true, shape: vec![2, 3] };
        for (version, text) in [
            (2, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }   \n"),
            (3, "{\"shape\":(2,3,),\"fortran_order\":True,\"descr\":\"<f8\"}"),
            (1, " { 'shape' : ( 2L , 3L ) , 'descr' : '<f8' , 'fortran_order' : True , } "),
        ] {
            assert_eq!(read(version, text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_header_is_named() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        for (text, expected) in [
            ("", "expected { at byte 0 of the header, found \"\""),
            ("{'descr': [('x', '<f4')]", "expected one type of numbers in quotes at byte 10"),
            (
                "{'descr': '<f4', 'descr': '<f4'}",
                "expected each of descr, fortran_order and shape once",
            ),
            ("{'descr': '<f4'}", "expected descr, fortran_order and shape, and nothing else"),
            ("{'descr': '<f\\'4'}", "expected one type of numbers in quotes"),
            (&good.replace("False", "0"), "expected True or False at byte 34"),
            (&good.replace("(3, 4)", "3"), "expected ( at byte 50"),
            (&good.replace("(3, 4)", "(-3, 4)"), "expected a length of at most 64 bits at byte 51"),
            (&good.replace('3', "99999999999999999999"), "expected a length of at most 64 bits"),
            (&good.replace("3, 4", "3 4"), "expected , or )"),
            (&format!("{good}x"), "expected descr, fortran_order and shape, and nothing else"),
            (&good.replace('}', ""), "expected a key in quotes"),
        ] {
            let error = read(1, text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(matches!(read(4, good), Err(NpyError::Version { found: 4 })));
        let short = |bytes: &[u8]| NpyHeader::read(&mut &*bytes).unwrap_err();
        assert!(matches!(short(b"\x93NUMPY\x01"), NpyError::Read(_)));
        let cut = short(b"\x93NUMPY\x01\x00\x76\x00{'descr");
        assert!(matches!(cut, NpyError::Short { expected: 118, found: 7 }));
        assert!(matches!(short(b"no numbers"), NpyError::NotNpy));
        let long = short(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f");
        assert!(matches!(long, NpyError::Long { found: 0x7fff_ffff }));
    }

    proptest::proptest! {
        /// Any text ends without a panic; what is written is read.
        #[test]
        fn any_text_is_a_header_or_an_error(text in "[{}()',:L0-9 descrfotanh_pTuF\\\\é\"]{0,60}") {
            let _ = read(1, &text);
            let _ = read(1, &format!("{{'descr': '<f4', {text}"));
        }
    }
}
