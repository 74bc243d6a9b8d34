//! The crate from outside: token rows to vectors that can be compared.
mod anisotropy;
mod correction;
mod layers;
mod moments;
mod pool;
mod reference;
mod saved;
mod vector;

use cloze_embed::{Accumulator, EmbedError, Moments, Spread};
use proptest::prelude::*;

/// The moments of `rows`.
fn moments(rows: &[Vec<f32>], spread: Spread) -> Moments {
    let mut gathered = Accumulator::new(rows.first().map_or(0, Vec::len), spread);
    rows.iter().try_for_each(|row| gathered.push(row)).expect("rows that fit");
    gathered.finish()
}

/// Mean and population covariance, in two passes, as the textbook has them.
#[expect(clippy::cast_precision_loss, reason = "a few rows")]
fn textbook(rows: &[Vec<f32>]) -> (Vec<f64>, impl Fn(usize, usize) -> f64) {
    let n = rows.len() as f64;
    let column = |d: usize| rows.iter().map(move |row| f64::from(row[d]));
    let mean: Vec<f64> = (0..rows[0].len()).map(|d| column(d).sum::<f64>() / n).collect();
    let means = mean.clone();
    let covariance = move |i: usize, j: usize| {
        let products = column(i).zip(column(j)).map(|(x, y)| (x - means[i]) * (y - means[j]));
        products.sum::<f64>() / n
    };
    (mean, covariance)
}

/// 2 to 20 rows of 1 to 4 numbers in quarters, around centres of their own up to 50: some dimensions
/// are far off, and with so few values some have no spread.
fn corpus() -> impl Strategy<Value = Vec<Vec<f32>>> {
    (1..5_usize).prop_flat_map(|dims| {
        let centres = prop::collection::vec(-50..=50_i16, dims);
        let rows = prop::collection::vec(prop::collection::vec(-8..=8_i16, dims), 2..20);
        (centres, rows).prop_map(|(centres, rows)| {
            let row = |row: Vec<i16>| {
                let numbers = row.into_iter().zip(&centres);
                numbers.map(|(x, c)| f32::from(*c) + f32::from(x) / 4.0).collect()
            };
            rows.into_iter().map(row).collect()
        })
    })
}

/// An error and all its causes.
fn chain(error: &EmbedError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
