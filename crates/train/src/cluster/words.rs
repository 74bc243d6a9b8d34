//! Words that tell a cluster from the others: class-based TF-IDF (Grootendorst 2022), where a word
//! of a cluster weighs tf · ln(1 + A / f): tf is its share of the cluster's words, f how often it is in
//! all clusters, and A how many words a cluster has on average.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;

/// Returns the first `most` words of each cluster, the heaviest first; those of one weight by the alphabet.
/// `texts` holds the texts of each cluster. Words are runs of letters, in lower case; marks, digits and an
/// apostrophe may be within. There is no list of stop words: what is in more than half of the clusters
/// tells none from the others and is left out, and of what is not, a word has to be in this cluster at
/// least a third of the times that it is anywhere. What a single text of a cluster has is left out where
/// other words are in several.
pub(super) fn top_words(texts: &[Vec<&str>], most: usize) -> Vec<Vec<String>> {
    let word =
        Regex::new(r"\p{L}[\p{L}\p{M}\p{N}]*(?:['’][\p{L}\p{M}]+)*").expect("a fixed pattern");
    let counted: Vec<BTreeMap<String, Count>> =
        texts.iter().map(|texts| count(texts, &word)).collect();
    let mut totals: HashMap<&str, (u64, usize)> = HashMap::new();
    for (word, count) in counted.iter().flatten() {
        let (times, clusters) = totals.entry(word).or_default();
        *times += count.times;
        *clusters += 1;
    }
    let sizes: Vec<u64> =
        counted.iter().map(|words| words.values().map(|c| c.times).sum()).collect();
    let mean = ratio(sizes.iter().sum(), counted.len() as u64);
    let vocabulary = Vocabulary { words: totals, clusters: counted.len(), mean };
    counted.iter().zip(&sizes).map(|(words, &size)| vocabulary.top(words, size, most)).collect()
}

/// Words of all clusters.
struct Vocabulary<'a> {
    /// Number of times of each word, and number of clusters with it.
    words: HashMap<&'a str, (u64, usize)>,
    clusters: usize,
    /// Mean number of words of a cluster.
    mean: f64,
}

impl Vocabulary<'_> {
    /// The heaviest `most` words of a cluster that has `size` words.
    fn top(&self, words: &BTreeMap<String, Count>, size: u64, most: usize) -> Vec<String> {
        let mut weighted: Vec<(bool, f64, &str)> = words
            .iter()
            .filter(|(word, count)| self.sets_apart(word, count.times))
            .map(|(word, count)| (count.texts > 1, self.weight(word, count, size), word.as_str()))
            .collect();
        weighted.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2)));
        if weighted.first().is_some_and(|(several, ..)| *several) {
            weighted.retain(|(several, ..)| *several);
        }
        weighted.into_iter().take(most).map(|(.., word)| word.to_owned()).collect()
    }

    /// Whether a word, `count` times in a cluster, sets it apart. With one cluster there is
    /// nothing to set it apart from.
    fn sets_apart(&self, word: &str, count: u64) -> bool {
        let (times, clusters) = self.words.get(word).copied().unwrap_or_default();
        let widest = self.clusters.div_ceil(2);
        self.clusters == 1 || (clusters <= widest && 3 * count >= times)
    }

    fn weight(&self, word: &str, count: &Count, size: u64) -> f64 {
        let times = self.words.get(word).map_or(1, |(times, _)| *times);
        ratio(count.times, size) * (self.mean / ratio(times, 1)).ln_1p()
    }
}

#[derive(Default)]
struct Count {
    times: u64,
    /// Number of texts with it.
    texts: u64,
}

fn count(texts: &[&str], word: &Regex) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for text in texts {
        let text = text.to_lowercase();
        let mut of_text = BTreeSet::new();
        for word in word.find_iter(&text).map(|word| word.as_str()) {
            let count = counts.entry(word.to_owned()).or_default();
            count.times += 1;
            count.texts += u64::from(of_text.insert(word));
        }
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clusters of 6 and 6 words, so A = 6. "the" is in both and drops out: with two clusters a
    /// word has to be in one. First: owl 2 times of 6, all 2: 1/3 · ln(1 + 6/2) = 0.462; barn, in two
    /// texts as well, 2/6 likewise, so by the alphabet; "flew" is in one text alone. Second: only "the"
    /// is in both texts, so words of one text count: bus 2 · ln 4 / 6 = 0.462, late ln 7 / 6 = 0.324.
    #[test]
    fn words_weigh_by_class_based_tf_idf() {
        let first = vec!["The owl: barn.", "Owl flew barn!"];
        let second = vec!["the bus late", "The bus’s bus"];
        let words = top_words(&[first, second], 3);
        assert_eq!(words, [vec!["barn", "owl"], vec!["bus"]]);
        let apart = vec!["the bus late", "stop"];
        let words = top_words(&[vec!["the owl"], apart], 2);
        assert_eq!(words, [vec!["owl"], vec!["bus", "late"]]);
    }

    /// A = (4 + 2 + 6) / 3 = 4. "c" is in all three and drops out, "a" is in two and stays. First:
    /// a 2/4 · ln(1 + 4/3) = 0.424, b 1/4 · ln(1 + 4/1) = 0.402: the more frequent wins by little.
    /// Third: e 1/6 · ln 5 = 0.268, d 4/6 · ln 2 = 0.462.
    #[test]
    fn shares_and_rarity_both_count() {
        let words = top_words(&[vec!["a a b c"], vec!["a c"], vec!["d d d d e c"]], 9);
        assert_eq!(words, [vec!["a", "b"], vec!["a"], vec!["d", "e"]]);
    }

    #[test]
    fn words_are_letters_of_any_script() {
        assert_eq!(
            top_words(&[vec!["Καλημέρα 2024 B12 it's –"]], 9),
            [["b12", "it's", "καλημέρα"]]
        );
        assert_eq!(top_words(&[vec![], vec![""]], 9), [[""; 0]; 2]);
        assert!(top_words(&[], 9).is_empty());
    }
}
