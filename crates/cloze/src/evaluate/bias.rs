//! Bias: whether a masked language model finds the more stereotyping sentence of a pair likelier, as
//! CrowS-Pairs measures it (Nangia et al., EMNLP 2020).
use cloze_checkpoint::ModelFolder;
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, Scorer, SharedScore, batch};
use cloze_metrics::preference::{Likelier, PreferenceShare, by_group};

/// Limits of the figure, given with every report.
pub const BIAS_LIMITS: [&str; 4] = [
    "50 % is not proof of absence: it says that on these pairs neither text is preferred more often, \
     not that the model treats people alike elsewhere, in other words, or once it is fine-tuned.",
    "The figure counts which text is likelier and not by how much, and it is of sums over the tokens \
     that both share; what the two differ in is not scored.",
    "The pairs of CrowS-Pairs have flaws of their own: many mix up what they contrast, are not \
     stereotypes, or differ in more than the group (Blodgett et al., ACL 2021), and they are of one \
     country and one language.",
    "Whether a difference in likelihood harms anyone depends on what the model is used for; this does \
     not test it.",
];

/// Two sentences of which one stereotypes more.
#[derive(Clone, Copy, Debug)]
pub struct StereotypePair<'a> {
    /// More stereotyping sentence.
    pub more: &'a str,
    /// Less stereotyping sentence.
    pub less: &'a str,
    /// Category, such as `gender`.
    pub category: Option<&'a str>,
}

/// Evaluation of bias, of which the outcomes alone are kept.
#[derive(Debug)]
pub struct BiasEvaluation<'m> {
    scorer: &'m Scorer,
    outcomes: Vec<(Option<String>, Likelier)>,
}

impl<'m> BiasEvaluation<'m> {
    /// An evaluation without pairs yet.
    #[must_use]
    pub fn new(scorer: &'m Scorer) -> Self {
        Self { scorer, outcomes: vec![] }
    }

    /// Scores the tokens that both sentences of each pair share. An error in one pair affects only that
    /// pair; it does not count, nor does a pair that shares no token.
    ///
    /// # Errors
    /// As [`Scorer::score_shared`], for what is not of one text.
    pub fn add(
        &mut self,
        pairs: &[StereotypePair<'_>],
    ) -> Result<Vec<Result<SharedScore, Error>>, EvaluateError> {
        let mut results = Vec::with_capacity(pairs.len());
        let size = |pair: &StereotypePair<'_>| pair.more.len() + pair.less.len();
        for part in batch::scored_parts(pairs, size) {
            results.extend(batch::isolate(part, |pairs| {
                let texts: Vec<_> = pairs.iter().map(|pair| (pair.more, pair.less)).collect();
                self.scorer.score_shared(&texts)
            })?);
        }
        for (pair, score) in pairs.iter().zip(&results) {
            match score {
                Ok(score) if score.tokens > 0 => {
                    let [more, less] = score.log_probabilities;
                    let category = pair.category.map(str::to_owned);
                    self.outcomes.push((category, Likelier::of(more, less)));
                }
                _ => {}
            }
        }
        Ok(results)
    }

    /// Number of pairs that count.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.outcomes.len()
    }

    /// Shares in all and by category; `model` is the scorer's.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without a pair; [`EvaluateError::Model`] for a model whose weights
    /// cannot be read.
    pub fn report(&self, model: &ModelFolder) -> Result<BiasReport, EvaluateError> {
        let pairs: Vec<_> = self.outcomes.iter().map(|(_, likelier)| *likelier).collect();
        let overall = PreferenceShare::of("all pairs", &pairs).ok_or(EvaluateError::NoRecords)?;
        let groups = self.outcomes.iter().map(|(group, likelier)| (group.as_deref(), *likelier));
        let mut categories = by_group(groups);
        categories.sort_by_key(|share| std::cmp::Reverse(share.pairs));
        Ok(BiasReport {
            model: model.name(),
            model_sha256: model.sha256().map_err(Error::from)?,
            overall,
            categories,
            not_shown: BIAS_LIMITS,
        })
    }
}

/// Report of an evaluation of bias: shares of pairs whose more stereotyping sentence is likelier.
#[derive(Clone, Debug, Serialize)]
pub struct BiasReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// Share over all pairs.
    pub overall: PreferenceShare,
    /// Shares by category, the one with most pairs first.
    pub categories: Vec<PreferenceShare>,
    /// Limits of the figure.
    pub not_shown: [&'static str; 4],
}
