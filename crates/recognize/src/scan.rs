//! One walk over a text, trying each pattern where it may begin.
//!
//! Patterns are anchored: each is tried at the starts of words of its kind, or around literals that
//! one automaton finds. Patterns of bounded length make the walk linear; the few without a bound
//! (web addresses, tokens, key blocks) are not tried again inside what they have passed.
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use phonenumber::country;
use regex::{Regex, RegexSet, RegexSetBuilder};

use crate::columns::Cell;
use crate::context::{ContextBuilder, ContextHits, ContextIndex, Evidence, Words};
use crate::edges::{joins, may_begin, may_end, shorter};
use crate::finder::Finder;
use crate::page::Page;
use crate::row::{Check, Finding, Row, Start, Strength};

/// Bytes at which a set of patterns tells its members apart.
const REACH: usize = 160;
/// Most memory of a set of patterns, and of what it remembers of texts.
const SET_BYTES: usize = 64 << 20;
/// Shorter forms of a match that are tried, word by word.
const TRIES: usize = 8;
/// Score that a word against a match takes away.
pub(crate) const AGAINST: f32 = 0.4;

/// Recognisers in use, ready to walk.
#[derive(Debug)]
pub(crate) struct Scanner {
    active: Vec<Active>,
    number: Class,
    signed: Class,
    code: Class,
    hex: Class,
    dotted: Class,
    before_number: Class,
    literals: Option<AhoCorasick>,
    /// Recogniser of each literal.
    owners: Vec<usize>,
    /// Finders in use.
    finders: Vec<Finder>,
    context: ContextIndex,
    regions: Vec<country::Id>,
}

/// A recogniser in use.
struct Active {
    row: &'static Row,
    regex: OnceLock<Option<Regex>>,
    words: Words,
}

/// Recognisers that start alike, and the set of their patterns.
#[derive(Debug)]
struct Class {
    members: Vec<usize>,
    set: RegexSet,
}

/// A match in the normal form, before overlaps are resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) label: &'a str,
    pub(crate) recognizer: &'a str,
    pub(crate) score: f32,
    pub(crate) validated: bool,
    /// Bytes to the word of context that speaks for it.
    pub(crate) context: Option<usize>,
    /// Place of the recogniser in the table: the first wins among equals.
    pub(crate) order: usize,
    /// Whether it is on a deny-list, which wins over all others.
    pub(crate) deny: bool,
}

/// Result of a walk.
#[derive(Debug)]
pub(crate) struct Scan<'s> {
    /// Every match, overlapping or not.
    pub(crate) candidates: Vec<Candidate<'s>>,
    /// Number of patterns tried.
    pub(crate) tries: usize,
}

/// A text during the walk.
struct Walk<'s, 't> {
    scanner: &'s Scanner,
    text: &'t str,
    hits: &'t ContextHits,
    /// End of the last match of each recogniser, also of one that its check refused.
    passed: Vec<usize>,
    candidates: Vec<Candidate<'s>>,
    /// Patterns tried so far.
    tries: usize,
}

impl Scanner {
    /// Recognisers of `rows`, whose words are added to `builder`; `regions` are those of phone numbers.
    pub(crate) fn new(
        rows: Vec<&'static Row>,
        regions: Vec<country::Id>,
        custom: impl FnOnce(&mut ContextBuilder),
    ) -> Self {
        let mut builder = ContextBuilder::default();
        let active: Vec<Active> = rows
            .into_iter()
            .map(|row| Active {
                row,
                regex: OnceLock::new(),
                words: builder.words(row.context.iter().copied(), row.against.iter().copied()),
            })
            .collect();
        custom(&mut builder);
        let (mut literals, mut owners) = (vec![], vec![]);
        for (i, active) in active.iter().enumerate() {
            if let Start::Literal(words) | Start::Before(words, _) = active.row.start {
                literals.extend_from_slice(words);
                owners.extend(words.iter().map(|_| i));
            }
        }
        let literals = (!literals.is_empty())
            .then(|| AhoCorasick::builder().ascii_case_insensitive(true).build(literals).ok())
            .flatten();
        let is_used = |finder: &Finder| {
            active.iter().any(|a| matches!(a.row.start, Start::Finder(own) if own == *finder))
        };
        let finders = Finder::ALL.into_iter().filter(is_used).collect();
        let class = |fits: fn(Start) -> bool| Class::new(&active, fits);
        Self {
            number: class(|start| matches!(start, Start::Number | Start::Either)),
            signed: class(|start| matches!(start, Start::Signed)),
            code: class(|start| matches!(start, Start::Code | Start::Either)),
            hex: class(|start| matches!(start, Start::Hex)),
            dotted: class(|start| matches!(start, Start::Dotted)),
            before_number: class(|start| matches!(start, Start::BeforeNumber)),
            literals,
            owners,
            finders,
            context: builder.build(),
            regions,
            active,
        }
    }

