//! The likeliest words for each mask, and how likely given ones are.
use std::collections::BTreeMap;

use cloze_encoder::Sequence;
use cloze_heads::HeadError;
use cloze_heads::masked::{Guess, Logits};

use super::MaskedLm;
use super::marked::{Marked, View};
use crate::Error;

/// How many sequences wait at once: their tokens are in memory.
const AT_ONCE: usize = 1024;

/// A word for a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The word as people read it; a target as it was given.
    pub word: String,
    /// Its tokens: one, or for a target as many as it has.
    pub ids: Vec<u32>,
    /// How likely it is, 0 to 1.
    pub probability: f64,
}

/// The words for a text's masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// For each mask, in text order, the likeliest first.
    pub masks: Vec<Vec<Found>>,
    /// Whether the text is longer than the model takes, so that only what is around its masks was seen.
    pub windowed: bool,
}

impl MaskedLm {
    /// The `k` likeliest words for each mask of each text, special tokens among them, by softmax over the
    /// whole vocabulary; of several masks each by itself, in view of the others as masks. Of a text that
    /// is longer than the model takes, it sees what is around the masks: around all of them, or where they
    /// are too far apart, around each.
    ///
    /// # Errors
    /// For a text alone: [`Error::NoMask`]; [`Error::Head`] for logits that are no numbers; those of
    /// [`tokenize`](Self::tokenize). For all: as [`map`](Self::map).
    pub fn predict(
        &self,
        texts: &[&str],
        k: usize,
    ) -> Result<Vec<Result<Predicted, Error>>, Error> {
        let seen: Vec<_> = texts.iter().map(|text| self.views(text)).collect();
        let views = seen.iter().flatten().flat_map(|(views, _)| views);
        let sequences: Vec<Sequence> = views.map(View::asked).collect();
        let tops = |_, logits: &[f32]| {
            let rows = logits.chunks_exact(self.vocabulary);
            rows.map(|row| Ok(Logits::new(row)?.top(k))).collect::<Result<Vec<_>, HeadError>>()
        };
        let mut tops = self.map(&sequences, tops)?.into_iter();
        let found = |guess: Guess| Found {
            word: self.word(guess.id),
            ids: vec![guess.id],
            probability: guess.probability,
        };
        let answer = |seen: Result<(Vec<View>, bool), Error>| {
            let (views, windowed) = seen?;
            // All of them are taken, so that the next text has its own.
            let own: Vec<_> = tops.by_ref().take(views.len()).collect();
            let mut masks = vec![];
            for rows in own {
                masks.extend(rows?.into_iter().map(|top| top.into_iter().map(found).collect()));
            }
            Ok(Predicted { masks, windowed })
        };
        Ok(seen.into_iter().map(answer).collect())
    }

    /// What the model sees of a text's masks, and whether the text is longer than that.
    fn views(&self, text: &str) -> Result<(Vec<View>, bool), Error> {
        let marked = self.marked(text)?;
        let views = match marked.view(self, 0) {
            Some(all) => vec![all],
            None => (0..marked.places.len())
                .map(|i| marked.view_of(self, i, 0).ok_or_else(|| self.too_long(&marked, 0)))
                .collect::<Result<_, _>>()?,
        };
        Ok((views, marked.is_long(self)))
    }

    fn marked(&self, text: &str) -> Result<Marked, Error> {
        let marked = Marked::new(self, text)?;
        if marked.places.is_empty() {
            return Err(Error::NoMask { mask: self.mask_token.clone() });
        }
        Ok(marked)
    }

    pub(super) fn too_long(&self, marked: &Marked, extra: usize) -> Error {
        let special = marked.pieces.sequence.ids.len() - marked.pieces.tokens.len();
        let [first, last] = [marked.places.first(), marked.places.last()]
            .map(|place| place.copied().unwrap_or_default());
        let needed = last - first + 1 + extra;
        Error::MaskSpan { needed, room: self.max_tokens().saturating_sub(special) }
    }

    /// Whether [`targets`](Self::targets) takes a target.
    ///
    /// # Errors
    /// [`Error::Target`] where the vocabulary does not have it; [`Error::Encoder`] if it cannot be
    /// tokenized.
    pub fn check_target(&self, target: &str) -> Result<(), Error> {
        self.target_ids(target, true)?;
        self.target_ids(target, false).map(drop)
    }

