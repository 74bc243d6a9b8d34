//! `cloze train classify` and `pair`: a classifier trained by gradient steps.
use anyhow::Context as _;
use cloze::PairCut;
use cloze::train::{TrainingData, TunedClassifierTrainParams};

use super::steps;
use crate::commands::train::args::TrainArgs;
use crate::terminal::messages::Messages;

pub(super) fn run(
    args: &TrainArgs,
    cut: Option<PairCut>,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.check()?;
    let tune = args.tune.by_steps().context("--tune frozen has no steps")?;
    let mut common = steps::common(&args.fit, tune, &args.tuned, messages)?;
    if let Some(share) = args.labels.hold_out {
        common = common.hold_out(share);
    }
    let params = TunedClassifierTrainParams::new(common)
        .reader(args.read.params()?.group_field(args.labels.group_by.clone()))
        .pairs(cut)
        .multi_label(args.multi_label())
        .class_weights(args.labels.class_weights.value())
        .label_smoothing(args.tuned_labels.label_smoothing)
        .truncate(args.labels.truncate)
        .calibrate(!args.labels.no_calibration)
        .check()
        .map_err(steps::in_flags)?;
    let data = TrainingData::new(args.data.clone())
        .dev(args.tuned_labels.dev.clone())
        .test(args.labels.test.clone());
    let outcome =
        steps::watched(messages, |observer, cancel| params.train(&data, observer, cancel));
    steps::show(outcome?, &args.fit, messages)
}
