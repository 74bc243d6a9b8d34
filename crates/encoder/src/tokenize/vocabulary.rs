//! The model of a `tokenizer.json`: its vocabulary and its numbers, checked as they are read, without
//! keeping them.
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Most words of a vocabulary; the largest of an encoder has 1,000,000.
const MAX_WORDS: usize = 4_000_000;
/// Largest id of a token.
pub(super) const MAX_ID: u32 = 1 << 24;
/// Longest word of a vocabulary in bytes.
const MAX_WORD_BYTES: usize = 4096;
/// Most characters of a word that is looked up piece by piece, which takes time cubic in them.
const MAX_WORD_CHARS: u64 = 1000;
/// Longest mark of a word's beginning or end in bytes.
const MAX_AFFIX_BYTES: usize = 64;

/// Kinds of models that are accepted; old files name none.
const MODELS: [&str; 4] = ["BPE", "WordPiece", "WordLevel", "Unigram"];

/// The model as far as it is checked.
#[derive(Deserialize)]
pub(super) struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Vocabulary,
    #[expect(dead_code, reason = "checked as it is read")]
    merges: Option<Merges>,
    unk_token: Option<String>,
    unk_id: Option<u64>,
    max_input_chars_per_word: Option<u64>,
    dropout: Option<f64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
}

impl Model {
    /// Checks its kind and numbers; the error names the field.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(kind) = self.kind.as_deref().filter(|kind| !MODELS.contains(kind)) {
            return Err(format!("model: type {kind:?} is not one of {}", MODELS.join(", ")));
        }
        if let Some(n) = self.max_input_chars_per_word.filter(|&n| n > MAX_WORD_CHARS) {
            return Err(format!(
                "model.max_input_chars_per_word: expected at most {MAX_WORD_CHARS}, found {n}"
            ));
        }
        if let Some(p) = self.dropout.filter(|p| *p != 0.0) {
            return Err(format!(
                "model.dropout: expected 0, found {p}, with which a text's tokens are random"
            ));
        }
        let words = self.vocab.words;
        if words == 0 {
            return Err("model.vocab: expected at least 1 token, found none".into());
        }
        if let Some(id) = self.unk_id.filter(|&id| id >= words as u64) {
            return Err(format!("model.unk_id: expected less than {words}, found {id}"));
        }
        let texts = [
            ("unk_token", &self.unk_token, MAX_WORD_BYTES),
            ("continuing_subword_prefix", &self.continuing_subword_prefix, MAX_AFFIX_BYTES),
            ("end_of_word_suffix", &self.end_of_word_suffix, MAX_AFFIX_BYTES),
        ];
        for (name, text, max) in texts {
            if let Some(bytes) = text.as_ref().map(String::len).filter(|&bytes| bytes > max) {
                return Err(format!("model.{name}: expected at most {max} bytes, found {bytes}"));
            }
        }
        Ok(())
    }
}

impl Model {
    /// Largest id of its vocabulary.
    pub(super) fn largest_id(&self) -> u32 {
        self.vocab.largest_id
    }
}

/// A vocabulary, an object of ids or a list of scores.
struct Vocabulary {
    /// Number of words.
    words: usize,
    largest_id: u32,
}

fn check_word<E: Error>(word: &str, count: usize) -> Result<(), E> {
    if word.len() > MAX_WORD_BYTES {
        return Err(E::custom(format!("a token longer than {MAX_WORD_BYTES} bytes")));
    }
    if count > MAX_WORDS {
        return Err(E::custom(format!("more than {MAX_WORDS} tokens or merges")));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(VocabularyVisitor)
    }
}

struct VocabularyVisitor;

impl<'de> Visitor<'de> for VocabularyVisitor {
    type Value = Vocabulary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tokens with their ids, or a list of tokens with their scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
        let (mut count, mut largest_id) = (0, 0);
        while let Some((Word, id)) = map.next_entry::<Word, u32>()? {
            count += 1;
            largest_id = largest_id.max(id);
            check_word("", count)?;
            if id > MAX_ID {
                return Err(A::Error::custom(format!("a token id of {id}; at most {MAX_ID}")));
            }
        }
        Ok(Vocabulary { words: count, largest_id })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vocabulary, A::Error> {
        let mut count = 0;
        while let Some((Word, score)) = list.next_element::<(Word, f64)>()? {
            count += 1;
            check_word("", count)?;
            if !score.is_finite() || score.abs() > 1e9 {
                return Err(A::Error::custom(format!("a token's score of {score}")));
            }
        }
        let largest_id = u32::try_from(count).unwrap_or(u32::MAX).saturating_sub(1);
        Ok(Vocabulary { words: count, largest_id })
    }
}

/// A word of bounded length, which is not kept.
struct Word;

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a token")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Word, E> {
                check_word(word, 0).map(|()| Word)
            }
        }
        from.deserialize_str(Text)
    }
}

/// Merges of byte pairs: pairs, or in old files texts with a space between.
struct Merges;

impl<'de> Deserialize<'de> for Merges {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Merges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of merges")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Merges, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                    check_word("", count)?;
                }
                Ok(Merges)
            }
        }
        from.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: &str) -> Result<(), String> {
        serde_json::from_str::<Model>(model).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn models_at_their_edges() {
        for (model, expected) in [
            (r#"{"vocab": {"a": 16777216}, "merges": [["a", "a"]]}"#, None),
            (r#"{"vocab": {"a": 16777217}}"#, Some("token id")),
            (r#"{"vocab": {}}"#, Some("found none")),
            (r#"{"vocab": {"a": -1}}"#, Some("u32")),
            (r#"{"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.5]]}"#, None),
            (r#"{"type": "Unigram", "unk_id": 1, "vocab": [["a", -1.5]]}"#, Some("unk_id")),
            (r#"{"type": "Unigram", "vocab": [["a", 1e300]]}"#, Some("score")),
            (r#"{"type": "Trigram", "vocab": {"a": 0}}"#, Some("Trigram")),
            (r#"{"vocab": {"a": 0}, "max_input_chars_per_word": 1000}"#, None),
            (r#"{"vocab": {"a": 0}, "max_input_chars_per_word": 1001}"#, Some("1001")),
            (r#"{"vocab": {"a": 0}, "dropout": null}"#, None),
            (r#"{"vocab": {"a": 0}, "dropout": 0.1}"#, Some("dropout")),
            (r#"{"vocab": {"a": 0}, "vocab": {"a": 0}}"#, Some("duplicate")),
        ] {
            match (check(model), expected) {
                (Ok(()), None) => {}
                (Err(error), Some(part)) => assert!(error.contains(part), "{model}: {error}"),
                (result, _) => panic!("{model}: {result:?}"),
            }
        }
        let long = |n| format!(r#"{{"vocab": {{"{}": 0}}}}"#, "a".repeat(n));
        assert!(check(&long(MAX_WORD_BYTES)).is_ok() && check(&long(MAX_WORD_BYTES + 1)).is_err());
    }
}
