//! Evaluation of a language model in training.
use cloze_report::tuning::LanguageFigures;
use cloze_tune::TuneError;
use cloze_tune::encoder::Tape;
use cloze_tune::task::{MaskedExample, MaskedTask};
use cloze_tune::training::{TaskLearner, ValidationScore};

use super::tally::LanguageTally;

/// Batch size of a forward pass, in sequences.
const BATCH: usize = 16;

/// Evaluates a model on examples whose masks are drawn.
pub(super) fn evaluate(
    learner: &TaskLearner<MaskedTask>,
    examples: &[MaskedExample],
) -> Result<LanguageFigures, TuneError> {
    let mut tape = Tape::one_way();
    let mut tally = LanguageTally::default();
    for batch in examples.chunks(BATCH) {
        let sequences: Vec<_> = batch.iter().map(|e| &e.sequence).collect();
        let hidden = learner.encoder.forward(&learner.parameters, &sequences, None, &mut tape)?;
        let refs: Vec<_> = batch.iter().collect();
        let guesses = learner.task.guess(&learner.parameters, &refs, &hidden)?;
        for (example, guess) in batch.iter().zip(guesses) {
            let results: Vec<_> = guess.losses.into_iter().zip(guess.first).collect();
            tally.add(example.targets.iter().map(|(_, word)| *word), &results);
            if let Some((probability, real)) = guess.is_next.zip(example.is_next) {
                tally.add_pair(probability, real);
            }
        }
    }
    Ok(tally.figures())
}

/// Score that the best step is chosen by: the accuracy of masked words, or without masks that of next
/// sentences.
pub(super) fn score(figures: &LanguageFigures) -> ValidationScore {
    let masked = figures
        .masked
        .as_ref()
        .map(|m| ValidationScore { metric: m.accuracy(), loss: Some(m.loss) });
    let next =
        || figures.next.as_ref().map(|n| ValidationScore { metric: n.accuracy(), loss: None });
    masked.or_else(next).unwrap_or(ValidationScore { metric: 0.0, loss: None })
}
