//! Transition scores of a conditional random field, as they are saved.
use cloze_core::Chain;
use serde::{Deserialize, Serialize};

use crate::HeadError;

/// The scores of the first tag, of the last one, and of a tag with the next one, to be added to the
/// words' logits (Lafferty et al., ICML 2001). In JSON: `tags`, `start` and `end`, `[tags]`, and
/// `between`, `[tags, tags]`, a row for each earlier tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Transitions {
    tags: Vec<String>,
    chain: Chain,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    tags: Vec<String>,
    start: Vec<f32>,
    end: Vec<f32>,
    between: Vec<Vec<f32>>,
}

impl Transitions {
    /// Of the tags with these names, in the order of the model's outputs. Scores are rounded to 32
    /// bits, which is what is learned and saved.
    ///
    /// # Errors
    /// [`HeadError::Part`] unless `chain` is of as many tags; [`HeadError::NotFinite`].
    pub fn new(tags: Vec<String>, chain: Chain) -> Result<Self, HeadError> {
        Saved::from(Self { tags, chain }).try_into()
    }

    /// The names of the tags, in the order of the scores.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The scores.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }
}

impl TryFrom<Saved> for Transitions {
    type Error = HeadError;

    fn try_from(saved: Saved) -> Result<Self, HeadError> {
        let Saved { tags, start, end, between } = saved;
        let expected = tags.len();
        let rows = between.iter().map(|row| ("a row of between", row.len()));
        let whole = [("start", start.len()), ("end", end.len()), ("between", between.len())];
        for (part, length) in whole.into_iter().chain(rows) {
            if length != expected {
                return Err(HeadError::Part { part, expected, found: length });
            }
        }
        let wide = |part, values: &[f32]| match values.iter().position(|x| !x.is_finite()) {
            Some(index) => Err(HeadError::NotFinite { part, index, found: values[index].into() }),
            None => Ok(values.iter().copied().map(f64::from).collect()),
        };
        let between = wide("between", &between.concat())?;
        // The sizes agree: what is left is that there are tags at all.
        let chain = Chain::new(wide("start", &start)?, wide("end", &end)?, between);
        Ok(Self { tags, chain: chain.ok_or(HeadError::NoLabels)? })
    }
}

impl From<Transitions> for Saved {
    fn from(transitions: Transitions) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
        let narrow = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let Transitions { tags, chain } = transitions;
        let between = chain.between().chunks_exact(chain.labels()).map(narrow).collect();
        Self { tags, start: narrow(chain.start()), end: narrow(chain.end()), between }
    }
}
