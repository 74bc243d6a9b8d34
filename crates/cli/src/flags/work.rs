//! Flags that say how much work is done at once.
use clap::Args;
use cloze_encoder::EncoderParams;

/// How much work is done at once.
#[derive(Args, Clone)]
pub(crate) struct WorkFlags {
    /// How many batches are worked on at once [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// The most tokens in a batch, padding included
    #[arg(long, default_value_t = 512, value_name = "N", help_heading = "Model")]
    pub(crate) batch_tokens: usize,
}

impl WorkFlags {
    /// The settings of an encoder, changed as these flags ask.
    pub(crate) fn encoder(&self, encoder: EncoderParams) -> EncoderParams {
        encoder.threads(self.threads).batch_tokens(self.batch_tokens)
    }
}
