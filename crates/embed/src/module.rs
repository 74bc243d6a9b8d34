//! Modules that a pooled vector goes through before it is compared: matrices, norms, length 1.
use crate::pool::as_f64;
use crate::{EmbedError, l2_normalize};

/// Module behind the pooling. Source: sentence-transformers 6.2.0, `base/modules/{dense,normalize}.py`,
/// `sentence_transformer/modules/layer_norm.py`.
#[derive(Clone, Debug, PartialEq)]
pub enum VectorModule {
    /// Matrix, bias and activation.
    Dense(Dense),
    /// Layer norm.
    Norm(LayerNorm),
    /// Scaling to length 1.
    Normalize,
}

impl VectorModule {
    /// Width of its vectors for inputs of `width`.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if it takes vectors of another width.
    pub fn width_out(&self, width: usize) -> Result<usize, EmbedError> {
        let (expected, out) = match self {
            Self::Dense(dense) => (dense.inputs, dense.outputs()),
            Self::Norm(norm) => (norm.weight.len(), norm.weight.len()),
            Self::Normalize => (width, width),
        };
        if width == expected { Ok(out) } else { Err(EmbedError::Width { expected, found: width }) }
    }

    /// The vector behind the module.
    ///
    /// # Errors
    /// As [`width_out`](Self::width_out).
    pub fn apply(&self, mut vector: Vec<f32>) -> Result<Vec<f32>, EmbedError> {
        self.width_out(vector.len())?;
        match self {
            Self::Dense(dense) => return Ok(dense.apply(&vector)),
            Self::Norm(norm) => norm.apply(&mut vector),
            Self::Normalize => l2_normalize(&mut vector),
        }
        Ok(vector)
    }
}

/// act(W x + b), and with a residual R x + act(W x + b), where R is a matrix, or the identity where the
/// width stays. Sums are in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    inputs: usize,
    /// `[outputs, inputs]`.
    weight: Vec<f32>,
    /// `[outputs]`.
    bias: Option<Vec<f32>>,
    activation: VectorActivation,
    residual: Option<Residual>,
}

/// Input of a [`Dense`] that is added to its output.
#[derive(Clone, Debug, PartialEq)]
pub enum Residual {
    /// The input itself.
    Identity,
    /// The input through a matrix, `[outputs, inputs]`.
    Matrix(Vec<f32>),
}

impl Dense {
    /// Of `weight`, `[outputs, inputs]`, and `bias`, `[outputs]`.
    ///
    /// # Errors
    /// [`EmbedError::Rows`] for a weight that is not a whole number of rows of `inputs`, at least one;
    /// [`EmbedError::Width`] for a bias or residual that does not fit.
    pub fn new(
        inputs: usize,
        weight: Vec<f32>,
        bias: Option<Vec<f32>>,
        activation: VectorActivation,
        residual: Option<Residual>,
    ) -> Result<Self, EmbedError> {
        if inputs == 0 || weight.is_empty() || !weight.len().is_multiple_of(inputs) {
            return Err(EmbedError::Rows { width: inputs, found: weight.len() });
        }
        let outputs = weight.len() / inputs;
        let parts = [
            (bias.as_ref().map(Vec::len), outputs),
            match &residual {
                None => (None, 0),
                Some(Residual::Identity) => (Some(inputs), outputs),
                Some(Residual::Matrix(matrix)) => (Some(matrix.len()), weight.len()),
            },
        ];
        for (found, expected) in parts {
            if let Some(found) = found.filter(|found| *found != expected) {
                return Err(EmbedError::Width { expected, found });
            }
        }
        Ok(Self { inputs, weight, bias, activation, residual })
    }

    /// Width of its vectors.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight.len() / self.inputs
    }

    fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let mut sums = product(&self.weight, vector);
        if let Some(bias) = &self.bias {
            for (sum, b) in sums.iter_mut().zip(bias) {
                *sum += f64::from(*b);
            }
        }
        for sum in &mut sums {
            *sum = self.activation.apply(*sum);
        }
        let residual = match &self.residual {
            None => vec![],
            Some(Residual::Identity) => vector.iter().map(|x| f64::from(*x)).collect(),
            Some(Residual::Matrix(matrix)) => product(matrix, vector),
        };
        for (sum, x) in sums.iter_mut().zip(residual) {
            *sum += x;
        }
        narrow(&sums)
    }
}

