//! McNemar's test: two models on the same examples, by those that one alone has right.
use serde::Serialize;

use crate::counts::as_f64;

/// Below this many examples that one model alone has right, the binomial distribution itself is used.
const FEW: u64 = 25;

/// Computation of the p-value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum McNemarMethod {
    /// From the binomial distribution with p = 1/2.
    Exact,
    /// From the chi-squared distribution of one degree of freedom.
    ChiSquared,
}

/// Result of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct McNemar {
    /// Number of examples that the first alone has right.
    pub only_first: u64,
    /// Number of examples that the second alone has right.
    pub only_second: u64,
    /// Computation of the p-value.
    pub method: McNemarMethod,
    /// The smaller of the two numbers (exact), or (|first − second| − 1)² / (first + second).
    pub statistic: f64,
    /// Probability of a difference this large, in either direction, between equally good models.
    pub p_value: f64,
}

/// McNemar's test (1947) of two models that `only_first` and `only_second` examples tell apart: exact
/// for fewer than 25 of them, else with Edwards' continuity correction (1948). As `mcnemar` of
/// statsmodels 0.15.0, `exact` and not. Without any the models are alike: p is 1.
#[must_use]
pub fn mcnemar(only_first: u64, only_second: u64) -> McNemar {
    let (a, b) = (as_f64(only_first), as_f64(only_second));
    let n = only_first.saturating_add(only_second);
    let (method, statistic, p_value) = if n < FEW {
        let smaller = only_first.min(only_second);
        // C(n, k) by its neighbour, exact in this range.
        let (mut ways, mut sum) = (1_u64, 1_u64);
        for k in 1..=smaller {
            ways = ways * (n - k + 1) / k;
            sum += ways;
        }
        (McNemarMethod::Exact, as_f64(smaller), (2.0 * as_f64(sum) / as_f64(1 << n)).min(1.0))
    } else {
        let statistic = ((a - b).abs() - 1.0).powi(2) / (a + b);
        (McNemarMethod::ChiSquared, statistic, libm::erfc((statistic / 2.0).sqrt()))
    };
    McNemar { only_first, only_second, method, statistic, p_value }
}
