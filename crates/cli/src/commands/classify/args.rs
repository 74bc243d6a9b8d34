//! `cloze classify`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::flags::classifier::ClassifierFlags;
use crate::flags::labels::LabelOutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;

/// Flags of the short help of `cloze classify`.
const SHOWN: &[&str] =
    &["text", "model", "labels", "text_field", "format", "top_k", "output", "force"];

const EXAMPLES: &str = "\
Examples:
  cloze classify reviews.csv --text-field review --output labels.tsv
  cloze classify tickets/ --model ./tickets --top-k 1
  cloze classify news.txt --labels sport,politics,economy --template 'This text is about {}.'";

/// Arguments of `cloze classify`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("model", |arg| short_help::brief(
        "Classifier name or folder [default: sentiment-en; with --labels minilm-l6-v2]",
        arg
    )),
    mut_arg("labels", |arg| short_help::brief(
        "Zero-shot labels, without training: A,B or A=DESCRIPTION",
        arg
    ))
)]
pub(crate) struct ClassifyArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) classifier: ClassifierFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) out: LabelOutFlags,
}