/// A matrix, `[rows, vector]`, times a vector.
fn product(matrix: &[f32], vector: &[f32]) -> Vec<f64> {
    let rows = matrix.chunks_exact(vector.len());
    rows.map(|row| crate::vector::dot(row, vector)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "as narrow as what came in")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

/// (x − mean) / √(variance + ε) · weight + bias, with the population variance.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// `torch.nn.LayerNorm`'s.
const NORM_EPSILON: f64 = 1e-5;

impl LayerNorm {
    /// Of `weight` and `bias`, `[width]`.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if one is not as wide as the other.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>) -> Result<Self, EmbedError> {
        if weight.len() != bias.len() {
            return Err(EmbedError::Width { expected: weight.len(), found: bias.len() });
        }
        Ok(Self { weight, bias })
    }

    #[expect(clippy::cast_possible_truncation, reason = "as narrow as what came in")]
    fn apply(&self, vector: &mut [f32]) {
        let n = as_f64(vector.len().max(1));
        let mean = vector.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let square = |x: &f32| (f64::from(*x) - mean).powi(2);
        let variance = vector.iter().map(square).sum::<f64>() / n;
        let scale = 1.0 / (variance + NORM_EPSILON).sqrt();
        for (x, (weight, bias)) in vector.iter_mut().zip(self.weight.iter().zip(&self.bias)) {
            let normed = (f64::from(*x) - mean) * scale;
            *x = (normed * f64::from(*weight) + f64::from(*bias)) as f32;
        }
    }
}

/// Activation of a [`Dense`], by the names and with the defaults of `torch.nn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorActivation {
    /// x.
    Identity,
    /// tanh x.
    Tanh,
    /// max(x, 0).
    Relu,
    /// x · Φ(x), by the error function.
    Gelu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x · sigmoid(x).
    Silu,
    /// x, or 0.01 x below 0.
    LeakyRelu,
    /// x, or eˣ − 1 below 0.
    Elu,
    /// x · tanh(ln(1 + eˣ)).
    Mish,
    /// ln(1 + eˣ).
    Softplus,
    /// min(max(x, 0), 6).
    Relu6,
}

impl VectorActivation {
    const KNOWN: [(&str, Self); 11] = [
        ("Identity", Self::Identity),
        ("Tanh", Self::Tanh),
        ("ReLU", Self::Relu),
        ("GELU", Self::Gelu),
        ("Sigmoid", Self::Sigmoid),
        ("SiLU", Self::Silu),
        ("LeakyReLU", Self::LeakyRelu),
        ("ELU", Self::Elu),
        ("Mish", Self::Mish),
        ("Softplus", Self::Softplus),
        ("ReLU6", Self::Relu6),
    ];
    const NAMES: [&str; 11] = {
        let (mut names, mut i) = ([""; 11], 0);
        while i < names.len() {
            names[i] = Self::KNOWN[i].0;
            i += 1;
        }
        names
    };

    /// Activation of a class of torch: `torch.nn.modules.activation.Tanh`, `torch.nn.Tanh`.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`].
    pub fn of_class(class: &str) -> Result<Self, EmbedError> {
        let name = class.strip_prefix("torch.nn.").and_then(|rest| rest.rsplit('.').next());
        let known = Self::KNOWN.iter().find(|(known, _)| Some(*known) == name);
        known.map(|(_, activation)| *activation).ok_or_else(|| EmbedError::UnknownName {
            what: "activation of torch.nn",
            found: class.to_owned(),
            known: &Self::NAMES,
        })
    }

    /// Its value.
    #[must_use]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Tanh => x.tanh(),
            Self::Relu => nan_max(x, 0.0),
            Self::Gelu => x * 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2),
            Self::Sigmoid => sigmoid(x),
            Self::Silu => x * sigmoid(x),
            Self::LeakyRelu => nan_max(x, 0.01 * x),
            Self::Elu if x > 0.0 => x,
            Self::Elu => x.exp_m1(),
            Self::Mish => x * softplus(x).tanh(),
            Self::Softplus => softplus(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
        }
    }
}

/// The larger, or NaN: `f64::max` would hide it.
fn nan_max(x: f64, least: f64) -> f64 {
    if x < least { least } else { x }
}

