//! Rows of numbers, without ndarray: the crates around cloze speak different versions of it.

/// A dense matrix of `f32`, `[rows, cols]`, row after row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    cols: usize,
    data: Vec<f32>,
}

impl Matrix {
    /// The matrix whose rows are `data` cut every `cols` numbers; `None` if that leaves a rest, or
    /// if `cols` is 0.
    #[must_use]
    pub fn from_vec(cols: usize, data: Vec<f32>) -> Option<Self> {
        (cols > 0 && data.len().is_multiple_of(cols)).then_some(Self { cols, data })
    }

    /// A matrix without rows, with room for `rows` of them.
    #[must_use]
    pub fn with_capacity(rows: usize, cols: usize) -> Self {
        Self { cols, data: Vec::with_capacity(rows * cols) }
    }

    /// Adds rows at the end; false, and nothing done, if `rows` is not a whole number of rows.
    #[must_use]
    pub fn push_rows(&mut self, rows: &[f32]) -> bool {
        let whole = self.cols > 0 && rows.len().is_multiple_of(self.cols);
        if whole {
            self.data.extend_from_slice(rows);
        }
        whole
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.data.len().checked_div(self.cols).unwrap_or(0)
    }

    /// The number of columns.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row `i`; `None` past the end.
    #[must_use]
    pub fn row(&self, i: usize) -> Option<&[f32]> {
        self.data.get(i * self.cols..(i + 1) * self.cols)
    }

    /// All rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.data.chunks_exact(self.cols.max(1))
    }

    /// All numbers, row after row, without a copy.
    #[must_use]
    pub fn into_vec(self) -> Vec<f32> {
        self.data
    }

    /// All numbers, row after row.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }
}

impl<'a> IntoIterator for &'a Matrix {
    type Item = &'a [f32];
    type IntoIter = std::slice::ChunksExact<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_by_width() {
        let mut m = Matrix::from_vec(2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!(m.push_rows(&[5.0, 6.0]) && !m.push_rows(&[7.0]));
        assert_eq!((m.rows(), m.cols(), m.row(2), m.row(3)), (3, 2, Some(&[5.0, 6.0][..]), None));
        assert_eq!(m.iter().map(|r| r[1]).collect::<Vec<_>>(), [2.0, 4.0, 6.0]);
        assert_eq!(Matrix::from_vec(2, vec![1.0]), None);
        assert_eq!(Matrix::from_vec(0, vec![]), None);
        assert_eq!((Matrix::default().rows(), Matrix::default().iter().count()), (0, 0));
    }
}
