//! The loss of logistic regression and its gradient, in one pass over the rows.
//!
//! Rows are read once an evaluation, four at a time, so that a weight that is loaded serves four;
//! sums are f64. Blocks of rows have partial sums of their own, added in the order of blocks: the
//! result is the same for any number of threads.
use std::ops::Range;

use cloze_core::Matrix;
use cloze_embed::{Accumulator, Spread};

use crate::TrainError;

/// Rows that share a load of the weights.
const TILE: usize = 4;
/// As many partial sums as are kept at most.
const BLOCKS: usize = 32;
/// Below that a thread costs more than it saves.
const MIN_BLOCK: usize = 256;

/// Loss and gradient.
pub(super) type Value = (f64, Vec<f64>);

/// Mean weighted log loss + ‖W‖² / (2 · C · total weight), as scikit-learn's `LogisticRegression`
/// has it (1.9.1, `_logistic.py`, `l2_reg_strength = 1 / (C · sw_sum)`), the bias without penalty.
///
/// `L` is 1 for the sigmoid of one logit (whether gold is 1), otherwise softmax over `columns`
/// logits, `L` of them at a time. Variables are `[⌈columns / L⌉, width + 1, L]`, the bias last, and
/// scaled so that the curvature is about 1 in each: a variable is the weight times its
/// `scale`, and the bias is that of centred rows. That only changes the way to the minimum.
pub(super) struct Objective<'a, const L: usize> {
    pub(super) rows: &'a Matrix,
    pub(super) gold: &'a [usize],
    /// Of each row.
    pub(super) weights: &'a [f64],
    pub(super) columns: usize,
    /// 1 / C.
    penalty: f64,
    total: f64,
    threads: usize,
    /// `[width]`.
    mean: Vec<f64>,
    /// `[width + 1]`, the bias last.
    scale: Vec<f64>,
}

impl<'a, const L: usize> Objective<'a, L> {
    /// `weights` are above 0 and as many as `gold` and `rows`, all of whose numbers are finite.
    pub(super) fn new(
        rows: &'a Matrix,
        gold: &'a [usize],
        weights: &'a [f64],
        columns: usize,
        penalty: f64,
        threads: usize,
    ) -> Result<Self, TrainError> {
        let mut gathered = Accumulator::new(rows.cols(), Spread::Variance);
        for row in rows {
            gathered.push(row).map_err(cloze_heads::HeadError::from)?;
        }
        let moments = gathered.finish();
        let total: f64 = weights.iter().sum();
        // The curvature of the log loss by a logit, where the others and all features are at rest.
        let mut shares = vec![0.0; columns.max(2)];
        gold.iter().zip(weights).for_each(|(&g, w)| shares[g] += w / total);
        let classes: f64 = shares.iter().map(|_| 1.0).sum();
        let curvature = shares.iter().map(|q| q * (1.0 - q)).sum::<f64>() / classes;
        let of = |variance: f64| (curvature * variance + penalty / total).sqrt();
        let mut scale: Vec<f64> = moments.variance().into_iter().map(of).collect();
        scale.push(curvature.sqrt());
        let mean = moments.mean().to_vec();
        Ok(Self { rows, gold, weights, columns, penalty, total, threads, mean, scale })
    }

    fn tiles(&self) -> usize {
        self.columns.div_ceil(L)
    }

    /// Weights `[columns, width]` and biases `[columns]` of variables.
    pub(super) fn unscale(&self, variables: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let effective = self.effective(variables);
        let coefficient =
            |column: usize, d: usize| effective[column / L * self.scale.len() + d][column % L];
        let width = self.mean.len();
        let weights = (0..self.columns).flat_map(|c| (0..width).map(move |d| coefficient(c, d)));
        (weights.collect(), (0..self.columns).map(|c| coefficient(c, width)).collect())
    }

