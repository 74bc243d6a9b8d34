//! Splitting of a row into fields. Source: RFC 4180; fields it has no rule for are read as
//! Python's `csv` and the `csv` crate do: a quote inside an unquoted field is itself, and what
//! follows a closing quote belongs to the field.
//!
//! Not on `csv-core`: to write a row back byte for byte takes the places of its fields.
use std::ops::Range;

use crate::decode::{Decoded, Unit, split_ending};
use crate::{CorpusError, Format};

/// Meaning of a quote (`"`) in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// In CSV as [`Csv`](Self::Csv). In TSV, where many files have literal quotes (GLUE, AG
    /// News: `"Spam King" is fined`), a row is a line, and a field is quoted only if a quote begins
    /// it, another ends it, and all between them are doubled; in any other field they are themselves.
    /// Lines that have another number of columns than the header, and together are a row by RFC 4180 that
    /// has it, are that row.
    #[default]
    Auto,
    /// A field that a quote begins goes on to the closing one, over delimiters and line ends.
    /// Source: RFC 4180.
    Csv,
    /// Itself: a row is a line, and a delimiter always ends a field.
    None,
}

impl Quotes {
    /// Dialect of the rows of this format; `None` if it has no rows.
    pub(crate) fn dialect(self, format: Format) -> Option<Dialect> {
        let delimiter = match format {
            Format::Csv => b',',
            Format::Tsv => b'\t',
            _ => return None,
        };
        let rule = match (self, format) {
            (Self::Csv, _) | (Self::Auto, Format::Csv) => Rule::Csv,
            (Self::Auto, _) => Rule::Whole,
            (Self::None, _) => Rule::None,
        };
        Some(Dialect { delimiter, rule })
    }
}

/// A delimiter, and a rule for quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Csv,
    /// A field is quoted as a whole or not at all.
    Whole,
    None,
}

/// Position of a byte in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote that closes the field, or is the first of two.
    QuoteInQuoted,
}

/// End of a row that is read by RFC 4180.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A line end outside quotes, or that of the text.
    Row,
    /// Characters behind a closing quote: no row.
    Torn,
    /// The text ends in a quoted field.
    Open,
}

/// Lines behind the first of a row, read on in a quoted field. Those behind any of them are read the same
/// way, so that each line is looked at once, however many rows begin with a quote that is not closed.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Number of the first of them.
    line: u64,
    /// Number of the last that this is known of.
    last: u64,
    end: End,
    /// Delimiters between fields up to the row's end.
    delimiters: usize,
    /// Lines that by themselves have another number of columns.
    others: usize,
}

impl Ahead {
    /// Reads `lines`, from number `line` on. What is `cut` may be closed behind it: only of its first half
    /// it is known that no row of half the longest length begins there.
    fn read(tables: Tables, lines: &str, line: u64, cut: bool) -> Self {
        let mut ahead = Self { line, last: line, end: End::Open, delimiters: 0, others: 0 };
        let (mut state, mut offset) = (Place::Quoted, 0);
        for (number, text) in (line..).zip(lines.split_inclusive('\n')) {
            if !cut || offset <= lines.len() / 2 {
                ahead.last = number;
            }
            offset += text.len();
            ahead.others += usize::from(tables.is_other(text));
            if let Some(end) = tables.csv().pass(&mut state, text, &mut ahead.delimiters) {
                return Self { end, last: number, ..ahead };
            }
        }
        if state != Place::Quoted {
            ahead.end = End::Row;
        }
        ahead
    }

    /// The lines behind `text`, whose number is `line`; `None` where nothing is known of them.
    fn behind(mut self, tables: Tables, text: &str, line: u64) -> Option<Self> {
        if self.line != line || line >= self.last {
            return None;
        }
        let mut delimiters = 0;
        tables.csv().pass(&mut { Place::Quoted }, text, &mut delimiters);
        self.delimiters -= delimiters;
        self.others -= usize::from(tables.is_other(text));
        self.line += 1;
        Some(self)
    }
}

