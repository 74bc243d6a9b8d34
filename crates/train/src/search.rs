//! The best of many settings.
use cloze_core::Matrix;
use cloze_core::random::shuffle;
use cloze_heads::classify::ValidFeatureParams;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use crate::TrainError;
use crate::cross::cross_validate;
use crate::folds::{Folds, sample};
use crate::labels::Labels;
use crate::params::{ClassWeights, HeadParams, Kind};
use crate::rows::take;

/// Strategy of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// Each on all examples.
    Random,
    /// All on a part of the examples, then the better ones on more, and so on, until one part is all.
    /// Each round keeps one of `factor` and has `factor` times as many examples. Source: Jamieson &
    /// Talwalkar, AISTATS 2016 (arXiv 1502.07943).
    Halving {
        /// 2 or more.
        factor: usize,
    },
}

/// Settings to be tried with one another. [`check`](Self::check) validates them.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchParams {
    kinds: Vec<Kind>,
    c: Vec<f64>,
    class_weights: Vec<ClassWeights>,
    features: usize,
    trials: usize,
    strategy: Strategy,
    patience: Option<usize>,
    folds: usize,
    seed: u64,
    base: HeadParams,
}

impl SearchParams {
    /// Of `features` ways to make the rows, by number: pooling, layer and correction are up to the
    /// caller.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self {
            kinds: vec![Kind::Logistic],
            c: vec![0.01, 0.1, 1.0, 10.0, 100.0],
            class_weights: vec![ClassWeights::None],
            features,
            trials: 20,
            strategy: Strategy::Random,
            patience: None,
            folds: 5,
            seed: 0,
            base: HeadParams::new(),
        }
    }

    /// Kinds of heads. Default logistic.
    #[must_use]
    pub fn kinds(mut self, kinds: Vec<Kind>) -> Self {
        self.kinds = kinds;
        self
    }

    /// Values of C, which logistic and svm are tried with. Default `0.01, 0.1, 1, 10, 100`.
    #[must_use]
    pub fn c(mut self, c: Vec<f64>) -> Self {
        self.c = c;
        self
    }

    /// Class weights, which logistic is tried with. Default none.
    #[must_use]
    pub fn class_weights(mut self, class_weights: Vec<ClassWeights>) -> Self {
        self.class_weights = class_weights;
        self
    }

    /// Number of candidates to try, of all there are. Default `20`.
    #[must_use]
    pub fn trials(mut self, trials: usize) -> Self {
        self.trials = trials;
        self
    }

    /// Strategy of the search. Default [`Strategy::Random`].
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// After how many candidates in a row that were no better the search ends, of a random search.
    /// Default `None`: never.
    #[must_use]
    pub fn patience(mut self, patience: Option<usize>) -> Self {
        self.patience = patience;
        self
    }

    /// Number of folds that evaluate a candidate. Default `5`.
    #[must_use]
    pub fn folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Random seed of the candidates, the folds and the parts. Default `0`.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Settings that all candidates share: tolerance, iterations, threads. Default their defaults.
    #[must_use]
    pub fn base(mut self, base: HeadParams) -> Self {
        self.base = base;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for 0 trials, kinds, values of C, class weights, features or patience,
    /// fewer than 2 folds or a factor below 2; else as [`HeadParams::check`] of any candidate.
    pub fn check(self) -> Result<ValidSearchParams, TrainError> {
        let factor = match self.strategy {
            Strategy::Random => 2,
            Strategy::Halving { factor } => factor,
        };
        for (setting, value, least) in [
            ("number of kinds", self.kinds.len(), 1),
            ("number of values of C", self.c.len(), 1),
            ("number of class weights", self.class_weights.len(), 1),
            ("number of features", self.features, 1),
            ("trials", self.trials, 1),
            ("patience", self.patience.unwrap_or(1), 1),
            ("folds", self.folds, 2),
            ("factor", factor, 2),
        ] {
            if value < least {
                #[expect(clippy::cast_precision_loss, reason = "0 or 1")]
                let value = value as f64;
                let expected = if least == 1 { "at least 1" } else { "at least 2" };
                return Err(TrainError::Setting {
                    setting: setting.into(),
                    found: value,
                    expected,
                });
            }
        }
        let mut candidates = vec![];
        for features in 0..self.features {
            for kind in &self.kinds {
                // What a kind does not know makes no candidates of its own.
                let c = match kind {
                    Kind::Logistic | Kind::Svm => self.c.as_slice(),
                    Kind::NaiveBayes | Kind::NearestCentroid => &self.c[..1],
                };
                for c in c {
                    let none = [ClassWeights::None];
                    let weights = match kind {
                        Kind::Logistic => self.class_weights.as_slice(),
                        _ => &none,
                    };
                    for weights in weights {
                        let head = self.base.clone().kind(*kind).c(*c);
                        let head = head.class_weights(weights.clone());
                        head.clone().check()?;
                        candidates.push(Candidate { features, head });
                    }
                }
            }
        }
        let mut random = Pcg64::seed_from_u64(self.seed);
        shuffle(&mut candidates, || random.next_u64());
        candidates.truncate(self.trials);
        Ok(ValidSearchParams { params: self, candidates })
    }
}

