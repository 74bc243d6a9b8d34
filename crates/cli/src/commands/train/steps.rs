//! Training by gradient steps: settings from flags, progress, errors in the terms of flags, results.
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::anyhow;
use cloze::train::{
    FineTuneError, FineTuneParams, TrainingData, TrainingEvent, TrainingOutcome, create_folder,
};
use cloze::{Cancel, ModelFolder};
use cloze_corpus::CorpusError;
use cloze_report::tuning::{CardWords, Figures, TrainingCurve, TuningReport};
use cloze_store::{AtomicFolder, StoreError};
use cloze_tune::TuneError;
use cloze_tune::encoder::TrainableEncoderParams;
use cloze_tune::training::{Event, TrainingParams};

use crate::commands::train::args::training::{CardArgs, TrainingArgs};
use crate::commands::train::args::tune::{HeldOutArgs, TuneArgs, TunedArgs, TuningArg};
use crate::commands::train::{frozen, interrupt};
use crate::flags::find_model_folder;
use crate::flags::settings;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use crate::terminal::{progress, training};

/// Returns the settings shared by every training by steps, and the fraction held out.
pub(super) fn params(
    args: &TuneArgs,
    held_out: &HeldOutArgs,
    messages: &Messages,
) -> anyhow::Result<FineTuneParams> {
    Ok(common(&args.fit, args.tune, &args.tuned, messages)?.hold_out(held_out.hold_out))
}

/// Returns the settings shared by every training by steps, and reports the model's folder.
pub(super) fn common(
    fit: &TrainingArgs,
    tune: TuningArg,
    tuned: &TunedArgs,
    messages: &Messages,
) -> anyhow::Result<FineTuneParams> {
    let encoder = tuned.encoder(tune)?;
    let steps = tuned.steps.params(&encoder.tuning, fit)?;
    // The settings keep the name, which a run that is resumed must have, too.
    find_model_folder(&fit.model, messages)?;
    Ok(with_settings(fit, tuned, encoder, steps))
}

/// Returns the settings shared by every training by steps, whatever the model.
pub(super) fn with_settings(
    fit: &TrainingArgs,
    tuned: &TunedArgs,
    encoder: TrainableEncoderParams,
    steps: TrainingParams,
) -> FineTuneParams {
    FineTuneParams::new(&fit.model, &fit.output)
        .replace(fit.force)
        .resume(tuned.steps.resume)
        .max_tokens(tuned.steps.max_tokens)
        .encoder(encoder)
        .steps(steps)
        .dtype(tuned.dtype.value())
        .card(CardWords::from(&fit.card))
        .texts(!fit.card.no_texts)
        .command(command_words())
}

/// Returns the arguments of this process, without the program's name.
pub(crate) fn command_words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

impl From<&CardArgs> for CardWords {
    fn from(args: &CardArgs) -> Self {
        Self {
            description: args.description.clone(),
            license: args.license.clone(),
            attribution: args.attribution.clone(),
            source: args.source.clone(),
            language: args.language.clone(),
        }
    }
}

/// Returns the files to train on, and those to evaluate on.
pub(super) fn data<R>(paths: &[String], held_out: &HeldOutArgs) -> TrainingData<R> {
    let HeldOutArgs { dev, test, .. } = held_out;
    TrainingData::new(paths.to_vec()).dev(dev.clone()).test(test.clone())
}

/// Begins the folder of a trained model.
pub(super) fn create(args: &TrainingArgs, model: &ModelFolder) -> anyhow::Result<AtomicFolder> {
    create_folder(&args.output, args.force, model).map_err(in_flags)
}

