//! Attention biases by relative position: T5's buckets, as MPNet has them, with one bias for each head
//! in each bucket. A bias is added to the scaled score of a query and a key.
//!
//! Sources: Raffel et al. 2020, section 2.1; transformers 5,
//! `models/mpnet/modeling_mpnet.py`, `relative_position_bucket` and `compute_position_bias`.

/// Shape of the relative positions of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativePositions {
    /// Tensor name of the biases, `[rows, heads]`, behind the family's prefix.
    pub tensor: &'static str,
    /// Number of buckets, half for keys before the query and half for keys behind it.
    pub buckets: usize,
    /// Distance from which on all tokens share the last bucket.
    pub max_distance: usize,
}

impl RelativePositions {
    /// Number of rows of the biases where `config.json` has `found`; rows beyond the buckets are of no
    /// use, as in transformers, which takes its number of buckets from the code.
    pub(crate) fn rows(self, found: Option<usize>) -> Result<usize, String> {
        match found.unwrap_or(self.buckets) {
            rows if rows < self.buckets => Err(format!(
                "relative_attention_num_buckets is {rows}; expected at least {}, the number that \
                 transformers computes",
                self.buckets
            )),
            rows if rows > 1 << 16 => {
                Err(format!("relative_attention_num_buckets is {rows}: too large"))
            }
            rows => Ok(rows),
        }
    }

    /// Bucket of a key `offset` tokens behind the query; negative offsets are before it. Each half has
    /// a bucket for every distance up to half its number, and then ever wider ones, evenly spaced in
    /// the logarithm of the distance.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "computed in f32, as the reference does; distances and buckets are small and not negative"
    )]
    pub fn bucket(self, offset: isize) -> usize {
        let half = self.buckets / 2;
        let exact = half / 2;
        let distance = offset.unsigned_abs();
        let within = if distance < exact {
            distance
        } else {
            let spread = (self.max_distance as f64 / exact as f64).ln() as f32;
            let position = (distance as f32 / exact as f32).ln() / spread * (half - exact) as f32;
            (exact + position as usize).min(half - 1)
        };
        within + if offset > 0 { half } else { 0 }
    }

    /// The biases of every offset of sequences of up to `longest` tokens, `[heads, 2 · longest − 1]`,
    /// from −(`longest` − 1) on; `biases` is the tensor, `[rows, heads]`. With `longest` 0 there is none.
    #[must_use]
    pub fn by_offset(self, biases: &[f32], heads: usize, longest: usize) -> Vec<f32> {
        let buckets: Vec<usize> = self.buckets_by_offset(longest).collect();
        let head = |head: usize| buckets.iter().map(move |bucket| biases[bucket * heads + head]);
        (0..heads).flat_map(head).collect()
    }

    /// The bucket of every offset of sequences of up to `longest` tokens, from −(`longest` − 1) on:
    /// `2 · longest − 1` of them.
    pub fn buckets_by_offset(self, longest: usize) -> impl Iterator<Item = usize> {
        let longest = isize::try_from(longest).unwrap_or(isize::MAX);
        (1 - longest..longest).map(move |offset| self.bucket(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::MPNET;

    const T5: Option<RelativePositions> = MPNET.relative;

    /// transformers 5.23.0 with torch 2.15.0, `MPNetEncoder.relative_position_bucket` over offsets of
    /// −4,096 to 4,096: the distance at which each bucket starts, the same before (0 to 15) and
    /// behind (17 to 31); bucket 16 has no offset.
    #[test]
    fn buckets_start_where_the_reference_has_them() {
        let starts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
        for offset in -4096..=4096_isize {
            let distance = offset.unsigned_abs();
            let within = starts.iter().rposition(|&start| start <= distance).unwrap();
            let expected = if offset > 0 { 16 + within } else { within };
            assert_eq!(T5.unwrap().bucket(offset), expected, "{offset}");
        }
    }

    /// Two heads, three tokens: offsets −2, −1, 0, 1, 2 are buckets 2, 1, 0, 17, 18.
    #[test]
    fn biases_are_laid_out_by_head_and_offset() {
        let biases: Vec<f32> = (0..64_u8).map(f32::from).collect();
        let expected = [4., 2., 0., 34., 36., 5., 3., 1., 35., 37.];
        assert_eq!(T5.unwrap().by_offset(&biases, 2, 3), expected);
        assert_eq!(T5.unwrap().by_offset(&biases, 2, 1), [0., 1.]);
        assert_eq!(T5.unwrap().by_offset(&biases, 2, 0), [0.0_f32; 0]);
    }

    #[test]
    fn a_matrix_of_too_few_rows_is_refused() {
        let t5 = T5.unwrap();
        assert_eq!((t5.rows(None), t5.rows(Some(32)), t5.rows(Some(64))), (Ok(32), Ok(32), Ok(64)));
        for rows in [0, 16, 31, usize::MAX] {
            assert!(t5.rows(Some(rows)).unwrap_err().contains("relative_attention_num_buckets"));
        }
    }
}
