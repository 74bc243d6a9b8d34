//! Windows of texts, and vectors pooled from them.
use cloze_embed::Poolings;
use cloze_encoder::{EncoderParams, PairCut};
use cloze_tune::encoder::Tape;
use cloze_tune::training::TaskLearner;
use cloze_tune::{Hidden, TrainingSequence, TuneError};

use super::FineTuneError;
use super::base::{StartModel, sequence};
use super::event::{TrainingNote, TrainingObserver, note};

/// Batch size of a forward pass, in sequences.
const BATCH: usize = 32;

/// Sequences of a text, each with the number of its tokens that no sequence before has.
pub(super) type TextWindows = Vec<(TrainingSequence, usize)>;

/// Settings of cutting texts into sequences.
pub(super) struct Windows<'a> {
    pub(super) base: &'a StartModel,
    /// Number of casing classes of the encoder.
    pub(super) classes: usize,
    /// Text of a pair that is cut.
    pub(super) cut: PairCut,
    pub(super) observer: &'a TrainingObserver<'a>,
}

impl Windows<'_> {
    /// Cuts texts into sequences of at most `most` tokens: a longer one goes through several windows,
    /// or is truncated.
    pub(super) fn texts<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        most: usize,
        truncate: bool,
    ) -> Result<Vec<TextWindows>, FineTuneError> {
        let tokenizer = &self.base.tokenizer;
        let special = self.base.folder.max_tokens().saturating_sub(tokenizer.limit());
        let window = most.saturating_sub(special).max(1);
        let params = EncoderParams::new().window(Some(window)).truncate(truncate);
        let (mut by_text, mut long) = (vec![], 0);
        for (i, text) in texts.enumerate() {
            let windows = tokenizer.windows(text, i, &params)?;
            long += u64::from(windows.long);
            let seen = windows.sequences.iter();
            by_text.push(seen.map(|(s, kept)| (sequence(s, self.classes), *kept)).collect());
        }
        self.note_long(long, "text", most, truncate);
        Ok(by_text)
    }

    /// Puts each pair into one sequence of at most `most` tokens, for which it is cut.
    pub(super) fn pairs<'t>(
        &self,
        pairs: impl Iterator<Item = [&'t str; 2]>,
        most: usize,
    ) -> Result<Vec<TextWindows>, FineTuneError> {
        let (mut by_pair, mut long) = (vec![], 0);
        for (i, texts) in pairs.enumerate() {
            let (pair, was_cut) = self.base.tokenizer.pair(texts, i, self.cut, most)?;
            long += u64::from(was_cut);
            by_pair.push(vec![(sequence(&pair, self.classes), 1)]);
        }
        self.note_long(long, "pair", most, true);
        Ok(by_pair)
    }

    fn note_long(&self, count: u64, unit: &'static str, max_tokens: usize, cut: bool) {
        if count > 0 {
            note(self.observer, &TrainingNote::Long { count, unit, max_tokens, cut });
        }
    }
}

/// Rows that `make` computes from hidden states, `[texts, width]`; the rows of a text's windows are
/// combined as in prediction.
pub(super) fn rows<T>(
    learner: &TaskLearner<T>,
    texts: &[TextWindows],
    poolings: &Poolings,
    make: impl Fn(&Hidden) -> Result<Vec<Vec<f32>>, TuneError>,
) -> Result<Vec<Vec<f32>>, TuneError> {
    let parts: Vec<&TrainingSequence> =
        texts.iter().flatten().map(|(sequence, _)| sequence).collect();
    let mut tape = Tape::one_way();
    let mut rows = Vec::with_capacity(parts.len());
    for batch in parts.chunks(BATCH) {
        let hidden = learner.encoder.forward(&learner.parameters, batch, None, &mut tape)?;
        rows.extend(make(&hidden)?);
    }
    let mut rows = rows.into_iter();
    let text = |seen: &TextWindows| {
        let weighted: Vec<(Vec<f32>, usize)> =
            seen.iter().zip(rows.by_ref()).map(|((_, kept), row)| (row, *kept)).collect();
        poolings.combine(&weighted).map_err(|error| as_tune_error(&error))
    };
    texts.iter().map(text).collect()
}

/// Error of another crate about one of the texts.
pub(super) fn as_tune_error(error: &dyn std::error::Error) -> TuneError {
    TuneError::Sequence { sequence: 0, what: error.to_string() }
}
