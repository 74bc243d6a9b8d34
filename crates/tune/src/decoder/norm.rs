//! Layer norm or root mean square norm, as the family has it.
use crate::encoder::group::sized;
use crate::kernel::{norm, rms};
use crate::{Id, Parameters};

/// A norm's parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecoderNorm {
    pub(super) weight: Id,
    /// `None` for a root mean square norm.
    pub(super) bias: Option<Id>,
    pub(super) epsilon: f32,
    pub(super) is_trained: bool,
}

/// Activations of a norm saved for the backward pass.
#[derive(Debug, Default)]
pub(super) struct NormKept {
    normed: Vec<f32>,
    scale: Vec<f32>,
}

impl DecoderNorm {
    pub(super) fn trained(&self) -> bool {
        self.is_trained
    }

    /// `out` = the norm of every row of `x`.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        x: &[f32],
        kept: &mut NormKept,
        out: &mut [f32],
    ) {
        let weight = parameters.value(self.weight);
        let normed = sized(&mut kept.normed, x.len());
        let scale = sized(&mut kept.scale, x.len() / weight.len());
        match self.bias {
            Some(bias) => {
                let bias = parameters.value(bias);
                norm::forward(x, weight, bias, self.epsilon, normed, scale, out);
            }
            None => rms::forward(x, weight, self.epsilon, normed, scale, out),
        }
    }

    /// Turns the gradient of the norm's result into that of its input.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        kept: &NormKept,
        gradient: &mut [f32],
        partials: &mut Vec<(Id, Vec<f32>)>,
    ) {
        let NormKept { normed, scale } = kept;
        let weight = parameters.value(self.weight);
        let zeros = || self.is_trained.then(|| vec![0.0; weight.len()]);
        let (mut of_weight, mut of_bias) = (zeros(), self.bias.and_then(|_| zeros()));
        if self.bias.is_some() {
            let learned = of_weight.as_deref_mut().zip(of_bias.as_deref_mut());
            norm::backward(normed, scale, weight, gradient, learned);
        } else {
            rms::backward(normed, scale, weight, gradient, of_weight.as_deref_mut());
        }
        partials.extend(of_weight.map(|sum| (self.weight, sum)));
        partials.extend(self.bias.zip(of_bias));
    }
}
