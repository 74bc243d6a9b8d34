//! Comparisons: worked by hand, against scipy and statsmodels, and what always holds.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod alike;

use alike::assert_alike;
use cloze_metrics::compare::{BootstrapParams, McNemarMethod, ValidBootstrapParams, mcnemar};
use cloze_metrics::correlation::kendall;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// 1 against 5: 2 · (C(6,0) + C(6,1)) / 2⁶ = 14/64. 10 against 30: (20 − 1)² / 40 = 9.025; z = 3.00416,
/// p = 0.00266. Alike, 3 against 3: more than 1 by halves, so 1.
#[test]
fn mcnemar_by_hand() {
    let few = mcnemar(1, 5);
    assert_eq!((few.method, few.only_first, few.only_second), (McNemarMethod::Exact, 1, 5));
    assert_alike(&json!([few.statistic, few.p_value]), &json!([1.0, 14.0 / 64.0]), "few");
    let many = mcnemar(30, 10);
    assert_eq!(many.method, McNemarMethod::ChiSquared);
    assert_alike(&json!(many.statistic), &json!(9.025), "many");
    assert!((many.p_value - 0.002_663).abs() < 1e-6, "{}", many.p_value);
    for n in [0, 3] {
        assert_alike(&json!(mcnemar(n, n).p_value), &json!(1.0), "alike");
    }
    assert!((0.0..1.0).contains(&mcnemar(u64::MAX, 1).p_value));
}

/// x = 1 1 2 3, y = 1 2 3 2. Of 6 pairs: (1,2) tied in x, (2,4) tied in y; (1,3) (1,4) (2,3) rise,
/// (3,4) falls. (3 − 1) / √((6 − 1)(6 − 1)) = 2/5.
#[test]
fn kendall_by_hand() {
    let tau = kendall(&[1.0, 1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 2.0]).unwrap();
    assert_alike(&json!(tau), &json!(0.4), "tau");
    let tau = kendall(&[0.0, -0.0, 1.0], &[1.0, 1.0, 2.0]).unwrap();
    assert_alike(&json!(tau), &json!(1.0), "zeros");
    assert!(kendall(&[1.0, 2.0], &[3.0, 3.0]).is_err());
}

#[derive(Deserialize)]
struct Figures {
    kendall: Vec<Pairs>,
    mcnemar: Vec<Value>,
    bootstrap: Drawn,
}

#[derive(Deserialize)]
struct Pairs {
    x: Vec<f64>,
    y: Vec<f64>,
    tau: f64,
}

#[derive(Deserialize)]
struct Drawn {
    values: Vec<f64>,
    low: f64,
    high: f64,
    error: f64,
}

fn figures() -> Figures {
    serde_json::from_str(include_str!("data/figures.json")).unwrap()
}

#[test]
fn scipy_and_statsmodels_have_the_same() {
    let figures = figures();
    let mut worst = 0.0_f64;
    for case in &figures.kendall {
        let found = kendall(&case.x, &case.y).unwrap();
        worst = worst.max(assert_alike(&json!(found), &json!(case.tau), "tau"));
    }
    for case in &figures.mcnemar {
        let number = |key: &str| case[key].as_u64().unwrap();
        let found =
            serde_json::to_value(mcnemar(number("only_first"), number("only_second"))).unwrap();
        worst = worst.max(assert_alike(&found, case, "mcnemar"));
        // Small ones are not all alike.
        let [found, expected] = [&found, case].map(|v| v["p_value"].as_f64().unwrap());
        assert!((found / expected - 1.0).abs() < 1e-10, "found {found:e}, expected {expected:e}");
    }
    println!("worst difference: {worst:e}");
}

fn mean(values: &[f64], order: &[usize]) -> f64 {
    order.iter().map(|i| values[*i]).sum::<f64>() / f64::from(u32::try_from(order.len()).unwrap())
}

fn params(resamples: usize) -> ValidBootstrapParams {
    BootstrapParams::new().resamples(resamples).check().unwrap()
}

