//! Steps, their size, evaluation, stopping, going on after a stop.
//!
//! In the order data flows:
//! - [`TrainingParams`]: how long, how fast, how often;
//! - [`Sampler`]: which examples a step sees;
//! - [`Learner`]: what a loss and its gradient come from;
//! - [`Schedule`]: the learning rate over the steps;
//! - [`AdamMoments`]: a step;
//! - [`Evaluate`]: all of it together;
//! - [`Event`]: what is told meanwhile, and what comes out;
//! - [`TrainingLog`]: that on the disk;
//! - [`StateFile`]: and all that is needed to go on.
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
