//! Settings of reading inputs.
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

use crate::columns::{Bytes, RowLines};
use crate::decode::Decoded;
use crate::names::{EVERY, FieldRole, Names};
use crate::skipped::{Sniffed, unread_kind};
use crate::source::{SourceParams, TableParams, at_least_one, setting_error};
use crate::unpack::Unpacked;
use crate::{CorpusError, Encoding, Format, NotReadReason, Quotes, Reader, Sniff, Source, walk};

/// Settings of a [`Reader`]; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug, Default)]
pub struct ReadParams {
    source: SourceParams,
    text_field: Option<String>,
    kept_fields: Vec<String>,
    id_field: Option<String>,
    each_field: bool,
    token_column: Option<usize>,
    metadata: bool,
    cells: bool,
    mails: MailParams,
}

/// Reading of mails.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(feature = "documents"), expect(dead_code, reason = "mails are documents"))]
pub(crate) struct MailParams {
    /// Whether records can be rewritten.
    pub(crate) rewrites: bool,
    pub(crate) drops_attachments: bool,
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

    /// The JSON field, or the column by its header, that holds the text. Names between commas are joined
    /// by line breaks, a name with a comma stands in quotes, `*` is every column but the id, and `a.b` a
    /// field of an object in an object. Default `None`, the known name ([`TEXT_FIELDS`](crate::TEXT_FIELDS)),
    /// of which there must be one.
    #[must_use]
    pub fn text_field(self, text_field: Option<String>) -> Self {
        Self { text_field, ..self }
    }

    /// Fields and columns that `*` leaves out. A table has to have them, and some object; `a` of an object
    /// means all fields in it, too, and `a.b` those of each object in an array. Default none.
    #[must_use]
    pub fn kept_fields(self, kept_fields: Vec<String>) -> Self {
        Self { kept_fields, ..self }
    }

    /// The JSON field, or the column by its header, that names the record. One that is asked for must be
    /// there in a table. Default `None`, [`ID_FIELD`](crate::ID_FIELD) where there is one.
    #[must_use]
    pub fn id_field(self, id_field: Option<String>) -> Self {
        Self { id_field, ..self }
    }

    /// Layout of tables; the text is column `1` without a header unless another is asked for. Default that
    /// of [`TableParams`].
    #[must_use]
    pub fn table(self, table: TableParams) -> Self {
        Self { source: SourceParams { table, ..self.source }, ..self }
    }

    /// Whether each of several text fields is a record of its own, which can be
    /// [rewritten](crate::Record::rewrite), in place of one joined text; `*` then means the id, too, and a
    /// name that of an object or array, for all fields in it. Empty fields are no records; at the end of
    /// lines of JSON a name that no object had is an error. Default `false`.
    #[must_use]
    pub fn each_field(self, each_field: bool) -> Self {
        Self { each_field, ..self }
    }

    /// Whether records carry all of their columns or fields. Default `false`.
    #[must_use]
    pub fn cells(self, cells: bool) -> Self {
        Self { cells, ..self }
    }

    /// The CoNLL column that holds the token, counted from 1. Default `None`: the second of `.conllu`
    /// files, whose first one must be ids, and the first of others.
    #[must_use]
    pub fn token_column(self, token_column: impl Into<Option<usize>>) -> Self {
        Self { token_column: token_column.into(), ..self }
    }

    /// Whether records carry the fields beside text and id. Default `false`.
    #[must_use]
    pub fn metadata(self, metadata: bool) -> Self {
        Self { metadata, ..self }
    }

    /// Whether the record of a mail can be [replaced](crate::Record::replace_in) in the mail's bytes. Its text
    /// then has all header fields, and every text of several that stand for each other; a mail that is not
    /// understood to the last byte, or has attachments that are not
    /// [dropped](Self::drops_attachments), is an error. Default `false`.
    #[must_use]
    pub fn rewrites_mails(self, rewrites: bool) -> Self {
        Self { mails: MailParams { rewrites, ..self.mails }, ..self }
    }

