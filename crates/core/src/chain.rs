//! Linear chains: a score for each label of each unit, and one for each pair of neighbouring labels.
//! The best sequence of labels (Viterbi 1967), and what a conditional random field makes of them
//! (Lafferty et al., ICML 2001): probabilities of labels by forward and backward sums.

use crate::tag::{Scheme, Tag};

/// Scores of a sequence of labels beside its units' own scores. −∞ forbids.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    start: Vec<f64>,
    end: Vec<f64>,
    between: Vec<f64>,
}

impl Chain {
    /// Of the scores of the first label and of the last one, `[labels]`, and of a label with the
    /// next one, `[labels, labels]`: rows are the earlier label. `None` unless there are labels and
    /// as many numbers as they need.
    #[must_use]
    pub fn new(start: Vec<f64>, end: Vec<f64>, between: Vec<f64>) -> Option<Self> {
        let n = start.len();
        let whole = n > 0 && end.len() == n && n.checked_mul(n) == Some(between.len());
        whole.then_some(Self { start, end, between })
    }

    /// Number of labels.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.start.len()
    }

    /// 0 for what `scheme` allows, −∞ for what it does not; `None` without tags.
    #[must_use]
    pub fn legal(tags: &[Tag], scheme: Scheme) -> Option<Self> {
        let score = |before, after| {
            if scheme.allows(before, after) { 0.0 } else { f64::NEG_INFINITY }
        };
        Self::new(
            tags.iter().map(|&tag| score(None, Some(tag))).collect(),
            tags.iter().map(|&tag| score(Some(tag), None)).collect(),
            tags.iter().flat_map(|&b| tags.iter().map(move |&a| score(Some(b), Some(a)))).collect(),
        )
    }

    /// The scores of both together; `None` unless they are of as many labels.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
        (self.labels() == other.labels()).then(|| Self {
            start: sum(&self.start, &other.start),
            end: sum(&self.end, &other.end),
            between: sum(&self.between, &other.between),
        })
    }

    /// Of the first label, `[labels]`.
    #[must_use]
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Of the last label, `[labels]`.
    #[must_use]
    pub fn end(&self) -> &[f64] {
        &self.end
    }

    /// Of a label with the next one, `[labels, labels]`; rows are the earlier label.
    #[must_use]
    pub fn between(&self) -> &[f64] {
        &self.between
    }

    /// The units' scores, row after row; a rest that is not a whole row is not looked at.
    fn units<'u>(&self, units: &'u [f64]) -> std::slice::ChunksExact<'u, f64> {
        units.chunks_exact(self.labels())
    }

    /// The score of this sequence of labels over `units`, `[units, labels]`.
    ///
    /// # Panics
    /// For a label that is not below [`labels`](Self::labels).
    #[must_use]
    pub fn score(&self, units: &[f64], labels: &[usize]) -> f64 {
        let (Some(&first), Some(&last)) = (labels.first(), labels.last()) else { return 0.0 };
        let emission: f64 = self.units(units).zip(labels).map(|(unit, &label)| unit[label]).sum();
        let pairs = labels.windows(2).map(|pair| self.between[pair[0] * self.labels() + pair[1]]);
        self.start[first] + emission + pairs.sum::<f64>() + self.end[last]
    }

    /// The sequence of labels with the highest score over `units`, `[units, labels]`. Of equals the
    /// label that comes first wins, from the last unit backwards. Where all sequences score −∞ or
    /// NaN, it is one of them.
    #[must_use]
    pub fn best(&self, units: &[f64]) -> Vec<usize> {
        let n = self.labels();
        let mut rows = self.units(units);
        let Some(first) = rows.next() else { return vec![] };
        let mut best: Vec<f64> = first.iter().zip(&self.start).map(|(u, s)| u + s).collect();
        let mut next = vec![0.0; n];
        let mut from: Vec<Vec<usize>> = vec![];
        for unit in rows {
            let mut back = vec![0; n];
            next.fill(f64::NEG_INFINITY);
            for (i, (score, row)) in best.iter().zip(self.between.chunks_exact(n)).enumerate() {
                for ((next, back), between) in next.iter_mut().zip(&mut back).zip(row) {
                    if score + between > *next {
                        (*next, *back) = (score + between, i);
                    }
                }
            }
            for ((best, next), unit) in best.iter_mut().zip(&next).zip(unit) {
                *best = next + unit;
            }
            from.push(back);
        }
        for (best, end) in best.iter_mut().zip(&self.end) {
            *best += end;
        }
        let mut label = (1..n).fold(0, |top, i| if best[i] > best[top] { i } else { top });
        let mut labels = vec![label];
        for back in from.iter().rev() {
            label = back[label];
            labels.push(label);
        }
        labels.reverse();
        labels
    }

    /// The sums over all sequences of labels that probabilities are made of; `units` is
    /// `[units, labels]`. Time and memory: units × labels² and units × labels.
    #[must_use]
    pub fn posterior<'c>(&'c self, units: &'c [f64]) -> Posterior<'c> {
        let n = self.labels();
        let len = units.len() / n;
        let (mut forward, mut backward) = (vec![0.0; len * n], vec![0.0; len * n]);
        for t in 0..len {
            for j in 0..n {
                let before = match t.checked_sub(1) {
                    None => self.start[j],
                    Some(p) => {
                        log_sum_exp((0..n).map(|i| forward[p * n + i] + self.between[i * n + j]))
                    }
                };
                forward[t * n + j] = before + units[t * n + j];
            }
        }
        for t in (0..len).rev() {
            for i in 0..n {
                backward[t * n + i] =
                    if t + 1 == len {
                        self.end[i]
                    } else {
                        let after = (t + 1) * n;
                        log_sum_exp((0..n).map(|j| {
                            self.between[i * n + j] + units[after + j] + backward[after + j]
                        }))
                    };
            }
        }
        let last = forward.chunks_exact(n).next_back().unwrap_or(&[]);
        let log_partition = match len {
            0 => 0.0,
            _ => log_sum_exp(last.iter().zip(&self.end).map(|(f, e)| f + e)),
        };
        Posterior { chain: self, units, forward, backward, log_partition }
    }
}

