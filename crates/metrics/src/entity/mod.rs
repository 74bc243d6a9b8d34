//! Entities against gold: precision, recall and F1 by label.
//!
//! Reading entities off tags takes a convention, which every report names. Gold `B-PER
//! I-PER O` and predicted `I-PER I-PER O` have one entity in common by [`Convention::Conlleval`], and
//! none by [`Convention::Strict`] in IOB2, where nothing begins with `I`.
mod outcomes;
mod partial;
mod scheme;

pub use outcomes::{F1Intervals, TagOutcomes, micro_f1};
pub use partial::{ByMatch, PartialCounts, PartialScores};
pub use scheme::{SchemeEvidence, TagScheme};

use std::collections::{BTreeMap, BTreeSet};

use cloze_core::{Span, TAG_LETTERS, Tag, WrittenTags, chunks_of_tags};
use serde::Serialize;

use crate::counts::{Averages, Counts, Scores, merge};
use crate::{MetricsError, Origin};

/// Convention for reading entities off tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// As `conlleval.pl` does (Tjong Kim Sang & Buchholz 2000), and seqeval 1.2.2 by default: any
    /// sequence has a meaning, legal or not. `L` and `U` are read as `E` and `S`, which seqeval's
    /// default does not know.
    #[default]
    Conlleval,
    /// Only what is tagged as the scheme has it is an entity: seqeval 1.2.2 with `mode="strict"`.
    Strict(TagScheme),
}

impl Convention {
    /// The name in reports: `conlleval` or `strict`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Conlleval => "conlleval",
            Self::Strict(_) => "strict",
        }
    }

    /// The entities that the tags of a sentence's words have in this convention, as label and place
    /// (in words), in order. `origin` is for the error: whose tags they are. Gold and predicted tags in
    /// two schemes become comparable so: [`EntityScorer::add_spans`] takes the entities of both.
    ///
    /// # Errors
    /// [`MetricsError::Tag`] at the first that is not a tag, or no tag of a strict convention's
    /// scheme.
    pub fn entities(
        self,
        tags: &[impl AsRef<str>],
        origin: Origin,
    ) -> Result<Vec<(&str, Span)>, MetricsError> {
        let mut labels = WrittenTags::default();
        let mut parts: Vec<Tag> = Vec::with_capacity(tags.len());
        for (position, name) in tags.iter().enumerate() {
            let name = name.as_ref();
            let wrong = |expected| {
                Err(MetricsError::Tag { origin, position, expected, found: name.to_owned() })
            };
            match (labels.parse(name), self) {
                (None, Self::Conlleval) => return wrong(TAG_LETTERS),
                (None, Self::Strict(scheme)) => return wrong(scheme.letters()),
                (Some((Some(letter), _)), Self::Strict(scheme))
                    if !scheme.letters().contains(letter) =>
                {
                    return wrong(scheme.letters());
                }
                (Some((_, part)), _) => parts.push(part),
            }
        }
        let labelled = |(start, end, label)| (labels.label(label), Span::new(start, end));
        Ok(match self {
            Self::Conlleval => {
                let chunks = chunks_of_tags(&parts).into_iter();
                chunks.map(|c| labelled((c.units.start, c.units.end, c.label))).collect()
            }
            Self::Strict(scheme) => scheme.strict(&parts).into_iter().map(labelled).collect(),
        })
    }
}

/// A labelled place of one sentence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Labelled<'a> {
    span: Span,
    label: &'a str,
}

/// Counts entities, sentence by sentence. Parts counted apart are put together by
/// [`merge`](Self::merge).
///
/// An entity is right if its sentence, both ends and its label are. The same entity twice in one
/// sentence is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityScorer {
    convention: Convention,
    scheme: Option<TagScheme>,
    only: Option<BTreeSet<String>>,
    sentences: u64,
    labels: BTreeMap<String, Counts>,
    partial: ByMatch<PartialCounts>,
}

impl EntityScorer {
    /// A scorer that has seen nothing.
    #[must_use]
    pub fn new(convention: Convention) -> Self {
        let scheme = match convention {
            Convention::Conlleval => None,
            Convention::Strict(scheme) => Some(scheme),
        };
        let partial = ByMatch::default();
        Self { convention, scheme, only: None, sentences: 0, labels: BTreeMap::new(), partial }
    }

    /// Names the scheme of the tags in the report, where the convention has none of its own: conlleval
    /// reads every scheme the same way.
    #[must_use]
    pub fn named_scheme(mut self, scheme: TagScheme) -> Self {
        if self.convention == Convention::Conlleval {
            self.scheme = Some(scheme);
        }
        self
    }

