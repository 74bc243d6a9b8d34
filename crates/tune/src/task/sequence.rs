//! Labels for a text or a pair, from its first token.
//! Source: `BertForSequenceClassification` and its kin in the transformers library 5.23.
use cloze_checkpoint::family::{Family, HeadActivation};
use cloze_core::Matrix;

use super::activation;
use super::dropout::dropout;
use super::entropy::{binary_cross_entropy, cross_entropy};
use super::rows::{Rows, check, check_width};
use super::{DenseLayer, Task};
use crate::encoder::DropoutAt;
use crate::kernel::dropout::Dropout;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// A text, or a pair in one sequence, with its labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledExample {
    /// The text.
    pub sequence: TrainingSequence,
    /// Labels, as indices of the classifier's outputs: one, or with `multi_label` any number of
    /// them.
    pub labels: Vec<usize>,
}

/// Settings of a [`SequenceTask`]. [`SequenceParams::check`] validates them.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceParams {
    multi_label: bool,
    class_weights: Option<Vec<f32>>,
    label_smoothing: f32,
}

impl Default for SequenceParams {
    fn default() -> Self {
        Self { multi_label: false, class_weights: None, label_smoothing: 0.0 }
    }
}

impl SequenceParams {
    /// Whether a text may have any number of labels, each decided by itself. Default `false`.
    #[must_use]
    pub fn multi_label(mut self, multi_label: bool) -> Self {
        self.multi_label = multi_label;
        self
    }

    /// Weights of texts by label (`weight` of PyTorch's `CrossEntropyLoss`, which also
    /// divides by their sum); of several labels, the weight of one that holds beside one that
    /// does not (`pos_weight` of `BCEWithLogitsLoss`). Default: 1 each.
    #[must_use]
    pub fn class_weights(mut self, weights: Option<Vec<f32>>) -> Self {
        self.class_weights = weights;
        self
    }

    /// The share of what is to be predicted that is spread over all labels evenly (Szegedy et al.
    /// 2016, as PyTorch's `CrossEntropyLoss` has it); of several labels, over holding and not
    /// holding. Default `0`.
    #[must_use]
    pub fn label_smoothing(mut self, share: f32) -> Self {
        self.label_smoothing = share;
        self
    }

    /// The task, with the layers of [`stems`] for a checkpoint of this family.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless there is a weight above 0 for each output, smoothing is from 0
    /// to below 1, and the classifier takes what the first layer gives; with one label a text, there
    /// must be two to choose from.
    pub fn check(
        self,
        family: &Family,
        dense: DenseLayer,
        classifier: DenseLayer,
    ) -> Result<SequenceTask, TuneError> {
        let labels = classifier.outputs();
        let wrong = |setting: &str, actual: String, expected: String| {
            Err(TuneError::Setting { setting: setting.into(), found: actual, expected })
        };
        if dense.outputs() != classifier.inputs() {
            let expected = format!("{}, the outputs of the layer before", dense.outputs());
            return wrong("classifier's inputs", classifier.inputs().to_string(), expected);
        }
        if labels < 2 && !self.multi_label {
            return wrong("labels", labels.to_string(), "two or more".into());
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let expected = "0 to below 1".into();
            return wrong("label_smoothing", self.label_smoothing.to_string(), expected);
        }
        if let Some(weights) = &self.class_weights {
            if weights.len() != labels {
                let actual = format!("{} numbers", weights.len());
                return wrong("class_weights", actual, format!("{labels}, one per label"));
            }
            if let Some(weight) = weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
                return wrong("class_weights", weight.to_string(), "finite, above 0".into());
            }
        }
        let weights = self.class_weights.unwrap_or_else(|| vec![1.0; labels]);
        let weights = weights.into_iter().map(f64::from).collect();
        let (activation, drops_first) = (family.sequence.activation, family.sequence.drops_first);
        let (multi_label, smoothing) = (self.multi_label, f64::from(self.label_smoothing));
        Ok(SequenceTask {
            dense,
            classifier,
            activation,
            drops_first,
            multi_label,
            weights,
            smoothing,
        })
    }
}

/// Names of the two layers of the head in checkpoints of this family: `[dense, classifier]`, to be
/// followed by `.weight` and `.bias`. `body` is the prefix of the encoder's own names (`bert.`).
#[must_use]
pub fn stems(family: &Family, body: &str) -> [String; 2] {
    let dense = family.sequence.dense.map_or_else(|| format!("{body}pooler.dense"), str::to_owned);
    [dense, family.sequence.classifier.to_owned()]
}

/// A family's own head for sequences, and cross-entropy; with several labels a text, the mean of
/// their binary cross-entropies. Dropout stands before the classifier, in RoBERTa and ELECTRA also
/// before the first layer.
#[derive(Clone, Debug)]
pub struct SequenceTask {
    dense: DenseLayer,
    classifier: DenseLayer,
    activation: HeadActivation,
    drops_first: bool,
    multi_label: bool,
    weights: Vec<f64>,
    smoothing: f64,
}

/// The numbers on the way through the head.
struct Pass {
    first: Rows,
    /// Derivative of the activation, `[texts, inner]`.
    derivative: Vec<f32>,
    dropout: Option<Dropout>,
    inner: Vec<f32>,
    /// `[texts, labels]`.
    logits: Vec<f32>,
}

