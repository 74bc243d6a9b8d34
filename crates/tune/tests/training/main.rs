//! The training loop, on learners small enough to follow.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "f64 to f32, and a few examples"
)]
mod log;
mod optimizer;
mod params;
mod reference;
mod resume;
mod run;
mod sampler;
mod schedule;
mod state;
mod toy;
