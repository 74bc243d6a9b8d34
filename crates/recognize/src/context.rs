//! Words of context: which stand before a match, and speak for it or against it.
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::columns::Cell;
use crate::edges::joins;
use crate::normal::small_letters;

/// Bytes between a match and a word behind it.
const BEHIND: usize = 3;
/// Distance of a word in a field's name, farther than any in the text.
const FIELD: usize = 1000;

/// Distances at which words count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// Bytes before a match.
    pub(crate) before: usize,
    /// Whether no digit may be in between.
    pub(crate) clear: bool,
    /// Whether words right behind it count, too.
    pub(crate) behind: bool,
}

impl Reach {
    /// A line or so before a match.
    pub(crate) const LINE: Self = Self { before: 64, clear: false, behind: false };
    /// The words right before a match.
    pub(crate) const CLOSE: Self = Self { before: 28, clear: true, behind: false };
}

/// Collects words and gives each a number.
#[derive(Default)]
pub(crate) struct ContextBuilder {
    numbers: BTreeMap<String, u32>,
}

/// Numbers of the words that speak for a recogniser and against it, sorted.
#[derive(Debug, Default)]
pub(crate) struct Words {
    raise: Vec<u32>,
    lower: Vec<u32>,
}

/// Finds words of context in texts.
#[derive(Debug)]
pub(crate) struct ContextIndex {
    search: Option<AhoCorasick>,
}

/// Words found in one text, by their ends.
#[derive(Debug)]
pub(crate) struct ContextHits {
    hits: Vec<Hit>,
    /// Words in the name of the field that the text is the value of.
    field: Vec<u32>,
    /// Cells of tables whose columns have words in their names, in order.
    cells: Vec<CellWords>,
    /// Whether the text has a blank line, which no word reaches across.
    paragraphs: Vec<usize>,
}

/// Words in the name of a cell's column.
#[derive(Clone, Debug)]
struct CellWords {
    start: usize,
    end: usize,
    words: Rc<[u32]>,
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    word: u32,
}

/// Result of looking around a match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Evidence {
    /// No word of either kind.
    Nothing,
    /// The nearest word speaks for it, so many bytes away.
    For(usize),
    /// The nearest word speaks against it.
    Against,
}

impl ContextBuilder {
    /// The numbers of a recogniser's words.
    pub(crate) fn words<'a>(
        &mut self,
        raise: impl IntoIterator<Item = &'a str>,
        lower: impl IntoIterator<Item = &'a str>,
    ) -> Words {
        let raise = raise.into_iter().flat_map(|word| self.numbers(word)).collect::<Vec<_>>();
        let lower = lower.into_iter().flat_map(|word| self.numbers(word)).collect::<Vec<_>>();
        let mut words = Words { raise, lower };
        words.raise.sort_unstable();
        words.lower.sort_unstable();
        words
    }

    /// Numbers of a word as it is written and in one piece (`dateofbirth`).
    fn numbers(&mut self, word: &str) -> Vec<u32> {
        let plain = folded(word);
        let joined = plain.replace(' ', "");
        let mut forms = vec![plain, joined];
        forms.dedup();
        forms.into_iter().map(|form| self.number(form)).collect()
    }

    fn number(&mut self, form: String) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(form).or_insert(next)
    }

    /// The search for all words given so far.
    pub(crate) fn build(self) -> ContextIndex {
        let mut words: Vec<(u32, String)> =
            self.numbers.into_iter().map(|(word, number)| (number, word)).collect();
        words.sort_unstable();
        // Words are few and short: the automaton has far fewer states than the limit.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(words.iter().map(|(_, word)| word))
            .ok();
        ContextIndex { search: search.filter(|search| search.patterns_len() > 0) }
    }
}

