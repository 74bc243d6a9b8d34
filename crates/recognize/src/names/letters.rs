//! Names in letters: behind titles and greetings, below closings, in introductions and quotes.
use super::name::{Case, Name, phrase, titles_end};
use super::words;
use crate::finder::Part;
use crate::page::{Kind, Page};
use crate::row::Strength;

/// Adds the names in letters.
pub(super) fn find(page: &Page<'_>, parts: &mut Vec<Part>) {
    for i in 0..page.tokens.len() {
        match page.kind(i) {
            Some(Kind::Word) => {
                titled(page, i, parts);
                greeted(page, i, parts);
                closed(page, i, parts);
                introduced(page, i, parts);
                quoted(page, i, parts);
                with_initial(page, i, parts);
            }
            Some(Kind::Mark) => signed(page, i, parts),
            _ => {}
        }
    }
}

/// A title and a name: `Mrs Example`, `Prof. Dr. A. Example`.
fn titled(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    let inside =
        page.touches(i) && matches!(page.kind(i - 1), Some(Kind::Word | Kind::Code | Kind::Number));
    if !words::TITLES.contains(page.small(i)) || inside {
        return;
    }
    // `12 Elm Dr Springfield`.
    let street = i > 1
        && matches!(page.small(i), "dr" | "pl" | "av")
        && page.is_capital(i - 1)
        && page.kind(i - 2) == Some(Kind::Number);
    let behind_title = i > 0 && words::TITLES.contains(page.small(i - 1))
        || i > 1 && page.is_mark(i - 1, '.') && words::TITLES.contains(page.small(i - 2));
    if street || behind_title || titles_end(page, i, Case::Capital) == i {
        return;
    }
    let small = words::TITLES_SMALL.contains(page.small(i)) && !page.is_capital(i);
    let name = Name::at(page, i, Case::Capital).or_else(|| {
        let name = Name::at(page, i, Case::Any).filter(|_| small)?;
        // In small letters the end of a name cannot be seen: one word of it.
        (name.given < name.end).then(|| Name {
            surname: name.given,
            end: name.given + 1,
            words: 1,
            ..name
        })
    });
    if let Some(name) =
        name.filter(|name| !words::ANYONE.contains(page.small(name.given)) || name.words > 1)
    {
        name.add(page, Strength::Strong, parts);
    }
}

/// A name behind a greeting: `Dear Ms Example,`, `Hi Ann,`.
fn greeted(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    let Some(next) = phrase(page, i, &words::GREETINGS) else { return };
    let begins = page.begins_line(i)
        || page.kind(i - 1) == Some(Kind::Mark) && ":.!?>\",…–—".contains(page.word(i - 1));
    if !begins || page.kind(next) != Some(Kind::Word) {
        return;
    }
    // `Dear Aunt Rosalind`: the relation is no name.
    let next = next
        + usize::from(
            words::RELATIONS.contains(page.small(next)) && page.kind(next + 1) == Some(Kind::Word),
        );
    let capital = Name::at(page, next, Case::Capital);
    let small = || Name::at(page, next, Case::Any).filter(|name| name.words == 1);
    let Some(name) = capital.or_else(small) else { return };
    let last = page.small(name.given);
    if words::ANYONE.contains(last)
        || name.words == 1 && words::ANYONE.contains(page.small(name.end - 1))
    {
        return;
    }
    let ends = match page.kind(name.end) {
        None | Some(Kind::Line) => true,
        Some(Kind::Mark) => ",!:;.?–—-،、，".contains(page.word(name.end)),
        Some(Kind::Word) => page.is_capital(name.given) && name.words <= 3,
        _ => false,
    };
    let alone = matches!(
        page.small(i),
        "morning"
            | "best"
            | "x"
            | "love"
            | "thanks"
            | "cheers"
            | "danke"
            | "merci"
            | "gracias"
            | "grazie"
            | "caro"
            | "cara"
            | "dag"
            | "do"
            | "oi"
            | "beste"
    );
    let closed = !matches!(page.kind(name.end), Some(Kind::Word));
    if ends && (closed || !alone) && (!alone || name.words <= 2) {
        name.add(page, Strength::Strong, parts);
    }
}

