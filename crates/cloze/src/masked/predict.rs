//! The likeliest words for each mask, and how likely given ones are.
use std::collections::BTreeMap;

use cloze_encoder::Sequence;
use cloze_heads::HeadError;
use cloze_heads::masked::{Guess, Logits};

use super::MaskedLm;
use super::marked::{Marked, Window};
use crate::{Error, batch};

/// Number of sequences that wait at once: their tokens are in memory.
const AT_ONCE: usize = 1024;

/// A word for a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskPrediction {
    /// The word as people read it; a target as it was given.
    pub word: String,
    /// Tokens of the word: one, or for a target as many as it has.
    pub ids: Vec<u32>,
    /// Probability, 0 to 1.
    pub probability: f64,
}

/// The words for a text's masks.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskPredictions {
    /// For each mask, in text order, the likeliest first.
    pub masks: Vec<Vec<MaskPrediction>>,
    /// Whether the text is longer than the model takes, so that only what is around its masks was seen.
    pub windowed: bool,
}

impl MaskedLm {
    /// The `k` likeliest words for each mask of a text, special tokens among them, by softmax over the
    /// whole vocabulary; of several masks each by itself, in view of the others as masks. Of a text that
    /// is longer than the model takes, it sees what is around the masks: around all of them, or where they
    /// are too far apart, around each.
    ///
    /// # Errors
    /// [`Error::NoMask`]; [`Error::Head`] for logits that are not numbers; those of
    /// [`tokenize`](Self::tokenize) and [`map`](Self::map).
    pub fn predict(&self, text: &str, k: usize) -> Result<MaskPredictions, Error> {
        batch::only(self.predict_batch(&[text], k)?)
    }

