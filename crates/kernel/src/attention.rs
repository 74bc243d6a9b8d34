//! Attention of the tokens of a text to each other (Vaswani et al. 2017), a head at a time.
//!
//! Tokens that the mask leaves out are not computed at all, and their rows are zeros: a text has the same bits however
//! much padding stands behind it.
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::product::{Output, Sizes, View, multiply};
use super::rows::scale_of;
use super::softmax::softmax_and_factors;
use super::vectorised;

/// Inputs of [`attention`].
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Query, key and value side by side, but for scale and bias, `[batch, seq, 3 · hidden]`.
    pub sums: &'a [f32],
    /// Scale of each row, `[batch · seq]`, or of all.
    pub scales: &'a [f32],
    /// `[3 · hidden]`.
    pub bias: &'a [f32],
    /// 0 where there is no token, `[batch, seq]`.
    pub mask: &'a [i32],
    /// Length of the longest text.
    pub seq: usize,
    /// Number of heads, of which the hidden size is a multiple.
    pub heads: usize,
}

/// Memory that is kept from run to run, for some heads at a time.
#[derive(Debug, Default)]
pub struct Room {
    /// Query, key and value of a head, each `[tokens, width of a head]`.
    parts: [Vec<f32>; 3],
    /// `[tokens, tokens]`.
    scores: Vec<f32>,
    /// Factor of each row of each head, `[heads, tokens]`.
    factors: Vec<f32>,
    /// `[heads, tokens, width of a head]`, but for the factors.
    context: Vec<f32>,
}

