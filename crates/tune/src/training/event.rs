//! Events during a training, and its outcome.
use serde::{Deserialize, Serialize};

/// Quality of the parameters, on examples that they are not trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationScore {
    /// Metric that the best parameters are chosen by; higher is better, and of equal ones a lower
    /// loss.
    pub metric: f64,
    /// The mean loss, where it was worked out.
    pub loss: Option<f64>,
}

/// Score of the parameters after a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepScore {
    /// Step after which the parameters were evaluated.
    pub step: u64,
    /// Their score.
    pub score: ValidationScore,
}

/// Why a training has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All steps are done.
    Done,
    /// The score has not become better for a while.
    Patience,
    /// It was told to stop, and can go on later if it has saved its state.
    Interrupted,
}

/// Outcome of a training, besides the parameters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// Number of steps taken, including those before a stop.
    pub steps: u64,
    /// The best score, whose parameters are there now; `None` if nothing was evaluated, and they
    /// are the parameters after the last step.
    pub best: Option<StepScore>,
    /// All scores, in order.
    pub history: Vec<StepScore>,
    /// Reason for its end.
    pub why: EndReason,
}

/// Event during a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// It starts, or goes on.
    Started {
        /// The last step that was taken before; 0 at the very start.
        step: u64,
        /// The last step that was evaluated before.
        #[serde(rename = "judged")]
        evaluated: u64,
        /// Number of steps of the training.
        of: u64,
        /// Number of steps of an epoch.
        epoch_steps: u64,
        /// Number of trained parameters.
        trained: usize,
    },
    /// A step was taken.
    Step {
        /// Number of the step, from 1.
        step: u64,
        /// Number of steps of the training.
        of: u64,
        /// Epoch of the step, from 1.
        epoch: u64,
        /// The loss of its examples, before it.
        loss: f64,
        /// The loss of the epoch's examples so far.
        mean_loss: f64,
        /// The learning rate, but that of a new head if it has its own.
        learning_rate: f64,
        /// The length of the gradient, before clipping.
        gradient_norm: f64,
        /// Number of tokens of its examples.
        tokens: usize,
        /// Duration of the step, in seconds.
        seconds: f64,
    },
    /// The parameters were evaluated.
    #[serde(rename = "judged")]
    Evaluated {
        /// Step after which the parameters were evaluated.
        step: u64,
        /// Their score.
        score: ValidationScore,
        /// Whether it is the best so far.
        best: bool,
        /// Duration of the evaluation, in seconds.
        seconds: f64,
    },
    /// All is on the disk that is needed to go on from here.
    Saved {
        /// The last step that was taken.
        step: u64,
    },
    /// It has ended.
    Ended {
        /// The last step that was taken.
        step: u64,
        /// Why.
        why: EndReason,
    },
}
