//! Number of steps, learning rate, intervals of a training.
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::optimizer::{AdamW, as_f64};
use super::sampler::Sampler;
use super::schedule::Schedule;
use crate::TuneError;

/// Settings of training. [`check`](Self::check) validates it. The serialized settings decide
/// the result; `threads` and the interval of saving the state do not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[must_use]
pub struct TrainingParams {
    epochs: u64,
    max_steps: Option<u64>,
    batch: usize,
    length_window: usize,
    part_tokens: usize,
    learning_rate: f64,
    head_learning_rate: Option<f64>,
    schedule: Schedule,
    warmup_share: f64,
    weight_decay: f64,
    max_gradient_norm: Option<f64>,
    dropout: f32,
    seed: u64,
    judge_every: Option<u64>,
    patience: Option<u64>,
    #[serde(skip)]
    save_every: Option<u64>,
    #[serde(skip)]
    save_seconds: Option<u64>,
    #[serde(skip)]
    threads: Option<usize>,
}

impl Default for TrainingParams {
    fn default() -> Self {
        Self {
            epochs: 3,
            max_steps: None,
            batch: 32,
            length_window: 0,
            part_tokens: 1024,
            learning_rate: 5e-5,
            head_learning_rate: None,
            schedule: Schedule::Linear,
            warmup_share: 0.1,
            weight_decay: 0.01,
            max_gradient_norm: Some(1.0),
            dropout: 0.1,
            seed: 0,
            judge_every: None,
            patience: None,
            save_every: None,
            save_seconds: Some(300),
            threads: None,
        }
    }
}

impl TrainingParams {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of passes over the examples. Default `3`.
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.epochs = epochs;
        self
    }

    /// The most steps, whatever the epochs say; the schedule ends there, too. Default none.
    pub fn max_steps(mut self, max_steps: Option<u64>) -> Self {
        self.max_steps = max_steps;
        self
    }

    /// Batch size, in examples. Default `32`.
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Among how many batches examples are sorted by length, as [`Sampler::window`]; texts are not
    /// padded, so that there is little to gain. Default `0`, batches drawn from all.
    pub fn length_window(mut self, length_window: usize) -> Self {
        self.length_window = length_window;
        self
    }

    /// Tokens whose way through the encoder is kept at a time: a batch with more goes in parts, which
    /// costs nothing but where dropout falls. Bounds memory. Default `1024`.
    pub fn part_tokens(mut self, part_tokens: usize) -> Self {
        self.part_tokens = part_tokens;
        self
    }

    /// Peak learning rate: about the largest change of each number in a step. Default `5e-5`.
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// The learning rate of what is new (a classifier). Default none: the same.
    pub fn head_learning_rate(mut self, head_learning_rate: Option<f64>) -> Self {
        self.head_learning_rate = head_learning_rate;
        self
    }

    /// Schedule of the learning rate. Default [`Schedule::Linear`].
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The share of all steps, rounded, in which the learning rate rises. Default `0.1`.
    pub fn warmup_share(mut self, warmup_share: f64) -> Self {
        self.warmup_share = warmup_share;
        self
    }

    /// The share of a weight, times the learning rate, that goes at a step. Default `0.01`.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// A gradient that is longer is shortened to this length; `None` for none. Default `1.0`.
    pub fn max_gradient_norm(mut self, max_gradient_norm: Option<f64>) -> Self {
        self.max_gradient_norm = max_gradient_norm;
        self
    }

    /// The share of numbers that are left out at random. Default `0.1`.
    pub fn dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// Chooses the order of examples and what dropout leaves out. Default `0`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// After how many steps the parameters are evaluated, besides at every epoch's end. Default none.
    pub fn judge_every(mut self, judge_every: Option<u64>) -> Self {
        self.judge_every = judge_every;
        self
    }

    /// After how many scores that are no better than the best training stops. Default none: never.
    pub fn patience(mut self, patience: Option<u64>) -> Self {
        self.patience = patience;
        self
    }

    /// After how many steps the state is saved. Default none.
    pub fn save_every(mut self, save_every: Option<u64>) -> Self {
        self.save_every = save_every;
        self
    }

    /// After how many seconds the state is saved, at the next step's end. Default `300`.
    pub fn save_seconds(mut self, save_seconds: Option<u64>) -> Self {
        self.save_seconds = save_seconds;
        self
    }

    /// Number of threads; any number gives the same result. Default rayon's current pool.
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`TuneError::Setting`] names the first that is out of its range: counts are at least 1 where
    /// they are given, but the length window; a learning rate is above 0 and at most 1; the warm-up's
    /// share is 0 to 1; weight decay is 0 or above and times the learning rates at most 1; the
    /// gradient's length is above 0; dropout is at least 0 and below 1.
    pub fn check(self) -> Result<ValidTrainingParams, TuneError> {
        let counts = [
            ("epochs", Some(self.epochs)),
            ("max_steps", self.max_steps),
            ("batch", Some(self.batch as u64)),
            ("part_tokens", Some(self.part_tokens as u64)),
            ("judge_every", self.judge_every),
            ("patience", self.patience),
            ("save_every", self.save_every),
            ("save_seconds", self.save_seconds),
            ("threads", self.threads.map(|n| n as u64)),
        ];
        for (setting, count) in counts {
            require(setting, count.unwrap_or(1), count != Some(0), "at least 1")?;
        }
        let (rate, head_rate) = (self.learning_rate, self.head_rate());
        let expected = "a number above 0 and at most 1";
        require("learning_rate", rate, rate > 0.0 && rate <= 1.0, expected)?;
        require("head_learning_rate", head_rate, head_rate > 0.0 && head_rate <= 1.0, expected)?;
        let share = self.warmup_share;
        require("warmup_share", share, (0.0..=1.0).contains(&share), "a number from 0 to 1")?;
        let decay = self.weight_decay;
        // More would turn a weight's sign.
        let sound = decay >= 0.0 && decay * rate.max(head_rate) <= 1.0;
        let expected = "a number from 0 to 1 / learning rate";
        require("weight_decay", decay, sound, expected)?;
        if let Some(norm) = self.max_gradient_norm {
            let sound = norm > 0.0 && norm.is_finite();
            require("max_gradient_norm", norm, sound, "a finite number above 0")?;
        }
        let sound = (0.0..1.0).contains(&self.dropout);
        require("dropout", self.dropout, sound, "a number from 0 to below 1")?;
        Ok(ValidTrainingParams(self))
    }

    fn head_rate(&self) -> f64 {
        self.head_learning_rate.unwrap_or(self.learning_rate)
    }
}

