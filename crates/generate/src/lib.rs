//! Text generation: a decoder's next tokens, one after the other, with a cache of keys and values; behind a
//! prompt, or by one that an encoder reads.
//!
//! - [`Generator`]: prompts to texts, alone, in batches and token by token;
//! - [`GenerateParams`]: lengths, drawing, stop strings;
//! - [`Defaults`]: a model's own settings, `generation_config.json`;
//! - [`Likelihood`]: probabilities of a text's own tokens.
mod beam;
mod defaults;
mod error;
mod generator;
mod likelihood;
mod params;
mod rules;
mod search;
mod text;
mod unfollowed;

pub use defaults::Defaults;
pub use error::GenerateError;
pub use generator::{Finish, GeneratedToken, Generation, Generator, TokenIter};
pub use likelihood::{Likelihood, TokenLikelihood};
pub use params::{EarlyStopping, GenerateParams, ValidGenerateParams};
