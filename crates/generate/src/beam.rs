//! Beam search: the texts of highest probability, several at a time.
//!
//! Source: transformers 5.24, `GenerationMixin._beam_search`, whose tokens these are; Wu et al. 2016 for the
//! penalty of length.
use cloze_heads::HeadError;
use cloze_heads::masked::Logits;

use crate::rules::Rules;
use crate::{EarlyStopping, ValidGenerateParams};

/// Stands for −∞ in sums, as in the source.
const NEVER: f32 = -1e9;

/// A text of the search.
#[derive(Clone, Debug)]
pub(crate) struct Hypothesis {
    /// Tokens, the prompt's included.
    pub(crate) ids: Vec<u32>,
    /// ln of the probability of each new token by the model, before penalties.
    pub(crate) log_probabilities: Vec<f64>,
    /// Sum of the logarithms after penalties; of a text that has ended divided by its length to the power of
    /// the penalty.
    score: f32,
    ended: bool,
}

/// A search at work.
#[derive(Debug)]
pub(crate) struct BeamSearch<'s> {
    params: &'s ValidGenerateParams,
    rules: &'s Rules,
    eos: &'s [u32],
    /// Number of tokens of the prompt.
    prompt: usize,
    /// Most tokens of a text, prompt included.
    longest: usize,
    running: Vec<Hypothesis>,
    ended: Vec<Hypothesis>,
    /// Whether a running text may still be better than those that have ended.
    improves: bool,
}

/// A text one token longer.
struct Candidate {
    parent: usize,
    id: u32,
    score: f32,
    ends: bool,
}

impl<'s> BeamSearch<'s> {
    /// Begins a search behind `prompt`. `longest` is more than its length.
    pub(crate) fn new(
        prompt: &[u32],
        longest: usize,
        rules: &'s Rules,
        eos: &'s [u32],
        params: &'s ValidGenerateParams,
    ) -> Self {
        let one = |score| Hypothesis {
            ids: prompt.to_vec(),
            log_probabilities: vec![],
            score,
            ended: false,
        };
        // All but the first come into play at the second token, so that they are not all the same text.
        let running = (0..params.beams).map(|i| one(if i == 0 { 0.0 } else { NEVER })).collect();
        let ended = vec![one(NEVER); params.beams];
        let prompt = prompt.len();
        Self { params, rules, eos, prompt, longest, running, ended, improves: true }
    }

    /// Last token of each running text.
    pub(crate) fn last_ids(&self) -> Vec<u32> {
        self.running.iter().filter_map(|text| text.ids.last().copied()).collect()
    }

