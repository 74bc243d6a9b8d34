//! A tokenizer trained from texts: byte-level BPE, as GPT-2's (Radford et al. 2019, section 2.2).
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerImpl,
};

use super::guard;
use crate::EncoderError;

/// Fewest tokens of a trained vocabulary: one for each byte, and the one that ends a text.
const LEAST: usize = 257;
/// Most: ids take 32 bits, and training keeps all pairs of words in memory.
const MOST: usize = 1 << 20;
/// A pair of tokens that comes once is not worth a token of its own.
const LEAST_COUNT: u64 = 2;

/// Trains a byte-level BPE tokenizer of up to `vocabulary` tokens on texts, fewer where the texts do not
/// give as many; the first, with id 0, is `end`, which ends a text. Returns its `tokenizer.json` and the
/// number of its tokens. The same texts give the same tokenizer.
///
/// # Errors
/// [`EncoderError::Setting`] for a vocabulary that does not hold every byte, or is too large;
/// [`EncoderError::TrainTokenizer`] where the tokenizers library fails.
pub fn train_tokenizer<T: AsRef<str> + Sync>(
    texts: &[T],
    vocabulary: usize,
    end: &str,
) -> Result<(String, usize), EncoderError> {
    if !(LEAST..=MOST).contains(&vocabulary) {
        return Err(EncoderError::Setting {
            setting: "vocabulary",
            found: vocabulary,
            expected: format!(
                "expected {LEAST} to {MOST}, as 256 tokens are bytes and one ends a text"
            ),
        });
    }
    let mut trainer = BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(vocabulary)
        .min_frequency(LEAST_COUNT)
        .special_tokens(vec![AddedToken::from(end, true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let work = || {
        let mut tokenizer: TokenizerImpl<
            BPE,
            NormalizerWrapper,
            PreTokenizerWrapper,
            PostProcessorWrapper,
            DecoderWrapper,
        > = TokenizerImpl::new(BPE::default());
        // As GPT-2's: words with the space before them, whose bytes stand as letters.
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        tokenizer.with_decoder(Some(ByteLevel::default()));
        tokenizer.train(&mut trainer, texts.iter().map(AsRef::as_ref))?;
        Ok((tokenizer.to_string(true)?, tokenizer.get_vocab_size(true)))
    };
    let wrong = |what| EncoderError::TrainTokenizer { what };
    let result: Result<_, tokenizers::Error> = guard(work).map_err(wrong)?;
    let (mut json, size) = result.map_err(|error| wrong(error.to_string()))?;
    json.push('\n');
    Ok((json, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "ab" comes often, so "ab" becomes a token; bytes and the end are there whatever the texts are.
    #[test]
    fn frequent_pairs_become_tokens_and_every_byte_is_one() {
        let texts = ["ab ab ab", "ab ü"];
        let (json, size) = train_tokenizer(&texts, 300, "<|end|>").unwrap();
        assert_eq!(train_tokenizer(&texts, 300, "<|end|>").unwrap().0, json);
        let tokenizer = tokenizers::Tokenizer::from_bytes(json.as_bytes()).unwrap();
        assert_eq!(tokenizer.token_to_id("<|end|>"), Some(0));
        assert!(tokenizer.token_to_id("ab").is_some());
        assert!((258..300).contains(&size), "{size}");
        let text = "ab naïve \u{1F600}\n";
        let encoded = tokenizer.encode(text, true).unwrap();
        assert_eq!(tokenizer.decode(encoded.get_ids(), true).unwrap(), text);
        let error = train_tokenizer(&texts, 256, "<|end|>").unwrap_err().to_string();
        assert!(error.starts_with("vocabulary is 256"), "{error}");
        assert_eq!(train_tokenizer(&[""; 0], 300, "<|end|>").unwrap().1, 257);
    }
}
