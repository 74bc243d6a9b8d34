//! The sequences that one thread takes through all layers, and what it keeps of them.
use std::cmp::Reverse;
use std::ops::Range;

use super::DropoutAt;
use super::layer::Kept;
use crate::kernel::dropout::Dropout;
use crate::kernel::{self};
use crate::random::derive;
use crate::{Hidden, Id, Parameters, TrainingSequence};

/// Groups have at least so many tokens on average: below that, matrix products become slow.
const MIN_TOKENS: usize = 100;
/// Largest number of groups that can run at once.
const MAX_GROUPS: usize = 32;

/// Some sequences of a batch, end to end.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Index of each sequence in the batch.
    pub(super) members: Vec<usize>,
    /// Start of each sequence's tokens, and the end of the last one's.
    starts: Vec<usize>,
    /// Start and end of each sequence's attention weights, `[heads, length, length]`.
    squares: Vec<usize>,
    /// Activations that each layer saves for the backward pass.
    pub(super) layers: Vec<Kept>,
    pub(super) embedding: super::embedding::Kept,
    /// `[tokens, hidden]`: in the forward pass, the input of the next layer.
    pub(super) state: Vec<f32>,
    /// `[tokens, hidden]`: in the backward pass, the gradient of a layer's output.
    pub(super) gradient: Vec<f32>,
    pub(super) scratch: Scratch,
    /// Gradients of small parameters, of this group's tokens alone.
    pub(super) partials: Vec<(Id, Vec<f32>)>,
}

/// Scratch buffers, and in the backward pass gradients of matrix products.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) narrow: Vec<f32>,
    pub(super) wide: Vec<f32>,
    pub(super) query: Vec<f32>,
    pub(super) key: Vec<f32>,
    pub(super) value: Vec<f32>,
    pub(super) attention: Vec<f32>,
    pub(super) down: Vec<f32>,
    pub(super) square: Vec<f32>,
    pub(super) other_square: Vec<f32>,
    pub(super) low: Vec<f32>,
    pub(super) dropped: Vec<f32>,
}

/// Makes `vec` have `len` numbers, whatever they are. Places are asked for as they are needed, not
/// twice as many, as a vector grows by itself: nearly all memory of a training is here.
pub(crate) fn sized(vec: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if vec.capacity() < len {
        vec.clear();
        vec.reserve_exact(len);
    }
    vec.resize(len, 0.0);
    vec
}

/// Shares sequences of these lengths out, so that groups have about as many tokens; how many groups
/// there are depends on the lengths alone. Returns the sequences of each group, in order.
pub(crate) fn deal(lengths: &[usize]) -> Vec<Vec<usize>> {
    let tokens: usize = lengths.iter().sum();
    let mut count = 1;
    while 2 * count * MIN_TOKENS <= tokens && count < MAX_GROUPS && 2 * count <= lengths.len() {
        count *= 2;
    }
    let mut groups = vec![vec![]; count];
    let mut longest: Vec<usize> = (0..lengths.len()).collect();
    longest.sort_by_key(|&i| Reverse(lengths[i]));
    let mut loads = vec![0; count];
    for i in longest {
        let lightest = (0..count).min_by_key(|&g| loads[g]).unwrap_or(0);
        loads[lightest] += lengths[i];
        groups[lightest].push(i);
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups
}

/// Shares `sequences` out so that groups have about as many tokens; how many groups there are
/// depends on the tokens alone. Returns that number.
pub(super) fn share_out(
    groups: &mut Vec<Group>,
    sequences: &[&TrainingSequence],
    heads: usize,
) -> usize {
    let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
    let dealt = deal(&lengths);
    let count = dealt.len();
    groups.resize_with(count.max(groups.len()), Group::default);
    for (group, members) in groups.iter_mut().zip(dealt) {
        group.members = members;
        (group.starts, group.squares) = (vec![0], vec![0]);
        let (mut start, mut square) = (0, 0);
        for &i in &group.members {
            let len = sequences[i].len();
            start += len;
            square += heads * len * len;
            group.starts.push(start);
            group.squares.push(square);
        }
    }
    count
}

/// Adds what the groups have summed up apart, in order.
pub(super) fn add_partials(groups: &mut [Group], parameters: &mut Parameters) {
    for group in groups {
        for (id, partial) in group.partials.drain(..) {
            kernel::add(parameters.gradient_mut(id), &partial);
        }
    }
}

impl Group {
    pub(super) fn tokens(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Number of attention weights of the group.
    pub(super) fn squares(&self) -> usize {
        self.squares.last().copied().unwrap_or(0)
    }

    pub(super) fn sequences(&self) -> Sequences<'_> {
        Sequences { members: &self.members, starts: &self.starts, squares: &self.squares }
    }

    /// Puts the last layer's rows where the batch has them.
    pub(super) fn scatter(&self, hidden: &mut Hidden) {
        let width = hidden.width();
        for (&i, rows) in self.members.iter().zip(self.starts.windows(2)) {
            let rows = &self.state[rows[0] * width..rows[1] * width];
            hidden.sequence_mut(i).copy_from_slice(rows);
        }
    }

    /// Takes the gradient of the last layer's rows.
    pub(super) fn gather(&mut self, gradient: &Hidden) {
        self.gradient.clear();
        for &i in &self.members {
            self.gradient.extend_from_slice(gradient.sequence(i));
        }
    }
}

/// Positions of a group's sequences.
#[derive(Clone, Copy)]
pub(crate) struct Sequences<'a> {
    pub(crate) members: &'a [usize],
    pub(crate) starts: &'a [usize],
    squares: &'a [usize],
}

impl<'a> Sequences<'a> {
    /// Sequences whose attention weights are not kept.
    pub(crate) fn without_squares(members: &'a [usize], starts: &'a [usize]) -> Self {
        Self { members, starts, squares: starts }
    }

    /// Of each sequence: its place in the batch, its tokens, its attention weights.
    pub(crate) fn iter(
        self,
    ) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> + use<'a> {
        let ranges = self.starts.windows(2).zip(self.squares.windows(2));
        let range = |w: &[usize]| w[0]..w[1];
        self.members.iter().zip(ranges).map(move |(&i, (t, s))| (i, range(t), range(s)))
    }

    /// Drops out of `rows`, `[tokens, width]`. What is dropped depends on the sequence's place in the
    /// batch and not on its group.
    pub(crate) fn drop_out(
        &self,
        dropout_at: DropoutAt,
        site: u64,
        rows: &mut [f32],
        width: usize,
    ) {
        for (i, tokens, _) in self.iter() {
            let dropout = dropout(dropout_at, site, i);
            dropout.apply(&mut rows[tokens.start * width..tokens.end * width]);
        }
    }

    /// `out` = `rows` with some dropped, or as they are.
    pub(crate) fn copy_dropped(
        &self,
        dropout_at: Option<DropoutAt>,
        site: u64,
        rows: &[f32],
        width: usize,
        out: &mut [f32],
    ) {
        let Some(dropout_at) = dropout_at.filter(|dropout_at| dropout_at.rate > 0.0) else {
            return out.copy_from_slice(rows);
        };
        for (i, tokens, _) in self.iter() {
            let range = tokens.start * width..tokens.end * width;
            dropout(dropout_at, site, i).copy(&rows[range.clone()], &mut out[range]);
        }
    }
}

/// The dropout of one sequence at one place of the encoder.
pub(crate) fn dropout(dropout_at: DropoutAt, site: u64, sequence: usize) -> Dropout {
    Dropout::new(derive(derive(dropout_at.seed, site), sequence as u64), dropout_at.rate)
}
