//! Dropout of numbers, chosen by their place alone.
use crate::encoder::DropoutAt;
use crate::random::derive;

/// Keeps the task's dropout apart from the encoder's, which has the same seed.
const TASK: u64 = 0x7461_736b;

/// Which numbers become 0. The same for the numbers on the way forth and their gradients on the way
/// back. Source: Srivastava et al., JMLR 2014; scaled while training, as PyTorch has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    seed: u64,
    /// The first of 2³² draws that is kept.
    kept_from: u64,
    scale: f32,
}

impl Mask {
    /// For one of a task's several places of dropout; none where nothing is dropped.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^32")]
    pub(super) fn of(at: Option<DropoutAt>, part: u64) -> Option<Self> {
        let at = at.filter(|at| at.rate > 0.0)?;
        let kept_from = (f64::from(at.rate.min(1.0)) * 2_f64.powi(32)).round() as u64;
        let seed = derive(derive(at.seed, TASK), part);
        Some(Self { seed, kept_from, scale: 1.0 / (1.0 - at.rate) })
    }

    /// Drops some of `values`, which are numbers `first` and on, and scales the others.
    pub(super) fn apply(&self, values: &mut [f32], first: usize) {
        for (place, value) in (first as u64..).zip(values) {
            let kept = derive(self.seed, place) >> 32 >= self.kept_from;
            *value = if kept { *value * self.scale } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(rate: f32, seed: u64, part: u64, len: usize) -> Vec<f32> {
        let mut values = vec![1.0; len];
        if let Some(mask) = Mask::of(Some(DropoutAt { seed, rate }), part) {
            mask.apply(&mut values, 0);
        }
        values
    }

    /// Of 10,000 draws at 0.1 the standard error is sqrt(0.09 / 10,000) = 0.003; kept ones become
    /// 1 / 0.9.
    #[test]
    fn the_rate_is_dropped_and_the_rest_is_scaled() {
        let values = dropped(0.1, 5, 0, 10_000);
        let zeros = values.iter().filter(|v| **v == 0.0).count();
        assert!((900..=1100).contains(&zeros), "{zeros}");
        assert!(values.iter().all(|v| *v == 0.0 || (v - 1.0 / 0.9).abs() < 1e-6));
        assert_eq!(dropped(0.0, 5, 0, 3), [1.0; 3]);
        assert_eq!(dropped(1.0, 5, 0, 100), [0.0; 100]);
        assert_eq!(dropped(f32::NAN, 5, 0, 3), [1.0; 3]);
    }

    #[test]
    fn what_is_dropped_depends_on_the_place_alone() {
        let at = DropoutAt { seed: 9, rate: 0.5 };
        let whole = dropped(0.5, 9, 1, 64);
        let mut end = vec![1.0; 24];
        Mask::of(Some(at), 1).unwrap().apply(&mut end, 40);
        assert_eq!(whole[40..], end);
        assert_ne!(whole, dropped(0.5, 9, 2, 64), "another part of the task");
        assert_ne!(whole, dropped(0.5, 8, 1, 64), "another seed");
    }
}
