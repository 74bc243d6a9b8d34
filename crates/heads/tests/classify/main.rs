//! Classification heads from outside.
#![expect(clippy::unwrap_used, reason = "helpers of tests, too")]
#![expect(clippy::cast_precision_loss, reason = "a few numbers")]
mod features;
mod head;
mod saved;

use cloze_core::Matrix;

fn matrix(cols: usize, data: &[f32]) -> Matrix {
    Matrix::from_vec(cols, data.to_vec()).unwrap()
}

/// An error and all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|e| format!(": {}", chain(e))).unwrap_or_default();
    format!("{error}{cause}")
}
