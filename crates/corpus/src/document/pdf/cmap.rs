//! Characters of a font's codes, as its `ToUnicode` map has them. Source: ISO 32000-1, §9.10.3, and
//! Adobe Technical Note 5411.

/// Largest number of ranges that are read of one map.
const MAX_RANGES: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    /// Lengths of codes in bytes, each with its first and last code.
    spaces: Vec<(usize, u32, u32)>,
    /// First and last code, and the characters of the first, whose last one counts up.
    ranges: Vec<(u32, u32, Vec<u16>)>,
}

enum Token<'c> {
    Hex(&'c [u8]),
    Open,
    Close,
    Word(&'c [u8]),
}

impl ToUnicode {
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut map = Self::default();
        let mut operands: Vec<Token<'_>> = vec![];
        for token in Tokens(text) {
            match token {
                Token::Word(b"endcodespacerange") => map.add_spaces(&operands),
                Token::Word(b"endbfchar") => map.add_chars(&operands),
                Token::Word(b"endbfrange") => map.add_ranges(&operands),
                Token::Word(_) => {}
                token => {
                    if operands.len() < 4 * MAX_RANGES {
                        operands.push(token);
                    }
                    continue;
                }
            }
            operands.clear();
        }
        map.ranges.sort_by_key(|(first, ..)| *first);
        map
    }

    fn add_spaces(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Token::Hex(first), Token::Hex(last)] = pair
                && self.spaces.len() < 256
            {
                let length = digits(first).count().div_ceil(2).clamp(1, 4);
                self.spaces.push((length, number(first), number(last)));
            }
        }
    }

    fn add_chars(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Token::Hex(code), Token::Hex(text)] = pair {
                let code = number(code);
                self.add(code, code, units(text));
            }
        }
    }

    fn add_ranges(&mut self, operands: &[Token<'_>]) {
        let mut operands = operands.iter();
        while let (Some(Token::Hex(first)), Some(Token::Hex(last))) =
            (operands.next(), operands.next())
        {
            let (first, last) = (number(first), number(last));
            match operands.next() {
                Some(Token::Hex(text)) => self.add(first, last, units(text)),
                Some(Token::Open) => {
                    let mut code = first;
                    for token in operands.by_ref() {
                        match token {
                            Token::Hex(text) if code <= last => self.add(code, code, units(text)),
                            Token::Hex(_) => {}
                            _ => break,
                        }
                        code = code.saturating_add(1);
                    }
                }
                _ => return,
            }
        }
    }

    fn add(&mut self, first: u32, last: u32, text: Vec<u16>) {
        if first <= last && !text.is_empty() && self.ranges.len() < MAX_RANGES {
            self.ranges.push((first, last, text));
        }
    }

    /// Number of bytes of the code that `bytes` begin with, if the map says so.
    pub(super) fn code_length(&self, bytes: &[u8]) -> Option<usize> {
        let fits = |&&(length, first, last): &&(usize, u32, u32)| {
            let code = bytes.get(..length).map(code);
            code.is_some_and(|code| (first..=last).contains(&code))
        };
        self.spaces.iter().find(fits).map(|(length, ..)| *length)
    }

    /// Characters of a code; `None` if the map has none.
    pub(super) fn text(&self, code: u32) -> Option<String> {
        // Ranges may overlap; the last that begins before it is the one that is meant.
        let end = self.ranges.partition_point(|(first, ..)| *first <= code);
        let near = &self.ranges[end.saturating_sub(64)..end];
        let (first, _, units) = near.iter().rev().find(|(_, last, _)| code <= *last)?;
        let mut units = units.clone();
        let offset = u16::try_from(code - first).ok()?;
        let last = units.last_mut()?;
        *last = last.wrapping_add(offset);
        String::from_utf16(&units).ok()
    }
}

pub(super) fn code(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))
}

fn digits(hex: &[u8]) -> impl Iterator<Item = u32> + '_ {
    hex.iter().filter_map(|digit| char::from(*digit).to_digit(16))
}

fn number(hex: &[u8]) -> u32 {
    digits(hex).take(8).fold(0, |number, digit| number << 4 | digit)
}

/// UTF-16 of a text; one byte alone is a character, too.
fn units(hex: &[u8]) -> Vec<u16> {
    let digits: Vec<u32> = digits(hex).take(128).collect();
    let unit = |digits: &[u32]| digits.iter().fold(0, |unit, digit| unit << 4 | digit);
    digits.chunks(4).filter_map(|digits| u16::try_from(unit(digits)).ok()).collect()
}

struct Tokens<'c>(&'c [u8]);

impl<'c> Iterator for Tokens<'c> {
    type Item = Token<'c>;

    fn next(&mut self) -> Option<Token<'c>> {
        loop {
            self.0 = self.0.trim_ascii_start();
            match *self.0.first()? {
                b'%' => {
                    let end = self.0.iter().position(|b| matches!(b, b'\n' | b'\r'));
                    self.0 = &self.0[end.unwrap_or(self.0.len())..];
                }
                b'<' if self.0.get(1) != Some(&b'<') => {
                    let end = self.0.iter().position(|b| *b == b'>').unwrap_or(self.0.len());
                    let hex = &self.0[1..end];
                    self.0 = &self.0[self.0.len().min(end + 1)..];
                    return Some(Token::Hex(hex));
                }
                b'[' => {
                    self.0 = &self.0[1..];
                    return Some(Token::Open);
                }
                b']' => {
                    self.0 = &self.0[1..];
                    return Some(Token::Close);
                }
                _ => {
                    let ends = |b: &u8| b.is_ascii_whitespace() || b"<[]%".contains(b);
                    let length = self.0[1..].iter().position(ends).map_or(self.0.len(), |n| n + 1);
                    let (word, rest) = self.0.split_at(length);
                    self.0 = rest;
                    return Some(Token::Word(word));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range counts up in its last unit; a list has a text for each code; `fi` is two characters;
    /// D83D DC4D is a thumb. A range of all codes takes one place.
    #[test]
    fn codes_are_characters() {
        let map = ToUnicode::parse(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
              2 beginbfchar <0003> <0020> <000A> <D83DDC4D> endbfchar\n\
              2 beginbfrange <0024> <003D> <0041> % A to Z\n<0050> <0051> [<00660069> <00E9>] endbfrange\n\
              1 beginbfrange <00010000> <FFFFFFFF> <0061> endbfrange",
        );
        let text = |code| map.text(code);
        assert_eq!(text(3).as_deref(), Some(" "));
        assert_eq!(text(10).as_deref(), Some("👍"));
        assert_eq!(text(0x25).as_deref(), Some("B"));
        assert_eq!(text(0x50).as_deref(), Some("fi"));
        assert_eq!(text(0x51).as_deref(), Some("é"));
        assert_eq!(text(0x52), None);
        assert_eq!(map.ranges.len(), 6);
        assert_eq!(map.code_length(&[0, 3, 0]), Some(2));
        assert_eq!(map.code_length(&[0]), None);
    }
}
