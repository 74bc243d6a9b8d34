//! Correlation: worked by hand, against scipy, and what always holds.
use cloze_metrics::correlation::{pearson, pearson_interval, spearman, spearman_interval};
use cloze_metrics::{MetricsError, Side};
use proptest::prelude::*;
use serde::Deserialize;

#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}

/// x = 1 2 3 6 has mean 3 and deviations −2 −1 0 3; y = 2 1 3 2 has mean 2 and 0 −1 1 0.
/// Products sum to 1, squares to 14 and 2: r = 1 / √28.
#[test]
fn pearson_by_hand() {
    let r = pearson(&[1.0, 2.0, 3.0, 6.0], &[2.0, 1.0, 3.0, 2.0]).unwrap();
    assert_close(r, 1.0 / 28_f64.sqrt(), 1e-15);
    assert_close(pearson(&[1.0, 2.0], &[5.0, 3.0]).unwrap(), -1.0, 1e-15);
}

/// x = 10 20 20 50 has ranks 1 2.5 2.5 4; y = 7 7 9 7 has 2 2 4 2. Both have mean 2.5: deviations
/// −1.5 0 0 1.5 and −.5 −.5 1.5 −.5, whose products sum to .75 − .75 = 0. With y = 7 7 9 8, ranks
/// 1.5 1.5 4 3 and deviations −1 −1 1.5 .5, they sum to 1.5 + .75 = 2.25, squares to 4.5 and 4.5: r
/// = 1/2. Without sharing (ranks 1 2 3 4 and 1 2 4 3) it would be 0.8.
#[test]
fn spearman_shares_ranks_among_ties() {
    let x = [10.0, 20.0, 20.0, 50.0];
    assert_close(spearman(&x, &[7.0, 7.0, 9.0, 7.0]).unwrap(), 0.0, 1e-15);
    assert_close(spearman(&x, &[7.0, 7.0, 9.0, 8.0]).unwrap(), 0.5, 1e-15);
    // 0 and −0 are equal: ranks 1.5 1.5 3 and 1 2 3, products .5 · 1 … = 1.5, squares 1.5 and 2.
    let r = spearman(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
    assert_close(r, 1.5 / 3_f64.sqrt(), 1e-15);
}

/// atanh(0.5) = ln(3) / 2 = 0.549306; over 12 pairs the standard error is 1/3, for Spearman's
/// √(1.125) / 3 = 0.353553. So 0.549306 ± 0.653321 and ± 0.692952: tanh of −0.104015 and
/// 1.202627, of −0.143646 and 1.242258.
#[test]
fn intervals_by_hand() {
    let (low, high) = pearson_interval(0.5, 12);
    assert_close(low, -0.103_642, 1e-6);
    assert_close(high, 0.834_454, 1e-6);
    let (low, high) = spearman_interval(0.5, 12);
    assert_close(low, -0.142_666, 1e-6);
    assert_close(high, 0.846_098, 1e-6);
}

#[test]
fn little_is_known_at_the_edges() {
    for interval in [pearson_interval, spearman_interval] {
        for (r, n) in [(0.5, 0), (0.5, 3), (f64::NAN, 100)] {
            assert_eq!(interval(r, n), (-1.0, 1.0), "{r} {n}");
        }
        assert_eq!(interval(1.0, 4), (1.0, 1.0));
        assert_eq!(interval(-1.0, 4), (-1.0, -1.0));
        let (low, high) = interval(f64::INFINITY, 4);
        assert!(low <= high && high <= 1.0);
        let (low, high) = interval(0.0, 4);
        assert!(-1.0 < low && low < 0.0 && 0.0 < high && high < 1.0);
    }
}

#[test]
fn what_has_no_correlation_is_an_error() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for (x, y, expected) in [
        (&[][..], &[][..], "expected at least 2 pairs, found 0"),
        (&[1.0], &[1.0], "expected at least 2 pairs, found 1"),
        (&[1.0, 2.0], &[1.0], "2 numbers in the first list, 1 in the second"),
        (&[1.0, 2.0], &[1.0, nan], "value 1 of the second list is NaN: expected a finite number"),
        (&[-inf, nan], &[nan, 0.0], "value 0 of the first list is -inf: expected a finite number"),
        (&[1.0, 2.0], &[0.1, 0.1], "all values of the second list are 0.1"),
        (&[0.0, -0.0], &[1.0, 1.0], "all values of the first list are 0"),
    ] {
        for correlation in [pearson, spearman] {
            assert_eq!(correlation(x, y).unwrap_err().to_string(), expected);
        }
    }
    let error = pearson(&[1.0, 2.0], &[3.0, 3.0]).unwrap_err();
    assert_eq!(error, MetricsError::NoSpread { side: Side::Second, value: 3.0 });
}

