//! Evaluation of an encoder of sentence vectors in training.
use std::cmp::Ordering;
use std::ops::Range;

use cloze_embed::{Metric, Poolings, l2_normalize};
use cloze_metrics::MetricsError;
use cloze_metrics::correlation::{pearson, spearman};
use cloze_report::tuning::{Figures, RankedPairFigures, ScoredPairFigures};
use cloze_tune::training::{TaskLearner, ValidationScore};
use cloze_tune::{Hidden, TuneError};

use super::SimilarityPair;
use crate::train::FineTuneError;
use crate::train::windows::{TextWindows, Windows, as_tune_error, rows};

/// Maximum number of pairs that a text's partner is ranked among.
const AMONG: usize = 1000;

/// Sequences of the pairs of a data set.
#[derive(Debug)]
pub(super) struct PairSet<'e> {
    pub(super) examples: &'e [SimilarityPair],
    first: Vec<TextWindows>,
    second: Vec<TextWindows>,
    negatives: Vec<TextWindows>,
}

impl<'e> PairSet<'e> {
    /// Sequences as in prediction, whatever is trained on.
    pub(super) fn new(
        windows: &Windows<'_>,
        examples: &'e [SimilarityPair],
    ) -> Result<Self, FineTuneError> {
        let most = windows.base.folder.max_tokens();
        let negatives = examples.iter().filter_map(|e| e.negative.as_deref());
        Ok(Self {
            examples,
            first: windows.texts(examples.iter().map(|e| &*e.first), most, false)?,
            second: windows.texts(examples.iter().map(|e| &*e.second), most, false)?,
            negatives: windows.texts(negatives, most, false)?,
        })
    }
}

/// Figures that vectors are evaluated by.
pub(super) trait PairFigures: Figures + Sized {
    fn evaluate<T>(
        learner: &TaskLearner<T>,
        poolings: &Poolings,
        set: &PairSet<'_>,
    ) -> Result<Self, TuneError>;

    fn score(&self) -> ValidationScore;
}

/// Vectors of length 1.
fn vectors<T>(
    learner: &TaskLearner<T>,
    poolings: &Poolings,
    texts: &[TextWindows],
) -> Result<Vec<Vec<f32>>, TuneError> {
    let pool = |hidden: &Hidden| {
        let vector_of = |i| poolings.pool(hidden.sequence(i), hidden.width());
        (0..hidden.len())
            .map(vector_of)
            .collect::<Result<_, _>>()
            .map_err(|error| as_tune_error(&error))
    };
    let mut vectors = rows(learner, texts, poolings, pool)?;
    for vector in &mut vectors {
        l2_normalize(vector);
    }
    Ok(vectors)
}

fn cosine(a: &[f32], b: &[f32]) -> Result<f64, TuneError> {
    Metric::Cosine.similarity(a, b).map_err(|error| as_tune_error(&error))
}

/// Correlation; 0 where all values are the same.
fn correlation(result: Result<f64, MetricsError>) -> Result<f64, TuneError> {
    match result {
        Err(MetricsError::NoSpread { .. } | MetricsError::TooFew { .. }) => Ok(0.0),
        result => result.map_err(|error| as_tune_error(&error)),
    }
}

impl PairFigures for ScoredPairFigures {
    fn evaluate<T>(
        learner: &TaskLearner<T>,
        poolings: &Poolings,
        set: &PairSet<'_>,
    ) -> Result<Self, TuneError> {
        let first = vectors(learner, poolings, &set.first)?;
        let second = vectors(learner, poolings, &set.second)?;
        let pairs = first.iter().zip(&second);
        let cosines = pairs.map(|(a, b)| cosine(a, b)).collect::<Result<Vec<_>, _>>()?;
        let gold: Vec<f64> = set.examples.iter().map(|e| e.score).collect();
        let spearman = correlation(spearman(&cosines, &gold))?;
        let pearson = correlation(pearson(&cosines, &gold))?;
        let squares = cosines.iter().zip(&gold).map(|(cosine, gold)| (cosine - gold).powi(2));
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let squared_error = squares.sum::<f64>() / gold.len() as f64;
        Ok(Self { pairs: gold.len(), spearman, pearson, squared_error })
    }

    fn score(&self) -> ValidationScore {
        ValidationScore { metric: self.spearman, loss: Some(self.squared_error) }
    }
}