/// Other draws than scipy's, so not to the digit: at 99,999 of them the ends move by about a hundredth
/// of the standard error.
#[test]
fn scipys_interval_is_near() {
    let Drawn { values, low, high, error } = figures().bootstrap;
    let found = params(20_000).interval(values.len(), |order| mean(&values, order)).unwrap();
    for (found, expected) in [(found.low, low), (found.high, high)] {
        let off = (found - expected).abs() / error;
        assert!(off < 0.1, "{found}, expected {expected}: {off} standard errors");
    }
    assert_eq!((found.resamples, found.undefined, found.seed), (20_000, 0, 0));
}

/// Of two examples, 0 and 1, a resample is 00, 01, 10 or 11: its mean is 0, 1/2 or 1 with 1/4, 1/2 and
/// 1/4. At level 0.4 the interval is from quantile 0.3 to 0.7: both 1/2; at 0.6, 0.2 to 0.8: 0 and 1.
#[test]
fn an_interval_by_hand() {
    for (level, expected) in [(0.4, [0.5, 0.5]), (0.6, [0.0, 1.0])] {
        let params = BootstrapParams::new().level(level).seed(3).check().unwrap();
        let found = params.interval(2, |order| mean(&[0.0, 1.0], order)).unwrap();
        assert_alike(&json!([found.low, found.high]), &json!(expected), "interval");
        assert_alike(&json!([found.estimate, found.level]), &json!([0.5, level]), "facts");
    }
}

/// Differences of two examples are 0 and 1, .5 on average: a resample's average is 0, .5 or 1 with 1/4,
/// 1/2 and 1/4, and the outer two are as far from .5 as .5 is from 0: p is 1/2. With differences 1, 2
/// and 3, 2 on average, no resample is 2 away: p is 1 / (n + 1). With −1, 2 it is .5; the averages −1,
/// .5 and 2 are 1.5, 0 and 1.5 away: 1/2 again. With −1, 2, 2, 1 on average, it is the sums of three of
/// 27 that are at most 0 or at least 6: −3 once and 0 six times, 6 eight times, 15/27.
#[test]
fn paired_differences_by_hand() {
    let cases: [(&[f64], f64); 4] = [
        (&[0.0, 1.0], 0.5),
        (&[1.0, 2.0, 3.0], 0.0),
        (&[-1.0, 2.0], 0.5),
        (&[-1.0, 2.0, 2.0], 15.0 / 27.0),
    ];
    for (first, expected) in cases {
        let n = first.len();
        let found = params(40_000).compare(n, |order| (mean(first, order), 0.0)).unwrap();
        assert!((found.p_value - expected).abs() < 0.01, "{}", found.p_value);
        // Whichever comes first, the difference is the same.
        let turned = params(40_000).compare(n, |order| (0.0, mean(first, order))).unwrap();
        assert_alike(&json!(turned.p_value), &json!(found.p_value), "turned");
        assert_alike(&json!(turned.difference.low), &json!(-found.difference.high), "turned");
    }
    let sure = params(999).compare(3, |order| (mean(&[1.0, 2.0, 3.0], order), 0.0)).unwrap();
    assert_alike(&json!(sure.p_value), &json!(0.001), "1 / 1000");
    let same = params(100).compare(3, |_| (0.5, 0.5)).unwrap();
    assert_alike(&json!(same.p_value), &json!(1.0), "alike");
}

