//! What an evaluation of a search has come to.
use std::collections::BTreeMap;
use std::io::{self, Write};

use cloze::metrics::compare::Interval;
use cloze::metrics::retrieval::{QueryFigures, RetrievalFigures};
use cloze::search::index::Info;
use cloze::{Level, Metric, SentenceEncoder};
use serde::Serialize;

use super::judging::Judged;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::terminal::messages::plural;
use cloze_report::text::one_line;

/// Whose definitions the figures have, and where they differ.
const CONVENTION: &str = "trec_eval 9 with -c: gains are grades, of equal scores the last name comes \
                          first, and what was not asked counts as 0; but queries without a relevant \
                          document are left out";
/// The cutoff that the table of queries shows, if it is one.
const CUTOFF: usize = 10;

/// Where rankings come from.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Source {
    Index {
        queries: String,
        index: String,
        records: usize,
        /// Whether it is searched by words, too.
        hybrid: bool,
        #[serde(flatten)]
        made: Made,
    },
    Documents {
        queries: String,
        documents: Vec<String>,
        records: usize,
        #[serde(flatten)]
        made: Made,
    },
    Results {
        results: String,
    },
}

impl Source {
    /// The file of the queries.
    pub(super) fn queries(&self) -> &str {
        match self {
            Self::Index { queries, .. } | Self::Documents { queries, .. } => queries,
            Self::Results { results } => results,
        }
    }
}

/// How vectors were made and compared.
#[derive(Clone, Serialize)]
pub(super) struct Made {
    model: String,
    model_sha256: String,
    pooling: String,
    layers: String,
    correction: String,
    metric: Metric,
}

impl Made {
    pub(super) fn by(encoder: &SentenceEncoder, args: &EvalSearchArgs) -> anyhow::Result<Self> {
        let correction = encoder.correction().map_or("none", |fitted| fitted.method().name());
        let layers = if args.vectors.statics {
            "static".to_owned()
        } else {
            encoder.provenance(Level::Sentence)?.layers.to_string()
        };
        Ok(Self {
            model: encoder.model().name(),
            model_sha256: encoder.model().sha256()?,
            pooling: encoder.poolings().to_string(),
            layers,
            correction: correction.to_owned(),
            metric: args.metric,
        })
    }

    /// Of an index that was built of texts.
    pub(super) fn of_index(info: &Info) -> Self {
        let made = info.encoder.as_ref().map(|card| &card.provenance);
        let of = |text: fn(&cloze::embed::Provenance) -> String| made.map(text).unwrap_or_default();
        Self {
            model: of(|made| made.model.clone()),
            model_sha256: of(|made| made.model_sha256.clone()),
            pooling: of(|made| made.pooling.to_string()),
            layers: of(|made| made.layers.to_string()),
            correction: info.correction.unwrap_or("none").to_owned(),
            metric: info.metric,
        }
    }
}

/// All of it.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    source: Source,
    judgements: String,
    depth: Option<usize>,
    convention: &'static str,
    queries: u64,
    without_results: u64,
    not_asked: usize,
    without_relevant: u64,
    unjudged: u64,
    further_parts: u64,
    mean: RetrievalFigures,
    intervals: RetrievalFigures<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_query: Option<BTreeMap<String, QueryFigures>>,
}

impl Report {
    pub(super) fn new(
        args: &EvalSearchArgs,
        source: Source,
        depth: Option<usize>,
        judged: Judged,
    ) -> Self {
        let Judged { report, intervals, not_asked, further_parts, .. } = judged;
        Self {
            source,
            judgements: args.judgements.clone(),
            depth,
            convention: CONVENTION,
            queries: report.queries,
            without_results: report.without_results,
            not_asked,
            without_relevant: report.without_relevant,
            unjudged: report.unjudged,
            further_parts,
            mean: report.mean,
            intervals,
            by_query: args.per_query.then_some(report.by_query),
        }
    }

