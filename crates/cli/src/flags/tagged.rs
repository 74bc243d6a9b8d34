//! Flags of reading tagged sentences.
use clap::Args;
use cloze_corpus::{Encoding, TaggedParams, ValidTaggedParams};

/// Columns of words and tags.
#[derive(Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct TaggedFlags {
    /// Column of the word, counted from 1 [default: 1; in .conllu files 2, FORM]
    #[arg(long, value_name = "N")]
    token_column: Option<usize>,
    /// The column that holds the tag, counted from 1 [default: the last]
    #[arg(long, value_name = "N")]
    tag_column: Option<usize>,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME")]
    encoding: String,
}

impl TaggedFlags {
    pub(crate) fn params(&self) -> anyhow::Result<ValidTaggedParams> {
        Ok(self.reader()?.check()?)
    }

    /// Returns the settings of the reader, not checked yet.
    pub(crate) fn reader(&self) -> anyhow::Result<TaggedParams> {
        Ok(TaggedParams::default()
            .token_column(self.token_column)
            .tag_column(self.tag_column)
            .encoding(Encoding::parse(&self.encoding)?))
    }
}

/// Parses `GIVEN_NAME=PER`.
pub(crate) fn renamed(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
    match parts {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err(format!("expected LABEL=NAME, found {text:?}")),
    }
}