fn sigmoid(x: f64) -> f64 {
    // Either way the exponential is of a negative number.
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

fn softplus(x: f64) -> f64 {
    // Above 0 the exponential could leave the range of numbers.
    nan_max(x, 0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(activation: VectorActivation, residual: Option<Residual>) -> VectorModule {
        let weight = vec![1.0, 2.0, -1.0, 0.5];
        let bias = Some(vec![0.5, -1.0]);
        VectorModule::Dense(Dense::new(2, weight, bias, activation, residual).unwrap())
    }

    /// W = [[1, 2], [−1, ½]], b = [½, −1], x = [1, −1]: W x = [−1, −1½], W x + b = [−½, −2½].
    /// By Wᵀ it would be [2, 1½], and + b [2½, ½].
    #[test]
    fn a_matrix_goes_from_rows_to_columns() {
        let x = || vec![1.0, -1.0];
        let out = |module: VectorModule| module.apply(x()).unwrap();
        assert_eq!(out(dense(VectorActivation::Identity, None)), [-0.5, -2.5]);
        assert_eq!(out(dense(VectorActivation::Relu, None)), [0.0, 0.0]);
        let tanh = out(dense(VectorActivation::Tanh, None));
        assert!((tanh[0] + 0.462_117_16).abs() < 1e-7 && (tanh[1] + 0.986_614_3).abs() < 1e-6);
        // The residual is added behind the activation.
        let same = dense(VectorActivation::Relu, Some(Residual::Identity));
        assert_eq!(out(same), [1.0, -1.0]);
        let doubled = Residual::Matrix(vec![2.0, 0.0, 0.0, 3.0]);
        assert_eq!(out(dense(VectorActivation::Relu, Some(doubled))), [2.0, -3.0]);
    }

    /// x = [1, 3]: mean 2, population variance 1 (the sample's is 2), so (x − 2) / √1.00001 = ∓0.999995.
    #[test]
    fn a_norm_takes_the_population_variance() {
        let norm = LayerNorm::new(vec![2.0, 10.0], vec![0.5, 1.0]).unwrap();
        let out = VectorModule::Norm(norm).apply(vec![1.0, 3.0]).unwrap();
        assert!((out[0] - (0.5 - 2.0 * 0.999_995)).abs() < 1e-5, "{out:?}");
        assert!((out[1] - (1.0 + 10.0 * 0.999_995)).abs() < 1e-5, "{out:?}");
        assert_eq!(VectorModule::Normalize.apply(vec![3.0, 4.0]).unwrap(), [0.6, 0.8]);
        assert_eq!(VectorModule::Normalize.apply(vec![0.0, 0.0]).unwrap(), [0.0, 0.0]);
    }

    #[test]
    fn widths_are_checked() {
        let module = dense(VectorActivation::Identity, None);
        assert_eq!(module.width_out(2).unwrap(), 2);
        assert!(matches!(
            module.apply(vec![1.0]),
            Err(EmbedError::Width { expected: 2, found: 1 })
        ));
        for (inputs, weight, bias, residual) in [
            (0, vec![1.0], None, None),
            (2, vec![1.0; 3], None, None),
            (2, vec![], None, None),
            (2, vec![1.0; 4], Some(vec![1.0]), None),
            (2, vec![1.0; 2], None, Some(Residual::Identity)),
            (2, vec![1.0; 4], None, Some(Residual::Matrix(vec![1.0; 2]))),
        ] {
            let activation = VectorActivation::Identity;
            assert!(Dense::new(inputs, weight, bias, activation, residual).is_err());
        }
        assert!(LayerNorm::new(vec![1.0], vec![]).is_err());
    }

    /// Values at −2 and 1.5, of torch 2.15.0 (`torch.nn.GELU()(x)` and so on, in float64).
    #[test]
    fn activations_are_those_of_torch() {
        for (class, below, above) in [
            ("torch.nn.modules.linear.Identity", -2.0, 1.5),
            ("torch.nn.modules.activation.Tanh", -0.964_027_580_075_816_9, 0.905_148_253_644_866_4),
            ("torch.nn.modules.activation.ReLU", 0.0, 1.5),
            ("torch.nn.modules.activation.GELU", -0.045_500_263_896_358_4, 1.399_789_198_096_713),
            (
                "torch.nn.modules.activation.Sigmoid",
                0.119_202_922_022_117_56,
                0.817_574_476_193_643_7,
            ),
            ("torch.nn.SiLU", -0.238_405_844_044_235_1, 1.226_361_714_290_465_4),
            ("torch.nn.LeakyReLU", -0.02, 1.5),
            ("torch.nn.ELU", -0.864_664_716_763_387_3, 1.5),
            ("torch.nn.Mish", -0.252_501_482_695_708_9, 1.403_378_266_395_802_8),
            ("torch.nn.Softplus", 0.126_928_011_042_972_5, 1.701_413_277_982_752_4),
            ("torch.nn.ReLU6", 0.0, 1.5),
        ] {
            let activation = VectorActivation::of_class(class).unwrap();
            for (x, expected) in [(-2.0, below), (1.5, above)] {
                let actual = activation.apply(x);
                assert!((actual - expected).abs() < 1e-12, "{class}({x}): {actual}");
            }
            assert!(activation.apply(f64::NAN).is_nan(), "{class}");
        }
        for class in ["torch.nn.PReLU", "mine.Tanh", "Tanh", "torch.tanh", ""] {
            let error = VectorActivation::of_class(class).unwrap_err().to_string();
            assert!(error.contains(&format!("{class:?}")) && error.contains("GELU"), "{error}");
        }
    }
}