/// Sizes at which sums, squares or their products leave the range of numbers, and a spread of one
/// unit in the last place.
#[test]
fn sizes_do_not_matter() {
    let max = f64::MAX;
    for x in [[max, -max, max], [1e200, -1e200, 1e200], [5e-324, 0.0, 5e-324]] {
        for y in [[1.0, 0.0, 1.0], [max, -max, max], [1e-200, 0.0, 1e-200]] {
            assert_close(pearson(&x, &y).unwrap(), 1.0, 1e-15);
        }
    }
    let next = 1.0 + f64::EPSILON;
    let r = pearson(&[next, 1.0, 1.0, next, 1.0], &[1.0, 0.0, 0.0, 1.0, 0.0]).unwrap();
    assert_close(r, 1.0, 1e-15);
}

#[derive(Deserialize)]
struct Case {
    x: Vec<f64>,
    y: Vec<f64>,
    pearson: f64,
    pearson_interval: (f64, f64),
    spearman: f64,
    spearman_interval: (f64, f64),
}

#[test]
fn scipy_has_the_same() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/correlation.json")).unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let n = case.x.len();
        assert_close(pearson(&case.x, &case.y).unwrap(), case.pearson, 1e-13);
        assert_close(spearman(&case.x, &case.y).unwrap(), case.spearman, 1e-13);
        for ((low, high), (expected_low, expected_high)) in [
            (pearson_interval(case.pearson, n), case.pearson_interval),
            (spearman_interval(case.spearman, n), case.spearman_interval),
        ] {
            assert_close(low, expected_low, 1e-13);
            assert_close(high, expected_high, 1e-13);
        }
    }
}

/// Few distinct values, so that ties are common.
fn pairs() -> impl Strategy<Value = Vec<(i8, i8)>> {
    prop::collection::vec((0..4_i8, 0..4_i8), 2..12)
}

proptest! {
    /// Swapping the lists, and the order of pairs, change nothing; a rising change of one list
    /// leaves Spearman's as it is, and a line leaves Pearson's.
    #[test]
    fn only_order_and_lines_matter(pairs in pairs(), shift in -5.0..5.0, slope in 0.1..9.0) {
        let x: Vec<f64> = pairs.iter().map(|p| p.0.into()).collect();
        let y: Vec<f64> = pairs.iter().map(|p| p.1.into()).collect();
        let line: Vec<f64> = x.iter().map(|x| slope * x + shift).collect();
        let cubes: Vec<f64> = x.iter().map(|x| x.powi(3) + x).collect();
        let backwards = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        let Ok(p) = pearson(&x, &y) else {
            prop_assert!(pearson(&y, &x).is_err() && spearman(&x, &y).is_err());
            return Ok(());
        };
        let s = spearman(&x, &y).unwrap();
        for (found, expected) in [
            (pearson(&y, &x).unwrap(), p),
            (pearson(&backwards(&x), &backwards(&y)).unwrap(), p),
            (pearson(&line, &y).unwrap(), p),
            (spearman(&cubes, &y).unwrap(), s),
            (spearman(&backwards(&x), &backwards(&y)).unwrap(), s),
        ] {
            prop_assert!((found - expected).abs() < 1e-12, "{} is not {}", found, expected);
        }
    }

    /// Any numbers at all: a value within −1 to 1 around which the interval lies, or an error.
    #[test]
    fn any_numbers_are_taken(pairs in prop::collection::vec((any::<f64>(), any::<f64>()), 0..9)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        for (correlation, interval) in [
            (pearson as fn(&[f64], &[f64]) -> _, pearson_interval as fn(f64, usize) -> _),
            (spearman, spearman_interval),
        ] {
            if let Ok(r) = correlation(&x, &y) {
                prop_assert!((-1.0..=1.0).contains(&r), "{}", r);
                let (low, high): (f64, f64) = interval(r, x.len());
                prop_assert!(low <= r + 1e-12 && r <= high + 1e-12, "{} {} {}", low, r, high);
            }
        }
    }
}
