//! Replacements of a run, and its record: changes of every output for the key file, counts for the audit.
use std::cell::RefCell;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, bail};
use cloze_core::{Entity, Span};
use cloze_corpus::Source;
use cloze_redact::{
    Action, Audit, AuditedFile, FileEdits, KeyFile, OutputLog, Policy, RedactError, Replacer,
};
use cloze_store::{Existing, checksum};

use crate::input::texts::ARGUMENT;

/// Largest input that is recorded whole, in bytes.
const MAX_WHOLE_BYTES: u64 = 256 << 20;
/// Originals in memory, in bytes, at which the key file is written.
const MAX_RECORDED_BYTES: usize = 64 << 20;
/// Finder, in the audit, of entities that no recogniser found.
const MODEL: &str = "model";

/// Recorder that every output of a run has.
pub(crate) type SharedRecorder = Rc<RefCell<Recorder>>;

/// Replacements and their record.
pub(crate) struct Recorder {
    replacer: Replacer,
    key_file: Option<PathBuf>,
    audit: Option<PathBuf>,
    existing: Existing,
    /// Standard input, kept in a file where it is recorded.
    spooled: Option<PathBuf>,
    log: OutputLog,
    /// Inputs of the present output.
    inputs: Vec<Input>,
    /// Whether an input of the present output cannot be restored.
    incomplete: bool,
    /// Changes that are not in the key file yet.
    changes: Vec<FileEdits>,
    changed_bytes: usize,
    audited: Audit,
}

/// An input and its counts.
struct Input {
    /// File with its bytes, unless it is of the command line.
    file: Option<PathBuf>,
    counts: AuditedFile,
}

impl Recorder {
    /// Opens the key file, if there is one, for its numbers and secret.
    pub(crate) fn open(
        policy: Policy,
        key_file: Option<PathBuf>,
        audit: Option<PathBuf>,
        force: bool,
    ) -> anyhow::Result<Self> {
        let old = key_file.as_ref().filter(|path| fs_err::symlink_metadata(path).is_ok());
        let key = match old {
            Some(path) => KeyFile::open(path)?.key().clone(),
            None if policy.hashes() && key_file.is_none() => {
                return Err(RedactError::NoKey.into());
            }
            None => cloze_redact::Key::generate()?,
        };
        if let Some(path) = &audit
            && !force
            && fs_err::symlink_metadata(path).is_ok()
        {
            bail!("{}: exists already\nhint: --force replaces it", path.display());
        }
        let mut recorder = Self {
            replacer: Replacer::new(policy, key),
            key_file,
            audit,
            existing: if force { Existing::Replace } else { Existing::Refuse },
            spooled: None,
            log: OutputLog::default(),
            inputs: vec![],
            incomplete: false,
            changes: vec![],
            changed_bytes: 0,
            audited: Audit::default(),
        };
        recorder.begin_output();
        Ok(recorder)
    }

    /// Takes `file` for what standard input holds.
    pub(crate) fn spooled(&mut self, file: &Path) {
        self.spooled = Some(file.to_owned());
    }

    /// Whether outputs can be restored.
    pub(crate) fn restores(&self) -> bool {
        self.key_file.is_some()
    }

    /// Whether inputs are compared with their record.
    pub(crate) fn records(&self) -> bool {
        self.key_file.is_some() || self.audit.is_some()
    }

