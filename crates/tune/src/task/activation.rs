//! What a head applies to each number between its two layers.
use std::f64::consts::{FRAC_1_SQRT_2, PI};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Tanh,
    Relu,
    /// Exact, by the error function (Hendrycks & Gimpel 2016).
    Gelu,
}

impl Activation {
    /// The result and its derivative. In f64: there are few such numbers.
    pub(super) fn apply(self, x: f64) -> (f64, f64) {
        match self {
            Self::Tanh => {
                let y = x.tanh();
                (y, 1.0 - y * y)
            }
            // Of 0 the derivative is 0, as PyTorch has it. NaN stays.
            Self::Relu if x <= 0.0 => (0.0, 0.0),
            Self::Relu => (x, 1.0),
            Self::Gelu => {
                let below = 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
                let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
                (x * below, below + x * density)
            }
        }
    }
}
