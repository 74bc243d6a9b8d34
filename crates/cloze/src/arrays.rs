//! Matrices as ndarray views (feature `ndarray`).
use cloze_core::Matrix;
use ndarray::ArrayView2;

/// A matrix without copying, `[rows, cols]`.
///
/// ```
/// use cloze::{Matrix, arrays::view};
///
/// let matrix = Matrix::from_vec(2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
/// assert_eq!(view(&matrix).column(1).sum(), 6.0);
/// ```
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "it cannot: a matrix is rows of one width")]
pub fn view(matrix: &Matrix) -> ArrayView2<'_, f32> {
    let shape = (matrix.rows(), matrix.cols());
    ArrayView2::from_shape(shape, matrix.as_slice()).expect("a matrix is rows of one width")
}
