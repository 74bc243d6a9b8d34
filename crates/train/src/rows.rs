//! Some rows of a matrix.
use cloze_core::Matrix;

/// Rows at `places`, in that order; each must be in the matrix.
pub(crate) fn take(rows: &Matrix, places: &[usize]) -> Matrix {
    let mut taken = Matrix::with_capacity(places.len(), rows.cols());
    for &i in places {
        let whole = rows.row(i).is_some_and(|row| taken.push_rows(row));
        debug_assert!(whole, "a row of the matrix");
    }
    taken
}
