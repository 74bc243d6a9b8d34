//! Groups of texts that are the same or nearly so.
use crate::pairs::{self, SimilarPair};

/// Texts that are alike, and the pairs that tie them together.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicateGroup {
    /// Indices of the texts, rising.
    pub texts: Vec<usize>,
    /// Pairs, sorted by the first text, then by the second.
    pub pairs: Vec<DuplicatePair>,
}

/// Two texts that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DuplicatePair {
    /// Index of the earlier text.
    pub first: usize,
    /// Index of the later text.
    pub second: usize,
    /// Cosine of their vectors, at most 1.
    pub score: f32,
    /// Whether the texts are equal, character by character.
    pub same: bool,
}

/// Groups texts by pairs of vectors that are alike. `of_rows` holds the texts of each row, rising: equal
/// texts share a row, and are in one group in any case. Groups are sorted by their first text.
///
/// ```
/// use cloze_search::duplicates::groups;
/// use cloze_search::pairs::SimilarPair;
///
/// // Texts 0 and 2 are equal, text 1 is close to both, text 3 is alone.
/// let alike = [SimilarPair { first: 0, second: 1, score: 0.9 }];
/// let duplicates = groups(&[vec![0, 2], vec![1], vec![3]], &alike);
/// assert_eq!(duplicates[0].texts, [0, 1, 2]);
/// let same: Vec<bool> = duplicates[0].pairs.iter().map(|pair| pair.same).collect();
/// assert_eq!((duplicates.len(), same), (1, vec![false, true, false]));
/// ```
#[must_use]
pub fn groups(of_rows: &[Vec<usize>], alike: &[SimilarPair]) -> Vec<DuplicateGroup> {
    let mut of_group: Vec<Option<usize>> = vec![None; of_rows.len()];
    let mut groups: Vec<DuplicateGroup> = vec![];
    let near = pairs::groups(of_rows.len(), alike);
    let mut grouped = vec![false; of_rows.len()];
    for &row in near.iter().flatten() {
        grouped[row] = true;
    }
    let alone = (0..of_rows.len()).filter(|&row| !grouped[row] && of_rows[row].len() > 1);
    for rows in near.into_iter().chain(alone.map(|row| vec![row])) {
        let mut texts: Vec<usize> = rows.iter().flat_map(|&row| of_rows[row].clone()).collect();
        texts.sort_unstable();
        for &row in &rows {
            of_group[row] = Some(groups.len());
        }
        groups.push(DuplicateGroup { texts, pairs: same(&rows, of_rows) });
    }
    for pair in alike {
        let Some(group) = of_group[pair.first] else { continue };
        for &a in &of_rows[pair.first] {
            for &b in &of_rows[pair.second] {
                let (first, second) = (a.min(b), a.max(b));
                let score = pair.score.min(1.0); // rounding alone puts it above
                groups[group].pairs.push(DuplicatePair { first, second, score, same: false });
            }
        }
    }
    for group in &mut groups {
        group.pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
    }
    groups.sort_by_key(|group| group.texts[0]);
    groups
}

/// Pairs of equal texts.
fn same(rows: &[usize], of_rows: &[Vec<usize>]) -> Vec<DuplicatePair> {
    let mut pairs = vec![];
    for texts in rows.iter().map(|&row| &of_rows[row]) {
        for (i, &first) in texts.iter().enumerate() {
            let later = texts[i + 1..].iter();
            pairs.extend(later.map(|&second| DuplicatePair {
                first,
                second,
                score: 1.0,
                same: true,
            }));
        }
    }
    pairs
}
