//! Text generation: a decoder's next tokens, one after the other, with a cache of keys and values; behind a
//! prompt, or by one that an encoder reads.
//!
//! - [`Generator`]: prompts to texts, alone, in batches and token by token;
//! - [`GenerateParams`]: lengths, drawing, stop strings;
//! - [`Defaults`]: a model's own settings, `generation_config.json`;
//! - [`ChatTemplate`], [`Message`]: chats as prompts;
//! - [`PromptCache`]: what prompts share, computed once;
//! - [`Likelihood`]: probabilities of a text's own tokens;
//! - [`Continuation`]: probabilities of texts behind a prompt.
mod beam;
mod chat;
mod chat_generator;
mod continuations;
mod defaults;
mod error;
mod generator;
mod likelihood;
mod params;
mod prefix;
mod row;
mod rules;
mod search;
mod text;
mod unfollowed;

pub use chat::{ChatTemplate, Message};
pub use continuations::Continuation;
pub use defaults::Defaults;
pub use error::GenerateError;
pub use generator::{Finish, GeneratedToken, Generation, Generator, TokenIter};
pub use likelihood::{Likelihood, TokenLikelihood};
pub use params::{EarlyStopping, GenerateParams, ValidGenerateParams};
pub use prefix::{PromptCache, PromptCounts};
