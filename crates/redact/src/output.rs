//! Changes and hashes of an output while it is written.
use cloze_store::checksum::hex;
use sha2::{Digest as _, Sha256};

use crate::edits::Mark;
use crate::{EditLog, FileEdits};

/// Record of an output, which one or more inputs are written to.
///
/// ```
/// use cloze_redact::OutputLog;
///
/// let mut log = OutputLog::default();
/// log.begin_input();
/// log.write(b"to Ann!\n", b"to [P]!\n");
/// let edits = log.finish("a.txt".to_owned());
/// assert_eq!(edits.edits[0].original, b"Ann");
/// ```
#[derive(Clone, Debug, Default)]
pub struct OutputLog {
    /// Whether changes are left out.
    hashes_alone: bool,
    edits: EditLog,
    /// Of all inputs.
    input: Sha256,
    output: Sha256,
    /// State before the present input.
    before: Mark,
    input_before: Sha256,
    /// Of the present input alone.
    present: Sha256,
}

impl OutputLog {
    /// A log without changes, of which the hashes are wanted.
    #[must_use]
    pub fn of_hashes() -> Self {
        Self { hashes_alone: true, ..Self::default() }
    }

    /// Begins an input.
    pub fn begin_input(&mut self) {
        self.before = self.edits.mark();
        self.input_before = self.input.clone();
        self.present = Sha256::new();
    }

    /// Notes that `new` was written where the input has `original`.
    pub fn write(&mut self, original: &[u8], new: &[u8]) {
        if !self.hashes_alone {
            self.edits.write(original, new);
        }
        self.input.update(original);
        self.present.update(original);
        self.output.update(new);
    }

    /// SHA-256 of the present input, as far as it was written.
    #[must_use]
    pub fn input_sha256(&self) -> String {
        hex(&self.present.clone().finalize())
    }

    /// Notes that all of the present input is `original`: a document whose text alone was written, or a
    /// file of which some bytes were left out.
    pub fn replace_input(&mut self, original: Vec<u8>) {
        self.input = self.input_before.clone();
        self.input.update(&original);
        self.present = Sha256::new_with_prefix(&original);
        self.edits.replace_since(&self.before, original);
    }

    /// Bytes of originals recorded so far, which are in memory.
    #[must_use]
    pub fn recorded_bytes(&self) -> usize {
        self.edits.recorded_bytes()
    }

    /// The changes of the output, whose inputs are called `source`.
    #[must_use]
    pub fn finish(self, source: String) -> FileEdits {
        let Self { edits, input, output, .. } = self;
        edits.finish(source, hex(&input.finalize()), hex(&output.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(bytes: &[u8]) -> String {
        cloze_store::checksum::sha256(bytes)
    }

    #[test]
    fn an_input_can_be_recorded_whole() {
        let mut log = OutputLog::default();
        log.begin_input();
        log.write(b"Ann", b"[P]");
        log.write(b" is\n", b" is\n");
        assert_eq!(log.input_sha256(), sha256(b"Ann is\n"));
        log.begin_input();
        log.write(b"", b"text of [P]\n");
        log.replace_input(b"document".to_vec());
        assert_eq!(log.input_sha256(), sha256(b"document"));
        log.begin_input();
        log.write(b"end", b"end");
        let edits = log.finish("a, b".to_owned());
        assert_eq!(edits.input_sha256, sha256(b"Ann is\ndocumentend"));
        assert_eq!(edits.output_sha256, sha256(b"[P] is\ntext of [P]\nend"));
        let shown: Vec<_> =
            edits.edits.iter().map(|edit| (edit.offset, edit.length, &edit.original[..])).collect();
        assert_eq!(shown, [(0, 3, &b"Ann"[..]), (7, 12, b"document")]);
    }
}
