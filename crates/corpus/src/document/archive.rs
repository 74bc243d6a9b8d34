//! The parts of a document that is a folder in one file.
use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::text::Limits;
use crate::{Encoding, NotReadReason};

/// Largest number of parts.
const MAX_PARTS: usize = 10_000;
/// First bytes of a file of Office 97, or of a later one under a password.
const COMPOUND_FILE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    limits: Limits,
    /// Number of bytes that may still be unpacked.
    left: u64,
}

impl Archive {
    pub(crate) fn open(raw: Vec<u8>, limits: Limits) -> Result<Self, NotReadReason> {
        if raw.starts_with(&COMPOUND_FILE) {
            return Err(NotReadReason::Kind("a file of Office 97, or one under a password,"));
        }
        let zip = ZipArchive::new(Cursor::new(raw)).map_err(damaged)?;
        if zip.len() > MAX_PARTS {
            return Err(NotReadReason::Limit(format!("{MAX_PARTS} parts")));
        }
        Ok(Self { zip, limits, left: limits.unpacked })
    }

    /// Names of the parts, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        // One whose name cannot be decoded is none of those that are read.
        let mut names: Vec<String> =
            self.zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        names.sort_by_key(|name| numbered(name));
        names
    }

    /// Number of parts whose name begins so.
    pub(crate) fn count(&self, beginning: &str) -> u64 {
        let names = self.zip.file_names().filter_map(Result::ok);
        names.filter(|name| name.starts_with(beginning) && !name.ends_with('/')).count() as u64
    }

    /// The text of a part of XML; `None` if there is none of this name.
    pub(crate) fn xml(&mut self, name: &str) -> Result<Option<String>, NotReadReason> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let encoding = Encoding::of_mark(&bytes).unwrap_or(Encoding::UTF_8);
        let text = encoding.decode_whole(&bytes);
        text.map(Some).ok_or_else(|| NotReadReason::Characters(name.to_owned()))
    }

    /// The file.
    pub(crate) fn into_raw(self) -> Vec<u8> {
        self.zip.into_inner().into_inner()
    }

    fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, NotReadReason> {
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(error)),
        };
        let mut bytes = vec![];
        part.take(self.left.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| NotReadReason::Damaged(format!("{name}: {error}")))?;
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| self.limits.too_much_unpacked())?;
        Ok(Some(bytes))
    }
}

fn damaged(error: ZipError) -> NotReadReason {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => NotReadReason::Encrypted,
        error => NotReadReason::Damaged(error.to_string()),
    }
}

/// Key by which `header2.xml` comes before `header10.xml`.
fn numbered(name: &str) -> (String, u64, String) {
    let digits = |c: char| c.is_ascii_digit();
    let start = name.find(digits).unwrap_or(name.len());
    let (head, rest) = name.split_at(start);
    let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
    (head.to_owned(), rest[..end].parse().unwrap_or(0), rest[end..].to_owned())
}
