//! Parts of every HTML page: its head, and escaped texts.
//!
//! - `map`: points of a plane;
//! - `report`: parts of the pages of trained models;
//! - `table`: tables and their cells.
pub mod map;
pub mod report;
pub mod table;

use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::text::visible;

/// Style of every page, in the reader's colour scheme.
pub const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
h1 { font-size: 1.3rem; }
svg { max-width: 100%; height: auto; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem; text-align: right; vertical-align: top; }
thead th { border-bottom: 1px solid; vertical-align: bottom; }
tbody { border-bottom: 1px solid GrayText; }
td.list { text-align: left; }
";

/// Returns a page up to its first heading, with styles of its own.
#[must_use]
pub fn head(title: &str, style: &str) -> String {
    let title = text(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>cloze: {title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n"
    )
}

/// Escapes a text between tags.
#[must_use]
pub fn text(text: &str) -> String {
    encode_text(&in_order(text)).into_owned()
}

/// Escapes a text between the double quotes of an attribute.
#[must_use]
pub fn attribute(text: &str) -> String {
    encode_double_quoted_attribute(&in_order(text)).into_owned()
}

/// Shows control characters, and with them the characters that reverse the direction of a text: a text
/// must not be able to look like another. Scripts from right to left need none of these.
fn in_order(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = visible(text);
    if !text.contains(turns) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if turns(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_neither_markup_nor_turns_what_follows() {
        let text_of = "<a href=\"x\"> & 'שלום' \u{202e}abc\u{2069}\u{1b}";
        let shown = "&lt;a href=\"x\"&gt; &amp; 'שלום' \\u{202e}abc\\u{2069}\\u{1b}";
        assert_eq!(text(text_of), shown);
        assert_eq!(attribute(text_of), shown.replace('"', "&quot;"));
    }
}
