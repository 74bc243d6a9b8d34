//! A text as tokens: words, numbers, marks and line ends, for finders that read more than one word.
use crate::columns::Cell;
use crate::normal::small_letters;

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, with inner apostrophes and hyphens.
    Word,
    /// Digits, with one letter behind them (`12b`) or another number behind `-` or `/`.
    Number,
    /// Digits with `st`, `nd`, `rd` or `th`.
    Ordinal,
    /// Letters and digits mixed.
    Code,
    /// Any other character but blanks.
    Mark,
    /// Line end.
    Line,
}

/// A token, by its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A text in normal form, with all that finders look at.
#[derive(Debug)]
pub(crate) struct Page<'t> {
    pub(crate) text: &'t str,
    small: String,
    pub(crate) tokens: Vec<Token>,
    /// Cells of tables in the text, in order.
    pub(crate) cells: Vec<Cell>,
    /// Name of the field that the text is the value of; empty if it is none.
    pub(crate) field: &'t str,
    /// Whether the text has no capital at all.
    pub(crate) is_small: bool,
    /// Whether the text is ASCII alone.
    pub(crate) is_ascii: bool,
}

impl<'t> Page<'t> {
    /// The tokens and cells of `text`, the value of `field`.
    pub(crate) fn new(text: &'t str, field: &'t str, cells: Vec<Cell>) -> Self {
        let is_small = !text.contains(char::is_uppercase);
        let (small, tokens) = (small_letters(text), tokens(text));
        Self { text, small, tokens, cells, field, is_small, is_ascii: text.is_ascii() }
    }

    /// Kind of a token; `None` behind the last.
    pub(crate) fn kind(&self, i: usize) -> Option<Kind> {
        self.tokens.get(i).map(|token| token.kind)
    }

    /// Text of a token; empty behind the last.
    pub(crate) fn word(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &self.text[token.start..token.end])
    }

    /// Text of a token in small letters; empty behind the last.
    pub(crate) fn small(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &self.small[token.start..token.end])
    }

    /// Whether a token is this mark.
    pub(crate) fn is_mark(&self, i: usize, mark: char) -> bool {
        self.kind(i) == Some(Kind::Mark) && self.word(i).starts_with(mark)
    }

    /// Whether a token is a word with a capital, or of a script without letter case.
    pub(crate) fn is_capital(&self, i: usize) -> bool {
        let first = self.word(i).chars().next();
        self.kind(i) == Some(Kind::Word) && first.is_some_and(|c| !c.is_lowercase())
    }

    /// Whether a token follows the one before it without a blank.
    pub(crate) fn touches(&self, i: usize) -> bool {
        match (i.checked_sub(1).and_then(|last| self.tokens.get(last)), self.tokens.get(i)) {
            (Some(last), Some(token)) => last.end == token.start,
            _ => false,
        }
    }

    /// Whether a token is the first of its line, apart from signs of lists and quotes.
    pub(crate) fn begins_line(&self, i: usize) -> bool {
        let mut before = self.tokens[..i.min(self.tokens.len())].iter().enumerate().rev();
        let text = before
            .find(|(i, token)| token.kind != Kind::Mark || !"-*•>#\"'{(".contains(self.word(*i)));
        text.is_none_or(|(_, token)| token.kind == Kind::Line)
    }

    /// Bytes from the first byte of token `first` to the end of the token before `end`.
    pub(crate) fn bytes(&self, first: usize, end: usize) -> (usize, usize) {
        (self.tokens[first].start, self.tokens[end - 1].end)
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let mut rest = 0;
    while let Some(first) = text[rest..].chars().next() {
        let start = rest;
        let (kind, length) = if first == '\n' {
            (Kind::Line, 1)
        } else if first.is_whitespace() && first != '\t' {
            rest += first.len_utf8();
            continue;
        } else if first.is_alphabetic() || first == '_' {
            word(&text[start..])
        } else if first.is_ascii_digit() {
            number(&text[start..])
        } else {
            (Kind::Mark, first.len_utf8())
        };
        rest = start + length;
        tokens.push(Token { kind, start, end: rest });
    }
    tokens
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || !c.is_ascii() && unicode_normalization::char::is_combining_mark(c)
}

fn word(text: &str) -> (Kind, usize) {
    let mut kind = Kind::Word;
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let joined = chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if c.is_ascii_digit() || c == '_' {
            kind = Kind::Code;
        } else if !(is_letter(c) || matches!(c, '\'' | '’' | '-') && joined) {
            return (kind, i);
        }
    }
    (kind, text.len())
}

fn number(text: &str) -> (Kind, usize) {
    let alphanumeric = |from: usize| {
        let rest = &text[from..];
        rest.len() - rest.trim_start_matches(|c: char| is_letter(c) || c.is_ascii_digit()).len()
    };
    let digits =
        |from: usize| text.as_bytes()[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    let tail = &text[end..end + alphanumeric(end)];
    if matches!(tail.to_ascii_lowercase().as_str(), "st" | "nd" | "rd" | "th") {
        return (Kind::Ordinal, end + tail.len());
    }
    if tail.chars().count() > 1 {
        return (Kind::Code, end + tail.len());
    }
    end += tail.len();
    while text[end..].starts_with(['-', '/']) {
        let more = digits(end + 1);
        let after = alphanumeric(end + 1 + more);
        if more == 0 || after > 1 {
            break;
        }
        end += 1 + more + after;
    }
    (Kind::Number, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_marks() {
        let text = "O'Hara-Li, 12b\n5/7 21st SW1A D-10115 a_b é!";
        let page = Page::new(text, "", vec![]);
        let shown: Vec<_> =
            (0..page.tokens.len()).map(|i| (page.tokens[i].kind, page.word(i))).collect();
        assert_eq!(
            shown,
            [
                (Kind::Word, "O'Hara-Li"),
                (Kind::Mark, ","),
                (Kind::Number, "12b"),
                (Kind::Line, "\n"),
                (Kind::Number, "5/7"),
                (Kind::Ordinal, "21st"),
                (Kind::Code, "SW1A"),
                (Kind::Word, "D"),
                (Kind::Mark, "-"),
                (Kind::Number, "10115"),
                (Kind::Code, "a_b"),
                (Kind::Word, "é"),
                (Kind::Mark, "!"),
            ]
        );
        assert!(page.begins_line(0) && page.begins_line(4) && !page.begins_line(2));
    }
}
