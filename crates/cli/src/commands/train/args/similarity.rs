//! `cloze train similarity`, as typed.
use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};

use crate::commands::short_help;
use crate::commands::train::args::training::GivenFlags;
use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs, TuningArg};
use crate::flags::pairs::PairFlags;

/// Flags of the short help of `cloze train similarity`.
const SHOWN: &[&str] =
    &["loss", "tune", "model", "output", "epochs", "learning_rate", "dev", "test"];

const EXAMPLES: &str = "\
Examples:
  cloze train similarity duplicates.tsv --loss ranking --output pairs
  cloze train similarity stsb.tsv --loss cosine --dev stsb-dev.tsv --output sts
  cloze train similarity faq.csv --loss ranking --negative-field wrong --batch 64 --output faq";

/// Arguments of `cloze train similarity`.
#[derive(Args)]
#[command(after_help = EXAMPLES, mut_args(|arg| short_help::only(SHOWN, arg)))]
pub(crate) struct TrainSimilarityArgs {
    #[command(flatten)]
    given: GivenFlags,
    /// Pairs of texts (csv, tsv, jsonl): matching pairs, or pairs with a score
    #[arg(required = true, value_name = "FILE")]
    pub(crate) data: Vec<String>,
    /// Training loss
    #[arg(long, value_enum, value_name = "LOSS", help_heading = "Task")]
    pub(crate) loss: LossArg,
    #[command(flatten)]
    pub(crate) cosine: CosineArgs,
    #[command(flatten)]
    pub(crate) ranking: RankingArgs,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    /// Field or column by which pairs belong together (author, document): none of them is held out from
    /// the others. Equal pairs always belong together
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["no_header", "dev"],
        help_heading = "Evaluation"
    )]
    pub(crate) group_by: Option<String>,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
}

/// Flags of `--loss cosine`.
#[derive(Args)]
pub(crate) struct CosineArgs {
    /// Highest score, that of texts with the same meaning; the lowest is 0 (--loss cosine)
    #[arg(long, default_value_t = 5.0, value_name = "SCORE", help_heading = "Task")]
    pub(crate) score_scale: f64,
}

/// Flags of `--loss ranking`.
#[derive(Args)]
pub(crate) struct RankingArgs {
    /// Factor of the cosines before the softmax (--loss ranking)
    #[arg(long, default_value_t = 20.0, value_name = "X", help_heading = "Task")]
    pub(crate) ranking_scale: f32,
    /// Field or column of a hard negative: a third text that looks similar but does not match the
    /// first (--loss ranking)
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) negative_field: Option<String>,
}

/// Training loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LossArg {
    /// Multiple negatives ranking: the matching text must rank above the second texts of all other
    /// pairs of the batch, so larger batches are better
    Ranking,
    /// Cosine similarity must equal the score
    Cosine,
}

impl TrainSimilarityArgs {
    /// Refuses flags that do not go with `--loss` or `--tune`, which clap cannot express.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.evaluation.check()?;
        let scale = self.cosine.score_scale;
        ensure!(scale.is_finite() && scale > 0.0, "--score-scale is {scale}: expected above 0");
        if self.tune.tune == TuningArg::Head {
            bail!("--tune head trains nothing here: vectors have no head");
        }
        match self.loss {
            LossArg::Cosine => self.given.refuse::<RankingArgs>("--loss ranking")?,
            LossArg::Ranking => self.given.refuse::<CosineArgs>("--loss cosine")?,
        }
        if self.loss == LossArg::Ranking && self.tune.tuned.steps.batch < 2 {
            bail!("--batch is 1: expected at least 2, since --loss ranking compares pairs");
        }
        Ok(())
    }
}
