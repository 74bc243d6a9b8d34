//! Whether probabilities are what they say: log loss, Brier score, calibration.
use serde::Serialize;

use crate::MetricsError;
use crate::counts::{as_f64, quotient};

/// Largest difference of a row's sum from 1.
const SUM_TOLERANCE: f64 = 1e-6;
/// The most bins: more are empty on any data.
const MAX_BINS: usize = 10_000;

/// Settings of the evaluation of probabilities.
#[derive(Clone, Debug)]
#[must_use]
pub struct ProbabilityParams {
    classes: usize,
    bins: usize,
}

impl ProbabilityParams {
    /// The defaults, for rows of this many classes, at least 2.
    pub fn new(classes: usize) -> Self {
        Self { classes, bins: 15 }
    }

    /// Into how many bins of equal width the top probability goes; 1 to 10,000. Default `15`.
    pub fn bins(mut self, bins: usize) -> Self {
        self.bins = bins;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] names the one that is out of its range.
    pub fn check(self) -> Result<ValidProbabilityParams, MetricsError> {
        let Self { classes, bins } = self;
        let setting = |name, value: usize, expected| {
            Err(MetricsError::Setting { name, found: value.to_string(), expected })
        };
        if classes < 2 {
            return setting("classes", classes, "at least 2");
        }
        if !(1..=MAX_BINS).contains(&bins) {
            return setting("bins", bins, "1 to 10000");
        }
        Ok(ValidProbabilityParams { classes, bins })
    }
}

/// Validated settings.
#[derive(Clone, Debug)]
pub struct ValidProbabilityParams {
    classes: usize,
    bins: usize,
}

impl ValidProbabilityParams {
    /// A scorer that has seen nothing.
    #[must_use]
    pub fn scorer(&self) -> ProbabilityScorer {
        let bins = vec![ReliabilityBin::default(); self.bins];
        ProbabilityScorer { classes: self.classes, bins, log_loss: 0.0, squares: 0.0 }
    }
}

/// Adds up what probabilities cost. Sums made apart are put together by [`merge`](Self::merge), which
/// may round in another order.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbabilityScorer {
    classes: usize,
    bins: Vec<ReliabilityBin>,
    log_loss: f64,
    squares: f64,
}

/// The examples whose top probability lies in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Number of examples.
    pub examples: u64,
    /// Number of right predictions among them.
    pub correct: u64,
    /// The sum of their top probabilities.
    pub confidence: f64,
}

/// Average losses of probabilities over examples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProbabilityReport {
    /// Number of examples. Without any, all is 0.
    pub examples: u64,
    /// The mean of −ln of the gold class's probability, which is kept 2.2e-16 from 0 and 1, as
    /// scikit-learn 1.9.1 does: one sure mistake costs 36, not infinity.
    pub log_loss: f64,
    /// The mean over examples of the squared differences of a row, gold being 1 for one class and 0 for
    /// the others (Brier 1950), summed over classes; of two classes half of that, which is the square
    /// for one of them. 0 to 2, or 1. As scikit-learn 1.9.1 does.
    pub brier: f64,
    /// Expected calibration error (Guo et al. 2017, equation 3): the mean distance of accuracy from top
    /// probability, bin by bin.
    pub expected_calibration_error: f64,
    /// Bin `m` of `M`, from 1, has the top probabilities over (m − 1) / M up to and with m / M.
    pub bins: Vec<ReliabilityBin>,
}

impl ProbabilityScorer {
    /// Adds an example: the place of its gold class, and the probability of each class. Of equal top
    /// probabilities the first is the predicted one.
    ///
    /// # Errors
    /// With how many examples came before as the row, [`MetricsError::Row`] for another number of
    /// classes, [`MetricsError::Class`] for a gold class beyond them, [`MetricsError::Probability`] at
    /// the first that is NaN, below 0 or above 1, [`MetricsError::Sum`] if they sum to anything further
    /// than 1e-6 from 1. Nothing is counted then.
    pub fn add(&mut self, gold: usize, probabilities: &[f64]) -> Result<(), MetricsError> {
        let row = usize::try_from(self.examples()).unwrap_or(usize::MAX);
        let (classes, columns) = (self.classes, probabilities.len());
        if columns != classes {
            return Err(MetricsError::Row { row, expected: classes, found: columns });
        }
        let Some(gold_probability) = probabilities.get(gold) else {
            return Err(MetricsError::Class { row, classes, found: gold });
        };
        let possible = |p: &f64| (0.0..=1.0 + SUM_TOLERANCE).contains(p);
        if let Some(class) = probabilities.iter().position(|p| !possible(p)) {
            return Err(MetricsError::Probability { row, class, found: probabilities[class] });
        }
        let sum: f64 = probabilities.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(MetricsError::Sum { row, found: sum });
        }
        self.log_loss -= gold_probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
        for (class, p) in probabilities.iter().enumerate() {
            let gold = if class == gold { 1.0 } else { 0.0 };
            self.squares += (p - gold).powi(2);
        }
        let mut top = 0;
        for class in 1..classes {
            if probabilities[class] > probabilities[top] {
                top = class;
            }
        }
        let bins = self.bins.len();
        let bin = &mut self.bins[bin_of(probabilities[top], bins)];
        bin.examples += 1;
        bin.correct += u64::from(top == gold);
        bin.confidence += probabilities[top];
        Ok(())
    }

    /// Adds an example of two classes, by the probability of the second.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_binary(&mut self, gold: bool, probability: f64) -> Result<(), MetricsError> {
        self.add(usize::from(gold), &[1.0 - probability, probability])
    }

    /// Number of examples added.
    #[must_use]
    pub fn examples(&self) -> u64 {
        self.bins.iter().map(|bin| bin.examples).sum()
    }

    /// Adds the sums of other examples.
    ///
    /// # Errors
    /// [`MetricsError::Unlike`] if the number of classes or bins differs.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        let kind = |s: &Self| format!("{} classes in {} bins", s.classes, s.bins.len());
        let (first, second) = (kind(self), kind(other));
        if first != second {
            return Err(MetricsError::Unlike { first, second });
        }
        self.log_loss += other.log_loss;
        self.squares += other.squares;
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.examples += more.examples;
            bin.correct += more.correct;
            bin.confidence += more.confidence;
        }
        Ok(())
    }

    /// The figures.
    #[must_use]
    pub fn report(&self) -> ProbabilityReport {
        let examples = self.examples();
        let mean = |sum: f64| quotient(sum, as_f64(examples));
        let gap = |bin: &ReliabilityBin| (as_f64(bin.correct) - bin.confidence).abs();
        let halved = if self.classes == 2 { 0.5 } else { 1.0 };
        ProbabilityReport {
            examples,
            log_loss: mean(self.log_loss),
            brier: mean(self.squares * halved),
            expected_calibration_error: mean(self.bins.iter().map(gap).sum()),
            bins: self.bins.clone(),
        }
    }
}

/// Index of the bin, of `bins`, that holds this probability, from 0.
fn bin_of(probability: f64, bins: usize) -> usize {
    let end = |m: usize| as_f64(m as u64 + 1) / as_f64(bins as u64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to bins")]
    let near = (probability * as_f64(bins as u64)) as usize;
    // Rounding may put the product on the other side of a border, which is the quotient.
    (near.saturating_sub(1)..bins - 1).find(|m| probability <= end(*m)).unwrap_or(bins - 1)
}
