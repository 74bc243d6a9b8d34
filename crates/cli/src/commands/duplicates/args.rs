//! `cloze duplicates`, as typed.
use anyhow::bail;
use clap::Args;

use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// What `cloze duplicates` is asked for.
#[derive(Args)]
// A cosine does not depend on it.
#[command(mut_arg("no_normalize", |a| a.hide(true)))]
pub(crate) struct DuplicatesArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// The least cosine of two texts that count as nearly the same; 1 finds those that are the same
    #[arg(
        short,
        long,
        default_value_t = 0.9,
        value_name = "COSINE",
        allow_hyphen_values = true,
        help_heading = "Duplicates"
    )]
    pub(crate) threshold: f64,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Pairs in place of groups; a group may have texts that are alike through others alone
    #[arg(long, help_heading = "Output")]
    pub(crate) pairs: bool,
    /// Only the ids of all but the first of each group, one a line: what could go
    #[arg(long, conflicts_with_all = ["pairs", "json"], help_heading = "Output")]
    pub(crate) list: bool,
    /// Print a JSON object a group, or with --pairs one a pair
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl DuplicatesArgs {
    /// Whether the flags make sense together.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if !(-1.0..=1.0).contains(&self.threshold) {
            bail!("--threshold is {}: expected a cosine, from -1 to 1", self.threshold);
        }
        self.read.params()?;
        Ok(())
    }
}
