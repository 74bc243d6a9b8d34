//! A recogniser as a row of a table: where it starts, its pattern, its check, its words.
use std::fmt;

use phonenumber::country::Id;

use crate::context::Reach;
use crate::finder::Finder;
use crate::group::Group;

/// A deterministic recogniser of one kind of thing.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Name, unique.
    pub(crate) name: &'static str,
    /// Label of its matches.
    pub(crate) label: &'static str,
    /// Group it is chosen with.
    pub(crate) group: Group,
    /// Country whose numbers it finds, in two small letters; empty for all.
    pub(crate) region: &'static str,
    /// Source of its form and check.
    pub(crate) source: &'static str,
    /// Places at which the pattern is tried.
    pub(crate) start: Start,
    /// Regular expression at such a place, of the normal form. A first group, if there is one, is
    /// the span.
    pub(crate) pattern: &'static str,
    /// Neighbours that a match may not have.
    pub(crate) edges: Edges,
    /// Length of the part of a match that belongs to it.
    pub(crate) measure: Option<fn(&str) -> usize>,
    /// Check of the match.
    pub(crate) check: Check,
    /// Words before it that raise its score.
    pub(crate) context: &'static [&'static str],
    /// Whether words right behind it count, too.
    pub(crate) behind: bool,
    /// Whether the word must be close, with no digit in between.
    pub(crate) close: bool,
    /// Words before it that lower its score.
    pub(crate) against: &'static [&'static str],
    /// Texts with its match in braces.
    pub(crate) valid: &'static [&'static str],
    /// Texts without a match of it.
    pub(crate) invalid: &'static [&'static str],
}

impl Row {
    /// Distances at which its words of context count.
    pub(crate) fn reach(&self) -> Reach {
        let reach = if self.close { Reach::CLOSE } else { Reach::LINE };
        Reach { behind: self.behind, ..reach }
    }

    /// Whether its pattern matches texts of any length.
    pub(crate) fn unbounded(&self) -> bool {
        matches!(self.start, Start::Literal(_) | Start::Before(..) | Start::Dotted)
    }

    /// A row without words, neighbours or examples, which rows of tables begin from.
    pub(crate) const EMPTY: Self = Self {
        name: "",
        label: "",
        group: Group::Contact,
        region: "",
        source: "",
        start: Start::Number,
        pattern: "",
        edges: Edges::Number,
        measure: None,
        check: Check::Text(|_| None),
        context: &[],
        behind: false,
        close: false,
        against: &[],
        valid: &[],
        invalid: &[],
    };
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Places at which a pattern is tried.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    /// Words that begin with a digit.
    Number,
    /// As [`Start::Number`], and signs right before it: `+`, `(`, `-`.
    Signed,
    /// Words that begin with a letter and hold a digit, or are all capitals.
    Code,
    /// Words that begin with a digit or are a [`Start::Code`].
    Either,
    /// Words of up to four hexadecimal digits before `:`, `-` or `.`, and `::`.
    Hex,
    /// Words before `.` and a letter or digit.
    Dotted,
    /// Words before a space and a digit.
    BeforeNumber,
    /// One of these, in any letter case, wherever it is.
    Literal(&'static [&'static str]),
    /// The word, name or scheme that ends where one of these begins.
    Before(&'static [&'static str], fn(&str, usize) -> Option<usize>),
    /// None: a finder reads the whole text, and the pattern is not used.
    Finder(Finder),
}

/// Neighbours that a match may not have.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Edges {
    /// Letters, digits, decimals, times, currency: a match is a whole number.
    Number,
    /// As [`Edges::Number`], and no group of four before a space.
    Card,
    /// As [`Edges::Number`], but letters may follow behind a hyphen, and `x` with an extension.
    Phone,
    /// As [`Edges::Number`], but a port, path or prefix length may follow.
    Address,
    /// Letters, digits and hyphens: a match is a whole word.
    Code,
    /// Letters and digits, before the match only: the pattern itself knows its end.
    Open,
    /// Groups of hexadecimal digits with `:`, `-` or `.` between them.
    Hex,
    /// Names with dots, `@`, slashes.
    Domain,
    /// Letters and digits before the match only, but not `_`: the last word of a name.
    Name,
    /// Nothing is looked at.
    Any,
}

/// Check of a match's text.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// A function of the text.
    Text(fn(&str) -> Option<Finding>),
    /// A check of phone numbers, which depends on the regions chosen and on being in context.
    Phone(fn(&str, &[Id], bool) -> Option<Finding>),
}

/// Result of a check that passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) strength: Strength,
    /// Whether a checksum or a numbering plan confirms it.
    pub(crate) validated: bool,
}

impl Finding {
    /// A finding that a checksum or numbering plan confirms, if `valid`.
    pub(crate) fn validated(valid: bool, strength: Strength) -> Option<Self> {
        valid.then_some(Self { strength, validated: true })
    }

    /// A finding by form alone, if `fits`.
    pub(crate) fn plausible(fits: bool, strength: Strength) -> Option<Self> {
        fits.then_some(Self { strength, validated: false })
    }
}

/// Evidence that the text alone gives.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Strength {
    /// Other numbers look the same: only with a word of context.
    Weak,
    /// The form is unusual for anything else.
    Fair,
    /// Hardly anything else has this form.
    Strong,
    /// Chance does not make it.
    Sure,
}

impl Strength {
    /// Score without a word of context.
    pub(crate) fn alone(self) -> f32 {
        match self {
            Self::Weak => 0.3,
            Self::Fair => 0.6,
            Self::Strong => 0.75,
            Self::Sure => 0.95,
        }
    }

    /// Score beside a word of context.
    pub(crate) fn in_context(self) -> f32 {
        match self {
            Self::Weak => 0.8,
            Self::Fair => 0.85,
            Self::Strong => 0.9,
            Self::Sure => 1.0,
        }
    }
}