impl ContextIndex {
    /// The words in `text`, which is the value of a field called `field`, if that is not empty, and has
    /// these cells of tables.
    pub(crate) fn find(&self, text: &str, field: &str, cells: &[Cell]) -> ContextHits {
        let field = match field {
            "" => vec![],
            _ => self.name_words(field),
        };
        let mut columns: BTreeMap<&str, Rc<[u32]>> = BTreeMap::new();
        let cells = cells.iter().filter_map(|cell| {
            let words =
                columns.entry(&cell.column).or_insert_with(|| self.name_words(&cell.column).into());
            let words = Rc::clone(words);
            (!words.is_empty()).then_some(CellWords { start: cell.start, end: cell.end, words })
        });
        let cells = cells.collect();
        let paragraphs = text.match_indices("\n\n").map(|(start, _)| start).collect();
        ContextHits { hits: self.hits(text), field, cells, paragraphs }
    }

    /// Words in the name of a field or column.
    fn name_words(&self, name: &str) -> Vec<u32> {
        self.hits(&apart(name)).into_iter().map(|hit| hit.word).collect()
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let Some(search) = &self.search else { return vec![] };
        let view = folded(text);
        let mut hits = search
            .find_overlapping_iter(&view)
            .map(|hit| Hit { start: hit.start(), end: hit.end(), word: hit.pattern().as_u32() })
            .filter(|hit| is_word(text, &view, hit))
            .collect::<Vec<_>>();
        // Of words with one end, the longest is the nearest: `tax reference` before `reference`.
        hits.sort_by_key(|hit| (hit.end, Reverse(hit.start)));
        hits
    }
}

/// Whether a hit is a whole word, or a part of a name `likeThis` or `like_this`.
fn is_word(text: &str, view: &str, hit: &Hit) -> bool {
    let letter = |c: char| joins(c) && !c.is_ascii_digit();
    let (before, after) = (view[..hit.start].chars().next_back(), view[hit.end..].chars().next());
    let first = text[hit.start..].chars().next();
    let last = text[..hit.end].chars().next_back();
    let humps = |left: Option<char>, right: Option<char>| {
        left.is_some_and(char::is_lowercase) && right.is_some_and(char::is_uppercase)
    };
    let begins = !before.is_some_and(letter) || humps(text[..hit.start].chars().next_back(), first);
    let ends = !after.is_some_and(letter) || humps(last, text[hit.end..].chars().next());
    begins && ends
}

/// Whether a word has a number on its own line already, before what is on the next.
fn has_own_value(between: &str) -> bool {
    between.split_once('\n').is_some_and(|(line, _)| line.contains(|c: char| c.is_ascii_digit()))
}

/// Whether a word behind a match is about it: in the same clause, and not the name of what follows.
fn belongs_behind(between: &str, after: &str) -> bool {
    !between.contains(['.', ';', ':', '\n']) && !after.trim_start().starts_with([':', '='])
}

impl ContextHits {
    /// The nearest word around `start..end` of `text` that is one of `words`, as far as `reach` goes.
    pub(crate) fn evidence(
        &self,
        text: &str,
        words: &Words,
        (start, end): (usize, usize),
        reach: Reach,
    ) -> Evidence {
        let after = self.hits.partition_point(|hit| hit.end <= start);
        let wall = self.paragraphs.partition_point(|&wall| wall < start);
        let wall = wall.checked_sub(1).map_or(0, |last| self.paragraphs[last]);
        let cell = self.cell_at(start);
        let wall = cell.map_or(wall, |cell| cell.start);
        let before = self.hits[..after]
            .iter()
            .rev()
            .take_while(|hit| start - hit.end <= reach.before && hit.start >= wall)
            .find_map(|hit| words.evidence(hit.word, start - hit.end))
            .filter(|evidence| !matches!(evidence, Evidence::For(far) if has_own_value(&text[start - far..start])))
            .filter(|evidence| match evidence {
                Evidence::For(distance) if reach.clear => {
                    !text.as_bytes()[start - distance..start].iter().any(u8::is_ascii_digit)
                }
                _ => true,
            });
        let behind = self.hits[after..]
            .iter()
            .take_while(|_| reach.behind)
            .skip_while(|hit| hit.start < end)
            .take_while(|hit| hit.start <= end + BEHIND)
            .filter(|hit| belongs_behind(&text[end..hit.start], &text[hit.end..]))
            .find_map(|hit| words.evidence(hit.word, hit.start - end));
        let names = self.field.iter().chain(cell.iter().flat_map(|cell| cell.words.iter()));
        let field = || names.rev().find_map(|&word| words.evidence(word, FIELD));
        match (before, behind) {
            (Some(Evidence::For(far)), Some(Evidence::For(near))) => Evidence::For(far.min(near)),
            (_, Some(Evidence::For(near))) => Evidence::For(near),
            (Some(evidence), _) => evidence,
            _ => field().unwrap_or(Evidence::Nothing),
        }
    }

