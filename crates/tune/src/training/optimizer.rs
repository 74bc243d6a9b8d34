//! A step: gradients, clipped, to smaller losses.
use pulp::Arch;
use rayon::prelude::*;

use crate::Parameters;

/// Numbers a thread takes at a time. Fixed, so that sums over them are the same for any threads;
/// four streams of them fit the nearest caches.
const CHUNK: usize = 8192;

/// Adam with decoupled weight decay. Source: Loshchilov & Hutter, ICLR 2019, in the arithmetic and
/// with the defaults of PyTorch 2.15's `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay rate of the mean of gradients.
    pub beta1: f64,
    /// Decay rate of the mean of squared gradients.
    pub beta2: f64,
    /// Constant added to the root of the mean square before dividing by it.
    pub epsilon: f64,
    /// The share of a weight, times the learning rate, that goes at a step, of parameters that
    /// [decay](crate::Parameter::decays).
    pub decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.01 }
    }
}

/// The means that [`AdamW`] keeps of every trained number, in the order of [`Parameters`], end to
/// end.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamMoments {
    /// Mean of the gradient.
    pub first: Vec<f32>,
    /// Mean of the squared gradient.
    pub second: Vec<f32>,
    /// Number of steps taken.
    pub steps: u64,
}

impl AdamMoments {
    /// Before the first step.
    #[must_use]
    pub fn new(parameters: &Parameters) -> Self {
        let (trained, _) = parameters.counts();
        Self { first: vec![0.0; trained], second: vec![0.0; trained], steps: 0 }
    }
}

/// A piece of a parameter, and what a step does to it.
struct Piece<'a> {
    value: &'a mut [f32],
    gradient: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    /// Factor of a weight after decay.
    keep: f32,
    /// The learning rate, with the mean's bias from having started at 0 taken out.
    rate: f32,
}

/// Factors that all pieces share.
#[derive(Clone, Copy)]
struct Factors {
    scale: f32,
    first: f32,
    second: f32,
    keep_second: f32,
    root_correction: f32,
    epsilon: f32,
}

impl AdamW {
    /// Changes all trained parameters by their gradients times `scale`, and sets those to 0.
    /// `rate` tells the learning rate of a parameter from its place among all.
    ///
    /// # Panics
    /// If `moments` are those of other parameters.
    #[expect(clippy::cast_possible_truncation, reason = "factors of f32 numbers")]
    pub fn step(
        &self,
        parameters: &mut Parameters,
        moments: &mut AdamMoments,
        scale: f32,
        rate: impl Fn(usize) -> f64,
    ) {
        moments.steps = moments.steps.saturating_add(1);
        let power = |beta: f64| beta.powf(as_f64(moments.steps));
        let correction = 1.0 - power(self.beta1);
        let factors = Factors {
            scale,
            first: (1.0 - self.beta1) as f32,
            second: (1.0 - self.beta2) as f32,
            keep_second: self.beta2 as f32,
            root_correction: (1.0 - power(self.beta2)).sqrt() as f32,
            epsilon: self.epsilon as f32,
        };

        let mut pieces = vec![];
        let (mut first, mut second) = (&mut moments.first[..], &mut moments.second[..]);
        for (index, parameter) in parameters.list_mut().iter_mut().enumerate() {
            if !parameter.is_trained() {
                continue;
            }
            let rate = rate(index);
            let keep = if parameter.decays { 1.0 - rate * self.decay } else { 1.0 };
            let (keep, rate) = (keep as f32, (rate / correction) as f32);
            let (own_first, other_first) = first.split_at_mut(parameter.value.len());
            let (own_second, other_second) = second.split_at_mut(parameter.value.len());
            (first, second) = (other_first, other_second);
            let values = parameter.value.chunks_mut(CHUNK);
            let gradients = parameter.gradient.chunks_mut(CHUNK);
            let means = own_first.chunks_mut(CHUNK).zip(own_second.chunks_mut(CHUNK));
            pieces.extend(values.zip(gradients).zip(means).map(
                |((value, gradient), (first, second))| Piece {
                    value,
                    gradient,
                    first,
                    second,
                    keep,
                    rate,
                },
            ));
        }
        let arch = Arch::new();
        pieces.into_par_iter().for_each(|piece| arch.dispatch(|| change(piece, factors)));
    }
}

/// One pass over the memory, which is what a step costs. No fused multiply-add, which not every
/// machine has.
#[inline(always)]
#[expect(clippy::inline_always, reason = "takes on the vector instructions of its caller")]
fn change(piece: Piece<'_>, factors: Factors) {
    let Piece { value, gradient, first, second, keep, rate } = piece;
    let Factors { scale, first: lerp, second: part, keep_second, root_correction, epsilon } =
        factors;
    let means = first.iter_mut().zip(second.iter_mut());
    for ((x, gradient), (m, v)) in value.iter_mut().zip(gradient.iter_mut()).zip(means) {
        let g = *gradient * scale;
        *gradient = 0.0;
        *m += (g - *m) * lerp;
        *v = *v * keep_second + part * g * g;
        *x = *x * keep - rate * (*m / (v.sqrt() / root_correction + epsilon));
    }
}

/// The length of the gradient of all trained parameters together.
#[must_use]
pub fn gradient_norm(parameters: &Parameters) -> f64 {
    let trained = parameters.list().iter().filter(|p| p.is_trained());
    let pieces: Vec<_> = trained.flat_map(|p| p.gradient.chunks(CHUNK)).collect();
    let arch = Arch::new();
    let sums: Vec<f64> =
        pieces.into_par_iter().map(|piece| arch.dispatch(|| squares(piece))).collect();
    sums.iter().sum::<f64>().sqrt()
}

#[inline(always)]
fn squares(piece: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let mut add = |eight: &[f32]| {
        for (sum, &x) in sums.iter_mut().zip(eight) {
            *sum += f64::from(x) * f64::from(x);
        }
    };
    let mut chunks = piece.chunks_exact(LANES);
    chunks.by_ref().for_each(&mut add);
    add(chunks.remainder());
    sums.iter().sum()
}

/// Factor that clips a gradient of norm `norm` to `max`.
/// Source: Pascanu et al. 2013, as PyTorch 2.15's `clip_grad_norm_` has it.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a factor of f32 numbers")]
pub fn clipping(norm: f64, max: f64) -> f32 {
    (max / (norm + 1e-6)).min(1.0) as f32
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub(crate) fn as_f64(n: u64) -> f64 {
    n as f64
}
