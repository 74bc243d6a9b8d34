//! The bar, the log, the curve, being told to stop.
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cloze_tune::TuneError;
use cloze_tune::training::{Event, TrainingLog};
use serde::Serialize;

use crate::messages::Messages;
use crate::progress;

/// Whether a training is under way that can be told to stop, and whether it was.
static TRAINING: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);

/// A training begins: from here on, the first interrupt only tells it to stop.
pub(super) fn begin() -> &'static AtomicBool {
    STOP.store(false, Ordering::Relaxed);
    TRAINING.store(true, Ordering::Relaxed);
    &STOP
}

/// It has ended.
pub(super) fn end() {
    TRAINING.store(false, Ordering::Relaxed);
}

/// Tells a training to stop; false if there is none, or if it was told before.
pub(crate) fn stop() -> bool {
    TRAINING.load(Ordering::Relaxed) && !STOP.swap(true, Ordering::Relaxed)
}

/// Losses and scores over the steps.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Curve {
    /// Steps and the loss of each one's examples, thinned.
    pub(crate) losses: Vec<(u64, f64)>,
    /// Steps and the metric after each.
    pub(crate) scores: Vec<(u64, f64)>,
    /// Steps and the loss of the examples that are judged by.
    pub(crate) judged_losses: Vec<(u64, f64)>,
    /// Tokens of all steps since the start or the going on, and the seconds these have taken.
    pub(crate) tokens: u64,
    pub(crate) seconds: f64,
    pub(crate) trained: usize,
}

/// As many points as a curve has at most.
const POINTS: usize = 2000;

pub(super) struct Watcher<'a> {
    log: TrainingLog,
    messages: &'a Messages,
    started: Instant,
    best: Option<f64>,
    /// Every so many steps are a point of the curve.
    stride: u64,
    pub(super) curve: Curve,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(log: &Path, messages: &'a Messages) -> Self {
        Self {
            log: TrainingLog::new(log),
            messages,
            started: Instant::now(),
            best: None,
            stride: 1,
            curve: Curve::default(),
        }
    }

    pub(super) fn observe(&mut self, event: &Event) -> Result<(), TuneError> {
        self.log.record(event)?;
        match event {
            Event::Started { step, of, trained, .. } => {
                progress::start_steps(*of, self.messages);
                self.messages.bar.set_position(*step);
                self.curve.trained = *trained;
            }
            Event::Step { step, loss, mean_loss, tokens, seconds, .. } => {
                self.curve.tokens += *tokens as u64;
                self.curve.seconds += seconds;
                if step.is_multiple_of(self.stride) {
                    self.curve.losses.push((*step, *loss));
                }
                if self.curve.losses.len() > POINTS {
                    self.stride *= 2;
                    let stride = self.stride;
                    self.curve.losses.retain(|(step, _)| step.is_multiple_of(stride));
                }
                #[expect(clippy::cast_precision_loss, reason = "for people")]
                let rate = self.curve.tokens as f64 / self.curve.seconds.max(1e-9);
                let best = self.best.map_or(String::new(), |best| format!(", best {best:.4}"));
                self.messages
                    .bar
                    .set_message(format!("loss {mean_loss:.4}{best}, {rate:.0} tokens/s"));
                self.messages.bar.set_position(*step);
            }
            Event::Judged { step, score, best, .. } => {
                self.curve.scores.push((*step, score.metric));
                if let Some(loss) = score.loss {
                    self.curve.judged_losses.push((*step, loss));
                }
                if *best {
                    self.best = Some(score.metric);
                }
                let loss = score.loss.map_or(String::new(), |loss| format!(", loss {loss:.4}"));
                let best = if *best { ", the best so far" } else { "" };
                self.messages.note(&format!(
                    "step {step}: {:.4}{loss}{best}; {:.0} s gone",
                    score.metric,
                    self.started.elapsed().as_secs_f64()
                ));
            }
            _ => {}
        }
        Ok(())
    }
}
