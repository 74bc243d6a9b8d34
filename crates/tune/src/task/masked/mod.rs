//! Words that are masked, guessed from what stands around them, and whether one text follows another.
//! Source: Devlin et al. 2019, section 3.1; `BertForPreTraining` and its kin in the transformers
//! library 5.24.
mod decoder;
mod draw;
mod head;

use cloze_checkpoint::{Activation, Config};

use super::Task;
use super::entropy::cross_entropy;
use super::rows::{Rows, check};
use crate::encoder::DropoutAt;
use crate::kernel::{activation, norm};
use crate::{Hidden, Parameters, TrainingSequence, TuneError};
use decoder::{Decoder, Pass as Decoded};
pub use draw::{MaskParams, MaskedExample, Part, ValidMaskParams};
pub use head::{MaskedLmHead, NextHead};

/// Cross-entropy at the masks, and of whether the second text follows the first. An example's loss is
/// the mean over its masks plus that of the pair times its [weight](Self::next_weight), and counts as
/// many times as it has masks (once without a masked head).
#[derive(Clone, Debug)]
pub struct MaskedTask {
    masked: Option<(MaskedLmHead, ValidMaskParams)>,
    next: Option<NextHead>,
    next_weight: f64,
    activation: Activation,
    epsilon: f32,
    /// Hidden size of the encoder.
    width: usize,
    vocabulary: usize,
}

/// Predictions of a model for an example's masks and pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaskGuess {
    /// −ln of the probability of what stood at each mask, in order.
    pub losses: Vec<f64>,
    /// Whether no other word was likelier.
    pub first: Vec<bool>,
    /// The probability that the second text follows the first.
    pub is_next: Option<f64>,
}

/// The numbers on the way to the decoder.
struct Pass {
    rows: Rows,
    inner: Vec<f32>,
    normed: Vec<f32>,
    scale: Vec<f32>,
    out: Vec<f32>,
    words: Vec<u32>,
}

impl MaskedTask {
    /// With these heads, on an encoder of this shape.
    ///
    /// # Errors
    /// [`TuneError::Setting`] for no head at all, and for heads that do not go with the encoder or with
    /// each other.
    pub fn new(
        config: &Config,
        masked: Option<(MaskedLmHead, ValidMaskParams)>,
        next: Option<NextHead>,
        parameters: &Parameters,
    ) -> Result<Self, TuneError> {
        let wrong = |setting: &str, actual: String, expected: String| {
            Err(TuneError::Setting { setting: setting.into(), found: actual, expected })
        };
        if masked.is_none() && next.is_none() {
            return wrong(
                "heads",
                "none".into(),
                "masked words, the next sentence, or both".into(),
            );
        }
        let (width, vocabulary) = (config.hidden, config.vocabulary);
        if let Some((head, _)) = &masked {
            let inner = head.dense.outputs();
            let lengths = [
                ("masked head's inputs", head.dense.inputs(), width),
                ("norm", parameters.value(head.norm_weight).len(), inner),
                ("norm's bias", parameters.value(head.norm_bias).len(), inner),
                ("decoder", parameters.value(head.decoder).len(), inner * vocabulary),
                ("decoder's bias", parameters.value(head.bias).len(), vocabulary),
            ];
            for (what, length, expected) in lengths {
                if length != expected {
                    return wrong(what, length.to_string(), expected.to_string());
                }
            }
        }
        if let Some(NextHead { pooler, classifier }) = &next {
            let lengths = [
                ("pooler's inputs", pooler.inputs(), width),
                ("next-sentence head's inputs", classifier.inputs(), pooler.outputs()),
                ("next-sentence head's outputs", classifier.outputs(), 2),
            ];
            for (what, length, expected) in lengths {
                if length != expected {
                    return wrong(what, length.to_string(), expected.to_string());
                }
            }
        }
        let activation = config.masked_activation();
        let epsilon = config.norm_epsilon;
        Ok(Self { masked, next, next_weight: 1.0, activation, epsilon, width, vocabulary })
    }

    /// Weight of a pair's loss beside the loss of its masks; 1 in the paper. Steps are few on one
    /// machine, and masks then drown the signal of the pairs.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless it is a finite number above 0.
    pub fn next_weight(mut self, weight: f64) -> Result<Self, TuneError> {
        if !(weight.is_finite() && weight > 0.0) {
            return Err(TuneError::Setting {
                setting: "next_weight".into(),
                found: weight.to_string(),
                expected: "a finite number above 0".into(),
            });
        }
        self.next_weight = weight;
        Ok(self)
    }

