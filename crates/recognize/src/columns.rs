//! Tables within a text: lines with the same delimiter under a line of names.
//!
//! A cell takes the name of its column for context, as the value of a field does.

/// Delimiters, of which the first that fits is taken.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];
/// Longest name of a column, in bytes.
const NAME: usize = 32;

/// A cell that has the name of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Name of its column.
    pub(crate) column: std::rc::Rc<str>,
}

/// The cells of all tables in `text`, in order.
pub(crate) fn cells(text: &str) -> Vec<Cell> {
    let mut cells = vec![];
    let mut lines = lines(text).peekable();
    while let Some((_, line)) = lines.next() {
        let Some((delimiter, names)) = header(line) else { continue };
        let names: Vec<std::rc::Rc<str>> = names.into_iter().map(Into::into).collect();
        while let Some((start, row)) = lines.next_if(|(_, row)| fits(row, delimiter, names.len())) {
            for ((from, to), column) in split(row, delimiter).into_iter().zip(&names) {
                let value = &row[from..to];
                let trimmed = value.trim_matches(|c: char| c.is_whitespace() || c == '"');
                let from = start
                    + from
                    + (value.len()
                        - value.trim_start_matches(|c: char| c.is_whitespace() || c == '"').len());
                if !trimmed.is_empty() {
                    let end = from + trimmed.len();
                    cells.push(Cell { start: from, end, column: std::rc::Rc::clone(column) });
                }
            }
        }
    }
    cells
}

/// Lines with their first bytes.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let first = start;
        start += line.len();
        (first, line.trim_end_matches(['\n', '\r']))
    })
}

/// The delimiter and the names of a line of names.
fn header(line: &str) -> Option<(char, Vec<&str>)> {
    let is_edge = |c: char| c.is_whitespace() || c == '"';
    DELIMITERS.into_iter().find_map(|delimiter| {
        if !line.contains(delimiter) {
            return None;
        }
        let names: Vec<&str> = split(line, delimiter)
            .into_iter()
            .map(|(from, to)| line[from..to].trim_matches(is_edge))
            .collect();
        let is_name = |name: &&str| {
            name.len() <= NAME
                && name.chars().all(|c| c.is_alphanumeric() || " _-./#()'".contains(c))
                && name.chars().filter(|c| c.is_alphabetic()).count() >= 2
                && name.split_whitespace().count() <= 3
        };
        let border = |name: &&str| name.is_empty() && delimiter == '|';
        let fits = names.iter().filter(|name| !border(name)).all(is_name);
        (names.len() > 1 && fits).then_some((delimiter, names))
    })
}

/// Whether a line has as many cells as there are names, or is the rule below names.
fn fits(line: &str, delimiter: char, names: usize) -> bool {
    line.contains(delimiter) && split(line, delimiter).len() == names
}

/// The cells of a line, by their bytes; within quotes a delimiter is none.
fn split(line: &str, delimiter: char) -> Vec<(usize, usize)> {
    let (mut cells, mut start, mut quoted) = (vec![], 0, false);
    for (i, c) in line.char_indices() {
        if c == '"' {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            cells.push((start, i));
            start = i + c.len_utf8();
        }
    }
    cells.push((start, line.len()));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, String)> {
        cells(text)
            .into_iter()
            .map(|cell| (&text[cell.start..cell.end], cell.column.to_string()))
            .collect()
    }

    #[test]
    fn cells_have_the_names_of_their_columns() {
        let text = "Staff:\nid,full name,dob\n1,\"Roe, Jane\",1980-01-02\n2,,x\n\nSo, it is\nover";
        let of = |value, column: &str| (value, column.to_owned());
        assert_eq!(
            shown(text),
            [
                of("1", "id"),
                of("Roe, Jane", "full name"),
                of("1980-01-02", "dob"),
                of("2", "id"),
                of("x", "dob"),
            ]
        );
        let text = "| name | phone |\n|---|---|\n| Ann | 12 |\n";
        assert!(shown(text).contains(&of("Ann", "name")));
        assert_eq!(shown("no table, here\nis none"), []);
        assert_eq!(shown(""), []);
    }
}
