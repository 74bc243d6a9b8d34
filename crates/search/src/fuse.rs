//! Several rankings made one.
use std::collections::HashMap;

use crate::Hit;

/// The constant of reciprocal rank fusion: how little the first places are ahead.
pub const RRF_K: f32 = 60.0;

/// The `k` best of several rankings together, by reciprocal rank fusion (Cormack, Clarke & Büttcher
/// 2009): a row's score is the sum of 1 / (60 + rank) over the rankings it is in, ranks counted from 1.
#[must_use]
pub fn reciprocal_rank(rankings: &[&[Hit]], k: usize) -> Vec<Hit> {
    let mut scores: HashMap<u64, f32> = HashMap::new();
    for ranking in rankings {
        let mut rank = 0.0;
        for hit in *ranking {
            rank += 1.0;
            *scores.entry(hit.row).or_default() += 1.0 / (RRF_K + rank);
        }
    }
    let mut hits: Vec<Hit> = scores.into_iter().map(|(row, score)| Hit { row, score }).collect();
    hits.sort_unstable_by(Hit::order);
    hits.truncate(k);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 2 is second in both: 1/62 + 1/62. Rows 1 and 3 are first in one: 1/61, of which row 1 was
    /// added first. Row 4 is third in one: 1/63.
    #[test]
    fn ranks_count_and_scores_do_not() {
        let hits = |rows: &[u64]| -> Vec<Hit> {
            rows.iter().map(|row| Hit { row: *row, score: 0.0 }).collect()
        };
        let fused = reciprocal_rank(&[&hits(&[3, 2, 4]), &hits(&[1, 2])], 3);
        assert_eq!(fused.iter().map(|hit| hit.row).collect::<Vec<_>>(), [2, 1, 3]);
        assert!((fused[0].score - 2.0 / 62.0).abs() < 1e-7);
    }
}