    /// The `k` likeliest words for each mask of each text: the same as of [`predict`](Self::predict), bit
    /// for bit. An error in one text affects only that text.
    ///
    /// # Errors
    /// As [`map`](Self::map); [`Error::Cancelled`].
    pub fn predict_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
        k: usize,
    ) -> Result<Vec<Result<MaskPredictions, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        self.each(&texts, |texts| self.predict_all(texts, k))
    }

    /// The `k` likeliest words for each mask of a stream of texts, in order, in memory that the longest
    /// text bounds. An error that is not of one text is the last item.
    pub fn predict_iter<'a, I>(
        &'a self,
        texts: I,
        k: usize,
    ) -> impl Iterator<Item = Result<MaskPredictions, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        let size = |text: &I::Item| text.as_ref().len();
        batch::stream(texts, size, move |texts| self.predict_batch(texts, k))
    }

    fn predict_all(
        &self,
        texts: &[&str],
        k: usize,
    ) -> Result<Vec<Result<MaskPredictions, Error>>, Error> {
        let texts: Vec<_> = texts.iter().map(|text| self.windows(text)).collect();
        // A long text may have as many windows as masks: a part of them is in memory at once.
        let seen = texts.iter().flatten();
        let seen: Vec<(&Marked, &Window)> =
            seen.flat_map(|(text, windows)| windows.iter().map(move |w| (text, w))).collect();
        let mut tops = Vec::with_capacity(seen.len());
        for some in seen.chunks(AT_ONCE) {
            let asked = some.iter().map(|(text, window)| text.view((*window).clone()).asked());
            tops.extend(self.map(&asked.collect::<Vec<_>>(), |_, logits| {
                let rows = logits.chunks_exact(self.vocabulary);
                rows.map(|row| Ok(Logits::new(row)?.top(k))).collect::<Result<Vec<_>, HeadError>>()
            })?);
        }
        let mut tops = tops.into_iter();
        let mut answers = Vec::with_capacity(texts.len());
        for text in texts {
            answers.push(text.and_then(|(text, windows)| {
                // All of them are taken, so that the next text has its own.
                let text_tops = tops.by_ref().take(windows.len()).collect();
                Ok(MaskPredictions { masks: self.masks(text_tops)?, windowed: text.is_long(self) })
            }));
        }
        Ok(answers)
    }

    /// Predictions for each mask of a text, from the guesses in its windows.
    fn masks(
        &self,
        windows: Vec<Result<Vec<Vec<Guess>>, HeadError>>,
    ) -> Result<Vec<Vec<MaskPrediction>>, Error> {
        let prediction = |guess: Guess| MaskPrediction {
            word: self.word(guess.id),
            ids: vec![guess.id],
            probability: guess.probability,
        };
        let mut masks = vec![];
        for tops in windows {
            masks.extend(tops?.into_iter().map(|top| top.into_iter().map(prediction).collect()));
        }
        Ok(masks)
    }

    /// A text with what the model sees of its masks.
    fn windows(&self, text: &str) -> Result<(Marked, Vec<Window>), Error> {
        let marked = self.marked(text)?;
        let windows = match marked.window(self, 0) {
            Some(window) => vec![window],
            None => (0..marked.places.len())
                .map(|i| marked.window_of(self, i, 0).ok_or_else(|| self.too_long(&marked, 0)))
                .collect::<Result<_, _>>()?,
        };
        Ok((marked, windows))
    }

    fn marked(&self, text: &str) -> Result<Marked, Error> {
        let marked = Marked::new(self, text)?;
        if marked.places.is_empty() {
            return Err(Error::NoMask { mask: self.mask_token.clone() });
        }
        Ok(marked)
    }

    pub(super) fn too_long(&self, marked: &Marked, extra: usize) -> Error {
        let [first, last] = [marked.places.first(), marked.places.last()]
            .map(|position| position.copied().unwrap_or_default());
        let needed = last - first + 1 + extra;
        Error::MaskSpan { needed, room: marked.room(self) }
    }

    /// Whether [`targets_batch`](Self::targets_batch) takes a target.
    ///
    /// # Errors
    /// [`Error::Target`] where the vocabulary does not have it; [`Error::Encoder`] if it cannot be
    /// tokenized.
    pub fn check_target(&self, target: &str) -> Result<(), Error> {
        self.target_ids(target, true)?;
        self.target_ids(target, false).map(drop)
    }

    /// Probability of each of `targets` at each mask of each text, the likeliest first. A target
    /// that is one token has its probability as in [`predict`](Self::predict). One of several
    /// tokens is scored as a whole: the mask is widened to as many masks, they are filled from left
    /// to right, and the probability is the product of those of its tokens, each in view of the
    /// ones before and of masks for the ones behind. A mask behind a space is for a word that
    /// begins there, where the vocabulary tells that apart. Other masks of the text stay masks.
    ///
    /// An error in one text affects only that text: those of [`predict`](Self::predict), and
    /// [`Error::MaskSpan`] where a target has more tokens than the model takes.
    ///
    /// # Errors
    /// [`Error::Target`]; as [`map`](Self::map); [`Error::Cancelled`].
    pub fn targets_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
        targets: &[&str],
    ) -> Result<Vec<Result<MaskPredictions, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        self.each(&texts, |texts| self.targets_all(texts, targets))
    }

    fn targets_all(
        &self,
        texts: &[&str],
        targets: &[&str],
    ) -> Result<Vec<Result<MaskPredictions, Error>>, Error> {
        let marked: Vec<_> = texts.iter().map(|text| self.marked(text)).collect();
        let mut answers: Vec<Result<Vec<Vec<MaskPrediction>>, Error>> = vec![];
        let mut jobs = vec![];
        for (t, (text, source)) in marked.iter().zip(texts).enumerate() {
            answers.push(Ok(vec![]));
            if let Ok(text) = text {
                jobs.extend((0..text.places.len()).map(|i| (t, text, *source, i)));
            }
        }
        for some in jobs.chunks((AT_ONCE / targets.len().max(1)).max(1)) {
            let mut steps = Steps::default();
            let plan = |&(_, text, source, i): &_| self.plan(text, source, i, targets, &mut steps);
            let plans: Vec<_> = some.iter().map(plan).collect();
            let logs = self.map(&steps.sequences, |i, logits| {
                let (row, wanted) = (Logits::new(logits)?, steps.wanted[i].iter());
                wanted.map(|&id| row.log_probability(id)).collect::<Result<Vec<f64>, _>>()
            })?;
            for (&(t, ..), plan) in some.iter().zip(plans) {
                match (plan.and_then(|plans| scored(plans, targets, &logs)), &mut answers[t]) {
                    // A target is the same for all texts.
                    (Err(error @ Error::Target { .. }), _) => return Err(error),
                    (Ok(words), Ok(masks)) => masks.push(words),
                    (Err(error), answer @ Ok(_)) => *answer = Err(error),
                    (_, Err(_)) => {}
                }
            }
        }
        let mut results = Vec::with_capacity(texts.len());
        for (text, masks) in marked.into_iter().zip(answers) {
            let windowed = text.map(|text| text.is_long(self));
            results.push(
                windowed.and_then(|windowed| Ok(MaskPredictions { masks: masks?, windowed })),
            );
        }
        Ok(results)
    }

    /// The sequences that mask `i` takes to score the targets, and where in them each target's tokens are.
    fn plan(
        &self,
        marked: &Marked,
        text: &str,
        i: usize,
        targets: &[&str],
        scoring: &mut Steps,
    ) -> Result<Vec<Plan>, Error> {
        let written = marked.written.get(i).map_or(0, |range| range.start);
        let spaced = text[..written].ends_with(char::is_whitespace);
        // Targets that begin alike and are as long have a sequence in common.
        let mut known: BTreeMap<(usize, Vec<u32>), usize> = BTreeMap::new();
        let mut plans = vec![];
        for target in targets {
            let ids = self.target_ids(target, spaced)?;
            let extra = ids.len() - 1;
            let window = marked.window_of(self, i, extra);
            let view = marked.view(window.ok_or_else(|| self.too_long(marked, extra))?);
            let position = view.places[i - view.masks.start];
            let mut steps = vec![];
            for (j, &id) in ids.iter().enumerate() {
                let (before, n) = (ids[..j].to_vec(), ids.len());
                let s = *known.entry((n, before)).or_insert_with_key(|(n, before)| {
                    scoring.sequences.push(view.widened(position, before, *n, self.mask));
                    scoring.wanted.push(vec![]);
                    scoring.sequences.len() - 1
                });
                steps.push((s, scoring.wanted[s].len()));
                scoring.wanted[s].push(id);
            }
            plans.push(Plan { ids, steps });
        }
        Ok(plans)
    }

    /// The tokens of a target; `spaced` where it stands behind a space.
    fn target_ids(&self, target: &str, spaced: bool) -> Result<Vec<u32>, Error> {
        let wrong = |what: String| Error::Target { target: target.into(), what };
        if let Some(id) = self.encoder.token_id(target) {
            // A token by its own name, with the mark that tells it from the word: ##er.
            let marked = self.encoder.words(&[id]).is_some_and(|words| words.text != target);
            if marked && !self.special.contains(&id) {
                return Ok(vec![id]);
            }
        }
        let trimmed = target.trim();
        let text = if spaced { format!(" {trimmed}") } else { trimmed.to_owned() };
        let pieces = self.encoder.pieces(&text, 0)?;
        let content = pieces.before..pieces.before + pieces.tokens.len();
        let ids = pieces.sequence.ids[content].to_vec();
        if ids.is_empty() {
            return Err(wrong("it has no token".into()));
        }
        if let Some(&special) = ids.iter().find(|id| self.special.contains(id)) {
            let token = self.encoder.token(special).unwrap_or_default();
            return Err(wrong(format!("the vocabulary makes {token} of it")));
        }
        Ok(ids)
    }
}

