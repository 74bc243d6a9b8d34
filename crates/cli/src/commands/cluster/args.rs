//! `cloze cluster`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::flags::grouping::{ClusterOutFlags, GroupingFlags};
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::VectorFlags;

/// Flags in the short help.
const CLUSTER_SHOWN: &[&str] =
    &["model", "method", "clusters", "format", "output", "html", "force", "text_field"];
const CLUSTER_EXAMPLES: &str = "\
Examples:
  cloze cluster notes/ --html map.html
  cloze cluster reviews.csv --text-field review -k 8 --format csv --output clusters.csv";

/// Arguments of `cloze cluster`.
#[derive(Args)]
#[command(after_help = CLUSTER_EXAMPLES, mut_args(|arg| short_help::only(CLUSTER_SHOWN, arg)))]
pub(crate) struct ClusterArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) grouping: GroupingFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) out: ClusterOutFlags,
}
