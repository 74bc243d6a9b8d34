//! `cloze train mlm` and `nsp`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs};
use crate::flags::running_text::{MaskFlags, RunningTextFlags};

/// Flags of the short help of `cloze train mlm` and `nsp`.
const SHOWN: &[&str] =
    &["tune", "model", "output", "next_sentence", "epochs", "learning_rate", "eval_every", "dev"];

const MLM_EXAMPLES: &str = "\
Examples:
  cloze train mlm texts/ --output adapted
  cloze train mlm wiki.txt --documents blank-line --next-sentence --tune full --output wiki
  cloze train mlm texts/ --max-steps 1000 --eval-every 100 --dev dev.txt --output adapted";

const NSP_EXAMPLES: &str = "\
Examples:
  cloze train nsp books/ --output next
  cloze train nsp wiki.txt --documents blank-line --tune full --dev dev.txt --output next";

/// Arguments of training on running text.
#[derive(Args)]
#[command(mut_arg("hold_out", |arg| arg.help(
    "Fraction of documents held out for evaluation during training, without --dev; 0 for none"
)))]
#[command(mut_arg("dev", |arg| arg.help(
    "Texts for evaluation during training, instead of held-out ones"
)))]
#[command(mut_arg("test", |arg| arg.help("Texts for evaluation of the trained model")))]
pub(crate) struct TrainTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextFlags,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
}

/// Arguments of `cloze train mlm`.
#[derive(Args)]
#[command(
    after_help = MLM_EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("documents", |arg| short_help::brief("Unit of a document", arg))
)]
pub(crate) struct TrainMlmArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskFlags,
    /// Also train next-sentence prediction, on sequences of two texts (BERT family)
    #[arg(long, help_heading = "Task")]
    pub(crate) next_sentence: bool,
    /// Weight of the next-sentence loss relative to the masked-language-model loss; above 1 helps when
    /// there are few steps
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "X",
        requires = "next_sentence",
        help_heading = "Task"
    )]
    pub(crate) next_weight: f64,
}

/// Arguments of `cloze train nsp`.
#[derive(Args)]
#[command(
    after_help = NSP_EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("documents", |arg| short_help::brief("Unit of a document", arg))
)]
pub(crate) struct TrainNspArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
}