    /// The cell around a byte, if its column has words.
    fn cell_at(&self, byte: usize) -> Option<&CellWords> {
        let after = self.cells.partition_point(|cell| cell.start <= byte);
        let cell = &self.cells[after.checked_sub(1)?];
        (byte < cell.end).then_some(cell)
    }
}

impl Words {
    fn evidence(&self, word: u32, distance: usize) -> Option<Evidence> {
        if self.raise.binary_search(&word).is_ok() {
            return Some(Evidence::For(distance));
        }
        self.lower.binary_search(&word).is_ok().then_some(Evidence::Against)
    }
}

/// `text` in small letters, with spaces for underscores, hyphens, tabs and line ends. Offsets stay:
/// letters whose small form is longer or shorter stay as they are.
fn folded(text: &str) -> String {
    small_letters(text).replace(['_', '-', '\t', '\n', '\r'], " ")
}

/// A name `likeThis` with spaces between its parts.
fn apart(name: &str) -> String {
    let mut parts = String::with_capacity(name.len() + 8);
    let mut last = ' ';
    for c in name.chars() {
        if c.is_uppercase() && last.is_lowercase() {
            parts.push(' ');
        }
        parts.push(c);
        last = c;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str, field: &str) -> Evidence {
        let mut builder = ContextBuilder::default();
        let words = builder.words(["date of birth", "née"], ["order"]);
        let index = builder.build();
        let start = text.find(|c: char| c.is_ascii_digit()).expect("a digit");
        let end = text.rfind(|c: char| c.is_ascii_digit()).expect("a digit") + 1;
        index.find(text, field, &[]).evidence(
            text,
            &words,
            (start, end),
            Reach { behind: true, ..Reach::LINE },
        )
    }

    #[test]
    fn the_nearest_word_decides() {
        for (text, field, expected) in [
            ("date of birth: 12", "", Evidence::For(2)),
            ("DATE_OF_BIRTH=12", "", Evidence::For(1)),
            ("dateOfBirth: 12", "", Evidence::For(2)),
            ("patientDateOfBirth: 12", "", Evidence::For(2)),
            ("NÉE 12", "", Evidence::For(1)),
            ("order, date of birth 12", "", Evidence::For(1)),
            ("date of birth, order 12", "", Evidence::Against),
            ("reorder 12", "", Evidence::Nothing),
            ("date of births 12", "", Evidence::Nothing),
            ("date of birth\n\n12", "", Evidence::Nothing),
            ("12 (née)", "", Evidence::For(2)),
            ("12. née", "", Evidence::Nothing),
            ("12, née: x", "", Evidence::Nothing),
            ("12", "Date-of-birth", Evidence::For(FIELD)),
            ("12", "dateOfBirth", Evidence::For(FIELD)),
            ("order 12", "date_of_birth", Evidence::Against),
            ("12", "date", Evidence::Nothing),
        ] {
            assert_eq!(evidence(text, field), expected, "{text:?} in {field:?}");
        }
    }

    /// 65 spaces are one too many.
    #[test]
    fn words_far_away_do_not_count() {
        for (spaces, expected) in [(64, Evidence::For(64)), (65, Evidence::Nothing)] {
            assert_eq!(evidence(&format!("née{}12", " ".repeat(spaces)), ""), expected);
        }
    }
}
