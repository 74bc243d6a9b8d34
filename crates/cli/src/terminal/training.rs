//! Events of a training, as progress and messages.
use cloze::train::{FitEvent, FitWarning};

use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// Shows an event.
pub(crate) fn show(event: &FitEvent<'_>, messages: &Messages) {
    let bar = &messages.bar;
    match event {
        FitEvent::ReadingStarted { sources } => progress::start(sources, messages),
        FitEvent::BytesRead { bytes } => bar.inc(*bytes),
        FitEvent::ExamplesRead { examples } => bar.set_message(plural(*examples, "example")),
        FitEvent::ColumnsChosen(used) => messages.columns(used),
        FitEvent::EncodingGuessed(guessed) => messages.guessed(Some(guessed)),
        FitEvent::RecordFailed(error) => messages.failure(*error),
        FitEvent::EncodingStarted { inputs } => progress::start_counted(*inputs as u64, messages),
        FitEvent::Encoded { inputs } => bar.inc(*inputs as u64),
        FitEvent::ReadingEnded | FitEvent::EncodingEnded => bar.finish_and_clear(),
        FitEvent::NotEncoded(error) => messages.failure(*error),
        FitEvent::FittingStarted => messages.note("fitting"),
        FitEvent::SearchEnded { trials } => {
            messages.note(&format!("search ended after {trials} trials"));
        }
        FitEvent::Warning(warning @ FitWarning::NotConverged { .. }) => {
            messages.note(&format!("warning: {warning}; --max-iterations allows more"));
        }
        FitEvent::Warning(warning) => messages.note(&format!("warning: {warning}")),
        _ => {}
    }
}
