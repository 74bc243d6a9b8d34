//! Files of a model folder and what they say: tokenizer, labels, length.
use std::collections::BTreeMap;

use cloze_store::Location;
use serde_json::Value;

use crate::config::ConfigFile;
use crate::encoder_decoder::has_relative_positions;
use crate::error::CheckpointError;
use crate::source::Sources;
use crate::weights::Weights;

pub(super) const TOKENIZER: &str = "tokenizer.json";
/// Vocabulary of a WordPiece tokenizer without `tokenizer.json`: a token a line.
pub(super) const WORD_PIECES: &str = "vocab.txt";
/// Vocabulary of a byte-level BPE tokenizer without `tokenizer.json`, and its merges.
pub(super) const BYTE_PAIRS: [&str; 2] = ["vocab.json", "merges.txt"];
/// The largest JSON file of settings that is read.
pub(super) const MAX_JSON_BYTES: u64 = 16 << 20;
/// Most labels that a model may have.
const MAX_LABELS: usize = 100_000;

/// Number of token ids that a table of vectors has rows for.
pub(super) fn table_rows(sources: &Sources) -> Result<Option<usize>, CheckpointError> {
    let weights = Weights::open(sources.base())?;
    let names = ["embedding.weight", "mapping", "embeddings"];
    Ok(names.iter().find_map(|name| weights.shape(name)?.first().copied()))
}

/// The tokenizer's file, the first of those that are there.
pub(super) fn tokenizer_file(sources: &Sources) -> Option<Location> {
    let [whole, words] = [TOKENIZER, WORD_PIECES].map(|name| sources.file(name));
    let [vocabulary, merges] = BYTE_PAIRS.map(|name| sources.file(name));
    let vocabulary = vocabulary.is_file().then_some(vocabulary).filter(|_| merges.is_file());
    [whole, words].into_iter().find(Location::is_file).or(vocabulary)
}

/// Description of the tokenizer's files that are not there.
pub(super) fn no_tokenizer(sources: &Sources) -> &'static str {
    let is_there = |name: &&str| sources.file(name).is_file();
    if ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"].iter().any(is_there) {
        return "tokenizer.json; SentencePiece's model, which it has, is not read: let transformers' \
                save_pretrained write it again";
    }
    if is_there(&"source.spm") {
        return "tokenizer.json; Marian's source.spm and target.spm, which it has, are not read: take the \
                tokenizer.json of the same model's conversion for transformers.js";
    }
    match BYTE_PAIRS.iter().find(|name| is_there(name)) {
        Some(name) if *name == BYTE_PAIRS[0] => "merges.txt beside vocab.json",
        Some(_) => "vocab.json beside merges.txt",
        None => "tokenizer.json, vocab.txt, or vocab.json with merges.txt",
    }
}

/// The same, or the default where there is no such file.
pub(super) fn read_or_default<T: serde::de::DeserializeOwned + Default>(
    path: &Location,
) -> Result<T, CheckpointError> {
    if path.is_file() { read_json(path) } else { Ok(T::default()) }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Location) -> Result<T, CheckpointError> {
    let bytes = cloze_store::read::read_capped(path, MAX_JSON_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })
}

/// A token as `tokenizer_config.json` names it.
pub(super) fn token_name(value: &Value) -> Option<String> {
    Some(value.get("content").unwrap_or(value).as_str()?.to_owned())
}

/// `id2label` as a list: its keys must be 0, 1, … without a gap.
pub(super) fn labels(id2label: BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let n = id2label.len();
    if n > MAX_LABELS {
        return Err(format!("id2label: expected at most {MAX_LABELS} labels, found {n}"));
    }
    let mut labels = vec![None; n];
    for (id, label) in id2label {
        let slot = id.parse().ok().and_then(|i: usize| labels.get_mut(i));
        *slot.ok_or_else(|| {
            format!("id2label has {n} labels, so ids 0 to {}; found {id:?}", n - 1)
        })? = Some(label);
    }
    // As many distinct keys as places, all in range: none is left empty unless "01" stands for "1".
    labels.into_iter().collect::<Option<_>>().ok_or_else(|| "id2label has an id twice".into())
}

/// Longest sequence of a model whose positions have no end, where no file has one: the memory of attention
/// grows with its square.
const RELATIVE_TOKENS: usize = 4096;

/// The longest sequence, from what the two configs say.
pub(super) fn max_tokens(config: &ConfigFile, tokenizer_max: Option<f64>) -> Result<usize, String> {
    let offset = config.reserved_positions();
    let is_relative = has_relative_positions(config.model_type.as_deref());
    // T5's files may have `n_positions`, which transformers does not read.
    let positions = config.max_position_embeddings.filter(|_| !is_relative);
    let positions = positions.map(|p| p.saturating_sub(offset));
    // 1e30 and its like mean that nobody set it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    let set = tokenizer_max.filter(|&m| (1.0..1e9).contains(&m)).map(|m| m as usize);
    match positions.into_iter().chain(set).min() {
        Some(0) => Err(format!("max_position_embeddings leaves no room behind {offset} reserved")),
        Some(max) => Ok(max),
        None if is_relative => Ok(RELATIVE_TOKENS),
        None => {
            Err("no max_position_embeddings, and no model_max_length in tokenizer_config.json: \
                     the longest sequence is unknown"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BERT: 512 positions are 512 tokens. RoBERTa: 514 less `pad_token_id` 1 + 1. `MiniLM`'s
    /// tokenizer says 256. Unset is 1e30.
    #[test]
    fn the_limit_is_the_smaller_of_what_is_said() {
        for (model_type, positions, pad, tokenizer, expected) in [
            ("bert", Some(512), Some(0), Some(1e30), Ok(512)),
            ("bert", Some(512), Some(0), Some(256.0), Ok(256)),
            ("roberta", Some(514), Some(1), Some(512.0), Ok(512)),
            ("xlm-roberta", Some(514), None, None, Ok(512)),
            ("bert", None, None, Some(128.0), Ok(128)),
            ("bert", None, None, Some(1e30), Err(())),
            ("roberta", Some(2), Some(1), None, Err(())),
            ("bert", Some(512), None, Some(f64::NAN), Ok(512)),
            ("t5", Some(512), None, None, Ok(4096)),
            ("t5", None, None, Some(300.0), Ok(300)),
        ] {
            let config = serde_json::json!({
                "model_type": model_type,
                "max_position_embeddings": positions,
                "pad_token_id": pad,
            });
            let config: ConfigFile = serde_json::from_value(config).unwrap();
            let actual = max_tokens(&config, tokenizer).map_err(|_| ());
            assert_eq!(actual, expected, "{model_type} {positions:?} {tokenizer:?}");
        }
    }

    #[test]
    fn labels_are_in_the_order_of_their_ids() {
        let map = |pairs: &[(&str, &str)]| {
            labels(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        // As text, "10" sorts before "2".
        let ids: Vec<String> = (0..11).map(|i: i32| i.to_string()).collect();
        let pairs: Vec<(&str, &str)> = ids.iter().map(|i| (i.as_str(), i.as_str())).collect();
        assert_eq!(map(&pairs).unwrap(), ids);
        assert_eq!(map(&[]).unwrap(), Vec::<String>::new());
        assert!(map(&[("0", "O"), ("2", "B")]).unwrap_err().contains("\"2\""));
        assert!(map(&[("1", "O"), ("01", "B")]).unwrap_err().contains("twice"));
        assert!(map(&[("x", "O")]).is_err());
    }
}
