//! How good the tags are that a model in training gives.
use cloze::metrics::{Convention, EntityReport, EntityScorer, MetricsError, Origin};
use cloze_core::{Chain, tag};
use cloze_tune::encoder::Tape;
use cloze_tune::training::{Score, TaskLearner};
use cloze_tune::{Task as _, TuneError};

use super::data::{Files, Set};
use super::task::TagTask;
use crate::commands::train::tune::report::Mistakes;

/// As many examples as are worked on at once.
const BATCH: usize = 32;

pub(super) struct Judged {
    pub(super) score: Score,
    pub(super) report: EntityReport,
    pub(super) mistakes: Mistakes,
}

/// Micro-averaged entity F1, conlleval's convention, and the mean loss a word. Tags are the likeliest
/// legal sequence, as `cloze tag` chooses them.
pub(super) fn judge(
    learner: &mut TaskLearner<TagTask>,
    set: &Set,
    files: &Files,
    tags: &tag::TagSet,
) -> Result<Judged, TuneError> {
    let mut chain = Chain::legal(tags.tags(), tags.scheme());
    if let Some(own) = learner.task.chain(&learner.parameters) {
        chain = chain.and_then(|legal| legal.plus(&own));
    }
    let names = tags.names();
    let mut predicted: Vec<Vec<&str>> =
        files.sentences.iter().map(|s| vec!["O"; s.tags().len()]).collect();
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
    let mut mistakes = Mistakes::default();
    for (i, (sentence, predicted)) in files.sentences.iter().zip(&predicted).enumerate() {
        let failed =
            |error: MetricsError| TuneError::Sequence { sequence: i, what: error.to_string() };
        let found = Convention::Conlleval.entities(predicted, Origin::Predicted);
        let (gold, found) = (sentence.entities(), found.map_err(failed)?);
        mistakes.add(&gold, &found, |place| sentence.text_of(place));
        scorer.add_spans(gold, found).map_err(failed)?;
    }
    let report = scorer.report();
    let mean = if weight > 0.0 { loss / weight } else { 0.0 };
    let score = Score { metric: report.averages.micro.f1, loss: Some(mean) };
    Ok(Judged { score, report, mistakes })
}
