//! A dense layer: a matrix and a bias.
use crate::kernel::add_rows;
use crate::kernel::matrix::{Rows, RowsMut};
use crate::random::normal;
use crate::{Id, Parameters, TuneError};

/// The standard deviation of new weights: `initializer_range` of BERT's configuration (Devlin et
/// al. 2019).
const SPREAD: f64 = 0.02;

/// `y = x · Wᵀ + b`, `[rows, inputs]` to `[rows, outputs]`. Its numbers lie among [`Parameters`].
#[derive(Clone, Copy, Debug)]
pub struct DenseLayer {
    weight: Id,
    bias: Id,
    inputs: usize,
    outputs: usize,
}

impl DenseLayer {
    /// Adds a layer with these numbers as `stem.weight`, `[outputs, inputs]`, and `stem.bias`,
    /// `[outputs]`. Both are trained; the bias does not decay.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless there is an input and an output, the numbers are as many as
    /// they need, and all are finite.
    pub fn add(
        parameters: &mut Parameters,
        stem: &str,
        inputs: usize,
        weight: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<Self, TuneError> {
        let outputs = bias.len();
        sizes(stem, inputs, outputs)?;
        let wrong = |part: &str, actual: String, expected: String| TuneError::Setting {
            setting: format!("{stem}.{part}"),
            found: actual,
            expected,
        };
        if inputs.checked_mul(outputs) != Some(weight.len()) {
            let actual = format!("{} numbers", weight.len());
            return Err(wrong("weight", actual, format!("{outputs} × {inputs}")));
        }
        for (part, values) in [("weight", &weight), ("bias", &bias)] {
            if let Some((i, value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
                let expected = "finite numbers".into();
                return Err(wrong(part, format!("{value} at place {i}"), expected));
            }
        }
        let weight = parameters.add(format!("{stem}.weight"), &[outputs, inputs], weight, true);
        let bias = parameters.add(format!("{stem}.bias"), &[outputs], bias, false);
        Ok(Self { weight, bias, inputs, outputs })
    }

    /// Adds a new layer under these names: weights drawn from a normal distribution with standard
    /// deviation 0.02, bias 0, as the transformers library has them.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless there is an input and an output.
    pub fn drawn(
        parameters: &mut Parameters,
        stem: &str,
        inputs: usize,
        outputs: usize,
        seed: u64,
    ) -> Result<Self, TuneError> {
        sizes(stem, inputs, outputs)?;
        let weight = normal(seed, inputs * outputs, SPREAD);
        Self::add(parameters, stem, inputs, weight, vec![0.0; outputs])
    }

    /// The width of a row that goes in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The width of a row that comes out.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `[rows, outputs]` of `x`, `[rows, inputs]`.
    pub(super) fn forward(&self, parameters: &Parameters, x: &[f32]) -> Vec<f32> {
        let mut y = parameters.value(self.bias).repeat(x.len() / self.inputs);
        let weight = Rows::new(parameters.value(self.weight), self.inputs);
        // One thread: sums in the same order whatever the pool, and little beside the encoder.
        let into = RowsMut::new(&mut y, self.outputs).adding();
        into.times_transposed(Rows::new(x, self.inputs), weight, 1.0);
        y
    }

    /// The gradient with respect to `x`, from that with respect to the outputs, `dy`; adds those of
    /// the weights to theirs.
    pub(super) fn backward(&self, parameters: &mut Parameters, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let mut dx = vec![0.0; x.len()];
        let outputs = Rows::new(dy, self.outputs);
        let (weight, gradient) = parameters.split_mut(self.weight);
        let weight = Rows::new(weight, self.inputs);
        RowsMut::new(&mut dx, self.inputs).times(outputs, weight, 1.0);
        if !gradient.is_empty() {
            let into = RowsMut::new(gradient, self.inputs).adding();
            into.transposed_times(outputs, Rows::new(x, self.inputs), 1.0);
        }
        add_rows(parameters.gradient_mut(self.bias), dy);
        dx
    }
}

fn sizes(stem: &str, inputs: usize, outputs: usize) -> Result<(), TuneError> {
    if inputs == 0 || outputs == 0 {
        return Err(TuneError::Setting {
            setting: stem.to_owned(),
            found: format!("{outputs} × {inputs}"),
            expected: "at least one output and one input".into(),
        });
    }
    Ok(())
}
