//! Names of people, by what stands around them: fields, titles, greetings and closings, headers of mails,
//! signatures, speakers, introductions.
//!
//! Names have no form of their own; a name in the middle of a sentence is the model's.
//!
//! - `words`: the words around names;
//! - `name`: a name's words, and its parts;
//! - `fields`: names of fields and columns, and headers of mails;
//! - `letters`: greetings, closings, titles, introductions;
//! - `speakers`: who says the lines of a chat.
mod fields;
mod letters;
mod name;
mod speakers;
mod words;

use crate::finder::Part;
use crate::page::Page;

/// The parts of all names in a text.
pub(crate) fn find(page: &Page<'_>) -> Vec<Part> {
    let mut parts = vec![];
    fields::find(page, &mut parts);
    letters::find(page, &mut parts);
    speakers::find(page, &mut parts);
    parts
}
