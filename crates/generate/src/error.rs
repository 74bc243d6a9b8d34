//! Reasons why a text is not generated.
use std::path::PathBuf;

use cloze_encoder::EncoderError;
use cloze_heads::HeadError;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The decoder, its tokenizer or its cache.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// Settings of drawing, and logits that nothing can be drawn from.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A file of the model that cannot be read.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// A file of settings that is not as expected.
    #[error("{}: not the JSON expected", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: serde_json::Error,
    },
    /// A setting outside its range.
    #[error("{setting} is {found}; expected {expected}")]
    Setting {
        /// Name.
        setting: &'static str,
        /// Value.
        found: String,
        /// Range.
        expected: String,
    },
    /// A setting of a model that is not followed.
    #[error("{}: {setting} is {found}; expected {expected}", path.display())]
    ModelSetting {
        /// The file.
        path: PathBuf,
        /// Name.
        setting: &'static str,
        /// Value.
        found: String,
        /// Values that are followed.
        expected: &'static str,
    },
    /// An encoder–decoder whose files do not say which token its texts begin with.
    #[error(
        "no decoder_start_token_id in config.json or generation_config.json; expected the id of the token \
         that the decoder begins with"
    )]
    NoStart,
    /// A prompt that the encoder of an encoder–decoder cannot read whole.
    #[error(
        "the prompt has {found} tokens; the model's encoder reads {most}\n\
         hint: shorten the prompt, or cut its beginning with --truncate left"
    )]
    LongSource {
        /// Tokens of the prompt.
        found: usize,
        /// Most tokens.
        most: usize,
    },
    /// A prompt without tokens, of a model that has no token to begin a text with.
    #[error(
        "the prompt has no tokens; expected at least one, since the model has no token that begins a text"
    )]
    EmptyPrompt,
    /// A prompt that leaves no room for new tokens.
    #[error(
        "the prompt has {found} tokens; the model takes {most}, prompt and new tokens together\n\
         hint: shorten the prompt, or cut its beginning with --truncate left"
    )]
    LongPrompt {
        /// Tokens of the prompt.
        found: usize,
        /// Most tokens.
        most: usize,
    },
    /// A token's logits are not numbers.
    #[error("token {token} of the text: {source}")]
    Logits {
        /// Place in the text, from 0, prompt included.
        token: usize,
        /// Fault.
        source: HeadError,
    },
}
