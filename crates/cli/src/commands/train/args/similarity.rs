//! `cloze train similarity`, as typed.
use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};

use crate::commands::train::args::training::Given;
use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs, TuningArg};
use crate::flags::pairs::PairFlags;

/// What `cloze train similarity` is asked for.
#[derive(Args)]
pub(crate) struct TrainSimilarityArgs {
    #[command(flatten)]
    given: Given,
    /// Pairs of texts (csv, tsv, jsonl): that belong together, or with a score
    #[arg(required = true, value_name = "FILE")]
    pub(crate) data: Vec<String>,
    /// What vectors are to come to
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Task")]
    pub(crate) loss: LossArg,
    #[command(flatten)]
    pub(crate) cosine: CosineArgs,
    #[command(flatten)]
    pub(crate) ranking: RankingArgs,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
}

/// What is for `--loss cosine`.
#[derive(Args)]
pub(crate) struct CosineArgs {
    /// The highest score, which is that of texts that mean the same; the lowest is 0 (--loss cosine)
    #[arg(long, default_value_t = 5.0, value_name = "SCORE", help_heading = "Task")]
    pub(crate) score_scale: f64,
}

/// What is for `--loss ranking`.
#[derive(Args)]
pub(crate) struct RankingArgs {
    /// What cosines are multiplied by before a text is chosen by them (--loss ranking)
    #[arg(long, default_value_t = 20.0, value_name = "X", help_heading = "Task")]
    pub(crate) ranking_scale: f32,
    /// The field or column of a third text, which looks alike and does not belong to the first (--loss
    /// ranking)
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) negative_field: Option<String>,
}

/// What vectors are to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LossArg {
    /// A text nearer to the one that belongs to it than to those of all other pairs of its batch:
    /// multiple negatives, so larger batches are better
    Ranking,
    /// Cosines as the scores say
    Cosine,
}

impl TrainSimilarityArgs {
    /// What flags exclude one another, and cannot say so themselves.
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
