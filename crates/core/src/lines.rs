//! Lines of a text: line ends between words, and lines that are a field of a form.
use crate::Span;

/// Most characters of a field's key.
const KEY_CHARS: usize = 40;
/// Most words of a field's key.
const KEY_WORDS: usize = 4;

/// Number of line ends in a piece of text: of `\n`, `\r\n`, `\r`, U+2028 and U+2029. Two of them with
/// nothing but white space between are a blank line.
///
/// ```
/// assert_eq!(["a", "\n", "\r\n", "\n \t\r\n", "\u{2029}"].map(cloze_core::line_ends), [0, 1, 1, 2, 1]);
/// ```
#[must_use]
pub fn line_ends(piece: &str) -> usize {
    let mut previous = ' ';
    let mut count = 0;
    for c in piece.chars() {
        // A lone CR ended a line on old machines; before LF it is part of the same end.
        let ends = matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        count += usize::from(ends && !(c == '\n' && previous == '\r'));
        previous = c;
    }
    count
}

/// Returns the line of `text` that the byte `offset` lies in, without its end.
#[must_use]
pub fn line_at(text: &str, offset: usize) -> Span {
    let ends = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    let offset = text.floor_char_boundary(offset);
    let (before, after) = text.split_at(offset);
    let start = before.char_indices().rfind(|&(_, c)| ends(c)).map_or(0, |(i, c)| i + c.len_utf8());
    Span::new(start, after.find(ends).map_or(text.len(), |i| offset + i))
}

/// Key of a form's field, by how a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldKey {
    /// Key with its colon, in bytes of the line; a list mark before it is not part of it.
    pub span: Span,
}

impl FieldKey {
    /// Key that a line begins with, as `Name: Jane Place` or `- Date of birth:` do: one to four words of
    /// at most 40 characters with a letter among them, of letters, digits, spaces and `-/()&.'’_#`, then
    /// a colon, and white space or the end of the line. `https://`, `10:30` and a sentence with a
    /// colon late in it have none.
    ///
    /// ```
    /// use cloze_core::FieldKey;
    ///
    /// let line = "- Date of birth: 1 May";
    /// let key = FieldKey::at_start(line).map(|key| key.span.of(line));
    /// assert_eq!(key, Some(Some("Date of birth:")));
    /// assert_eq!(FieldKey::at_start("see https://example.org"), None);
    /// ```
    #[must_use]
    pub fn at_start(line: &str) -> Option<Self> {
        let body = line.trim_start();
        let body = body.trim_start_matches(|c: char| "-*•·–—>|".contains(c)).trim_start();
        let start = line.len() - body.len();
        let colon = body.char_indices().take(KEY_CHARS + 1).find(|&(_, c)| is_colon(c));
        let (end, mark) = colon?;
        let (key, end) = (&body[..end], end + mark.len_utf8());
        let may = |c: char| c.is_alphanumeric() || c.is_whitespace() || "-/()&.'’_#".contains(c);
        let is_key = key.chars().any(char::is_alphabetic)
            && key.chars().all(may)
            && key.split_whitespace().count() <= KEY_WORDS;
        let ends_well = body[end..].chars().next().is_none_or(char::is_whitespace);
        // A full-width colon needs no space behind it.
        let ends_well = ends_well || mark == '：';
        (is_key && ends_well).then_some(Self { span: Span::new(start, start + end) })
    }
}

impl FieldKey {
    /// Whether a line is a field's, whole or in part: it begins with a key, or ends with a colon.
    #[must_use]
    pub fn marks(line: &str) -> bool {
        line.trim_end().ends_with(is_colon) || Self::at_start(line).is_some()
    }
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_their_keys() {
        for (line, key) in [
            ("Name: Jane Place", Some("Name:")),
            ("  Date of birth:\t1 May", Some("Date of birth:")),
            ("* E-mail:", Some("E-mail:")),
            ("Tel. (home): 1", Some("Tel. (home):")),
            ("名前：山田", Some("名前：")),
            ("Größe: 3", Some("Größe:")),
            ("Line 2: x", Some("Line 2:")),
            ("10:30 in Kassel", None),
            ("10: ten", None),
            ("see https://example.org", None),
            ("https://example.org", None),
            ("", None),
            (":", None),
            ("He said that night to everybody: no", None),
            ("Well, Anna: no", None),
            ("a rather long key of a single wordxxxxxxxxxxxxxxxxxxx: x", None),
        ] {
            let found = FieldKey::at_start(line).map(|key| key.span.of(line).unwrap_or_default());
            assert_eq!(found, key, "{line:?}");
        }
        for (line, is_field) in
            [("as signed by us all today, in ink:", true), ("Name: x", true), ("Jane Place", false)]
        {
            assert_eq!(FieldKey::marks(line), is_field, "{line:?}");
        }
    }

    #[test]
    fn lines_around_a_byte() {
        let text = "é\r\nb\u{2028}c";
        let lines: Vec<_> = (0..=text.len()).map(|i| line_at(text, i).of(text)).collect();
        // Byte 3, between CR and LF, is on a line of its own that is empty.
        let expected = ["é", "é", "é", "", "b", "b", "b", "b", "c", "c"].map(Some);
        assert_eq!(lines, expected);
    }
}
