//! Names of people: completed by initials and by the other half, and found again in the same text.
use std::collections::{BTreeMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};
use cloze_core::Span;

use super::Finding;
use super::words::{is_capitalised, is_name, word_after};

/// Least score of a name that is looked for elsewhere in its text.
const SURE: f32 = 0.75;
/// Fewest letters of a word that is looked for.
const LETTERS: usize = 3;

/// Names that are words, too, in small letters: not looked for alone.
const COMMON: &[&str] = &[
    "will",
    "may",
    "mark",
    "rose",
    "grace",
    "hope",
    "faith",
    "joy",
    "bill",
    "rob",
    "art",
    "frank",
    "grant",
    "jack",
    "june",
    "april",
    "august",
    "summer",
    "dawn",
    "sunny",
    "young",
    "king",
    "brown",
    "white",
    "black",
    "green",
    "gray",
    "grey",
    "long",
    "short",
    "small",
    "little",
    "best",
    "good",
    "day",
    "march",
    "banks",
    "stone",
    "hill",
    "field",
    "fields",
    "wood",
    "woods",
    "park",
    "street",
    "lane",
    "church",
    "case",
    "page",
    "price",
    "cook",
    "baker",
    "mason",
    "hunter",
    "fisher",
    "bishop",
    "pope",
    "knight",
    "major",
    "love",
    "power",
    "powers",
    "waters",
    "rivers",
    "lake",
    "north",
    "south",
    "east",
    "west",
    "klein",
    "lang",
    "kurz",
    "weiß",
    "schwarz",
    "braun",
    "richter",
    "koch",
    "bauer",
    "jäger",
    "könig",
    "kaiser",
    "winter",
    "sommer",
    "sonntag",
    "freitag",
    "petit",
    "grand",
    "blanc",
    "roman",
    "christian",
    "german",
    "paris",
    "london",
    "florence",
    "victoria",
    "charlotte",
    "sydney",
    "chase",
    "miles",
    "rich",
    "pat",
    "sue",
    "drew",
    "guy",
    "max",
    "rock",
    "dean",
    "the",
    "and",
];

/// Words of days and months, which are no second half of a name.
const DAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "street",
    "road",
    "avenue",
    "lane",
    "university",
];

/// Makes initials beside a name a part of it, and adds the capitalised word behind a given name as its
/// surname.
pub(super) fn completed(text: &str, findings: &mut Vec<Finding>) {
    let mut i = 0;
    while i < findings.len() {
        if is_name(&findings[i].label) {
            let room = i.checked_sub(1).map_or(0, |last| findings[last].span.end);
            findings[i].span.start = initials_before(text, room, findings[i].span.start);
            let next = findings.get(i + 1).map_or(text.len(), |next| next.span.start);
            if let Some(end) = initials_after(text, findings[i].span.end, next) {
                findings[i].span.end = end;
            } else if let Some((end, half)) = other_half(text, &findings[i], next) {
                findings[i].span.end = end;
                let surname =
                    Finding { label: "SURNAME".to_owned(), span: half, ..findings[i].clone() };
                findings.insert(i + 1, surname);
                i += 1;
            }
        }
        i += 1;
    }
}

/// First byte of the initials (`J. R. `) that end at byte `start`, not before byte `room`.
fn initials_before(text: &str, room: usize, mut start: usize) -> usize {
    loop {
        let before = text[room..start].strip_suffix(' ').unwrap_or(&text[room..start]);
        let Some(head) = before.strip_suffix('.') else { return start };
        let Some(letter) = head.chars().next_back().filter(|c| c.is_uppercase()) else {
            return start;
        };
        let first = room + head.len() - letter.len_utf8();
        if text[..first].chars().next_back().is_some_and(char::is_alphanumeric) {
            return start;
        }
        start = first;
    }
}

/// End of an initial behind a name, where the text, a line or a clause ends or a name follows.
fn initials_after(text: &str, end: usize, next: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix(' ')?;
    let letter = rest.chars().next().filter(|c| c.is_uppercase())?;
    let after = &rest[letter.len_utf8()..];
    let dotted = after.starts_with('.');
    let stop = end + 1 + letter.len_utf8() + usize::from(dotted);
    let behind = text[stop..].chars().next();
    let closed =
        behind.is_none_or(|c| matches!(c, '\n' | ',' | ')' | '"' | '|' | '\t')) || stop + 1 >= next;
    (dotted && closed && stop <= next).then_some(stop)
}