/// Forward and backward scores, made by [`Chain::posterior`]. The probability of a sequence is the
/// exponential of its score, divided by the sum of the exponentials over all sequences.
#[derive(Clone, Debug)]
pub struct Posterior<'c> {
    chain: &'c Chain,
    units: &'c [f64],
    /// Of all ways to a unit's label, the unit's own score included; `[units, labels]`.
    forward: Vec<f64>,
    /// Of all ways on from there, its own score not included.
    backward: Vec<f64>,
    log_partition: f64,
}

impl Posterior<'_> {
    /// The logarithm of the sum, over all sequences, of the exponential of the score. 0 without
    /// units, −∞ where all is forbidden.
    #[must_use]
    pub fn log_partition(&self) -> f64 {
        self.log_partition
    }

    /// The probability of each unit's labels, `[units, labels]`; NaN where all is forbidden.
    #[must_use]
    pub fn marginals(&self) -> Vec<f64> {
        let both = self.forward.iter().zip(&self.backward);
        both.map(|(forward, backward)| (forward + backward - self.log_partition).exp()).collect()
    }

    /// Expected number of neighbours with each pair of labels, over all sequences:
    /// `[labels, labels]`, rows are the earlier label.
    #[must_use]
    pub fn pairs(&self) -> Vec<f64> {
        let n = self.chain.labels();
        let mut counts = vec![0.0; n * n];
        let rest = self.units.chunks_exact(n).zip(self.backward.chunks_exact(n)).skip(1);
        for (forward, (unit, backward)) in self.forward.chunks_exact(n).zip(rest) {
            for (i, forward) in forward.iter().enumerate() {
                for (j, (unit, backward)) in unit.iter().zip(backward).enumerate() {
                    let score = forward + self.chain.between[i * n + j] + unit + backward;
                    counts[i * n + j] += (score - self.log_partition).exp();
                }
            }
        }
        counts
    }
}