/// Rows of a dialect with so many columns.
#[derive(Clone, Copy)]
struct Tables {
    dialect: Dialect,
    columns: usize,
}

impl Tables {
    fn csv(self) -> Dialect {
        Dialect { rule: Rule::Csv, ..self.dialect }
    }

    /// Whether a line by itself is a row of another number of columns.
    fn is_other(self, line: &str) -> bool {
        let line = split_ending(line).0;
        !line.is_empty() && self.dialect.fields(line).count() != self.columns
    }
}

#[derive(PartialEq, Eq)]
enum Step {
    Inside,
    FieldEnd,
    RowEnd,
}

impl Place {
    fn step(&mut self, byte: u8, dialect: Dialect) -> Step {
        let quote = byte == b'"' && dialect.rule == Rule::Csv;
        let (next, step) = match (*self, byte) {
            (Self::Quoted, _) if quote => (Self::QuoteInQuoted, Step::Inside),
            (Self::Quoted, _) => (Self::Quoted, Step::Inside),
            (Self::FieldStart | Self::QuoteInQuoted, _) if quote => (Self::Quoted, Step::Inside),
            (_, b'\n') => (Self::FieldStart, Step::RowEnd),
            (_, byte) if byte == dialect.delimiter => (Self::FieldStart, Step::FieldEnd),
            _ => (Self::Plain, Step::Inside),
        };
        *self = next;
        step
    }
}

impl Dialect {
    /// RFC 4180's, with commas.
    pub(crate) const CSV: Self = Self { delimiter: b',', rule: Rule::Csv };

