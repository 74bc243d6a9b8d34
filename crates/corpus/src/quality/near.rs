//! Texts that are nearly the same as others, or lie inside them.
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_segmentation::UnicodeSegmentation;

use super::texts::folded;

/// Length of the runs of letters that texts are compared by.
const RUN: usize = 5;
/// Share of common runs from which on texts are nearly the same.
const NEAR: f64 = 0.6;
/// Fewer words may lie inside another text by chance.
const LEAST_WORDS: usize = 3;
/// Fewer letters may, too, where each letter is a word.
const LEAST_LETTERS: usize = 10;
/// Most letters of all texts that are compared: the index takes some 20 bytes for each.
const MOST_LETTERS: usize = 32 << 20;

/// Likeness of two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Equal but for Unicode's normal form, case and white space.
    Equal,
    /// Of the runs of five letters that either has, both have at least 60 % (Jaccard); case,
    /// punctuation and white space do not count.
    Near,
    /// One lies inside the other, as at least three words.
    Inside,
}

/// Text that is like another, as indices of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearDuplicate {
    /// Index of the text.
    pub text: usize,
    /// Index of one that it is like: an equal one, or else the first that is near, or else the first
    /// that it lies inside of or has inside.
    pub like: usize,
    /// Likeness of the two.
    pub likeness: Likeness,
}

/// Near-duplicates among `texts` of different parts: one for each text that is like one of another
/// part, in order. `part_of` gives the part of a text: 0 may be the training data and 1 the test data,
/// or each fold a part. `only` says which texts to look at. `None` for more than 32 Mi letters, which
/// are not compared.
///
/// Source: the prefix and length filters of Bayardo, Ma & Srikant, WWW 2007 (All-Pairs), which leave
/// out no pair.
#[must_use]
pub fn near_duplicates(
    texts: &[&str],
    part_of: impl Fn(usize) -> usize,
    only: impl Fn(usize) -> bool,
) -> Option<Vec<NearDuplicate>> {
    if texts.iter().map(|text| text.len()).sum::<usize>() > MOST_LETTERS {
        return None;
    }
    let compared = Compared::new(texts);
    let index = Index::new(&compared);
    let mut seen = vec![usize::MAX; texts.len()];
    let mut found = vec![];
    for text in (0..texts.len()).filter(|&text| only(text)) {
        let part = part_of(text);
        let mut other = |like: usize| part_of(like) != part;
        let like = index
            .equal(&compared, text, &mut other)
            .map(|like| (like, Likeness::Equal))
            .or_else(|| Some((index.near(&compared, text, &mut seen, &mut other)?, Likeness::Near)))
            .or_else(|| Some((index.inside(&compared, text, &mut other)?, Likeness::Inside)));
        if let Some((like, likeness)) = like {
            found.push(NearDuplicate { text, like, likeness });
        }
    }
    Some(found)
}

/// Texts in the forms that they are compared in.
struct Compared {
    folded: Vec<String>,
    /// Words of each text, as numbers.
    words: Vec<Vec<u32>>,
    /// Number of letters of each text's words.
    letters: Vec<usize>,
    /// Distinct runs of each text, as numbers by rising frequency; the rarest first.
    runs: Vec<Vec<u32>>,
}

impl Compared {
    fn new(texts: &[&str]) -> Self {
        let folded: Vec<String> = texts.iter().map(|text| folded(text)).collect();
        let (mut numbers, mut words, mut letters) = (HashMap::new(), vec![], vec![]);
        let (mut run_numbers, mut counts, mut runs) = (HashMap::new(), vec![], vec![]);
        for text in &folded {
            let of_text: Vec<&str> = text.unicode_words().collect();
            letters.push(of_text.iter().map(|word| word.chars().count()).sum());
            let mut of_runs: Vec<u32> =
                hashes(&of_text).map(|hash| number(&mut run_numbers, hash)).collect();
            of_runs.sort_unstable();
            of_runs.dedup();
            counts.resize(run_numbers.len(), 0_u32);
            for &run in &of_runs {
                counts[run as usize] += 1;
            }
            runs.push(of_runs);
            words.push(
                of_text.into_iter().map(|word| number(&mut numbers, word.to_owned())).collect(),
            );
        }
        let mut by_count: Vec<u32> =
            (0..counts.len()).filter_map(|i| u32::try_from(i).ok()).collect();
        by_count.sort_by_key(|&run| counts[run as usize]);
        let mut ranks = vec![0; by_count.len()];
        for (rank, &run) in (0_u32..).zip(&by_count) {
            ranks[run as usize] = rank;
        }
        for of_text in &mut runs {
            for run in of_text.iter_mut() {
                *run = ranks[*run as usize];
            }
            of_text.sort_unstable();
        }
        Self { folded, words, letters, runs }
    }

