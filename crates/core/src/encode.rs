//! The trait at which heads and encoders meet.
use crate::TokenRows;

/// Something that turns texts into rows of numbers.
///
/// A text's rows are the same alone and in any batch, bit for bit; an encoder that cannot keep
/// that must say so in its own documentation.
pub trait Encode {
    /// Why it may fail.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The rows of each text, in the order of `texts`: `[tokens, width]` a text, where special
    /// tokens and padding have no row. A text without tokens has none.
    ///
    /// # Errors
    /// Whatever the encoder meets; then no text has a result.
    fn encode(&self, texts: &[&str]) -> Result<Vec<TokenRows>, Self::Error>;
}