    /// Takes the logits behind each running text, `[beams][vocabulary]`. Gives for each new one the number of
    /// the text before that it goes on from; `None` when the search is done.
    pub(crate) fn take(&mut self, logits: &[Vec<f32>]) -> Result<Option<Vec<usize>>, HeadError> {
        let rows = logits.iter().map(|row| Logits::new(row)).collect::<Result<Vec<_>, _>>()?;
        let candidates = self.candidates(logits, &rows)?;
        let log_probability = |candidate: &Candidate| match rows.get(candidate.parent) {
            Some(row) => row.log_probability(candidate.id),
            None => Err(HeadError::NoChoice),
        };
        let next = |candidate: &Candidate, score: f32| {
            let parent = &self.running[candidate.parent];
            let mut text = parent.clone();
            text.ids.push(candidate.id);
            text.log_probabilities.push(log_probability(candidate)?);
            (text.score, text.ended) = (score, candidate.ends);
            Ok::<_, HeadError>(text)
        };
        let beams = self.params.beams;
        let length = self.running.first().map_or(0, |text| text.ids.len()) + 1 - self.prompt;
        let divisor = self.divisor(length);
        let is_full = self.ended.iter().all(|text| text.ended)
            && self.params.early_stopping == EarlyStopping::Yes;
        let mut ended = std::mem::take(&mut self.ended);
        // Those beyond the first are only there so that enough texts go on.
        for candidate in candidates.iter().take(beams).filter(|candidate| candidate.ends) {
            if !is_full && self.improves {
                ended.push(next(candidate, candidate.score / divisor)?);
            }
        }
        ended.sort_by(|a, b| b.score.total_cmp(&a.score));
        ended.truncate(beams);
        // A text that has ended goes on only where there are no others.
        let held = |candidate: &Candidate| if candidate.ends { NEVER } else { 0.0 };
        let mut chosen: Vec<(&Candidate, f32)> = candidates
            .iter()
            .map(|candidate| (candidate, candidate.score + held(candidate)))
            .collect();
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1));
        chosen.truncate(beams);
        let parents = chosen.iter().map(|(candidate, _)| candidate.parent).collect();
        let running = chosen.iter().map(|(candidate, score)| next(candidate, *score));
        let running = running.collect::<Result<Vec<_>, _>>()?;
        (self.running, self.ended) = (running, ended);
        self.improves = self.improves && self.may_improve(length);
        let all_ended = self.ended.iter().all(|text| text.ended);
        let stops_early = all_ended && self.params.early_stopping == EarlyStopping::Yes;
        let goes_on = candidates.iter().any(|candidate| !candidate.ends);
        Ok((self.improves && !stops_early && goes_on).then_some(parents))
    }

    /// The best text: one that has ended, or of a search that found none the best that runs.
    pub(crate) fn best(self) -> Option<Hypothesis> {
        let ended = self.ended.into_iter().find(|text| text.ended);
        ended.or_else(|| self.running.into_iter().next())
    }

    /// The most probable texts of one token more, the best first: twice as many as beams, or more where
    /// several tokens end a text.
    fn candidates(
        &self,
        logits: &[Vec<f32>],
        rows: &[Logits<'_>],
    ) -> Result<Vec<Candidate>, HeadError> {
        let kept = self.params.beams * (1 + self.eos.len()).max(2);
        let mut all = vec![];
        for (parent, (text, row)) in self.running.iter().zip(rows).enumerate() {
            let scores = self.scores(text, row, logits[parent].len())?;
            let new = scores.into_iter().zip(0_u32..).map(|(score, id)| {
                let ends = self.eos.contains(&id) || text.ids.len() + 1 >= self.longest;
                Candidate { parent, id, score: score + text.score, ends }
            });
            all.extend(new);
            // The best of all are among the best of each.
            keep_best(&mut all, kept);
        }
        Ok(all)
    }

    /// Logarithms of the probabilities of the tokens behind a text, after penalties.
    #[expect(clippy::cast_possible_truncation, reason = "the reference computes in f32")]
    fn scores(
        &self,
        text: &Hypothesis,
        row: &Logits<'_>,
        vocabulary: usize,
    ) -> Result<Vec<f32>, HeadError> {
        if let Some((forced, _)) = self.rules.forced(&text.ids, self.longest) {
            let mut scores = vec![f32::NEG_INFINITY; vocabulary];
            match usize::try_from(forced).ok().and_then(|id| scores.get_mut(id)) {
                Some(score) => *score = 0.0,
                None => return Err(HeadError::Id { found: forced, vocabulary }),
            }
            return Ok(scores);
        }
        let ids = 0..u32::try_from(vocabulary).unwrap_or(u32::MAX);
        let mut scores = ids
            .map(|id| row.log_probability(id).map(|found| found as f32))
            .collect::<Result<Vec<f32>, _>>()?;
        let penalty = self.params.sample.repetition_penalty() as f32;
        let mut at = |id: u32, change: &dyn Fn(f32) -> f32| {
            match usize::try_from(id).ok().and_then(|id| scores.get_mut(id)) {
                Some(score) => *score = change(*score),
                None => return Err(HeadError::Id { found: id, vocabulary }),
            }
            Ok(())
        };
        let mut said = text.ids.clone();
        said.sort_unstable();
        said.dedup();
        for id in said {
            at(id, &|score| if score < 0.0 { score * penalty } else { score / penalty })?;
        }
        let new = text.ids.len() - self.prompt;
        for id in self.rules.never(&text.ids, new, self.eos, self.params) {
            at(id, &|_| f32::NEG_INFINITY)?;
        }
        Ok(scores)
    }

    /// Divisor of the score of a text of `length` new tokens.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the reference computes in f32"
    )]
    fn divisor(&self, length: usize) -> f32 {
        (length as f64).powf(self.params.length_penalty) as f32
    }

    /// Whether the best running text, of `length` new tokens, may become better than those that ended.
    fn may_improve(&self, length: usize) -> bool {
        let never = self.params.early_stopping == EarlyStopping::Never;
        let length = if never && self.params.length_penalty > 0.0 {
            self.longest - self.prompt
        } else {
            length
        };
        let Some(running) = self.running.first() else { return false };
        let best = running.score / self.divisor(length);
        let worst = self.ended.iter().map(|text| text.score).fold(f32::INFINITY, f32::min);
        self.ended.iter().any(|text| best > if text.ended { worst } else { NEVER })
    }
}