/// Equally good models, each right in 80 % of 200 examples: p is below 0.05 in about 5 % of 1,000
/// comparisons, three standard errors (2.1 points) to either side; and below 0.5 in about half.
#[test]
fn equal_models_differ_as_rarely_as_p_has_it() {
    let mut state = 1_u64;
    let mut right = || {
        // Knuth's linear congruential generator, MMIX; the high bits are even.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u8::from((state >> 33) % 10 < 8))
    };
    let (mut significant, mut likely, comparisons) = (0, 0, 1000);
    for _ in 0..comparisons {
        let both: Vec<(f64, f64)> = (0..200).map(|_| (right(), right())).collect();
        let difference: Vec<f64> = both.iter().map(|(a, b)| a - b).collect();
        let found = params(200).compare(200, |order| (mean(&difference, order), 0.0)).unwrap();
        significant += usize::from(found.p_value < 0.05);
        likely += usize::from(found.p_value < 0.5);
    }
    assert!((29..=71).contains(&significant), "{significant}");
    assert!((430..=570).contains(&likely), "{likely}");
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let new = BootstrapParams::new;
    for (params, expected) in [
        (new().resamples(0), "resamples: expected 1 to 10000000, found 0"),
        (new().resamples(10_000_001), "resamples: expected 1 to 10000000, found 10000001"),
        (new().level(0.0), "level: expected a number between 0 and 1, found 0"),
        (new().level(1.0), "level: expected a number between 0 and 1, found 1"),
        (new().level(f64::NAN), "level: expected a number between 0 and 1, found NaN"),
        (new().level(f64::INFINITY), "level: expected a number between 0 and 1, found inf"),
    ] {
        assert_eq!(params.check().unwrap_err().to_string(), expected);
    }
    let params = new().resamples(1).level(1e-9).check().unwrap();
    let one = params.interval(1, |order| mean(&[7.0], order)).unwrap();
    assert_alike(&json!([one.low, one.high]), &json!([7.0, 7.0]), "one example");
    for (examples, figure, expected) in [
        (0, 1.0, "expected at least 1 examples, found 0"),
        (2, f64::NAN, "expected a finite figure, found NaN"),
    ] {
        assert_eq!(params.interval(examples, |_| figure).unwrap_err().to_string(), expected);
        let compared = params.compare(examples, |_| (figure, 0.0)).unwrap_err();
        assert_eq!(compared.to_string(), expected);
    }
    // What has no figure is counted: of 4 resamples of two, one has only the first.
    let params = new().resamples(4000).check().unwrap();
    let found = params.interval(2, |o| if o == [0, 0] { f64::NAN } else { 1.0 }).unwrap();
    assert!((900..1100).contains(&found.undefined), "{}", found.undefined);
}

proptest! {
    /// The same seed draws the same, another does not; and the interval lies within the values.
    #[test]
    fn a_seed_decides(values in prop::collection::vec(0..50_u8, 2..9), seed in any::<u64>()) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let draw = |seed| {
            let params = BootstrapParams::new().resamples(50).seed(seed).check().unwrap();
            let orders = std::cell::RefCell::new(vec![]);
            let found = params.interval(values.len(), |order| {
                orders.borrow_mut().push(order.to_vec());
                mean(&values, order)
            });
            (found.unwrap(), orders.into_inner())
        };
        let (first, orders) = draw(seed);
        prop_assert_eq!(&(first, orders.clone()), &draw(seed));
        prop_assert_ne!(&orders, &draw(seed ^ 1).1);
        prop_assert!(orders.iter().flatten().all(|i| *i < values.len()));
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        prop_assert!(least <= first.low && first.low <= first.high && first.high <= most);
    }

    /// Kendall's tau is that of all pairs one by one. Few distinct values, so that ties are common.
    #[test]
    fn tau_counts_pairs(pairs in prop::collection::vec((0..4_i8, 0..4_i8), 2..12)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().map(|p| (f64::from(p.0), f64::from(p.1))).unzip();
        let Ok(found) = kendall(&x, &y) else { return Ok(()) };
        let (mut sum, mut xs, mut ys) = (0.0, 0.0_f64, 0.0_f64);
        for i in 0..x.len() {
            for j in 0..i {
                let sign = |a: f64, b: f64| if a < b { -1.0 } else { f64::from(a > b) };
                let (a, b) = (sign(x[i], x[j]), sign(y[i], y[j]));
                sum += a * b;
                xs += a * a;
                ys += b * b;
            }
        }
        prop_assert!((found - sum / (xs.sqrt() * ys.sqrt())).abs() < 1e-12);
    }
}
