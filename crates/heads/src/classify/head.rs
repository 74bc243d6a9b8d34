//! Features to logits, probabilities and labels.
use cloze_embed::EmbedError;

use crate::HeadError;

/// Prediction of a head for one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The labels chosen, the likeliest first: exactly one, or of several labels any number; none of
    /// something without a text, and none of a regression.
    pub labels: Vec<String>,
    /// Every label with its probability, the likeliest first, equal ones in the head's order; of a
    /// regression each output with its number.
    pub probabilities: Vec<(String, f64)>,
}

/// Logits of features x: bias + weight · x + square · x², for each label; all in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassifyHead {
    kind: String,
    labels: Vec<String>,
    multi_label: bool,
    regression: bool,
    /// `[labels, width]`.
    weight: Vec<f64>,
    /// `[labels]`.
    bias: Vec<f64>,
    /// `[labels, width]`.
    square: Option<Vec<f64>>,
    temperature: f64,
    /// `[labels]`, or empty.
    thresholds: Vec<Option<f64>>,
}

fn check_part(part: &'static str, values: &[f64], expected: usize) -> Result<(), HeadError> {
    if values.len() != expected {
        return Err(HeadError::Part { part, expected, found: values.len() });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(HeadError::NotFinite { part, index, found: values[index] }),
        None => Ok(()),
    }
}

impl ClassifyHead {
    /// A linear head that chooses one of `labels`, of `weight`, `[labels, width]`, and `bias`,
    /// `[labels]`. `kind` says how it was fitted, for people.
    ///
    /// # Errors
    /// [`HeadError::FewLabels`] without labels; [`HeadError::LabelTwice`]; [`HeadError::Part`] for
    /// a weight that is not a whole number of rows of at least one number, or not as many biases as
    /// labels; [`HeadError::NotFinite`].
    pub fn new(
        kind: &str,
        labels: Vec<String>,
        weight: Vec<f64>,
        bias: Vec<f64>,
    ) -> Result<Self, HeadError> {
        if labels.is_empty() {
            return Err(HeadError::FewLabels { expected: 1, found: 0 });
        }
        if let Some((i, _)) = labels.iter().enumerate().find(|(i, l)| labels[..*i].contains(l)) {
            return Err(HeadError::LabelTwice { label: labels[i].clone() });
        }
        let width = (weight.len() / labels.len()).max(1);
        check_part("weight", &weight, width * labels.len())?;
        check_part("bias", &bias, labels.len())?;
        Ok(Self {
            kind: kind.to_owned(),
            labels,
            multi_label: false,
            regression: false,
            weight,
            bias,
            square: None,
            temperature: 1.0,
            thresholds: vec![],
        })
    }

    /// With weights of the squares, `[labels, width]`.
    ///
    /// # Errors
    /// [`HeadError::Part`] and [`HeadError::NotFinite`].
    pub fn with_square(mut self, square: Vec<f64>) -> Result<Self, HeadError> {
        check_part("square", &square, self.weight.len())?;
        self.square = Some(square);
        Ok(self)
    }

    /// Whether a text may have any number of the labels, each decided by itself. Thresholds are
    /// forgotten: they mean something else.
    #[must_use]
    pub fn with_multi_label(mut self, multi_label: bool) -> Self {
        self.multi_label = multi_label;
        self.thresholds = vec![];
        self
    }

    /// Whether logits are the results themselves, not made probabilities: `problem_type` `regression`.
    #[must_use]
    pub fn with_regression(mut self, regression: bool) -> Self {
        self.regression = regression;
        self
    }