    /// Whether a text is long enough to lie inside another.
    fn can_be_inside(&self, text: usize) -> bool {
        self.words[text].len() >= LEAST_WORDS && self.letters[text] >= LEAST_LETTERS
    }

    fn lies_inside(&self, short: usize, long: usize) -> bool {
        let (short, long) = (&self.words[short], &self.words[long]);
        long.windows(short.len()).any(|window| window == short)
    }
}

/// Number of a thing, the next for a new one.
fn number<K: Eq + Hash>(numbers: &mut HashMap<K, u32>, thing: K) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(thing).or_insert(next)
}

/// Hashes of the runs of letters of words with one space around each; those of one text are all
/// there is of it if it is shorter than a run.
fn hashes(words: &[&str]) -> impl Iterator<Item = u64> {
    let letters: Vec<char> =
        words.iter().flat_map(|word| [' '].into_iter().chain(word.chars())).chain([' ']).collect();
    let count = if words.is_empty() { 0 } else { letters.len().saturating_sub(RUN - 1).max(1) };
    (0..count).map(move |start| {
        let mut hasher = DefaultHasher::new();
        letters[start..(start + RUN).min(letters.len())].hash(&mut hasher);
        hasher.finish()
    })
}

/// Number of a text's rarest runs that another must have one of to be near: with fewer common ones
/// than the others, the share cannot be reached.
#[expect(clippy::cast_precision_loss, reason = "counts of letters")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the count")]
fn prefix(runs: usize) -> usize {
    if runs == 0 { 0 } else { runs - (NEAR * runs as f64).ceil() as usize + 1 }
}

/// Share of common runs, of all runs of both, sorted.
#[expect(clippy::cast_precision_loss, reason = "counts of letters")]
fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0_usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    common as f64 / (a.len() + b.len()).saturating_sub(common).max(1) as f64
}

/// Texts by what they have.
struct Index<'c> {
    equal: HashMap<&'c str, Vec<usize>>,
    by_run: HashMap<u32, Vec<usize>>,
    by_word: HashMap<u32, Vec<usize>>,
    /// Texts by their rarest word, if they can lie inside another.
    by_rarest: HashMap<u32, Vec<usize>>,
}

impl<'c> Index<'c> {
    fn new(compared: &'c Compared) -> Self {
        let (mut equal, mut by_run) = (HashMap::<&str, Vec<usize>>::new(), HashMap::new());
        let (mut by_word, mut by_rarest) = (HashMap::new(), HashMap::new());
        for text in 0..compared.folded.len() {
            equal.entry(&*compared.folded[text]).or_default().push(text);
            let runs = &compared.runs[text];
            for &run in &runs[..prefix(runs.len())] {
                by_run.entry(run).or_insert_with(Vec::new).push(text);
            }
            let mut words = compared.words[text].clone();
            words.sort_unstable();
            words.dedup();
            for word in words {
                by_word.entry(word).or_insert_with(Vec::new).push(text);
            }
        }
        let mut index = Self { equal, by_run, by_word, by_rarest: HashMap::new() };
        for text in (0..compared.words.len()).filter(|&text| compared.can_be_inside(text)) {
            if let Some(word) = index.rarest(compared, text) {
                by_rarest.entry(word).or_insert_with(Vec::new).push(text);
            }
        }
        index.by_rarest = by_rarest;
        index
    }

    fn rarest(&self, compared: &Compared, text: usize) -> Option<u32> {
        compared.words[text].iter().copied().min_by_key(|word| self.by_word[word].len())
    }

    fn equal(
        &self,
        compared: &Compared,
        text: usize,
        other: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let same = self.equal.get(&*compared.folded[text])?;
        // An empty text is like no other.
        same.iter().copied().find(|&like| !compared.words[text].is_empty() && other(like))
    }

    fn near(
        &self,
        compared: &Compared,
        text: usize,
        seen: &mut [usize],
        other: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let runs = &compared.runs[text];
        for run in &runs[..prefix(runs.len())] {
            for &like in self.by_run.get(run).into_iter().flatten() {
                if std::mem::replace(&mut seen[like], text) == text || !other(like) {
                    continue;
                }
                if jaccard(runs, &compared.runs[like]) >= NEAR {
                    return Some(like);
                }
            }
        }
        None
    }

