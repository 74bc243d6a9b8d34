//! Sets of rows.

/// Some of the rows of an index, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
}

impl RowSet {
    /// None of `len` rows.
    #[must_use]
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// All of `len` rows.
    #[must_use]
    pub fn all(len: usize) -> Self {
        let mut rows = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        rows.trim();
        rows
    }

    /// Bits past the end are never set.
    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << rest) - 1;
        }
    }

    /// Of how many rows it holds some.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows to hold any of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of rows in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether it holds `row`; never one past the end.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts `row` in; false, and nothing done, if it is past the end or in already.
    pub fn insert(&mut self, row: usize) -> bool {
        if row >= self.len || self.contains(row) {
            return false;
        }
        self.words[row / 64] |= 1 << (row % 64);
        true
    }

    /// Takes out all that `other` holds.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// The rows it holds, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    i * 64 + bit
                })
            })
        })
    }

    /// Number of rows of `first..first + n` in the set.
    pub(crate) fn count_in(&self, first: usize, n: usize) -> usize {
        (first..first + n).filter(|row| self.contains(*row)).count()
    }

    /// The rows `first..first + n` as a set of their own.
    pub(crate) fn part(&self, first: usize, n: usize) -> Self {
        let mut part = Self::none(n);
        for row in (0..n).filter(|row| self.contains(first + row)) {
            part.insert(row);
        }
        part
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The set with these words; `None` if there are too many or too few, or one holds a row past
    /// the end.
    pub(crate) fn from_words(words: Vec<u64>, len: usize) -> Option<Self> {
        let set = Self { words, len };
        let mut trimmed = set.clone();
        trimmed.trim();
        (set.words.len() == len.div_ceil(64) && set == trimmed).then_some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_and_out_up_to_the_end() {
        let mut set = RowSet::none(70);
        assert!(set.insert(0) && set.insert(69) && !set.insert(69) && !set.insert(70));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 69]);
        let mut rows = RowSet::all(70);
        assert_eq!((rows.count(), rows.contains(70)), (70, false));
        rows.subtract(&set);
        assert_eq!((rows.count(), rows.contains(69), rows.contains(68)), (68, false, true));
        assert_eq!(set.part(60, 10).iter().collect::<Vec<_>>(), [9]);
        assert_eq!(RowSet::from_words(vec![0, 1 << 6], 70), None);
        assert_eq!(RowSet::from_words(vec![1, 1 << 5], 70), Some(set));
        assert_eq!(RowSet::from_words(vec![1], 70), None);
        assert_eq!(RowSet::all(64).count(), 64);
    }
}
