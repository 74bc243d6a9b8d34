//! `cloze duplicates`, as typed.
use anyhow::bail;
use clap::Args;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, RowFormat};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::VectorFlags;

/// Flags in the short help.
const DUPLICATES_SHOWN: &[&str] =
    &["model", "threshold", "pairs", "list", "format", "json", "output", "text_field"];
const DUPLICATES_EXAMPLES: &str = "\
Examples:
  cloze duplicates notes/
  cloze duplicates reviews.csv --text-field review --threshold 0.95 --list";

/// Arguments of `cloze duplicates`.
#[derive(Args)]
// A cosine does not depend on it.
#[command(mut_arg("no_normalize", |a| a.hide(true)))]
#[command(mut_arg("json", |a| a.help(
    "Short for --format jsonl: one object per group, or with --pairs per pair"
)))]
#[command(after_help = DUPLICATES_EXAMPLES, mut_args(|arg| short_help::only(DUPLICATES_SHOWN, arg)))]
pub(crate) struct DuplicatesArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    /// Minimum cosine of near-duplicates; 1 finds exact duplicates only
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
    /// List pairs in place of groups; a group may join texts through others
    #[arg(long, help_heading = "Output")]
    pub(crate) pairs: bool,
    /// Print only the ids of all but the first of each group, one per line
    #[arg(long, conflicts_with_all = ["pairs", "format", "json"], help_heading = "Output")]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<RowFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl DuplicatesArgs {
    /// Checks that the flags go together.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if !(-1.0..=1.0).contains(&self.threshold) {
            bail!("--threshold is {}: expected a cosine, from -1 to 1", self.threshold);
        }
        self.read.params()?;
        Ok(())
    }
}
