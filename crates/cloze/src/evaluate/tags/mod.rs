//! Entities in sentences against gold tags, by one tagger or two on the same sentences, or by tags
//! that were predicted before.
//!
//! Gold tags are read in their own scheme and predictions come as IOB2: both are compared as entities,
//! so that the scheme of the gold tags changes no figure.
mod rename;

use cloze_corpus::TaggedSentence;
use cloze_metrics::compare::{BootstrapParams, PairedBootstrap, ValidBootstrapParams};
use cloze_metrics::entity::{
    ByMatch, Convention, EntityReport, F1Intervals, PartialScores, SchemeEvidence, TagOutcomes,
    TagScheme, micro_f1,
};
use cloze_metrics::labels::DifferenceVerdict;
use cloze_metrics::{MetricsError, Origin};
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, TagText, Tagger};
use rename::Rename;

/// Settings of evaluations of tags.
#[derive(Clone, Debug)]
pub struct TagEvaluationParams {
    convention: Convention,
    scheme: Option<TagScheme>,
    labels: Option<Vec<String>>,
    renamed: Vec<(String, String)>,
    partial: bool,
    seed: u64,
}

impl Default for TagEvaluationParams {
    fn default() -> Self {
        Self {
            convention: Convention::Conlleval,
            scheme: None,
            labels: None,
            renamed: vec![],
            partial: false,
            seed: 0,
        }
    }
}

impl TagEvaluationParams {
    /// Settings at their defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Convention by which tags are entities. Default [`Convention::Conlleval`].
    #[must_use]
    pub fn convention(self, convention: Convention) -> Self {
        Self { convention, ..self }
    }

    /// Scheme that reports name. Default: the one that the gold tags show.
    #[must_use]
    pub fn scheme(self, scheme: impl Into<Option<TagScheme>>) -> Self {
        Self { scheme: scheme.into(), ..self }
    }

    /// Labels that count, gold or predicted. Default: all.
    #[must_use]
    pub fn labels(self, labels: impl Into<Option<Vec<String>>>) -> Self {
        Self { labels: labels.into(), ..self }
    }

    /// Gold names of the model's labels; an empty one drops the label. Of neighbouring entities whose
    /// labels differ and get the same name one entity is made. Default: none.
    #[must_use]
    pub fn renamed(self, renamed: Vec<(String, String)>) -> Self {
        Self { renamed, ..self }
    }

    /// Whether entities that are nearly right are counted, too, as SemEval-2013 does. Default `false`.
    #[must_use]
    pub fn partial(self, partial: bool) -> Self {
        Self { partial, ..self }
    }

    /// Seed of the resamples of intervals and comparisons. Default `0`.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }
}

/// Evaluation of one tagger, or of two that are compared.
#[derive(Debug)]
pub struct TagEvaluation<'m> {
    params: TagEvaluationParams,
    models: Vec<Evaluated<'m>>,
    rename: Rename,
    evidence: SchemeEvidence,
    words: u64,
}

#[derive(Debug)]
struct Evaluated<'m> {
    name: String,
    tagger: &'m Tagger,
    outcomes: TagOutcomes,
}

/// Error of a tagger in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("sentence {sentence}: not tagged by {model}")]
pub struct SentenceError {
    /// Sentence of the batch, counted from 0.
    pub sentence: usize,
    /// Model.
    pub model: String,
    /// Cause.
    pub source: Error,
}

/// Labels of a model none of which is a gold label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTagLabels {
    /// Model.
    pub model: String,
    /// Gold labels.
    pub gold: Vec<String>,
    /// Labels of the entities it found.
    pub predicted: Vec<String>,
    /// Labels it can find.
    pub labels: Vec<String>,
}