/// Sequences to score targets by, and the words wanted at the position each asks for.
#[derive(Default)]
struct Steps {
    sequences: Vec<Sequence>,
    wanted: Vec<Vec<u32>>,
}

/// A target at a mask: its tokens, and where the logarithms of their probabilities are: which sequence,
/// and which of those wanted from it.
struct Plan {
    ids: Vec<u32>,
    steps: Vec<(usize, usize)>,
}

fn scored(
    plans: Vec<Plan>,
    targets: &[&str],
    logs: &[Result<Vec<f64>, HeadError>],
) -> Result<Vec<MaskPrediction>, Error> {
    let mut predictions = vec![];
    for (Plan { ids, steps }, target) in plans.into_iter().zip(targets) {
        let mut sum = 0.0;
        for (sequence, k) in steps {
            match &logs[sequence] {
                Ok(logs) => sum += logs[k],
                Err(HeadError::NotFinite { part, index, found }) => {
                    let (part, index, found) = (*part, *index, *found);
                    return Err(HeadError::NotFinite { part, index, found }.into());
                }
                Err(_) => return Err(HeadError::NoChoice.into()),
            }
        }
        predictions.push(MaskPrediction {
            word: (*target).to_owned(),
            ids,
            probability: sum.exp(),
        });
    }
    predictions.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(predictions)
}