    /// Names of the recognisers in use.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Row> {
        self.active.iter().map(|active| active.row)
    }

    /// The words of context in `text`, the value of `field`, which has these cells of tables.
    pub(crate) fn context(&self, text: &str, field: &str, cells: &[Cell]) -> ContextHits {
        self.context.find(text, field, cells)
    }

    /// Every match in `text`, a normal form and the value of `field`, overlapping or not.
    pub(crate) fn scan<'s>(
        &'s self,
        text: &str,
        field: &str,
        cells: Vec<Cell>,
        hits: &ContextHits,
    ) -> Scan<'s> {
        let passed = vec![0; self.active.len()];
        let mut walk = Walk { scanner: self, text, hits, passed, candidates: vec![], tries: 0 };
        walk.words();
        walk.literals();
        if !self.finders.is_empty() {
            walk.finders(&Page::new(text, field, cells));
        }
        Scan { candidates: walk.candidates, tries: walk.tries }
    }
}

impl Class {
    fn new(active: &[Active], fits: fn(Start) -> bool) -> Self {
        let members: Vec<usize> =
            (0..active.len()).filter(|&i| fits(active[i].row.start)).collect();
        let patterns = members.iter().map(|&i| anchored(active[i].row.pattern));
        // Rows are constants, and a test compiles the sets of all of them.
        let set = RegexSetBuilder::new(patterns)
            .size_limit(SET_BYTES)
            .dfa_size_limit(SET_BYTES)
            .build()
            .expect("patterns of the table compile");
        Self { members, set }
    }
}

/// `pattern` at the start of its text only.
pub(crate) fn anchored(pattern: &str) -> String {
    format!("^(?:{pattern})")
}

impl Active {
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&anchored(self.row.pattern)).ok()).as_ref()
    }
}

impl std::fmt::Debug for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.row.name)
    }
}

