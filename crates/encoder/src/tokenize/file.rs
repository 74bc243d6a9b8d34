//! Checks of a `tokenizer.json` before the tokenizers library sees it: the components it may have, and
//! bounds on their numbers and texts.
//!
//! The library tries several readings of a component and takes the first that fits, whatever its `type`
//! says. So fields are checked wherever they occur.
use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::json::Strict;
use super::pattern;
use super::settings::added_token;
use super::vocabulary::{MAX_ID, Model};

/// Deepest nesting of sequences of components.
const MAX_DEPTH: usize = 4;
/// Most components of a sequence, or pieces of a template.
const MAX_LIST: usize = 64;
/// Longest text of a component in bytes.
pub(super) const MAX_TEXT: usize = 1024;
/// Longest text that a normaliser puts in, in bytes.
const MAX_CONTENT: usize = 64;
/// Most added tokens.
pub(super) const MAX_ADDED: usize = 200_000;
/// Most that normalisers may make of one byte; what Unicode itself makes of it comes on top.
const MAX_GROWTH: f64 = 100.0;
/// Largest table of characters, in base 64.
const MAX_CHARSMAP: usize = 8 << 20;

/// A part of the file, and the kinds of components that it may have.
struct Part {
    name: &'static str,
    /// Field of a sequence of components.
    list: &'static str,
    kinds: &'static [&'static str],
}

