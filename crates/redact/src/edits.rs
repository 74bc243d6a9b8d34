//! Changes of files.
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a redacted file that stand in place of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Offset in the redacted file, in bytes.
    pub offset: u64,
    /// Length there, in bytes.
    pub length: u64,
    /// Bytes of the original.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub original: Vec<u8>,
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    base64::decode(text).map_err(serde::de::Error::custom)
}

/// Changes of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdits {
    /// Path of the original, for people.
    pub source: String,
    /// SHA-256 of the original, in hexadecimal.
    pub input_sha256: String,
    /// SHA-256 of the redacted file, in hexadecimal.
    pub output_sha256: String,
    /// By offset, without overlaps.
    pub edits: Vec<Edit>,
}

/// Position in a log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    written: u64,
    edits: usize,
}

/// Changes of a file while it is written.
#[derive(Clone, Debug, Default)]
pub struct EditLog {
    /// Bytes written so far.
    written: u64,
    edits: Vec<Edit>,
}

impl EditLog {
    /// Notes that `new` was written where the original has `original`. Equal bytes at both ends are not
    /// recorded.
    pub fn write(&mut self, original: &[u8], new: &[u8]) {
        let shared = |pair: &(&u8, &u8)| pair.0 == pair.1;
        let start = original.iter().zip(new).take_while(shared).count();
        let (original, rest) = (&original[start..], &new[start..]);
        let end = original.iter().rev().zip(rest.iter().rev()).take_while(shared).count();
        let (original, changed) = (&original[..original.len() - end], rest.len() - end);
        if changed > 0 || !original.is_empty() {
            let offset = self.written + start as u64;
            let original = original.to_vec();
            self.edits.push(Edit { offset, length: changed as u64, original });
        }
        self.written += new.len() as u64;
    }

    /// State so far, to [`replace_since`](Self::replace_since).
    pub(crate) fn mark(&self) -> Mark {
        Mark { written: self.written, edits: self.edits.len() }
    }

    /// Notes that all that was written since `mark` stands in place of `original`.
    pub(crate) fn replace_since(&mut self, mark: &Mark, original: Vec<u8>) {
        self.edits.truncate(mark.edits);
        let length = self.written - mark.written;
        self.edits.push(Edit { offset: mark.written, length, original });
    }

    /// Bytes of originals recorded so far.
    pub(crate) fn recorded_bytes(&self) -> usize {
        self.edits.iter().map(|edit| edit.original.len()).sum()
    }

    /// The changes, of a file with these hashes.
    #[must_use]
    pub fn finish(self, source: String, input_sha256: String, output_sha256: String) -> FileEdits {
        FileEdits { source, input_sha256, output_sha256, edits: self.edits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_that_differ_are_recorded() {
        let mut log = EditLog::default();
        log.write(b"same", b"same");
        log.write(b"to Ann!", b"to [PER]!"); // "to " and "!" are shared
        log.write(b"", b"new");
        log.write(b"gone", b"");
        log.write(b"aa", b"a"); // one of the two is shared
        let edit =
            |offset, length, original: &[u8]| Edit { offset, length, original: original.to_vec() };
        let expected =
            [edit(7, 5, b"Ann"), edit(13, 3, b""), edit(16, 0, b"gone"), edit(17, 0, b"a")];
        assert_eq!(log.edits, expected);
        assert_eq!(log.written, 4 + 9 + 3 + 1);
    }
}
