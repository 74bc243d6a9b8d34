//! What can go wrong with a figure.
use std::fmt;

/// Which of two lists of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The lists are not pairs.
    #[error("{first} numbers in the first list, {second} in the second")]
    Lengths {
        /// Numbers in the first.
        first: usize,
        /// Numbers in the second.
        second: usize,
    },
    /// There is nothing to compare.
    #[error("expected at least {expected} pairs, found {found}")]
    TooFew {
        /// How many it takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index} of the {side} list is {value}: expected a finite number")]
    NotFinite {
        /// Which list.
        side: Side,
        /// Which value of it, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// All values of a list are the same, so that nothing can go with them.
    #[error("all values of the {side} list are {value}")]
    NoSpread {
        /// Which list.
        side: Side,
        /// The one value.
        value: f64,
    },
}
