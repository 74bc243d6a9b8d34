//! Flags of reading and masking running text.
use clap::Args;
use cloze::train::{DocumentParams, DocumentUnit, LanguageMasking};
use cloze_tune::TuneError;
use cloze_tune::task::{MaskParams, ValidMaskParams};

use crate::flags::read::ReadFlags;
use crate::flags::values;

/// Running text and its reading.
#[derive(Args)]
pub(crate) struct RunningTextFlags {
    /// Running text: files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) data: Vec<String>,
    /// Unit of a document; sequences and sentence pairs stay within one
    #[arg(long, value_enum, default_value_t, value_name = "WHAT", help_heading = "Input")]
    pub(crate) documents: DocumentsArg,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
}

impl RunningTextFlags {
    /// Returns the settings of reading documents.
    pub(crate) fn documents(&self) -> anyhow::Result<DocumentParams> {
        Ok(DocumentParams::default().reader(self.read.reader()?).unit(self.documents.value()))
    }
}

values! { DocumentsArg => DocumentUnit {
    /// A text: a file, or a line or row of one that has many
    #[default]
    Text => DocumentUnit::Text,
    /// Lines between blank lines, one paragraph or sentence per line
    BlankLine => DocumentUnit::BlankLine,
} }

/// Settings of masking.
#[derive(Args)]
#[command(next_help_heading = "Task")]
pub(crate) struct MaskFlags {
    /// Share of tokens to predict
    #[arg(long, default_value_t = 0.15, value_name = "SHARE")]
    pub(crate) mask_share: f64,
    /// Share of these replaced by the mask token
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    pub(crate) masked: f64,
    /// Share of these replaced by a random token; the rest stays as it is
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) random: f64,
    /// Mask all pieces of a word together
    #[arg(long)]
    pub(crate) whole_words: bool,
}

impl MaskFlags {
    /// Returns the masking to train with.
    pub(crate) fn masking(&self) -> LanguageMasking {
        LanguageMasking {
            share: self.mask_share,
            masked: self.masked,
            random: self.random,
            whole_words: self.whole_words,
        }
    }

    /// Returns the settings for this mask token and this vocabulary size.
    pub(crate) fn params(
        &self,
        mask: u32,
        vocabulary: usize,
    ) -> Result<ValidMaskParams, TuneError> {
        MaskParams::new(mask, vocabulary)
            .share(self.mask_share)
            .masked(self.masked)
            .random(self.random)
            .whole_words(self.whole_words)
            .check()
    }
}
