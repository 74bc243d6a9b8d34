//! Two texts in one sequence, and what is cut off where they are too long for it.
use serde::{Deserialize, Serialize};

/// Text of a pair to cut if both together are longer than the model takes. The end of a text
/// is cut; [`EncodingCounts::truncated`](crate::EncodingCounts::truncated) counts such pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairCut {
    /// The longer one, until both are equally long; then both. As `longest_first` of the tokenizers
    /// library 0.23.
    #[default]
    Longest,
    /// The first; the second only where nothing is left of the first.
    First,
    /// The second; the first only where nothing is left of the second.
    Second,
}

impl PairCut {
    /// Numbers of tokens kept of texts with `first` and `second` tokens, if `room` fit.
    pub(crate) fn lengths(self, first: usize, second: usize, room: usize) -> (usize, usize) {
        if first.saturating_add(second) <= room {
            return (first, second);
        }
        // Of an odd number the longer one has the last token; of two as long, the second.
        let half = room / 2;
        match self {
            Self::First => {
                let second = second.min(room);
                (room - second, second)
            }
            Self::Second => {
                let first = first.min(room);
                (first, room - first)
            }
            Self::Longest if first <= half => (first, room - first),
            Self::Longest if second <= half => (room - second, second),
            Self::Longest if first > second => (room - half, half),
            Self::Longest => (half, room - half),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokenizers::Encoding;
    use tokenizers::utils::truncation::{TruncationParams, TruncationStrategy, truncate_encodings};

    #[expect(clippy::default_trait_access, reason = "the map is of a crate of theirs")]
    fn encoding(n: usize) -> Encoding {
        Encoding::new(
            vec![7; n],
            vec![0; n],
            vec![String::new(); n],
            vec![None; n],
            vec![(0, 0); n],
            vec![0; n],
            vec![1; n],
            vec![],
            Default::default(),
        )
    }

    #[test]
    fn the_named_text_goes_first_and_then_the_other() {
        // 5 + 4 tokens, room for 7: two must go.
        assert_eq!(PairCut::First.lengths(5, 4, 7), (3, 4));
        assert_eq!(PairCut::Second.lengths(5, 4, 7), (5, 2));
        assert_eq!(PairCut::Longest.lengths(5, 4, 7), (4, 3));
        // Room for 3 only: the whole first and one of the second.
        assert_eq!(PairCut::First.lengths(5, 4, 3), (0, 3));
        assert_eq!(PairCut::Second.lengths(5, 4, 3), (3, 0));
    }

    proptest! {
        #[test]
        fn the_longest_is_cut_as_the_tokenizers_library_cuts_it(
            first in 0..20usize,
            second in 0..20usize,
            room in 1..30usize,
        ) {
            let params = TruncationParams {
                max_length: room,
                strategy: TruncationStrategy::LongestFirst,
                ..TruncationParams::default()
            };
            let (a, b) =
                truncate_encodings(encoding(first), Some(encoding(second)), &params).unwrap();
            let expected = (a.get_ids().len(), b.unwrap().get_ids().len());
            prop_assert_eq!(PairCut::Longest.lengths(first, second, room), expected);
        }

        #[test]
        fn what_stays_fits_and_what_fits_stays(
            first in 0..20usize,
            second in 0..20usize,
            room in 1..30usize,
        ) {
            for cut in [PairCut::Longest, PairCut::First, PairCut::Second] {
                let (a, b) = cut.lengths(first, second, room);
                prop_assert!(a <= first && b <= second);
                prop_assert_eq!(a + b, (first + second).min(room));
            }
        }
    }
}
