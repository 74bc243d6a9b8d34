//! Streets with the numbers of their buildings.
use super::words;
use crate::page::{Kind, Page};

/// Most words of the name of a street.
const NAME: usize = 6;

/// A street and its number, by tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Street {
    /// First token and the token behind the last of the building's number.
    pub(super) number: Option<(usize, usize)>,
    pub(super) name: (usize, usize),
    /// Whether a town or postal code has to follow.
    pub(super) unsure: bool,
}

impl Street {
    /// Token behind number and name.
    pub(super) fn end(&self) -> usize {
        self.number.map_or(self.name.1, |(_, end)| end.max(self.name.1))
    }
}

/// The street at token `i`, which begins with its number or its name.
pub(super) fn street(page: &Page<'_>, i: usize) -> Option<Street> {
    match page.kind(i)? {
        Kind::Number => numbered(page, i),
        Kind::Word => {
            before_name(page, i).or_else(|| with_end(page, i)).or_else(|| behind_name(page, i))
        }
        _ => None,
    }
}

/// Whether a number may be that of a building: one to six digits, and no amount, decimal or time.
pub(super) fn is_building(page: &Page<'_>, i: usize) -> bool {
    let digits = page.word(i).bytes().take_while(u8::is_ascii_digit).count();
    let last = i.checked_sub(1);
    let before = last.is_none_or(|last| {
        let touching =
            page.touches(i) && matches!(page.word(last), "%" | "." | ":" | "+" | "=" | "@");
        let currency = matches!(page.word(last), "$" | "€" | "£");
        !touching && !currency && !words::NOT_BEFORE.contains(page.small(last))
    });
    let after = !(page.touches(i + 1)
        && matches!(page.word(i + 1), "." | ":" | "%" | "€" | "£" | "°")
        && matches!(page.kind(i + 2), Some(Kind::Number))
        && page.touches(i + 2));
    page.kind(i) == Some(Kind::Number)
        && digits <= 6
        && before
        && after
        && !matches!(page.word(i + 1), "%" | "€" | "£" | "$")
}

/// Token behind a number of a building with what belongs to it: `12`, `12 bis`, `257 81`, `12 a`, `56/7`.
fn number_end(page: &Page<'_>, i: usize) -> usize {
    let next = page.small(i + 1);
    if matches!(next, "bis" | "ter" | "quater") {
        return i + 2;
    }
    i + 1
}

/// A number with the name of a street behind it.
fn numbered(page: &Page<'_>, i: usize) -> Option<Street> {
    if !is_building(page, i) {
        return None;
    }
    let mut begin = number_end(page, i);
    if page.kind(begin) == Some(Kind::Number) && is_building(page, begin) {
        begin = number_end(page, begin);
    }
    let number = Some((i, begin));
    let name = begin + usize::from(page.is_mark(begin, ','));
    if let Some(end) = romance_name(page, name, true) {
        return Some(Street { number, name: (name, end), unsure: false });
    }
    let end = english_name(page, begin)?;
    Some(Street { number, name: (begin, end), unsure: false })
}

