//! Recognition of the delimiter of a table.
use crate::decode::{Decoded, split_ending};
use crate::dialect::Dialect;
use crate::{CorpusError, Format};

/// Delimiters that are recognised.
const KNOWN: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that are counted at most.
const ROWS: usize = 20;
/// Largest part of a table that is looked at, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Delimiter that files of this format have by default.
pub(crate) fn default_of(format: Format) -> u8 {
    if format == Format::Tsv { b'\t' } else { b',' }
}

/// The dialect with the delimiter that the first rows of the input have, which are left unread.
///
/// The delimiter of the format stays where no other occurs in the first row, and a tab also where it
/// divides the first rows into columns, all of them alike: prose has commas, hardly tabs. Else the one counts that
/// divides the first rows into the most columns, all of them alike; where that of the format does not occur
/// in the first row, two thirds of the rows are enough. Delimiters in quotes do not count, and one row alone
/// shows nothing.
pub(crate) fn recognized(decoded: &mut Decoded, default: Dialect) -> Result<Dialect, CorpusError> {
    let head = decoded.look(MAX_BYTES, |text| filled(text, default, 2).is_some())?;
    let first = &filled(head, default, 1).unwrap_or_default().to_owned();
    let divides = |dialect: Dialect| dialect.fields(first).nth(1).is_some();
    let others = KNOWN.into_iter().filter(|&known| known != default.delimiter);
    let others = others.map(|known| default.delimited_by(known)).filter(|other| divides(*other));
    let others: Vec<Dialect> = others.collect();
    if others.is_empty() {
        return Ok(default);
    }
    let head = decoded.look(MAX_BYTES, |text| rows(text, default).nth(ROWS).is_some())?;
    let head = &head[..rows(head, default).take(ROWS).map(str::len).sum()];
    if default.delimiter == b'\t' && agreement(head, default) == Some(Agreement::All) {
        return Ok(default);
    }
    let has_default = divides(default);
    let wanted = |found: Option<Agreement>| {
        if has_default { found == Some(Agreement::All) } else { found.is_some() }
    };
    // Of equal ones the format's own, then the first.
    let mut best = (1, default);
    for dialect in std::iter::once(default).chain(others) {
        let columns = dialect.fields(first).count();
        if columns > best.0 && wanted(agreement(head, dialect)) {
            best = (columns, dialect);
        }
    }
    Ok(best.1)
}

/// Share of the rows that have as many columns as the first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Agreement {
    All,
    /// At least two thirds.
    Most,
}

fn agreement(head: &str, dialect: Dialect) -> Option<Agreement> {
    let whole = head.len() < MAX_BYTES || head.ends_with('\n');
    let rows = rows(head, dialect).filter(|row| whole || row.ends_with('\n'));
    let rows = rows.map(|row| split_ending(row).0).filter(|row| !row.is_empty());
    let mut columns = rows.map(|row| dialect.fields(row).count());
    let first = columns.next().filter(|columns| *columns > 1)?;
    let (mut same, mut all) = (0, 0);
    for columns in columns {
        all += 1;
        same += usize::from(columns == first);
    }
    match (same, all) {
        (_, 0) => None,
        (same, all) if same == all => Some(Agreement::All),
        (same, all) if same * 3 >= all * 2 => Some(Agreement::Most),
        _ => None,
    }
}

/// The first row that is not blank, without its line end, if `text` has `rows_needed` rows from it on.
fn filled(text: &str, dialect: Dialect, rows_needed: usize) -> Option<&str> {
    let mut rows = rows(text, dialect).map(|row| split_ending(row).0);
    let first = rows.find(|row| !row.is_empty())?;
    let others = rows.take(rows_needed - 1).count();
    (others + 1 == rows_needed).then_some(first)
}

fn rows(text: &str, dialect: Dialect) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (row, after) = rest.split_at(dialect.row_len(rest));
        rest = after;
        Some(row)
    })
}
