//! The crate from outside: labelled rows to heads.
#![expect(clippy::unwrap_used, reason = "helpers of tests, too")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]
mod evaluating;
mod folds;
mod heads;
mod logistic;
mod search;

use cloze_core::Matrix;
use cloze_heads::classify::ClassifyHead;
use cloze_train::Labels;
use serde::Deserialize;

/// `tests/data/make_reference.py`.
#[derive(Deserialize)]
struct Reference {
    names: Vec<String>,
    width: usize,
    rows: Vec<f32>,
    gold: Vec<usize>,
    two: Vec<usize>,
    sets: Vec<Vec<usize>>,
    logistic: Vec<Case>,
    standard: Vec<f32>,
    svm_margins: Vec<f64>,
    naive_bayes: Vec<f64>,
    naive_bayes_joint: Vec<f64>,
    centroid: Vec<usize>,
    held: Vec<usize>,
    logits: Vec<f64>,
    temperature: f64,
    log_loss: f64,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    c: f64,
    balanced: bool,
    weights: Option<Vec<f64>>,
    probabilities: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../data/reference.json")).unwrap()
}

impl Reference {
    fn matrix(&self) -> Matrix {
        Matrix::from_vec(self.width, self.rows.clone()).unwrap()
    }

    fn labels(&self, gold: &[usize]) -> Labels {
        let names: Vec<_> = gold.iter().map(|&g| self.names[g].as_str()).collect();
        Labels::single(&names).unwrap()
    }
}

fn probabilities(head: &ClassifyHead, rows: &Matrix) -> Vec<f64> {
    let one = |row| head.probabilities(&head.predict(row).unwrap()).unwrap();
    rows.iter().flat_map(one).collect()
}

/// The largest difference, which is at most `abs + rel · |expected|`.
#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], abs: f64, rel: f64) -> f64 {
    assert_eq!(found.len(), expected.len());
    let off = |i: usize| (found[i] - expected[i]).abs();
    let over = |i: usize| off(i) - abs - rel * expected[i].abs();
    let worst = (0..found.len()).max_by(|&a, &b| over(a).total_cmp(&over(b))).unwrap();
    let (f, e) = (found[worst], expected[worst]);
    assert!(over(worst) <= 0.0, "number {worst} is {f}, expected {e} ± {}", abs + rel * e.abs());
    (0..found.len()).map(off).fold(0.0, f64::max)
}
