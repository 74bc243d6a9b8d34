//! Tokens that a model forces or never draws, and the beginning of a text by an encoder–decoder.
//!
//! Source: transformers 5.24, `generation/logits_process.py` and `generation/utils.py`.
use cloze_encoder::decoder::Decoder;

use crate::{Defaults, GenerateError, ValidGenerateParams};

/// Rules of a model for the tokens that it draws.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Id of the token that every text begins with, where the decoder has one token.
    forced_bos: Option<u32>,
    /// Id of the token that takes the place of the last one where a text gets as long as it may.
    forced_eos: Option<u32>,
    /// Ids that are never drawn.
    suppressed: Vec<u32>,
}

impl Rules {
    /// The rules of a model's files. `generation_config.json` stands for `config.json` where it is there.
    pub(crate) fn of(defaults: &Defaults, decoder: &Decoder, eos: &[u32]) -> Self {
        let mut suppressed = defaults.suppressed.clone();
        // transformers' `NoBadWordsLogitsProcessor` leaves these out, too.
        suppressed.extend(defaults.bad_words.iter().filter(|id| !eos.contains(id)));
        let of_config = decoder.encoder_decoder().filter(|_| !defaults.is_file);
        Self {
            forced_bos: of_config.map_or(defaults.forced_bos, |config| config.forced_bos),
            forced_eos: of_config.map_or(defaults.forced_eos, |config| config.forced_eos),
            suppressed,
        }
    }

    /// The token that comes behind `ids` whatever the logits are; `longest` is the most tokens of a text,
    /// prompt included. The second is whether it ends the text for its length.
    pub(crate) fn forced(&self, ids: &[u32], longest: usize) -> Option<(u32, bool)> {
        let last = self.forced_eos.filter(|_| ids.len() + 1 == longest).map(|id| (id, true));
        last.or_else(|| self.forced_bos.filter(|_| ids.len() == 1).map(|id| (id, false)))
    }

    /// Ids that are not drawn behind `ids`, of which the last `new` are new.
    pub(crate) fn never(
        &self,
        ids: &[u32],
        new: usize,
        eos: &[u32],
        params: &ValidGenerateParams,
    ) -> Vec<u32> {
        let mut never = self.suppressed.clone();
        if new < params.min_new_tokens {
            never.extend(eos);
        }
        never.extend(repeating(ids, params.no_repeat_ngram));
        never
    }
}

/// Tokens that would make the last `n` tokens the same as some `n` before; none if `n` is 0.
fn repeating(ids: &[u32], n: usize) -> Vec<u32> {
    let Some(start) = (ids.len() + 1).checked_sub(n).filter(|_| n > 0) else { return vec![] };
    let last = &ids[start.min(ids.len())..];
    let windows = ids.windows(n).filter(|window| window[..n - 1] == *last);
    windows.map(|window| window[n - 1]).collect()
}

/// Id of the token that the decoder of an encoder–decoder begins with.
///
/// # Errors
/// [`GenerateError::NoStart`] where no file says.
pub(crate) fn start(decoder: &Decoder, defaults: &Defaults) -> Result<u32, GenerateError> {
    let of_config = decoder.encoder_decoder().and_then(|config| config.start);
    defaults.start.or(of_config).ok_or(GenerateError::NoStart)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "1 2 3 1 2": pairs that begin with 2 go on with 3; of single tokens all are there; triples that begin
    /// with "1 2" go on with 3; longer ones none.
    #[test]
    fn n_grams_come_once() {
        let ids = [1, 2, 3, 1, 2];
        assert_eq!(repeating(&ids, 0), [0_u32; 0]);
        assert_eq!(repeating(&ids, 1), ids);
        assert_eq!(repeating(&ids, 2), [3]);
        assert_eq!(repeating(&ids, 3), [3]);
        assert_eq!(repeating(&ids, 4), [0_u32; 0]);
        assert_eq!(repeating(&ids, 9), [0_u32; 0]);
        assert_eq!(repeating(&[], 2), [0_u32; 0]);
    }

    #[test]
    fn the_first_and_the_last_token_may_be_forced() {
        let rules = Rules { forced_bos: Some(5), forced_eos: Some(2), suppressed: vec![] };
        assert_eq!(rules.forced(&[1], 9), Some((5, false)));
        assert_eq!(rules.forced(&[1, 5], 9), None);
        assert_eq!(rules.forced(&[1, 5], 3), Some((2, true)));
        assert_eq!(rules.forced(&[1], 2), Some((2, true)));
        assert_eq!(Rules::default().forced(&[1], 2), None);
    }
}
