//! Settings that readers of every kind of record have.
use crate::{CorpusError, Encoding, Format, Quotes};

/// Format, encoding, delimiter, quotes, header and limit of an input. Kinds of records that have one format, or no
/// quotes, leave those settings as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceParams {
    pub(crate) format: Option<Format>,
    pub(crate) encoding: Encoding,
    /// Delimiter of tables; `None` recognises it.
    pub(crate) delimiter: Option<u8>,
    pub(crate) quotes: Quotes,
    /// Whether the first row of a table is a header.
    pub(crate) header: bool,
    pub(crate) max_text_bytes: usize,
}

impl Default for SourceParams {
    fn default() -> Self {
        Self {
            format: None,
            encoding: Encoding::UTF_8,
            delimiter: None,
            quotes: Quotes::Auto,
            header: true,
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
        match self.delimiter {
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