    /// Only entities with these labels count from now on, gold or predicted; others are passed over.
    #[must_use]
    pub fn restrict_to(mut self, labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a sentence, as gold and predicted tags of the same words. A tag is `O`, or one of the
    /// letters `B I E S L U` with a hyphen and a label behind it; without them the label is `_`.
    ///
    /// # Errors
    /// [`MetricsError::GoldPredicted`] if they are not as many, [`MetricsError::Tag`] at the first that
    /// is not a tag, or no tag of a strict convention's scheme. Nothing of the sentence is counted
    /// then.
    pub fn add(
        &mut self,
        gold: &[impl AsRef<str>],
        predicted: &[impl AsRef<str>],
    ) -> Result<(), MetricsError> {
        if gold.len() != predicted.len() {
            let (gold, predicted) = (gold.len(), predicted.len());
            return Err(MetricsError::GoldPredicted { gold, predicted });
        }
        let gold = self.read(gold, Origin::Gold)?;
        let predicted = self.read(predicted, Origin::Predicted)?;
        self.count(gold, predicted);
        Ok(())
    }

    /// Adds a sentence or text, as gold and predicted entities. Their spans may count anything, if both
    /// count the same, and may overlap each other.
    ///
    /// # Errors
    /// [`MetricsError::EmptySpan`] at the first entity in which nothing lies. Nothing is counted then.
    pub fn add_spans<'a>(
        &mut self,
        gold: impl IntoIterator<Item = (&'a str, Span)>,
        predicted: impl IntoIterator<Item = (&'a str, Span)>,
    ) -> Result<(), MetricsError> {
        fn read<'a>(
            entities: impl IntoIterator<Item = (&'a str, Span)>,
            origin: Origin,
        ) -> Result<Vec<Labelled<'a>>, MetricsError> {
            let mut read = vec![];
            for (label, span) in entities {
                if span.is_empty() {
                    return Err(MetricsError::EmptySpan { origin, label: label.into(), span });
                }
                read.push(Labelled { span, label });
            }
            Ok(read)
        }
        let gold = read(gold, Origin::Gold)?;
        let predicted = read(predicted, Origin::Predicted)?;
        self.count(gold, predicted);
        Ok(())
    }

    fn read<'a>(
        &self,
        names: &'a [impl AsRef<str>],
        origin: Origin,
    ) -> Result<Vec<Labelled<'a>>, MetricsError> {
        let entities = self.convention.entities(names, origin)?;
        Ok(entities.into_iter().map(|(label, span)| Labelled { span, label }).collect())
    }

    fn count<'a>(&mut self, mut gold: Vec<Labelled<'a>>, mut predicted: Vec<Labelled<'a>>) {
        self.sentences += 1;
        for entities in [&mut gold, &mut predicted] {
            if let Some(only) = &self.only {
                entities.retain(|entity| only.contains(entity.label));
            }
            entities.sort_unstable();
            entities.dedup();
        }
        for p in &predicted {
            let counts = self.counts(p.label);
            counts.predicted += 1;
            counts.correct += u64::from(gold.binary_search(p).is_ok());
        }
        for g in &gold {
            self.counts(g.label).gold += 1;
        }
        self.partial += partial::compare(&gold, &predicted);
    }

    fn counts(&mut self, label: &str) -> &mut Counts {
        if !self.labels.contains_key(label) {
            self.labels.insert(label.to_owned(), Counts::default());
        }
        self.labels.get_mut(label).expect("it was just put there")
    }

    /// Adds what another scorer counted, of other sentences.
    ///
    /// # Errors
    /// [`MetricsError::Unlike`] if it reads tags by another convention, names another scheme, or takes
    /// other labels: their sums would mean nothing.
    pub fn merge(&mut self, other: Self) -> Result<(), MetricsError> {
        let (first, second) = (self.settings(), other.settings());
        if first != second {
            return Err(MetricsError::Unlike { first, second });
        }
        self.sentences += other.sentences;
        self.partial += other.partial;
        merge(&mut self.labels, other.labels);
        Ok(())
    }

    /// Convention, scheme and labels, in words.
    fn settings(&self) -> String {
        let scheme = self.scheme.map_or("no scheme", TagScheme::name);
        let only = self.only.as_ref();
        let only = only.map_or("all labels".into(), |only| format!("labels {only:?}"));
        format!("{}, {scheme}, {only}", self.convention.name())
    }

    /// Number of sentences added.
    #[must_use]
    pub fn sentences(&self) -> u64 {
        self.sentences
    }

    /// The counts of each label that was met.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, Counts> {
        &self.labels
    }

    /// The figures. Where nothing was gold or predicted they are 0.
    #[must_use]
    pub fn report(&self) -> EntityReport {
        EntityReport {
            convention: self.convention.name(),
            scheme: self.scheme,
            averages: Averages::of(self.labels.values()),
            labels: self.labels.iter().map(|(l, counts)| (l.clone(), counts.scores())).collect(),
        }
    }

    /// The figures with entities that are nearly right.
    #[must_use]
    pub fn partial_report(&self) -> ByMatch<PartialScores> {
        self.partial.scores()
    }
}

/// Quality of predicted entities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntityReport {
    /// `conlleval` or `strict`.
    pub convention: &'static str,
    /// The scheme of the tags: of a strict convention always, else if it was named.
    pub scheme: Option<TagScheme>,
    /// Averages over all labels that were met, gold or predicted.
    #[serde(flatten)]
    pub averages: Averages,
    /// Scores of each label that was met, in the order of their names.
    pub labels: BTreeMap<String, Scores>,
}
