//! Texts with a label for each word, as tagging and chains of tags learn from them.
use super::DenseLayer;
use super::rows::{Rows, check};
use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// A text with labels for its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedExample {
    /// The text.
    pub sequence: TrainingSequence,
    /// For each word the place of its first piece among the sequence's tokens, and its label, a
    /// place among the classifier's outputs. In reading order.
    pub places: Vec<(usize, usize)>,
}

impl TaggedExample {
    /// The labels, in reading order.
    pub(super) fn gold(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().map(|&(_, label)| label)
    }
}

/// The words of examples and what the classifier makes of them.
pub(super) struct Words {
    rows: Rows,
    /// `[words, labels]`.
    pub(super) logits: Vec<f32>,
}

impl Words {
    pub(super) fn forward(
        classifier: &DenseLayer,
        parameters: &Parameters,
        examples: &[&TaggedExample],
        hidden: &Hidden,
        dropout: Option<DropoutAt>,
    ) -> Result<Self, TuneError> {
        check(examples.iter().map(|e| &e.sequence), hidden, classifier.inputs())?;
        let mut indices = vec![];
        for (sequence, example) in examples.iter().enumerate() {
            check_places(example, classifier.outputs())
                .map_err(|what| TuneError::Sequence { sequence, what })?;
            let start = hidden.range(sequence).start;
            indices.extend(example.places.iter().map(|&(token, _)| start + token));
        }
        let rows = Rows::gather(hidden, indices, super::dropout::dropout(dropout, 0));
        let logits = classifier.forward(parameters, &rows.values);
        Ok(Self { rows, logits })
    }

    /// From the gradient with respect to the logits to all others.
    pub(super) fn backward(
        &self,
        classifier: &DenseLayer,
        parameters: &mut Parameters,
        logits: &[f32],
        into: &mut Hidden,
    ) {
        let rows = classifier.backward(parameters, &self.rows.values, logits);
        self.rows.scatter(rows, into);
    }
}

fn check_places(example: &TaggedExample, labels: usize) -> Result<(), String> {
    let tokens = example.sequence.len();
    for (word, &(token, label)) in example.places.iter().enumerate() {
        if token >= tokens {
            return Err(format!("word {word} is at token {token} of {tokens}"));
        }
        if label >= labels {
            return Err(format!("word {word} has label {label} of {labels}"));
        }
    }
    match example.places.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
        Some(word) => Err(format!("word {} does not come after word {word}", word + 1)),
        None => Ok(()),
    }
}
