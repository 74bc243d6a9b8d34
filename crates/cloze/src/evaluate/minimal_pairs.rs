//! Minimal pairs: whether a language model finds the acceptable sentence of a pair likelier, as
//! in BLiMP (Warstadt et al., TACL 2020).
use cloze_checkpoint::ModelFolder;
use cloze_store::checksum;
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, ScoreMethod, TextScore, TextScorer, batch};
use cloze_metrics::preference::{Likelier, PreferenceShare, by_group};

/// Two sentences of which one is acceptable.
#[derive(Clone, Copy, Debug)]
pub struct MinimalPair<'a> {
    /// Acceptable sentence.
    pub good: &'a str,
    /// Other sentence.
    pub bad: &'a str,
    /// Paradigm, such as `anaphor_number_agreement`.
    pub paradigm: &'a str,
    /// Phenomenon, such as `anaphor_agreement`.
    pub phenomenon: Option<&'a str>,
    /// Field of linguistics, such as `morphology`.
    pub field: Option<&'a str>,
}

/// Evaluation on minimal pairs, of which the outcomes alone are kept.
#[derive(Debug)]
pub struct MinimalPairEvaluation<'m> {
    scorer: &'m dyn TextScorer,
    outcomes: Vec<Outcome>,
    unknown: u64,
}

#[derive(Debug)]
struct Outcome {
    paradigm: String,
    phenomenon: Option<String>,
    field: Option<String>,
    likelier: Likelier,
}

impl<'m> MinimalPairEvaluation<'m> {
    /// An evaluation without pairs yet.
    #[must_use]
    pub fn new(scorer: &'m dyn TextScorer) -> Self {
        Self { scorer, outcomes: vec![], unknown: 0 }
    }

    /// Scores both sentences of each pair; an error in one pair affects only that pair, which then does
    /// not count.
    ///
    /// # Errors
    /// As [`TextScorer::score`], for what is not of one text.
    pub fn add(
        &mut self,
        pairs: &[MinimalPair<'_>],
    ) -> Result<Vec<Result<[TextScore; 2], Error>>, EvaluateError> {
        let mut results = Vec::with_capacity(pairs.len());
        let size = |pair: &MinimalPair<'_>| pair.good.len() + pair.bad.len();
        for part in batch::scored_parts(pairs, size) {
            results.extend(batch::isolate(part, |pairs| self.scores(pairs))?);
        }
        for (pair, scores) in pairs.iter().zip(&results) {
            let Ok([good, bad]) = scores else { continue };
            self.unknown += good.sums.unknown + bad.sums.unknown;
            let sums = [good, bad].map(|text| text.sums.log_probability);
            self.outcomes.push(Outcome {
                paradigm: pair.paradigm.to_owned(),
                phenomenon: pair.phenomenon.map(str::to_owned),
                field: pair.field.map(str::to_owned),
                likelier: Likelier::of(sums[0], sums[1]),
            });
        }
        Ok(results)
    }

    fn scores(&self, pairs: &[MinimalPair<'_>]) -> Result<Vec<[TextScore; 2]>, Error> {
        let texts: Vec<&str> = pairs.iter().flat_map(|pair| [pair.good, pair.bad]).collect();
        let mut scores = self.scorer.score(&texts)?.into_iter();
        Ok(std::iter::from_fn(|| Some([scores.next()?, scores.next()?])).collect())
    }

    /// Number of pairs that count.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.outcomes.len()
    }

    /// Accuracy by paradigm, phenomenon and field; `model` is the scorer's.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without a pair; [`EvaluateError::Model`] for a model whose files
    /// cannot be read.
    pub fn report(&self, model: &ModelFolder) -> Result<MinimalPairReport, EvaluateError> {
        let pairs: Vec<_> = self.outcomes.iter().map(|pair| pair.likelier).collect();
        let overall = PreferenceShare::of("overall", &pairs).ok_or(EvaluateError::NoRecords)?;
        let groups = |group: fn(&Outcome) -> Option<&str>| {
            by_group(self.outcomes.iter().map(|pair| (group(pair), pair.likelier)))
        };
        let paradigms = groups(|pair| Some(&pair.paradigm));
        #[expect(clippy::cast_precision_loss, reason = "there are few paradigms")]
        let n = paradigms.len() as f64;
        let tokenizer = checksum::sha256_file(model.tokenizer_path()).map_err(Error::from)?;
        Ok(MinimalPairReport {
            model: model.name(),
            model_sha256: model.sha256().map_err(Error::from)?,
            tokenizer_sha256: tokenizer,
            method: self.scorer.method(),
            limit: None,
            unknown: self.unknown,
            overall,
            mean_over_paradigms: paradigms.iter().map(|p| p.first).sum::<f64>() / n,
            fields: groups(|pair| pair.field.as_deref()),
            phenomena: groups(|pair| pair.phenomenon.as_deref()),
            paradigms,
        })
    }
}

/// Report of an evaluation on minimal pairs. The share of pairs whose first sentence is likelier is
/// the accuracy.
#[derive(Clone, Debug, Serialize)]
pub struct MinimalPairReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// Way in which sentences are scored.
    #[serde(flatten)]
    pub method: ScoreMethod,
    /// Most pairs taken of a file, where the caller has set a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Number of tokens for words that the vocabulary does not have.
    pub unknown: u64,
    /// Accuracy over all pairs.
    pub overall: PreferenceShare,
    /// Mean over paradigms, each as much as another: BLiMP's own figure.
    pub mean_over_paradigms: f64,
    /// Accuracy by field.
    pub fields: Vec<PreferenceShare>,
    /// Accuracy by phenomenon.
    pub phenomena: Vec<PreferenceShare>,
    /// Accuracy by paradigm.
    pub paradigms: Vec<PreferenceShare>,
}
