//! Evaluation of a causal language model in training.
use cloze_report::tuning::CausalFigures;
use cloze_tune::TuneError;
use cloze_tune::decoder::{CausalExample, CausalLearner, DecoderTape};
use cloze_tune::training::ValidationScore;

use super::data::EncodedCorpus;

/// Batch size of a forward pass, in rows.
const BATCH: usize = 8;

/// Evaluates a model on the rows of a data set.
pub(super) fn evaluate(
    learner: &CausalLearner,
    rows: &[CausalExample],
    data: &EncodedCorpus,
) -> Result<CausalFigures, TuneError> {
    let mut tape = DecoderTape::one_way();
    let (mut loss, mut tokens) = (0.0, 0);
    for batch in rows.chunks(BATCH) {
        let texts: Vec<&[u32]> =
            batch.iter().flat_map(|row| &row.texts).map(Vec::as_slice).collect();
        loss += learner.decoder.loss(&learner.parameters, &texts, &mut tape)?;
        tokens += batch.iter().map(CausalExample::predicted).sum::<usize>();
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let loss = loss / tokens.max(1) as f64;
    Ok(CausalFigures { texts: data.documents.len(), tokens, bytes: data.bytes, loss })
}

/// Score that the best step is chosen by: the geometric mean of the tokens' probabilities.
pub(super) fn score(figures: &CausalFigures) -> ValidationScore {
    ValidationScore { metric: figures.token_probability(), loss: Some(figures.loss) }
}
