//! Reference values of PyTorch and transformers: `tests/data/make_optimizer.py`.
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Reference {
    pub(crate) adamw: Vec<Case>,
    pub(crate) schedules: Vec<Course>,
}

/// A weight that decays and a bias that does not, under `AdamW`.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) epsilon: f64,
    pub(crate) decay: f64,
    pub(crate) clip: f64,
    pub(crate) rates: [f64; 2],
    pub(crate) start: [Vec<f32>; 2],
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) gradients: [Vec<f32>; 2],
    /// Before clipping.
    pub(crate) norm: f64,
    /// After the step.
    pub(crate) values: [Vec<f32>; 2],
}

#[derive(Deserialize)]
pub(crate) struct Course {
    pub(crate) name: String,
    pub(crate) warmup: u64,
    pub(crate) of: u64,
    /// At each step from 0, one more than there are.
    pub(crate) shares: Vec<f64>,
}

pub(crate) fn reference() -> Reference {
    serde_json::from_str(include_str!("../data/optimizer.json")).expect("the reference")
}
