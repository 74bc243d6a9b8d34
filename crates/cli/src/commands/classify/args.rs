//! `cloze classify`, as typed.
use clap::Args;

use crate::flags::classifier::ClassifierFlags;
use crate::flags::labels::LabelOutFlags;
use crate::flags::read::ReadFlags;

/// What `cloze classify` is asked for.
#[derive(Args)]
pub(crate) struct ClassifyArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) classifier: ClassifierFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) out: LabelOutFlags,
}