const NORMALIZER: Part = Part {
    name: "normalizer",
    list: "normalizers",
    kinds: &[
        "BertNormalizer",
        "Strip",
        "StripAccents",
        "NFC",
        "NFD",
        "NFKC",
        "NFKD",
        "Sequence",
        "Lowercase",
        "Nmt",
        "Precompiled",
        "Replace",
        "Prepend",
        "ByteLevel",
    ],
};
const PRE_TOKENIZER: Part = Part {
    name: "pre_tokenizer",
    list: "pretokenizers",
    kinds: &[
        "BertPreTokenizer",
        "ByteLevel",
        "CharDelimiterSplit",
        "Metaspace",
        "Whitespace",
        "Sequence",
        "Split",
        "Punctuation",
        "WhitespaceSplit",
        "Digits",
        "UnicodeScripts",
        "FixedLength",
    ],
};
const POST_PROCESSOR: Part = Part {
    name: "post_processor",
    list: "processors",
    kinds: &["RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "Sequence"],
};
const DECODER: Part = Part {
    name: "decoder",
    list: "decoders",
    kinds: &[
        "BPEDecoder",
        "ByteLevel",
        "WordPiece",
        "Metaspace",
        "CTC",
        "Sequence",
        "Replace",
        "Fuse",
        "Strip",
        "ByteFallback",
    ],
};

/// The file as far as it is checked.
#[derive(Deserialize)]
struct TokenizerFile {
    #[serde(default)]
    added_tokens: Vec<AddedEntry>,
    normalizer: Option<Strict>,
    pre_tokenizer: Option<Strict>,
    post_processor: Option<Strict>,
    decoder: Option<Strict>,
    model: Model,
}

#[derive(Deserialize)]
struct AddedEntry {
    id: u32,
    content: String,
    #[serde(flatten)]
    flags: Map<String, Value>,
}

/// Findings about a `tokenizer.json`.
#[derive(Debug, PartialEq)]
pub(super) struct CheckedFile {
    /// Number of bytes that its normalisers may make of one.
    pub(super) growth: f64,
    /// Largest id of its model's vocabulary.
    pub(super) largest_id: u32,
    /// Added tokens by their ids.
    pub(super) added: Vec<(u32, AddedToken)>,
}

/// Checks the bytes of a `tokenizer.json`. The error says which part is at fault, and what was expected
/// of it.
pub(super) fn check(bytes: &[u8]) -> Result<CheckedFile, String> {
    let file: TokenizerFile =
        serde_json::from_slice(bytes).map_err(|error| format!("not the JSON expected: {error}"))?;
    if file.added_tokens.len() > MAX_ADDED {
        return Err(format!(
            "added_tokens: expected at most {MAX_ADDED}, found {}",
            file.added_tokens.len()
        ));
    }
    let mut added = vec![];
    for AddedEntry { id, content, mut flags } in file.added_tokens {
        if content.is_empty() || content.len() > MAX_TEXT {
            return Err(format!(
                "added_tokens: expected 1 to {MAX_TEXT} bytes, found {}",
                content.len()
            ));
        }
        if id > MAX_ID {
            return Err(format!("added_tokens: expected ids up to {MAX_ID}, found {id}"));
        }
        flags.insert("content".into(), content.into());
        let token = added_token(&Value::Object(flags), false);
        added.push((id, token.map_err(|what| format!("added_tokens: {what}"))?));
    }
    file.model.check()?;
    let parts = [
        (&NORMALIZER, &file.normalizer),
        (&PRE_TOKENIZER, &file.pre_tokenizer),
        (&POST_PROCESSOR, &file.post_processor),
        (&DECODER, &file.decoder),
    ];
    let mut growth = 1.0;
    for (part, component) in parts {
        // `null` is `None`.
        let Some(Strict(component)) = component else { continue };
        let factor = check_component(part, component, 0)?;
        if part.name == NORMALIZER.name {
            growth = factor;
        }
    }
    if growth > MAX_GROWTH {
        return Err(format!(
            "normalizer: expected to make at most {MAX_GROWTH} bytes of one, found {growth:.0}"
        ));
    }
    Ok(CheckedFile { growth, largest_id: file.model.largest_id(), added })
}

/// Checks a component and those inside it; returns how many bytes it may make of one.
fn check_component(part: &Part, component: &Value, depth: usize) -> Result<f64, String> {
    let wrong = |what: String| Err(format!("{}: {what}", part.name));
    let Value::Object(fields) = component else {
        return wrong("expected an object".into());
    };
    if depth > MAX_DEPTH {
        return wrong(format!("sequences nest more than {MAX_DEPTH} deep"));
    }
    let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
    if !part.kinds.contains(&kind) {
        return wrong(format!("type {kind:?} is not one of {}", part.kinds.join(", ")));
    }
    let mut growth = 1.0;
    for (name, value) in fields {
        match name.as_str() {
            name if name == part.list => {
                let list = list_of(value).map_err(|what| format!("{name}: {what}"))?;
                for component in list {
                    growth *= check_component(part, component, depth + 1)?;
                }
            }
            "precompiled_charsmap" => {
                growth *= check_charsmap(value)
                    .map_err(|what| format!("{}: precompiled_charsmap: {what}", part.name))?;
            }
            "pattern" => {
                growth *= check_replacement(value, fields.get("content"))
                    .map_err(|what| format!("{}: pattern: {what}", part.name))?;
            }
            "prepend" | "content" => {
                let bytes = value.as_str().map_or(0, str::len);
                if bytes > MAX_CONTENT {
                    return wrong(format!(
                        "{name}: expected at most {MAX_CONTENT} bytes, found {bytes}"
                    ));
                }
                if name == "prepend" {
                    growth *= 1.0 + as_f64(bytes);
                }
            }
            "single" | "pair" => check_template(name, value, fields)
                .map_err(|what| format!("{}: {name}: {what}", part.name))?,
            _ => bounded(value, 0).map_err(|what| format!("{}: {name}: {what}", part.name))?,
        }
    }
    Ok(growth)
}

fn as_f64(n: usize) -> f64 {
    // Lengths here are far below 2^32.
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}

fn list_of(value: &Value) -> Result<&[Value], String> {
    match value.as_array() {
        Some(list) if list.len() <= MAX_LIST => Ok(list),
        Some(list) => Err(format!("expected at most {MAX_LIST}, found {}", list.len())),
        None => Err("expected a list".into()),
    }
}

/// Checks a value whose meaning is not known here: its depth, texts, lists and numbers.
fn bounded(value: &Value, depth: usize) -> Result<(), String> {
    match value {
        _ if depth > MAX_DEPTH => Err(format!("nests more than {MAX_DEPTH} deep")),
        Value::String(text) if text.len() > MAX_TEXT => {
            Err(format!("expected at most {MAX_TEXT} bytes, found {}", text.len()))
        }
        Value::Number(number) if number.as_f64().is_none_or(|n| n.abs() > f64::from(MAX_ID)) => {
            Err(format!("expected at most {MAX_ID}, found {number}"))
        }
        Value::Array(_) => list_of(value)?.iter().try_for_each(|inside| bounded(inside, depth + 1)),
        Value::Object(fields) if fields.len() > MAX_LIST => {
            Err(format!("expected at most {MAX_LIST} fields, found {}", fields.len()))
        }
        Value::Object(fields) => fields.values().try_for_each(|inside| bounded(inside, depth + 1)),
        _ => Ok(()),
    }
}

/// Checks the pattern of a replacement or split; returns how many bytes it may make of one.
fn check_replacement(pattern: &Value, content: Option<&Value>) -> Result<f64, String> {
    let fields = pattern.as_object().filter(|fields| fields.len() == 1);
    let (kind, text) = fields
        .and_then(|fields| fields.iter().next())
        .and_then(|(kind, text)| Some((kind.as_str(), text.as_str()?)))
        .ok_or("expected {\"String\": …} or {\"Regex\": …}")?;
    let shortest = match kind {
        "Regex" => {
            let part = pattern::check(text).map_err(|what| format!("{text:?}: {what}"))?;
            usize::try_from(part.min_chars).unwrap_or(usize::MAX)
        }
        "String" if text.is_empty() || text.len() > MAX_TEXT => {
            return Err(format!("expected 1 to {MAX_TEXT} bytes, found {}", text.len()));
        }
        "String" => text.len(),
        _ => return Err(format!("{kind:?} is not String or Regex")),
    };
    let content = as_f64(content.and_then(Value::as_str).map_or(0, str::len));
    // What matches nothing matches between all characters.
    Ok(if shortest == 0 { 1.0 + content } else { (content / as_f64(shortest)).max(1.0) })
}

/// Checks a template of special tokens and sequences.
fn check_template(name: &str, value: &Value, fields: &Map<String, Value>) -> Result<(), String> {
    let tokens = fields.get("special_tokens").and_then(Value::as_object);
    let mut sequences = vec![];
    for piece in list_of(value)? {
        let piece = piece.as_object().filter(|piece| piece.len() == 1);
        let (kind, inside) = piece
            .and_then(|piece| piece.iter().next())
            .and_then(|(kind, inside)| Some((kind.as_str(), inside.as_object()?)))
            .ok_or("expected pieces {\"Sequence\": {…}} and {\"SpecialToken\": {…}}")?;
        let id = inside.get("id").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "Sequence" => sequences.push(id),
            "SpecialToken" => {
                let token = tokens.and_then(|tokens| tokens.get(id));
                let token = token.ok_or_else(|| format!("{id:?} is not in special_tokens"))?;
                let length = |field: &str| Some(token.get(field)?.as_array()?.len());
                if length("ids").is_none() || length("ids") != length("tokens") {
                    return Err(format!("{id:?} has not as many ids as tokens"));
                }
            }
            _ => return Err(format!("{kind:?} is not Sequence or SpecialToken")),
        }
        inside.values().try_for_each(|value| bounded(value, 0))?;
    }
    sequences.sort_unstable();
    match (name, sequences.as_slice()) {
        ("single", ["A"]) | ("pair", [] | ["A", "B"]) => Ok(()),
        (_, sequences) => Err(format!("expected each text once, found {sequences:?}")),
    }
}

