//! Distances between a query and rows of a graph, for every number format of a graph.
//!
//! A smaller distance means a more similar row. Distances only order rows; the scores that users see
//! are computed from the vectors themselves.
use cloze_embed::{Metric, l2_normalize};
use half::f16;
use half::slice::HalfFloatSliceExt as _;
use pulp::{Arch, Simd, WithSimd};

use crate::hnsw_params::GraphDtype;
use crate::kernel::dot_i8;

/// Rows whose distances are computed side by side: their reads from memory overlap.
const SIDE_BY_SIDE: usize = 4;
/// Widest vector registers, in f32 numbers; halves of a query are padded to a multiple.
const MOST_LANES: usize = 16;
/// Largest code of an 8-bit number.
const MOST_CODE: f32 = 127.0;

/// Metric and number format of a graph's rows.
#[derive(Clone, Copy)]
pub(super) struct Space {
    arch: Arch,
    dtype: GraphDtype,
    metric: Metric,
    width: usize,
}

/// A vector in the form that comparing it with stored rows is fastest in.
pub(super) enum Query {
    /// The numbers.
    F32(Vec<f32>),
    /// The numbers at even and at odd places: two stored numbers of 16 bits lie in each lane of 32.
    /// For Euclidean distance they are negated.
    F16 { even: Vec<f32>, odd: Vec<f32> },
    /// Codes, and the sum of their squares.
    I8 { codes: Vec<i8>, square: i32 },
    /// The signs.
    B1(Vec<u8>),
}

impl Space {
    pub(super) fn new(dtype: GraphDtype, metric: Metric, width: usize) -> Self {
        Self { arch: Arch::new(), dtype, metric, width }
    }

    /// Length of a stored row in bytes.
    pub(super) fn row_bytes(self) -> usize {
        match self.dtype {
            GraphDtype::F32 => 4 * self.width,
            GraphDtype::F16 => 2 * self.width,
            GraphDtype::I8 => self.width,
            GraphDtype::B1 => self.width.div_ceil(8),
        }
    }

    /// Appends `vector` to `bytes` in the graph's number format.
    pub(super) fn encode(self, vector: &[f32], bytes: &mut Vec<u8>) {
        match self.dtype {
            GraphDtype::F32 => bytes.extend_from_slice(bytemuck::cast_slice(vector)),
            GraphDtype::F16 => {
                let mut narrow = vec![f16::ZERO; vector.len()];
                narrow.convert_from_f32_slice(vector);
                for number in &mut narrow {
                    // Subnormal numbers cost a hundred times as much to multiply, and add nothing.
                    if number.is_normal() || *number == f16::ZERO {
                        continue;
                    }
                    *number = match number.classify() {
                        std::num::FpCategory::Subnormal => f16::ZERO,
                        _ => f16::MAX.copysign(*number),
                    };
                }
                bytes.extend_from_slice(bytemuck::cast_slice(&narrow));
            }
            GraphDtype::I8 => bytes.extend_from_slice(bytemuck::cast_slice(&codes(vector))),
            GraphDtype::B1 => bytes.extend(signs(vector)),
        }
    }

    /// Prepares a vector `[width]` for [`distances`](Self::distances).
    pub(super) fn query(self, vector: &[f32]) -> Query {
        match self.dtype {
            GraphDtype::F32 => Query::F32(vector.to_vec()),
            GraphDtype::F16 => self.halves(vector),
            GraphDtype::I8 => Query::of_codes(codes(vector)),
            GraphDtype::B1 => Query::B1(signs(vector).collect()),
        }
    }

    /// Prepares a stored row.
    pub(super) fn query_of_row(self, row: &[u8]) -> Query {
        match self.dtype {
            GraphDtype::F32 => Query::F32(bytemuck::cast_slice(row).to_vec()),
            GraphDtype::F16 => {
                let mut numbers = vec![0.0; self.width];
                bytemuck::cast_slice::<u8, f16>(row).convert_to_f32_slice(&mut numbers);
                self.halves(&numbers)
            }
            GraphDtype::I8 => Query::of_codes(bytemuck::cast_slice(row).to_vec()),
            GraphDtype::B1 => Query::B1(row.to_vec()),
        }
    }

    fn halves(self, vector: &[f32]) -> Query {
        let padded = vector.len().div_ceil(2 * MOST_LANES) * MOST_LANES;
        let (mut even, mut odd) = (vec![0.0; padded], vec![0.0; padded]);
        let sign = if self.metric == Metric::Euclid { -1.0 } else { 1.0 };
        for ((even, odd), pair) in even.iter_mut().zip(&mut odd).zip(vector.chunks(2)) {
            *even = sign * pair[0];
            *odd = sign * pair.get(1).unwrap_or(&0.0);
        }
        Query::F16 { even, odd }
    }

    /// Distances of `query` to the rows `nodes` of `rows` `[.., row_bytes]`, in the place of
    /// `distances`. All nodes must be rows.
    pub(super) fn distances(
        self,
        query: &Query,
        rows: &[u8],
        nodes: &[u32],
        distances: &mut Vec<f32>,
    ) {
        distances.clear();
        let task = Distances { space: self, query, rows, nodes, out: distances };
        self.arch.dispatch(task);
    }
}

