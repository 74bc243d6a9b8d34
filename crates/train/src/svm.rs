//! A linear support vector machine for each label against the rest, as linfa-svm fits it.
use cloze_core::Matrix;
use cloze_heads::classify::ClassifyHead;
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_svm::Svm;
use ndarray::{Array1, Array2};

use crate::TrainError;
use crate::labels::Labels;
use crate::params::{Fitted, HeadParams, Kind};

/// linfa-svm keeps the products of all rows with all in f64: of 5,000 rows 200 MB. Its time goes by
/// the square, too: 0.2, 0.7 and 3.0 s a label for 1,000, 2,000 and 4,000 rows of 384
/// (`benches/logistic.rs`).
pub(crate) const MAX_ROWS: usize = 5_000;

/// Margins w · x + b. Of two labels the second has the margin and the first 0.
/// Source: Cortes & Vapnik 1995, with the hinge loss and C of scikit-learn's `SVC(kernel="linear")`.
pub(crate) fn fit(
    params: &HeadParams,
    rows: &Matrix,
    labels: &Labels,
    gold: &[usize],
) -> Result<Fitted, TrainError> {
    let kind = Kind::Svm.name();
    if gold.len() > MAX_ROWS {
        return Err(TrainError::TooManyRows { kind, max: MAX_ROWS, found: gold.len() });
    }
    let stopped = |what: String| TrainError::Solver { what };
    let (names, width) = (labels.names(), rows.cols());
    let wide = rows.as_slice().iter().map(|x| f64::from(*x)).collect();
    let x =
        Array2::from_shape_vec((gold.len(), width), wide).map_err(|e| stopped(e.to_string()))?;
    let (mut weight, mut bias) = (vec![], vec![]);
    let (mut iterations, mut converged) = (0, true);
    for label in 0..names.len() {
        if names.len() == 2 && label == 0 {
            weight.extend(vec![0.0; width]);
            bias.push(0.0);
            continue;
        }
        let target: Array1<bool> = gold.iter().map(|&g| g == label).collect();
        let set = DatasetBase::new(x.view(), target.view());
        let machine = Svm::<f64, bool>::params()
            .pos_neg_weights(params.c, params.c)
            .eps(params.tolerance)
            .linear_kernel()
            .fit(&set)
            .map_err(|e| stopped(e.to_string()))?;
        // What it says of the unit vectors are its weights.
        let mut unit = Array1::zeros(width);
        for d in 0..width {
            unit[d] = 1.0;
            weight.push(machine.weighted_sum(&unit));
            unit[d] = 0.0;
        }
        bias.push(-machine.rho);
        // Its count and its reason to stop are for printing alone.
        let text = machine.to_string();
        converged &= text.starts_with("Exited");
        let count = text.split_whitespace().find_map(|word| word.parse::<u64>().ok());
        iterations += count.unwrap_or(0);
    }
    let head = ClassifyHead::new(kind, names.to_vec(), weight, bias)?;
    Ok(Fitted { head, iterations, converged, loss: None })
}
