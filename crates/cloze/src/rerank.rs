//! Documents ordered for a query, by a model that sees both at once.
use std::cmp::Ordering;

use cloze_encoder::{EncodingCounts, PairCut};

use crate::classifier::InputClassifier;
use crate::opening::{Opening, builder_setters};
use crate::{Error, Input, ModelRef, PairClassifier, batch};

/// Reranker: a cross-encoder, whose one logit is the score, or a classifier of pairs, whose score is
/// the probability of a label. It can be shared between threads.
#[derive(Debug)]
pub struct Reranker {
    pairs: InputClassifier,
    score: Score,
}

/// Score of a pair.
#[derive(Clone, Copy, Debug)]
enum Score {
    /// The one logit.
    Logit,
    /// The probability of a label, by its index.
    Probability(usize),
}

/// Document with its score for a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Index among the documents that were given.
    pub index: usize,
    /// Score; higher is better.
    pub score: f64,
}

/// Settings of a [`Reranker`].
#[derive(Clone, Debug)]
pub struct RerankerBuilder {
    opening: Opening,
    cut: PairCut,
    label: Option<String>,
}

impl RerankerBuilder {
    builder_setters!();

    /// Text that is cut of a pair longer than the model takes. For checkpoints; a head that was fitted
    /// does as it was trained. Default [`PairCut::Longest`].
    #[must_use]
    pub fn cut(mut self, cut: PairCut) -> Self {
        self.cut = cut;
        self
    }

    /// Label whose probability is the score. Default: of two labels the second; a model with one label
    /// gives its logit.
    #[must_use]
    pub fn label(mut self, label: impl Into<Option<String>>) -> Self {
        self.label = label.into();
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::TakesTexts`] for a head of single texts; [`Error::RerankLabel`] for a label that the
    /// model does not have, and for more than two labels of which none is named; else as
    /// [`PairClassifierBuilder::open`](crate::classifier::PairClassifierBuilder::open).
    pub fn open(self) -> Result<Reranker, Error> {
        let Self { opening, cut, label } = self;
        let pairs = PairClassifier::of(opening, cut)?.into_inputs();
        let labels = pairs.labels();
        let index = label.as_ref().map(|label| labels.iter().position(|known| known == label));
        let score = match (labels.len(), index) {
            (_, Some(None)) => None,
            (1, _) => Some(Score::Logit),
            (_, Some(Some(index))) => Some(Score::Probability(index)),
            (2, None) => Some(Score::Probability(1)),
            (_, None) => None,
        };
        let score = score.ok_or_else(|| Error::RerankLabel {
            model: pairs.name().to_owned(),
            label,
            labels: labels.to_vec(),
        })?;
        Ok(Reranker { pairs, score })
    }
}

impl Reranker {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`RerankerBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a reranker.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> RerankerBuilder {
        let (opening, cut) = (Opening::new(model.into()), PairCut::default());
        RerankerBuilder { opening, cut, label: None }
    }

    /// Documents for one query, best first; those with equal scores keep their order.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text or from running; [`Error::Head`] for logits that are not finite;
    /// [`Error::Cancelled`]. Then no document has a rank: [`score_batch`](Self::score_batch) has one
    /// result per document.
    pub fn rerank<D: AsRef<str>>(
        &self,
        query: &str,
        documents: &[D],
    ) -> Result<Vec<Ranked>, Error> {
        batch::only(self.rerank_batch(&[(query, documents)])?)
    }

    /// Documents for each query, as [`rerank`](Self::rerank) orders them. An error in one query's
    /// documents affects only that query.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn rerank_batch<Q: AsRef<str>, D: AsRef<str>>(
        &self,
        queries: &[(Q, &[D])],
    ) -> Result<Vec<Result<Vec<Ranked>, Error>>, Error> {
        let pairs = queries.iter().flat_map(|(query, documents)| {
            documents.iter().map(|document| (query.as_ref(), document.as_ref()))
        });
        let mut scores = self.score_batch(&pairs.collect::<Vec<_>>())?.into_iter();
        // All scores of a query are taken, so that the next query has its own.
        let of_query = |documents: &[D]| scores.by_ref().take(documents.len()).collect();
        let by_query = queries.iter().map(|(_, documents)| *documents).map(of_query);
        Ok(by_query.map(rank).collect())
    }

    /// Documents for each of a stream of queries, in order. An error that is not of one query is the
    /// last item.
    pub fn rerank_iter<'a, I, Q, D>(
        &'a self,
        queries: I,
    ) -> impl Iterator<Item = Result<Vec<Ranked>, Error>> + 'a
    where
        I: IntoIterator<Item = (Q, Vec<D>)> + 'a,
        Q: AsRef<str> + 'a,
        D: AsRef<str> + 'a,
    {
        let size = |(query, documents): &(Q, Vec<D>)| {
            let texts = documents.iter().map(|document| document.as_ref().len());
            texts.sum::<usize>() + documents.len() * query.as_ref().len()
        };
        batch::stream(queries, size, |queries| {
            let queries = queries.iter().map(|(query, documents)| (query.as_ref(), &documents[..]));
            self.rerank_batch(&queries.collect::<Vec<(&str, &[D])>>())
        })
    }

    /// Score of each pair of a query and a document. An error in one pair affects only that pair.
    ///
    /// # Errors
    /// As [`rerank_batch`](Self::rerank_batch).
    pub fn score_batch<Q: AsRef<str>, D: AsRef<str>>(
        &self,
        pairs: &[(Q, D)],
    ) -> Result<Vec<Result<f64, Error>>, Error> {
        let pairs = pairs.iter().map(|(query, text)| Input::pair(query.as_ref(), text.as_ref()));
        let logits = self.pairs.logits_batch(&pairs.collect::<Vec<_>>())?;
        let head = self.pairs.classifier().head();
        let score = |logits: Result<Vec<f64>, Error>| match self.score {
            Score::Logit => Ok(logits?[0]),
            Score::Probability(label) => Ok(head.probabilities(&logits?)?[label]),
        };
        Ok(logits.into_iter().map(score).collect())
    }

    /// Label whose probability is the score; `None` for a logit.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self.score {
            Score::Logit => None,
            Score::Probability(label) => Some(&self.pairs.labels()[label]),
        }
    }

    /// Name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        self.pairs.name()
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.pairs.counts()
    }
}

/// Documents by their scores, the highest first; equal ones in the order given.
fn rank(scores: Vec<Result<f64, Error>>) -> Result<Vec<Ranked>, Error> {
    let ranked = scores.into_iter().enumerate();
    let ranked = ranked.map(|(index, score)| Ok(Ranked { index, score: score? }));
    let mut ranked = ranked.collect::<Result<Vec<_>, Error>>()?;
    ranked.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
    Ok(ranked)
}
