//! `cloze train` where the encoder itself is trained.
//!
//! - `tag`: from tagged sentences;
//! - `model`: the encoder to start from, and its tokenizer;
//! - `watch`: the bar, the log, the curve, being told to stop;
//! - `report`: what it has come to; `curve` draws what the loss did;
//! - `save`: the folder of the model.
mod curve;
mod model;
mod report;
mod save;
pub(crate) mod tag;
pub(crate) mod watch;

use std::path::{Path, PathBuf};

use anyhow::bail;
use cloze_store::{AtomicFolder, Existing};
use cloze_tune::training::run::Judge;
use cloze_tune::training::{
    Outcome, Score, StateFile, TaskLearner, ValidTrainingParams, Watch, Why,
};
use cloze_tune::{Task, TuneError};

use crate::args::TuneArgs;
use crate::messages::Messages;
use watch::{Curve, Watcher};

/// What stands behind the output's name: what a stopped training goes on from.
const STATE: &str = ".state";
/// And the log of a training that is not done.
const LOG: &str = ".train.jsonl";

/// A training's files beside its output.
pub(crate) fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Starts the folder of the model, so that nobody trains for an hour to learn that it cannot be
/// written.
pub(crate) fn create(args: &TuneArgs) -> anyhow::Result<AtomicFolder> {
    let there = args.output.is_dir();
    if there && args.force {
        let card = cloze_graph::card::Card::open(&args.output);
        if !card.is_ok_and(|card| card.training.is_some()) {
            bail!(
                "{}: expected a trained model to replace, found none there",
                args.output.display()
            );
        }
    }
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    AtomicFolder::create(&args.output, existing).map_err(|error| match error {
        cloze_store::StoreError::Exists { .. } => {
            anyhow::anyhow!("{error}\nhint: --force replaces a trained model")
        }
        error => error.into(),
    })
}

/// What a training has come to.
pub(crate) struct Trained {
    pub(crate) outcome: Outcome,
    pub(crate) curve: Curve,
}

/// Trains, watched; the state and the log lie beside the output meanwhile. `None` if it was told to
/// stop.
pub(crate) fn train<T: Task + Send, J>(
    args: &TuneArgs,
    params: &ValidTrainingParams,
    (learner, examples): (&mut TaskLearner<T>, &[T::Example]),
    mut judge: Option<J>,
    fingerprint: &str,
    messages: &Messages,
) -> anyhow::Result<Option<Trained>>
where
    J: FnMut(&mut TaskLearner<T>) -> Result<Score, TuneError> + Send,
{
    let (state, log) = (beside(&args.output, STATE), beside(&args.output, LOG));
    if args.steps.resume && !state.is_file() {
        bail!("{}: no such file, so there is nothing to go on from", state.display());
    }
    if !args.steps.resume && state.is_file() {
        bail!(
            "{}: a training into {} was stopped\nhint: --resume goes on with it; without that file \
             it starts afresh",
            state.display(),
            args.output.display()
        );
    }
    let mut watcher = Watcher::new(&log, messages);
    let stop = watch::begin();
    let mut observe = |event: &_| watcher.observe(event);
    let watch = Watch {
        judge: judge.as_mut().map(|judge| judge as Judge<'_, _>),
        observe: &mut observe,
        stop,
        state: Some(StateFile { path: &state, fingerprint, resume: args.steps.resume }),
    };
    let outcome = params.train(learner, examples, watch);
    watch::end();
    messages.bar.finish_and_clear();
    let outcome = outcome?;
    if outcome.why == Why::Interrupted {
        messages.note(&format!(
            "stopped after step {}; --resume goes on from {}",
            outcome.steps,
            state.display()
        ));
        return Ok(None);
    }
    Ok(Some(Trained { outcome, curve: watcher.curve }))
}

/// Puts the log into the folder, and takes away what a finished training does not need.
pub(crate) fn clear(args: &TuneArgs, folder: &Path) -> anyhow::Result<()> {
    let (state, log) = (beside(&args.output, STATE), beside(&args.output, LOG));
    fs_err::copy(&log, folder.join("train.jsonl"))?;
    fs_err::remove_file(&log)?;
    if state.is_file() {
        fs_err::remove_file(&state)?;
    }
    Ok(())
}
