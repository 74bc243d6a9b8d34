//! All of it together: steps, evaluation, stopping.
use std::cmp::Ordering as CmpOrdering;
use std::time::Instant;

use cloze_core::Cancel;
use serde::{Deserialize, Serialize};

use super::event::{EndReason, Event, Outcome, StepScore, ValidationScore};
use super::learner::Learner;
use super::optimizer::{AdamMoments, clipping, gradient_norm};
use super::params::ValidTrainingParams;
use super::sampler::parts;
use super::state::{self, Ground, StateFile};
use crate::encoder::DropoutAt;
use crate::random::derive;
use crate::{Parameter, Parameters, TuneError};

/// The part of the seed that dropout has; the epochs have those from 0.
const DROPOUT: u64 = u64::MAX;

/// Evaluates parameters by examples that they are not trained on.
pub type Evaluate<'a, L> = &'a mut (dyn FnMut(&mut L) -> Result<ValidationScore, TuneError> + Send);

/// Is told what happens; an error ends the training.
pub type Observe<'a> = &'a mut (dyn FnMut(&Event) -> Result<(), TuneError> + Send);

/// Log, state file and observer of a training.
pub struct Watch<'a, L> {
    /// Asked at every epoch's end and every
    /// [`judge_every`](super::TrainingParams::judge_every) steps. Must not change parameters.
    pub evaluate: Option<Evaluate<'a, L>>,
    /// Told of every event.
    pub observe: Observe<'a>,
    /// Cancelled from outside to end the training after the step, or the evaluation, that is under way.
    /// With [`state`](Self::state) it can go on later.
    pub stop: &'a Cancel,
    /// File that the state is saved to: when it is time, at a stop, and at the end.
    pub state: Option<StateFile<'a>>,
}

impl ValidTrainingParams {
    /// Trains the parameters of `learner` on `examples`, and leaves them at the best ones that
    /// `watch` has evaluated. The same numbers for the same settings and examples on any number of
    /// threads, and after any number of stops.
    ///
    /// # Errors
    /// [`TuneError::NoExamples`]; [`TuneError::NotFinite`] names the step at which a loss, a weight
    /// of examples, a gradient or a score is not a number any more, and the parameters are those
    /// before it; [`TuneError::State`] for a state that is damaged or does not go with the
    /// settings, the examples or the parameters, which then stay as they are; [`TuneError::Store`]
    /// for a file that cannot be read or written; [`TuneError::Threads`]; those of the learner, the
    /// evaluation and the observer.
    pub fn train<L>(
        &self,
        learner: &mut L,
        examples: &[L::Example],
        watch: Watch<'_, L>,
    ) -> Result<Outcome, TuneError>
    where
        L: Learner + Send,
    {
        if examples.is_empty() {
            return Err(TuneError::NoExamples);
        }
        let work = || Run::new(self, learner, examples, watch)?.go();
        match self.threads() {
            None => work(),
            Some(threads) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().map_err(|source| TuneError::Threads { threads, source })?.install(work)
            }
        }
    }
}

/// Progress of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The last step.
    pub(super) step: u64,
    /// Loss of this step's epoch, summed.
    pub(super) epoch_loss: f64,
    pub(super) epoch_weight: f64,
    /// All scores.
    pub(super) history: Vec<StepScore>,
    /// Index of the best score in the history.
    pub(super) best: Option<usize>,
}

impl Progress {
    fn evaluated(&self) -> u64 {
        self.history.last().map_or(0, |score| score.step)
    }
}

struct Run<'a, 'w, L: Learner> {
    params: &'a ValidTrainingParams,
    learner: &'a mut L,
    examples: &'a [L::Example],
    watch: Watch<'w, L>,
    lengths: Vec<usize>,
    steps: u64,
    epoch_steps: u64,
    progress: Progress,
    moments: AdamMoments,
    /// The best trained numbers, end to end; empty before the first score.
    best: Vec<f32>,
    /// The epoch and its batches.
    batches: (u64, Vec<Vec<usize>>),
    /// The last step that is on the disk, and when it came there.
    saved: (u64, Instant),
}

