//! `cloze train` where the encoder itself is trained.
//!
//! - `labels`: from labelled texts and pairs;
//! - `model`: the encoder to start from, and its tokenizer;
//! - `sight`: what the encoder sees of texts;
//! - `watch`: the bar, the log, the curve, being told to stop;
//! - `report`: what it has come to;
//! - `save`: the folder of the model.
pub(crate) mod labels;
mod model;
pub(crate) mod report;
mod save;
mod sight;
pub(crate) mod watch;

use std::path::Path;

use anyhow::bail;
use cloze::Cancel;
use cloze::train::beside;
use cloze_tune::training::run::Judge;
use cloze_tune::training::{
    Outcome, Score, StateFile, TaskLearner, ValidTrainingParams, Watch, Why,
};
use cloze_tune::{Task, TuneError};

use crate::commands::train::args::training::TrainingArgs;
use crate::commands::train::interrupt;
use crate::terminal::messages::Messages;
use watch::{Curve, Watcher};

/// What stands behind the output's name: what a stopped training goes on from.
const STATE: &str = ".state";
/// And the log of a training that is not done.
const LOG: &str = ".train.jsonl";

/// What a training has come to.
pub(crate) struct Trained {
    pub(crate) outcome: Outcome,
    pub(crate) curve: Curve,
}

/// Trains, watched; the state and the log lie beside the output meanwhile. `None` if it was told to
/// stop.
pub(crate) fn train<T: Task + Send, J>(
    (args, resume): (&TrainingArgs, bool),
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
    if resume && !state.is_file() {
        bail!("{}: no such file, so there is nothing to go on from", state.display());
    }
    if !resume && state.is_file() {
        bail!(
            "{}: a training into {} was stopped\nhint: --resume goes on with it; without that file \
             it starts afresh",
            state.display(),
            args.output.display()
        );
    }
    let mut watcher = Watcher::new(&log, messages);
    let stop = Cancel::new();
    interrupt::arm(&stop);
    let mut observe = |event: &_| watcher.observe(event);
    let watch = Watch {
        judge: judge.as_mut().map(|judge| judge as Judge<'_, _>),
        observe: &mut observe,
        stop: &stop,
        state: Some(StateFile { path: &state, fingerprint, resume }),
    };
    let outcome = params.train(learner, examples, watch);
    interrupt::disarm();
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

/// Puts the log into the folder.
fn copy_log(args: &TrainingArgs, folder: &Path) -> anyhow::Result<()> {
    fs_err::copy(beside(&args.output, LOG), folder.join("train.jsonl"))?;
    Ok(())
}

/// Takes away what a finished training does not need, once its model is there.
fn clear(args: &TrainingArgs) -> anyhow::Result<()> {
    for ending in [LOG, STATE] {
        let path = beside(&args.output, ending);
        if path.is_file() {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(())
}
