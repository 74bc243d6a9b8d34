//! Vectors as they are held in memory, in numbers of 32, 16 or 8 bits.
use std::ops::Range;

use cloze_embed::Metric;
use half::f16;
use half::slice::HalfFloatSliceExt as _;
use serde::{Deserialize, Serialize};

use crate::kernel;

/// The numbers that vectors are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32 bits: as encoders give them.
    #[default]
    F32,
    /// 16 bits: half the memory; a cosine is off by up to about 5e-4.
    F16,
}

impl Dtype {
    /// The bytes of a number.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// Rows of one width, one after another.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    F32(Vec<f32>),
    F16(Vec<f16>),
    I8(Codes),
}

/// Rows in 8 bits: each by the largest of its numbers, which becomes 127.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codes {
    pub(crate) codes: Vec<i8>,
    pub(crate) scales: Vec<f32>,
}

impl Codes {
    pub(crate) fn push(&mut self, row: &[f32]) {
        let scale = quantize(row, &mut self.codes);
        self.scales.push(scale);
    }
}

/// Adds the codes of `row` to `codes`; a number is its code times the scale, to half of it.
#[expect(clippy::cast_possible_truncation, reason = "rounded, and at most 127")]
fn quantize(row: &[f32], codes: &mut Vec<i8>) -> f32 {
    let largest = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    let scale = largest / 127.0;
    if scale > 0.0 {
        codes.extend(row.iter().map(|x| (x / scale).round_ties_even() as i8));
    } else {
        codes.resize(codes.len() + row.len(), 0);
    }
    scale
}

/// Queries in the form that rows are compared with.
pub(crate) enum Queries<'a> {
    Numbers(&'a [f32]),
    Codes(Codes),
}

/// Rows that are compared with queries.
pub(crate) struct Block<'a> {
    pub(crate) queries: &'a Queries<'a>,
    /// Range of the queries.
    pub(crate) asked: Range<usize>,
    pub(crate) rows: Range<usize>,
}

impl Rows {
    /// The number of rows of `width`.
    pub(crate) fn len(&self, width: usize) -> usize {
        match self {
            Self::F32(rows) => rows.len() / width,
            Self::F16(rows) => rows.len() / width,
            Self::I8(codes) => codes.scales.len(),
        }
    }

    /// Whether scores are only near those of the vectors.
    pub(crate) fn is_rough(&self) -> bool {
        matches!(self, Self::I8(_))
    }

    /// `[queries, width]` in the form that these rows are compared with.
    pub(crate) fn queries<'a>(&self, queries: &'a [f32], width: usize) -> Queries<'a> {
        match self {
            Self::F32(_) | Self::F16(_) => Queries::Numbers(queries),
            Self::I8(_) => {
                let mut codes = Codes::default();
                queries.chunks_exact(width).for_each(|query| codes.push(query));
                Queries::Codes(codes)
            }
        }
    }

    /// Scores of a block's queries and rows by `metric`: `[queries, rows]` into `out`; `scratch` is
    /// kept between calls.
    pub(crate) fn scores(
        &self,
        metric: Metric,
        block: &Block<'_>,
        width: usize,
        scratch: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let of_queries = block.asked.start * width..block.asked.end * width;
        let of_rows = block.rows.start * width..block.rows.end * width;
        match (self, block.queries) {
            (Self::F32(rows), Queries::Numbers(queries)) => {
                kernel::scores(metric, &queries[of_queries], &rows[of_rows], width, out);
            }
            (Self::F16(rows), Queries::Numbers(queries)) => {
                // Room for a block at a time, which stays in the cache.
                scratch.resize(of_rows.len(), 0.0);
                rows[of_rows].convert_to_f32_slice(scratch);
                kernel::scores(metric, &queries[of_queries], scratch, width, out);
            }
            (Self::I8(rows), Queries::Codes(queries)) => {
                let (asked, range) = (block.asked.clone(), block.rows.clone());
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || rough(rows, queries, asked, range, width, out),
                );
            }
            // `queries` gives what these rows take.
            _ => out.fill(f32::NEG_INFINITY),
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
#[expect(clippy::cast_precision_loss, reason = "these scores only choose whom to look at again")]
fn rough(
    rows: &Codes,
    queries: &Codes,
    asked: Range<usize>,
    range: Range<usize>,
    width: usize,
    out: &mut [f32],
) {
    let block = &rows.codes[range.start * width..range.end * width];
    for (query, out) in asked.zip(out.chunks_mut(range.len())) {
        let codes = &queries.codes[query * width..][..width];
        let scale = queries.scales[query];
        for ((row, out), row_scale) in
            block.chunks_exact(width).zip(out).zip(&rows.scales[range.clone()])
        {
            *out = kernel::dot_i8(codes, row) as f32 * scale * row_scale;
        }
    }
}
