//! A label for each word, from its first piece: tagging, each word by itself.
//! Source: Devlin et al., NAACL 2019, section 5.3; as `BertForTokenClassification` of the
//! transformers library 5.23 has it, all further pieces left out.
use cloze_core::Matrix;

use super::entropy::cross_entropy;
use super::tagged::Words;
use super::{DenseLayer, TaggedExample, Task};
use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// Dropout, a classifier, and cross-entropy on words' first pieces. An example counts as many as it
/// has words.
#[derive(Clone, Copy, Debug)]
pub struct TokenTask {
    classifier: DenseLayer,
}

impl TokenTask {
    /// With this classifier: checkpoints call it `classifier`.
    #[must_use]
    pub fn new(classifier: DenseLayer) -> Self {
        Self { classifier }
    }

    /// The logits of the words of `examples`, one text after the other: `[words, labels]`. No
    /// dropout; the labels in the examples are not looked at beyond their range.
    ///
    /// # Errors
    /// As [`Task::loss`].
    pub fn predict(
        &self,
        parameters: &Parameters,
        examples: &[&TaggedExample],
        hidden: &Hidden,
    ) -> Result<Matrix, TuneError> {
        let words = Words::forward(&self.classifier, parameters, examples, hidden, None)?;
        Ok(Matrix::from_vec(self.classifier.outputs(), words.logits).unwrap_or_default())
    }
}

impl Task for TokenTask {
    type Example = TaggedExample;

    fn sequences<'e>(&self, example: &'e TaggedExample) -> Vec<&'e TrainingSequence> {
        vec![&example.sequence]
    }

    #[expect(clippy::cast_precision_loss, reason = "texts have few words")]
    fn weight(&self, example: &TaggedExample) -> f64 {
        example.places.len() as f64
    }

    #[expect(clippy::cast_possible_truncation, reason = "gradients have the model's own width")]
    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&TaggedExample],
        hidden: &Hidden,
        dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        let mut words = Words::forward(&self.classifier, parameters, examples, hidden, dropout)?;
        let scale = gradient.as_ref().map_or(0.0, |(_, scale)| f64::from(*scale));
        let labels = self.classifier.outputs();
        let (mut row, mut target) = (vec![0.0; labels], vec![0.0; labels]);
        let mut loss = 0.0;
        let golds = examples.iter().flat_map(|e| e.gold());
        let mut logits = std::mem::take(&mut words.logits);
        for (logits, gold) in logits.chunks_exact_mut(labels).zip(golds) {
            for (wide, logit) in row.iter_mut().zip(&*logits) {
                *wide = f64::from(*logit);
            }
            target.fill(0.0);
            target[gold] = 1.0;
            loss += cross_entropy(&mut row, &target);
            for (logit, gradient) in logits.iter_mut().zip(&row) {
                *logit = (scale * gradient) as f32;
            }
        }
        if let Some((into, _)) = gradient {
            words.backward(&self.classifier, parameters, &logits, into);
        }
        Ok(loss)
    }
}