impl Query {
    fn of_codes(codes: Vec<i8>) -> Self {
        let square = codes.iter().map(|code| i32::from(*code) * i32::from(*code)).sum();
        Self::I8 { codes, square }
    }
}

/// Codes of 8 bits of a vector, brought to length 1.
#[expect(clippy::cast_possible_truncation, reason = "within 127")]
fn codes(vector: &[f32]) -> Vec<i8> {
    let mut unit = vector.to_vec();
    l2_normalize(&mut unit);
    unit.iter().map(|x| (MOST_CODE * x).round() as i8).collect()
}

/// Signs of the numbers, the first in the lowest bit.
fn signs(vector: &[f32]) -> impl Iterator<Item = u8> + '_ {
    vector.chunks(8).map(|eight| {
        eight.iter().enumerate().fold(0, |byte, (i, x)| byte | (u8::from(*x > 0.0) << i))
    })
}

struct Distances<'a> {
    space: Space,
    query: &'a Query,
    rows: &'a [u8],
    nodes: &'a [u32],
    out: &'a mut Vec<f32>,
}

impl WithSimd for Distances<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { space, query, rows, nodes, out } = self;
        let row_bytes = space.row_bytes();
        let row = |node: u32| &rows[node as usize * row_bytes..][..row_bytes];
        let euclid = space.metric == Metric::Euclid;
        let (groups, rest) = nodes.as_chunks::<SIDE_BY_SIDE>();
        for group in groups {
            out.extend(side_by_side(simd, query, euclid, group.map(row)));
        }
        for node in rest {
            out.extend(side_by_side(simd, query, euclid, [row(*node)]));
        }
    }
}

/// Distances of `query` to `R` stored rows.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn side_by_side<S: Simd, const R: usize>(
    simd: S,
    query: &Query,
    euclid: bool,
    rows: [&[u8]; R],
) -> [f32; R] {
    match query {
        Query::F32(query) => {
            let rows = rows.map(bytemuck::cast_slice);
            if euclid {
                floats::<S, true, R>(simd, query, rows)
            } else {
                floats::<S, false, R>(simd, query, rows)
            }
        }
        Query::F16 { even, odd } => {
            let rows = rows.map(bytemuck::cast_slice);
            if euclid {
                halves::<S, true, R>(simd, even, odd, rows)
            } else {
                halves::<S, false, R>(simd, even, odd, rows)
            }
        }
        Query::I8 { codes, square } => rows.map(|row| code_distance(codes, *square, row)),
        Query::B1(signs) => rows.map(|row| sign_distance(signs, row)),
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn floats<S: Simd, const EUCLID: bool, const R: usize>(
    simd: S,
    query: &[f32],
    rows: [&[f32]; R],
) -> [f32; R] {
    let mut sums = [simd.splat_f32s(0.0); R];
    let (query, query_rest) = S::as_simd_f32s(query);
    let mut parts: [(&[S::f32s], &[f32]); R] = [(&[], &[]); R];
    // Loops and not `map`: its closures are not always inlined, and then compiled for any machine.
    for (part, row) in parts.iter_mut().zip(rows) {
        *part = S::as_simd_f32s(row);
    }
    for (i, query) in query.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(&parts) {
            *sum = add_product::<S, EUCLID>(simd, *sum, *query, row.0[i]);
        }
    }
    if !query_rest.is_empty() {
        let query = simd.partial_load_f32s(query_rest);
        for (sum, row) in sums.iter_mut().zip(&parts) {
            *sum = add_product::<S, EUCLID>(simd, *sum, query, simd.partial_load_f32s(row.1));
        }
    }
    distances::<S, EUCLID, R>(simd, sums)
}

/// Products with numbers of 16 bits, two of which lie in each lane of 32 bits.
///
/// The bits of a number of 16, moved to the places of exponent and mantissa of one of 32, are that
/// number times 2^-112, the difference of the two exponents' biases (15 and 127).
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn halves<S: Simd, const EUCLID: bool, const R: usize>(
    simd: S,
    even: &[f32],
    odd: &[f32],
    rows: [&[u16]; R],
) -> [f32; R] {
    if S::F32_LANES == 1 {
        // Without vector registers a lane is not two numbers wide.
        return rows.map(|row| half_distance(even, odd, row, EUCLID));
    }
    let (even, odd) = (S::as_simd_f32s(even).0, S::as_simd_f32s(odd).0);
    let mut parts: [(&[S::u16s], &[u16]); R] = [(&[], &[]); R];
    for (part, row) in parts.iter_mut().zip(rows) {
        *part = S::as_simd_u16s(row);
    }
    let mut sums = [[simd.splat_f32s(0.0); 2]; R];
    let full = parts[0].0.len();
    for i in 0..full {
        for (sum, row) in sums.iter_mut().zip(&parts) {
            let lanes = bytemuck::cast(row.0[i]);
            *sum = add_pairs::<S, EUCLID>(simd, *sum, even[i], odd[i], lanes);
        }
    }
    let mut both = [simd.splat_f32s(0.0); R];
    for ((sum, row), both) in sums.iter_mut().zip(&parts).zip(&mut both) {
        if !row.1.is_empty() {
            // Not by pulp's partial loads, which do not compile for AVX-512 (0.22.3).
            let mut padded = [0_u16; 2 * MOST_LANES];
            padded[..row.1.len()].copy_from_slice(row.1);
            let lanes = bytemuck::cast(S::as_simd_u16s(&padded).0[0]);
            *sum = add_pairs::<S, EUCLID>(simd, *sum, even[full], odd[full], lanes);
        }
        *both = simd.add_f32s(sum[0], sum[1]);
    }
    distances::<S, EUCLID, R>(simd, both)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn add_product<S: Simd, const EUCLID: bool>(
    simd: S,
    sum: S::f32s,
    query: S::f32s,
    row: S::f32s,
) -> S::f32s {
    if EUCLID {
        let difference = simd.sub_f32s(query, row);
        simd.mul_add_f32s(difference, difference, sum)
    } else {
        simd.mul_add_f32s(query, row, sum)
    }
}

/// Squared Euclidean distances, or products negated, of the lanes' sums.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn distances<S: Simd, const EUCLID: bool, const R: usize>(simd: S, sums: [S::f32s; R]) -> [f32; R] {
    let mut distances = [0.0; R];
    for (distance, sum) in distances.iter_mut().zip(sums) {
        let sum = simd.reduce_sum_f32s(sum);
        *distance = if EUCLID { sum } else { -sum };
    }
    distances
}

/// Adds what the pairs of numbers in `lanes` contribute to the two sums, of even and of odd places.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn add_pairs<S: Simd, const EUCLID: bool>(
    simd: S,
    [even_sum, odd_sum]: [S::f32s; 2],
    even: S::f32s,
    odd: S::f32s,
    lanes: S::u32s,
) -> [S::f32s; 2] {
    let lower = simd.wrapping_dyn_shl_u32s(lanes, simd.splat_u32s(16));
    [
        add_products::<S, EUCLID>(simd, even_sum, even, lower),
        add_products::<S, EUCLID>(simd, odd_sum, odd, lanes),
    ]
}