/// Runs `train` with an observer that shows its progress, and an interrupt that cancels it.
pub(crate) fn watched<T>(
    messages: &Messages,
    train: impl FnOnce(&cloze::train::TrainingObserver<'_>, &Cancel) -> Result<T, FineTuneError>,
) -> anyhow::Result<T> {
    let (cancel, started) = (Cancel::new(), OnceLock::new());
    let observer = |event: TrainingEvent<'_>| show_event(&event, &cancel, &started, messages);
    let outcome = train(&observer, &cancel);
    interrupt::disarm();
    messages.bar.finish_and_clear();
    outcome.map_err(in_flags)
}

fn show_step(
    event: &Event,
    curve: &TrainingCurve,
    best: Option<f64>,
    metric: &str,
    started: Instant,
    messages: &Messages,
) {
    match event {
        Event::Started { step, of, .. } => {
            progress::start_steps(*of, messages);
            messages.bar.set_position(*step);
        }
        Event::Step { step, mean_loss, .. } => {
            let rate = curve.tokens_a_second();
            let best = best.map_or(String::new(), |best| format!(", best {metric} {best:.4}"));
            let loss = format!("training loss {mean_loss:.4}");
            messages.bar.set_message(format!("{loss}{best}, {rate:.0} tokens/s"));
            messages.bar.set_position(*step);
        }
        Event::Evaluated { step, score, best, .. } => {
            let loss =
                score.loss.map_or(String::new(), |loss| format!(", held-out loss {loss:.4}"));
            let best = if *best { ", best so far" } else { "" };
            messages.note(&format!(
                "step {step}: {metric} {:.4}{loss}{best}; {:.0} s elapsed",
                score.metric,
                started.elapsed().as_secs_f64()
            ));
        }
        Event::Ended { .. } => messages.bar.finish_and_clear(),
        _ => {}
    }
}

/// Shows an event of a training. While steps are taken, an interrupt cancels it.
fn show_event(
    event: &TrainingEvent<'_>,
    cancel: &Cancel,
    started: &OnceLock<Instant>,
    messages: &Messages,
) {
    match *event {
        TrainingEvent::Reading(sources) => progress::start(sources, messages),
        TrainingEvent::Read { bytes, records, unit } => {
            messages.bar.inc(bytes);
            if !messages.bar.is_hidden() {
                messages.bar.set_message(plural(records, unit));
            }
        }
        TrainingEvent::Finished => messages.bar.finish_and_clear(),
        TrainingEvent::LeftOut(error) => messages.failure(error),
        TrainingEvent::Fit(event) => training::show(event, messages),
        TrainingEvent::Note(note) => messages.note(&note.to_string()),
        TrainingEvent::Step { event, curve, best, metric } => {
            if let Event::Started { .. } = event {
                interrupt::arm(cancel);
            }
            show_step(event, curve, best, metric, *started.get_or_init(Instant::now), messages);
            if let Event::Ended { .. } = event {
                interrupt::disarm();
            }
        }
        _ => {}
    }
}

/// Names settings as flags, with the flag that helps as a hint.
pub(crate) fn in_flags(error: FineTuneError) -> anyhow::Error {
    match error {
        FineTuneError::Setting { setting, found, expected } => {
            anyhow!("{} is {found}: expected {expected}", settings::flag(setting))
        }
        FineTuneError::Tune(TuneError::Setting { setting, found, expected }) => {
            anyhow!("{} is {found}: expected {expected}", settings::flag(&setting))
        }
        FineTuneError::Pattern { setting, source } => {
            anyhow::Error::new(source).context(settings::flag(setting))
        }
        FineTuneError::RenamedTwice { label } => anyhow!("--map names {label:?} twice"),
        FineTuneError::NoSuchLabel { label, found } => {
            anyhow!("--map {label}: no such label; the files have {}", found.join(", "))
        }
        FineTuneError::HasAdapters { folder } => anyhow!(
            "{}: has adapters, to which --tune lora cannot add others\nhint: cloze model merge makes a \
             model without adapters of it",
            folder.display()
        ),
        FineTuneError::ReadTwice => {
            anyhow!("-: expected a file, since --negative-field reads it twice")
        }
        FineTuneError::StateThere { .. } => {
            anyhow!("{error}\nhint: --resume continues it; without that file it starts afresh")
        }
        FineTuneError::NoGroups { ref field, .. } if field != "document" => {
            anyhow!("{error}\nhint: --group-by document is for -DOCSTART- and # newdoc")
        }
        FineTuneError::Score { .. } => {
            anyhow!("{error}\nhint: --score-scale sets the highest score")
        }
        FineTuneError::Corpus(CorpusError::NoPairs { .. }) => {
            anyhow!("{error}\nhint: --input csv, tsv or jsonl sets its format")
        }
        FineTuneError::Store(StoreError::Exists { .. }) => {
            anyhow!("{error}\nhint: --force replaces the trained model")
        }
        FineTuneError::Fit(error) => frozen::in_flags(*error),
        error => error.into(),
    }
}

/// Prints the report to standard output, or a message if the training was stopped.
pub(super) fn show<F: Figures>(
    outcome: TrainingOutcome<F>,
    args: &TrainingArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    match outcome {
        TrainingOutcome::Stopped { steps, state } => {
            messages.note(&format!(
                "stopped after step {steps}; --resume continues from {}",
                state.display()
            ));
            messages.interrupt();
            Ok(())
        }
        TrainingOutcome::Done(report) => show_report(&report, args, messages),
    }
}

fn show_report<F: Figures>(
    report: &TuningReport<F>,
    args: &TrainingArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let mut out = Out::stdout(false);
    if args.format.is_json() {
        json_line(&mut out, report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    messages.note(&format!(
        "{}: {} steps in {:.0} s, {:.0} tokens/s",
        args.output.display(),
        report.steps,
        report.seconds,
        report.curve.tokens_a_second()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_steps_are_called_by_their_flags() {
        let (setting, value) = ("judge_every".to_owned(), "0".to_owned());
        let error = TuneError::Setting { setting, found: value, expected: "at least 1".to_owned() };
        let error = in_flags(FineTuneError::Tune(error));
        assert_eq!(error.to_string(), "--eval-every is 0: expected at least 1");
    }
}
