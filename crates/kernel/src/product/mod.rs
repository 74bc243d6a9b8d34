//! Products of matrices of f32 on one thread (Goto & van de Geijn 2008): blocks are copied so that they
//! lie in the order of use, and a tile of the result is summed up in registers.
//!
//! Written here because what training spends its time on should compile in seconds: faer, which did it
//! before, takes a minute of CPU to compile for one function; `gemm` is called through pointers alone; and
//! `matrixmultiply` does not use AVX-512, which doubles the speed where it is there.
mod pack;

use std::cell::RefCell;

use pulp::{Arch, Simd, WithSimd};

use pack::{pack_columns, pack_panels};

/// Rows of `b`, columns of `a`, per block: the panels of a tile stay in the first-level cache.
const BLOCK_DEPTH: usize = 256;
/// Rows of `a` per block, which stays in the second-level cache; a multiple of every tile's rows.
const BLOCK_ROWS: usize = 144;

/// Matrix to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Numbers, row after row.
    pub data: &'a [f32],
    /// Distance from row to row in `data`.
    pub stride: usize,
    /// Whether the rows in `data` are the matrix's columns.
    pub transposed: bool,
}

impl View<'_> {
    /// The matrix from a row and a column on.
    fn from(self, row: usize, col: usize) -> Self {
        let start = if self.transposed { col * self.stride + row } else { row * self.stride + col };
        Self { data: self.data.get(start..).unwrap_or_default(), ..self }
    }
}

/// Sizes of a product: `[m, k]` times `[k, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Rows of the result.
    pub m: usize,
    /// Columns of the result.
    pub n: usize,
    /// Products in each of its sums.
    pub k: usize,
}

/// Result, `[m, n]`.
#[derive(Debug)]
pub struct Output<'a> {
    /// Numbers, row after row.
    pub data: &'a mut [f32],
    /// Distance from row to row in `data`.
    pub stride: usize,
    /// Whether the product is added to what is there.
    pub add: bool,
}

#[derive(Default)]
struct Packed {
    a: Vec<f32>,
    b: Vec<f32>,
}

thread_local! {
    /// Copied blocks; their memory is kept for the next product.
    static PACKED: RefCell<Packed> = RefCell::default();
}

/// Computes factor · a · b. A row of the result depends on that row of `a` and on `b` alone.
///
/// # Panics
/// If a matrix is smaller than the sizes say.
pub fn multiply(sizes: Sizes, a: View<'_>, b: View<'_>, factor: f32, out: Output<'_>) {
    PACKED.with_borrow_mut(|packed| {
        Arch::new().dispatch(Product { sizes, a, b, factor, out, packed });
    });
}

struct Product<'a> {
    sizes: Sizes,
    a: View<'a>,
    b: View<'a>,
    factor: f32,
    out: Output<'a>,
    packed: &'a mut Packed,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let narrow = self.sizes.n <= S::F32_LANES;
        // As many sums as registers hold beside what they are made of; behind the last whole tile a third or half of the rows.
        match (S::REGISTER_COUNT >= 32, narrow) {
            (true, true) => self.blocks::<S, 12, 4, 1>(simd),
            (true, false) => self.blocks::<S, 12, 4, 2>(simd),
            (false, true) => self.blocks::<S, 6, 3, 1>(simd),
            (false, false) => self.blocks::<S, 6, 3, 2>(simd),
        }
    }
}

/// Part of the result that a tile is stored in.
struct Place<'a> {
    /// From the tile's first number on.
    out: &'a mut [f32],
    stride: usize,
    rows: usize,
    cols: usize,
    factor: f32,
    add: bool,
}

