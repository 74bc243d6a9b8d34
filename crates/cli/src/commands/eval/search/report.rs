//! Report of an evaluation of a search for people.
use std::collections::BTreeMap;
use std::io::{self, Write};

use cloze::evaluate::search::{SEARCH_CONVENTION, SearchReport, SearchSource, VectorOrigin};
use cloze::metrics::compare::Interval;
use cloze::metrics::retrieval::{QueryFigures, RetrievalFigures};
use cloze_report::text::one_line;

use crate::terminal::messages::plural;

/// Cutoff of the table of queries, if it is among the cutoffs.
const CUTOFF: usize = 10;

/// Writes the report for people.
pub(super) fn write(report: &SearchReport, out: &mut dyn Write) -> io::Result<()> {
    let judgements = one_line(&report.judgements);
    match &report.source {
        SearchSource::Index { queries, index, hybrid, .. } => {
            let (queries, index) = (one_line(queries), one_line(index));
            let words = if *hybrid { ", by vectors and keywords" } else { "" };
            writeln!(out, "{queries} on {index}{words}, relevance judgements {judgements}")?;
        }
        SearchSource::Documents { queries, documents, .. } => {
            let (queries, documents) = (one_line(queries), one_line(&documents.join(", ")));
            writeln!(out, "{queries} on {documents}, relevance judgements {judgements}")?;
        }
        SearchSource::Results { results } => {
            writeln!(out, "{}, relevance judgements {judgements}", one_line(results))?;
        }
    }
    if let SearchSource::Index { made, records, .. }
    | SearchSource::Documents { made, records, .. } = &report.source
    {
        let VectorOrigin { model, model_sha256, pooling, layers, correction, metric } = made;
        let (records, metric) = (plural(*records as u64, "record"), metric.name());
        writeln!(
            out,
            "{records}; {model} (SHA-256 {model_sha256}), pooling {pooling}, layers {layers}, \
             correction {correction}, {metric}"
        )?;
    }
    writeln!(out, "as {SEARCH_CONVENTION}")?;
    write_counts(report, out)?;
    write_figures(report, out)?;
    match &report.by_query {
        Some(by_query) => write_queries(by_query, out),
        None => Ok(()),
    }
}

fn write_counts(report: &SearchReport, out: &mut dyn Write) -> io::Result<()> {
    let depth = match report.depth {
        Some(k) => format!("the first {} of each", plural(k as u64, "document")),
        None => "all documents of each".to_owned(),
    };
    let queries = match report.queries {
        1 => "1 query".to_owned(),
        n => format!("{n} queries"),
    };
    writeln!(
        out,
        "{queries}, {depth}: {} without results, {} of them not asked; left out: {} without a \
         relevant document, {} not judged",
        report.without_results, report.not_asked, report.without_relevant, report.unjudged
    )?;
    if report.further_parts > 0 {
        writeln!(
            out,
            "a document ranks by its best chunk: {} ignored",
            plural(report.further_parts, "further chunk")
        )?;
    }
    Ok(())
}

fn write_figures(report: &SearchReport, out: &mut dyn Write) -> io::Result<()> {
    let RetrievalFigures {
        ndcg,
        precision,
        recall,
        reciprocal_rank_at,
        reciprocal_rank,
        average_precision,
    } = &report.intervals;
    let mut rows = vec![];
    for (name, figures) in
        [("nDCG", ndcg), ("recall", recall), ("precision", precision), ("MRR", reciprocal_rank_at)]
    {
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

/// Writes the figures of each query, at one cutoff.
fn write_queries(by_query: &BTreeMap<String, QueryFigures>, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = by_query.keys().map(|query| one_line(query)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max("query".len());
    let cutoffs = by_query.values().next().map(|query| &query.figures.ndcg);
    let largest = cutoffs.and_then(|ndcg| ndcg.keys().next_back()).copied().unwrap_or(CUTOFF);
    let k = if cutoffs.is_some_and(|ndcg| ndcg.contains_key(&CUTOFF)) { CUTOFF } else { largest };
    let (ndcg, recall) = (format!("nDCG@{k}"), format!("recall@{k}"));
    writeln!(
        out,
        "\n{:width$}  {:>8}  {:>5}  {ndcg:>8}  {recall:>10}  {:>6}  {:>10}",
        "query", "relevant", "found", "1/rank", "avg. prec."
    )?;
    for (name, QueryFigures { relevant, retrieved, figures }) in names.iter().zip(by_query.values())
    {
        let at_cutoff = |figures: &BTreeMap<usize, f64>| figures.get(&k).copied().unwrap_or(0.0);
        let (ndcg, recall) = (at_cutoff(&figures.ndcg), at_cutoff(&figures.recall));
        let (rank, precision) = (figures.reciprocal_rank, figures.average_precision);
        writeln!(
            out,
            "{name:width$}  {relevant:>8}  {retrieved:>5}  {ndcg:>8.4}  {recall:>10.4}  {rank:>6.4}  \
             {precision:>10.4}"
        )?;
    }
    Ok(())
}