/// softmax(query · keyᵀ / √width) · value of each head, `[batch, seq, hidden]`.
///
/// Each of `rooms` is for heads that are worked out beside the others: `beside` is given a number n and what is to be
/// called with 0 to n − 1, in any order, on any threads. With one room it is not called.
///
/// # Errors
///
/// Errors of `beside`.
pub fn attention<E>(
    given: Given<'_>,
    rooms: &[Mutex<Room>],
    out: &mut [f32],
    beside: impl Fn(usize, &(dyn Fn(usize) + Send + Sync)) -> Result<(), E>,
) -> Result<(), E> {
    let Given { bias, mask, seq, heads, .. } = given;
    let hidden = bias.len() / 3;
    // With one room a head at a time, while it is in the cache.
    let at_once = if rooms.len() > 1 { heads.div_ceil(rooms.len()) } else { 1 };
    let mut tokens = Vec::with_capacity(seq);
    let texts = mask.chunks_exact(seq.max(1)).zip(out.chunks_exact_mut((seq * hidden).max(1)));
    for (text, (mask, out)) in texts.enumerate() {
        tokens.clear();
        tokens.extend((0..seq).filter(|&i| mask[i] != 0));
        if tokens.len() < seq {
            out.fill(0.0);
        }
        let mut first = 0;
        while first < heads {
            let some = |i: usize| first + i * at_once..heads.min(first + (i + 1) * at_once);
            let work = |i: usize| lock(&rooms[i]).heads(given, &tokens, text * seq, some(i));
            let parts = (heads - first).div_ceil(at_once).min(rooms.len());
            if parts == 1 {
                work(0);
            } else {
                beside(parts, &work)?;
            }
            for (i, room) in rooms[..parts].iter().enumerate() {
                lock(room).store(given, &tokens, some(i), out);
            }
            first = some(parts - 1).end;
        }
    }
    Ok(())
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    /// Context of these heads of the text whose first row is `start`.
    fn heads(&mut self, given: Given<'_>, tokens: &[usize], start: usize, heads: Range<usize>) {
        let width = given.bias.len() / 3 / given.heads;
        self.context.resize(heads.len() * tokens.len() * width, 0.0);
        self.factors.resize(heads.len() * tokens.len(), 0.0);
        for (i, head) in heads.enumerate() {
            self.head(given, tokens, start, (i, head));
        }
    }

    /// Context of a head, the `place`th in this room.
    fn head(&mut self, given: Given<'_>, tokens: &[usize], start: usize, at: (usize, usize)) {
        let Given { sums, scales, bias, heads, .. } = given;
        let Self { parts, scores, factors, context } = self;
        let (place, head) = at;
        let hidden = bias.len() / 3;
        let width = hidden / heads;
        let n = tokens.len();
        for (i, part) in parts.iter_mut().enumerate() {
            part.resize(n * width, 0.0);
            let first = i * hidden + head * width;
            let bias = &bias[first..][..width];
            vectorised(
                #[inline(always)]
                || {
                    for (out, token) in part.chunks_exact_mut(width).zip(tokens) {
                        let row = start + token;
                        let scale = scale_of(scales, row);
                        let sums = &sums[row * 3 * hidden + first..][..width];
                        for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
                            *out = sum * scale + bias;
                        }
                    }
                },
            );
        }
        let [query, key, value] = &*parts;
        let view = |data, transposed| View { data, stride: width, transposed };
        scores.resize(n * n, 0.0);
        #[expect(clippy::cast_precision_loss, reason = "a width")]
        let factor = 1.0 / (width as f32).sqrt();
        let sizes = Sizes { m: n, n, k: width };
        let output = Output { data: scores, stride: n, add: false };
        multiply(sizes, view(query, false), view(key, true), factor, output);
        softmax_and_factors(scores, n, &mut factors[place * n..][..n]);
        let sizes = Sizes { m: n, n: width, k: n };
        let context = &mut context[place * n * width..][..n * width];
        let output = Output { data: context, stride: width, add: false };
        let scores = View { data: scores, stride: n, transposed: false };
        multiply(sizes, scores, view(value, false), 1.0, output);
    }

    /// Puts the context of these heads in its columns of the tokens' rows of `out`, `[seq, hidden]`.
    fn store(&self, given: Given<'_>, tokens: &[usize], heads: Range<usize>, out: &mut [f32]) {
        let hidden = given.bias.len() / 3;
        let width = hidden / given.heads;
        vectorised(
            #[inline(always)]
            || {
                let rows = self.context.chunks_exact(width.max(1)).zip(&self.factors);
                let places = heads.flat_map(|head| tokens.iter().map(move |token| (head, token)));
                for ((row, factor), (head, token)) in rows.zip(places) {
                    let out = &mut out[token * hidden + head * width..][..width];
                    for (out, x) in out.iter_mut().zip(row) {
                        *out = x * factor;
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(given: Given<'_>) -> Vec<f32> {
        run_in(1, given)
    }

    /// With heads in so many rooms, the last first.
    fn run_in(rooms: usize, given: Given<'_>) -> Vec<f32> {
        let mut out = vec![9.0; given.sums.len() / 3];
        let rooms: Vec<Mutex<Room>> = (0..rooms).map(|_| Mutex::default()).collect();
        let beside = |n: usize, work: &(dyn Fn(usize) + Send + Sync)| {
            (0..n).rev().for_each(work);
            Ok::<(), ()>(())
        };
        attention(given, &rooms, &mut out, beside).unwrap();
        out
    }

    /// One head of width 1, two tokens: queries 1 and 0, keys 0 and ln 3, values 4 and 8. The first token's scores are 0
    /// and ln 3, so it takes 1/4 and 3/4: 7; the second's are equal: 6.
    #[test]
    fn shares_are_as_worked_by_hand() {
        let ln3 = 3.0_f32.ln();
        // Query, key, value, each minus a bias of 1, and halved: the scale of the rows is 2.
        let sums: Vec<f32> =
            [1.0, 0.0, 4.0, 0.0, ln3, 8.0].iter().map(|x| (x - 1.0) / 2.0).collect();
        let given =
            Given { sums: &sums, scales: &[2.0], bias: &[1.0; 3], mask: &[1, 1], seq: 2, heads: 1 };
        let out = run(given);
        assert!((out[0] - 7.0).abs() < 1e-5 && (out[1] - 6.0).abs() < 1e-5, "{out:?}");
        // Without the second token the first has its own value alone, and the second row is nothing.
        let out = run(Given { mask: &[1, 0], ..given });
        assert!((out[0] - 4.0).abs() < 1e-5 && out[1] == 0.0, "{out:?}");
        // Tokens need not come first.
        let out = run(Given { mask: &[0, 1], ..given });
        assert!(out[0] == 0.0 && (out[1] - 8.0).abs() < 1e-5, "{out:?}");
    }

    /// Whatever stands beside and behind a text, and whichever scales the rows of others have.
    #[test]
    fn a_text_has_the_same_bits_with_any_padding() {
        let (heads, hidden) = (3, 3 * 20);
        let number =
            |i: usize| f32::from(u8::try_from((i * 7919 + 13) % 101).unwrap()) / 40.0 - 1.2;
        let bias: Vec<f32> = (0..3 * hidden).map(|i| number(i + 5) / 4.0).collect();
        let as_bits = |xs: &[f32]| xs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for len in [1, 2, 15, 16, 17, 33, 70] {
            let row = |i: usize| (0..3 * hidden).map(move |j| number(i * 3 * hidden + j));
            let sums: Vec<f32> = (0..len).flat_map(row).collect();
            let scales: Vec<f32> = (0..len).map(|i| 0.5 + number(i).abs()).collect();
            let mask = vec![1; len];
            let base =
                Given { sums: &sums, scales: &scales, bias: &bias, mask: &mask, seq: len, heads };
            let alone = run(base);
            // Nor does it matter which heads are worked out beside each other: two and one, one each, none in a fourth room.
            for rooms in 2..5 {
                assert_eq!(as_bits(&run_in(rooms, base)), as_bits(&alone), "{len} {rooms}");
            }
            let seq = len + 9;
            // Behind another text that fills all of its room.
            let others: Vec<f32> = (0..seq).flat_map(|i| row(i + 1000)).collect();
            let padding: Vec<f32> = (0..9).flat_map(|i| row(i + 2000)).collect();
            let all: Vec<f32> = others.iter().chain(&sums).chain(&padding).copied().collect();
            let scales: Vec<f32> =
                vec![0.7; seq].into_iter().chain(scales).chain([3.0; 9]).collect();
            let mut mask = vec![1; seq + len];
            mask.extend([0; 9]);
            let batch =
                run(Given { sums: &all, scales: &scales, bias: &bias, mask: &mask, seq, heads });
            let (found, rest) = batch[seq * hidden..].split_at(len * hidden);
            assert_eq!(as_bits(found), as_bits(&alone), "{len}");
            assert!(rest.iter().all(|x| *x == 0.0));
        }
    }
}
