//! `cloze train`: a head fitted on frozen vectors, or an encoder trained by gradient steps, evaluated and
//! saved as a model.
pub(crate) mod args;
mod causal;
pub(crate) mod frozen;
pub(crate) mod interrupt;
mod labels;
mod language;
mod similarity;
pub(crate) mod steps;
mod tag;

use anyhow::bail;

use crate::cli::CommonFlags;
use crate::terminal::messages::Messages;
use args::TrainCommand;
use args::labels::LabelTuningArg;

pub(crate) fn run(
    common: &CommonFlags,
    command: &TrainCommand,
    messages: &Messages,
) -> anyhow::Result<()> {
    match command {
        TrainCommand::Classify(args) => {
            if args.read.pairs || args.read.pair_field.is_some() {
                bail!("--pairs and --pair-field are for cloze train pair");
            }
            if args.tune == LabelTuningArg::Frozen {
                frozen::train(common, args, None, messages)
            } else {
                labels::run(args, None, messages)
            }
        }
        TrainCommand::Pair(args) if args.train.tune == LabelTuningArg::Frozen => {
            frozen::train(common, &args.train, Some(args.rows()), messages)
        }
        TrainCommand::Pair(args) => labels::run(&args.train, Some(args.cut.value()), messages),
        TrainCommand::Tag(args) => tag::run(args, messages),
        TrainCommand::Similarity(args) => similarity::run(args, messages),
        TrainCommand::Mlm(args) => language::masked(args, messages),
        TrainCommand::Causal(args) => causal::run(args, messages),
        TrainCommand::Nsp(args) => language::next(args, messages),
    }
}
