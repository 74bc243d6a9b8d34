//! Bytes → text, block by block.
use std::io::{Cursor, ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, DecoderResult};

use crate::dialect::Ahead;
use crate::encoding::{GUESSED_BYTES, GuessedEncoding, unmarked_utf16};
use crate::unpack::UnpackError;
use crate::{CorpusError, Encoding, NotReadReason};

const BLOCK_BYTES: usize = 64 * 1024;
/// Length of the longest byte order mark: that of UTF-32, which is refused.
const MARK_BYTES: usize = 4;
/// Fewer bytes are not taken for UTF-16 that nobody asked for.
const LEAST_UTF16_BYTES: usize = 16;

/// An input as text. Holds one block of it, in bytes and in text.
pub(crate) struct Decoded {
    raw: Box<dyn Read + Send>,
    path: PathBuf,
    block: Vec<u8>,
    /// The part of the block that is not decoded yet.
    unread: Range<usize>,
    raw_ended: bool,
    bytes_read: u64,
    encoding: Encoding,
    /// Whether the input decides its encoding.
    guesses: bool,
    /// From the first block on: it may tell which encoding it is.
    decoder: Option<Decoder>,
    given_bytes: u64,
    /// The offset of a bad byte just after `text`.
    bad: Option<u64>,
    text: String,
    consumed: usize,
    ended: bool,
    line: u64,
    /// Lines ahead, as they were looked at for the row before.
    pub(crate) ahead: Option<Ahead>,
}

/// A piece of text that ends where a line does, or the file.
pub(crate) struct Unit {
    /// Number of the first line.
    pub(crate) line: u64,
    /// All of it, with its line end.
    pub(crate) raw: String,
}

/// `raw` without and with only its line end, `\n`, `\r\n` or nothing.
pub(crate) fn split_ending(raw: &str) -> (&str, &'static str) {
    match (raw.strip_suffix("\r\n"), raw.strip_suffix('\n')) {
        (Some(content), _) => (content, "\r\n"),
        (None, Some(content)) => (content, "\n"),
        (None, None) => (raw, ""),
    }
}