impl<'m> TagEvaluation<'m> {
    /// An evaluation of one tagger, or of two on the same sentences, without sentences yet.
    ///
    /// # Errors
    /// [`EvaluateError::RenamedTwice`]; [`EvaluateError::NoLabel`] for a renamed label that no tagger
    /// has.
    pub fn new(
        first: &'m Tagger,
        second: Option<&'m Tagger>,
        params: TagEvaluationParams,
    ) -> Result<Self, EvaluateError> {
        let evaluated = |tagger: &'m Tagger| Evaluated {
            name: tagger.model().name(),
            tagger,
            outcomes: TagOutcomes::new(params.convention, params.labels.as_deref()),
        };
        let models: Vec<_> = [Some(first), second].into_iter().flatten().map(evaluated).collect();
        let labels = models.iter().map(|m| (m.name.as_str(), m.tagger.labels()));
        rename::check(&params.renamed, labels)?;
        let rename = Rename::new(&params.renamed);
        Ok(Self { params, models, rename, evidence: SchemeEvidence::default(), words: 0 })
    }

    /// Tags sentences and keeps the outcomes. A sentence that one of the taggers fails on counts for
    /// none, so that all are evaluated on the same ones; its errors are returned.
    ///
    /// # Errors
    /// [`EvaluateError::Tag`] for a gold tag that the convention does not have; as
    /// [`Tagger::tag_texts`], for what is not of one sentence.
    pub fn add(
        &mut self,
        sentences: &[TaggedSentence],
    ) -> Result<Vec<SentenceError>, EvaluateError> {
        let texts: Vec<TagText<'_>> = sentences.iter().map(tag_text).collect();
        let mut tagged = vec![];
        for model in &self.models {
            tagged.push(model.tagger.tag_texts(&texts)?.into_iter());
        }
        let mut errors = vec![];
        for (index, sentence) in sentences.iter().enumerate() {
            self.evidence.add(&sentence.tags);
            let gold = self.params.convention.entities(&sentence.tags, Origin::Gold);
            let gold = gold.map_err(|error| of_sentence(index, error))?;
            let mut predicted = vec![];
            for (model, tagged) in self.models.iter().zip(&mut tagged) {
                match tagged.next() {
                    Some(Ok(text)) => predicted.push(text.entities),
                    Some(Err(source)) => {
                        let model = model.name.clone();
                        errors.push(SentenceError { sentence: index, model, source });
                    }
                    None => {}
                }
            }
            if predicted.len() < self.models.len() {
                continue;
            }
            self.words += sentence.words.len() as u64;
            for (model, predicted) in self.models.iter_mut().zip(predicted) {
                let tags = self.rename.word_tags(predicted, &sentence.words);
                let predicted = Convention::Conlleval.entities(&tags, Origin::Predicted)?;
                model.outcomes.add(&gold, &predicted)?;
            }
        }
        Ok(errors)
    }

    /// Number of sentences that count.
    #[must_use]
    pub fn sentences(&self) -> u64 {
        self.models.first().map_or(0, |model| model.outcomes.sentences())
    }

    /// Scheme of the gold tags: the one that was set, or else the one that they show.
    #[must_use]
    pub fn scheme(&self) -> Option<TagScheme> {
        self.params.scheme.or_else(|| self.evidence.scheme())
    }

    /// Taggers that can find no gold label.
    #[must_use]
    pub fn without_gold_labels(&self) -> Vec<OtherTagLabels> {
        self.models.iter().filter_map(|model| self.other_labels(model)).collect()
    }

    /// Labels of a tagger that can find no gold label.
    fn other_labels(&self, model: &Evaluated<'_>) -> Option<OtherTagLabels> {
        let (gold, predicted) = model.outcomes.labels();
        let labels = model.tagger.labels();
        let none = !gold.is_empty() && !gold.iter().any(|g| self.rename.gives(labels, g));
        let strings = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        none.then(|| OtherTagLabels {
            model: model.name.clone(),
            gold: strings(gold),
            predicted: strings(predicted),
            labels: labels.to_vec(),
        })
    }

    /// Figures, and of two taggers their comparison; `gold` names the data.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without a sentence; [`EvaluateError::Metrics`] for figures that
    /// cannot be computed.
    pub fn report(&self, gold: &str) -> Result<TagEvaluationReport, EvaluateError> {
        if self.sentences() == 0 {
            return Err(EvaluateError::NoRecords);
        }
        let bootstrap = BootstrapParams::new().seed(self.params.seed).check()?;
        let compare = match &self.models[..] {
            [first, second] => {
                let (a, b) = (first.outcomes.by_sentence(), second.outcomes.by_sentence());
                let micro_f1 =
                    bootstrap.compare(a.len(), |order| (micro_f1(a, order), micro_f1(b, order)))?;
                Some(ComparedTagger {
                    report: self.tag_report(second, gold, &bootstrap)?,
                    micro_f1_verdict: DifferenceVerdict::of_interval(&micro_f1, a.len()),
                    micro_f1,
                    sentences: a.len(),
                })
            }
            _ => None,
        };
        let first = self.models.first().ok_or(EvaluateError::NoRecords)?;
        Ok(TagEvaluationReport { report: self.tag_report(first, gold, &bootstrap)?, compare })
    }

    fn tag_report(
        &self,
        model: &Evaluated<'_>,
        gold: &str,
        bootstrap: &ValidBootstrapParams,
    ) -> Result<TagReport, EvaluateError> {
        let (entities, partial) = model.outcomes.report(self.scheme());
        Ok(TagReport {
            gold: gold.to_owned(),
            predicted: model.name.clone(),
            sentences: model.outcomes.sentences(),
            words: self.words,
            only: self.params.labels.clone(),
            entities,
            f1_intervals: model.outcomes.f1_intervals(bootstrap)?,
            partial: self.params.partial.then_some(partial),
        })
    }
}