    fn inside(
        &self,
        compared: &Compared,
        text: usize,
        other: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        if compared.can_be_inside(text) {
            let longer = self.rarest(compared, text).and_then(|word| self.by_word.get(&word));
            let mut longer = longer.into_iter().flatten().copied();
            let around = longer.find(|&like| {
                compared.words[like].len() > compared.words[text].len()
                    && other(like)
                    && compared.lies_inside(text, like)
            });
            if around.is_some() {
                return around;
            }
        }
        let shorter = compared.words[text].iter().filter_map(|word| self.by_rarest.get(word));
        shorter.flatten().copied().find(|&like| {
            compared.words[like].len() < compared.words[text].len()
                && other(like)
                && compared.lies_inside(like, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Likeness of a text of the test part to one of the training part.
    fn likeness(test: &str, train: &str) -> Option<Likeness> {
        let found = near_duplicates(&[train, test], |text| text, |text| text == 1).unwrap();
        found.first().map(|found| found.likeness)
    }

    #[test]
    fn texts_are_alike() {
        use Likeness::{Equal, Inside, Near};
        for (a, b, expected) in [
            ("Where is my parcel?", "where is  MY parcel?", Some(Equal)),
            ("Where is my parcel?", "Where is my parcel", Some(Near)),
            ("Where is my parcel?", "Where is my parcel now?", Some(Near)),
            ("Invoice 4711 was never paid", "Invoice 4712 was never paid", Some(Near)),
            ("I did not recieve the goods yet", "I did not receive the goods yet", Some(Near)),
            (
                "a film of saucy charm and quiet wit",
                "that the director has made a film of saucy charm and quiet wit is a wonder to all of us",
                Some(Inside),
            ),
            ("of saucy charm", "a film of saucy charm and quiet wit", Some(Inside)),
            ("saucy charm", "a film of saucy charm and quiet wit", None),
            ("a b c", "x a b c y z", None),
            ("of saucy charm", "a film of saucy charming people and wit", None),
            ("The weather is fine today", "My invoice was never paid", None),
            ("", "", None),
            ("!?", "?!", None),
            (
                "王小明在北京工作生活了很多年",
                "大家都知道王小明在北京工作生活了很多年而且他喜欢那里",
                Some(Inside),
            ),
        ] {
            assert_eq!(likeness(a, b), expected, "{a} | {b}");
            assert_eq!(likeness(b, a), expected, "{b} | {a}");
        }
    }

    /// Of "abcdefgh" with a space at each end there are six runs of five, of "abcdefgx" too; four are
    /// common: 4 of 8. Of "abcdefghijkl" and one more letter there are 10 and 11, 9 common: 9 of 12.
    #[test]
    fn the_share_is_that_of_all_runs() {
        let share = |a: &str, b: &str| {
            let compared = Compared::new(&[a, b]);
            jaccard(&compared.runs[0], &compared.runs[1])
        };
        assert!((share("abcdefgh", "abcdefgx") - 0.5).abs() < 1e-12);
        assert!((share("abcdefghijkl", "abcdefghijklm") - 0.75).abs() < 1e-12);
        assert_eq!((likeness("abcdefgh", "abcdefgx"), prefix(10), prefix(0)), (None, 5, 0));
    }

    #[test]
    fn only_other_parts_count() {
        let texts = ["one two three four", "One two three four", "one two three four five", "else"];
        let found = near_duplicates(&texts, |text| text / 2, |_| true).unwrap();
        let found: Vec<_> = found.iter().map(|f| (f.text, f.like, f.likeness)).collect();
        let near = Likeness::Near;
        assert_eq!(found, [(0, 2, near), (1, 2, near), (2, 0, near)]);
        assert!(near_duplicates(&texts, |_| 0, |_| true).unwrap().is_empty());
        let long = "x".repeat(MOST_LETTERS);
        assert!(near_duplicates(&[&long, "y"], |text| text, |_| true).is_none());
    }

    proptest! {
        /// The filters leave out no pair: each text beside each other one. Few letters, so that they
        /// are alike.
        #[test]
        fn every_pair_is_found(texts in prop::collection::vec("[ab]{4,9} [abc]{3,9}", 0..14)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = near_duplicates(&texts, |text| text % 2, |_| true).unwrap();
            let compared = Compared::new(&texts);
            for text in 0..texts.len() {
                let near = (0..texts.len()).filter(|like| like % 2 != text % 2).any(|like| {
                    compared.folded[text] == compared.folded[like]
                        || jaccard(&compared.runs[text], &compared.runs[like]) >= NEAR
                });
                let there = found.iter().find(|found| found.text == text);
                let there = there.filter(|found| found.likeness < Likeness::Inside);
                prop_assert_eq!(near, there.is_some(), "{}", texts[text]);
            }
        }
    }
}
