//! Vocabularies without a `tokenizer.json`: `vocab.txt` of WordPiece, `vocab.json` and `merges.txt` of
//! byte pairs, as the text of a `tokenizer.json`.
use cloze_store::Location;
use serde_json::{Map, Value, json};

use super::MAX_TOKENIZER_BYTES;
use super::settings::{Class, Settings};
use crate::EncoderError;

/// Content of a `tokenizer.json` that has the vocabulary at `path` alone.
///
/// # Errors
/// [`EncoderError::Store`] for a file that cannot be read; [`EncoderError::Tokenizer`] for one that is not
/// UTF-8 or not such a vocabulary, and for a class of tokenizers that has none of this form.
pub(super) fn read(path: &Location, settings: &Settings) -> Result<Vec<u8>, EncoderError> {
    let wrong =
        |path: &Location, what: String| EncoderError::Tokenizer { path: path.to_path_buf(), what };
    let text = |path: &Location| -> Result<String, EncoderError> {
        let bytes = cloze_store::read::read_capped(path, MAX_TOKENIZER_BYTES)?;
        String::from_utf8(bytes).map_err(|_| wrong(path, "not UTF-8".into()))
    };
    let model = match (settings.class, path.name().as_deref()) {
        (Class::Bert | Class::MpNet, Some("vocab.txt")) => {
            let unknown = settings.named("unk_token").map_or("[UNK]", |token| &token.content);
            word_pieces(&text(path)?, unknown)
        }
        (Class::Roberta, Some("vocab.json")) => {
            let merges = path.parent().unwrap_or_else(|| path.clone()).join("merges.txt");
            let pairs = merges_of(&text(&merges)?).map_err(|what| wrong(&merges, what))?;
            byte_pairs(&text(path)?, &pairs).map_err(|what| wrong(path, what))?
        }
        _ => {
            let what = "expected tokenizer.json beside it for a tokenizer of this class\nhint: \
                        transformers' save_pretrained writes one";
            return Err(wrong(path, what.into()));
        }
    };
    Ok(json!({"version": "1.0", "added_tokens": [], "model": model}).to_string().into_bytes())
}

/// A token a line; of one that is there twice the last line counts.
fn word_pieces(text: &str, unknown: &str) -> Value {
    let mut vocabulary = Map::new();
    for (id, line) in text.lines().enumerate() {
        vocabulary.insert(line.trim_end().to_owned(), id.into());
    }
    json!({
        "type": "WordPiece",
        "unk_token": unknown,
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    })
}

fn byte_pairs(text: &str, merges: &[[String; 2]]) -> Result<Value, String> {
    let vocabulary: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("not the JSON expected: {error}"))?;
    Ok(json!({
        "type": "BPE",
        "dropout": null,
        "unk_token": null,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": false,
        "byte_fallback": false,
        "vocab": vocabulary,
        "merges": merges,
    }))
}

/// Merges, a pair a line; lines that begin with `#version` are none.
fn merges_of(text: &str) -> Result<Vec<[String; 2]>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with("#version"));
    let pair = |(i, line): (usize, &str)| {
        let mut parts = line.split(' ').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(first), Some(second), None) => Ok([first, second]),
            _ => Err(format!("line {}: expected two pieces, found {line:?}", i + 1)),
        }
    };
    lines.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_name_the_line() {
        let text = "#version: 0.2\nĠ a\nb c\n";
        let pairs = merges_of(text).unwrap();
        assert_eq!(pairs, [["Ġ", "a"], ["b", "c"]].map(|pair| pair.map(str::to_owned)));
        let error = merges_of("a b\na b c\n").unwrap_err();
        assert_eq!(error, "line 2: expected two pieces, found \"a b c\"");
        assert!(merges_of("ab").is_err());
    }

    /// Lines are trimmed at their ends alone, as the tokenizers library reads them.
    #[test]
    fn a_piece_a_line() {
        let model = word_pieces("[UNK]\na \n##b\r\na\n", "[UNK]");
        assert_eq!(model["vocab"], json!({"[UNK]": 0, "a": 3, "##b": 2}));
    }
}