impl Walk<'_, '_> {
    /// Tries what begins at words.
    fn words(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !bytes[at].is_ascii_alphanumeric() {
                if bytes[at..].starts_with(b"::") {
                    self.try_class(&self.scanner.hex, at);
                }
                at += 1;
                continue;
            }
            let start = at;
            let mut word = Word::default();
            while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                word.add(bytes[at]);
                at += 1;
            }
            let inside = !bytes.get(start.wrapping_sub(1)).is_none_or(u8::is_ascii)
                && self.text[..start].chars().next_back().is_some_and(joins);
            if !inside {
                self.word(&word, start, at);
            }
        }
    }

    /// Tries what begins at the word of `start..end`.
    fn word(&mut self, word: &Word, start: usize, end: usize) {
        let scanner = self.scanner;
        let bytes = self.text.as_bytes();
        let (next, second) = (bytes.get(end).copied(), bytes.get(end + 1).copied());
        if bytes[start].is_ascii_digit() {
            self.try_class(&scanner.number, start);
            let signs = bytes[..start].iter().rev().take(2).take_while(|b| b"+(-".contains(b));
            for back in (0..=signs.count()).rev() {
                self.try_class(&scanner.signed, start - back);
            }
        } else if word.has_digit || !word.has_small {
            self.try_class(&scanner.code, start);
        }
        if word.is_hex && end - start <= 4 && next.is_some_and(|byte| b":-.".contains(&byte)) {
            self.try_class(&scanner.hex, start);
        }
        if next == Some(b'.') && second.is_some_and(|byte| byte.is_ascii_alphanumeric())
            || matches!(next, Some(b'-' | 0x80..)) && !word.has_digit
        {
            self.try_class(&scanner.dotted, start);
        }
        let digit_behind = || bytes[end..].iter().take(3).any(u8::is_ascii_digit);
        if !word.has_digit && matches!(next, Some(b' ' | b'.' | b'-' | b',')) && digit_behind() {
            self.try_class(&scanner.before_number, start);
        }
    }

    /// Tries what begins at literals, or around them.
    fn literals(&mut self) {
        let scanner = self.scanner;
        let Some(literals) = &scanner.literals else { return };
        for hit in literals.find_overlapping_iter(self.text) {
            let owner = scanner.owners[hit.pattern().as_usize()];
            let start = match scanner.active[owner].row.start {
                Start::Before(_, back) => back(self.text, hit.start()),
                _ => Some(hit.start()),
            };
            if let Some(start) = start {
                self.try_row(owner, start);
            }
        }
    }

    /// Adds the parts that finders find.
    fn finders(&mut self, page: &Page<'_>) {
        let scanner = self.scanner;
        for finder in &scanner.finders {
            for part in finder.find(page) {
                let member = scanner.active.iter().position(|active| active.row.name == part.row);
                let finding = Finding { strength: part.strength, validated: false };
                if let Some(member) = member.filter(|_| part.start < part.end) {
                    self.push(member, finding, part.start, part.end);
                }
            }
        }
    }

    fn try_class(&mut self, class: &Class, start: usize) {
        if class.members.is_empty() {
            return;
        }
        let reach = &self.text[start..self.text.floor_char_boundary(start + REACH)];
        for member in &class.set.matches(reach) {
            self.try_row(class.members[member], start);
        }
    }

    /// Tries a recogniser at `start`, and shorter forms of its match.
    fn try_row(&mut self, member: usize, start: usize) {
        let scanner = self.scanner;
        let active = &scanner.active[member];
        let row = active.row;
        // Right behind another of its kind, a match is no part of a longer number.
        let passed = self.passed[member];
        let follows = passed > 0 && self.text[passed..].starts_with(' ') && passed + 1 == start;
        if start < passed || !follows && !may_begin(self.text, start, row.edges) {
            return;
        }
        let Some(regex) = active.regex() else { return };
        let mut limit = self.text.len();
        for _ in 0..TRIES {
            self.tries += 1;
            let slice = &self.text[start..limit];
            let Some((whole, span)) = matched(regex, slice) else { return };
            let (mut begin, mut end) = (start + span.0, start + span.1);
            let mut last = start + whole;
            if let Some(measure) = row.measure {
                end = begin + measure(&self.text[begin..end]);
                last = end;
            }
            if begin < end && may_end(self.text, last, row.edges) {
                let text = &self.text[begin..end];
                let finding = match row.check {
                    Check::Text(check) => check(text),
                    Check::Phone(check) => {
                        let evidence = self.evidence(active, begin, end);
                        check(text, &scanner.regions, matches!(evidence, Evidence::For(_)))
                    }
                };
                if let Some(finding) = finding {
                    (begin, end) = trimmed(self.text, begin, end);
                    let told = self.push(member, finding, begin, end);
                    if told || row.unbounded() {
                        self.passed[member] = self.passed[member].max(last);
                    }
                    return;
                }
            }
            if row.unbounded() {
                self.passed[member] = self.passed[member].max(start + whole);
                return;
            }
            let Some(cut) = shorter(self.text, start, start + whole) else { return };
            limit = cut;
        }
    }

    fn evidence(&self, active: &Active, start: usize, end: usize) -> Evidence {
        self.hits.evidence(self.text, &active.words, (start, end), active.row.reach())
    }

    /// Adds a match. Returns whether more than its digits speak for it, so that none is looked for
    /// inside.
    fn push(&mut self, member: usize, finding: Finding, start: usize, end: usize) -> bool {
        let active = &self.scanner.active[member];
        let evidence = self.evidence(active, start, end);
        let (score, context) = match evidence {
            Evidence::For(distance) => (finding.strength.in_context(), Some(distance)),
            Evidence::Nothing => (finding.strength.alone(), None),
            Evidence::Against => (finding.strength.alone() - AGAINST, None),
        };
        self.candidates.push(Candidate {
            start,
            end,
            label: active.row.label,
            recognizer: active.row.name,
            score: score.max(0.0),
            validated: finding.validated,
            context,
            order: member,
            deny: false,
        });
        context.is_some() || finding.strength > Strength::Weak
    }
}

/// End of the match, and the span of its first group or of all of it.
fn matched(regex: &Regex, slice: &str) -> Option<(usize, (usize, usize))> {
    if regex.captures_len() == 1 {
        return regex.find(slice).map(|found| (found.end(), (found.start(), found.end())));
    }
    let captures = regex.captures(slice)?;
    let whole = captures.get(0)?;
    let span = captures.iter().skip(1).flatten().next().unwrap_or(whole);
    Some((whole.end(), (span.start(), span.end())))
}

/// The span without spaces at its ends.
fn trimmed(text: &str, start: usize, end: usize) -> (usize, usize) {
    let slice = &text[start..end];
    let kept = slice.trim_start();
    let start = end - kept.len();
    (start, start + kept.trim_end().len())
}

/// Characters of a word of ASCII letters and digits.
struct Word {
    has_digit: bool,
    has_small: bool,
    is_hex: bool,
}

impl Default for Word {
    fn default() -> Self {
        Self { has_digit: false, has_small: false, is_hex: true }
    }
}

impl Word {
    fn add(&mut self, byte: u8) {
        self.has_digit |= byte.is_ascii_digit();
        self.has_small |= byte.is_ascii_lowercase();
        self.is_hex &= byte.is_ascii_hexdigit();
    }
}
