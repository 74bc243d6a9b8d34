//! Parts of an address at a token: units, towns, states with their codes, and what stands between parts.
use super::{postal, words};
use crate::page::{Kind, Page};
use crate::words::WordList;

/// Most words of a town.
const TOWN: usize = 5;

pub(super) fn named_state(page: &Page<'_>, i: usize) -> bool {
    postal::named(page, i, &words::STATE_NAMES).is_some()
}

/// Whether token `i` begins a line.
pub(super) fn line_between(page: &Page<'_>, i: usize) -> bool {
    i > 0 && page.kind(i - 1) == Some(Kind::Line)
}

/// A postal code and a town with a capital, on one line: `123 45 Uppsala`.
pub(super) fn coded_town(page: &Page<'_>, i: usize) -> bool {
    postal::code(page, i).is_some_and(|code| {
        code.certain || page.is_capital(code.end) && town(page, code.end, false).is_some()
    })
}

/// A state's letters and a postal code: the token behind the state, and the code.
pub(super) fn state_and_code(page: &Page<'_>, i: usize) -> Option<(usize, (usize, usize))> {
    let state = postal::state(page, i)?;
    let next =
        state + usize::from(page.is_mark(state, ',')) + usize::from(page.is_mark(state, '.'));
    let code = postal::code(page, next)?;
    let length = page.word(next).len();
    // A number of four digits is a year behind a name, but a code behind an Australian's letters.
    (length != 4 || page.word(i).len() == 3).then_some((state, (next, code.end)))
}

/// The unit of a building at token `i`: the token behind it.
pub(super) fn unit(page: &Page<'_>, i: usize) -> Option<usize> {
    let small = page.small(i);
    if page.is_mark(i, '#') {
        return (matches!(page.kind(i + 1), Some(Kind::Number | Kind::Code))
            && page.touches(i + 1))
        .then_some(i + 2);
    }
    // `c/o Ann Roe`.
    if small == "c" && page.is_mark(i + 1, '/') && page.small(i + 2) == "o" {
        let mut end = i + 3;
        while page.is_capital(end) && end < i + 7 {
            end += 1;
        }
        return (end > i + 3).then_some(end);
    }
    let ordinal = page.kind(i) == Some(Kind::Ordinal)
        || page.kind(i) == Some(Kind::Number) && page.word(i).len() <= 3
        || matches!(
            small,
            "top" | "ground" | "first" | "second" | "third" | "upper" | "lower" | "basement"
        );
    if ordinal {
        let mut next = i + 1;
        while matches!(page.word(next), "." | "º" | "°" | "ª") && next < i + 3 {
            next += 1;
        }
        let floor = words::FLOORS.contains(page.small(next))
            || next > i + 1
                && page.word(next).len() == 1
                && page.is_capital(next)
                && page.word(next - 1) != ".";
        let flat = floor && matches!(page.small(next + 1), "flat" | "apartment");
        return floor.then_some(next + 1 + usize::from(flat));
    }
    if page.kind(i) != Some(Kind::Word) || !words::UNITS.contains(small) {
        return None;
    }
    let mut next = i + 1;
    while matches!(page.word(next), "." | "#" | ":" | "º" | "°") && next < i + 4
        || next == i + 1 && matches!(page.small(next), "no" | "nr" | "nº" | "n")
    {
        next += 1;
    }
    let letter =
        page.kind(next) == Some(Kind::Word) && page.word(next).len() == 1 && page.is_capital(next);
    let code = page.kind(next) == Some(Kind::Code) && page.word(next).len() <= 6;
    let number = page.kind(next) == Some(Kind::Number) && page.word(next).len() <= 6;
    let short = small.len() <= 3
        && !matches!(
            small,
            "apt"
                | "ste"
                | "top"
                | "bus"
                | "bte"
                | "lgh"
                | "lok"
                | "int"
                | "esc"
                | "pta"
                | "whg"
                | "stg"
        );
    let fits = number || code || letter && !short;
    (fits && (!short || page.is_mark(i + 1, '.') || page.is_capital(i) || small == "no"))
        .then_some(next + 1)
}

/// A town of capitalised words with small words between, at token `i`: the token behind it. With `small`,
/// words in small letters count, too.
pub(super) fn town(page: &Page<'_>, i: usize, small: bool) -> Option<usize> {
    let small = small && page.kind(i) == Some(Kind::Word) && !page.is_capital(i);
    let mut end = i;
    let mut names = 0;
    while end < i + TOWN + 2 && names < TOWN {
        let word = page.small(end);
        match page.kind(end) {
            Some(Kind::Word)
                if end > i
                    && (word.len() <= 2
                        && page.is_capital(end)
                        && words::STATES.contains(page.word(end))) =>
            {
                break;
            }
            Some(Kind::Word) if words::NO_NAMES.contains(word) => break,
            Some(Kind::Word) if page.is_capital(end) && !small => names += 1,
            Some(Kind::Word) if small && !page.is_capital(end) => names += 1,
            Some(Kind::Word) if end > i && words::PARTICLES.contains(word) => {}
            Some(Kind::Mark)
                if matches!(page.word(end), "." | "'" | "’")
                    && page.touches(end)
                    && end > i
                    && page.small(end - 1).len() <= 3 => {}
            _ => break,
        }
        end += 1;
    }
    while end > i
        && (words::PARTICLES.contains(page.small(end - 1)) && !page.is_capital(end - 1) && !small
            || page.is_mark(end - 1, '.'))
    {
        end -= 1;
    }
    (names > 0 && end > i && page.word(i).chars().count() > 1).then_some(end)
}

/// Whether a clause ends at token `end`: a line or text ends, or a mark of a sentence follows.
pub(super) fn ends_clause(page: &Page<'_>, end: usize) -> bool {
    match page.kind(end) {
        None | Some(Kind::Line) => true,
        Some(Kind::Mark) => ".,;)|?!\"\t".contains(page.word(end)),
        _ => false,
    }
}

/// Token behind one comma.
pub(super) fn behind_comma(page: &Page<'_>, i: usize) -> usize {
    i + usize::from(page.is_mark(i, ','))
}

/// Token behind what may stand between two parts: commas, dashes, one line end. `None` at a blank line.
pub(super) fn behind_separators(page: &Page<'_>, mut i: usize) -> Option<usize> {
    let (mut marks, mut lines) = (0, 0);
    loop {
        match page.kind(i)? {
            Kind::Line => lines += 1,
            Kind::Mark if ",;-–·|\t>".contains(page.word(i)) => marks += 1,
            Kind::Mark
                if page.is_mark(i, '.')
                    && lines == 0
                    && page.touches(i)
                    && page.small(i.wrapping_sub(1)).len() <= 4 =>
            {
                marks += 1;
            }
            _ => return Some(i),
        }
        if marks > 3 || lines > 1 {
            return None;
        }
        i += 1;
    }
}

/// The phrase of `phrases` at token `i`, of up to six tokens: the token behind it.
pub(super) fn phrase(page: &Page<'_>, i: usize, phrases: &WordList) -> Option<usize> {
    let letter = page.small(i).chars().next()?;
    if !"pbacsgl".contains(letter) {
        return None;
    }
    postal::named(page, i, phrases)
}
