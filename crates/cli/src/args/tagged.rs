//! How tagged sentences are read, as typed.
use clap::Args;
use cloze_corpus::{Encoding, TaggedParams, ValidTaggedParams};

/// Where words and tags stand.
#[derive(Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct TaggedArgs {
    /// The column that holds the word, counted from 1
    #[arg(long, default_value_t = 1, value_name = "N")]
    token_column: usize,
    /// The column that holds the tag, counted from 1 [default: the last]
    #[arg(long, value_name = "N")]
    tag_column: Option<usize>,
    /// The files' encoding: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME")]
    encoding: String,
}

impl TaggedArgs {
    pub(crate) fn params(&self) -> anyhow::Result<ValidTaggedParams> {
        let params = TaggedParams::default()
            .token_column(self.token_column)
            .tag_column(self.tag_column)
            .encoding(Encoding::parse(&self.encoding)?);
        Ok(params.check()?)
    }
}