/// End of a given name with its middle initial, and the capitalised word behind it that nothing found.
fn other_half(text: &str, finding: &Finding, next: usize) -> Option<(usize, Span)> {
    if finding.label != "GIVEN_NAME" {
        return None;
    }
    let name = finding.span.of(text)?;
    let mut word = word_after(text, finding.span.end).filter(|word| word.end <= next)?;
    let mut end = finding.span.end;
    // An initial in the middle: `Ann B Roe`, `Ann B. Roe`.
    if word.text.chars().count() == 1 && word.text.starts_with(char::is_uppercase) {
        end = word.end + usize::from(text[word.end..].starts_with('.'));
        word = word_after(text, end).filter(|word| word.end <= next)?;
    }
    let stem =
        word.text.strip_suffix("'s").or_else(|| word.text.strip_suffix("’s")).unwrap_or(word.text);
    let small = stem.to_lowercase();
    let is_half = is_capitalised(name)
        && is_capitalised(stem)
        && stem.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
        && !DAYS.contains(&small.as_str());
    is_half.then(|| (end, Span::new(word.start, word.start + stem.len())))
}

/// Adds every further mention of a name that was found with a high score: each of its words in the same
/// letters, if it is capitalised and not a common word as well.
pub(super) fn add_mentions(text: &str, allowed: &[Span], findings: &mut Vec<Finding>) {
    let mut words: BTreeMap<&str, Finding> = BTreeMap::new();
    for finding in
        findings.iter().filter(|finding| is_name(&finding.label) && finding.score >= SURE)
    {
        let Some(name) = finding.span.of(text) else { continue };
        for word in name.split(|c: char| !(c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))) {
            if is_distinct(word) {
                words.entry(word).or_insert_with(|| finding.clone());
            }
        }
    }
    if words.is_empty() {
        return;
    }
    // A word that the text has in small letters, too, is common there.
    let is_small = |word: &&str| word.chars().next().is_some_and(char::is_lowercase);
    // Parts of addresses are no words.
    let plain = text.split_whitespace().filter(|part| !part.contains(['@', '_', '/', '\\']));
    let small = plain.flat_map(|part| part.split(|c: char| !c.is_alphabetic())).filter(is_small);
    let small: HashSet<&str> = small.collect();
    words.retain(|word, _| !small.contains(word.to_lowercase().as_str()));
    let names: Vec<(&str, Finding)> = words.into_iter().collect();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(names.iter().map(|(word, _)| word));
    let Ok(search) = search else { return };
    let mut mentions = vec![];
    for hit in search.find_iter(text) {
        let span = Span::new(hit.start(), hit.end());
        let next = findings.partition_point(|finding| finding.span.end <= span.start);
        let is_free = findings.get(next).is_none_or(|finding| finding.span.start >= span.end);
        let is_allowed =
            allowed.iter().any(|other| other.start <= span.start && span.end <= other.end);
        if is_free && !is_allowed && is_whole(text, span) {
            mentions.push(Finding { span, ..names[hit.pattern().as_usize()].1.clone() });
        }
    }
    findings.append(&mut mentions);
    findings.sort_by_key(|finding| finding.span.start);
}

fn is_distinct(word: &str) -> bool {
    let small = word.to_lowercase();
    word.chars().count() >= LETTERS
        && is_capitalised(word)
        && !COMMON.contains(&small.as_str())
        && !DAYS.contains(&small.as_str())
}

/// Whether a span is a whole word, and no part of an address or a file's name.
fn is_whole(text: &str, span: Span) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '/' | '\\');
    let (before, after) = (text[..span.start].chars().next_back(), text[span.end..].chars().next());
    let mut behind = text[span.end..].chars();
    let dotted = matches!(behind.next(), Some('.' | '-'))
        && behind.next().is_some_and(char::is_alphanumeric);
    !before.is_some_and(|c| joins(c) || matches!(c, '.' | '-'))
        && !after.is_some_and(joins)
        && !dotted
}
