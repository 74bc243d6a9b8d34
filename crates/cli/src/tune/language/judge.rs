//! How well masks are guessed, and what follows.
use std::collections::HashMap;

use cloze_tune::TuneError;
use cloze_tune::encoder::Tape;
use cloze_tune::task::{MaskedExample, MaskedTask};
use cloze_tune::training::{Score, TaskLearner};

use crate::tune::report::language::{LanguageVerdict, Masked, Next};

/// As many sequences as are worked on at once.
const BATCH: usize = 16;

impl LanguageVerdict {
    /// Of examples whose masks stand where they are.
    pub(super) fn judge(
        learner: &TaskLearner<MaskedTask>,
        examples: &[MaskedExample],
    ) -> Result<Self, TuneError> {
        let mut tape = Tape::one_way();
        let (mut masked, mut next) = (Masked::default(), Next::default());
        let mut words: HashMap<u32, usize> = HashMap::new();
        let mut loss = 0.0;
        for batch in examples.chunks(BATCH) {
            let sequences: Vec<_> = batch.iter().map(|e| &e.sequence).collect();
            let hidden =
                learner.encoder.forward(&learner.parameters, &sequences, None, &mut tape)?;
            let all: Vec<_> = batch.iter().collect();
            let guesses = learner.task.guess(&learner.parameters, &all, &hidden)?;
            for (example, guess) in batch.iter().zip(guesses) {
                masked.masks += guess.losses.len();
                masked.first += guess.first.iter().filter(|first| **first).count();
                loss += guess.losses.iter().sum::<f64>();
                for (_, word) in &example.targets {
                    *words.entry(*word).or_default() += 1;
                }
                if let Some((found, real)) = guess.is_next.zip(example.is_next) {
                    next.pairs += 1;
                    next.real += usize::from(real);
                    next.right += usize::from((found > 0.5) == real);
                }
            }
        }
        masked.most_frequent = words.values().copied().max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let mean = loss / masked.masks.max(1) as f64;
        masked.loss = mean;
        Ok(Self {
            sequences: examples.len(),
            masked: Some(masked).filter(|masked| masked.masks > 0),
            next: Some(next).filter(|next| next.pairs > 0),
        })
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
