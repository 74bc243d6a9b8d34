//! Texts and tables as Markdown (`CommonMark` 0.31; tables as GitHub has them).
use crate::text::one_line;

/// Escapes a text on one line: every character with a meaning in Markdown gets a backslash.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '#' | '$'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Writes a table whose cells are Markdown. The first `words` columns are aligned to the left, the
/// others, numbers, to the right.
pub fn table(head: &[&str], words: usize, rows: &[Vec<String>]) -> String {
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let rules: Vec<&str> =
        (0..head.len()).map(|i| if i < words { "---" } else { "---:" }).collect();
    let mut lines = line(head) + &line(&rules);
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        lines += &line(&cells);
    }
    lines
}

/// Writes a code block, fenced by more backticks than the code has.
pub fn code_block(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{code}\n{fence}\n")
}