impl Product<'_> {
    /// Computes the product in tiles of `ROWS` rows, at the end of `FEW`, and `VECTORS` vectors of columns, at the end of one.
    #[inline(always)]
    fn blocks<S: Simd, const ROWS: usize, const FEW: usize, const VECTORS: usize>(self, simd: S) {
        let Self { sizes: Sizes { m, n, k }, a, b, factor, out, packed } = self;
        let cols = VECTORS * S::F32_LANES;
        if k == 0 && !out.add {
            for row in out.data.chunks_mut(out.stride.max(1)).take(m) {
                row[..n].fill(0.0);
            }
        }
        for depth in (0..k).step_by(BLOCK_DEPTH) {
            let deep = BLOCK_DEPTH.min(k - depth);
            let add = out.add || depth > 0;
            // Whole panels of a matrix that lies row after row are read where they lie.
            let whole = if b.transposed { 0 } else { n / cols };
            let b_block = b.from(depth, 0);
            pack_panels::<S>(
                b_block.from(0, whole * cols),
                deep,
                n - whole * cols,
                cols,
                &mut packed.b,
            );
            for row in (0..m).step_by(BLOCK_ROWS) {
                let tall = BLOCK_ROWS.min(m - row);
                let block = a.from(row, depth);
                if a.transposed {
                    pack_columns::<ROWS>(block, tall, deep, &mut packed.a);
                }
                for j in 0..n.div_ceil(cols) {
                    let panel = if j < whole {
                        Panel { data: b_block.from(0, j * cols).data, stride: b.stride, deep }
                    } else {
                        let data = &packed.b[(j - whole) * deep * cols..][..deep * cols];
                        Panel { data, stride: cols, deep }
                    };
                    let to = Place {
                        out: &mut out.data[row * out.stride + j * cols..],
                        stride: out.stride,
                        rows: tall,
                        cols: cols.min(n - j * cols),
                        factor,
                        add,
                    };
                    let rows =
                        if a.transposed { Rows::Copied(&packed.a) } else { Rows::There(block) };
                    tiles::<S, ROWS, FEW, VECTORS>(simd, rows, panel, to);
                }
            }
        }
    }
}

/// Rows of `a`.
#[derive(Clone, Copy)]
enum Rows<'a> {
    /// Read from their place.
    There(View<'a>),
    /// Columns of as many rows as a tile has, copied.
    Copied(&'a [f32]),
}

/// All tiles of some rows and a panel: at the end of `FEW` rows and of one vector, where that is enough.
#[inline(always)]
fn tiles<S: Simd, const ROWS: usize, const FEW: usize, const VECTORS: usize>(
    simd: S,
    a: Rows<'_>,
    panel: Panel<'_>,
    to: Place<'_>,
) {
    let Place { out, stride, rows: tall, cols, factor, add } = to;
    let one = cols <= S::F32_LANES;
    let mut first = 0;
    while first < tall {
        let left = tall - first;
        let few = matches!(a, Rows::There(_)) && left.next_multiple_of(FEW) < ROWS;
        let rows = left.min(if few { FEW } else { ROWS });
        let out = &mut out[first * stride..];
        let place = Place { out, stride, rows, cols, factor, add };
        match a {
            Rows::There(block) => {
                let block = block.from(first, 0);
                match (few, one) {
                    (false, false) => by_rows::<S, ROWS, VECTORS>(simd, block, panel, place),
                    (false, true) => by_rows::<S, ROWS, 1>(simd, block, panel, place),
                    (true, false) => by_rows::<S, FEW, VECTORS>(simd, block, panel, place),
                    (true, true) => by_rows::<S, FEW, 1>(simd, block, panel, place),
                }
            }
            Rows::Copied(columns) => {
                let columns = columns[first * panel.deep..][..ROWS * panel.deep].as_chunks().0;
                if one {
                    store(simd, tile::<S, ROWS, 1>(simd, columns, panel), place);
                } else {
                    store(simd, tile::<S, ROWS, VECTORS>(simd, columns, panel), place);
                }
            }
        }
        first += rows;
    }
}

/// The tile of the first rows of a block.
#[inline(always)]
fn by_rows<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    block: View<'_>,
    panel: Panel<'_>,
    to: Place<'_>,
) {
    let rows = rows_of::<ROWS>(block, to.rows, panel.deep);
    store(simd, tile_of_rows::<S, ROWS, VECTORS>(simd, rows, panel), to);
}

