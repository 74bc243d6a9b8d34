//! T5's attention biases by relative position.
//!
//! Source: Raffel et al. 2020, section 2.1; transformers 5.24, `models/t5/modeling_t5.py`,
//! `_relative_position_bucket`.

/// Largest distance that has a bias of its own.
const MAX_DISTANCE: usize = 1 << 16;
/// Most buckets.
const MAX_BUCKETS: usize = 1 << 12;

/// Buckets of distances, with one bias for each head in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativeBias {
    /// Number of buckets.
    pub buckets: usize,
    /// Distance from which on all tokens share the last bucket.
    pub max_distance: usize,
}

impl RelativeBias {
    /// Checks the settings; those that a file leaves out are T5's.
    ///
    /// # Errors
    /// The setting at fault.
    pub(super) fn of(buckets: Option<usize>, max_distance: Option<usize>) -> Result<Self, String> {
        let (buckets, max_distance) = (buckets.unwrap_or(32), max_distance.unwrap_or(128));
        // Of an encoder's half one bucket at least is for each distance below its half.
        if !(4..=MAX_BUCKETS).contains(&buckets) || !buckets.is_multiple_of(2) {
            return Err(format!(
                "relative_attention_num_buckets is {buckets}; expected an even number, 4 to \
                 {MAX_BUCKETS}"
            ));
        }
        // From half the buckets on distances are on a logarithmic scale that ends there.
        if max_distance <= buckets / 2 || max_distance > MAX_DISTANCE {
            return Err(format!(
                "relative_attention_max_distance is {max_distance}; expected {} to {MAX_DISTANCE} \
                 with {buckets} buckets",
                buckets / 2 + 1
            ));
        }
        Ok(Self { buckets, max_distance })
    }

    /// Bucket of a key that stands `distance` tokens from its query.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "computed in f32, as the reference does; distances and buckets are small and not negative"
    )]
    fn within(buckets: usize, max_distance: usize, distance: usize) -> usize {
        let exact = buckets / 2;
        if distance < exact {
            return distance;
        }
        let spread = (max_distance as f64 / exact as f64).ln() as f32;
        let place = (distance as f32 / exact as f32).ln() / spread * (buckets - exact) as f32;
        (exact + place as usize).min(buckets - 1)
    }

    /// Biases of the encoder by offset, key less query, from −`max_distance` to `max_distance`, which stand
    /// for all beyond them, `[2 · max_distance + 1, heads]`; `biases` is the tensor, `[buckets, heads]`.
    #[must_use]
    pub fn both_ways(self, biases: &[f32], heads: usize) -> Vec<f32> {
        let half = self.buckets / 2;
        let most = self.max_distance;
        let before = (0..=most).rev().map(|d| Self::within(half, most, d));
        let behind = (1..=most).map(|d| half + Self::within(half, most, d));
        before.chain(behind).flat_map(|bucket| row(biases, heads, bucket)).copied().collect()
    }

    /// Biases of the decoder by how many tokens the key stands before the query, from 0 to `max_distance`,
    /// which stands for all beyond it, `[max_distance + 1, heads]`.
    #[must_use]
    pub fn backwards(self, biases: &[f32], heads: usize) -> Vec<f32> {
        let most = self.max_distance;
        let buckets = (0..=most).map(|d| Self::within(self.buckets, most, d));
        buckets.flat_map(|bucket| row(biases, heads, bucket)).copied().collect()
    }
}

/// Biases of a bucket, one of each head; none where the tensor is too short.
fn row(biases: &[f32], heads: usize, bucket: usize) -> &[f32] {
    biases.get(bucket * heads..(bucket + 1) * heads).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// transformers 5.24.0 with torch 2.15.0, `T5Attention._relative_position_bucket` of 32 buckets and
    /// distances up to 128, not bidirectional: the distance at which each bucket starts.
    #[test]
    fn buckets_start_where_the_reference_has_them() {
        let starts = [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40,
            46, 52, 59, 67, 77, 87, 99, 113,
        ];
        let biases: Vec<f32> = (0..32_u8).map(f32::from).collect();
        let found = RelativeBias::of(None, None).unwrap().backwards(&biases, 1);
        for (distance, bucket) in found.iter().enumerate() {
            let expected = starts.iter().rposition(|&start| start <= distance).unwrap();
            assert_eq!(bucket.to_bits(), biases[expected].to_bits(), "{distance}");
        }
    }

    /// Four buckets up to distance 3, two heads: half the buckets for each direction, of which one is for
    /// distance 0 and the rest for all beyond. Offsets −3 to 3 are buckets 1 1 1 0 3 3 3.
    #[test]
    fn biases_are_laid_out_by_offset_and_head() {
        let relative = RelativeBias::of(Some(4), Some(3)).unwrap();
        let biases: Vec<f32> = (0..8_u8).map(f32::from).collect();
        let pairs = |buckets: [u8; 7]| {
            buckets
                .iter()
                .flat_map(|b| [f32::from(2 * b), f32::from(2 * b + 1)])
                .collect::<Vec<_>>()
        };
        assert_eq!(relative.both_ways(&biases, 2), pairs([1, 1, 1, 0, 3, 3, 3]));
        // One way, of four: 0, 1, 2, and of distance 3 ln(3/2)/ln(3/2) · 2 = 2 beyond 2, cut to the last.
        let expected = [0., 1., 2., 3., 4., 5., 6., 7.];
        assert_eq!(relative.backwards(&biases, 2), expected);
    }

    #[test]
    fn absurd_numbers_are_refused_by_name() {
        for (buckets, distance, name) in [
            (Some(0), None, "relative_attention_num_buckets"),
            (Some(3), None, "relative_attention_num_buckets"),
            (Some(usize::MAX), None, "relative_attention_num_buckets"),
            (Some(32), Some(16), "relative_attention_max_distance"),
            (Some(32), Some(0), "relative_attention_max_distance"),
            (None, Some(usize::MAX), "relative_attention_max_distance"),
        ] {
            let error = RelativeBias::of(buckets, distance).unwrap_err();
            assert!(error.starts_with(name), "{error}");
        }
        assert!(RelativeBias::of(Some(32), Some(17)).is_ok());
    }
}
