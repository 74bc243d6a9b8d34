//! Language models on running text: guesses of masked words, and whether one text follows another.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::Sequence;
use cloze_heads::HeadError;
use cloze_heads::masked::Logits;
use cloze_report::tuning::LanguageFigures;
use cloze_store::checksum;
use cloze_tune::random::derive;
use cloze_tune::task::ValidMaskParams;
use serde::Serialize;

use super::EvaluateError;
use crate::train::{LanguageTally, MASK_EVALUATION_SEED, PackedText};
use crate::{Error, MaskedLm, NextSentence};

/// Number of sequences that are handed over at once, to be put into batches.
const CHUNK: usize = 512;

/// Sequence with masks drawn by `seed`, and the words they hide.
fn masked(packed: &PackedText, masks: &ValidMaskParams, seed: u64) -> (Sequence, Vec<u32>) {
    let mut pieces = packed.pieces.clone();
    // Casings stay beside the ids, which masks take the place of.
    let drawn = masks.draw(&packed.clone().example(1), seed);
    pieces.ids = drawn.sequence.ids;
    let narrow = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
    pieces.asked = drawn.targets.iter().map(|(position, _)| narrow(*position)).collect();
    (pieces, drawn.targets.into_iter().map(|(_, word)| word).collect())
}

/// Evaluates guesses of masked words in `sequences`, whose masks are drawn as `masks` say: with the same
/// `seed` those that a training evaluates by. `progress` is called with the number of sequences done.
///
/// # Errors
/// As [`MaskedLm::map`]; [`EvaluateError::Head`] for logits that are not numbers.
pub fn masked_words(
    lm: &MaskedLm,
    sequences: &[PackedText],
    masks: &ValidMaskParams,
    seed: u64,
    mut progress: impl FnMut(usize),
) -> Result<LanguageFigures, EvaluateError> {
    let mut tally = LanguageTally::default();
    for (i, chunk) in sequences.chunks(CHUNK).enumerate() {
        let seeds =
            (i * CHUNK..).map(|index| derive(derive(seed, MASK_EVALUATION_SEED), index as u64));
        let masked = chunk.iter().zip(seeds).map(|(packed, seed)| masked(packed, masks, seed));
        let (pieces, words): (Vec<_>, Vec<_>) = masked.unzip();
        let guesses = lm.map(&pieces, |i, logits| {
            let rows = logits.chunks_exact(lm.vocabulary()).zip(&words[i]);
            let guess = |(row, word): (&[f32], &u32)| {
                let target_logit = row[*word as usize];
                let loss = -Logits::new(row)?.log_probability(*word)?;
                Ok((loss, row.iter().all(|x| *x <= target_logit)))
            };
            rows.map(guess).collect::<Result<Vec<_>, HeadError>>()
        })?;
        for (guesses, words) in guesses.into_iter().zip(words) {
            tally.add(words.into_iter(), &guesses?);
        }
        progress(i * CHUNK + chunk.len());
    }
    Ok(tally.figures())
}

/// Evaluates predictions of whether the second text of each pair follows the first; texts that are no
/// pairs count as pairs that do not.
///
/// # Errors
/// As [`NextSentence::is_next_of`].
pub fn next_sentences(
    head: &NextSentence,
    pairs: &[PackedText],
) -> Result<LanguageFigures, EvaluateError> {
    let mut tally = LanguageTally::default();
    for chunk in pairs.chunks(CHUNK) {
        let pieces: Vec<_> = chunk.iter().map(|packed| packed.pieces.clone()).collect();
        for (probability, packed) in head.is_next_of(&pieces)?.into_iter().zip(chunk) {
            tally.add_pair(probability, packed.is_next.unwrap_or_default());
        }
    }
    Ok(tally.figures())
}

/// Report of an evaluation of a language model.
#[derive(Clone, Debug, Serialize)]
pub struct LanguageModelReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// Most tokens of a sequence.
    pub max_tokens: usize,
    /// Seed of masks and pairs.
    pub seed: u64,
    /// Figures.
    #[serde(flatten)]
    pub figures: LanguageFigures,
}

impl LanguageModelReport {
    /// A report on figures of a model.
    ///
    /// # Errors
    /// [`EvaluateError::Model`] for a model whose files cannot be read.
    pub fn new(
        model: &ModelFolder,
        max_tokens: usize,
        seed: u64,
        figures: LanguageFigures,
    ) -> Result<Self, EvaluateError> {
        let tokenizer = checksum::sha256_file(model.tokenizer_path()).map_err(Error::from)?;
        Ok(Self {
            model: model.name(),
            model_sha256: model.sha256().map_err(Error::from)?,
            tokenizer_sha256: tokenizer,
            max_tokens,
            seed,
            figures,
        })
    }
}
