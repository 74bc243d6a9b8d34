//! How well masks are guessed, and what follows, by a model in training.
use cloze_tune::TuneError;
use cloze_tune::encoder::Tape;
use cloze_tune::task::{MaskedExample, MaskedTask};
use cloze_tune::training::{Score, TaskLearner};

use super::tally::Tally;
use crate::commands::train::tune::report::language::LanguageVerdict;

/// As many sequences as are worked on at once.
const BATCH: usize = 16;

impl LanguageVerdict {
    /// Of examples whose masks stand where they are.
    pub(super) fn judge(
        learner: &TaskLearner<MaskedTask>,
        examples: &[MaskedExample],
    ) -> Result<Self, TuneError> {
        let mut tape = Tape::one_way();
        let mut tally = Tally::default();
        for batch in examples.chunks(BATCH) {
            let sequences: Vec<_> = batch.iter().map(|e| &e.sequence).collect();
            let hidden =
                learner.encoder.forward(&learner.parameters, &sequences, None, &mut tape)?;
            let all: Vec<_> = batch.iter().collect();
            let guesses = learner.task.guess(&learner.parameters, &all, &hidden)?;
            for (example, guess) in batch.iter().zip(guesses) {
                let found: Vec<_> = guess.losses.into_iter().zip(guess.first).collect();
                tally.add(example.targets.iter().map(|(_, word)| *word), &found);
                if let Some((found, real)) = guess.is_next.zip(example.is_next) {
                    tally.add_pair(found, real);
                }
            }
        }
        Ok(tally.verdict())
    }

    /// What training is steered by: the share of masks guessed first, or without masks of pairs told
    /// rightly.
    pub(super) fn score(&self) -> Score {
        let masked =
            self.masked.as_ref().map(|m| Score { metric: m.accuracy(), loss: Some(m.loss) });
        let next = || self.next.as_ref().map(|n| Score { metric: n.accuracy(), loss: None });
        masked.or_else(next).unwrap_or(Score { metric: 0.0, loss: None })
    }
}
