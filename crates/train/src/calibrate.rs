//! Probabilities that mean what they say, by a temperature.
use crate::TrainError;
use crate::labels::{Gold, Labels};

/// The temperatures that are tried.
const RANGE: (f64, f64) = (1e-3, 1e3);

/// A temperature and what it is good for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Temperature to divide logits by.
    pub temperature: f64,
    /// The mean log loss at temperature 1, in nats.
    pub loss_before: f64,
    /// The mean log loss at this temperature; of several labels summed over them.
    pub loss_after: f64,
    /// Whether it is an end of its range, 1e-3 to 1e3, beyond which the loss would still fall: logits that are
    /// never wrong want a temperature of 0, logits that tell nothing an infinite one.
    pub at_end: bool,
}

/// The temperature with the least mean log loss over held-out `logits`, `[n, labels]`; of several
/// labels, of the sigmoid of each.
/// Source: Guo et al., ICML 2017 (arXiv 1706.04599), section 4.2. The loss is convex in 1/T, so its
/// slope by 1/T is bisected.
///
/// # Errors
/// [`TrainError::NoExamples`]; [`TrainError::Count`] and [`TrainError::Width`] for logits that do
/// not fit `labels`; [`TrainError::NotFinite`].
pub fn calibrate(logits: &[Vec<f64>], labels: &Labels) -> Result<Calibration, TrainError> {
    check(logits, labels, "logits")?;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    let falls = |log_t: f64| mean_loss(logits, labels, (-log_t).exp()).1 > 0.0;
    // The slope by 1/T is above 0 where a higher temperature is better.
    let end = if !falls(low) {
        Some(low)
    } else if falls(high) {
        Some(high)
    } else {
        None
    };
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if falls(middle) { low = middle } else { high = middle }
    }
    let temperature = end.unwrap_or(0.5 * (low + high)).exp();
    let (loss_before, _) = mean_loss(logits, labels, 1.0);
    let (loss_after, _) = mean_loss(logits, labels, 1.0 / temperature);
    Ok(Calibration { temperature, loss_before, loss_after, at_end: end.is_some() })
}

/// The mean loss at the inverse temperature `b`, and its slope.
fn mean_loss(logits: &[Vec<f64>], labels: &Labels, b: f64) -> (f64, f64) {
    let several = matches!(labels.gold(), Gold::Multi(_));
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let n = logits.len() as f64;
    let (mut loss, mut slope) = (0.0, 0.0);
    for (i, z) in logits.iter().enumerate() {
        let gold = labels.of(i);
        let (l, s) = if several { sigmoid_loss(z, gold, b) } else { softmax_loss(z, gold[0], b) };
        loss += l;
        slope += s;
    }
    (loss / n, slope / n)
}

fn softmax_loss(z: &[f64], gold: usize, b: f64) -> (f64, f64) {
    let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut mean) = (0.0, 0.0);
    for z in z {
        let e = (b * (z - max)).exp();
        sum += e;
        mean += e * (z - max);
    }
    let gold_logit = z[gold] - max;
    (sum.ln() - b * gold_logit, mean / sum - gold_logit)
}

fn sigmoid_loss(z: &[f64], gold: &[usize], b: f64) -> (f64, f64) {
    let each = z.iter().enumerate().map(|(label, z)| {
        // What should be above 0.
        let m = if gold.contains(&label) { *z } else { -z };
        let small = (-(b * m).abs()).exp();
        let miss = if m >= 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
        (small.ln_1p() + (-b * m).max(0.0), -m * miss)
    });
    each.fold((0.0, 0.0), |(l, s), (dl, ds)| (l + dl, s + ds))
}

/// Whether there is a row of finite numbers for each example, as wide as there are labels.
pub(crate) fn check(
    rows: &[Vec<f64>],
    labels: &Labels,
    what: &'static str,
) -> Result<(), TrainError> {
    if labels.is_empty() {
        return Err(TrainError::NoExamples);
    }
    if rows.len() != labels.len() {
        return Err(TrainError::Count { what, expected: labels.len(), found: rows.len() });
    }
    for (row, values) in rows.iter().enumerate() {
        let (expected, width) = (labels.names().len(), values.len());
        if expected != width {
            return Err(TrainError::Width { what, expected, found: width });
        }
        if let Some(column) = values.iter().position(|v| !v.is_finite()) {
            return Err(TrainError::NotFinite { row, column, value: values[column] });
        }
    }
    Ok(())
}
