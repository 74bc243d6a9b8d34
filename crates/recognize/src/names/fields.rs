//! Names as the values of fields, columns and headers of mails.
use super::name::{Case, Name};
use super::words;
use crate::finder::Part;
use crate::page::{Kind, Page};
use crate::row::Strength;

/// Most names in one list.
const LIST: usize = 40;

/// Adds the names in fields, cells and headers.
pub(super) fn find(page: &Page<'_>, parts: &mut Vec<Part>) {
    if let Some(field) = field_of(page.field) {
        value(page, 0, page.tokens.len(), field, parts);
    }
    let mut token = 0;
    for cell in &page.cells {
        let Some(field) = field_of(&cell.column) else { continue };
        token += page.tokens[token..].partition_point(|t| t.start < cell.start);
        let stop = token + page.tokens[token..].partition_point(|t| t.end <= cell.end);
        value(page, token, stop, field, parts);
    }
    for i in 0..page.tokens.len() {
        if page.is_mark(i, '<') {
            before_address(page, i, parts);
        } else if page.is_mark(i, ':') || page.is_mark(i, '=') {
            field(page, i, parts);
        }
    }
}

/// A field that holds names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    /// Names above all.
    Names,
    /// Surnames alone.
    Surnames,
    /// Names, and as often other things.
    Unsure,
}

/// The kind of a field, by its name; `None` if it holds no names.
fn field_of(field: &str) -> Option<Field> {
    if field.is_empty() {
        return None;
    }
    let mut name = String::with_capacity(field.len());
    let mut last = ' ';
    for c in field.chars() {
        if c.is_uppercase() && last.is_lowercase() {
            name.push(' ');
        }
        name.extend(if matches!(c, '_' | '.') || c == '-' { ' ' } else { c }.to_lowercase());
        last = c;
    }
    let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == '*');
    let named = |name: &str| {
        words::FIELDS.contains(name).then(|| match name {
            _ if words::SURNAMES.contains(name) => Field::Surnames,
            _ if words::FIELDS_UNSURE.contains(name) => Field::Unsure,
            _ => Field::Names,
        })
    };
    // The last words of a longer name: `billing contact name`.
    named(name).or_else(|| {
        let tail = [
            "first name",
            "last name",
            "full name",
            "given name",
            "family name",
            "surname",
            "firstname",
            "lastname",
            "maiden name",
        ];
        tail.iter().any(|tail| name.ends_with(tail)).then_some(Field::Names)
    })
}

/// The field whose sign is at token `sign`.
fn field(page: &Page<'_>, sign: usize, parts: &mut Vec<Part>) {
    let is_pair = page.is_mark(sign, '=');
    let quoted = sign > 0 && (page.is_mark(sign - 1, '"') || page.is_mark(sign - 1, '\''));
    let last = sign - usize::from(quoted);
    let keys =
        (last.saturating_sub(5)..last).filter(|&first| is_border(page, first, is_pair || quoted));
    let mut keys = keys.filter_map(|first| key_field(page, first, last));
    let Some(field) = keys.next() else { return };
    let (start, stop) = value_range(page, sign + 1, is_pair);
    value(page, start, stop, field, parts);
}

/// The field that the words from `first` to `last` name.
fn key_field(page: &Page<'_>, first: usize, last: usize) -> Option<Field> {
    let (start, end) = page.bytes(first, last);
    let key = &page.text[start..end];
    if key.len() > 40 {
        return None;
    }
    let headers = words::HEADERS.contains(key.to_lowercase().as_str()) && page.begins_line(first);
    field_of(key.trim_end_matches(['*', ' '])).or(headers.then_some(Field::Unsure))
}

/// Whether the name of a field may begin at token `first`: at the begin of a line or behind a sign.
fn is_border(page: &Page<'_>, first: usize, loose: bool) -> bool {
    if page.begins_line(first) {
        return true;
    }
    let before = first - 1;
    let wide = page.tokens[first].start > page.tokens[before].end + 1;
    let sign = page.kind(before) == Some(Kind::Mark)
        && ",;|\t{([\"'.•-/".contains(page.word(before))
        && !page.touches(before + 1)
        || page.kind(before) == Some(Kind::Mark) && "{([\"'|\t,".contains(page.word(before));
    wide || sign || loose && !page.touches(first)
}