/// The first `rows` rows of a block, the last one again for those past the end, whose sums are not stored.
#[inline(always)]
fn rows_of<const ROWS: usize>(block: View<'_>, rows: usize, deep: usize) -> [&[f32]; ROWS] {
    let mut slices: [&[f32]; ROWS] = [&[]; ROWS];
    for (i, row) in slices.iter_mut().enumerate() {
        *row = &block.data[i.min(rows - 1) * block.stride..][..deep];
    }
    slices
}

/// Columns of `b` for a tile, as many rows as are `deep`.
#[derive(Clone, Copy)]
struct Panel<'a> {
    data: &'a [f32],
    stride: usize,
    deep: usize,
}

impl Panel<'_> {
    #[inline(always)]
    fn row<S: Simd, const VECTORS: usize>(&self, row: usize) -> &[S::f32s; VECTORS] {
        let row = &self.data[row * self.stride..][..VECTORS * S::F32_LANES];
        let row = S::as_simd_f32s(row).0.first_chunk();
        row.expect("a row is as long as its vectors")
    }
}

/// Sums of a tile, `[ROWS, VECTORS]`, of rows of `a` and a panel of `b`.
#[inline(always)]
fn tile_of_rows<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    a: [&[f32]; ROWS],
    b: Panel<'_>,
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    // Said here, so that it is not asked at every step.
    for row in &a {
        assert!(row.len() == b.deep, "rows are cut to the panel's depth");
    }
    for p in 0..b.deep {
        let b = b.row::<S, VECTORS>(p);
        for (sums, a) in sums.iter_mut().zip(&a) {
            let a = simd.splat_f32s(a[p]);
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = simd.mul_add_f32s(a, *b, *sum);
            }
        }
    }
    sums
}

/// Sums of a tile, `[ROWS, VECTORS]`, of copied columns of `a` and a panel of `b`.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    a: &[[f32; ROWS]],
    b: Panel<'_>,
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for (p, a) in a.iter().enumerate() {
        let b = b.row::<S, VECTORS>(p);
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = simd.splat_f32s(*a);
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = simd.mul_add_f32s(a, *b, *sum);
            }
        }
    }
    sums
}

/// Puts the sums of a tile in their place.
#[inline(always)]
fn store<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    sums: [[S::f32s; VECTORS]; ROWS],
    to: Place<'_>,
) {
    let Place { out, stride, rows, cols, factor, add } = to;
    if rows < ROWS || cols < VECTORS * S::F32_LANES {
        // A copy, so that those of whole tiles, the most, stay in registers.
        let copy = sums;
        return store_part::<S, ROWS, VECTORS>(simd, &copy, Place { out, ..to });
    }
    let factor = simd.splat_f32s(factor);
    let out = &mut out[..(ROWS - 1) * stride + VECTORS * S::F32_LANES];
    for i in 0..ROWS {
        let (row, _) = S::as_mut_simd_f32s(&mut out[i * stride..][..VECTORS * S::F32_LANES]);
        for j in 0..VECTORS {
            row[j] = if add {
                simd.mul_add_f32s(sums[i][j], factor, row[j])
            } else {
                simd.mul_f32s(sums[i][j], factor)
            };
        }
    }
}

