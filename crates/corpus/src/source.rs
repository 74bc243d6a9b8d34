//! Settings that readers of every kind of record have.
use crate::{CorpusError, Encoding, Format, Quotes};

/// Settings of tables (CSV and TSV), the same for all kinds of records.
#[derive(Clone, Copy, Debug)]
pub struct TableParams {
    pub(crate) header: bool,
    pub(crate) delimiter: Option<u8>,
    pub(crate) quotes: Quotes,
}

impl Default for TableParams {
    fn default() -> Self {
        Self { header: true, delimiter: None, quotes: Quotes::Auto }
    }
}

impl TableParams {
    /// Whether the first row is a header. Without one columns are called `1`, `2` and so on, and asked for by
    /// these numbers. Default `true`.
    #[must_use]
    pub fn header(self, header: bool) -> Self {
        Self { header, ..self }
    }

    /// Delimiter; `None` recognises commas, semicolons, tabs and vertical bars by the first rows. Default
    /// `None`.
    #[must_use]
    pub fn delimiter(self, delimiter: Option<u8>) -> Self {
        Self { delimiter, ..self }
    }

    /// Meaning of quotes. Default [`Quotes::Auto`].
    #[must_use]
    pub fn quotes(self, quotes: Quotes) -> Self {
        Self { quotes, ..self }
    }
}

/// Format, encoding, layout of tables and limit of an input. Kinds of records that have one format leave the
/// other settings as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceParams {
    pub(crate) format: Option<Format>,
    pub(crate) encoding: Encoding,
    pub(crate) table: TableParams,
    pub(crate) max_text_bytes: usize,
}

impl Default for SourceParams {
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::UTF_8,
            table: TableParams::default(),
            max_text_bytes: 64 << 20,
        }
    }
}

impl SourceParams {
    /// Validates the settings.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for a limit of 0, and for a delimiter that cannot be one.
    pub(crate) fn check(&self) -> Result<(), CorpusError> {
        match self.table.delimiter {
            Some(byte) if !byte.is_ascii() || matches!(byte, b'"' | b'\n' | b'\r') => {
                let found = char::from(byte).to_string();
                setting_error("delimiter", "one ASCII character but a quote or a line end", &found)
            }
            _ => at_least_one("max_text_bytes", self.max_text_bytes),
        }
    }
}

/// [`CorpusError::Setting`] if `number` is 0.
pub(crate) fn at_least_one(setting: &'static str, number: usize) -> Result<(), CorpusError> {
    if number == 0 { setting_error(setting, "at least 1", "0") } else { Ok(()) }
}

/// [`CorpusError::Setting`].
pub(crate) fn setting_error<T>(
    setting: &'static str,
    expected: &'static str,
    value: &str,
) -> Result<T, CorpusError> {
    Err(CorpusError::Setting { setting, expected, found: value.to_owned() })
}