    /// With a temperature, by which logits are divided before they become probabilities.
    ///
    /// # Errors
    /// [`HeadError::OutOfRange`] unless it is finite and above 0.
    pub fn with_temperature(mut self, temperature: f64) -> Result<Self, HeadError> {
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(HeadError::OutOfRange {
                setting: "temperature".into(),
                found: temperature,
                expected: "a finite number above 0",
            });
        }
        self.temperature = temperature;
        Ok(self)
    }

    /// With thresholds, `[labels]`: a label is chosen if its probability is at least that. Of several
    /// labels, those without one have ½. Of two labels of which one is chosen, one may have a
    /// threshold, and the other is chosen below it.
    ///
    /// # Errors
    /// [`HeadError::Part`]; [`HeadError::OutOfRange`] outside 0 to 1; [`HeadError::Thresholds`] if
    /// one label is chosen and there are more than two labels or more than one threshold.
    pub fn with_thresholds(mut self, thresholds: Vec<Option<f64>>) -> Result<Self, HeadError> {
        let (count, labels) = (thresholds.len(), self.labels.len());
        if count != labels {
            return Err(HeadError::Part { part: "thresholds", expected: labels, found: count });
        }
        for (label, threshold) in self.labels.iter().zip(&thresholds) {
            if let Some(value) = threshold.filter(|t| !(0.0..=1.0).contains(t)) {
                let setting = format!("threshold of {label}");
                return Err(HeadError::OutOfRange { setting, found: value, expected: "0 to 1" });
            }
        }
        let given = thresholds.iter().flatten().count();
        if !self.multi_label && (given > 1 || given == 1 && labels != 2) {
            return Err(HeadError::Thresholds { found: given, labels });
        }
        self.thresholds = if given == 0 { vec![] } else { thresholds };
        Ok(self)
    }

    /// Kind of the fit.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The labels, in the order of logits.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether a text may have any number of the labels.
    #[must_use]
    pub fn multi_label(&self) -> bool {
        self.multi_label
    }

    /// Whether logits are the results themselves.
    #[must_use]
    pub fn regression(&self) -> bool {
        self.regression
    }

    /// Number of features.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weight.len() / self.labels.len()
    }

    /// `[labels, width]`.
    #[must_use]
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }

    /// `[labels]`.
    #[must_use]
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// `[labels, width]`; `None` of a linear head.
    #[must_use]
    pub fn square(&self) -> Option<&[f64]> {
        self.square.as_deref()
    }

    /// Temperature that logits are divided by.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// `[labels]`, or empty if there are none.
    #[must_use]
    pub fn thresholds(&self) -> &[Option<f64>] {
        &self.thresholds
    }

    /// The logits of `features`, `[width]`: `[labels]`, before the temperature.
    ///
    /// # Errors
    /// [`EmbedError::Width`] and [`EmbedError::NotFinite`], as [`HeadError::Embed`];
    /// [`HeadError::NotFinite`] for a logit beyond f64.
    pub fn predict(&self, features: &[f32]) -> Result<Vec<f64>, HeadError> {
        let width = self.width();
        if features.len() != width {
            return Err(EmbedError::Width { expected: width, found: features.len() }.into());
        }
        if let Some(dim) = features.iter().position(|x| !x.is_finite()) {
            return Err(EmbedError::NotFinite { dim, value: features[dim] }.into());
        }
        let logits: Vec<f64> =
            (0..self.labels.len()).map(|label| self.logit(features, label)).collect();
        check_part("logits", &logits, self.labels.len())?;
        Ok(logits)
    }

    /// Logit of a label for `features`, `[width]`.
    fn logit(&self, features: &[f32], label: usize) -> f64 {
        let width = self.width();
        let row = label * width..(label + 1) * width;
        let x = features.iter().map(|x| f64::from(*x));
        let Some(square) = &self.square else {
            let products = x.zip(&self.weight[row]).map(|(x, w)| x * w);
            return self.bias[label] + products.sum::<f64>();
        };
        let weights = self.weight[row.clone()].iter().zip(&square[row]);
        // Together, since of a Gaussian they nearly cancel.
        self.bias[label] + x.zip(weights).map(|(x, (w, s))| x * (w + s * x)).sum::<f64>()
    }

    /// The probabilities of `logits`, `[labels]`: softmax of logits / temperature, which add up to 1,
    /// or of several labels the sigmoid of each. Of a [regression](Self::regression) the logits
    /// themselves.
    ///
    /// # Errors
    /// [`HeadError::Part`] and [`HeadError::NotFinite`].
    pub fn probabilities(&self, logits: &[f64]) -> Result<Vec<f64>, HeadError> {
        check_part("logits", logits, self.labels.len())?;
        if self.regression {
            return Ok(logits.to_vec());
        }
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.multi_label {
            return Ok(logits.iter().map(|z| sigmoid(z / self.temperature)).collect());
        }
        // The difference first: a small temperature makes infinities, of which 0 · ∞ is left none.
        let shifted = |z: &f64| ((z - max) / self.temperature).exp();
        let exps: Vec<f64> = logits.iter().map(shifted).collect();
        let sum: f64 = exps.iter().sum();
        Ok(exps.into_iter().map(|e| e / sum).collect())
    }

    /// The labels for `probabilities`, `[labels]`.
    ///
    /// # Errors
    /// [`HeadError::Part`] and [`HeadError::NotFinite`].
    pub fn decode(&self, probabilities: &[f64]) -> Result<Prediction, HeadError> {
        check_part("probabilities", probabilities, self.labels.len())?;
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
        let threshold = |i: usize| self.thresholds.get(i).copied().flatten();
        let chosen: Vec<usize> = if self.regression {
            vec![]
        } else if self.multi_label {
            let above = |&&i: &&usize| probabilities[i] >= threshold(i).unwrap_or(0.5);
            order.iter().filter(above).copied().collect()
        } else {
            let guarded = (0..self.labels.len()).find_map(|i| Some((i, threshold(i)?)));
            match guarded {
                Some((i, least)) if probabilities[i] >= least => vec![i],
                Some((i, _)) => vec![1 - i],
                None => vec![order[0]],
            }
        };
        let name = |i: usize| self.labels[i].clone();
        Ok(Prediction {
            labels: chosen.into_iter().map(name).collect(),
            probabilities: order.into_iter().map(|i| (name(i), probabilities[i])).collect(),
        })
    }
}

fn sigmoid(z: f64) -> f64 {
    // Either way the exponential is of a negative number.
    if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) }
}