/// ln Σ exp(x), without overflow; −∞ for nothing but −∞.
fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    // `f64::max` passes NaN over; the sum below does not.
    let max = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if max == f64::NEG_INFINITY {
        return values.fold(max, |sum, x| sum + x);
    }
    max + values.map(|x| (x - max).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn assert_near(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12, "{actual:?}, expected {expected:?}");
        }
    }

    /// Two labels, two units. Exponentials of scores: start 2, 1; end 1, 3; between 1 4 / 2 1;
    /// units 1 2, then 5 1. Sequences 00: 2·1·1·5·1 = 10, 01: 2·1·4·1·3 = 24, 10: 1·2·2·5·1 = 20,
    /// 11: 1·2·1·1·3 = 6, together 60. First unit: 34/60 and 26/60; second 30/60 and 30/60.
    #[test]
    fn two_units_by_hand() {
        let ln = |values: &[f64]| values.iter().map(|x| x.ln()).collect::<Vec<_>>();
        let chain =
            Chain::new(ln(&[2.0, 1.0]), ln(&[1.0, 3.0]), ln(&[1.0, 4.0, 2.0, 1.0])).unwrap();
        let units = ln(&[1.0, 2.0, 5.0, 1.0]);
        let posterior = chain.posterior(&units);
        assert_near(&[posterior.log_partition()], &ln(&[60.0]));
        assert_near(&posterior.marginals(), &[34.0 / 60.0, 26.0 / 60.0, 0.5, 0.5]);
        assert_near(&posterior.pairs(), &[10.0 / 60.0, 24.0 / 60.0, 20.0 / 60.0, 6.0 / 60.0]);
        assert_near(&[chain.score(&units, &[1, 0])], &ln(&[20.0]));
        assert_eq!(chain.best(&units), [0, 1]);
    }

    /// Of O, B, I in IOB2: I does not begin, and does not follow O.
    #[test]
    fn what_a_scheme_forbids_is_minus_infinity() {
        let set = crate::TagSet::parse(["O", "B-X", "I-X"].map(String::from).to_vec());
        let legal = Chain::legal(set.tags(), Scheme::Iob2).unwrap();
        let (never, other) =
            (f64::NEG_INFINITY, Chain::new(vec![1.0; 3], vec![2.0; 3], vec![3.0; 9]));
        let both = legal.plus(&other.unwrap()).unwrap();
        assert_eq!((both.start(), both.end()), (&[1.0, 1.0, never][..], &[2.0; 3][..]));
        let between = [[3.0, 3.0, never], [3.0; 3], [3.0; 3]].concat();
        assert_eq!(both.between(), between);
        assert_eq!(legal.plus(&Chain::new(vec![0.0], vec![0.0], vec![0.0]).unwrap()), None);
        assert_eq!(Chain::legal(&[], Scheme::Io), None);
    }

    fn is_never(score: f64) -> bool {
        score.is_infinite() && score < 0.0
    }

    #[test]
    fn nothing_and_what_is_no_number_are_no_panic() {
        let zero = |n: usize| Chain::new(vec![0.0; n], vec![0.0; n], vec![0.0; n * n]);
        assert_eq!(zero(0), None);
        assert_eq!(Chain::new(vec![0.0], vec![], vec![0.0]), None);
        assert_eq!(Chain::new(vec![0.0], vec![0.0], vec![0.0; 2]), None);
        let chain = zero(2).unwrap();
        let nothing = chain.posterior(&[]);
        assert_eq!((nothing.log_partition(), nothing.marginals()), (0.0, vec![]));
        assert_eq!((chain.best(&[]), chain.score(&[], &[])), (vec![], 0.0));
        // Of equals, the first label.
        assert_eq!(chain.best(&[0.0; 6]), [0, 0, 0]);
        let bad = [f64::NAN, 0.0, 0.0, f64::INFINITY];
        assert!(chain.posterior(&bad).log_partition().is_nan());
        assert_eq!(chain.best(&bad).len(), 2);
        let never = [f64::NEG_INFINITY; 4];
        assert!(is_never(chain.posterior(&never).log_partition()));
        assert_eq!(chain.best(&never).len(), 2);
        // Far from 0 nothing overflows: two equal sequences of 1000 each unit.
        let far = zero(2).unwrap();
        let sum = far.posterior(&[1000.0, 1000.0]).log_partition();
        assert!((sum - (1000.0 + 2_f64.ln())).abs() < 1e-9);
    }

    /// Every sequence of `len` labels below `n`.
    fn all(n: usize, len: usize) -> Vec<Vec<usize>> {
        let mut sequences = vec![vec![]];
        for _ in 0..len {
            let longer = |s: &Vec<usize>| {
                (0..n).map(|label| [s.as_slice(), &[label]].concat()).collect::<Vec<_>>()
            };
            sequences = sequences.iter().flat_map(longer).collect();
        }
        sequences
    }

    /// Mostly small whole numbers, so that there are ties; some forbidden.
    fn score() -> impl Strategy<Value = f64> {
        prop_oneof![6 => (-3..4_i8).prop_map(f64::from), 2 => -2.0..2.0, 1 => Just(f64::NEG_INFINITY)]
    }

    fn case() -> impl Strategy<Value = (Chain, Vec<f64>)> {
        let many = |n: usize| prop::collection::vec(score(), n);
        (1..5_usize, 0..6_usize).prop_flat_map(move |(n, len)| {
            let chain = (many(n), many(n), many(n * n));
            let finite = prop::collection::vec(-3.0..3.0, n * len);
            (chain.prop_map(|(s, e, b)| Chain::new(s, e, b).expect("sizes agree")), finite)
        })
    }

    proptest! {
        #[test]
        fn sums_and_the_best_are_those_of_all_sequences((chain, units) in case()) {
            let n = chain.labels();
            let len = units.len() / n;
            let sequences = all(n, len);
            let scores: Vec<f64> = sequences.iter().map(|s| chain.score(&units, s)).collect();
            let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let decoded = chain.score(&units, &chain.best(&units));
            let alike = is_never(decoded) && is_never(best) || (decoded - best).abs() < 1e-9;
            prop_assert!(alike, "{decoded}, best {best}");
            prop_assert_eq!(chain.best(&units).len(), len);

            let posterior = chain.posterior(&units);
            let sum = scores.iter().map(|s| s.exp()).sum::<f64>();
            if sum == 0.0 {
                prop_assert!(is_never(posterior.log_partition()));
                return Ok(());
            }
            prop_assert!((posterior.log_partition() - sum.ln()).abs() < 1e-9);
            let (mut marginals, mut pairs) = (vec![0.0; units.len()], vec![0.0; n * n]);
            for (sequence, score) in sequences.iter().zip(&scores) {
                let probability = score.exp() / sum;
                for (t, &label) in sequence.iter().enumerate() {
                    marginals[t * n + label] += probability;
                }
                for pair in sequence.windows(2) {
                    pairs[pair[0] * n + pair[1]] += probability;
                }
            }
            let actual = posterior.marginals().into_iter().chain(posterior.pairs());
            for (i, (actual, expected)) in actual.zip(marginals.into_iter().chain(pairs)).enumerate() {
                prop_assert!((actual - expected).abs() < 1e-9, "{i}: {actual}, expected {expected}");
            }
        }
    }
}
