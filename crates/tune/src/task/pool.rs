//! A vector of length 1 for each sequence.
use crate::Hidden;

/// Pooling of a text's hidden states into one vector, of those that have a backward pass: fewer than
/// encoders are used with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskPooling {
    /// The mean over all tokens, special ones included.
    #[default]
    Mean,
    /// The first token.
    Cls,
}

/// Below this a vector has no direction. Source: PyTorch 2.15, `torch.nn.functional.normalize`.
const SHORTEST: f64 = 1e-12;

/// Pooled vectors, scaled to length 1. In f64: they are few, and cosines near 1 are to be told apart.
pub(super) struct Vectors {
    pool: TaskPooling,
    width: usize,
    /// `[sequences, width]`; zeros for a vector without direction.
    pub(super) units: Vec<f64>,
    /// Length that each vector was divided by; none for such a vector.
    lengths: Vec<Option<f64>>,
}

impl Vectors {
    /// Of `hidden`, in which no sequence is empty.
    pub(super) fn of(hidden: &Hidden, pool: TaskPooling) -> Self {
        let width = hidden.width();
        let mut units = vec![0.0; hidden.len() * width];
        let mut lengths = vec![];
        for (i, unit) in units.chunks_exact_mut(width.max(1)).enumerate() {
            let used = used(hidden.sequence(i), pool, width);
            for row in used.chunks_exact(width) {
                for (sum, x) in unit.iter_mut().zip(row) {
                    *sum += f64::from(*x);
                }
            }
            let share = share(used.len() / width);
            for x in &mut *unit {
                *x *= share;
            }
            let length = unit.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length < SHORTEST {
                unit.fill(0.0);
                lengths.push(None);
            } else {
                for x in &mut *unit {
                    *x /= length;
                }
                lengths.push(Some(length));
            }
        }
        Self { pool, width, units, lengths }
    }

    /// Vector `i`.
    pub(super) fn unit(&self, i: usize) -> &[f64] {
        &self.units[i * self.width..(i + 1) * self.width]
    }

    /// Adds `scale` times the gradient with respect to the hidden states, from that with respect to
    /// vector `i`. What has no direction gets none.
    #[expect(clippy::cast_possible_truncation, reason = "gradients have the model's own width")]
    pub(super) fn backward(&self, i: usize, gradient: &[f64], scale: f64, into: &mut Hidden) {
        let Some(length) = self.lengths[i] else { return };
        let unit = self.unit(i);
        // Only what is at right angles to the vector turns it.
        let along: f64 = unit.iter().zip(gradient).map(|(u, g)| u * g).sum();
        let tokens = match self.pool {
            TaskPooling::Mean => into.range(i).len(),
            TaskPooling::Cls => 1,
        };
        let by = scale * share(tokens) / length;
        for row in into.sequence_mut(i).chunks_exact_mut(self.width).take(tokens) {
            for ((sum, unit), gradient) in row.iter_mut().zip(unit).zip(gradient) {
                *sum += (by * (gradient - along * unit)) as f32;
            }
        }
    }
}

fn used(rows: &[f32], pool: TaskPooling, width: usize) -> &[f32] {
    match pool {
        TaskPooling::Mean => rows,
        TaskPooling::Cls => &rows[..width.min(rows.len())],
    }
}

#[expect(clippy::cast_precision_loss, reason = "texts have few tokens")]
fn share(tokens: usize) -> f64 {
    1.0 / tokens.max(1) as f64
}