/// The name below a closing, or behind it on one line.
fn closed(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    let begins = page.begins_line(i)
        || i > 0 && page.kind(i - 1) == Some(Kind::Mark) && ".!?".contains(page.word(i - 1));
    let Some(mut next) = phrase(page, i, &words::CLOSINGS).filter(|_| begins) else { return };
    while page.kind(next) == Some(Kind::Mark) && ",.!–—-،".contains(page.word(next)) && next < i + 9
    {
        next += 1;
    }
    let mut lines = 0;
    while page.kind(next) == Some(Kind::Line) && lines < 3 {
        next += 1;
        lines += 1;
    }
    let comma = next > 0 && ",،".contains(page.word(next - 1));
    if lines == 0 && !comma {
        return;
    }
    while page.kind(next) == Some(Kind::Mark) && ">-–—*".contains(page.word(next)) && next < i + 14
    {
        next += 1;
    }
    line_of_name(page, next, lines > 0, parts);
}

/// The name below `--`, or behind a dash at the end.
fn signed(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    if !(page.is_mark(i, '-')
        && page.is_mark(i + 1, '-')
        && page.begins_line(i)
        && page.kind(i + 2) == Some(Kind::Line))
    {
        return;
    }
    line_of_name(page, i + 3, false, parts);
}

/// Adds the name at token `i` if nothing else is on its line, or a comma, a bar or a bracket behind it.
fn line_of_name(page: &Page<'_>, i: usize, small: bool, parts: &mut Vec<Part>) {
    let capital = Name::at(page, i, Case::Capital);
    let Some(name) =
        capital.or_else(|| Name::at(page, i, Case::Any).filter(|name| small && name.words <= 2))
    else {
        return;
    };
    let is_name = !words::ANYONE.contains(page.small(name.end - 1))
        && !words::ORGANISATIONS.contains(page.small(name.end))
        && phrase(page, i, &words::CLOSINGS) != Some(name.end);
    let ends = match page.kind(name.end) {
        None | Some(Kind::Line) => true,
        Some(Kind::Mark) => {
            page.is_capital(name.given) && ",|(/.-–—\t".contains(page.word(name.end))
        }
        _ => false,
    };
    if is_name && ends {
        name.add(page, Strength::Strong, parts);
    }
}

/// The name in an introduction: `my name is Ann Roe`.
fn introduced(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    if !matches!(
        page.small(i).chars().next(),
        Some('m' | 'n' | 'i' | 'j' | 'y' | 'c' | 's' | 'h' | 't' | 'o')
    ) {
        return;
    }
    let Some(next) = phrase(page, i, &words::INTRODUCTIONS) else { return };
    let next = next + usize::from(page.is_mark(next, ':'));
    let capital = Name::at(page, next, Case::Capital);
    let own = matches!(
        page.small(i),
        "my" | "ich"
            | "mein"
            | "je"
            | "mon"
            | "me"
            | "mi"
            | "ik"
            | "mijn"
            | "meu"
            | "o"
            | "jag"
            | "jeg"
    ) && !matches!(page.small(next), "not" | "on" | "in");
    let small = || {
        let name = Name::at(page, next, Case::Any).filter(|_| own)?;
        let closed = !matches!(page.kind(name.end), Some(Kind::Word));
        (closed && name.words <= 2).then_some(name)
    };
    if let Some(name) = capital.or_else(small) {
        name.add(page, Strength::Strong, parts);
    }
}

/// A name with an initial in the middle: `Ann B. Roe`.
fn with_initial(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    let initial = page.word(i + 1);
    let is_initial = initial.chars().count() == 1
        && page.is_capital(i + 1)
        && page.is_mark(i + 2, '.')
        && page.touches(i + 2)
        && page.is_capital(i)
        && page.is_capital(i + 3);
    if !is_initial
        || words::BEFORE_LETTERS.contains(page.small(i))
        || page.word(i).chars().count() < 2
    {
        return;
    }
    if let Some(name) =
        Name::at(page, i, Case::Capital).filter(|name| name.end > i + 3 && name.words > 1)
    {
        name.add(page, Strength::Fair, parts);
    }
}

/// The name before `wrote:`, at the head of a quoted mail.
fn quoted(page: &Page<'_>, i: usize, parts: &mut Vec<Part>) {
    if !matches!(
        page.small(i),
        "wrote" | "writes" | "schrieb" | "escribió" | "scrisse" | "schreef" | "escreveu"
    ) || !page.is_mark(i + 1, ':')
    {
        return;
    }
    for first in i.saturating_sub(6)..i {
        if let Some(name) = Name::whole(page, first, i, Case::Capital).filter(|name| name.words > 1)
            && (first == 0 || !page.is_capital(first - 1))
        {
            name.add(page, Strength::Strong, parts);
            return;
        }
    }
}
