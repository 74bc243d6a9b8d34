//! A name's words and their parts: title, given names, surname.
use super::words;
use crate::finder::Part;
use crate::page::{Kind, Page};
use crate::row::Strength;
use crate::words::WordList;

/// Most words of one name.
const WORDS: usize = 5;

/// Letter case that the words of a name must have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Case {
    /// Capitals first.
    Capital,
    /// Any.
    Any,
}

/// A name, by tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Name {
    /// First token: of the title, if there is one.
    pub(super) first: usize,
    /// First token behind the titles.
    pub(super) given: usize,
    /// First token of the surname.
    pub(super) surname: usize,
    /// Token behind the last.
    pub(super) end: usize,
    /// Words behind the titles, without initials.
    pub(super) words: usize,
    /// Whether it is written `Roe, Jane`.
    pub(super) inverted: bool,
}

impl Name {
    /// The name at token `i`, with or without a title.
    pub(super) fn at(page: &Page<'_>, i: usize, case: Case) -> Option<Self> {
        let given = titles_end(page, i, case);
        let mut end = given;
        let (mut names, mut initials, mut surname) = (0, 0, given);
        let mut after_particle = false;
        while names + initials < WORDS {
            if end > given && !near(page, end) {
                break;
            }
            let small = page.small(end);
            let stem = without_possessive(small);
            if is_initial(page, end) {
                initials += 1;
                end += 1 + usize::from(page.is_mark(end + 1, '.'));
                continue;
            }
            if page.kind(end) != Some(Kind::Word)
                || words::ORGANISATIONS.contains(stem) && !is_capital_particle(page, end)
            {
                break;
            }
            if words::PARTICLES.contains(small) && leads_to_name(page, end + 1, case) {
                if !after_particle {
                    surname = end;
                }
                after_particle = true;
                end += 1;
                continue;
            }
            if !is_name_word(page, end, case) {
                break;
            }
            if words::SUFFIXES.contains(small) && names > 0 {
                end += 1 + usize::from(page.is_mark(end + 1, '.'));
                break;
            }
            if !after_particle {
                surname = end;
            }
            after_particle = false;
            names += 1;
            end += 1;
            if stem.len() < small.len() {
                break;
            }
        }
        if names == 0 {
            return None;
        }
        Some(Self { first: i, given, surname, end, words: names, inverted: false })
    }

    /// The name at token `i` of a list or field, also as `Roe, Jane`; nothing but a name may be before
    /// token `stop`.
    pub(super) fn whole(page: &Page<'_>, i: usize, stop: usize, case: Case) -> Option<Self> {
        let name = Self::at(page, i, case)?;
        if name.end < stop && page.is_mark(name.end, ',') && name.words == 1 {
            let other = Self::at(page, name.end + 1, case)
                .filter(|other| other.end == stop && other.words <= 2)?;
            return Some(Self {
                surname: other.given,
                end: other.end,
                words: name.words + other.words,
                inverted: true,
                ..name
            });
        }
        (name.end == stop).then_some(name)
    }

    /// Whether it has a title.
    pub(super) fn has_title(&self) -> bool {
        self.given > self.first
    }

    /// Adds its parts.
    pub(super) fn add(&self, page: &Page<'_>, strength: Strength, parts: &mut Vec<Part>) {
        let mut push = |row: &'static str, first: usize, end: usize| {
            if first < end {
                let (start, last) = page.bytes(first, end);
                let last = start + without_possessive(&page.text[start..last]).len();
                parts.push(Part { row, start, end: last, strength });
            }
        };
        push("title", self.first, self.given);
        if self.inverted {
            push("surname", self.given, self.surname - 1);
            push("given_name", self.surname, self.end);
        } else if self.has_title() && self.surname == self.given {
            push("surname", self.given, self.end);
        } else if self.words == 1 && self.surname == self.given {
            push("given_name", self.given, self.end);
        } else {
            push("given_name", self.given, self.surname);
            push("surname", self.surname, self.end);
        }
    }
}