impl Decoded {
    /// `raw`, whose errors name it already.
    pub(crate) fn new(raw: Box<dyn Read + Send>, path: PathBuf, encoding: Encoding) -> Self {
        Self {
            raw,
            path,
            block: vec![0; BLOCK_BYTES],
            unread: 0..0,
            raw_ended: false,
            bytes_read: 0,
            encoding,
            guesses: encoding.is_auto(),
            decoder: None,
            given_bytes: 0,
            bad: None,
            text: String::new(),
            consumed: 0,
            ended: false,
            line: 1,
            ahead: None,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The encoding, where it was guessed.
    pub(crate) fn guessed(&self) -> Option<GuessedEncoding> {
        let (path, encoding) = (&self.path, self.encoding);
        let is_guessed = self.guesses && !encoding.is_auto();
        is_guessed.then(|| GuessedEncoding { path: path.clone(), encoding })
    }

    /// The line that is read next.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Takes `mark` if it is next.
    pub(crate) fn take(&mut self, mark: char) -> Result<bool, CorpusError> {
        let is_next = self.fill()?.starts_with(mark);
        if is_next {
            self.consume(mark.len_utf8());
        }
        Ok(is_next)
    }

    /// The text that is read next, without reading it: until there is `enough`, `max` bytes or all. What
    /// is longer is cut, on the boundary of a character.
    pub(crate) fn look(
        &mut self,
        max: usize,
        mut enough: impl FnMut(&str) -> bool,
    ) -> Result<&str, CorpusError> {
        let mut looked = 0;
        while !self.ended && self.bad.is_none() {
            let ahead = &self.text[self.consumed..];
            // Looked at again only when it has grown by half, so that one byte a read is not quadratic.
            let grown = ahead.len() > looked + looked / 2 || ahead[looked..].contains('\n');
            if ahead.len() >= max || (grown && enough(ahead)) {
                break;
            }
            looked = ahead.len();
            self.decode()?;
        }
        let ahead = &self.text[self.consumed..];
        Ok(&ahead[..ahead.floor_char_boundary(max)])
    }

    /// The text up to and with the byte that `ends` holds for, an ASCII one, or up to the end of
    /// the file; `None` if nothing is left. More than `max` bytes, line end not counted, are
    /// passed over without being held, and are a [`CorpusError::TooLong`] that is not fatal.
    pub(crate) fn unit(
        &mut self,
        max: usize,
        mut ends: impl FnMut(u8) -> bool,
    ) -> Result<Option<Unit>, CorpusError> {
        let line = self.line;
        let (mut raw, mut too_long) = (String::new(), false);
        loop {
            let text = self.fill()?;
            if text.is_empty() {
                if raw.is_empty() && !too_long {
                    return Ok(None);
                }
                break;
            }
            let end = text.bytes().position(&mut ends);
            let taken = end.map_or(text.len(), |end| end + 1);
            // The two are for the line end, which may come in the next block.
            if too_long || raw.len() + taken > max.saturating_add(2) {
                (raw, too_long) = (String::new(), true);
            } else {
                raw.push_str(&text[..taken]);
            }
            self.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if too_long || split_ending(&raw).0.len() > max {
            return Err(self.too_long(line, max, false));
        }
        Ok(Some(Unit { line, raw }))
    }

    /// A line, as [`unit`](Self::unit).
    pub(crate) fn line_unit(&mut self, max: usize) -> Result<Option<Unit>, CorpusError> {
        self.unit(max, |byte| byte == b'\n')
    }

    /// All that is left; stops reading where it is more than `max` bytes.
    pub(crate) fn rest(&mut self, max: usize) -> Result<String, CorpusError> {
        let mut rest = String::new();
        loop {
            let text = self.fill()?;
            if text.is_empty() {
                return Ok(rest);
            }
            if rest.len() + text.len() > max {
                return Err(self.too_long(1, max, true));
            }
            rest.push_str(text);
            self.consumed = self.text.len();
        }
    }

    /// All bytes of the input, of which none was read yet; more than `max` are an error.
    #[cfg(feature = "documents")]
    pub(crate) fn raw_rest(&mut self, max: u64) -> Result<Vec<u8>, CorpusError> {
        let mut raw = vec![];
        (&mut self.raw).take(max.saturating_add(1)).read_to_end(&mut raw).map_err(read_error)?;
        self.bytes_read += raw.len() as u64;
        self.ended = true;
        if raw.len() as u64 > max {
            let max = usize::try_from(max).unwrap_or(usize::MAX);
            return Err(self.too_long(1, max, true));
        }
        Ok(raw)
    }

    #[cfg(feature = "documents")]
    pub(crate) fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    pub(crate) fn too_long(&self, line: u64, max: usize, fatal: bool) -> CorpusError {
        CorpusError::TooLong { path: self.path.clone(), line, max, fatal }
    }

    fn consume(&mut self, bytes: usize) {
        let end = self.consumed + bytes;
        let lines = self.text.as_bytes()[self.consumed..end].iter().filter(|&&b| b == b'\n');
        self.line += lines.count() as u64;
        self.consumed = end;
    }

    /// The text that is decoded and not consumed; empty only at the end.
    fn fill(&mut self) -> Result<&str, CorpusError> {
        while self.consumed == self.text.len() && !self.ended {
            let filled = match self.bad {
                Some(byte_offset) => Err(CorpusError::Encoding {
                    path: self.path.clone(),
                    encoding: self.encoding.name(),
                    byte_offset,
                }),
                None => self.decode(),
            };
            if filled.is_err() {
                self.ended = true;
            }
            filled?;
        }
        Ok(&self.text[self.consumed..])
    }

    fn decode(&mut self) -> Result<(), CorpusError> {
        if self.unread.is_empty() && !self.raw_ended {
            self.pull()?;
        }
        let decoder = self.decoder.get_or_insert_with(|| self.encoding.decoder());
        let bytes = &self.block[self.unread.clone()];
        self.text.drain(..self.consumed);
        self.consumed = 0;
        // A block is far from overflowing; too small a buffer would only mean another round.
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        self.text.reserve(room.unwrap_or(4 * BLOCK_BYTES));
        let (result, read) =
            decoder.decode_to_string_without_replacement(bytes, &mut self.text, self.raw_ended);
        self.unread.start += read;
        self.given_bytes += read as u64;
        match result {
            DecoderResult::InputEmpty => self.ended = self.raw_ended,
            DecoderResult::OutputFull => {}
            // `after` bytes were read beyond the bad ones to see that they are bad.
            DecoderResult::Malformed(bad, after) => {
                let behind = u64::from(bad) + u64::from(after);
                self.bad = Some(self.given_bytes.saturating_sub(behind));
            }
        }
        Ok(())
    }

    /// Reads what there is, up to a block; at the start the bytes a byte order mark has.
    fn pull(&mut self) -> Result<(), CorpusError> {
        let mut wanted = if self.decoder.is_none() { MARK_BYTES } else { 1 };
        let mut len = 0;
        while len < wanted && !self.raw_ended {
            match self.raw.read(&mut self.block[len..]) {
                Ok(0) => self.raw_ended = true,
                Ok(n) => len = BLOCK_BYTES.min(len + n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(error)),
            }
            // Enough to tell whether it is. Of no other input more is waited for than a mark has.
            if wanted == MARK_BYTES && unmarked_utf16(&self.block[..len]).is_some() {
                wanted = LEAST_UTF16_BYTES;
            }
        }
        if self.decoder.is_none() {
            self.settle_encoding(len)?;
        }
        self.unread = 0..len;
        self.bytes_read += len as u64;
        Ok(())
    }

    /// Sets the encoding by the first `len` bytes, which are in the block.
    fn settle_encoding(&mut self, len: usize) -> Result<(), CorpusError> {
        let head = &self.block[..len];
        // Its mark begins as that of UTF-16 does.
        if head.starts_with(&[0xFF, 0xFE, 0, 0]) || head.starts_with(&[0, 0, 0xFE, 0xFF]) {
            return Err(CorpusError::Utf32 { path: self.path.clone() });
        }
        self.encoding = match Encoding::of_mark(head) {
            Some(encoding) => encoding,
            None if self.encoding.is_auto() => self.guess_encoding(len)?,
            // Valid UTF-8, since NULs are; but no text has one for each letter.
            None if self.encoding == Encoding::UTF_8
                && len >= LEAST_UTF16_BYTES
                && let Some(encoding) = unmarked_utf16(head) =>
            {
                let (path, reason) = (self.path.clone(), NotReadReason::Unmarked(encoding));
                return Err(CorpusError::NotRead { path, part: None, reason });
            }
            None => self.encoding.settled(),
        };
        Ok(())
    }

    /// The encoding that the input seems to have. Reads on to guess, and puts all of that back.
    fn guess_encoding(&mut self, len: usize) -> Result<Encoding, CorpusError> {
        let mut ahead = vec![];
        let room = (GUESSED_BYTES - len) as u64;
        if !self.raw_ended {
            (&mut self.raw).take(room).read_to_end(&mut ahead).map_err(read_error)?;
        }
        let whole = (ahead.len() as u64) < room;
        let head = [&self.block[..len], &ahead].concat();
        let encoding = Encoding::guess(&head, whole);
        if head.contains(&0) && !encoding.is_utf16() {
            let (path, reason) = (self.path.clone(), NotReadReason::Binary);
            return Err(CorpusError::NotRead { path, part: None, reason });
        }
        let rest = std::mem::replace(&mut self.raw, Box::new(std::io::empty()));
        self.raw = Box::new(Cursor::new(ahead).chain(rest));
        Ok(encoding)
    }
}

/// The error of a read, which names the input.
pub(crate) fn read_error(error: std::io::Error) -> CorpusError {
    let error = match error.downcast::<UnpackError>() {
        Ok(error) => return CorpusError::Unpack(error),
        Err(error) => error,
    };
    error.downcast::<CorpusError>().unwrap_or_else(CorpusError::Read)
}
