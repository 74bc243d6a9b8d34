//! How many tokens texts have, and how many a model takes, without running it.
use crate::encoder::{available_threads, in_parallel, room};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, ModelFolder};

/// Counts the tokens of texts as a model's tokenizer makes them; special tokens are not counted. It
/// reads the folder's tokenizer and settings alone, and needs no ONNX Runtime.
#[derive(Debug)]
pub struct TokenCounter {
    tokenizer: Tokenizer,
    limit: usize,
    pair_limit: Option<usize>,
}

impl TokenCounter {
    /// The counter of a model.
    ///
    /// # Errors
    /// [`EncoderError::Tokenizer`] for a tokenizer that cannot be read; [`EncoderError::Setting`] for a
    /// model that takes no token besides the special ones.
    pub fn open(model: &ModelFolder) -> Result<Self, EncoderError> {
        let tokenizer = Tokenizer::open(&model.tokenizer_path())?;
        let limit = room(model, &tokenizer)?;
        let template = tokenizer.pair.as_ref();
        let pair_limit = template
            .map(|pair| model.max_tokens().saturating_sub(pair.special_tokens()))
            .filter(|&room| room > 0);
        Ok(Self { tokenizer, limit, pair_limit })
    }

    /// How many tokens the model sees of a text at once, special ones aside: longer texts go through
    /// several windows, or are cut.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many tokens of both texts of a pair go into one sequence; longer pairs are cut. `None` if
    /// the model does not take two texts in one sequence.
    #[must_use]
    pub fn pair_limit(&self) -> Option<usize> {
        self.pair_limit
    }

    /// How many tokens each of these texts has, in their order, on all cores this process may use.
    /// A text that has no tokens to count is an error of its own.
    ///
    /// # Errors
    /// Each alone: [`EncoderError::Tokenize`], with the text's place among `texts`.
    pub fn count(&self, texts: &[&str]) -> Vec<Result<usize, EncoderError>> {
        let one = |_, i: usize| {
            let count = self.tokenizer.encode(texts[i], i).map(|text| text.ids.len());
            Ok::<_, std::convert::Infallible>(count)
        };
        match in_parallel(available_threads(), texts.len(), one) {
            Ok(counts) => counts,
            Err(never) => match never {},
        }
    }
}