impl SequenceTask {
    /// The logits of texts from their hidden states: `[texts, labels]`. No dropout.
    ///
    /// # Errors
    /// [`TuneError::Sequence`] for hidden states of another width, or without a first token.
    pub fn predict(&self, parameters: &Parameters, hidden: &Hidden) -> Result<Matrix, TuneError> {
        if let Some(sequence) = (0..hidden.len()).find(|&i| hidden.range(i).is_empty()) {
            return Err(TuneError::Sequence { sequence, what: "no tokens".into() });
        }
        check_width(hidden, self.dense.inputs())?;
        let logits = self.forward(parameters, hidden, None).logits;
        Ok(Matrix::from_vec(self.classifier.outputs(), logits).unwrap_or_default())
    }

    #[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
    fn forward(
        &self,
        parameters: &Parameters,
        hidden: &Hidden,
        dropout_at: Option<DropoutAt>,
    ) -> Pass {
        let texts = (0..hidden.len()).map(|i| hidden.range(i).start).collect();
        let first = dropout(dropout_at.filter(|_| self.drops_first), 0);
        let first = Rows::gather(hidden, texts, first);
        let mut inner = self.dense.forward(parameters, &first.values);
        let mut derivative = Vec::with_capacity(inner.len());
        for x in &mut inner {
            let (y, slope) = activation::apply(self.activation, f64::from(*x));
            *x = y as f32;
            derivative.push(slope as f32);
        }
        let dropout = dropout(dropout_at, 1);
        if let Some(dropout) = dropout {
            dropout.apply(&mut inner);
        }
        let logits = self.classifier.forward(parameters, &inner);
        Pass { first, derivative, dropout, inner, logits }
    }

    fn backward(
        &self,
        parameters: &mut Parameters,
        pass: &Pass,
        logits: &[f32],
        into: &mut Hidden,
    ) {
        let mut inner = self.classifier.backward(parameters, &pass.inner, logits);
        if let Some(dropout) = pass.dropout {
            dropout.apply(&mut inner);
        }
        for (gradient, slope) in inner.iter_mut().zip(&pass.derivative) {
            *gradient *= slope;
        }
        let first = self.dense.backward(parameters, &pass.first.values, &inner);
        pass.first.scatter(first, into);
    }

    /// The loss of one text's logits; leaves its gradient in their place.
    #[expect(clippy::cast_precision_loss, reason = "there are few labels")]
    fn loss_of_row(&self, row: &mut [f64], gold: &[usize]) -> f64 {
        let mut target = vec![0.0; row.len()];
        let even = if self.multi_label { 0.5 } else { 1.0 / row.len() as f64 } * self.smoothing;
        target.fill(even);
        for &label in gold {
            target[label] += 1.0 - self.smoothing;
        }
        if !self.multi_label {
            for (target, weight) in target.iter_mut().zip(&self.weights) {
                *target *= weight;
            }
            return cross_entropy(row, &target);
        }
        let labels = row.len() as f64;
        let mut sum = 0.0;
        for ((logit, target), weight) in row.iter_mut().zip(target).zip(&self.weights) {
            let (loss, gradient) = binary_cross_entropy(*logit, target, *weight);
            *logit = gradient / labels;
            sum += loss / labels;
        }
        sum
    }

    fn check_labels(&self, example: &LabelledExample) -> Result<(), String> {
        let count = self.classifier.outputs();
        let labels = &example.labels;
        if !self.multi_label && labels.len() != 1 {
            return Err(format!("{} labels, expected one", labels.len()));
        }
        for (i, label) in labels.iter().enumerate() {
            if *label >= count {
                return Err(format!("label {label} of {count}"));
            }
            if labels[..i].contains(label) {
                return Err(format!("label {label} occurs twice"));
            }
        }
        Ok(())
    }
}

impl Task for SequenceTask {
    type Example = LabelledExample;

    fn sequences<'e>(&self, example: &'e LabelledExample) -> Vec<&'e TrainingSequence> {
        vec![&example.sequence]
    }

    /// 1; where one of weighted labels is chosen, the label's weight.
    fn weight(&self, example: &LabelledExample) -> f64 {
        let label = example.labels.first().filter(|_| !self.multi_label);
        label.and_then(|&label| self.weights.get(label)).copied().unwrap_or(1.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "gradients have the model's own width")]
    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&LabelledExample],
        hidden: &Hidden,
        dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        check(examples.iter().map(|e| &e.sequence), hidden, self.dense.inputs())?;
        for (sequence, example) in examples.iter().enumerate() {
            self.check_labels(example).map_err(|what| TuneError::Sequence { sequence, what })?;
        }
        let mut pass = self.forward(parameters, hidden, dropout);
        let mut logits = std::mem::take(&mut pass.logits);
        let scale = gradient.as_ref().map_or(0.0, |(_, scale)| f64::from(*scale));
        let labels = self.classifier.outputs();
        let mut loss = 0.0;
        for (logits, example) in logits.chunks_exact_mut(labels).zip(examples) {
            let mut row: Vec<f64> = logits.iter().copied().map(f64::from).collect();
            loss += self.loss_of_row(&mut row, &example.labels);
            for (logit, gradient) in logits.iter_mut().zip(row) {
                *logit = (scale * gradient) as f32;
            }
        }
        if let Some((into, _)) = gradient {
            self.backward(parameters, &pass, &logits, into);
        }
        Ok(loss)
    }
}
