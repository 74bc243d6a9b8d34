//! `cloze train similarity`: an encoder for sentence similarity.
use cloze::train::{SimilarityLoss, SimilarityOutcome, SimilarityTrainParams};

use super::steps;
use crate::commands::train::args::similarity::{LossArg, TrainSimilarityArgs};
use crate::terminal::messages::Messages;

pub(super) fn run(args: &TrainSimilarityArgs, messages: &Messages) -> anyhow::Result<()> {
    args.check()?;
    let loss = match args.loss {
        LossArg::Cosine => SimilarityLoss::Cosine { scale: args.cosine.score_scale },
        LossArg::Ranking => SimilarityLoss::Ranking {
            scale: args.ranking.ranking_scale,
            negative_field: args.ranking.negative_field.clone(),
        },
    };
    let params =
        SimilarityTrainParams::new(steps::params(&args.tune, &args.evaluation, messages)?, loss)
            .reader(args.pairs.reader()?.group_field(args.group_by.clone()))
            .check()
            .map_err(steps::in_flags)?;
    let data = steps::data(&args.data, &args.evaluation);
    let outcome =
        steps::watched(messages, |observer, cancel| params.train(&data, observer, cancel));
    match outcome? {
        SimilarityOutcome::Scored(outcome) => steps::show(outcome, &args.tune.fit, messages),
        SimilarityOutcome::Ranked(outcome) => steps::show(outcome, &args.tune.fit, messages),
    }
}