/// Keeps the candidates of highest score, the best first; of equal ones those that come first.
fn keep_best(candidates: &mut Vec<Candidate>, kept: usize) {
    // Stable, and quick where most are in order already.
    if candidates.len() > kept && kept > 0 {
        let mut scores: Vec<f32> = candidates.iter().map(|candidate| candidate.score).collect();
        let (_, least, _) = scores.select_nth_unstable_by(kept - 1, |a, b| b.total_cmp(a));
        let least = *least;
        candidates.retain(|candidate| candidate.score >= least);
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GenerateParams;

    /// Texts by the tokens before: after 0, token 1 has 0.6 and 2 has 0.4; behind 1 each of 1, 2 and the end,
    /// 3, has a third; behind 2 the end has 0.9. The greedy text is 1 and then one of a third, 0.2; the best
    /// is 2 and the end, 0.36.
    fn logits(last: u32) -> Vec<f32> {
        let of = |probabilities: [f32; 4]| probabilities.map(|p| (p + 1e-9).ln()).to_vec();
        match last {
            0 => of([0.0, 0.6, 0.4, 0.0]),
            1 => of([0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
            _ => of([0.0, 0.05, 0.05, 0.9]),
        }
    }

    fn search(params: GenerateParams, longest: usize) -> Vec<u32> {
        let params = params.check().unwrap();
        let rules = Rules::default();
        let mut search = BeamSearch::new(&[0], longest, &rules, &[3], &params);
        let mut last = vec![0; params.beams];
        loop {
            let rows: Vec<Vec<f32>> = last.iter().map(|&id| logits(id)).collect();
            let Some(parents) = search.take(&rows).unwrap() else { break };
            assert!(parents.iter().all(|&parent| parent < params.beams));
            last = search.last_ids();
        }
        search.best().unwrap().ids
    }

    #[test]
    fn two_beams_find_what_one_does_not() {
        let params = |beams| GenerateParams::new().beams(beams).length_penalty(0.0);
        assert_eq!(search(params(2), 6), [0, 2, 3]);
        assert_eq!(search(params(2).early_stopping(EarlyStopping::Never), 6), [0, 2, 3]);
        // By token the longest texts that end are as good: −ln 0.36 / 2 = 0.51, with a penalty of −1 times 2.
        assert_eq!(search(params(2).length_penalty(-1.0), 6), [0, 2, 3]);
        // A text of two tokens at least: what ends there is not 2 alone.
        let text = search(params(2).min_new_tokens(3).max_new_tokens(9), 9);
        assert!(text.len() > 3, "{text:?}");
    }

    #[test]
    fn a_search_ends_at_the_length() {
        let params = GenerateParams::new().beams(3).min_new_tokens(4).max_new_tokens(4);
        assert_eq!(search(params, 5).len(), 5);
    }
}
