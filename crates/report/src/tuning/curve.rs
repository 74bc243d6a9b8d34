//! Losses and scores over the steps.
use serde::Serialize;

/// Losses and scores over the steps of a training.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TrainingCurve {
    /// Steps and the loss on the examples of each, thinned.
    pub losses: Vec<(u64, f64)>,
    /// Steps and the metric after each.
    pub scores: Vec<(u64, f64)>,
    /// Steps and the loss on the validation data.
    pub judged_losses: Vec<(u64, f64)>,
    /// Steps and the learning rate of each, thinned in the same way.
    pub rates: Vec<(u64, f64)>,
    /// Tokens of all steps.
    pub tokens: u64,
    /// Seconds that the steps took.
    pub seconds: f64,
}

impl TrainingCurve {
    /// Returns the number of tokens per second.
    #[must_use]
    pub fn tokens_a_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let tokens = self.tokens as f64;
        tokens / self.seconds.max(1e-9)
    }
}