    /// Whether so many originals are in memory that the key file should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.changed_bytes >= MAX_RECORDED_BYTES
    }

    pub(crate) fn begin_output(&mut self) {
        self.log = if self.restores() { OutputLog::default() } else { OutputLog::of_hashes() };
        self.inputs.clear();
        self.incomplete = false;
    }

    pub(crate) fn begin_input(&mut self, source: &Source) {
        self.log.begin_input();
        let name = source.name();
        let file = match source {
            Source::Stdin => self.spooled.clone(),
            Source::File { .. } if name == ARGUMENT => None,
            Source::File { path, .. } => Some(path.clone()),
        };
        let counts = AuditedFile { path: name, ..AuditedFile::default() };
        self.inputs.push(Input { file, counts });
    }

    /// Span of each value that changes and its replacement. `recognizers` found the entities, in their
    /// order, where the model did not.
    pub(crate) fn redactions(
        &mut self,
        text: &str,
        entities: &[Entity],
        recognizers: &[Option<String>],
    ) -> Vec<(Span, String)> {
        let names = recognizers.iter().map(Option::as_deref).chain(std::iter::repeat(None));
        for (entity, recognizer) in entities.iter().zip(names) {
            let kept = self.keeps(&entity.label);
            if let Some(input) = self.inputs.last_mut() {
                input.counts.add(&entity.label, recognizer.unwrap_or(MODEL), kept);
            }
        }
        self.replacer.redactions(text, entities)
    }

    /// Whether the policy leaves the values of a label as they are.
    pub(crate) fn keeps(&self, label: &str) -> bool {
        *self.replacer.policy().action(label) == Action::Keep
    }

    /// Notes that `redacted` was written where the input has `original`.
    pub(crate) fn write(&mut self, original: &[u8], redacted: &[u8]) {
        if self.records() {
            self.log.write(original, redacted);
        }
    }

    /// Ends an input, which is recorded whole if the record is not it: bytes of a document, of broken rows
    /// or of an encoding that has several for one character. `whole` tells that it was read to its end.
    pub(crate) fn end_input(&mut self, whole: bool) -> anyhow::Result<()> {
        let Some(input) = self.inputs.last_mut() else { return Ok(()) };
        input.counts.input_sha256 = self.log.input_sha256();
        if self.key_file.is_none() && self.audit.is_none() {
            return Ok(());
        }
        let Some(path) = &input.file else { return Ok(()) };
        let sha256 = match checksum::sha256_file(path.as_path()) {
            Ok(sha256) => sha256,
            // It could not be read before either, and nothing of it was written.
            Err(_) if !whole => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if sha256 == input.counts.input_sha256 {
            return Ok(());
        }
        if self.key_file.is_some() {
            let mut original = vec![];
            let file = fs_err::File::open(path)?;
            file.take(MAX_WHOLE_BYTES + 1).read_to_end(&mut original)?;
            if original.len() as u64 > MAX_WHOLE_BYTES {
                self.incomplete = true;
                bail!(
                    "{}: cannot be restored: it is not written back byte for byte, and is longer than \
                     the {} MiB that are recorded whole",
                    input.counts.path,
                    MAX_WHOLE_BYTES >> 20
                );
            }
            self.log.replace_input(original);
            input.counts.input_sha256 = self.log.input_sha256();
        } else {
            input.counts.input_sha256 = sha256;
        }
        Ok(())
    }

    /// Ends an output.
    pub(crate) fn end_output(&mut self) {
        let inputs = std::mem::take(&mut self.inputs);
        let names: Vec<String> = inputs.iter().map(|input| input.counts.path.clone()).collect();
        let log = std::mem::take(&mut self.log);
        let bytes = log.recorded_bytes();
        let edits = log.finish(names.join(", "));
        for Input { mut counts, .. } in inputs {
            counts.output_sha256.clone_from(&edits.output_sha256);
            self.audited.files.push(counts);
        }
        if self.restores() && !self.incomplete {
            self.changed_bytes += bytes;
            self.changes.push(edits);
        }
    }

    /// Writes the key file, with the changes of all outputs that have ended.
    pub(crate) fn write_key(&mut self) -> anyhow::Result<()> {
        let Some(path) = &self.key_file else { return Ok(()) };
        KeyFile::write(path, self.replacer.key(), &self.changes).context("outputs not written")?;
        self.changes.clear();
        self.changed_bytes = 0;
        Ok(())
    }

    /// Writes the audit.
    pub(crate) fn write_audit(&self) -> anyhow::Result<()> {
        if let Some(path) = &self.audit {
            self.audited.write(path, self.existing)?;
        }
        Ok(())
    }
}
