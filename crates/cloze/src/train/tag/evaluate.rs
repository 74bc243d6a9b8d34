//! Evaluation of a tagger in training.
use cloze_core::Chain;
use cloze_core::TagSet;
use cloze_metrics::entity::{Convention, EntityReport, EntityScorer};
use cloze_metrics::{MetricsError, Origin};
use cloze_report::tuning::EntityMistakes;
use cloze_tune::TuneError;
use cloze_tune::encoder::Tape;
use cloze_tune::task::{TagTask, Task as _};
use cloze_tune::training::{TaskLearner, ValidationScore};

use super::data::{Sentences, TagExamples};

/// Batch size of a forward pass, in examples.
const BATCH: usize = 32;

/// Evaluation of a tagger.
pub(super) struct TagEvaluation {
    pub(super) score: ValidationScore,
    pub(super) report: EntityReport,
    pub(super) mistakes: EntityMistakes,
    /// Number of predicted entities.
    pub(super) predicted: usize,
}

/// Evaluates a tagger: micro-averaged entity F1, conlleval's convention, and the mean loss per word.
/// Tags are the likeliest legal sequence, as in prediction.
pub(super) fn evaluate(
    learner: &mut TaskLearner<TagTask>,
    set: &TagExamples,
    gold: &Sentences,
    tags: &TagSet,
) -> Result<TagEvaluation, TuneError> {
    let mut chain = Chain::legal(tags.tags(), tags.scheme());
    if let Some(learned) = learner.task.chain(&learner.parameters) {
        chain = chain.and_then(|legal| legal.plus(&learned));
    }
    let names = tags.names();
    let mut predicted: Vec<Vec<&str>> =
        gold.list.iter().map(|s| vec!["O"; s.tags().len()]).collect();
    let (mut loss, mut weight) = (0.0, 0.0);
    let mut tape = Tape::one_way();
    let places: Vec<usize> = (0..set.examples.len()).collect();
    for batch in places.chunks(BATCH) {
        let examples: Vec<_> = batch.iter().map(|&i| &set.examples[i]).collect();
        let sequences: Vec<_> = examples.iter().map(|example| &example.sequence).collect();
        let TaskLearner { encoder, task, parameters, .. } = &mut *learner;
        let hidden = encoder.forward(parameters, &sequences, None, &mut tape)?;
        loss += task.loss(parameters, &examples, &hidden, None, None)?;
        weight += examples.iter().map(|example| task.weight(example)).sum::<f64>();
        let logits = task.predict(parameters, &examples, &hidden)?;
        let mut row = 0;
        for &i in batch {
            let (sentence, words) = &set.words[i];
            let units: Vec<f64> = (row..row + words.len())
                .flat_map(|r| logits.row(r).unwrap_or_default())
                .map(|&x| f64::from(x))
                .collect();
            row += words.len();
            let best = chain.as_ref().map(|chain| chain.best(&units)).unwrap_or_default();
            for (word, tag) in words.iter().zip(best) {
                predicted[*sentence][*word] = &names[tag];
            }
        }
    }
    let mut scorer = EntityScorer::new(Convention::Conlleval);
    let (mut mistakes, mut count) = (EntityMistakes::default(), 0);
    for (i, (sentence, predicted)) in gold.list.iter().zip(&predicted).enumerate() {
        let failed =
            |error: MetricsError| TuneError::Sequence { sequence: i, what: error.to_string() };
        let entities = Convention::Conlleval.entities(predicted, Origin::Predicted);
        let (gold, entities) = (sentence.entities(), entities.map_err(failed)?);
        count += entities.len();
        mistakes.add(&gold, &entities, |span| sentence.text_of(span));
        scorer.add_spans(gold, entities).map_err(failed)?;
    }
    let report = scorer.report();
    let mean = if weight > 0.0 { loss / weight } else { 0.0 };
    let score = ValidationScore { metric: report.averages.micro.f1, loss: Some(mean) };
    Ok(TagEvaluation { score, report, mistakes, predicted: count })
}
