//! Postal addresses: number, street, part of a building, town, state, postal code and country, in the
//! orders and words of some twenty countries.
//!
//! An address begins at a core: a street with its number, a box, a unit with its number, or a postal code
//! whose form is its own. From there it goes on over commas and line ends, as long as parts follow.
//!
//! - `words`, `countries`: the words;
//! - `place`: units, towns and states;
//! - `postal`: postal codes, states and countries;
//! - `street`: streets with their numbers;
//! - `parser`: the whole.
mod countries;
mod parser;
mod place;
mod postal;
mod street;
mod words;

use crate::finder::Part;
use crate::page::Page;

/// The parts of all addresses in a text.
pub(crate) fn find(page: &Page<'_>) -> Vec<Part> {
    parser::Parser::new(page).parse()
}