    /// The same, with another delimiter.
    pub(crate) fn delimited_by(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// Length of the first row of `text`, with its line end.
    pub(crate) fn row_len(self, text: &str) -> usize {
        let mut state = Place::FieldStart;
        let end = text.bytes().position(|byte| state.step(byte, self) == Step::RowEnd);
        end.map_or(text.len(), |end| end + 1)
    }

    /// The next row, with its line end, and the dialect that its fields are read in. `columns` is the
    /// number of columns that rows have, once that is known.
    pub(crate) fn row(
        self,
        decoded: &mut Decoded,
        max: usize,
        columns: Option<usize>,
    ) -> Result<Option<(Unit, Self)>, CorpusError> {
        let dialect = match columns {
            Some(columns) if self.rule == Rule::Whole => self.of_row(decoded, max, columns)?,
            _ => self,
        };
        let mut state = Place::FieldStart;
        match decoded.unit(max, |byte| state.step(byte, dialect) == Step::RowEnd)? {
            Some(row) if state == Place::Quoted => {
                Err(CorpusError::Unclosed { path: decoded.path().to_owned(), line: row.line })
            }
            row => Ok(row.map(|row| (row, dialect))),
        }
    }

    /// The dialect of the next row: RFC 4180's if that makes a row of `columns` columns out of lines that
    /// do not all have as many by this one.
    fn of_row(
        self,
        decoded: &mut Decoded,
        max: usize,
        columns: usize,
    ) -> Result<Self, CorpusError> {
        let tables = Tables { dialect: self, columns };
        let (csv, line) = (tables.csv(), decoded.line());
        let known = decoded.ahead.take();
        let text = decoded.look(max, |text| text.contains('\n'))?;
        let first = text.find('\n').map_or(text.len(), |end| end + 1);
        let known = known.and_then(|ahead| ahead.behind(tables, &text[..first], line));
        let (mut state, mut delimiters) = (Place::FieldStart, 0);
        let mut others = usize::from(tables.is_other(&text[..first]));
        let goes_on = text[..first].ends_with('\n');
        let end = match csv.pass(&mut state, &text[..first], &mut delimiters) {
            Some(end) => end,
            None if !goes_on && state == Place::Quoted => End::Open,
            None if !goes_on => End::Row,
            None => {
                let ahead = match known {
                    Some(ahead) => ahead,
                    None => csv.lines_ahead(tables, decoded, max, first)?,
                };
                delimiters += ahead.delimiters;
                others += ahead.others;
                let end = ahead.end;
                decoded.ahead = Some(ahead);
                let is_csv = end == End::Row && delimiters + 1 == columns && others > 0;
                return Ok(if is_csv { csv } else { self });
            }
        };
        decoded.ahead = known;
        let is_csv = end == End::Row && delimiters + 1 == columns && others > 0;
        Ok(if is_csv { csv } else { self })
    }

    /// Reads the lines behind the first, which is so many bytes long, up to the end of their row.
    fn lines_ahead(
        self,
        tables: Tables,
        decoded: &mut Decoded,
        max: usize,
        first: usize,
    ) -> Result<Ahead, CorpusError> {
        let line = decoded.line() + 1;
        let (mut state, mut seen) = (Place::FieldStart, 0);
        let text = decoded.look(max, |text| {
            let end = self.pass(&mut state, &text[seen..], &mut 0);
            seen = text.len();
            end.is_some()
        })?;
        // Behind characters of several bytes the cut may be a little before.
        let cut = text.len() + char::MAX.len_utf8() > max;
        Ok(Ahead::read(tables, &text[first..], line, cut))
    }

    /// Reads on in a row by RFC 4180 up to its end, and counts the delimiters between fields; `None` where
    /// the text ends before.
    fn pass(self, state: &mut Place, text: &str, delimiters: &mut usize) -> Option<End> {
        for byte in text.bytes() {
            let closed = *state == Place::QuoteInQuoted;
            match state.step(byte, self) {
                Step::RowEnd => return Some(End::Row),
                Step::FieldEnd => *delimiters += 1,
                Step::Inside => {}
            }
            if closed && *state == Place::Plain && byte != b'\r' {
                return Some(End::Torn);
            }
        }
        None
    }

    /// Positions of the fields of a row without its line end. Not collected: a row may be all
    /// delimiters, and sixteen times its length is not a bound.
    pub(crate) fn fields(self, row: &str) -> impl Iterator<Item = Range<usize>> {
        let mut bytes = row.bytes().enumerate();
        let mut state = Place::FieldStart;
        let mut start = Some(0);
        std::iter::from_fn(move || {
            let from = start?;
            let end = bytes.find(|&(_, byte)| state.step(byte, self) == Step::FieldEnd);
            start = end.map(|(i, _)| i + 1);
            Some(from..end.map_or(row.len(), |(i, _)| i))
        })
    }

    /// `text` as the field that stands at `range` of `row`: as it is written there, if that means the same,
    /// and otherwise quoted if it is quoted there or has to be.
    ///
    /// # Errors
    /// [`CorpusError::NotAField`] where no field can be read as `text`.
    pub(crate) fn field(
        self,
        text: &str,
        row: &str,
        range: &Range<usize>,
    ) -> Result<String, CorpusError> {
        let old = &row[range.clone()];
        if self.value(old) == text {
            return Ok(old.to_owned());
        }
        // A row that is but one empty field would be a blank line.
        let blank = text.is_empty() && range.len() == split_ending(row).0.len();
        let quoted = || format!("\"{}\"", text.replace('"', "\"\""));
        let divides = |byte| byte == self.delimiter || byte == b'\n';
        // The end of a line, if the field is the last.
        let ends_line = text.ends_with('\r') && !old.ends_with('\r');
        match self.rule {
            Rule::Csv => {
                let special = |byte| divides(byte) || matches!(byte, b'"' | b'\r');
                let has_to_be = blank || text.bytes().any(special);
                Ok(if old.starts_with('"') || has_to_be { quoted() } else { text.to_owned() })
            }
            _ if text.bytes().any(divides) || (ends_line && self.rule == Rule::None) => {
                Err(CorpusError::NotAField { delimiter: self.delimiter.into() })
            }
            Rule::Whole => {
                let has_to_be = blank || ends_line || wholly_unquoted(text).is_some();
                let was = wholly_unquoted(old).is_some();
                Ok(if was || has_to_be { quoted() } else { text.to_owned() })
            }
            Rule::None if blank => Err(CorpusError::NotAField { delimiter: self.delimiter.into() }),
            Rule::None => Ok(text.to_owned()),
        }
    }

    /// Value of a field, its quotes removed.
    pub(crate) fn value(self, field: &str) -> String {
        match self.rule {
            Rule::Csv => unquoted(field),
            Rule::Whole => wholly_unquoted(field).unwrap_or_else(|| field.to_owned()),
            Rule::None => field.to_owned(),
        }
    }
}

fn unquoted(field: &str) -> String {
    let Some(mut rest) = field.strip_prefix('"') else { return field.to_owned() };
    let mut value = String::with_capacity(field.len());
    while let Some((before, after)) = rest.split_once('"') {
        value.push_str(before);
        let Some(after_second) = after.strip_prefix('"') else {
            // Closed; the quotes behind it are themselves.
            return value + after;
        };
        value.push('"');
        rest = after_second;
    }
    value + rest
}

fn wholly_unquoted(field: &str) -> Option<String> {
    let inner = field.strip_prefix('"')?.strip_suffix('"')?;
    let doubled = inner.split("\"\"").all(|part| !part.contains('"'));
    doubled.then(|| inner.replace("\"\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;
    use proptest::prelude::*;

    const TSV: Dialect = Dialect { delimiter: b'\t', rule: Rule::Whole };

    /// Rows of a text.
    fn rows(text: &str, columns: usize) -> Vec<String> {
        let raw = Box::new(std::io::Cursor::new(text.to_owned()));
        let mut decoded = Decoded::new(raw, "a.tsv".into(), Encoding::UTF_8);
        let mut rows = vec![];
        while let Some((row, _)) = TSV.row(&mut decoded, 1 << 20, Some(columns)).unwrap() {
            rows.push(row.raw);
        }
        rows
    }

    /// The same by the rule itself: each row looks at all that is behind it.
    fn expected(mut text: &str, columns: usize) -> Vec<String> {
        let csv = Dialect { rule: Rule::Csv, ..TSV };
        let mut rows = vec![];
        while !text.is_empty() {
            let mut state = Place::FieldStart;
            let end = csv.pass(&mut state, text, &mut 0);
            let len = csv.row_len(text);
            let row = split_ending(&text[..len]).0;
            let is_row = end == Some(End::Row) || end.is_none() && state != Place::Quoted;
            let mut lines = row.lines().filter(|line| !line.is_empty());
            let is_csv = is_row
                && csv.fields(row).count() == columns
                && lines.any(|line| TSV.fields(line).count() != columns);
            let len = if is_csv { len } else { text.find('\n').map_or(text.len(), |end| end + 1) };
            rows.push(text[..len].to_owned());
            text = &text[len..];
        }
        rows
    }

    proptest! {
        #[test]
        fn lines_that_are_looked_at_once_give_the_same_rows(
            text in "(a|\"|\"\"|\t|\n|\r\n|\"\t\"){0,40}",
            columns in 1..5_usize,
        ) {
            prop_assert_eq!(rows(&text, columns), expected(&text, columns));
        }
    }

    /// Each line begins a quoted field that none behind it closes: looked at from each, they would take
    /// minutes.
    #[test]
    fn quotes_that_are_never_closed_are_passed_once() {
        assert_eq!(rows(&"a\"\t\"c\n".repeat(40_000), 2).len(), 40_000);
        // The last two lines are a row, as they have two columns together.
        let closed = "a\"\t\"c\n".repeat(40_000) + "\"\n";
        assert_eq!(rows(&closed, 2).len(), 40_000);
    }
}
