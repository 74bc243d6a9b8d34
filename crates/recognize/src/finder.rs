//! Finders: recognisers that read a text as tokens, and find several parts at once.
use crate::page::Page;
use crate::row::Strength;
use crate::{address, names};

/// A finder, whose parts are rows of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finder {
    /// Parts of postal addresses.
    Address,
    /// Names of people, by what stands around them.
    Name,
}

/// A part that a finder found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    /// Name of its row.
    pub(crate) row: &'static str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) strength: Strength,
}

impl Finder {
    /// Every finder.
    pub(crate) const ALL: [Self; 2] = [Self::Address, Self::Name];

    /// All parts in a text.
    pub(crate) fn find(self, page: &Page<'_>) -> Vec<Part> {
        match self {
            Self::Address => address::find(page),
            Self::Name => names::find(page),
        }
    }
}
