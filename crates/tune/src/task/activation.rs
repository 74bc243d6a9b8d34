//! Activation of a head, between its two layers.
use std::f64::consts::{FRAC_1_SQRT_2, PI};

use cloze_checkpoint::family::HeadActivation;

/// The result and its derivative. In f64: there are few such numbers.
pub(super) fn apply(activation: HeadActivation, x: f64) -> (f64, f64) {
    match activation {
        HeadActivation::Tanh => {
            let y = x.tanh();
            (y, 1.0 - y * y)
        }
        // Of 0 the derivative is 0, as PyTorch has it. NaN stays.
        HeadActivation::Relu if x <= 0.0 => (0.0, 0.0),
        HeadActivation::Relu => (x, 1.0),
        HeadActivation::Gelu => {
            let below = 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
            let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
            (x * below, below + x * density)
        }
    }
}
