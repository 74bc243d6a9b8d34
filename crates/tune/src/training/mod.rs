//! Steps, their size, evaluation, stopping, going on after a stop.
//!
//! In the order data flows:
//! - [`TrainingParams`]: number of steps, learning rate, intervals;
//! - [`Sampler`]: the examples of a step;
//! - [`Learner`]: source of a loss and its gradient;
//! - [`Schedule`]: the learning rate over the steps;
//! - [`AdamMoments`]: a step of the optimizer;
//! - [`Evaluate`]: all of it together;
//! - [`Event`]: events during a training, and [`Outcome`] at its end;
//! - [`TrainingLog`]: the event log file;
//! - [`StateFile`]: the checkpoint that a training resumes from.
mod event;
mod learner;
mod log;
mod optimizer;
mod params;
mod run;
mod sampler;
mod schedule;
mod state;

pub use event::{EndReason, Event, Outcome, StepScore, ValidationScore};
pub use learner::{Learner, TaskLearner};
pub use log::TrainingLog;
pub use optimizer::{AdamMoments, AdamW, clipping, gradient_norm};
pub use params::{TrainingParams, ValidTrainingParams};
pub use run::{Evaluate, Observe, Watch};
pub use sampler::{Sampler, parts};
pub use schedule::Schedule;
pub use state::StateFile;