/// Token behind the titles at token `i`.
pub(super) fn titles_end(page: &Page<'_>, i: usize, case: Case) -> usize {
    let mut end = i;
    while end < i + 6 {
        let small = page.small(end);
        let is_title = page.kind(end) == Some(Kind::Word)
            && words::TITLES.contains(small)
            && (page.is_capital(end)
                && (small.len() > 2
                    || page.word(end) != page.word(end).to_uppercase()
                    || small.len() == 1
                    || case == Case::Capital)
                || words::TITLES_SMALL.contains(small));
        if !is_title || end > i && !near(page, end) {
            break;
        }
        let dot = page.is_mark(end + 1, '.') && page.touches(end + 1);
        if matches!(small, "m" | "me" | "sr" | "col" | "hr" | "ing" | "mag" | "dipl" | "pan")
            && !dot
            && small != "hr"
            && small != "pan"
        {
            break;
        }
        let mut next = end + 1 + usize::from(dot);
        // `Sig.ra`, `Dott.ssa`.
        if dot
            && page.touches(next)
            && matches!(page.small(next), "ra" | "na" | "ssa" | "med" | "a")
        {
            next += 1 + usize::from(page.is_mark(next + 1, '.'));
        }
        if !near(page, next) || dot && page.touches(next) || page.kind(next) != Some(Kind::Word) {
            break;
        }
        end = next;
    }
    end
}

/// Whether token `i` follows the one before on one line, at most one blank away.
fn near(page: &Page<'_>, i: usize) -> bool {
    match (i.checked_sub(1).and_then(|last| page.tokens.get(last)), page.tokens.get(i)) {
        (Some(last), Some(token)) => token.kind != Kind::Line && token.start <= last.end + 1,
        _ => false,
    }
}

fn is_initial(page: &Page<'_>, i: usize) -> bool {
    page.kind(i) == Some(Kind::Word)
        && page.word(i).chars().count() == 1
        && page.is_capital(i)
        && page.word(i).chars().all(char::is_uppercase)
        && (page.is_mark(i + 1, '.') && page.touches(i + 1)
            || page.is_capital(i + 1) && near(page, i + 1))
}

fn is_capital_particle(page: &Page<'_>, i: usize) -> bool {
    page.is_capital(i) && words::PARTICLES.contains(page.small(i))
}

/// Whether a name's word is at token `i`, or behind one more particle.
fn leads_to_name(page: &Page<'_>, i: usize, case: Case) -> bool {
    let particle = words::PARTICLES.contains(page.small(i)) && near(page, i + 1);
    near(page, i) && (is_name_word(page, i, case) || particle && is_name_word(page, i + 1, case))
}

/// Whether a token may be a word of a name.
fn is_name_word(page: &Page<'_>, i: usize, case: Case) -> bool {
    let stem = without_possessive(page.small(i));
    page.kind(i) == Some(Kind::Word)
        && (case == Case::Any || page.is_capital(i))
        && (stem.chars().count() > 1 || !stem.is_ascii())
        && !words::ORGANISATIONS.contains(stem)
}

/// A text without `'s` at its end.
pub(super) fn without_possessive(text: &str) -> &str {
    text.strip_suffix("'s")
        .or_else(|| text.strip_suffix("’s"))
        .filter(|stem| stem.len() > 1)
        .unwrap_or(text)
}

/// The longest phrase of `phrases` at token `i`, of up to five words: the token behind it.
pub(super) fn phrase(page: &Page<'_>, i: usize, phrases: &WordList) -> Option<usize> {
    let mut text = String::new();
    let mut longest = None;
    for end in i..i + 5 {
        if !matches!(page.kind(end), Some(Kind::Word | Kind::Code)) && !page.is_mark(end, '-') {
            break;
        }
        if end > i && !page.touches(end) {
            text.push(' ');
        }
        text.push_str(page.small(end));
        if phrases.contains(text.as_str()) {
            longest = Some(end + 1);
        }
    }
    longest
}