    /// Whether attachments of mails are left out, in place of being errors. Default `false`.
    #[must_use]
    pub fn drops_attachments(self, drops_attachments: bool) -> Self {
        Self { mails: MailParams { drops_attachments, ..self.mails }, ..self }
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
    /// [`CorpusError::Setting`] for a token column or a limit of 0, for an empty field name, for a
    /// delimiter that cannot be one, for fields to leave out of others than `*`, and without a header for a
    /// column that is not a number.
    pub fn check(self) -> Result<ValidReadParams, CorpusError> {
        at_least_one("token_column", self.token_column.unwrap_or(1))?;
        self.source.check()?;
        let text = Names::text(FieldRole::Text, self.text_field.as_deref());
        let id = Names::id(self.id_field.as_deref());
        check_names(&[&text, &id], self.source.table.header)?;
        if !self.kept_fields.is_empty() && !text.is_every() {
            let found = self.text_field.as_deref().unwrap_or_default();
            return setting_error("text_field", "* beside fields to leave out", found);
        }
        if self.kept_fields.iter().any(String::is_empty) {
            return setting_error("kept_fields", "a field name", "\"\"");
        }
        let text = text.keeping(self.kept_fields.clone());
        Ok(ValidReadParams { params: self, text, id })
    }
}

/// [`CorpusError::Setting`] for a name that is empty or asked for twice, for `*` beside others, and without
/// a header for one that is not a number.
pub(crate) fn check_names(names: &[&Names], header: bool) -> Result<(), CorpusError> {
    let mut asked: Vec<&str> = vec![];
    for names in names {
        let setting = names.role.setting().unwrap_or_default();
        for name in names.asked() {
            let is_number = || name.parse::<usize>().is_ok_and(|number| number > 0);
            match name.as_str() {
                "" => return setting_error(setting, "a field name", "\"\""),
                EVERY if names.asked().len() > 1 => {
                    return setting_error(setting, "* alone, or names", &names.asked().join(","));
                }
                EVERY if !header => {}
                name if !header && !is_number() => {
                    return setting_error(setting, "a number of a column without a header", name);
                }
                name if asked.contains(&name) => {
                    return setting_error(setting, "a field of its own", name);
                }
                _ => {}
            }
            asked.push(name);
        }
    }
    Ok(())
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidReadParams {
    params: ReadParams,
    text: Names,
    id: Names,
}

impl ValidReadParams {
    /// A reader of `source`.
    ///
    /// # Errors
    /// [`CorpusError::Read`] if it cannot be opened, and [`CorpusError::NotRead`] for a kind of
    /// document that is not read.
    pub fn open(&self, source: &Source) -> Result<Reader, CorpusError> {
        let stdin = Format::Lines;
        Ok(self.reader(Opened::of(source, self.params.source.format, stdin)?))
    }

    /// A reader of `raw`, which errors call `name`. The `format` setting does not matter here.
    pub fn from_reader(
        &self,
        name: &str,
        format: Format,
        raw: impl Read + Send + 'static,
    ) -> Reader {
        self.reader(Opened::named(name, format, raw))
    }

    fn reader(&self, opened: Opened) -> Reader {
        let (format, columns) = (opened.format, opened.columns);
        Reader::new(opened.decoded(self.params.source.encoding), format, self.clone())
            .of_columns(columns)
    }

    /// Test that the files of folders go through before they are read.
    #[must_use]
    pub fn sniff(&self) -> Sniff {
        self.params.source.encoding.sniff()
    }

    /// Whether several fields are asked for as the text.
    #[must_use]
    pub fn joins_fields(&self) -> bool {
        self.text.joins()
    }

    pub(crate) fn text(&self) -> &Names {
        &self.text
    }

    pub(crate) fn id(&self) -> &Names {
        &self.id
    }

    pub(crate) fn has_header(&self) -> bool {
        self.params.source.table.header
    }

    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.params.source.table.delimiter
    }

    pub(crate) fn quotes(&self) -> Quotes {
        self.params.source.table.quotes
    }

    pub(crate) fn is_each_field(&self) -> bool {
        self.params.each_field
    }

    pub(crate) fn takes_cells(&self) -> bool {
        self.params.cells
    }

    pub(crate) fn mails(&self) -> MailParams {
        self.params.mails
    }

    pub(crate) fn takes_metadata(&self) -> bool {
        self.params.metadata
    }

    pub(crate) fn token_column(&self) -> Option<usize> {
        self.params.token_column
    }

    pub(crate) fn max_text_bytes(&self) -> usize {
        self.params.source.max_text_bytes
    }
}

/// An input about to be read.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) raw: Box<dyn Read + Send>,
    /// Format of a file with columns, whose rows `raw` has as lines of JSON.
    pub(crate) columns: Option<Format>,
}

impl Opened {
    /// The text of it, in `encoding` unless its format says another.
    pub(crate) fn decoded(self, encoding: Encoding) -> Decoded {
        let encoding = if self.columns.is_some() { Encoding::UTF_8 } else { encoding };
        Decoded::new(self.raw, self.path, encoding)
    }

    /// Rows of a file in `format`.
    fn of_rows(rows: RowLines, path: PathBuf, format: Format) -> Self {
        Self { path, format: Format::Jsonl, raw: Box::new(rows), columns: Some(format) }
    }

    /// `raw`, in a format that is decided.
    fn of_stream(path: PathBuf, format: Format, raw: Box<dyn Read + Send>) -> Self {
        if format.is_columns() {
            return Self::of_rows(RowLines::new(Bytes::Stream(raw), &path, format), path, format);
        }
        Self { path, format, raw, columns: None }
    }

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
                let columns = format.unwrap_or_else(|| Format::of_path(path));
                if is_file && columns.is_columns() {
                    let rows = RowLines::of_file(file, path, columns);
                    return Ok(Self::of_rows(rows, path.clone(), columns));
                }
                let raw: Box<dyn Read + Send> =
                    Box::new(Unpacked::new(Box::new(file), path.clone()));
                let path = path.clone();
                match format.unwrap_or_else(|| Format::of_path(&path)) {
                    Format::Text if format.is_none() && is_file => Self::sniffed(path, raw),
                    format => Ok(Self::of_stream(path, format, raw)),
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
        Ok(Self::of_stream(path, format, Box::new(Cursor::new(head).chain(raw))))
    }

    /// `raw`, which errors call `name`.
    pub(crate) fn named(name: &str, format: Format, raw: impl Read + Send + 'static) -> Self {
        let path = PathBuf::from(name);
        let named = Box::new(Named { raw, name: name.to_owned() });
        let raw = Box::new(Unpacked::new(named, path.clone()));
        Self::of_stream(path, format, raw)
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
