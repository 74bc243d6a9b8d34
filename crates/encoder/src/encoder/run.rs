//! Sequences in batches, batches in sessions, results in the order of the sequences.
use super::parallel::in_parallel;
use super::{Encoder, EncodingCounts};
use crate::EncoderError;
use crate::batch;
use crate::session::{Batch, BatchOutput, OutputPort, Rows, Slot};

/// Sequences to run.
pub(super) struct Work<'w> {
    /// Number of tokens of each sequence.
    pub(super) lengths: &'w [usize],
    /// The places that each is asked at; as many of them as there are, or none at all.
    pub(super) asked: &'w [&'w [u32]],
}

impl Work<'_> {
    fn asked(&self, i: usize) -> &[u32] {
        self.asked.get(i).copied().unwrap_or_default()
    }
}

impl Encoder {
    /// Runs sequences in batches: `fill` gives the (id, type) of each token of sequence `i`, `reduce`
    /// gets its (width, rows) for each result.
    pub(super) fn run<'s, T: Send>(
        &'s self,
        work: &Work<'_>,
        fill: impl Fn(usize, &mut Vec<(i64, i64)>) + Sync,
        reduce: impl for<'a> Fn(usize, Vec<(usize, &'a [f32])>) -> T + Sync + 's,
    ) -> Result<Vec<T>, EncoderError> {
        let params = &self.params;
        let rules = batch::Rules {
            budget: params.batch_tokens,
            most: self.most,
            order: params.order,
            workers: self.pool.workers(),
        };
        let batches = batch::plan(work.lengths, rules);
        let done = in_parallel(self.pool.workers(), batches.len(), |worker, b| {
            let members = &batches[b];
            let slot = if batches.len() == 1 { Slot::Alone } else { Slot::Worker(worker) };
            let batch = self.batch(members, work, &fill);
            let seq = batch.seq;
            self.pool.run(slot, batch, |outputs| {
                // Where the rows begin that a member has asked for.
                let mut next = 0;
                let mut results = Vec::with_capacity(members.len());
                for (row, &i) in members.iter().enumerate() {
                    let (asked, first) = (work.asked(i), next);
                    next += asked.len();
                    let part = Part { row, seq, len: work.lengths[i], asked, first };
                    let ports = || outputs.iter().zip(self.pool.ports().outputs());
                    let picked: Vec<Vec<f32>> = ports().map(|(o, p)| part.picked(o, p)).collect();
                    let rows = ports().zip(&picked).map(|((o, p), picked)| part.of(o, p, picked));
                    results.push(reduce(i, rows.collect()));
                }
                results
            })
        })?;
        // Back from batches to the order given.
        let mut in_order: Vec<Option<T>> = work.lengths.iter().map(|_| None).collect();
        for (batch, results) in batches.iter().zip(done) {
            for (&i, result) in batch.iter().zip(results) {
                in_order[i] = Some(result);
            }
        }
        Ok(in_order.into_iter().flatten().collect())
    }

    /// A batch of these sequences, each padded to the longest.
    fn batch(
        &self,
        members: &[usize],
        work: &Work<'_>,
        fill: impl Fn(usize, &mut Vec<(i64, i64)>),
    ) -> Batch {
        let seq = members.iter().map(|&i| work.lengths[i]).max().unwrap_or(0);
        let capacity = members.len() * seq;
        let (mut ids, mut mask, mut types) = (
            Vec::with_capacity(capacity),
            Vec::with_capacity(capacity),
            Vec::with_capacity(capacity),
        );
        let mut asked = vec![];
        let mut tokens = Vec::with_capacity(seq);
        for (row, &i) in members.iter().enumerate() {
            tokens.clear();
            fill(i, &mut tokens);
            ids.extend(tokens.iter().map(|(id, _)| id));
            types.extend(tokens.iter().map(|(_, type_id)| type_id));
            mask.resize(ids.len(), 1);
            let filled = (row + 1) * seq;
            ids.resize(filled, self.pad_id);
            types.resize(filled, 0);
            mask.resize(filled, 0);
            let start = i64::try_from(row * seq).unwrap_or(i64::MAX);
            asked.extend(work.asked(i).iter().map(|&position| start + i64::from(position)));
        }
        let real: usize = members.iter().map(|&i| work.lengths[i]).sum();
        let (tokens, padded) = (real as u64, ids.len() as u64);
        self.counters.add(EncodingCounts {
            batches: 1,
            tokens,
            padded,
            ..EncodingCounts::default()
        });
        Batch { size: members.len(), seq, ids, mask, types, asked }
    }
}

/// A sequence's part of a batch.
struct Part<'w> {
    /// Index of the sequence in the batch.
    row: usize,
    /// Number of tokens of each sequence, padding included.
    seq: usize,
    /// Number of tokens of this sequence, padding excluded.
    len: usize,
    /// The places it is asked at.
    asked: &'w [u32],
    /// Number of positions of the batch before these.
    first: usize,
}

impl Part<'_> {
    /// The rows asked for, `[asked, width]`, where a graph has a row for every token.
    fn picked(&self, output: &BatchOutput<'_>, port: &OutputPort) -> Vec<f32> {
        if port.rows != Rows::Picked {
            return vec![];
        }
        let index = |&position: &u32| self.row * self.seq + position as usize;
        let row = |index: usize| &output.data[index * output.width..(index + 1) * output.width];
        self.asked.iter().flat_map(|position| row(index(position))).copied().collect()
    }

    /// Width and rows of the sequence's part of an output.
    fn of<'r>(
        &self,
        output: &BatchOutput<'r>,
        port: &OutputPort,
        picked: &'r [f32],
    ) -> (usize, &'r [f32]) {
        let width = output.width;
        let (from, rows) = match port.rows {
            Rows::Tokens => (self.row * self.seq, self.len),
            Rows::Texts => (self.row, 1),
            Rows::First => (self.row * self.seq, 1),
            Rows::Asked => (self.first, self.asked.len()),
            Rows::Picked => return (width, picked),
        };
        (width, &output.data[from * width..(from + rows) * width])
    }
}
