//! The learning rate over the steps.
use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::optimizer::as_f64;

/// Decay of the learning rate after the warm-up. Source: transformers 5.23.0's `optimization.py`;
/// here the first step of a warm-up already moves, while there it has a rate of 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// In a line, so that a step after the last would have 0.
    #[default]
    Linear,
    /// As half a cosine wave, likewise.
    Cosine,
    /// Not at all.
    Constant,
}

impl Schedule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Cosine, Self::Constant];

    /// The share of the full learning rate at `step`, from 0 to below `of`: in the first `warmup`
    /// steps rising in a line to 1.
    #[must_use]
    pub fn share(self, step: u64, warmup: u64, of: u64) -> f64 {
        if step < warmup {
            return as_f64(step.saturating_add(1)) / as_f64(warmup);
        }
        let done = as_f64(step - warmup) / as_f64(of.saturating_sub(warmup).max(1));
        match self {
            Self::Linear => (1.0 - done).max(0.0),
            Self::Cosine => 0.5 * (1.0 + (PI * done.min(1.0)).cos()),
            Self::Constant => 1.0,
        }
    }
}