impl<'a, 'w, L: Learner> Run<'a, 'w, L> {
    fn new(
        params: &'a ValidTrainingParams,
        learner: &'a mut L,
        examples: &'a [L::Example],
        watch: Watch<'w, L>,
    ) -> Result<Self, TuneError> {
        let lengths: Vec<_> = examples.iter().map(|example| learner.tokens(example)).collect();
        let sampler = params.sampler();
        let mut run = Self {
            params,
            watch,
            examples,
            steps: params.steps(lengths.len()),
            epoch_steps: sampler.batches(lengths.len()) as u64,
            batches: (0, sampler.epoch(0, &lengths)),
            lengths,
            progress: Progress::default(),
            moments: AdamMoments::new(learner.parameters()),
            best: vec![],
            learner,
            saved: (0, Instant::now()),
        };
        if let Some(file) = run.watch.state.filter(|file| file.resume) {
            let state = state::read(file.path, &run.ground(file), run.steps)?;
            put(run.learner.parameters_mut(), &state.weights);
            run.saved.0 = state.progress.step;
            (run.progress, run.moments, run.best) = (state.progress, state.moments, state.best);
        }
        run.learner.parameters_mut().clear_gradients();
        Ok(run)
    }

    fn go(mut self) -> Result<Outcome, TuneError> {
        self.tell(&Event::Started {
            step: self.progress.step,
            evaluated: self.progress.evaluated(),
            of: self.steps,
            epoch_steps: self.epoch_steps,
            trained: self.moments.first.len(),
        })?;
        let why = loop {
            let evaluates = self.is_evaluated_now();
            // Saved at the end, too: what comes after a training may fail.
            if !evaluates && self.is_out_of_patience() {
                self.save()?;
                break EndReason::Patience;
            }
            if !evaluates && self.progress.step >= self.steps {
                self.save()?;
                break EndReason::Done;
            }
            // Asked between a step and its evaluation, too: both may take long.
            if self.watch.stop.is_cancelled() {
                self.save()?;
                break EndReason::Interrupted;
            }
            if evaluates {
                self.evaluate()?;
                continue;
            }
            let unsaved = self.progress.step - self.saved.0;
            if self.params.saves_after(unsaved, self.saved.1.elapsed().as_secs_f64()) {
                self.save()?;
            }
            self.step()?;
        };
        let Progress { step, history, best, .. } = std::mem::take(&mut self.progress);
        if best.is_some() {
            put(self.learner.parameters_mut(), &self.best);
        }
        self.tell(&Event::Ended { step, why })?;
        let best = best.map(|index| history[index].clone());
        Ok(Outcome { steps: step, best, history, why })
    }

    fn tell(&mut self, event: &Event) -> Result<(), TuneError> {
        (self.watch.observe)(event)
    }

    fn ground(&self, file: StateFile<'_>) -> Ground {
        let (params, parameters) = (self.params.params(), self.learner.parameters());
        Ground::new(file.fingerprint, params, self.examples.len(), parameters)
    }

    fn save(&mut self) -> Result<(), TuneError> {
        let Some(file) = self.watch.state else { return Ok(()) };
        let (ground, parameters) = (self.ground(file), self.learner.parameters());
        state::write(file.path, ground, &self.progress, parameters, &self.moments, &self.best)?;
        self.saved = (self.progress.step, Instant::now());
        self.tell(&Event::Saved { step: self.progress.step })
    }

    fn is_evaluated_now(&self) -> bool {
        let step = self.progress.step;
        self.watch.evaluate.is_some()
            && self.progress.evaluated() != step
            && self.params.evaluates_after(step, self.steps, self.epoch_steps)
    }

    fn is_out_of_patience(&self) -> bool {
        let Progress { history, best: Some(best), .. } = &self.progress else { return false };
        let waited = (history.len() - 1 - best) as u64;
        self.params.patience().is_some_and(|patience| waited >= patience)
    }

    fn evaluate(&mut self) -> Result<(), TuneError> {
        let Some(evaluate) = self.watch.evaluate.as_mut() else { return Ok(()) };
        let (start, step) = (Instant::now(), self.progress.step);
        let score = evaluate(self.learner)?;
        finite(step, "the metric", score.metric)?;
        score.loss.map_or(Ok(()), |loss| finite(step, "the loss on held-out examples", loss))?;
        let Progress { history, best, .. } = &mut self.progress;
        let is_best = best.is_none_or(|best| is_better(&score, &history[best].score));
        if is_best {
            *best = Some(history.len());
            self.best.clear();
            trained(self.learner.parameters()).for_each(|p| self.best.extend(&p.value));
        }
        history.push(StepScore { step, score: score.clone() });
        let seconds = start.elapsed().as_secs_f64();
        self.tell(&Event::Evaluated { step, score, best: is_best, seconds })
    }