/// End of a name that ends with a word for a street: `Main St.`, `N. 21st Street NW`, `Highway 35`.
fn english_name(page: &Page<'_>, begin: usize) -> Option<usize> {
    let is_small = !page.is_capital(begin) && page.kind(begin) == Some(Kind::Word);
    let mut end = None;
    let mut i = begin;
    let mut count = 0;
    while count <= NAME {
        let word = page.small(i);
        match page.kind(i) {
            Some(Kind::Ordinal) => {}
            Some(Kind::Word) => {
                let certain = words::CERTAIN.contains(word);
                let fits = words::STREETS.contains(word)
                    && (page.is_capital(i) || is_small && certain || certain && i > begin);
                let saint = matches!(word, "st" | "dr")
                    && page.is_capital(i + 1)
                    && end.is_none()
                    && i == begin;
                if fits && i > begin && !saint {
                    let dot = page.is_mark(i + 1, '.')
                        && page.touches(i + 1)
                        && words::SHORTENED.contains(word);
                    end = Some(i + 1 + usize::from(dot));
                } else {
                    let stops = words::NO_NAMES.contains(word)
                        && !matches!(word, "may" | "the" | "mr" | "best");
                    let is_capital = page.is_capital(i);
                    let other_case = if is_small {
                        count > 2 || is_capital
                    } else {
                        !is_capital && !words::PARTICLES.contains(word)
                    };
                    if stops || other_case {
                        break;
                    }
                }
            }
            Some(Kind::Mark)
                if matches!(page.word(i), "." | "'" | "’")
                    && page.touches(i)
                    && i > begin
                    && page.small(i - 1).len() <= 5 => {}
            _ => break,
        }
        i += 1;
        count += 1;
    }
    if end.is_none()
        && matches!(page.small(begin), "highway" | "hwy" | "route" | "rte" | "county" | "rural")
    {
        let road = begin
            + usize::from(matches!(page.small(begin + 1), "road" | "route" | "rd" | "highway"))
            + 1;
        end = (page.kind(road) == Some(Kind::Number) && page.is_capital(begin)).then_some(road + 1);
    }
    let end = end?;
    // A direction, or the number of a highway.
    let direction = matches!(
        page.word(end),
        "N" | "S" | "E" | "W" | "NE" | "NW" | "SE" | "SW" | "North" | "South" | "East" | "West"
    );
    let highway =
        matches!(page.small(end - 1), "highway" | "hwy") && page.kind(end) == Some(Kind::Number);
    Some(end + usize::from(direction || highway))
}

/// End of a name behind a word for a street: `rue de la Paix`, `C/ Mayor`, `ul. Długa`.
fn romance_name(page: &Page<'_>, begin: usize, has_number: bool) -> Option<usize> {
    let mut i = begin;
    let word = page.small(i);
    if word == "c" && page.is_mark(i + 1, '/') && page.touches(i + 1) {
        i += 2;
    } else if words::BEFORE.contains(word) {
        let unsure = words::BEFORE_UNSURE.contains(word);
        if unsure
            && !has_number
            && !page.is_capital(i)
            && !page.is_mark(i + 1, '.')
            && word != "via"
        {
            return None;
        }
        i += 1 + usize::from(page.is_mark(i + 1, '.') && page.touches(i + 1));
    } else {
        return None;
    }
    let first = i;
    let mut names = 0;
    while i < first + NAME + 2 {
        let word = page.small(i);
        match page.kind(i) {
            Some(Kind::Word) if words::PARTICLES.contains(word) && !page.is_capital(i) => {}
            Some(Kind::Word) if words::UNITS.contains(word) && names > 0 => break,
            Some(Kind::Word)
                if matches!(word, "n" | "nº" | "num" | "núm" | "nr" | "no") && names > 0 =>
            {
                break;
            }
            Some(Kind::Word) if page.is_capital(i) && !words::NO_NAMES.contains(word) => names += 1,
            Some(Kind::Word)
                if has_number && names < 3 && !words::NO_NAMES.contains(word) && word.len() > 2 =>
            {
                names += 1;
            }
            Some(Kind::Mark)
                if matches!(page.word(i), "'" | "’" | ".")
                    && page.touches(i)
                    && page.small(i - 1).len() <= 4 => {}
            // A day in a name: `rue du 8 mai 1945`, `Via XX Settembre`.
            Some(Kind::Number)
                if i > first
                    && page.small(i + 1).len() >= 3
                    && page.kind(i + 1) == Some(Kind::Word)
                    && matches!(page.small(i - 1), "du" | "de" | "le") =>
            {
                names += 1;
                i += 1;
                if page.kind(i + 1) == Some(Kind::Number) && page.word(i + 1).len() == 4 {
                    i += 1;
                }
            }
            _ => break,
        }
        i += 1;
    }
    while i > first
        && (words::PARTICLES.contains(page.small(i - 1)) && !page.is_capital(i - 1)
            || page.is_mark(i - 1, '.'))
    {
        i -= 1;
    }
    (names > 0 && i > first).then_some(i)
}