/// Checks a table of characters: a trie of so many bytes, and behind it the texts it puts in, each with a
/// zero at its end. Returns the length of the longest. Source: sentencepiece's `normalizer.cc`,
/// `DecodePrecompiledCharsMap`.
fn check_charsmap(value: &Value) -> Result<f64, String> {
    let text = match value {
        Value::Null => return Ok(1.0),
        Value::String(text) => text,
        _ => return Err("expected base 64".into()),
    };
    if text.is_empty() {
        return Ok(1.0);
    }
    if text.len() > MAX_CHARSMAP {
        return Err(format!("expected at most {MAX_CHARSMAP} bytes, found {}", text.len()));
    }
    let bytes = base64::decode(text).map_err(|error| format!("not base 64: {error}"))?;
    let Some((size, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(format!("{} bytes are too few for its size", bytes.len()));
    };
    let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
    if size == 0 || !size.is_multiple_of(4) || size > rest.len() {
        return Err(format!("a trie of {size} bytes in {}", rest.len()));
    }
    let texts = &rest[size..];
    if std::str::from_utf8(texts).is_err() {
        return Err("its texts are not UTF-8".into());
    }
    let longest = texts.split(|&byte| byte == 0).map(<[u8]>::len).max().unwrap_or(0);
    Ok(as_f64(longest).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tokenizer with these parts beside a vocabulary of one word.
    fn with(parts: &str) -> Result<f64, String> {
        let text = format!(r#"{{"model": {{"vocab": {{"a": 0}}}}{parts}}}"#);
        check(text.as_bytes()).map(|checked| checked.growth)
    }

    fn error(parts: &str) -> String {
        with(parts).expect_err(parts)
    }

    #[test]
    fn kinds_and_nesting_are_bounded() {
        assert_eq!(with(""), Ok(1.0));
        assert_eq!(with(r#", "normalizer": null"#), Ok(1.0));
        assert_eq!(with(r#", "normalizer": {"type": "NFKC"}"#), Ok(1.0));
        assert!(error(r#", "normalizer": {"type": "Python"}"#).contains("\"Python\" is not one"));
        assert!(error(r#", "normalizer": ["NFKC"]"#).contains("expected an object"));
        let nested = |n: usize| {
            let open = r#"{"type": "Sequence", "normalizers": ["#.repeat(n);
            format!(r#", "normalizer": {open}{{"type": "NFC"}}{}"#, "]}".repeat(n))
        };
        assert!(with(&nested(4)).is_ok());
        assert!(error(&nested(5)).contains("nest more than 4"));
        assert!(error(&nested(100)).contains("recursion limit"));
    }

    /// 1 byte to 16, twice: 256. Two bytes to 16: 8.
    #[test]
    fn growth_is_a_product() {
        let replace = |from: &str| {
            format!(
                r#"{{"type": "Replace", "pattern": {{{from}}}, "content": "aaaaaaaaaaaaaaaa"}}"#
            )
        };
        let sequence = |list: &[String]| {
            let list = list.join(",");
            format!(r#", "normalizer": {{"type": "Sequence", "normalizers": [{list}]}}"#)
        };
        let (one_byte, two_bytes) = (replace(r#""String": "a""#), replace(r#""Regex": "aa+""#));
        assert_eq!(with(&sequence(std::slice::from_ref(&one_byte))), Ok(16.0));
        assert_eq!(with(&sequence(std::slice::from_ref(&two_bytes))), Ok(8.0));
        assert_eq!(with(&sequence(&[replace(r#""Regex": "x*""#)])), Ok(17.0));
        assert!(error(&sequence(&[one_byte.clone(), one_byte])).contains("found 256"));
        assert!(
            error(&sequence(&[two_bytes.clone(), two_bytes, replace(r#""String": """#)]))
                .contains("1 to")
        );
    }

    #[test]
    fn templates_name_what_is_there() {
        let template = |single: &str, tokens: &str| {
            format!(
                r#", "post_processor": {{"type": "TemplateProcessing", "single": [{single}],
                    "pair": [], "special_tokens": {{{tokens}}}}}"#
            )
        };
        let text = r#"{"Sequence": {"id": "A", "type_id": 0}}"#;
        let special = r#"{"SpecialToken": {"id": "[X]", "type_id": 0}}"#;
        let both = format!("{special}, {text}");
        let token = r#""[X]": {"id": "[X]", "ids": [1], "tokens": ["[X]"]}"#;
        assert!(with(&template(&both, token)).is_ok());
        assert!(error(&template(&both, "")).contains("not in special_tokens"));
        assert!(error(&template(special, token)).contains("each text once"));
        assert!(error(&template(&format!("{text}, {text}"), "")).contains("each text once"));
        let uneven = token.replace("[1]", "[1, 2]");
        assert!(error(&template(&both, &uneven)).contains("as many ids"));
    }

    #[test]
    fn tables_of_characters_are_measured() {
        let table = |bytes: &[u8]| {
            let text = base64::encode(bytes);
            with(&format!(
                r#", "normalizer": {{"type": "Precompiled", "precompiled_charsmap": "{text}"}}"#
            ))
        };
        assert_eq!(table(b"\x04\0\0\0TRIEab\0abc\0"), Ok(3.0));
        assert!(table(b"\x04\0\0").is_err());
        assert!(table(b"\x08\0\0\0TRIE").is_err());
        assert!(table(b"\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
        assert!(table(b"\x04\0\0\0TRIE\xff\0").is_err());
        assert!(table(&[b"\x04\0\0\0TRIE".as_slice(), &[b'a'; 101]].concat()).is_err());
    }
}
