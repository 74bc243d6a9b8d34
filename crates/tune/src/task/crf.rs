//! A label for each word, from its first piece and its neighbours' labels: a linear-chain
//! conditional random field. Source: Lafferty et al., ICML 2001; on top of an encoder, Lample et
//! al., NAACL 2016.
use cloze_core::{Chain, Matrix};
use rayon::prelude::*;

use super::tagged::Words;
use super::{DenseLayer, TaggedExample, Task};
use crate::encoder::DropoutAt;
use crate::{Hidden, Id, Parameters, TrainingSequence, TuneError};

/// Dropout, a classifier, and the negative log-likelihood of the words' labels as a whole.
///
/// An example counts as many as it has words: a likelihood is a product over words, so that losses
/// and gradients are of the size that [`TokenTask`](super::TokenTask)'s are, and long texts count as
/// much as they do there. Nothing is forbidden while learning, as then an illegal sequence of gold
/// labels would have no likelihood; decoding forbids what the scheme does ([`Chain::legal`]).
#[derive(Clone, Copy, Debug)]
pub struct CrfTask {
    classifier: DenseLayer,
    start: Id,
    end: Id,
    between: Id,
}

impl CrfTask {
    /// With this classifier and the scores in `chain`, by default all 0: what
    /// [`TokenTask`](super::TokenTask) learns from. They are added as `crf.start` and `crf.end`,
    /// `[labels]`, and `crf.between`, `[labels, labels]`, and do not decay.
    ///
    /// # Errors
    /// [`TuneError::Setting`] unless `chain` has as many labels as the classifier, and finite
    /// numbers.
    pub fn add(
        parameters: &mut Parameters,
        classifier: DenseLayer,
        chain: Option<&Chain>,
    ) -> Result<Self, TuneError> {
        let labels = classifier.outputs();
        let mut part = |name: &str, shape: &[usize], values: Option<&[f64]>| {
            let values = checked_scores(name, shape.iter().product(), labels, values)?;
            Ok::<_, TuneError>(parameters.add(name, shape, values, false))
        };
        Ok(Self {
            classifier,
            start: part("crf.start", &[labels], chain.map(Chain::start))?,
            end: part("crf.end", &[labels], chain.map(Chain::end))?,
            between: part("crf.between", &[labels, labels], chain.map(Chain::between))?,
        })
    }

    /// The scores of labels as neighbours, as they are now; to decode and to save.
    ///
    /// # Panics
    /// If `parameters` are not those that the task was added to.
    #[must_use]
    pub fn chain(&self, parameters: &Parameters) -> Chain {
        let wide = |id| parameters.value(id).iter().copied().map(f64::from).collect();
        Chain::new(wide(self.start), wide(self.end), wide(self.between))
            .expect("the sizes were chosen in `add`")
    }

    /// The logits of the words of `examples`, one text after the other: `[words, labels]`, for
    /// [`Chain::best`] of each text. No dropout; the labels in the examples are not looked at beyond
    /// their range.
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

/// The `len` scores of `name`, which must be finite; zeros if there are none.
#[expect(clippy::cast_possible_truncation, reason = "learned at the model's own width")]
fn checked_scores(
    name: &str,
    len: usize,
    labels: usize,
    scores: Option<&[f64]>,
) -> Result<Vec<f32>, TuneError> {
    let wrong = |actual: String, expected: String| {
        Err(TuneError::Setting { setting: name.to_owned(), found: actual, expected })
    };
    let Some(scores) = scores else { return Ok(vec![0.0; len]) };
    let scores: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
    if scores.len() != len {
        return wrong(format!("{} numbers", scores.len()), format!("{len}, for {labels} labels"));
    }
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return wrong(score.to_string(), "finite numbers".into());
    }
    Ok(scores)
}

/// Gradients of the scores of labels as neighbours.
struct Counts {
    start: Vec<f64>,
    end: Vec<f64>,
    between: Vec<f64>,
}

impl Counts {
    fn zeros(labels: usize) -> Self {
        let zeros = |len| vec![0.0; len];
        Self { start: zeros(labels), end: zeros(labels), between: zeros(labels * labels) }
    }

    fn add(&mut self, other: &Self) {
        add(&mut self.start, &other.start);
        add(&mut self.end, &other.end);
        add(&mut self.between, &other.between);
    }
}

fn add(sum: &mut [f64], more: &[f64]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The loss of one text; with `learns`, also the gradients, and leaves that of `logits` in their
/// place: what is expected of the labels, less what is gold.
fn loss_of_text(
    chain: &Chain,
    logits: &mut [f64],
    example: &TaggedExample,
    learns: bool,
) -> (f64, Option<Counts>) {
    let labels = chain.labels();
    let gold: Vec<usize> = example.gold().collect();
    let posterior = chain.posterior(logits);
    let loss = posterior.log_partition() - chain.score(logits, &gold);
    if !learns {
        return (loss, None);
    }
    let mut counts = Counts::zeros(labels);
    let mut marginals = posterior.marginals();
    for (row, &label) in marginals.chunks_exact_mut(labels).zip(&gold) {
        row[label] -= 1.0;
    }
    add(&mut counts.between, &posterior.pairs());
    for pair in gold.windows(2) {
        counts.between[pair[0] * labels + pair[1]] -= 1.0;
    }
    let mut rows = marginals.chunks_exact(labels);
    add(&mut counts.start, rows.clone().next().unwrap_or(&[]));
    add(&mut counts.end, rows.next_back().unwrap_or(&[]));
    logits.copy_from_slice(&marginals);
    (loss, Some(counts))
}

impl Task for CrfTask {
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
        let words = Words::forward(&self.classifier, parameters, examples, hidden, dropout)?;
        let chain = self.chain(parameters);
        let labels = chain.labels();
        let mut logits: Vec<f64> = words.logits.iter().copied().map(f64::from).collect();
        let mut rest = logits.as_mut_slice();
        let mut texts = vec![];
        for example in examples {
            let (text, after) = rest.split_at_mut(example.places.len() * labels);
            texts.push((text, *example));
            rest = after;
        }
        let learns = gradient.is_some();
        let losses = texts
            .into_par_iter()
            .map(|(text, example)| loss_of_text(&chain, text, example, learns));
        // Added up in the order of the texts, whichever is done first.
        let losses: Vec<_> = losses.collect();
        let mut counts = Counts::zeros(labels);
        let mut loss = 0.0;
        for (text_loss, more) in &losses {
            loss += text_loss;
            if let Some(more) = more {
                counts.add(more);
            }
        }
        if let Some((into, scale)) = gradient {
            let scaled = |x: f64| (f64::from(scale) * x) as f32;
            let parts = [
                (self.start, counts.start),
                (self.end, counts.end),
                (self.between, counts.between),
            ];
            for (id, counts) in parts {
                for (sum, count) in parameters.gradient_mut(id).iter_mut().zip(counts) {
                    *sum += scaled(count);
                }
            }
            let logits: Vec<f32> = logits.into_iter().map(scaled).collect();
            words.backward(&self.classifier, parameters, &logits, into);
        }
        Ok(loss)
    }
}
