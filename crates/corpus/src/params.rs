//! Settings of reading inputs.
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::decode::Decoded;
use crate::skipped::{Sniffed, unread_kind};
use crate::source::{SourceParams, at_least_one, setting_error};
use crate::unpack::Unpacked;
use crate::{CorpusError, Encoding, Format, NotReadReason, Reader, Source, walk};

/// Settings of a [`Reader`]; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct ReadParams {
    source: SourceParams,
    text_field: String,
    id_field: String,
    token_column: usize,
    metadata: bool,
}

impl Default for ReadParams {
    fn default() -> Self {
        Self {
            source: SourceParams::default(),
            text_field: "text".to_owned(),
            id_field: "id".to_owned(),
            token_column: 1,
            metadata: false,
        }
    }
}

impl ReadParams {
    /// The format; `None` goes by the file's ending, and takes stdin for lines. Default `None`.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { source: SourceParams { format, ..self.source }, ..self }
    }

    /// The encoding. Default UTF-8.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        Self { source: SourceParams { encoding, ..self.source }, ..self }
    }

    /// The JSON field, or the column by its header, that holds the text. Default `text`.
    #[must_use]
    pub fn text_field(self, text_field: impl Into<String>) -> Self {
        Self { text_field: text_field.into(), ..self }
    }

    /// The JSON field, or the column by its header, that names the record, where there is one.
    /// Default `id`.
    #[must_use]
    pub fn id_field(self, id_field: impl Into<String>) -> Self {
        Self { id_field: id_field.into(), ..self }
    }

    /// The CoNLL column that holds the token, counted from 1. Default `1`.
    #[must_use]
    pub fn token_column(self, token_column: usize) -> Self {
        Self { token_column, ..self }
    }

    /// Whether records carry the fields beside text and id. Default `false`.
    #[must_use]
    pub fn metadata(self, metadata: bool) -> Self {
        Self { metadata, ..self }
    }

    /// The most that a text, a line, a row or a sentence may have, in bytes of UTF-8 without the
    /// line end. It bounds the memory of a reader. Default `64 MiB`.
    #[must_use]
    pub fn max_text_bytes(self, max_text_bytes: usize) -> Self {
        Self { source: SourceParams { max_text_bytes, ..self.source }, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a token column or a limit of 0, and for an empty field name.
    pub fn check(self) -> Result<ValidReadParams, CorpusError> {
        at_least_one("token_column", self.token_column)?;
        self.source.check()?;
        for (setting, name) in [("text_field", &self.text_field), ("id_field", &self.id_field)] {
            if name.is_empty() {
                return setting_error(setting, "a field name", "\"\"");
            }
        }
        Ok(ValidReadParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidReadParams(ReadParams);

impl ValidReadParams {
    /// A reader of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened, and [`CorpusError::NotRead`] for a kind of
    /// document that is not read.
    pub fn open(&self, source: &Source) -> Result<Reader, CorpusError> {
        let stdin = Format::Lines;
        let Opened { path, format, raw } = Opened::of(source, self.0.source.format, stdin)?;
        Ok(self.reader(&path, format, raw))
    }

    /// A reader of `raw`, which errors call `name`. The `format` setting does not matter here.
    pub fn from_reader(
        &self,
        name: &str,
        format: Format,
        raw: impl Read + Send + 'static,
    ) -> Reader {
        let Opened { path, format, raw } = Opened::named(name, format, raw);
        self.reader(&path, format, raw)
    }

    fn reader(&self, path: &Path, format: Format, raw: Box<dyn Read + Send>) -> Reader {
        let decoded = Decoded::new(raw, PathBuf::from(path), self.0.source.encoding);
        Reader::new(decoded, format, self.clone())
    }

    pub(crate) fn text_field(&self) -> &str {
        &self.0.text_field
    }

    pub(crate) fn id_field(&self) -> &str {
        &self.0.id_field
    }

    pub(crate) fn takes_metadata(&self) -> bool {
        self.0.metadata
    }

    pub(crate) fn token_column(&self) -> usize {
        self.0.token_column
    }

    pub(crate) fn max_text_bytes(&self) -> usize {
        self.0.source.max_text_bytes
    }
}

/// An input about to be read.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) raw: Box<dyn Read + Send>,
}

impl Opened {
    /// `source`, in `format` or in that of its ending; standard input in `format` or in `stdin`.
    pub(crate) fn of(
        source: &Source,
        format: Option<Format>,
        stdin: Format,
    ) -> Result<Self, CorpusError> {
        match source {
            Source::Stdin => Ok(Self::named(&source.name(), format.unwrap_or(stdin), io::stdin())),
            Source::File { path, .. } => {
                let file = fs_err::File::open(path).map_err(CorpusError::Read)?;
                let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
                let raw: Box<dyn Read + Send> =
                    Box::new(Unpacked::new(Box::new(file), path.clone()));
                let path = path.clone();
                match format.unwrap_or_else(|| Format::of_path(&path)) {
                    Format::Text if format.is_none() && is_file => Self::sniffed(path, raw),
                    format => Ok(Self { path, format, raw }),
                }
            }
        }
    }

    /// A file whose ending says nothing: a document that its first bytes show, or text.
    fn sniffed(path: PathBuf, mut raw: Box<dyn Read + Send>) -> Result<Self, CorpusError> {
        let head = walk::head(&mut raw)?;
        let kind = unread_kind(&path).map(Sniffed::Unread).or_else(|| Sniffed::of_head(&head));
        let format = match kind {
            None => Format::Text,
            Some(Sniffed::Document(format)) => format,
            Some(Sniffed::Unread(kind)) => {
                let reason = NotReadReason::Kind(kind);
                return Err(CorpusError::NotRead { path, part: None, reason });
            }
        };
        Ok(Self { path, format, raw: Box::new(Cursor::new(head).chain(raw)) })
    }

    /// `raw`, which errors call `name`.
    pub(crate) fn named(name: &str, format: Format, raw: impl Read + Send + 'static) -> Self {
        let path = PathBuf::from(name);
        let named = Box::new(Named { raw, name: name.to_owned() });
        Self { format, raw: Box::new(Unpacked::new(named, path.clone())), path }
    }
}

/// Puts the name into errors, as `fs_err` does for files.
struct Named<R> {
    raw: R,
    name: String,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.raw
            .read(block)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name)))
    }
}
