//! Whether systems with the same weights give the same results.
use std::path::Path;

use anyhow::bail;
use serde::Serialize;
use serde_json::Value;

use crate::workload::Task;

/// The most that numbers of two vectors of length 1 may be apart: rounding of 32-bit floats in another
/// order comes to about 1e-6.
const MOST: f64 = 1e-4;

/// Difference between results and those of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Difference {
    /// Of any number of any vector, the largest.
    Vectors(f64),
    /// Entities of either that the other does not have, and entities of the reference.
    Entities { differing: usize, of: usize },
}

impl Difference {
    /// Whether speed says nothing, since something else is computed. A few entities may differ where two
    /// probabilities are the same but for rounding: one in a thousand.
    pub(crate) fn too_large(self) -> bool {
        match self {
            Self::Vectors(most) => most.is_nan() || most > MOST,
            Self::Entities { differing, of } => 1000 * differing > of,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vectors(most) => write!(f, "{most:.1e}"),
            Self::Entities { differing, of } => write!(f, "{differing} of {of} entities"),
        }
    }
}

/// Compares what two systems have saved.
///
/// # Errors
/// If a file cannot be read, or they are not results of as many texts.
pub(crate) fn compare(task: Task, reference: &Path, other: &Path) -> anyhow::Result<Difference> {
    match task {
        Task::Vectors => vectors(&fs_err::read(reference)?, &fs_err::read(other)?),
        Task::Entities => {
            entities(&fs_err::read_to_string(reference)?, &fs_err::read_to_string(other)?)
        }
    }
}

fn vectors(reference: &[u8], other: &[u8]) -> anyhow::Result<Difference> {
    if reference.len() != other.len() || reference.is_empty() {
        bail!("{} bytes of vectors, {} of the reference", other.len(), reference.len());
    }
    let numbers = |bytes: &[u8]| -> Vec<f32> {
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let apart = numbers(reference).into_iter().zip(numbers(other));
    let apart = apart.map(|(a, b)| (f64::from(a) - f64::from(b)).abs());
    // `f64::max` would pass over what is not a number.
    let most = apart.fold(0.0, |most: f64, x| if x.is_nan() || x > most { x } else { most });
    Ok(Difference::Vectors(most))
}

fn entities(reference: &str, other: &str) -> anyhow::Result<Difference> {
    let (reference, other): (Vec<_>, Vec<_>) =
        (reference.lines().collect(), other.lines().collect());
    if reference.len() != other.len() {
        bail!("entities of {} texts, {} of the reference", other.len(), reference.len());
    }
    let (mut differing, mut of) = (0, 0);
    for (reference, other) in reference.into_iter().zip(other) {
        let reference: Vec<Value> = serde_json::from_str(reference)?;
        let other: Vec<Value> = serde_json::from_str(other)?;
        of += reference.len();
        differing += reference.iter().filter(|entity| !other.contains(entity)).count();
        differing += other.iter().filter(|entity| !reference.contains(entity)).count();
    }
    Ok(Difference::Entities { differing, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn the_largest_difference_counts() {
        let of = |a: &[f32], b: &[f32]| vectors(&bytes(a), &bytes(b));
        assert_eq!(of(&[0.5, -0.5], &[0.5, -0.25]).unwrap(), Difference::Vectors(0.25));
        assert!(!of(&[0.5, 0.25], &[0.5, 0.250_01]).unwrap().too_large());
        assert!(of(&[0.5, 0.25], &[0.5, 0.251]).unwrap().too_large());
        assert!(of(&[0.5, 0.25], &[f32::NAN, 0.25]).unwrap().too_large());
        assert!(of(&[0.5], &[0.5, 0.5]).is_err());
        assert!(of(&[], &[]).is_err());
    }

    /// The first text has one entity more than the other, the second's ends elsewhere: three differ.
    #[test]
    fn entities_differ_on_either_side() {
        let reference = "[[\"PER\",0,6],[\"LOC\",8,9]]\n[[\"PER\",0,6]]\n[]\n";
        let other = "[[\"PER\",0,6]]\n[[\"PER\",0,5]]\n[]\n";
        let difference = entities(reference, other).unwrap();
        assert_eq!(difference, Difference::Entities { differing: 3, of: 3 });
        assert!(difference.too_large());
        assert!(!entities(reference, reference).unwrap().too_large());
        assert!(entities(reference, "[]\n").is_err());
    }
}
