//! Senses in a file, `senses.safetensors`, and the description that goes into another.
//!
//! Tensors: `vectors`, `[senses, width]`, in f16, in the order of words and of their senses; the
//! correction's numbers in f32, under the names of its fields: `correction.mean`, `correction.inv_std`
//! and `correction.directions`.
use std::path::Path;

use cloze_embed::correction::{Correct, Method};
use cloze_store::{Existing, Location};
use half::f16;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use super::predict::Rows;
use super::{FittedSenses, Lexicon, LexiconWord};
use crate::HeadError;
use crate::tensors::{self, Tensors};

const VECTORS: &str = "vectors";

/// Description of senses, without their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SenseSpec {
    /// The width of an occurrence's vector.
    pub width: usize,
    /// The correction of vectors.
    pub correction: Option<Method>,
    /// The weight of frequency.
    pub prior: f64,
    /// The words, by lemma and part of speech.
    pub words: Vec<LexiconWord>,
}

impl FittedSenses {
    /// The facts that are not in the file of numbers.
    #[must_use]
    pub fn spec(&self) -> SenseSpec {
        use cloze_embed::correction::Correction;
        let correction = self.correction.as_ref().map(|correction| match correction {
            Correction::ZScore(_) => Method::ZScore,
            Correction::Whitening(w) => Method::Whitening { dims: Some(w.width_out()) },
            Correction::AllButTheTop(top) => {
                Method::AllButTheTop { directions: Some(top.directions().rows()) }
            }
        });
        let words = self.lexicon.words().to_vec();
        SenseSpec { width: self.width, correction, prior: self.prior, words }
    }

    /// Writes the numbers to the file `path`: the same bytes for the same numbers.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it exists and is not to be replaced, or cannot be written.
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), HeadError> {
        let Rows { width, numbers } = &self.rows;
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let shape = vec![self.lexicon.senses(), *width];
        let mut entries = vec![(VECTORS.to_owned(), Dtype::F16, shape, bytes)];
        if let Some(correction) = &self.correction {
            entries.extend(tensors::of_correction(correction, path)?);
        }
        tensors::write(path, &entries, existing)
    }

    /// The senses whose numbers are in the file `path` and of which `spec` says the rest.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it cannot be read or is too large; [`HeadError::Safetensors`] if it is
    /// damaged; [`HeadError::HeadVersion`]; [`HeadError::Tensor`] names the first tensor that is missing,
    /// unknown, holds a number that is none, or is not of the type and shape that `spec` asks for;
    /// [`HeadError::Correction`] for numbers that make none; [`HeadError::Lexicon`] for words that are
    /// in no order; [`HeadError::OutOfRange`] for a prior that is none.
    pub fn open(path: impl Into<Location>, spec: SenseSpec) -> Result<Self, HeadError> {
        let path = path.into();
        let SenseSpec { width, correction, prior, words } = spec;
        let lexicon = Lexicon::new(words)?;
        let bytes = tensors::read(&path)?;
        let file = Tensors::of(&path, &bytes)?;
        let mut known = vec![VECTORS];
        known.extend(correction.into_iter().flat_map(tensors::names_of));
        file.check_known(&known)?;
        let correction = correction.map(|method| file.correction(method, width)).transpose()?;
        let width_out = correction.as_ref().map_or(width, Correct::width_out);
        let shape = [Some(lexicon.senses()), Some(width_out)];
        let (numbers, _) = file.bytes(VECTORS, Dtype::F16, &shape)?.as_chunks();
        let numbers: Vec<f16> = numbers.iter().map(|b| f16::from_le_bytes(*b)).collect();
        if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
            let actual = format!("{} as number {index}", numbers[index]);
            return Err(file.unlike(VECTORS, "finite numbers".into(), actual));
        }
        Self::new(lexicon, Rows { width: width_out, numbers }, width, correction, prior)
    }
}
