//! What the encoder sees of texts, and what comes of it.
use cloze::Poolings;
use cloze_encoder::{EncoderParams, PairCut};
use cloze_tune::encoder::Tape;
use cloze_tune::training::TaskLearner;
use cloze_tune::{Hidden, Sequence, TuneError};

use super::model::{Base, sequence};
use crate::terminal::messages::{Messages, plural};

/// As many sequences as are worked on at once.
const BATCH: usize = 32;

/// The sequences that the encoder sees of a text, each with how many of its tokens the result stands
/// for.
pub(super) type Seen = Vec<(Sequence, usize)>;

/// How the encoder sees texts.
pub(super) struct Sight<'a> {
    pub(super) base: &'a Base,
    /// How many classes of casing token types are divided by.
    pub(super) classes: usize,
    /// Which text of a pair is cut.
    pub(super) cut: PairCut,
    pub(super) messages: &'a Messages,
}

impl Sight<'_> {
    /// Texts in sequences of at most `most` tokens: one that is longer goes through several windows,
    /// or is to be cut.
    pub(super) fn texts<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        most: usize,
        truncate: bool,
    ) -> anyhow::Result<Vec<Seen>> {
        let tokenizer = &self.base.tokenizer;
        let special = self.base.folder.max_tokens().saturating_sub(tokenizer.limit());
        let window = most.saturating_sub(special).max(1);
        let params = EncoderParams::new().window(Some(window)).truncate(truncate);
        let (mut all, mut long) = (vec![], 0);
        for (i, text) in texts.enumerate() {
            let found = tokenizer.windows(text, i, &params)?;
            long += u64::from(found.long);
            let seen = found.sequences.iter();
            all.push(seen.map(|(s, kept)| (sequence(s, self.classes), *kept)).collect());
        }
        self.note_long(long, "text", most, if truncate { "cut" } else { "seen in parts" });
        Ok(all)
    }

    /// Pairs, each in one sequence of at most `most` tokens, for which it is cut.
    pub(super) fn pairs<'t>(
        &self,
        pairs: impl Iterator<Item = [&'t str; 2]>,
        most: usize,
    ) -> anyhow::Result<Vec<Seen>> {
        let (mut all, mut long) = (vec![], 0);
        for (i, texts) in pairs.enumerate() {
            let (pair, was_cut) = self.base.tokenizer.pair(texts, i, (self.cut, most))?;
            long += u64::from(was_cut);
            all.push(vec![(sequence(&pair, self.classes), 1)]);
        }
        self.note_long(long, "pair", most, "cut");
        Ok(all)
    }

    fn note_long(&self, long: u64, what: &str, most: usize, how: &str) {
        if long > 0 {
            self.messages.note(&format!("{} longer than {most} tokens, {how}", plural(long, what)));
        }
    }
}

/// What `make` makes of the hidden states of each text, `[texts, width]`; of one that is seen in parts
/// it is pooled as the library has it.
pub(super) fn rows<T>(
    learner: &TaskLearner<T>,
    texts: &[Seen],
    poolings: &Poolings,
    make: impl Fn(&Hidden) -> Result<Vec<Vec<f32>>, TuneError>,
) -> Result<Vec<Vec<f32>>, TuneError> {
    let parts: Vec<&Sequence> = texts.iter().flatten().map(|(sequence, _)| sequence).collect();
    let mut tape = Tape::one_way();
    let mut rows = Vec::with_capacity(parts.len());
    for batch in parts.chunks(BATCH) {
        let hidden = learner.encoder.forward(&learner.parameters, batch, None, &mut tape)?;
        rows.extend(make(&hidden)?);
    }
    let mut rows = rows.into_iter();
    let text = |seen: &Seen| {
        let own: Vec<(Vec<f32>, usize)> =
            seen.iter().zip(rows.by_ref()).map(|((_, kept), row)| (row, *kept)).collect();
        poolings.combine(&own).map_err(|error| wrong(&error))
    };
    texts.iter().map(text).collect()
}

/// An error of another crate about one of the texts.
pub(super) fn wrong(error: &dyn std::error::Error) -> TuneError {
    TuneError::Sequence { sequence: 0, what: error.to_string() }
}
