//! Some rows of the hidden states, put together and, as gradients, back.
use crate::kernel::dropout::Dropout;
use crate::{Hidden, TrainingSequence, TuneError};

/// Copies of hidden states, some of their numbers dropped.
pub(super) struct Rows {
    /// Indices of the rows' tokens in the batch.
    tokens: Vec<usize>,
    dropout: Option<Dropout>,
    /// `[rows, width]`.
    pub(super) values: Vec<f32>,
}

impl Rows {
    pub(super) fn gather(hidden: &Hidden, tokens: Vec<usize>, dropout: Option<Dropout>) -> Self {
        let width = hidden.width();
        let mut values = Vec::with_capacity(tokens.len() * width);
        for &token in &tokens {
            let start = token * width;
            values.extend_from_slice(&hidden.rows()[start..start + width]);
            if let Some(dropout) = dropout {
                let row = values.len() - width;
                dropout.from(start).apply(&mut values[row..]);
            }
        }
        Self { tokens, dropout, values }
    }

    /// Adds gradients with respect to the copies, `[rows, width]`, to those of the hidden states.
    pub(super) fn scatter(&self, mut gradients: Vec<f32>, into: &mut Hidden) {
        let width = into.width();
        for (&token, row) in self.tokens.iter().zip(gradients.chunks_exact_mut(width)) {
            let start = token * width;
            if let Some(dropout) = self.dropout {
                dropout.from(start).apply(row);
            }
            for (sum, gradient) in into.rows_mut()[start..start + width].iter_mut().zip(row) {
                *sum += *gradient;
            }
        }
    }
}

/// Whether `hidden` has rows of `width` numbers, one for each token of each of these sequences.
pub(super) fn check<'s>(
    sequences: impl IntoIterator<Item = &'s TrainingSequence>,
    hidden: &Hidden,
    width: usize,
) -> Result<(), TuneError> {
    let wrong = |sequence, what| Err(TuneError::Sequence { sequence, what });
    let mut count = 0;
    for (i, sequence) in sequences.into_iter().enumerate() {
        count = i + 1;
        let states = if i < hidden.len() { hidden.range(i).len() } else { 0 };
        if sequence.is_empty() {
            return wrong(i, "no tokens".into());
        }
        if states != sequence.len() {
            return wrong(i, format!("{} tokens, but {states} hidden states", sequence.len()));
        }
    }
    if count < hidden.len() {
        return wrong(count, "hidden states, but no such sequence".into());
    }
    check_width(hidden, width)
}

/// Whether `hidden`, if it has any rows, has rows of `width` numbers.
pub(super) fn check_width(hidden: &Hidden, width: usize) -> Result<(), TuneError> {
    let actual = hidden.width();
    if actual == width || hidden.tokens() == 0 {
        return Ok(());
    }
    let what = format!("hidden states of {actual} numbers, expected {width}");
    Err(TuneError::Sequence { sequence: 0, what })
}
