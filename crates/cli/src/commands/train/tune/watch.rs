//! The bar, the log, the curve.
use std::path::Path;
use std::time::Instant;

use cloze_tune::TuneError;
use cloze_tune::training::{Event, TrainingLog};
use serde::Serialize;

use crate::terminal::messages::Messages;
use crate::terminal::progress;

/// Losses and scores over the steps.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Curve {
    /// Steps and the loss of each one's examples, thinned.
    pub(crate) losses: Vec<(u64, f64)>,
    /// Steps and the metric after each.
    pub(crate) scores: Vec<(u64, f64)>,
    /// Steps and the loss of the examples that are judged by.
    pub(crate) judged_losses: Vec<(u64, f64)>,
    /// Steps and the learning rate of each, thinned in the same way.
    pub(crate) rates: Vec<(u64, f64)>,
    /// Tokens of all steps, and the seconds these have taken.
    pub(crate) tokens: u64,
    pub(crate) seconds: f64,
}

/// As many points as a curve has at most.
const POINTS: usize = 2000;

impl Curve {
    pub(crate) fn tokens_a_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let tokens = self.tokens as f64;
        tokens / self.seconds.max(1e-9)
    }

    /// Takes what an event tells. `stride`: every so many steps are a point.
    fn add(&mut self, event: &Event, stride: &mut u64) {
        match event {
            Event::Step { step, loss, learning_rate, tokens, seconds, .. } => {
                self.tokens += *tokens as u64;
                self.seconds += seconds;
                if step.is_multiple_of(*stride) {
                    self.losses.push((*step, *loss));
                    self.rates.push((*step, *learning_rate));
                }
                if self.losses.len() > POINTS {
                    *stride *= 2;
                    self.losses.retain(|(step, _)| step.is_multiple_of(*stride));
                    self.rates.retain(|(step, _)| step.is_multiple_of(*stride));
                }
            }
            Event::Judged { step, score, .. } => {
                self.scores.push((*step, score.metric));
                self.judged_losses.extend(score.loss.map(|loss| (*step, loss)));
            }
            _ => {}
        }
    }
}

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
        self.curve.add(event, &mut self.stride);
        match event {
            Event::Started { step, of, .. } => {
                progress::start_steps(*of, self.messages);
                self.messages.bar.set_position(*step);
                // The steps before a stop are part of the curve, too.
                for event in self.log.events()? {
                    self.curve.add(&event, &mut self.stride);
                    if let Event::Judged { score, best: true, .. } = event {
                        self.best = Some(score.metric);
                    }
                }
            }
            Event::Step { step, mean_loss, .. } => {
                let rate = self.curve.tokens_a_second();
                let best = self.best.map_or(String::new(), |best| format!(", best {best:.4}"));
                self.messages
                    .bar
                    .set_message(format!("loss {mean_loss:.4}{best}, {rate:.0} tokens/s"));
                self.messages.bar.set_position(*step);
            }
            Event::Judged { step, score, best, .. } => {
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