    /// Predictions of the model for each example. Masks stand where `targets` say.
    ///
    /// # Errors
    /// As [`Task::loss`].
    pub fn guess(
        &self,
        parameters: &Parameters,
        examples: &[&MaskedExample],
        hidden: &Hidden,
    ) -> Result<Vec<MaskGuess>, TuneError> {
        self.check(examples, hidden)?;
        let mut guesses = vec![MaskGuess::default(); examples.len()];
        if let Some((head, _)) = &self.masked {
            let pass = self.forward(head, parameters, examples, hidden);
            let decoded = decoder(head).forward(parameters, &pass.out, &pass.words);
            let mut decoded = decoded.losses.into_iter().zip(decoded.first);
            for (guess, example) in guesses.iter_mut().zip(examples) {
                (guess.losses, guess.first) = decoded.by_ref().take(example.targets.len()).unzip();
            }
        }
        if let Some(next) = &self.next {
            let (_, _, logits) = next.forward(parameters, hidden);
            for (guess, logits) in guesses.iter_mut().zip(logits.chunks_exact(2)) {
                let [is, not] = [logits[0], logits[1]].map(f64::from);
                guess.is_next = Some(1.0 / (1.0 + (not - is).exp()));
            }
        }
        Ok(guesses)
    }

    fn check(&self, examples: &[&MaskedExample], hidden: &Hidden) -> Result<(), TuneError> {
        check(examples.iter().map(|e| &e.sequence), hidden, self.width)?;
        for (sequence, example) in examples.iter().enumerate() {
            let wrong = |what| Err(TuneError::Sequence { sequence, what });
            let tokens = example.sequence.len();
            if let Some((token, _)) = example.targets.iter().find(|(token, _)| *token >= tokens) {
                return wrong(format!("a mask at token {token} of {tokens}"));
            }
            let known = |word: u32| (word as usize) < self.vocabulary;
            if let Some((_, word)) = example.targets.iter().find(|(_, word)| !known(*word)) {
                return wrong(format!("word {word}; the vocabulary has {}", self.vocabulary));
            }
            if self.next.is_some() && example.is_next.is_none() {
                return wrong("one text, expected two".into());
            }
        }
        Ok(())
    }

    fn forward(
        &self,
        head: &MaskedLmHead,
        parameters: &Parameters,
        examples: &[&MaskedExample],
        hidden: &Hidden,
    ) -> Pass {
        let (mut indices, mut words) = (vec![], vec![]);
        for (i, example) in examples.iter().enumerate() {
            let start = hidden.range(i).start;
            indices.extend(example.targets.iter().map(|(token, _)| start + token));
            words.extend(example.targets.iter().map(|(_, word)| *word));
        }
        let rows = Rows::gather(hidden, indices, None);
        let inner = head.dense.forward(parameters, &rows.values);
        let mut active = vec![0.0; inner.len()];
        activation::forward(self.activation, &inner, &mut active);
        let (weight, bias) = (parameters.value(head.norm_weight), parameters.value(head.norm_bias));
        let (mut normed, mut out) = (vec![0.0; inner.len()], vec![0.0; inner.len()]);
        let mut scale = vec![0.0; words.len()];
        let epsilon = self.epsilon;
        norm::forward(&active, weight, bias, epsilon, &mut normed, &mut scale, &mut out);
        Pass { rows, inner, normed, scale, out, words }
    }

    fn backward(
        &self,
        head: &MaskedLmHead,
        parameters: &mut Parameters,
        pass: &Pass,
        decoded: Decoded,
        factors: &[f32],
        into: &mut Hidden,
    ) {
        let mut gradient =
            decoder(head).backward(parameters, &pass.out, &pass.words, factors, decoded);
        let mut of_weight = parameters.take_gradient(head.norm_weight);
        let mut of_bias = parameters.take_gradient(head.norm_bias);
        let weight = parameters.value(head.norm_weight);
        let learned = Some((&mut *of_weight, &mut *of_bias)).filter(|(w, _)| !w.is_empty());
        norm::backward(&pass.normed, &pass.scale, weight, &mut gradient, learned);
        parameters.put_gradient(head.norm_weight, of_weight);
        parameters.put_gradient(head.norm_bias, of_bias);
        activation::backward(self.activation, &pass.inner, &mut gradient);
        let rows = head.dense.backward(parameters, &pass.rows.values, &gradient);
        pass.rows.scatter(rows, into);
    }
}

