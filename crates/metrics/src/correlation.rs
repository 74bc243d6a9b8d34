//! Correlation of two lists of numbers.
use crate::{MetricsError, Side};

/// The 97.5 % point of the normal distribution.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// Pearson's correlation of the pairs `(x[i], y[i])`, −1 to 1: whether they lie on a line.
///
/// # Errors
/// [`MetricsError::Lengths`], [`MetricsError::TooFew`] below two pairs,
/// [`MetricsError::NotFinite`] at the first such value of `x`, else of `y`, and
/// [`MetricsError::NoSpread`] if all values of `x`, or of `y`, are the same.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64, MetricsError> {
    check(x, y)?;
    let (x, y) = (centred(x), centred(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // The root of each by itself: their product may be too small for a number.
    let r = dot(&x, &y) / (dot(&x, &x).sqrt() * dot(&y, &y).sqrt());
    Ok(r.clamp(-1.0, 1.0))
}

/// Spearman's correlation of the pairs `(x[i], y[i])`, −1 to 1: whether they have one order.
/// Pearson's of the ranks, where equal values share the average of their ranks.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, MetricsError> {
    check(x, y)?;
    pearson(&ranks(x), &ranks(y))
}

/// Kendall's correlation of the pairs `(x[i], y[i])`, −1 to 1: how many more two of them have one order
/// than the other. Tau-b, which allows for ties (Kendall 1945), in time n · log n (Knight 1966).
///
/// # Errors
/// As [`pearson`].
#[expect(clippy::cast_precision_loss, reason = "the figure is rounded anyway")]
pub fn kendall(x: &[f64], y: &[f64]) -> Result<f64, MetricsError> {
    check(x, y)?;
    // 0 and −0 are equal.
    let mut pairs: Vec<(f64, f64)> = x.iter().zip(y).map(|(x, y)| (x + 0.0, y + 0.0)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tied_x = ties(&pairs, |p| (p.0, 0.0));
    let tied_both = ties(&pairs, |p| *p);
    // Sorted by y, each pair that has to change places is one in the other order.
    let mut ys: Vec<f64> = pairs.iter().map(|p| p.1).collect();
    let discordant = sort_counting(&mut ys, &mut vec![0.0; pairs.len()]);
    let tied_y = ties(&ys, |y| (*y, 0.0));
    let total = two_of(pairs.len());
    let concordant = total + tied_both - tied_x - tied_y - discordant;
    let difference = concordant as f64 - discordant as f64;
    let tau = difference / ((total - tied_x) as f64).sqrt() / ((total - tied_y) as f64).sqrt();
    Ok(tau.clamp(-1.0, 1.0))
}

/// Number of pairs among `n`.
fn two_of(n: usize) -> u128 {
    let n = n as u128;
    n * n.saturating_sub(1) / 2
}

/// Number of pairs of neighbours with the same key.
fn ties<T>(sorted: &[T], key: impl Fn(&T) -> (f64, f64)) -> u128 {
    sorted.chunk_by(|a, b| key(a) == key(b)).map(|tied| two_of(tied.len())).sum()
}

/// Sorts `values` by merging, and counts the twos that stood in the other order.
fn sort_counting(values: &mut [f64], room: &mut [f64]) -> u128 {
    let half = values.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = values.split_at_mut(half);
    let mut moved = sort_counting(left, room) + sort_counting(right, room);
    let (mut i, mut j) = (0, 0);
    for slot in &mut room[..left.len() + right.len()] {
        // Equal ones stay in their order.
        if j == right.len() || (i < left.len() && left[i] <= right[j]) {
            *slot = left[i];
            i += 1;
        } else {
            *slot = right[j];
            j += 1;
            moved += (left.len() - i) as u128;
        }
    }
    values.copy_from_slice(&room[..values.len()]);
    moved
}

/// The 95 % confidence interval of Pearson's `r` over `n` pairs: tanh(atanh r ± 1.96 / √(n − 3)).
/// Up to three pairs, and where `r` is NaN, nothing is known: −1 to 1. At ±1 it is that point.
/// Source: Fisher, Metron 1, 1921.
#[must_use]
pub fn pearson_interval(r: f64, n: usize) -> (f64, f64) {
    fisher(r, n, |_| 1.0)
}

/// The 95 % confidence interval of Spearman's `r` over `n` pairs. As [`pearson_interval`], but with
/// the standard error √((1 + r² / 2) / (n − 3)).
/// Source: Bonett & Wright, Psychometrika 65, 2000.
#[must_use]
pub fn spearman_interval(r: f64, n: usize) -> (f64, f64) {
    fisher(r, n, |r| (1.0 + r * r / 2.0).sqrt())
}

#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn fisher(r: f64, n: usize, widening: impl Fn(f64) -> f64) -> (f64, f64) {
    if n <= 3 || r.is_nan() {
        return (-1.0, 1.0);
    }
    let r = r.clamp(-1.0, 1.0);
    let z = r.atanh();
    let half = Z_95 * widening(r) / ((n - 3) as f64).sqrt();
    ((z - half).tanh(), (z + half).tanh())
}

fn check(x: &[f64], y: &[f64]) -> Result<(), MetricsError> {
    if x.len() != y.len() {
        return Err(MetricsError::Lengths { first: x.len(), second: y.len() });
    }
    if x.len() < 2 {
        return Err(MetricsError::TooFew { expected: 2, found: x.len() });
    }
    let sides = [(Side::First, x), (Side::Second, y)];
    for (side, values) in sides {
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(MetricsError::NotFinite { side, index, value: values[index] });
        }
    }
    for (side, values) in sides {
        // `==`, so that 0 and −0 are the same.
        #[expect(clippy::float_cmp, reason = "a spread of one unit in the last place is one")]
        if values.iter().all(|v| *v == values[0]) {
            return Err(MetricsError::NoSpread { side, value: values[0] });
        }
    }
    Ok(())
}

/// `values` moved to mean 0 and scaled to at most 1, which no correlation notices, so that neither
/// sums nor squares leave the range of numbers.
#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn centred(values: &[f64]) -> Vec<f64> {
    let largest = |values: &[f64]| values.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    // A power of two, which rounds nothing: a mean far above the spread would show any rounding.
    let scale = match largest(values) {
        large if large > 1e270 => 2_f64.powi(-100),
        small if small < 1e-270 => 2_f64.powi(200),
        _ => 1.0,
    };
    let mut centred: Vec<f64> = values.iter().map(|v| v * scale).collect();
    // Twice: there the first mean is off by its own rounding.
    for _ in 0..2 {
        let mean = centred.iter().sum::<f64>() / values.len() as f64;
        for v in &mut centred {
            *v -= mean;
        }
    }
    let max = largest(&centred);
    if max > 0.0 {
        for v in &mut centred {
            *v /= max;
        }
    }
    centred
}

/// The rank of each value, from 1; equal ones share the average of theirs.
#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    // `total_cmp` has −0 just below 0, so that equal values are neighbours.
    #[expect(clippy::float_cmp, reason = "ties are equal values")]
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        // The average of below + 1 to below + len.
        let rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
        for &i in tied {
            ranks[i] = rank;
        }
        below += tied.len();
    }
    ranks
}
