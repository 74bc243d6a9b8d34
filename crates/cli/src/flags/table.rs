//! Flags of reading tables.
use clap::Args;
use cloze_corpus::{Quotes, TableParams};

/// Header and delimiter of tables.
#[derive(Args, Clone, Copy)]
pub(crate) struct TableFlags {
    /// The first row is no header: columns are called 1, 2, … (csv, tsv)
    #[arg(long, help_heading = "Input")]
    no_header: bool,
    /// The first row is a header, which is the default
    #[arg(long, conflicts_with = "no_header", hide = true)]
    header: bool,
    /// Delimiter of columns (csv, tsv): a character, or tab [default: , ; | or tab, by the first rows]
    #[arg(long, value_name = "CHAR", value_parser = parse_delimiter, help_heading = "Input")]
    pub(crate) delimiter: Option<u8>,
    /// Meaning of quotes in tables
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Input")]
    quotes: QuotesArg,
}

super::values! { QuotesArg => Quotes {
    /// Marks of fields in csv; in tsv themselves, unless they stand around a whole field or make a row of
    /// several lines
    #[default]
    Auto => Quotes::Auto,
    /// Marks of fields, which may hold delimiters and line ends (RFC 4180)
    Csv => Quotes::Csv,
    /// Themselves
    None => Quotes::None,
} }

impl TableFlags {
    /// A header, and a delimiter that is recognised.
    pub(crate) const DEFAULT: Self =
        Self { no_header: false, header: false, delimiter: None, quotes: QuotesArg::Auto };

    /// Tables with a header, or without one, and with this delimiter, or one that is recognised.
    pub(crate) fn with_header(has_header: bool, delimiter: Option<u8>) -> Self {
        Self { no_header: !has_header, delimiter, ..Self::DEFAULT }
    }

    /// Returns whether a flag is given.
    pub(crate) fn is_given(self) -> bool {
        self.no_header || self.header || self.delimiter.is_some() || self.quotes != QuotesArg::Auto
    }

    /// Returns the layout of tables.
    pub(crate) fn params(self) -> TableParams {
        TableParams::default()
            .header(!self.no_header)
            .delimiter(self.delimiter)
            .quotes(self.quotes.value())
    }
}

/// Delimiter of a flag's value.
pub(crate) fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("expected one ASCII character but a quote, or tab".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_a_character_or_tab() {
        for (text, expected) in [
            (";", Some(b';')),
            ("|", Some(b'|')),
            ("tab", Some(b'\t')),
            ("\\t", Some(b'\t')),
            ("\t", Some(b'\t')),
        ] {
            assert_eq!(parse_delimiter(text).ok(), expected, "{text:?}");
        }
        for text in ["", ";;", "\"", "\n", "é"] {
            assert!(parse_delimiter(text).is_err(), "{text:?}");
        }
    }
}