/// Settings that are tried together.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index of the features.
    pub features: usize,
    /// Settings of the head.
    pub head: HeadParams,
}

/// Result of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Candidate that was tried.
    pub candidate: Candidate,
    /// The round, from 0: always 0 of a random search.
    pub round: usize,
    /// On how many examples.
    pub examples: usize,
    /// The mean macro-F1 of the folds.
    pub mean: f64,
    /// Standard deviation over folds.
    pub std: f64,
    /// Whether every fold's solver found its minimum.
    pub converged: bool,
}

/// All that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Every trial, in order.
    pub trials: Vec<Trial>,
    /// The place of the best in [`trials`](Self::trials): of the last round the first of the highest
    /// means.
    pub best: usize,
    /// Whether the search ended early, since nothing got better.
    pub stopped_early: bool,
}

/// Validated [`SearchParams`], and the candidates they come to.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidSearchParams {
    params: SearchParams,
    candidates: Vec<Candidate>,
}

impl ValidSearchParams {
    /// Candidates to try, in order: all there are, shuffled, up to the number of trials.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Evaluates each candidate by cross-validation, on the same folds. `rows` makes the rows of a
    /// choice of features, `[n, width]`, of all examples; it is asked again where the choice changes,
    /// so that no more than one is in memory.
    ///
    /// # Errors
    /// Errors of `rows`; as [`Folds::stratified`], at the smallest part, and
    /// [`cross_validate`].
    pub fn run<E: From<TrainError>>(
        &self,
        labels: &Labels,
        mut rows: impl FnMut(usize) -> Result<(Matrix, ValidFeatureParams), E>,
    ) -> Result<Search, E> {
        let params = &self.params;
        let mut trials: Vec<Trial> = vec![];
        let mut alive: Vec<usize> = (0..self.candidates.len()).collect();
        let mut made: Option<(usize, Matrix, ValidFeatureParams)> = None;
        let (mut round, mut stopped_early) = (0, false);
        loop {
            let part = self.part(labels, alive.len())?;
            let known = labels.subset(&part);
            let folds = Folds::stratified(&known, params.folds, params.seed)?;
            let start = trials.len();
            let (mut best, mut since) = (f64::NEG_INFINITY, 0);
            for &i in &alive {
                let candidate = self.candidates[i].clone();
                let (matrix, features) = match made.take() {
                    Some((choice, matrix, features)) if choice == candidate.features => {
                        (matrix, features)
                    }
                    _ => rows(candidate.features)?,
                };
                if matrix.rows() != labels.len() {
                    let (expected, count) = (labels.len(), matrix.rows());
                    return Err(TrainError::Count { what: "rows", expected, found: count }.into());
                }
                let head = candidate.head.clone().check()?;
                let seen = cross_validate(&take(&matrix, &part), &known, features, &head, &folds)?;
                made = Some((candidate.features, matrix, features));
                let (mean, std) = seen.mean_std(|s| s.macro_f1);
                let converged = seen.reports.iter().all(|r| r.converged);
                let examples = part.len();
                trials.push(Trial { candidate, round, examples, mean, std, converged });
                since = if mean > best { 0 } else { since + 1 };
                best = best.max(mean);
                let random = params.strategy == Strategy::Random;
                if random && params.patience.is_some_and(|patience| since >= patience) {
                    stopped_early = trials.len() < alive.len();
                    break;
                }
            }
            let mut order: Vec<usize> = (start..trials.len()).collect();
            // Stable: of equal ones the first.
            order.sort_by(|&a, &b| trials[b].mean.total_cmp(&trials[a].mean));
            let Strategy::Halving { factor } = params.strategy else {
                return Ok(Search { best: order[0], trials, stopped_early });
            };
            if alive.len() == 1 || part.len() == labels.len() {
                return Ok(Search { best: order[0], trials, stopped_early });
            }
            order.truncate(alive.len().div_ceil(factor));
            // In the order of candidates, so that features are made as rarely as can be.
            order.sort_unstable();
            alive = order.iter().map(|&trial| alive[trial - start]).collect();
            round += 1;
        }
    }

    /// The examples for a round with `alive` candidates: all, once one is left.
    fn part(&self, labels: &Labels, alive: usize) -> Result<Vec<usize>, TrainError> {
        match self.params.strategy {
            Strategy::Random => Ok((0..labels.len()).collect()),
            Strategy::Halving { .. } => {
                #[expect(clippy::cast_precision_loss, reason = "a few candidates")]
                let share = 1.0 / alive as f64;
                sample(labels, share, self.params.folds, self.params.seed)
            }
        }
    }
}
