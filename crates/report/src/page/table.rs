//! Tables as HTML. Cells are made of texts, which they escape, and of numbers.
use std::fmt::Display;

use crate::page::{attribute, text};

/// What heads a column.
#[derive(Clone, Copy)]
pub enum Column<'a> {
    /// A column of numbers, aligned to the right.
    Numbers(&'a str),
    /// A column of words, aligned to the left.
    Words(&'a str),
}
pub use Column::{Numbers, Words};

/// A table that scrolls by itself where it is wider than the screen.
#[must_use]
pub fn table(caption: &str, head: &[Column<'_>], rows: &[String]) -> String {
    let cell = |column: &Column<'_>| match column {
        Numbers(name) => format!("<th scope=\"col\">{}</th>", text(name)),
        Words(name) => format!("<th scope=\"col\" class=\"list\">{}</th>", text(name)),
    };
    let head: String = head.iter().map(cell).collect();
    framed(caption, &format!("<tr>{head}</tr>"), rows)
}

/// The same with a head of rows.
#[must_use]
pub fn framed(caption: &str, head: &str, rows: &[String]) -> String {
    format!(
        "<div class=\"table\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table>\n\
         <caption>{}</caption>\n<thead>{head}</thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
        attribute(caption),
        text(caption),
        rows.concat()
    )
}

/// A row of cells.
#[must_use]
pub fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.concat())
}

/// What the row is about.
#[must_use]
pub fn name(name: &str) -> String {
    format!("<th scope=\"row\" class=\"list\">{}</th>", label(name))
}

/// A cell of a number.
pub fn number(number: impl Display) -> String {
    format!("<td>{number}</td>")
}

/// A share, or another figure of four digits behind the point.
#[must_use]
pub fn figure(figure: f64) -> String {
    number(format_args!("{figure:.4}"))
}

/// A cell of words.
#[must_use]
pub fn words(words: &str) -> String {
    format!("<td class=\"list\">{}</td>", label(words))
}

/// Words that had better stand in one line, such as a checksum.
#[must_use]
pub fn long(words: &str) -> String {
    format!("<td class=\"list long\">{}</td>", label(words))
}

/// Labels and the like, which may be written from right to left among words that are not.
#[must_use]
pub fn label(name: &str) -> String {
    format!("<bdi>{}</bdi>", text(name))
}

/// Several labels, a line each, or a dash for none.
#[must_use]
pub fn labels(names: &[String]) -> String {
    match names {
        [] => "<td class=\"list\">–</td>".to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| label(name)).collect();
            format!("<td class=\"list\">{}</td>", names.join("<br>"))
        }
    }
}
