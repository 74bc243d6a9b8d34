//! `cloze train mlm` and `cloze train nsp`, as typed.
use clap::{Args, ValueEnum};
use cloze_tune::TuneError;
use cloze_tune::task::masked::{MaskParams, ValidMaskParams};

use super::{HeldOutArgs, ReadArgs, TuneArgs};

/// Running text, and how it is read.
#[derive(Args)]
pub(crate) struct RunningTextArgs {
    /// Running text: files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) data: Vec<String>,
    /// What a document is: sequences, and what may follow what, stay within one
    #[arg(long, value_enum, default_value_t, value_name = "WHAT", help_heading = "Input")]
    pub(crate) documents: DocumentsArg,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// What training from running text is asked for.
#[derive(Args)]
#[command(mut_arg("hold_out", |arg| arg.help(
    "The share of documents held out to judge by while training, where no --dev is given; 0 for none"
)))]
#[command(mut_arg("dev", |arg| arg.help(
    "Texts to judge by while training, in place of some that are held out"
)))]
#[command(mut_arg("test", |arg| arg.help("Texts to judge the trained model by")))]
pub(crate) struct TrainTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextArgs,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) judge: HeldOutArgs,
}

/// What a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentsArg {
    /// A text: a file, or a line or row of one that has many
    #[default]
    Text,
    /// What stands between blank lines, a paragraph or sentence a line
    BlankLine,
}

/// What `cloze train mlm` is asked for.
#[derive(Args)]
pub(crate) struct TrainMlmArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskArgs,
    /// Learn whether one text follows another, too, from sequences of two (BERT's family)
    #[arg(long, help_heading = "Task")]
    pub(crate) next_sentence: bool,
    /// What the loss of a pair counts beside that of its masks; more than 1 where steps are few
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "X",
        requires = "next_sentence",
        help_heading = "Task"
    )]
    pub(crate) next_weight: f64,
}

/// What is masked.
#[derive(Args)]
#[command(next_help_heading = "Task")]
pub(crate) struct MaskArgs {
    /// The share of tokens that are to be guessed
    #[arg(long, default_value_t = 0.15, value_name = "SHARE")]
    pub(crate) mask_share: f64,
    /// Of these, the share that is masked
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    pub(crate) masked: f64,
    /// And the share in whose place any token of the vocabulary stands; the rest stays as it is
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) random: f64,
    /// Mask all pieces of a word together
    #[arg(long)]
    pub(crate) whole_words: bool,
}

/// What `cloze train nsp` is asked for.
#[derive(Args)]
pub(crate) struct TrainNspArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
}

impl MaskArgs {
    /// The settings for this mask token, in a vocabulary of so many.
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
