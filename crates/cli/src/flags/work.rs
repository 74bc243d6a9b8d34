//! Flags of parallelism and batch size.
use clap::Args;
use cloze_encoder::EncoderParams;

/// Parallelism.
#[derive(Args, Clone)]
pub(crate) struct WorkFlags {
    /// Number of worker threads [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// Maximum number of tokens in a batch, padding included
    #[arg(long, default_value_t = 512, value_name = "N", help_heading = "Model")]
    pub(crate) batch_tokens: usize,
}

impl WorkFlags {
    /// Returns the settings of an encoder, changed by these flags.
    pub(crate) fn encoder(&self, encoder: EncoderParams) -> EncoderParams {
        encoder.threads(self.threads).batch_tokens(self.batch_tokens)
    }
}
