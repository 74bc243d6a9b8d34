//! Activation between the two matrices of the feed-forward network, and its slope.
//! Source of the functions: transformers, `activations.py`.
use cloze_checkpoint::Activation;

use cloze_kernel::{exp, normal, vectorised};

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

const TANH_SCALE: f32 = 0.797_884_6;
const TANH_CUBE: f32 = 0.044_715;
const QUICK: f32 = 1.702;

/// The value and the slope at x.
#[inline(always)]
fn of(activation: Activation, x: f32) -> (f32, f32) {
    match activation {
        Activation::Gelu => {
            let (below, density) = normal(x);
            (x * below, below + x * density)
        }
        Activation::GeluTanh => {
            let t = tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x));
            let inner = TANH_SCALE * (1.0 + 3.0 * TANH_CUBE * x * x);
            (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)
        }
        Activation::QuickGelu => {
            let s = sigmoid(QUICK * x);
            (x * s, s + x * QUICK * s * (1.0 - s))
        }
        Activation::Relu => (x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
        Activation::Silu => {
            let s = sigmoid(x);
            (x * s, s + x * s * (1.0 - s))
        }
        Activation::Tanh => {
            let t = tanh(x);
            (t, 1.0 - t * t)
        }
        Activation::Sigmoid => {
            let s = sigmoid(x);
            (s, s * (1.0 - s))
        }
    }
}

/// A loop for each activation, in which it is the constant `$known`: as a value it would be asked
/// for at every number.
macro_rules! each {
    ($activation:expr, |$known:ident| $loop:expr) => {
        match $activation {
            Activation::Gelu => each!(@ Gelu, $known, $loop),
            Activation::GeluTanh => each!(@ GeluTanh, $known, $loop),
            Activation::QuickGelu => each!(@ QuickGelu, $known, $loop),
            Activation::Relu => each!(@ Relu, $known, $loop),
            Activation::Silu => each!(@ Silu, $known, $loop),
            Activation::Tanh => each!(@ Tanh, $known, $loop),
            Activation::Sigmoid => each!(@ Sigmoid, $known, $loop),
        }
    };
    (@ $name:ident, $known:ident, $loop:expr) => {{
        const $known: Activation = Activation::$name;
        vectorised(#[inline(always)] || $loop)
    }};
}

/// `out` = the activation of `x`, place by place.
pub(crate) fn forward(activation: Activation, x: &[f32], out: &mut [f32]) {
    each!(activation, |KNOWN| for (out, &x) in out.iter_mut().zip(x) {
        *out = of(KNOWN, x).0;
    });
}

/// Multiplies `gradient`, of the activation's value, by the slope at `x`: it becomes that of `x`.
pub(crate) fn backward(activation: Activation, x: &[f32], gradient: &mut [f32]) {
    each!(activation, |KNOWN| for (gradient, &x) in gradient.iter_mut().zip(x) {
        *gradient *= of(KNOWN, x).1;
    });
}

/// `out` = the activation of `gate` times `up`, place by place (Shazeer 2020).
pub(crate) fn gated_forward(activation: Activation, gate: &[f32], up: &[f32], out: &mut [f32]) {
    each!(activation, |KNOWN| for (out, (&gate, up)) in out.iter_mut().zip(gate.iter().zip(up)) {
        *out = of(KNOWN, gate).0 * up;
    });
}

/// Turns `gradient`, of [`gated_forward`]'s `out`, into that of its `gate`; that of its `up` goes into
/// `of_up`.
pub(crate) fn gated_backward(
    activation: Activation,
    gate: &[f32],
    up: &[f32],
    gradient: &mut [f32],
    of_up: &mut [f32],
) {
    each!(activation, |KNOWN| for ((gradient, of_up), (&gate, up)) in
        gradient.iter_mut().zip(of_up).zip(gate.iter().zip(up))
    {
        let (value, slope) = of(KNOWN, gate);
        *of_up = *gradient * value;
        *gradient *= up * slope;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 7] = [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::QuickGelu,
        Activation::Relu,
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
    ];

    /// Φ at 0, 1 and −2 as tables have it (0.5, 0.841344746, 0.022750132), so gelu(1) = 0.841344746
    /// and gelu(−2) = −0.045500264; φ(1) = 0.241970725, so gelu'(1) = 1.083315471.
    #[test]
    fn gelu_is_as_in_the_tables() {
        let near = |a: f32, b: f64| assert!((f64::from(a) - b).abs() < 5e-7, "{a} {b}");
        near(of(Activation::Gelu, 1.0).0, 0.841_344_746);
        near(of(Activation::Gelu, 1.0).1, 1.083_315_471);
        near(of(Activation::Gelu, -2.0).0, -0.045_500_264);
        near(normal(0.0).0, 0.5);
        near(of(Activation::GeluTanh, 1.0).0, 0.841_191_991);
        near(of(Activation::QuickGelu, 1.0).0, 0.845_795_765);
        near(of(Activation::Silu, 1.0).0, 0.731_058_579);
        near(of(Activation::Tanh, 0.5).0, 0.462_117_157);
    }

    /// The slope is what the value rises by, seen from both sides; Relu's corner aside.
    #[test]
    fn slopes_are_those_of_the_values() {
        for activation in ALL {
            for i in -60..60_i16 {
                let x = f32::from(i) / 10.0 + 0.05;
                let step = 1.0 / 64.0;
                let [mut up, mut down, mut slope] = [[0.0], [0.0], [1.0]];
                forward(activation, &[x + step], &mut up);
                forward(activation, &[x - step], &mut down);
                backward(activation, &[x], &mut slope);
                let expected = (f64::from(up[0]) - f64::from(down[0])) / (2.0 * f64::from(step));
                let worst = (f64::from(slope[0]) - expected).abs();
                assert!(worst < 2e-4, "{activation:?} at {x}: {} {expected}", slope[0]);
            }
        }
    }

    /// silu(1) = 0.731058579 and its slope there 0.927670512 = σ + σ (1 − σ); up 3, gradient 2: value
    /// 2.193175736, of the gate 2 · 3 · 0.927670512, of up 2 · 0.731058579.
    #[test]
    fn gates_are_as_worked_by_hand() {
        let near = |a: f32, b: f32| assert!((a - b).abs() < 2e-6, "{a} {b}");
        let (mut out, mut gradient, mut of_up) = ([0.0], [2.0], [0.0]);
        gated_forward(Activation::Silu, &[1.0], &[3.0], &mut out);
        near(out[0], 2.193_175_7);
        gated_backward(Activation::Silu, &[1.0], &[3.0], &mut gradient, &mut of_up);
        near(gradient[0], 5.566_023);
        near(of_up[0], 1.462_117_2);
    }
}
