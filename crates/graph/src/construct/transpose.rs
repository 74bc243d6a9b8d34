//! Matrices turned.

/// The matrix `[rows, cols]` turned, `[cols, rows]`, in blocks that stay in the cache.
pub(super) fn transposed<T: Copy + Default>(matrix: &[T], rows: usize, cols: usize) -> Vec<T> {
    const BLOCK: usize = 32;
    let mut out = vec![T::default(); matrix.len()];
    for r0 in (0..rows).step_by(BLOCK) {
        for c0 in (0..cols).step_by(BLOCK) {
            for r in r0..(r0 + BLOCK).min(rows) {
                for c in c0..(c0 + BLOCK).min(cols) {
                    out[c * rows + r] = matrix[r * cols + c];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::transposed;

    /// 1 2 3 / 4 5 6 turned is 1 4 / 2 5 / 3 6; and a matrix of more than one block.
    #[test]
    fn a_turned_matrix_has_its_columns_as_rows() {
        assert_eq!(transposed(&[1., 2., 3., 4., 5., 6.], 2, 3), [1., 4., 2., 5., 3., 6.]);
        let (rows, cols) = (70, 45);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let matrix: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        let turned = transposed(&matrix, rows, cols);
        assert_eq!(turned[3 * rows + 68].to_bits(), matrix[68 * cols + 3].to_bits());
        assert_eq!(transposed(&turned, cols, rows), matrix);
    }
}