fn require(
    setting: &str,
    value: impl Display,
    sound: bool,
    expected: &str,
) -> Result<(), TuneError> {
    if sound {
        return Ok(());
    }
    let (setting, value, expected) = (setting.to_owned(), value.to_string(), expected.to_owned());
    Err(TuneError::Setting { setting, found: value, expected })
}

/// Validated [`TrainingParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct ValidTrainingParams(TrainingParams);

impl ValidTrainingParams {
    /// The settings.
    pub fn params(&self) -> &TrainingParams {
        &self.0
    }

    /// Batch size, in examples.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.0.batch
    }

    /// Random seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Peak learning rate.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        self.0.learning_rate
    }

    /// Peak learning rate of the head; `None` if it is that of the other parameters.
    #[must_use]
    pub fn head_learning_rate(&self) -> Option<f64> {
        self.0.head_learning_rate
    }

    /// Number of steps of a training on this many examples.
    #[must_use]
    pub fn steps(&self, examples: usize) -> u64 {
        let total = self.0.epochs.saturating_mul(self.sampler().batches(examples) as u64);
        self.0.max_steps.map_or(total, |max| max.min(total))
    }

    /// Number of warm-up steps, of so many steps.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `steps`")]
    pub fn warmup_steps(&self, steps: u64) -> u64 {
        (self.0.warmup_share * as_f64(steps)).round() as u64
    }

    /// The learning rate at a step, from 0, of so many, and that of what is new.
    #[must_use]
    pub fn learning_rates(&self, step: u64, steps: u64) -> (f64, f64) {
        let share = self.0.schedule.share(step, self.warmup_steps(steps), steps);
        (self.0.learning_rate * share, self.0.head_rate() * share)
    }

    pub(super) fn sampler(&self) -> Sampler {
        let TrainingParams { batch, length_window: window, seed, .. } = self.0;
        Sampler { batch, window, seed }
    }

    pub(super) fn optimizer(&self) -> AdamW {
        AdamW { decay: self.0.weight_decay, ..AdamW::default() }
    }

    pub(super) fn part_tokens(&self) -> usize {
        self.0.part_tokens
    }

    pub(super) fn max_gradient_norm(&self) -> Option<f64> {
        self.0.max_gradient_norm
    }

    pub(super) fn dropout(&self) -> f32 {
        self.0.dropout
    }

    pub(super) fn patience(&self) -> Option<u64> {
        self.0.patience
    }

    pub(super) fn threads(&self) -> Option<usize> {
        self.0.threads
    }

    /// Whether the parameters are to be evaluated after `step` of `steps`.
    pub(super) fn evaluates_after(&self, step: u64, steps: u64, epoch_steps: u64) -> bool {
        let every = |n: u64| step.is_multiple_of(n);
        step > 0 && (step == steps || every(epoch_steps) || self.0.judge_every.is_some_and(every))
    }

    /// Whether the state is to be saved, so many steps and seconds after it was.
    pub(super) fn saves_after(&self, steps: u64, seconds: f64) -> bool {
        steps > 0
            && (self.0.save_every.is_some_and(|every| steps >= every)
                || self.0.save_seconds.is_some_and(|every| seconds >= as_f64(every)))
    }
}
