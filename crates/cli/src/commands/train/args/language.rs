//! `cloze train mlm` and `nsp`, as typed.
use clap::Args;

use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs};
use crate::flags::running_text::{MaskFlags, RunningTextFlags};

/// What training from running text is asked for.
#[derive(Args)]
#[command(mut_arg("hold_out", |arg| arg.help(
    "The share of documents held out to judge by while training, where no --dev is given; 0 for none"
)))]
#[command(mut_arg("dev", |arg| arg.help(
    "Texts to judge by while training, in place of some that are held out"
)))]
#[command(mut_arg("test", |arg| arg.help("Texts to judge the trained model by")))]
pub(crate) struct TrainTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextFlags,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) evaluation: HeldOutArgs,
}

/// What `cloze train mlm` is asked for.
#[derive(Args)]
pub(crate) struct TrainMlmArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskFlags,
    /// Learn whether one text follows another, too, from sequences of two (BERT's family)
    #[arg(long, help_heading = "Task")]
    pub(crate) next_sentence: bool,
    /// What the loss of a pair counts beside that of its masks; more than 1 where steps are few
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "X",
        requires = "next_sentence",
        help_heading = "Task"
    )]
    pub(crate) next_weight: f64,
}

/// What `cloze train nsp` is asked for.
#[derive(Args)]
pub(crate) struct TrainNspArgs {
    #[command(flatten)]
    pub(crate) train: TrainTextArgs,
}
