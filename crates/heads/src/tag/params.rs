//! Settings of a tagger, and their validation.
use cloze_core::{Chain, Scheme, Tag, TagSet};

use super::{Aggregation, Decode, TagDecoder, Transitions};
use crate::HeadError;

/// Settings of tagging. [`TagParams::check`] validates it.
#[derive(Clone, Debug)]
pub struct TagParams {
    tags: Vec<String>,
    aggregation: Aggregation,
    decode: Option<Decode>,
    scheme: Option<Scheme>,
    labels: Option<Vec<String>>,
    min_score: f32,
    min_scores: Vec<(String, f32)>,
    recall_bias: f32,
    transitions: Option<Transitions>,
}

impl TagParams {
    /// For a model with these tag names, in the order of its outputs.
    #[must_use]
    pub fn new(tags: Vec<String>) -> Self {
        Self {
            tags,
            aggregation: Aggregation::default(),
            decode: None,
            scheme: None,
            labels: None,
            min_score: 0.0,
            min_scores: vec![],
            recall_bias: 0.0,
            transitions: None,
        }
    }

    /// Aggregation of the pieces of a word. Default [`Aggregation::First`].
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// Decoding of tags. Default `None`: [`Decode::Viterbi`], and of tokens that are not aggregated the
    /// tags as the model gives them, [`Decode::Argmax`].
    #[must_use]
    pub fn decode(mut self, decode: impl Into<Option<Decode>>) -> Self {
        self.decode = decode.into();
        self
    }

    /// Tagging scheme. Default: the one that the names of the tags show ([`TagSet::parse`]).
    #[must_use]
    pub fn scheme(mut self, scheme: Option<Scheme>) -> Self {
        self.scheme = scheme;
        self
    }

    /// The labels wanted; entities with others are left out. Default: all.
    #[must_use]
    pub fn labels(mut self, labels: Option<Vec<String>>) -> Self {
        self.labels = labels;
        self
    }

    /// The score, 0 to 1, below which entities are left out. Default `0`.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = score;
        self
    }

    /// The minimum score of one label, in place of the general one.
    #[must_use]
    pub fn min_score_of(mut self, label: String, score: f32) -> Self {
        self.min_scores.push((label, score));
        self
    }

    /// Taken off the logit of `O` before anything else: what is doubtful is tagged rather than
    /// passed over, and scores are those of the shifted logits. 0 leaves the model as it is; 1
    /// multiplies the odds of an entity by 2.7. Default `0`.
    #[must_use]
    pub fn recall_bias(mut self, logits: f32) -> Self {
        self.recall_bias = logits;
        self
    }

    /// Transition scores of a conditional random field, between neighbouring words' tags. A tag's
    /// score is then its probability among all sequences, or among those that the scheme allows, if
    /// the choice is from these. Default: none.
    #[must_use]
    pub fn transitions(mut self, transitions: Option<Transitions>) -> Self {
        self.transitions = transitions;
        self
    }

    /// A tagger with these settings.
    ///
    /// # Errors
    /// [`HeadError::NoLabels`], [`HeadError::UnknownLabel`]; [`HeadError::Setting`] for a score
    /// outside 0–1 or a bias that is not a finite number; [`HeadError::SchemeLabels`];
    /// [`HeadError::TransitionTags`] and [`HeadError::TransitionUnits`] for transitions of other
    /// tags, or where tokens are tagged.
    pub fn check(self) -> Result<TagDecoder, HeadError> {
        let set = TagSet::parse(self.tags);
        if set.labels().is_empty() {
            return Err(HeadError::NoLabels);
        }
        let general = [(None, self.min_score)].into_iter();
        let of_labels = self.min_scores.iter().map(|(label, score)| (Some(label), *score));
        for (label, score) in general.chain(of_labels) {
            if !(0.0..=1.0).contains(&score) {
                let of = label.map(|l| format!(" of {l}")).unwrap_or_default();
                let setting = format!("min-score{of}");
                return Err(HeadError::Setting {
                    setting,
                    found: score,
                    expected: "expected 0 to 1",
                });
            }
        }
        check_recall_bias(self.recall_bias)?;
        let mut least = vec![Some(self.min_score); set.labels().len()];
        for (label, score) in &self.min_scores {
            least[label_index(&set, label)?] = Some(*score);
        }
        if let Some(wanted) = &self.labels {
            let wanted = wanted.iter().map(|label| label_index(&set, label));
            let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
            for (i, least) in least.iter_mut().enumerate() {
                *least = least.filter(|_| wanted.contains(&i));
            }
        }
        let scheme = self.scheme.unwrap_or(set.scheme());
        let legal = Chain::legal(set.tags(), scheme).ok_or(HeadError::NoLabels)?;
        // A tag that may begin, follow itself and end makes a legal sequence of any length.
        let lasts = |&t: &Tag| {
            scheme.allows(None, Some(t))
                && scheme.allows(Some(t), Some(t))
                && scheme.allows(Some(t), None)
        };
        if !set.tags().iter().any(lasts) {
            let scheme = scheme.name();
            return Err(HeadError::SchemeLabels { scheme, tags: set.names().to_vec() });
        }
        let decode = self.decode.unwrap_or(match self.aggregation {
            Aggregation::None => Decode::Argmax,
            _ => Decode::default(),
        });
        let chain = match &self.transitions {
            None => legal,
            Some(learned) => {
                if learned.tags() != set.names() {
                    let (expected, tags) = (set.names().to_vec(), learned.tags().to_vec());
                    return Err(HeadError::TransitionTags { expected, found: tags });
                }
                let aggregation = match self.aggregation {
                    Aggregation::None => Some("none"),
                    Aggregation::Simple => Some("simple"),
                    _ => None,
                };
                if let Some(aggregation) = aggregation {
                    return Err(HeadError::TransitionUnits { aggregation });
                }
                match decode {
                    Decode::Viterbi => legal.plus(learned.chain()).ok_or(HeadError::NoLabels)?,
                    Decode::Argmax => learned.chain().clone(),
                }
            }
        };
        let chained = self.transitions.is_some();
        let (aggregation, recall_bias) = (self.aggregation, self.recall_bias);
        Ok(TagDecoder { set, scheme, chain, chained, aggregation, decode, least, recall_bias })
    }
}

/// [`HeadError::Setting`] for a bias that is not a finite number.
pub(super) fn check_recall_bias(found: f32) -> Result<(), HeadError> {
    if found.is_finite() {
        return Ok(());
    }
    let (setting, expected) = ("recall bias".into(), "expected a finite number of logits");
    Err(HeadError::Setting { setting, found, expected })
}

/// Index of a label of the model.
fn label_index(set: &TagSet, label: &str) -> Result<usize, HeadError> {
    let index = set.labels().iter().position(|known| known == label);
    index.ok_or_else(|| HeadError::UnknownLabel {
        found: label.to_owned(),
        known: set.labels().to_vec(),
    })
}
