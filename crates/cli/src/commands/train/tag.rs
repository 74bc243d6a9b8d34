//! `cloze train tag`: a tagger of named entities.
use cloze::train::TaggerTrainParams;

use super::steps;
use crate::commands::train::args::tune::TrainTagArgs;
use crate::terminal::messages::Messages;

pub(super) fn run(args: &TrainTagArgs, messages: &Messages) -> anyhow::Result<()> {
    let params = TaggerTrainParams::new(steps::params(&args.tune, &args.evaluation, messages)?)
        .reader(args.columns.reader()?.group_field(args.group_by.clone()))
        .map(args.map.clone())
        .limit(args.limit)
        .skip_words(args.skip_words.clone())
        .drop_entities(args.drop_entities.clone())
        .min_score(args.min_score)
        .recognizers(args.recognizers.clone())
        .crf(args.crf)
        .casing(args.casing)
        .vary_case(args.vary_case)
        .check()
        .map_err(steps::in_flags)?;
    let data = steps::data(&args.data, &args.evaluation);
    let outcome =
        steps::watched(messages, |observer, cancel| params.train(&data, observer, cancel));
    steps::show(outcome?, &args.tune.fit, messages)
}
