//! `cloze train mlm` and `cloze train nsp`: language models from running text.
use cloze::train::{LanguageMasking, LanguageModelTrainParams};

use super::steps;
use crate::commands::train::args::language::{TrainMlmArgs, TrainNspArgs, TrainTextArgs};
use crate::terminal::messages::Messages;

pub(super) fn masked(args: &TrainMlmArgs, messages: &Messages) -> anyhow::Result<()> {
    let next_weight = args.next_sentence.then_some(args.next_weight);
    run(&args.train, Some(args.mask.masking()), next_weight, messages)
}

pub(super) fn next(args: &TrainNspArgs, messages: &Messages) -> anyhow::Result<()> {
    run(&args.train, None, Some(1.0), messages)
}

fn run(
    args: &TrainTextArgs,
    masking: Option<LanguageMasking>,
    next_weight: Option<f64>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let params =
        LanguageModelTrainParams::new(steps::params(&args.tune, &args.evaluation, messages)?)
            .documents(args.text.documents()?)
            .masking(masking)
            .next_weight(next_weight)
            .check()
            .map_err(steps::in_flags)?;
    let data = steps::data(&args.text.data, &args.evaluation);
    let outcome =
        steps::watched(messages, |observer, cancel| params.train(&data, observer, cancel));
    steps::show(outcome?, &args.tune.fit, messages)
}
