//! `cloze score`, and what the commands that score texts share, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cloze::heads::score::Masking;
use cloze::{EncoderParams, MaskedLm, ModelFolder, Scorer};

use super::fill_mask::MASKED_MODEL;
use super::{CommonArgs, OutFilesArgs, ReadArgs, WorkArgs, find_model};
use crate::messages::Messages;

/// What scores texts.
#[derive(Args)]
pub(crate) struct ScorerArgs {
    /// A masked language model's name or folder
    #[arg(short, long, default_value = MASKED_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

impl ScorerArgs {
    /// The scorer that these flags ask for, and the folder of its model.
    pub(crate) fn open(
        &self,
        masking: Masking,
        common: &CommonArgs,
        messages: &Messages,
    ) -> anyhow::Result<(Scorer, ModelFolder)> {
        let model = find_model(&self.model)?;
        let runtime = common.load_runtime(messages)?;
        let lm = MaskedLm::open_with(&runtime, &model, self.encoder())?;
        Ok((Scorer::new(lm, masking), model))
    }

    /// The settings of an encoder.
    pub(crate) fn encoder(&self) -> EncoderParams {
        EncoderParams::new().threads(self.work.threads).batch_tokens(self.work.batch_tokens)
    }
}

/// What is masked together.
#[derive(Args)]
pub(crate) struct MaskingArgs {
    /// While a token is masked, mask the later tokens of its word, too, which else give it away
    /// (Kauf & Ivanova 2023)
    #[arg(long, help_heading = "Score")]
    within_word: bool,
}

impl MaskingArgs {
    pub(crate) fn value(&self) -> Masking {
        if self.within_word { Masking::WithinWord } else { Masking::Token }
    }
}

/// What `cloze score` is asked for.
#[derive(Args)]
pub(crate) struct ScoreArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required_unless_present = "text", value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// A text itself, before those of files; can be repeated
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    pub(crate) text: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerArgs,
    #[command(flatten)]
    pub(crate) masking: MaskingArgs,
    /// Of all texts together, in place of each: the pseudo-perplexity of a corpus
    #[arg(long, help_heading = "Score")]
    pub(crate) corpus: bool,
    /// Save what the texts come to together, to be compared with later
    #[arg(long, value_name = "FILE", help_heading = "Score")]
    pub(crate) summary: Option<PathBuf>,
    /// Beside the corpus of a saved summary, where both are comparable
    #[arg(long, value_name = "FILE", requires = "corpus", help_heading = "Score")]
    pub(crate) compare: Option<PathBuf>,
    /// What is compared: perplexity a token takes one tokenizer for both, a word any
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "UNIT",
        requires = "compare",
        help_heading = "Score"
    )]
    pub(crate) by: UnitArg,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Print a JSON object a text, with every token; with --corpus, one for all
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFilesArgs,
}

/// What a perplexity is a mean over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnitArg {
    /// A piece of the tokenizer's
    #[default]
    Token,
    /// What stands between white space
    Word,
}
