//! Matrix products on one thread. All matrices lie row after row; one may be a column range
//! of a wider one, whose rows are `stride` apart.
use cloze_kernel::product::{Output, Sizes, View, multiply};

/// A matrix that is read.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    data: &'a [f32],
    len: usize,
    cols: usize,
    stride: usize,
}

impl<'a> Rows<'a> {
    /// All of `data`, `[rows, cols]`.
    pub(crate) fn new(data: &'a [f32], cols: usize) -> Self {
        Self { data, len: data.len() / cols.max(1), cols, stride: cols }
    }

    /// `cols` columns of a wider matrix, beginning where `data` does.
    pub(crate) fn strided(data: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        Self { data, len: rows, cols, stride }
    }

    fn view(self) -> View<'a> {
        View { data: self.data, stride: self.stride, transposed: false }
    }

    fn transposed(self) -> View<'a> {
        View { transposed: true, ..self.view() }
    }
}

/// A matrix that is written, or added to.
pub(crate) struct RowsMut<'a> {
    data: &'a mut [f32],
    len: usize,
    cols: usize,
    stride: usize,
    add: bool,
}

impl<'a> RowsMut<'a> {
    /// All of `data`, `[rows, cols]`, to be written.
    pub(crate) fn new(data: &'a mut [f32], cols: usize) -> Self {
        Self { len: data.len() / cols.max(1), data, cols, stride: cols, add: false }
    }

    /// `cols` columns of a wider matrix, beginning where `data` does.
    pub(crate) fn strided(data: &'a mut [f32], rows: usize, cols: usize, stride: usize) -> Self {
        Self { data, len: rows, cols, stride, add: false }
    }

    /// To be added to.
    pub(crate) fn adding(self) -> Self {
        Self { add: true, ..self }
    }

    fn multiply(self, a: View<'_>, b: View<'_>, depth: usize, factor: f32) {
        let sizes = Sizes { m: self.len, n: self.cols, k: depth };
        let out = Output { data: self.data, stride: self.stride, add: self.add };
        multiply(sizes, a, b, factor, out);
    }

    /// factor · a · bᵀ: `[m, n]` of `[m, k]` and `[n, k]`.
    pub(crate) fn times_transposed(self, a: Rows<'_>, b: Rows<'_>, factor: f32) {
        debug_assert_eq!((a.len, b.len, a.cols), (self.len, self.cols, b.cols));
        self.multiply(a.view(), b.transposed(), a.cols, factor);
    }

    /// factor · a · b: `[m, n]` of `[m, k]` and `[k, n]`.
    pub(crate) fn times(self, a: Rows<'_>, b: Rows<'_>, factor: f32) {
        debug_assert_eq!((a.len, b.cols, a.cols), (self.len, self.cols, b.len));
        self.multiply(a.view(), b.view(), a.cols, factor);
    }

    /// factor · aᵀ · b: `[m, n]` of `[k, m]` and `[k, n]`.
    pub(crate) fn transposed_times(self, a: Rows<'_>, b: Rows<'_>, factor: f32) {
        debug_assert_eq!((a.cols, b.cols, a.len), (self.len, self.cols, b.len));
        self.multiply(a.transposed(), b.view(), a.len, factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a = 1 2 / 3 4 / 5 6, b = 1 0 / 2 1, both in wider matrices:
    /// a bᵀ = 1 4 / 3 10 / 5 16; a b = 5 2 / 11 4 / 17 6; aᵀ a = 35 44 / 44 56.
    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers")]
    fn products_are_as_worked_by_hand() {
        let wide = [1., 2., 9., 3., 4., 9., 5., 6.];
        let a = Rows::strided(&wide, 3, 2, 3);
        let b = Rows::new(&[1., 0., 2., 1.], 2);
        let mut out = [0.0; 6];
        RowsMut::new(&mut out, 2).times_transposed(a, b, 1.0);
        assert_eq!(out, [1., 4., 3., 10., 5., 16.]);
        RowsMut::new(&mut out, 2).adding().times(a, b, 2.0);
        assert_eq!(out, [11., 8., 25., 18., 39., 28.]);
        let mut out = [7.0; 5];
        RowsMut::strided(&mut out, 2, 2, 3).transposed_times(a, a, 1.0);
        assert_eq!(out, [35., 44., 7., 44., 56.]);
    }
}
