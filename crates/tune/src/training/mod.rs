//! Steps, their size, judging, stopping, going on after a stop.
//!
//! In the order data flows:
//! - [`params`]: how long, how fast, how often;
//! - [`sampler`]: which examples a step sees;
//! - [`learner`]: what a loss and its gradient come from;
//! - [`schedule`]: the learning rate over the steps;
//! - [`optimizer`]: a step;
//! - [`run`]: all of it together;
//! - [`event`]: what is told meanwhile, and what comes out;
//! - [`log`]: that on the disk;
//! - [`state`]: and all that is needed to go on.
pub mod event;
pub mod learner;
pub mod log;
pub mod optimizer;
pub mod params;
pub mod run;
pub mod sampler;
pub mod schedule;
pub mod state;

pub use event::{Event, Judged, Outcome, ValidationScore, Why};
pub use learner::{Learner, TaskLearner};
pub use log::TrainingLog;
pub use params::{TrainingParams, ValidTrainingParams};
pub use run::Watch;
pub use schedule::Schedule;
pub use state::StateFile;
