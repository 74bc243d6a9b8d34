//! `cloze train causal`: decoders from running text.
use cloze::train::CausalTrainParams;

use super::steps;
use crate::commands::train::args::causal::TrainCausalArgs;
use crate::terminal::messages::Messages;

/// Peak learning rate of a new model: small models bear much (Kaplan et al. 2020, appendix D.6).
const NEW_RATE: f64 = 1e-3;

pub(super) fn run(args: &TrainCausalArgs, messages: &Messages) -> anyhow::Result<()> {
    args.check()?;
    let (fit, tuned) = (&args.tune.fit, &args.tune.tuned);
    let new = args.new_model();
    let common = if new.is_some() {
        let encoder = tuned.encoder(args.tuning())?;
        let rate = tuned.steps.learning_rate.unwrap_or(NEW_RATE);
        let settings = tuned.steps.params(&encoder.tuning, fit)?.learning_rate(rate);
        steps::with_settings(fit, tuned, encoder, settings)
    } else {
        steps::common(fit, args.tuning(), tuned, messages)?
    };
    let params = CausalTrainParams::new(common.hold_out(args.evaluation.hold_out))
        .documents(args.text.documents()?)
        .new_model(new)
        .block(args.block)
        .check()
        .map_err(steps::in_flags)?;
    let data = steps::data(&args.text.data, &args.evaluation);
    let outcome =
        steps::watched(messages, |observer, cancel| params.train(&data, observer, cancel));
    steps::show(outcome?, fit, messages)
}
