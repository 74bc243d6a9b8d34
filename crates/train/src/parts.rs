//! Parts of examples whose groups stay together.
use std::collections::BTreeMap;

use cloze_core::random::shuffle;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use crate::TrainError;
use crate::labels::{Gold, Labels};

/// Examples that stay together, with the number of them that have each label.
struct Block {
    examples: Vec<usize>,
    /// Labels and counts; of examples with any number of labels, which are parted by their number
    /// alone, one entry.
    counts: Vec<(usize, usize)>,
}

/// The part of each example: of every label about the `shares`, which sum to 1, and no group in two
/// parts. The largest groups are placed first, each where its labels are least filled for the part's
/// share; equals are taken in an order that the seed gives. A label of several groups is in at least
/// two parts.
///
/// Source: the greedy rule of scikit-learn 1.9.1's `StratifiedGroupKFold`, with the fill of the parts
/// in place of the standard deviation of their counts.
///
/// # Errors
/// [`TrainError::FewGroups`] for a label whose groups cannot be in two parts, since other labels of
/// these groups would then be in one alone.
pub(crate) fn parts(labels: &Labels, shares: &[f64], seed: u64) -> Result<Vec<usize>, TrainError> {
    let blocks = blocks(labels, seed);
    let classes = blocks.iter().flat_map(|block| &block.counts).map(|(c, _)| c + 1).max();
    let mut filled = Filled::new(shares, classes.unwrap_or(0));
    let mut of_block = vec![0; blocks.len()];
    for block in &blocks {
        block.counts.iter().for_each(|&(class, count)| filled.totals[class] += count);
    }
    for (block, part) in blocks.iter().zip(&mut of_block) {
        *part = filled.emptiest(block, None);
        filled.add(block, *part);
    }
    spread(labels, &blocks, &mut of_block, &mut filled)?;
    let mut of = vec![0; labels.len()];
    for (block, part) in blocks.iter().zip(of_block) {
        block.examples.iter().for_each(|&example| of[example] = part);
    }
    Ok(of)
}

/// Blocks, the largest first, equals shuffled.
fn blocks(labels: &Labels, seed: u64) -> Vec<Block> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (example, group) in labels.groups().into_iter().enumerate() {
        members.entry(group).or_default().push(example);
    }
    let mut blocks: Vec<Block> = members.into_values().map(|m| block(labels, m)).collect();
    // In the order of their first examples, whatever the groups' numbers are.
    blocks.sort_unstable_by_key(|block| block.examples[0]);
    let mut random = Pcg64::seed_from_u64(seed);
    shuffle(&mut blocks, || random.next_u64());
    blocks.sort_by_key(|block| std::cmp::Reverse(block.examples.len()));
    blocks
}

fn block(labels: &Labels, examples: Vec<usize>) -> Block {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for &example in &examples {
        let class = match labels.gold() {
            Gold::Single(gold) => gold[example],
            Gold::Multi(_) => 0,
        };
        *counts.entry(class).or_default() += 1;
    }
    Block { examples, counts: counts.into_iter().collect() }
}

/// Examples of each label in each part.
struct Filled<'s> {
    shares: &'s [f64],
    /// `[parts][labels]`
    counts: Vec<Vec<usize>>,
    /// `[parts]`
    sizes: Vec<usize>,
    /// `[labels]`
    totals: Vec<usize>,
}

impl<'s> Filled<'s> {
    fn new(shares: &'s [f64], classes: usize) -> Self {
        let counts = vec![vec![0; classes]; shares.len()];
        Self { shares, counts, sizes: vec![0; shares.len()], totals: vec![0; classes] }
    }

    fn add(&mut self, block: &Block, part: usize) {
        block.counts.iter().for_each(|&(class, count)| self.counts[part][class] += count);
        self.sizes[part] += block.examples.len();
    }

    fn remove(&mut self, block: &Block, part: usize) {
        block.counts.iter().for_each(|&(class, count)| self.counts[part][class] -= count);
        self.sizes[part] -= block.examples.len();
    }

    /// The part, other than `from`, whose share of the block's labels is least filled; of equals the
    /// smaller one.
    fn emptiest(&self, block: &Block, from: Option<usize>) -> usize {
        let others = (0..self.shares.len()).filter(|part| Some(*part) != from);
        let key = |part: usize| (self.cost(block, part), self.size(part));
        let less = |a: &usize, b: &usize| {
            let (a, b) = (key(*a), key(*b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        };
        others.min_by(less).unwrap_or(0)
    }

    /// Size of a part for its share.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    fn size(&self, part: usize) -> f64 {
        self.sizes[part] as f64 / self.shares[part]
    }

    /// Fill of a part by the block's labels, halfway through adding it. Rounded, so that parts that
    /// are equally full but for rounding errors are equals.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    fn cost(&self, block: &Block, part: usize) -> f64 {
        let fill = |&(class, count): &(usize, usize)| {
            let (there, count) = (self.counts[part][class] as f64, count as f64);
            count * (there + 0.5 * count) / (self.shares[part] * self.totals[class] as f64)
        };
        (block.counts.iter().map(fill).sum::<f64>() * 1e9).round()
    }

    /// The only part that a label is in.
    fn only_part(&self, class: usize) -> Option<usize> {
        let mut parts = (0..self.shares.len()).filter(|&part| self.counts[part][class] > 0);
        parts.next().filter(|_| parts.next().is_none())
    }
}

/// Moves groups so that each label is in at least two parts: a part can then be evaluated by the
/// others.
fn spread(
    labels: &Labels,
    blocks: &[Block],
    of_block: &mut [usize],
    filled: &mut Filled<'_>,
) -> Result<(), TrainError> {
    for class in 0..filled.totals.len() {
        let Some(part) = filled.only_part(class) else { continue };
        let (mut found, mut moved) = (0, false);
        // The smallest is the last.
        for index in (0..blocks.len()).rev() {
            let block = &blocks[index];
            if of_block[index] != part || !block.counts.iter().any(|&(c, _)| c == class) {
                continue;
            }
            found += 1;
            let other = filled.emptiest(block, Some(part));
            filled.remove(block, part);
            filled.add(block, other);
            let harmed = block.counts.iter().any(|&(c, _)| filled.only_part(c).is_some());
            if !harmed {
                (of_block[index], moved) = (other, true);
                break;
            }
            filled.remove(block, other);
            filled.add(block, part);
        }
        if !moved {
            let label = match labels.gold() {
                Gold::Single(_) => labels.names()[class].clone(),
                Gold::Multi(_) => labels.names().join(", "),
            };
            return Err(TrainError::FewGroups { label, expected: 2, found: found.min(1) });
        }
    }
    Ok(())
}