/// The same of a tile that is past the end of the result.
#[inline(always)]
fn store_part<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    sums: &[[S::f32s; VECTORS]; ROWS],
    to: Place<'_>,
) {
    let Place { out, stride, rows, cols, factor, add } = to;
    let factor = simd.splat_f32s(factor);
    for (i, sums) in sums.iter().enumerate().take(rows) {
        let row = &mut out[i * stride..][..cols];
        for (part, sum) in row.chunks_mut(S::F32_LANES).zip(sums) {
            let scaled = if add {
                simd.mul_add_f32s(*sum, factor, simd.partial_load_f32s(part))
            } else {
                simd.mul_f32s(*sum, factor)
            };
            simd.partial_store_f32s(part, scaled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::Pcg64;
    use rand_pcg::rand_core::Rng as _;

    #[expect(clippy::cast_precision_loss, reason = "24 bits")]
    fn numbers(n: usize, seed: u128) -> Vec<f32> {
        let mut random = Pcg64::new(seed, 1);
        (0..n).map(|_| (random.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    fn at(view: View<'_>, row: usize, col: usize) -> f64 {
        view.from(row, col).data[0].into()
    }

    /// Against sums in f64: sizes around tiles, vectors and blocks, both ways that each matrix may lie,
    /// with room beside the rows, which stays as it is.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "sizes are small")]
    fn products_are_those_of_the_definition() {
        for (m, n, k) in [
            (1, 1, 1),
            (5, 16, 3),
            (12, 33, 8),
            (13, 31, 257),
            (16, 48, 9),
            (150, 17, 40),
            (145, 70, 520),
        ] {
            for way in 0..8 {
                let (a_turned, b_turned, add) = (way & 1 == 1, way & 2 == 2, way & 4 == 4);
                let view = |data, stride, transposed| View { data, stride, transposed };
                let a_numbers = numbers((m + 2) * (k + 2), 1);
                let b_numbers = numbers((n + 2) * (k + 2), 2);
                let a = view(&a_numbers, if a_turned { m + 1 } else { k + 1 }, a_turned);
                let b = view(&b_numbers, if b_turned { k + 1 } else { n + 1 }, b_turned);
                let before = numbers(m * (n + 3), 3);
                let mut out = before.clone();
                let output = Output { data: &mut out, stride: n + 3, add };
                multiply(Sizes { m, n, k }, a, b, 0.5, output);
                for (index, (value, before)) in out.iter().zip(&before).enumerate() {
                    let (row, col) = (index / (n + 3), index % (n + 3));
                    if col >= n {
                        assert_eq!(value.to_bits(), before.to_bits());
                        continue;
                    }
                    let product: f64 = (0..k).map(|p| at(a, row, p) * at(b, p, col)).sum();
                    let expected = 0.5 * product + if add { f64::from(*before) } else { 0.0 };
                    let off = (f64::from(*value) - expected).abs();
                    assert!(off < 1e-5 * k as f64, "{m} {n} {k} {way} {index}: {off}");
                }
            }
        }
    }

    /// A row's numbers are the same wherever it lies in `a`, and alone.
    #[test]
    fn a_row_does_not_depend_on_the_others() {
        let sizes = Sizes { m: 31, n: 40, k: 300 };
        let (left, right) = (numbers(31 * 300, 1), numbers(40 * 300, 2));
        let right = View { data: &right, stride: 300, transposed: true };
        let mut products = vec![0.0; 31 * 40];
        let view = View { data: &left, stride: 300, transposed: false };
        let output = Output { data: &mut products, stride: 40, add: false };
        multiply(sizes, view, right, 1.0, output);
        for (row, expected) in left.chunks_exact(300).zip(products.chunks_exact(40)) {
            let mut alone = vec![0.0; 40];
            let view = View { data: row, stride: 300, transposed: false };
            let output = Output { data: &mut alone, stride: 40, add: false };
            multiply(Sizes { m: 1, ..sizes }, view, right, 1.0, output);
            assert!(alone.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }

    #[test]
    fn nothing_to_sum_up_is_zero_or_what_was_there() {
        let view = View { data: &[], stride: 1, transposed: false };
        for (add, expected) in [(true, [7.0; 2]), (false, [0.0; 2])] {
            let mut out = [7.0; 2];
            let output = Output { data: &mut out, stride: 2, add };
            multiply(Sizes { m: 1, n: 2, k: 0 }, view, view, 1.0, output);
            assert_eq!(out.map(f32::to_bits), expected.map(f32::to_bits));
        }
    }
}
