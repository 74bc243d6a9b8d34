//! Tables as HTML. Cells hold numbers or texts, which are escaped.
use std::fmt::Display;

use crate::page::{attribute, text};

/// Head of a column.
#[derive(Clone, Copy)]
pub enum Column<'a> {
    /// A column of numbers, aligned to the right.
    Numbers(&'a str),
    /// A column of words, aligned to the left.
    Words(&'a str),
}
pub use Column::{Numbers, Words};

/// Returns a table that scrolls by itself if it is wider than the screen.
#[must_use]
pub fn table(caption: &str, head: &[Column<'_>], rows: &[String]) -> String {
    let cell = |column: &Column<'_>| match column {
        Numbers(name) => format!("<th scope=\"col\">{}</th>", text(name)),
        Words(name) => format!("<th scope=\"col\" class=\"list\">{}</th>", text(name)),
    };
    let head: String = head.iter().map(cell).collect();
    framed(caption, &format!("<tr>{head}</tr>"), rows)
}

/// Returns a table whose head has several rows.
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

/// Returns a row of cells.
#[must_use]
pub fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.concat())
}

/// Returns the head of a row.
#[must_use]
pub fn name(name: &str) -> String {
    format!("<th scope=\"row\" class=\"list\">{}</th>", label(name))
}

/// Returns a cell with a number.
pub fn number(number: impl Display) -> String {
    format!("<td>{number}</td>")
}

/// Returns a cell with a share, or another figure of four decimals.
#[must_use]
pub fn figure(figure: f64) -> String {
    number(format_args!("{figure:.4}"))
}

/// Returns a cell with words.
#[must_use]
pub fn words(words: &str) -> String {
    format!("<td class=\"list\">{}</td>", label(words))
}

/// Returns a cell with words on one line, such as a checksum.
#[must_use]
pub fn long(words: &str) -> String {
    format!("<td class=\"list long\">{}</td>", label(words))
}

/// Returns a cell with labels, which may be written from right to left among words that are not.
#[must_use]
pub fn label(name: &str) -> String {
    format!("<bdi>{}</bdi>", text(name))
}

/// Returns a cell with several labels, one per line, or a dash for none.
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
