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
    /// A text that adds no token to its prompt.
    #[error("{text:?} has no tokens behind the prompt; expected at least one")]
    NoContinuation {
        /// The text.
        text: String,
    },
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
    /// A prompt that is too long together with a text behind it.
    #[error("prompt and text have {found} tokens; the model takes {most}")]
    LongText {
        /// Tokens of both.
        found: usize,
        /// Most tokens.
        most: usize,
    },
    /// A chat for a model without a chat template.
    #[error(
        "{model} has no chat template: expected chat_template.jinja, or chat_template in \
         tokenizer_config.json\n\
         hint: generate from prompts, without a chat"
    )]
    NoChatTemplate {
        /// The model's name.
        model: String,
    },
    /// A chat template that fails, or that refuses a chat.
    #[error("{}: chat template{}: {what}", path.display(), in_line(*line))]
    Template {
        /// File of the template.
        path: PathBuf,
        /// Line of the template, from 1, where it is known.
        line: Option<usize>,
        /// Fault, or the template's own message.
        what: String,
    },
    /// A chat template that is not text.
    #[error("{}: chat template: expected UTF-8", path.display())]
    TemplateText {
        /// File of the template.
        path: PathBuf,
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

/// `, line 3`.
fn in_line(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}
