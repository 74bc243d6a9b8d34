//! Tables as HTML. Cells are made of texts, which they escape, and of numbers.
use std::fmt::Display;

use crate::page::{attribute, text};

/// What heads a column.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    Numbers(&'a str),
    Words(&'a str),
}
pub(crate) use Column::{Numbers, Words};

/// A table that scrolls by itself where it is wider than the screen.
pub(crate) fn table(caption: &str, head: &[Column<'_>], rows: &[String]) -> String {
    let cell = |column: &Column<'_>| match column {
        Numbers(name) => format!("<th scope=\"col\">{}</th>", text(name)),
        Words(name) => format!("<th scope=\"col\" class=\"list\">{}</th>", text(name)),
    };
    let head: String = head.iter().map(cell).collect();
    framed(caption, &format!("<tr>{head}</tr>"), rows)
}

/// The same with a head of rows.
pub(crate) fn framed(caption: &str, head: &str, rows: &[String]) -> String {
    format!(
        "<div class=\"table\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table>\n\
         <caption>{}</caption>\n<thead>{head}</thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
        attribute(caption),
        text(caption),
        rows.concat()
    )
}

pub(crate) fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.concat())
}

/// What the row is about.
pub(crate) fn name(name: &str) -> String {
    format!("<th scope=\"row\" class=\"list\">{}</th>", label(name))
}

pub(crate) fn number(number: impl Display) -> String {
    format!("<td>{number}</td>")
}

/// A share, or another figure of four digits behind the point.
pub(crate) fn figure(figure: f64) -> String {
    number(format_args!("{figure:.4}"))
}

pub(crate) fn words(words: &str) -> String {
    format!("<td class=\"list\">{}</td>", label(words))
}

/// Words that had better stand in one line, such as a checksum.
pub(crate) fn long(words: &str) -> String {
    format!("<td class=\"list long\">{}</td>", label(words))
}

/// Labels and the like, which may be written from right to left among words that are not.
pub(crate) fn label(name: &str) -> String {
    format!("<bdi>{}</bdi>", text(name))
}

/// Several labels, a line each, or a dash for none.
pub(crate) fn labels(names: &[String]) -> String {
    match names {
        [] => "<td class=\"list\">–</td>".to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| label(name)).collect();
            format!("<td class=\"list\">{}</td>", names.join("<br>"))
        }
    }
}