    /// The variables that [`unscale`](Self::unscale) makes these of.
    pub(super) fn scale(&self, weights: &[f64], biases: &[f64]) -> Vec<f64> {
        let width = self.mean.len();
        let mut variables = vec![0.0; self.tiles() * (width + 1) * L];
        for (column, (row, bias)) in weights.chunks_exact(width).zip(biases).enumerate() {
            let start = column / L * (width + 1) * L + column % L;
            let mut centred = *bias;
            for (d, w) in row.iter().enumerate() {
                variables[start + d * L] = w * self.scale[d];
                centred += w * self.mean[d];
            }
            variables[start + width * L] = centred * self.scale[width];
        }
        variables
    }

    /// As [`unscale`](Self::unscale), in the order of variables.
    fn effective(&self, variables: &[f64]) -> Vec<[f64; L]> {
        let (lanes, _) = variables.as_chunks::<L>();
        let mut effective = lanes.to_vec();
        for tile in effective.chunks_exact_mut(self.scale.len()) {
            let mut shift = [0.0; L];
            for (d, lanes) in tile.iter_mut().enumerate() {
                for l in 0..L {
                    lanes[l] /= self.scale[d];
                    shift[l] += lanes[l] * self.mean.get(d).unwrap_or(&0.0);
                }
            }
            if let Some(bias) = tile.last_mut() {
                (0..L).for_each(|l| bias[l] -= shift[l]);
            }
        }
        effective
    }

    /// Loss and gradient at `variables`.
    pub(super) fn at(&self, variables: &[f64]) -> Value {
        let effective = self.effective(variables);
        let n = self.gold.len();
        let size = n.div_ceil(BLOCKS).max(MIN_BLOCK);
        let blocks: Vec<Range<usize>> =
            (0..n.div_ceil(size)).map(|b| b * size..((b + 1) * size).min(n)).collect();
        let threads = self.threads.clamp(1, blocks.len().max(1));
        let run = |blocks: &[Range<usize>]| -> Vec<(f64, Vec<[f64; L]>)> {
            blocks.iter().map(|rows| self.block(rows.clone(), &effective)).collect()
        };
        let each = blocks.len().div_ceil(threads).max(1);
        let parts: Vec<_> = if threads == 1 {
            run(&blocks)
        } else {
            std::thread::scope(|scope| {
                let mut chunks = blocks.chunks(each);
                let first = chunks.next().unwrap_or_default();
                let others: Vec<_> = chunks.map(|c| scope.spawn(|| run(c))).collect();
                let mut parts = run(first);
                for other in others {
                    parts.extend(other.join().expect("no panic in sums of numbers"));
                }
                parts
            })
        };
        let mut loss = 0.0;
        let mut gradient = vec![[0.0; L]; effective.len()];
        for (part_loss, part) in parts {
            loss += part_loss;
            for (sum, part) in gradient.iter_mut().zip(part) {
                (0..L).for_each(|l| sum[l] += part[l]);
            }
        }
        let width = self.mean.len();
        for (tile, weights) in
            gradient.chunks_exact_mut(width + 1).zip(effective.chunks_exact(width + 1))
        {
            let bias = tile[width];
            for d in 0..width {
                for l in 0..L {
                    let weight = weights[d][l];
                    loss += 0.5 * self.penalty * weight * weight;
                    let slope = tile[d][l] + self.penalty * weight - bias[l] * self.mean[d];
                    tile[d][l] = slope / (self.total * self.scale[d]);
                }
            }
            (0..L).for_each(|l| tile[width][l] = bias[l] / (self.total * self.scale[width]));
        }
        (loss / self.total, gradient.into_flattened())
    }

