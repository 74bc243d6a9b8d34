//! The tokens of texts, and what the encoder makes of them.

/// The tokens of one text or of a pair put together, special ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingSequence {
    /// Rows of the word table.
    pub ids: Vec<u32>,
    /// Rows of the token-type table, as many; or none: all are 0.
    pub types: Vec<u32>,
}

impl TrainingSequence {
    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// A row for each token of each sequence of a batch, end to end: `[tokens, width]`. Hidden states,
/// and gradients of a loss with respect to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hidden {
    width: usize,
    starts: Vec<usize>,
    rows: Vec<f32>,
}

impl Hidden {
    /// Zeros, for sequences of these lengths.
    #[must_use]
    pub fn zeros(width: usize, lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        starts.extend(lengths.into_iter().map(|length| {
            end += length;
            end
        }));
        Self { width, starts, rows: vec![0.0; end * width] }
    }

    /// Number of values per row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are no sequences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of tokens of all sequences.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The tokens of sequence `i`, as places in `0..tokens()`.
    ///
    /// # Panics
    /// Unless `i` is below [`len`](Self::len).
    #[must_use]
    pub fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.starts[i]..self.starts[i + 1]
    }

    /// The rows of sequence `i`, `[length, width]`.
    ///
    /// # Panics
    /// Unless `i` is below [`len`](Self::len).
    #[must_use]
    pub fn sequence(&self, i: usize) -> &[f32] {
        let tokens = self.range(i);
        &self.rows[tokens.start * self.width..tokens.end * self.width]
    }

    /// The rows of sequence `i`, to be written.
    ///
    /// # Panics
    /// Unless `i` is below [`len`](Self::len).
    pub fn sequence_mut(&mut self, i: usize) -> &mut [f32] {
        let tokens = self.range(i);
        &mut self.rows[tokens.start * self.width..tokens.end * self.width]
    }

    /// All rows, `[tokens, width]`.
    #[must_use]
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// All rows, to be written.
    pub fn rows_mut(&mut self) -> &mut [f32] {
        &mut self.rows
    }
}