impl PairFigures for RankedPairFigures {
    fn evaluate<T>(
        learner: &TaskLearner<T>,
        poolings: &Poolings,
        set: &PairSet<'_>,
    ) -> Result<Self, TuneError> {
        let first = vectors(learner, poolings, &set.first)?;
        let second = vectors(learner, poolings, &set.second)?;
        let negatives = vectors(learner, poolings, &set.negatives)?;
        let mut negatives = negatives.iter().map(Vec::as_slice);
        let mut ranks = vec![];
        let groups = groups(set.examples.len());
        for group in &groups {
            let examples = &set.examples[group.clone()];
            let (first, second) = (&first[group.clone()], &second[group.clone()]);
            let explicit = examples.iter().filter_map(|e| e.negative.as_deref());
            let explicit = explicit.zip(negatives.by_ref());
            let mut others: Vec<_> =
                explicit.map(|(text, vector)| Other { text, vector }).collect();
            let partners = examples.iter().zip(second);
            let partners = partners.map(|(e, vector)| Other { text: &e.second, vector });
            others.extend(partners.clone());
            for (anchor, partner) in first.iter().zip(partners) {
                ranks.push(rank(anchor, partner, &others)?);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let mean = |of: &dyn Fn(f64) -> f64| {
            ranks.iter().map(|rank| of(*rank)).sum::<f64>() / ranks.len() as f64
        };
        Ok(Self {
            pairs: ranks.len(),
            among: groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0),
            mrr: mean(&f64::recip),
            accuracy: mean(&|rank| f64::from(u8::from(rank <= 1.0))),
            recall_at_10: mean(&|rank| f64::from(u8::from(rank <= 10.0))),
        })
    }

    fn score(&self) -> ValidationScore {
        ValidationScore { metric: self.mrr, loss: None }
    }
}

/// Groups of at most [`AMONG`] pairs of nearly one size: among few others a partner is easily found.
fn groups(pairs: usize) -> Vec<Range<usize>> {
    let n = pairs.div_ceil(AMONG);
    (0..n).map(|i| i * pairs / n..(i + 1) * pairs / n).collect()
}

/// A text and its vector.
#[derive(Clone, Copy)]
struct Other<'a> {
    text: &'a str,
    vector: &'a [f32],
}

/// Rank of `partner` among `others`, from 1. Half of those that are as near stand before it, so that
/// vectors that are all the same find nothing; copies of its own text do not count.
fn rank(anchor: &[f32], partner: Other<'_>, others: &[Other<'_>]) -> Result<f64, TuneError> {
    let similarity = cosine(anchor, partner.vector)?;
    let mut rank = 1.0;
    for other in others.iter().filter(|other| other.text != partner.text) {
        rank += match cosine(anchor, other.vector)?.total_cmp(&similarity) {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        };
    }
    Ok(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nearer: a. As near: b, d. The partner's own text, and its copy: p. Further: c.
    #[test]
    fn of_those_as_near_half_stand_before() {
        let [near, middle, far] = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]];
        let partner = Other { text: "p", vector: &middle };
        let others = [
            ("a", &near),
            ("b", &middle),
            ("c", &far),
            ("d", &middle),
            ("p", &middle),
            ("p", &middle),
        ];
        let others = others.map(|(text, vector)| Other { text, vector });
        for (n, expected) in [(0, 1.0), (1, 2.0), (2, 2.5), (3, 2.5), (4, 3.0), (6, 3.0)] {
            let rank = rank(&near, partner, &others[..n]).unwrap();
            assert!((rank - expected).abs() < 1e-12, "{n}: {rank}");
        }
    }

    #[test]
    fn no_group_is_small() {
        for (n, expected) in [(0, &[][..]), (1, &[1]), (1000, &[1000]), (1001, &[500, 501])] {
            let lengths: Vec<_> = groups(n).iter().map(ExactSizeIterator::len).collect();
            assert_eq!(lengths, expected, "{n}");
        }
        assert_eq!(groups(1001)[1], 500..1001);
        let many = groups(1_000_001);
        assert!(many.iter().all(|group| (999..=1000).contains(&group.len())));
        assert_eq!(many.iter().map(ExactSizeIterator::len).sum::<usize>(), 1_000_001);
    }
}
