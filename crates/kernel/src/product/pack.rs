//! Blocks of matrices, copied so that they lie in the order of use.
use pulp::Simd;

use super::View;

/// Side of the squares that are copied at a time where columns become rows.
const TURNED: usize = 8;

/// Copies a block of a transposed `a` into panels of `ROWS` rows, each column after column. Rows past the end keep
/// whatever was there: their sums are not stored.
#[inline(always)]
pub(super) fn pack_columns<const ROWS: usize>(
    block: View<'_>,
    tall: usize,
    deep: usize,
    packed: &mut Vec<f32>,
) {
    packed.resize(tall.div_ceil(ROWS) * ROWS * deep, 0.0);
    for (i, panel) in packed.chunks_exact_mut(deep * ROWS).enumerate() {
        let first = i * ROWS;
        let rows = ROWS.min(tall - first);
        for (p, column) in panel.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
            let data = &block.data[p * block.stride + first..];
            // Of a length known to the compiler: no call for a few numbers.
            match data.first_chunk::<ROWS>() {
                Some(chunk) if rows == ROWS => *column = *chunk,
                _ => column[..rows].copy_from_slice(&data[..rows]),
            }
        }
    }
}

/// Copies a block of `b` into panels of `cols` columns, each row after row. Columns past the end keep
/// whatever was there: their sums are not stored.
#[inline(always)]
pub(super) fn pack_panels<S: Simd>(
    block: View<'_>,
    deep: usize,
    n: usize,
    cols: usize,
    packed: &mut Vec<f32>,
) {
    packed.resize(n.div_ceil(cols) * cols * deep, 0.0);
    for (j, panel) in packed.chunks_exact_mut(deep * cols).enumerate() {
        let wide = cols.min(n - j * cols);
        let block = block.from(0, j * cols);
        if !block.transposed {
            for (p, row) in panel.chunks_exact_mut(cols).enumerate() {
                let data = &block.data[p * block.stride..];
                if wide == cols {
                    let (data, _) = S::as_simd_f32s(&data[..cols]);
                    for (to, from) in S::as_mut_simd_f32s(row).0.iter_mut().zip(data) {
                        *to = *from;
                    }
                } else {
                    row[..wide].copy_from_slice(&data[..wide]);
                }
            }
            continue;
        }
        turn(block, deep, cols, wide, panel);
    }
}

/// Copies the columns of a block, which lie as rows, into the rows of a panel.
#[inline(always)]
fn turn(block: View<'_>, deep: usize, cols: usize, wide: usize, panel: &mut [f32]) {
    // A square of rows and columns at a time.
    for (p, rows) in panel.chunks_mut(TURNED * cols).enumerate() {
        let whole = if rows.len() == TURNED * cols { wide / TURNED * TURNED } else { 0 };
        for c in (0..whole).step_by(TURNED) {
            let mut square = [[0.0; TURNED]; TURNED];
            for (i, column) in square.iter_mut().enumerate() {
                let data = &block.data[(c + i) * block.stride + TURNED * p..];
                *column = *data.first_chunk().unwrap_or(&[0.0; TURNED]);
            }
            for (row, turned) in rows.chunks_exact_mut(cols).zip(transpose(square)) {
                row[c..][..TURNED].copy_from_slice(&turned);
            }
        }
        let few = TURNED.min(deep - TURNED * p);
        for c in whole..wide {
            let column = &block.data[c * block.stride + TURNED * p..][..few];
            for (row, x) in rows.chunks_exact_mut(cols).zip(column) {
                row[c] = *x;
            }
        }
    }
}

/// Transposes a square: compilers do not find these instructions by themselves.
#[inline(always)]
fn transpose(square: [[f32; TURNED]; TURNED]) -> [[f32; TURNED]; TURNED] {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        let avx = simd.avx;
        let rows = square.map(pulp::cast);
        // Pairs of numbers, then fours, then halves of registers.
        let pairs = [
            avx._mm256_unpacklo_ps(rows[0], rows[1]),
            avx._mm256_unpackhi_ps(rows[0], rows[1]),
            avx._mm256_unpacklo_ps(rows[2], rows[3]),
            avx._mm256_unpackhi_ps(rows[2], rows[3]),
            avx._mm256_unpacklo_ps(rows[4], rows[5]),
            avx._mm256_unpackhi_ps(rows[4], rows[5]),
            avx._mm256_unpacklo_ps(rows[6], rows[7]),
            avx._mm256_unpackhi_ps(rows[6], rows[7]),
        ];
        let [s0, s1, s2, s3, s4, s5, s6, s7] = [
            avx._mm256_shuffle_ps::<0x44>(pairs[0], pairs[2]),
            avx._mm256_shuffle_ps::<0xee>(pairs[0], pairs[2]),
            avx._mm256_shuffle_ps::<0x44>(pairs[1], pairs[3]),
            avx._mm256_shuffle_ps::<0xee>(pairs[1], pairs[3]),
            avx._mm256_shuffle_ps::<0x44>(pairs[4], pairs[6]),
            avx._mm256_shuffle_ps::<0xee>(pairs[4], pairs[6]),
            avx._mm256_shuffle_ps::<0x44>(pairs[5], pairs[7]),
            avx._mm256_shuffle_ps::<0xee>(pairs[5], pairs[7]),
        ];
        let turned = [
            avx._mm256_permute2f128_ps::<0x20>(s0, s4),
            avx._mm256_permute2f128_ps::<0x20>(s1, s5),
            avx._mm256_permute2f128_ps::<0x20>(s2, s6),
            avx._mm256_permute2f128_ps::<0x20>(s3, s7),
            avx._mm256_permute2f128_ps::<0x31>(s0, s4),
            avx._mm256_permute2f128_ps::<0x31>(s1, s5),
            avx._mm256_permute2f128_ps::<0x31>(s2, s6),
            avx._mm256_permute2f128_ps::<0x31>(s3, s7),
        ];
        return turned.map(pulp::cast);
    }
    std::array::from_fn(|row| std::array::from_fn(|col| square[col][row]))
}