    /// How likely each of `targets` is at each mask of each text, the likeliest first. A target that is one
    /// token has its probability as in [`predict`](Self::predict). One of several tokens is scored as a
    /// whole: the mask is widened to as many masks, they are filled from left to right, and the
    /// probability is the product of those of its tokens, each in view of the ones before and of masks
    /// for the ones behind. A mask behind a space is for a word that begins there, where the vocabulary
    /// tells that apart. Other masks of the text stay masks.
    ///
    /// # Errors
    /// For a text alone: those of [`predict`](Self::predict), and [`Error::MaskSpan`] where a target has
    /// more tokens than the model takes. For all: [`Error::Target`]; as [`map`](Self::map).
    pub fn targets(
        &self,
        texts: &[&str],
        targets: &[&str],
    ) -> Result<Vec<Result<Predicted, Error>>, Error> {
        let mut all = Vec::with_capacity(texts.len());
        for some in texts.chunks((AT_ONCE / targets.len().max(1)).max(1)) {
            let mut sequences = vec![];
            let mut wanted = vec![];
            let plans: Vec<_> = some
                .iter()
                .map(|text| {
                    let marked = self.marked(text)?;
                    let plan =
                        |i| self.plan(&marked, text, i, targets, &mut sequences, &mut wanted);
                    let plans =
                        (0..marked.places.len()).map(plan).collect::<Result<Vec<_>, _>>()?;
                    Ok((plans, marked.is_long(self)))
                })
                .collect();
            let logs = self.map(&sequences, |i, logits| {
                let row = Logits::new(logits)?;
                wanted[i].iter().map(|&id| row.log_probability(id)).collect::<Result<Vec<f64>, _>>()
            })?;
            let answer = |plan: Result<(Vec<Vec<Plan>>, bool), Error>| {
                let (masks, windowed) = plan?;
                let masks = masks.into_iter().map(|plans| scored(plans, targets, &logs));
                Ok(Predicted { masks: masks.collect::<Result<_, _>>()?, windowed })
            };
            all.extend(plans.into_iter().map(answer));
        }
        // A target is the same for all texts.
        if let Some(at) = all.iter().position(|r| matches!(r, Err(Error::Target { .. }))) {
            all.swap_remove(at)?;
        }
        Ok(all)
    }

    /// The sequences that mask `i` takes to score the targets, and where in them each target's tokens are.
    fn plan(
        &self,
        marked: &Marked,
        text: &str,
        i: usize,
        targets: &[&str],
        sequences: &mut Vec<Sequence>,
        wanted: &mut Vec<Vec<u32>>,
    ) -> Result<Vec<Plan>, Error> {
        let written = marked.written.get(i).map_or(0, |range| range.start);
        let spaced = text[..written].ends_with(char::is_whitespace);
        // Targets that begin alike and are as long have a sequence in common.
        let mut known: BTreeMap<(usize, Vec<u32>), usize> = BTreeMap::new();
        let mut plans = vec![];
        for target in targets {
            let ids = self.target_ids(target, spaced)?;
            let extra = ids.len() - 1;
            let view = marked.view_of(self, i, extra);
            let view = view.ok_or_else(|| self.too_long(marked, extra))?;
            let at = view.places[i - view.masks.start];
            let mut steps = vec![];
            for (j, &id) in ids.iter().enumerate() {
                let (before, n) = (ids[..j].to_vec(), ids.len());
                let s = *known.entry((n, before)).or_insert_with_key(|(n, before)| {
                    sequences.push(view.widened(at, before, *n, self.mask));
                    wanted.push(vec![]);
                    sequences.len() - 1
                });
                steps.push((s, wanted[s].len()));
                wanted[s].push(id);
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
        let own = pieces.before..pieces.before + pieces.tokens.len();
        let ids = pieces.sequence.ids[own].to_vec();
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
) -> Result<Vec<Found>, Error> {
    let mut all = vec![];
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
        all.push(Found { word: (*target).to_owned(), ids, probability: sum.exp() });
    }
    all.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(all)
}
