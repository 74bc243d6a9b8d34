//! Tokens that two texts have in common.
//!
//! CrowS-Pairs (Nangia et al., EMNLP 2020) takes those that Python's `difflib.SequenceMatcher` finds:
//! the longest run that both have, then the same on either side of it (Ratcliff & Obershelp, Dr.
//! Dobb's Journal 1988). That is not the longest common subsequence, so it is done the same way here.
use std::ops::Range;

/// The places of tokens that both have, `(in first, in second)`, rising in both. As
/// `SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()` of Python 3.11.
#[must_use]
pub fn shared(first: &[u32], second: &[u32]) -> Vec<(usize, usize)> {
    let mut places = vec![];
    let mut waiting = vec![(0..first.len(), 0..second.len())];
    // The run lengths that end at a place of `second`, for the token of `first` before and for this.
    let (mut before, mut now) = (vec![0; second.len() + 1], vec![0; second.len() + 1]);
    while let Some((a, b)) = waiting.pop() {
        let (i, j, n) = longest(first, second, &a, &b, [&mut before, &mut now]);
        if n == 0 {
            continue;
        }
        places.extend((0..n).map(|k| (i + k, j + k)));
        waiting.push((a.start..i, b.start..j));
        waiting.push((i + n..a.end, j + n..b.end));
    }
    places.sort_unstable();
    places
}

/// The longest run in these parts of both, where it begins in each, and its length; of several the
/// one that comes first in `first`, then in `second`.
fn longest(
    first: &[u32],
    second: &[u32],
    a: &Range<usize>,
    b: &Range<usize>,
    [before, now]: [&mut Vec<usize>; 2],
) -> (usize, usize, usize) {
    let mut best = (a.start, b.start, 0);
    before[b.start..=b.end].fill(0);
    for i in a.clone() {
        // What stands before the part is no part of a run in it.
        now[b.start] = 0;
        for j in b.clone() {
            let run = if first[i] == second[j] { before[j] + 1 } else { 0 };
            now[j + 1] = run;
            if run > best.2 {
                best = (i + 1 - run, j + 1 - run, run);
            }
        }
        std::mem::swap(before, now);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(first: &str, second: &str) -> String {
        let ids = |text: &str| text.bytes().map(u32::from).collect::<Vec<_>>();
        let (first, second) = (ids(first), ids(second));
        let places = shared(&first, &second);
        places.iter().map(|&(i, _)| char::from(u8::try_from(first[i]).unwrap())).collect()
    }

    /// Against Python 3.11, which gives these blocks for the same strings:
    /// `python -c "from difflib import SequenceMatcher as S; a, b = 'qabxcd', 'abycdf'; \
    /// print(''.join(a[m.a:m.a + m.size] for m in S(None, a, b, autojunk=False).get_matching_blocks()))"`
    #[test]
    fn runs_are_those_of_difflib() {
        for (first, second, expected) in [
            ("qabxcd", "abycdf", "abcd"),
            // The longest run is `cdc`; with it gone, the longest common subsequence `abcd` is out of
            // reach.
            ("abcdcx", "cdcab", "cdc"),
            ("private Thread", "private volatile Thread", "private Thread"),
            ("aaa", "aa", "aa"),
            ("abab", "ba", "ba"),
            ("", "abc", ""),
            ("abc", "xyz", ""),
        ] {
            assert_eq!(of(first, second), expected, "{first:?} {second:?}");
        }
        // Of two runs as long the first: places, not only letters.
        assert_eq!(shared(&[1, 2], &[2, 1]), [(0, 1)]);
        assert_eq!(shared(&[1], &[1, 1]), [(0, 0)]);
    }

    proptest! {
        #[test]
        fn places_rise_and_hold_the_same(
            first in prop::collection::vec(0..4_u32, 0..20),
            second in prop::collection::vec(0..4_u32, 0..20),
        ) {
            let places = shared(&first, &second);
            prop_assert!(places.iter().all(|&(i, j)| first[i] == second[j]));
            prop_assert!(places.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
            let same: Vec<_> = (0..first.len()).map(|i| (i, i)).collect();
            prop_assert_eq!(shared(&first, &first), same);
        }
    }
}
