//! Whether a text goes on from another: the head that BERT was pre-trained with (Devlin et al.,
//! NAACL 2019, section 3.1).

use crate::HeadError;

/// The probability that the second text follows the first, from the head's two logits. Label 0 is
/// "is next", as in transformers 5, `BertForNextSentencePrediction`.
///
/// ```
/// // A difference of 2: 1 / (1 + e⁻²) = 0.8808.
/// let probability = cloze_heads::next_sentence::is_next(&[1.5, -0.5])?;
/// assert!((probability - 0.8808).abs() < 1e-4);
/// # Ok::<(), cloze_heads::HeadError>(())
/// ```
///
/// # Errors
/// [`HeadError::Part`] for other than two logits, [`HeadError::NotFinite`] for one that is not a
/// number.
pub fn is_next(logits: &[f32]) -> Result<f64, HeadError> {
    let part = "the next-sentence logits";
    let &[next, other] = logits else {
        return Err(HeadError::Part { part, expected: 2, found: logits.len() });
    };
    for (index, logit) in [next, other].into_iter().enumerate() {
        if !logit.is_finite() {
            return Err(HeadError::NotFinite { part, index, found: logit.into() });
        }
    }
    Ok(1.0 / (1.0 + (f64::from(other) - f64::from(next)).exp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_label_is_next() {
        // Equal; ln 3 apart, 3 to 1; and beyond what e^x can hold.
        let ln_3 = 3.0_f32.ln();
        for (logits, expected) in
            [([0.5, 0.5], 0.5), ([ln_3, 0.0], 0.75), ([0.0, ln_3], 0.25), ([-3e38, 3e38], 0.0)]
        {
            assert!((is_next(&logits).unwrap() - expected).abs() < 1e-7, "{logits:?}");
        }
    }

    #[test]
    fn what_is_no_pair_of_numbers_is_refused() {
        assert!(matches!(is_next(&[1.0]), Err(HeadError::Part { found: 1, .. })));
        assert!(matches!(is_next(&[1.0, f32::NAN]), Err(HeadError::NotFinite { index: 1, .. })));
    }
}