/// Tokens of a value: within quotes, or to the end of the line, to a wide gap or a bar.
fn value_range(page: &Page<'_>, first: usize, is_pair: bool) -> (usize, usize) {
    let mut start = first;
    let quote = page.word(start);
    if matches!(quote, "\"" | "'" | "“") {
        let end = (start + 1..start + 20)
            .find(|&i| matches!(page.word(i), "\"" | "'" | "”" | "“") || page.kind(i).is_none());
        return (start + 1, end.unwrap_or(start + 1));
    }
    while page.is_mark(start, '\t') || page.is_mark(start, '*') {
        start += 1;
    }
    let mut end = start;
    while end < page.tokens.len() {
        let gap = end > start && page.tokens[end].start > page.tokens[end - 1].end + 1;
        let stop = page.kind(end) == Some(Kind::Line)
            || page.kind(end) == Some(Kind::Mark) && "|\t;[{}".contains(page.word(end));
        let blank = is_pair && end > start && !page.touches(end);
        if stop && !(page.is_mark(end, ';') && end > start) || gap || blank || end > start + 160 {
            break;
        }
        end += 1;
    }
    (start, end)
}

/// Adds the names in tokens `start` to `stop`: one, or a list of them.
fn value(page: &Page<'_>, start: usize, mut stop: usize, field: Field, parts: &mut Vec<Part>) {
    while stop > start
        && page.kind(stop - 1) == Some(Kind::Mark)
        && ".,;\"'".contains(page.word(stop - 1))
    {
        let initial = page.is_mark(stop - 1, '.')
            && stop - start > 1
            && page.word(stop - 2).chars().count() == 1;
        if initial {
            break;
        }
        stop -= 1;
    }
    let start = start + usize::from(page.is_mark(start, '"'));
    if start >= stop {
        return;
    }
    let sure = field != Field::Unsure;
    let accepts = |name: &Name| {
        sure || name.words > 1 || name.has_title() || name.end > name.given + name.words
    };
    for case in [Case::Capital, Case::Any] {
        let whole = Name::whole(page, start, stop, case).filter(accepts);
        let whole = whole.filter(|name| case == Case::Capital || sure || name.words == 2);
        if let Some(mut name) = whole {
            if field == Field::Surnames && !name.inverted {
                name.surname = name.given;
                name.words += 1;
            }
            name.add(page, Strength::Strong, parts);
            return;
        }
    }
    list(page, start, stop, sure, parts);
}

/// Adds the names of a list; whatever else is in it ends it.
fn list(page: &Page<'_>, start: usize, stop: usize, sure: bool, parts: &mut Vec<Part>) {
    let mut i = start;
    for n in 0..LIST {
        let Some(name) = Name::at(page, i, Case::Capital).filter(|name| name.end <= stop) else {
            return;
        };
        let next = name.end;
        let separator = page.kind(next) == Some(Kind::Mark) && ",;/&".contains(page.word(next))
            || matches!(
                page.small(next),
                "and" | "und" | "et" | "y" | "e" | "en" | "i" | "och" | "og"
            );
        let aside = page.is_mark(next, '(')
            || page.is_mark(next, '-')
            || page.is_mark(next, '—')
            || page.is_mark(next, '<');
        let ends = next >= stop || separator || aside;
        let enough = sure || name.words > 1 || name.has_title() || n > 0;
        if !ends || !enough {
            return;
        }
        name.add(page, Strength::Strong, parts);
        i = next;
        // What is in brackets is about the one before it.
        if aside {
            let closes = if page.is_mark(i, '(') { ')' } else { ',' };
            while i < stop && !page.is_mark(i, closes) && !page.is_mark(i, ';') {
                i += 1;
            }
            i += usize::from(closes == ')');
        }
        while i < stop
            && (page.kind(i) == Some(Kind::Mark) && ",;/&".contains(page.word(i))
                || matches!(page.small(i), "and" | "und" | "et" | "y" | "en" | "och" | "og"))
        {
            i += 1;
        }
        if i >= stop {
            return;
        }
    }
}

/// The name before `<ada@example.com>`.
fn before_address(page: &Page<'_>, open: usize, parts: &mut Vec<Part>) {
    let has_address = (open + 1..open + 14)
        .take_while(|&i| !matches!(page.kind(i), None | Some(Kind::Line)) && !page.is_mark(i, '>'))
        .any(|i| page.is_mark(i, '@'));
    if !has_address || open == 0 {
        return;
    }
    let last = open - usize::from(page.is_mark(open - 1, '"'));
    // The longest name that ends here.
    for first in last.saturating_sub(9)..last {
        if (first..last).any(|i| page.kind(i) == Some(Kind::Line)) {
            continue;
        }
        if let Some(name) = Name::whole(page, first, last, Case::Capital)
            && (first == 0
                || !page.is_capital(first - 1)
                || page.tokens[first].start > page.tokens[first - 1].end + 1)
        {
            name.add(page, Strength::Strong, parts);
            return;
        }
    }
}