fn tag_text(sentence: &TaggedSentence) -> TagText<'_> {
    TagText { words: Some(&sentence.words), ..sentence.text.as_str().into() }
}

fn of_sentence(sentence: usize, error: MetricsError) -> EvaluateError {
    match error {
        MetricsError::Tag { origin, position, expected, found } => {
            EvaluateError::Tag { origin, sentence, word: position, expected, found }
        }
        error => error.into(),
    }
}

/// Evaluates predicted tags against the gold tags of the same words; the renamed labels of `params`
/// are of no use here. The names of both sides are left empty.
///
/// # Errors
/// [`EvaluateError::OtherWords`] where the sentences are not the same; [`EvaluateError::NoRecords`]
/// without any; [`EvaluateError::Tag`] for a tag that the convention does not have.
pub fn score_tags(
    gold: &[TaggedSentence],
    predicted: &[TaggedSentence],
    params: &TagEvaluationParams,
) -> Result<TagReport, EvaluateError> {
    let mut outcomes = TagOutcomes::new(params.convention, params.labels.as_deref());
    for sentence in 0..gold.len().max(predicted.len()) {
        let sides = [gold.get(sentence), predicted.get(sentence)];
        let [a, b] = sides.map(|s| s.into_iter().flat_map(words).collect::<Vec<&str>>());
        if let Some(word) = (0..a.len().max(b.len())).find(|i| a.get(*i) != b.get(*i)) {
            return Err(EvaluateError::OtherWords { sentence, word });
        }
    }
    if gold.is_empty() {
        return Err(EvaluateError::NoRecords);
    }
    for (index, (gold, predicted)) in gold.iter().zip(predicted).enumerate() {
        let entities = |tags, origin| {
            let entities = params.convention.entities(tags, origin);
            entities.map_err(|error| of_sentence(index, error))
        };
        let gold = entities(&gold.tags, Origin::Gold)?;
        outcomes.add(&gold, &entities(&predicted.tags, Origin::Predicted)?)?;
    }
    let bootstrap = BootstrapParams::new().seed(params.seed).check()?;
    let (entities, partial) = outcomes.report(params.scheme);
    Ok(TagReport {
        gold: String::new(),
        predicted: String::new(),
        sentences: outcomes.sentences(),
        words: gold.iter().map(|sentence| sentence.words.len() as u64).sum(),
        only: params.labels.clone(),
        entities,
        f1_intervals: outcomes.f1_intervals(&bootstrap)?,
        partial: params.partial.then_some(partial),
    })
}

/// Words of a sentence.
fn words(sentence: &TaggedSentence) -> impl Iterator<Item = &str> {
    sentence.words.iter().filter_map(|word| word.of(&sentence.text))
}

/// Figures of predicted entities.
#[derive(Clone, Debug, Serialize)]
pub struct TagReport {
    /// Name of the gold data.
    pub gold: String,
    /// Name of the predictions or of the model.
    pub predicted: String,
    /// Number of sentences.
    pub sentences: u64,
    /// Number of words.
    pub words: u64,
    /// Labels that alone count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Precision, recall and F1.
    #[serde(flatten)]
    pub entities: EntityReport,
    /// F1 with 95 % intervals over sentences.
    pub f1_intervals: F1Intervals,
    /// Counts of entities that are nearly right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<ByMatch<PartialScores>>,
}

/// Report of an evaluation of tags.
#[derive(Clone, Debug, Serialize)]
pub struct TagEvaluationReport {
    /// Figures of the first tagger.
    #[serde(flatten)]
    pub report: TagReport,
    /// Second tagger, where two are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<ComparedTagger>,
}

/// Second tagger, and the difference: the first less the second.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedTagger {
    /// Figures.
    pub report: TagReport,
    /// Micro F1 of both, over resampled sentences.
    pub micro_f1: PairedBootstrap,
    /// Verdict by the bootstrapped interval.
    pub micro_f1_verdict: DifferenceVerdict,
    /// Number of sentences.
    #[serde(skip)]
    pub sentences: usize,
}