    fn step(&mut self) -> Result<(), TuneError> {
        let start = Instant::now();
        let (step, epoch) = (self.progress.step, self.progress.step / self.epoch_steps);
        if self.batches.0 != epoch {
            self.batches = (epoch, self.params.sampler().epoch(epoch, &self.lengths));
        }
        if step.is_multiple_of(self.epoch_steps) {
            (self.progress.epoch_loss, self.progress.epoch_weight) = (0.0, 0.0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "below the number of batches")]
        let batch = &self.batches.1[(step % self.epoch_steps) as usize];
        let tokens = batch.iter().map(|&example| self.lengths[example]).sum();
        let (loss, weight) = self.accumulate(step + 1)?;
        let norm = gradient_norm(self.learner.parameters());
        finite(step + 1, "the gradient's length", norm)?;
        let (rate, head_rate) = self.params.learning_rates(step, self.steps);
        // Examples without a label: nothing to learn, and no reason for weights to decay.
        if weight > 0.0 {
            let scale = self.params.max_gradient_norm().map_or(1.0, |max| clipping(norm, max));
            let head_start = self.learner.head_start();
            let rate_of = |index| if index < head_start { rate } else { head_rate };
            let parameters = self.learner.parameters_mut();
            self.params.optimizer().step(parameters, &mut self.moments, scale, rate_of);
        }
        self.progress.step += 1;
        self.progress.epoch_loss += loss;
        self.progress.epoch_weight += weight;
        self.tell(&Event::Step {
            step: step + 1,
            of: self.steps,
            epoch: epoch + 1,
            loss: mean(loss, weight),
            mean_loss: mean(self.progress.epoch_loss, self.progress.epoch_weight),
            learning_rate: rate,
            gradient_norm: norm,
            tokens,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// The loss of a step's examples and what they count, summed; and the gradient of their ratio.
    fn accumulate(&mut self, step: u64) -> Result<(f64, f64), TuneError> {
        #[expect(clippy::cast_possible_truncation, reason = "below the number of batches")]
        let batch = &self.batches.1[((step - 1) % self.epoch_steps) as usize];
        let lengths: Vec<_> = batch.iter().map(|&example| self.lengths[example]).collect();
        let batch: Vec<_> = batch.iter().map(|&example| &self.examples[example]).collect();
        let weight: f64 = batch.iter().map(|example| self.learner.weight(example)).sum();
        finite(step, "the weight of its examples", weight)?;
        if weight <= 0.0 {
            return Ok((0.0, 0.0));
        }
        let most = if self.learner.is_divisible() { self.params.part_tokens() } else { usize::MAX };
        let mut loss = 0.0;
        for (i, part) in parts(&lengths, most).into_iter().enumerate() {
            let seed = derive(derive(derive(self.params.seed(), DROPOUT), step), i as u64);
            let dropout = DropoutAt { seed, rate: self.params.dropout() };
            #[expect(clippy::cast_possible_truncation, reason = "a factor of f32 numbers")]
            let scale = (1.0 / weight) as f32;
            loss += self.learner.accumulate(&batch[part], scale, dropout)?;
        }
        finite(step, "the loss", loss)?;
        Ok((loss, weight))
    }
}

/// Whether the metric is higher, or it is as high and the loss lower.
fn is_better(score: &ValidationScore, best: &ValidationScore) -> bool {
    let lower = || score.loss.zip(best.loss).is_some_and(|(loss, best)| loss < best);
    match score.metric.partial_cmp(&best.metric) {
        Some(CmpOrdering::Equal) => lower(),
        order => order == Some(CmpOrdering::Greater),
    }
}

fn mean(loss: f64, weight: f64) -> f64 {
    if weight > 0.0 { loss / weight } else { 0.0 }
}

fn finite(step: u64, what: &'static str, value: f64) -> Result<(), TuneError> {
    if value.is_finite() { Ok(()) } else { Err(TuneError::NotFinite { step, what, found: value }) }
}

/// The parameters that are trained, in order.
pub(super) fn trained(parameters: &Parameters) -> impl Iterator<Item = &Parameter> {
    parameters.list().iter().filter(|parameter| parameter.is_trained())
}

/// Puts numbers, end to end, in the place of those that are trained.
pub(super) fn put(parameters: &mut Parameters, mut numbers: &[f32]) {
    for parameter in parameters.list_mut().iter_mut().filter(|p| p.is_trained()) {
        let (values, others) = numbers.split_at(parameter.value.len());
        parameter.value.copy_from_slice(values);
        numbers = others;
    }
}
