//! `cloze cluster`, as typed.
use clap::Args;

use crate::flags::grouping::{ClusterOutFlags, GroupingFlags};
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// What `cloze cluster` is asked for.
#[derive(Args)]
pub(crate) struct ClusterArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) grouping: GroupingFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) out: ClusterOutFlags,
}