    /// The sums over some rows: weighted log loss, and its gradient by effective weights.
    fn block(&self, rows: Range<usize>, effective: &[[f64; L]]) -> (f64, Vec<[f64; L]>) {
        let width = self.mean.len();
        let mut loss = 0.0;
        let mut gradient = vec![[0.0; L]; effective.len()];
        let mut logits = vec![[[0.0; L]; TILE]; self.tiles()];
        for start in rows.clone().step_by(TILE) {
            let here = TILE.min(rows.end - start);
            // A last tile that is short repeats its first row, with slopes of 0.
            let row = |r: usize| self.rows.row(if r < here { start + r } else { start });
            let x: [&[f32]; TILE] = std::array::from_fn(|r| row(r).unwrap_or_default());
            for (tile, logits) in effective.chunks_exact(width + 1).zip(&mut logits) {
                *logits = products(x, tile);
            }
            for r in 0..TILE {
                if r < here {
                    loss += self.slopes(start + r, r, &mut logits);
                } else {
                    for tile in &mut logits {
                        tile[r] = [0.0; L];
                    }
                }
            }
            for (tile, slopes) in gradient.chunks_exact_mut(width + 1).zip(&logits) {
                add_products(x, slopes, tile);
            }
        }
        (loss, gradient)
    }

    /// Puts the slopes of the loss of row `i` in place of its logits; the loss.
    fn slopes(&self, i: usize, r: usize, logits: &mut [[[f64; L]; TILE]]) -> f64 {
        let (gold, weight) = (self.gold[i], self.weights[i]);
        if L == 1 {
            let z = logits[0][r][0];
            // ln(1 + eᶻ) and the sigmoid, with an exponential that cannot overflow.
            let small = (-z.abs()).exp();
            let p = if z < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
            let (target, gold_logit) = if gold == 1 { (1.0, z) } else { (0.0, 0.0) };
            logits[0][r][0] = weight * (p - target);
            return weight * (z.max(0.0) + small.ln_1p() - gold_logit);
        }
        let mut max = f64::NEG_INFINITY;
        for c in 0..self.columns {
            max = max.max(logits[c / L][r][c % L]);
        }
        let gold_logit = logits[gold / L][r][gold % L];
        let mut sum = 0.0;
        for c in 0..self.columns {
            let z = &mut logits[c / L][r][c % L];
            *z = (*z - max).exp();
            sum += *z;
        }
        for c in 0..self.columns {
            let z = &mut logits[c / L][r][c % L];
            *z = weight * (*z / sum - f64::from(u8::from(c == gold)));
        }
        // What pads the last tile is no class.
        for c in self.columns..self.tiles() * L {
            logits[c / L][r][c % L] = 0.0;
        }
        weight * (max + sum.ln() - gold_logit)
    }
}

/// Rows times weights, the bias last.
#[inline]
#[expect(clippy::many_single_char_names, reason = "four rows")]
fn products<const L: usize>(x: [&[f32]; TILE], weights: &[[f64; L]]) -> [[f64; L]; TILE] {
    let [a, b, c, d] = x;
    let (weights, bias) = weights.split_at(a.len());
    let mut sums = [*bias.first().unwrap_or(&[0.0; L]); TILE];
    for ((((w, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
        for (sum, x) in sums.iter_mut().zip([a, b, c, d]) {
            let x = f64::from(*x);
            for l in 0..L {
                sum[l] += x * w[l];
            }
        }
    }
    sums
}

/// Adds to `gradient` what the slopes of some rows' logits make of it.
#[inline]
#[expect(clippy::many_single_char_names, reason = "four rows")]
fn add_products<const L: usize>(
    x: [&[f32]; TILE],
    slopes: &[[f64; L]; TILE],
    gradient: &mut [[f64; L]],
) {
    let [a, b, c, d] = x;
    let (gradient, bias) = gradient.split_at_mut(a.len());
    for ((((g, a), b), c), d) in gradient.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let x = [f64::from(*a), f64::from(*b), f64::from(*c), f64::from(*d)];
        for l in 0..L {
            g[l] += (x[0] * slopes[0][l] + x[1] * slopes[1][l])
                + (x[2] * slopes[2][l] + x[3] * slopes[3][l]);
        }
    }
    for bias in bias {
        for l in 0..L {
            bias[l] += (slopes[0][l] + slopes[1][l]) + (slopes[2][l] + slopes[3][l]);
        }
    }
}