fn decoder(head: &MaskedLmHead) -> Decoder {
    Decoder { weight: head.decoder, bias: head.bias, width: head.dense.outputs() }
}

impl NextHead {
    /// First tokens, pooled, and `[texts, 2]`.
    fn forward(&self, parameters: &Parameters, hidden: &Hidden) -> (Rows, Vec<f32>, Vec<f32>) {
        let first = (0..hidden.len()).map(|i| hidden.range(i).start).collect();
        let first = Rows::gather(hidden, first, None);
        let mut pooled = self.pooler.forward(parameters, &first.values);
        for x in &mut pooled {
            *x = x.tanh();
        }
        let logits = self.classifier.forward(parameters, &pooled);
        (first, pooled, logits)
    }
}

impl Task for MaskedTask {
    type Example = MaskedExample;

    fn sequences<'e>(&self, example: &'e MaskedExample) -> Vec<&'e TrainingSequence> {
        vec![&example.sequence]
    }

    /// As many as tokens are to be guessed, of whole words perhaps a few more than are.
    #[expect(clippy::cast_precision_loss, reason = "a sequence is short")]
    fn weight(&self, example: &MaskedExample) -> f64 {
        let wanted = self.masked.as_ref().map(|(_, params)| params.wanted(&example.parts));
        wanted.unwrap_or(1).max(1) as f64
    }

    fn draw(&self, example: &MaskedExample, seed: u64) -> Option<MaskedExample> {
        let (_, params) = self.masked.as_ref().filter(|_| example.targets.is_empty())?;
        Some(params.draw(example, seed))
    }

    #[expect(clippy::cast_precision_loss, reason = "a sequence is short")]
    #[expect(clippy::cast_possible_truncation, reason = "gradients have the model's own width")]
    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&MaskedExample],
        hidden: &Hidden,
        _dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        self.check(examples, hidden)?;
        let scale = gradient.as_ref().map_or(0.0, |(_, scale)| f64::from(*scale));
        let mut into = gradient.map(|(into, _)| into);
        let weights: Vec<f64> = examples.iter().map(|example| self.weight(example)).collect();
        let mut sum = 0.0;
        if let Some((head, _)) = &self.masked {
            let pass = self.forward(head, parameters, examples, hidden);
            let factor = |(example, weight): (&&MaskedExample, &f64)| {
                let n = example.targets.len();
                vec![weight / n.max(1) as f64; n]
            };
            let factors: Vec<f64> = examples.iter().zip(&weights).flat_map(factor).collect();
            let decoded = decoder(head).forward(parameters, &pass.out, &pass.words);
            sum += decoded
                .losses
                .iter()
                .zip(&factors)
                .map(|(loss, factor)| loss * factor)
                .sum::<f64>();
            if let Some(into) = &mut into {
                let factors: Vec<f32> = factors.iter().map(|f| (f * scale) as f32).collect();
                self.backward(head, parameters, &pass, decoded, &factors, into);
            }
        }
        if let Some(next) = &self.next {
            let (first, pooled, mut logits) = next.forward(parameters, hidden);
            let each = logits.chunks_exact_mut(2).zip(examples).zip(&weights);
            for ((logits, example), weight) in each {
                let mut row = [logits[0], logits[1]].map(f64::from);
                let is_next = example.is_next.unwrap_or_default();
                let weight = weight * self.next_weight;
                let target = if is_next { [1.0, 0.0] } else { [0.0, 1.0] };
                sum += weight * cross_entropy(&mut row, &target);
                for (logit, gradient) in logits.iter_mut().zip(row) {
                    *logit = (scale * weight * gradient) as f32;
                }
            }
            if let Some(into) = &mut into {
                let mut gradient = next.classifier.backward(parameters, &pooled, &logits);
                for (gradient, y) in gradient.iter_mut().zip(&pooled) {
                    *gradient *= 1.0 - y * y;
                }
                let rows = next.pooler.backward(parameters, &first.values, &gradient);
                first.scatter(rows, into);
            }
        }
        Ok(sum)
    }
}