    /// Writes it for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let judgements = one_line(&self.judgements);
        match &self.source {
            Source::Index { queries, index, hybrid, .. } => {
                let (queries, index) = (one_line(queries), one_line(index));
                let words = if *hybrid { ", by vectors and words" } else { "" };
                writeln!(out, "{queries} on {index}{words}, judged by {judgements}")?;
            }
            Source::Documents { queries, documents, .. } => {
                let (queries, documents) = (one_line(queries), one_line(&documents.join(", ")));
                writeln!(out, "{queries} on {documents}, judged by {judgements}")?;
            }
            Source::Results { results } => {
                writeln!(out, "{}, judged by {judgements}", one_line(results))?;
            }
        }
        if let Source::Index { made, records, .. } | Source::Documents { made, records, .. } =
            &self.source
        {
            let Made { model, model_sha256, pooling, layers, correction, metric } = made;
            let (records, metric) = (plural(*records as u64, "record"), metric.name());
            writeln!(
                out,
                "{records}; {model} (SHA-256 {model_sha256}), pooling {pooling}, layers {layers}, \
                 correction {correction}, {metric}"
            )?;
        }
        writeln!(out, "as {CONVENTION}")?;
        self.write_counts(out)?;
        self.write_figures(out)?;
        match &self.by_query {
            Some(by_query) => write_queries(by_query, out),
            None => Ok(()),
        }
    }

    fn write_counts(&self, out: &mut dyn Write) -> io::Result<()> {
        let depth = match self.depth {
            Some(k) => format!("the first {} of each", plural(k as u64, "document")),
            None => "all documents of each".to_owned(),
        };
        let queries = match self.queries {
            1 => "1 query".to_owned(),
            n => format!("{n} queries"),
        };
        writeln!(
            out,
            "{queries}, {depth}: {} without results, {} of them not asked; left out: {} without a \
             relevant document, {} not judged",
            self.without_results, self.not_asked, self.without_relevant, self.unjudged
        )?;
        if self.further_parts > 0 {
            writeln!(
                out,
                "a document counts at its best part: {} passed over",
                plural(self.further_parts, "further part")
            )?;
        }
        Ok(())
    }

    fn write_figures(&self, out: &mut dyn Write) -> io::Result<()> {
        let RetrievalFigures {
            ndcg,
            precision,
            recall,
            reciprocal_rank_at,
            reciprocal_rank,
            average_precision,
        } = &self.intervals;
        let mut rows = vec![];
        for (name, figures) in [
            ("nDCG", ndcg),
            ("recall", recall),
            ("precision", precision),
            ("MRR", reciprocal_rank_at),
        ] {
            rows.extend(figures.iter().map(|(k, interval)| (format!("{name}@{k}"), interval)));
        }
        rows.push(("MRR".to_owned(), reciprocal_rank));
        rows.push(("MAP".to_owned(), average_precision));
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        writeln!(out, "\n{:width$}  {:>6}  {:>16}", "figure", "mean", "95 % interval")?;
        for (name, Interval { estimate, low, high, .. }) in rows {
            writeln!(out, "{name:width$}  {estimate:>6.4}  {low:.4} to {high:.4}")?;
        }
        Ok(())
    }
}

/// The figures of each query, at one cutoff.
fn write_queries(by_query: &BTreeMap<String, QueryFigures>, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = by_query.keys().map(|query| one_line(query)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max("query".len());
    let cutoffs = by_query.values().next().map(|query| &query.figures.ndcg);
    let largest = cutoffs.and_then(|all| all.keys().next_back()).copied().unwrap_or(CUTOFF);
    let k = if cutoffs.is_some_and(|all| all.contains_key(&CUTOFF)) { CUTOFF } else { largest };
    let (ndcg, recall) = (format!("nDCG@{k}"), format!("recall@{k}"));
    writeln!(
        out,
        "\n{:width$}  {:>8}  {:>5}  {ndcg:>8}  {recall:>10}  {:>6}  {:>10}",
        "query", "relevant", "found", "1/rank", "avg. prec."
    )?;
    for (name, QueryFigures { relevant, retrieved, figures }) in names.iter().zip(by_query.values())
    {
        let at = |figures: &BTreeMap<usize, f64>| figures.get(&k).copied().unwrap_or(0.0);
        let (ndcg, recall) = (at(&figures.ndcg), at(&figures.recall));
        let (rank, precision) = (figures.reciprocal_rank, figures.average_precision);
        writeln!(
            out,
            "{name:width$}  {relevant:>8}  {retrieved:>5}  {ndcg:>8.4}  {recall:>10.4}  {rank:>6.4}  \
             {precision:>10.4}"
        )?;
    }
    Ok(())
}
