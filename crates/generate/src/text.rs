//! The text of tokens as they come.
use crate::GenerateError;

/// Text that grows by tokens. A character whose bytes have not all come is held back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growing {
    ids: Vec<u32>,
    /// Tokens before this number are not looked at any more.
    from: usize,
    /// Tokens whose text is out.
    shown: usize,
    /// All the text that is out.
    pub(crate) text: String,
}

/// Character that the tokenizer gives for bytes that make none.
const BROKEN: char = char::REPLACEMENT_CHARACTER;

impl Growing {
    /// Takes a token; the text that it adds. The tokens before it are decoded with it, since a token may
    /// be read otherwise at the beginning of a text; only the last few, so that the cost of a token does
    /// not grow.
    pub(crate) fn push(
        &mut self,
        id: u32,
        decode: impl Fn(&[u32]) -> Result<String, GenerateError>,
    ) -> Result<String, GenerateError> {
        self.ids.push(id);
        let before = decode(&self.ids[self.from..self.shown])?;
        let after = decode(&self.ids[self.from..])?;
        if after.ends_with(BROKEN) || !after.starts_with(&before) {
            return Ok(String::new());
        }
        Ok(self.take(&before, &after))
    }

    /// Text that was held back, as it is.
    pub(crate) fn finish(
        &mut self,
        decode: impl Fn(&[u32]) -> Result<String, GenerateError>,
    ) -> Result<String, GenerateError> {
        let before = decode(&self.ids[self.from..self.shown])?;
        let after = decode(&self.ids[self.from..])?;
        Ok(self.take(&before, &after))
    }

    fn take(&mut self, before: &str, after: &str) -> String {
        let new = after.strip_prefix(before).unwrap_or_default().to_owned();
        self.from = self.shown;
        self.shown = self.ids.len();
        self.text.push_str(&new);
        new
    }
}

/// Byte at which the first of the stop strings begins in `text`, at byte `from` or behind.
pub(crate) fn stop_at(text: &str, from: usize, stop: &[String]) -> Option<usize> {
    let from = (0..=from).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    let found = stop.iter().filter_map(|stop| text[from..].find(stop.as_str()));
    found.min().map(|at| from + at)
}

/// Length of the end of `text` that may be the beginning of a stop string.
pub(crate) fn held_back(text: &str, stop: &[String]) -> usize {
    let longest = |stop: &String| {
        let lens = (1..stop.len()).rev().filter(|&n| stop.is_char_boundary(n));
        lens.into_iter().find(|&n| text.ends_with(&stop[..n])).unwrap_or(0)
    };
    stop.iter().map(longest).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids are bytes.
    #[expect(clippy::unnecessary_wraps, reason = "as decoders do")]
    fn bytes(ids: &[u32]) -> Result<String, GenerateError> {
        let bytes: Vec<u8> = ids.iter().map(|&id| u8::try_from(id).unwrap()).collect();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// "aé€b": a 61, é C3 A9, € E2 82 AC, b 62.
    #[test]
    fn a_character_comes_when_its_last_byte_does() {
        let mut growing = Growing::default();
        let parts: Vec<String> = [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0x62]
            .iter()
            .map(|&id| growing.push(id, bytes).unwrap())
            .collect();
        assert_eq!(parts, ["a", "", "é", "", "", "€", "b"]);
        assert_eq!(growing.text, "aé€b");
        assert_eq!(growing.push(0xc3, bytes).unwrap(), "");
        assert_eq!(growing.finish(bytes).unwrap(), "\u{fffd}");
    }

    #[test]
    fn stop_strings_are_found_and_their_beginnings_held_back() {
        let stop = ["END".to_owned(), "\n\n".to_owned()];
        assert_eq!(stop_at("a\n\nEND", 0, &stop), Some(1));
        assert_eq!(stop_at("a\n\nEND", 2, &stop), Some(3));
        assert_eq!(stop_at("a", 0, &stop), None);
        assert_eq!(held_back("abcEN", &stop), 2);
        assert_eq!(held_back("abc\n", &stop), 1);
        assert_eq!(held_back("abc", &stop), 0);
    }
}