/// Adds products of `query` with the numbers in the upper halves of `lanes`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn add_products<S: Simd, const EUCLID: bool>(
    simd: S,
    sum: S::f32s,
    query: S::f32s,
    lanes: S::u32s,
) -> S::f32s {
    let unbias = simd.splat_f32s(f32::from_bits((127 + 112) << 23));
    let magnitude = simd.wrapping_dyn_shr_u32s(lanes, simd.splat_u32s(3));
    let magnitude = simd.and_u32s(magnitude, simd.splat_u32s(0x0fff_e000));
    let sign = simd.and_u32s(lanes, simd.splat_u32s(0x8000_0000));
    let scaled = simd.transmute_f32s_u32s(simd.or_u32s(sign, magnitude));
    if EUCLID {
        // The query is negated.
        let difference = simd.mul_add_f32s(scaled, unbias, query);
        simd.mul_add_f32s(difference, difference, sum)
    } else {
        simd.mul_add_f32s(simd.mul_f32s(scaled, unbias), query, sum)
    }
}

/// As [`halves`], a number at a time.
fn half_distance(even: &[f32], odd: &[f32], row: &[u16], euclid: bool) -> f32 {
    let query = even.iter().zip(odd).flat_map(|(even, odd)| [even, odd]);
    let pairs = query.zip(row).map(|(query, bits)| (*query, f16::from_bits(*bits).to_f32()));
    if euclid {
        pairs.map(|(query, number)| (number + query) * (number + query)).sum()
    } else {
        -pairs.map(|(query, number)| number * query).sum::<f32>()
    }
}

/// Cosine distance of codes of 8 bits: their lengths differ a little by rounding.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
#[expect(clippy::cast_precision_loss, reason = "sums of products are far below 2^24 in effect")]
fn code_distance(codes: &[i8], square: i32, row: &[u8]) -> f32 {
    let row: &[i8] = bytemuck::cast_slice(row);
    let (product, row_square) = (dot_i8(codes, row), dot_i8(row, row));
    if product == 0 {
        return 1.0;
    }
    1.0 - product as f32 / (square as f32 * row_square as f32).sqrt()
}

/// Number of differing signs.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
#[expect(clippy::cast_precision_loss, reason = "at most the width of a row")]
fn sign_distance(signs: &[u8], row: &[u8]) -> f32 {
    let (words, rest) = signs.as_chunks::<8>();
    let (row_words, row_rest) = row.as_chunks::<8>();
    let differing = |(a, b): (&[u8; 8], &[u8; 8])| {
        (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)).count_ones()
    };
    let words: u32 = words.iter().zip(row_words).map(differing).sum();
    let rest: u32 = rest.iter().zip(row_rest).map(|(a, b)| (a ^ b).count_ones()).sum();
    (words + rest) as f32
}