/// A word for a street, its name, and the number behind it.
fn before_name(page: &Page<'_>, i: usize) -> Option<Street> {
    let end = romance_name(page, i, false)?;
    let mut at = end + usize::from(page.is_mark(end, ','));
    let marked = matches!(
        page.small(at),
        "n" | "nº" | "no" | "num" | "núm" | "nr" | "number" | "número" | "numero"
    );
    if marked {
        at += 1;
        while matches!(page.word(at), "." | "°" | "º") {
            at += 1;
        }
    }
    let name = (i, end);
    if matches!(page.small(at), "s") && page.is_mark(at + 1, '/') {
        return Some(Street { number: Some((at, at + 3)), name, unsure: false });
    }
    let number = (is_building(page, at) || page.kind(at) == Some(Kind::Code) && marked)
        .then(|| (at, number_end(page, at)));
    let word = page.small(i);
    let unsure = number.is_none()
        || words::BEFORE_UNSURE.contains(word) && !page.is_capital(i) && !page.is_mark(i + 1, '.');
    Some(Street { number, name, unsure })
}

/// A word with the end of a street, or one behind its name, and the number behind it.
fn with_end(page: &Page<'_>, i: usize) -> Option<Street> {
    if !page.is_capital(i) {
        return None;
    }
    let mut last = i;
    // Up to two words before a word that is a street itself.
    while last < i + 3 && !is_street_word(page, last, last > i) {
        let small = page.small(last);
        if !(page.is_capital(last) || words::PARTICLES.contains(small) && last > i)
            || words::NO_NAMES.contains(small)
        {
            return None;
        }
        last += 1;
    }
    if !is_street_word(page, last, last > i) {
        return None;
    }
    // Nouns have capitals in German: only what is in the form of a name belongs to it.
    if last > i {
        let alone = words::ALONE.contains(page.small(last));
        let inflected =
            page.small(i).ends_with("er") || page.word(i).contains('-') || !page.is_ascii;
        if !alone && !inflected {
            return None;
        }
    }
    let end = last + 1 + usize::from(page.is_mark(last + 1, '.') && page.touches(last + 1));
    let number = end + usize::from(page.is_mark(end, ','));
    let digits = page.word(number).bytes().take_while(u8::is_ascii_digit).count();
    let unit = matches!(
        page.small(number + 1),
        "uhr" | "km" | "m" | "euro" | "prozent" | "jahre" | "min" | "minuten" | "stunden"
    );
    (is_building(page, number) && digits <= 4 && !unit).then(|| Street {
        number: Some((number, number_end(page, number))),
        name: (i, end),
        unsure: false,
    })
}

fn is_street_word(page: &Page<'_>, i: usize, alone: bool) -> bool {
    let small = page.small(i);
    if page.kind(i) != Some(Kind::Word) || words::NO_STREETS.contains(small) {
        return false;
    }
    let ends = |end: &&str| small.strip_suffix(*end).is_some_and(|stem| stem.chars().count() >= 3);
    alone && words::ALONE.contains(small) || page.is_capital(i) && words::ENDS.iter().any(ends)
}

/// A name with a number behind it, for which a postal code has to follow: `Edeby 55, 123 45 Uppsala`.
fn behind_name(page: &Page<'_>, i: usize) -> Option<Street> {
    if !page.is_capital(i) || words::NO_NAMES.contains(page.small(i)) {
        return None;
    }
    let mut end = i + 1;
    while end < i + 4
        && (page.is_capital(end)
            || words::PARTICLES.contains(page.small(end)) && page.kind(end) == Some(Kind::Word))
        && !words::NO_NAMES.contains(page.small(end))
    {
        end += 1;
    }
    let digits = page.word(end).bytes().take_while(u8::is_ascii_digit).count();
    (is_building(page, end) && digits <= 4).then(|| Street {
        number: Some((end, number_end(page, end))),
        name: (i, end),
        unsure: true,
    })
}
