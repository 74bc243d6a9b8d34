//! Queries and their results.
use std::io::Write as _;
use std::path::Path;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::search::index::{Index, IndexRecord};
use cloze::search::{Hit, RowSet};
use cloze::{Matrix, TextIndex};
use serde::Serialize;
use serde_json::{Map, Value};

use super::npy::Vectors;
use crate::cli::CommonFlags;
use crate::commands::index::args::{IndexSearchArgs, IndexUseArgs};
use crate::flags::work::WorkFlags;
use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use cloze_report::text::{one_line, shown};

/// A query with its results.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    query: &'a str,
    hits: Vec<Found>,
}

#[derive(Serialize)]
pub(super) struct Found {
    id: String,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<(usize, usize)>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &IndexSearchArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let (folder, given) = args.index.split(&args.named)?;
    args.read.params()?;
    if args.how.k == 0 {
        bail!("-k is 0: expected at least 1");
    }
    if given.is_empty() && args.queries.is_none() && args.vectors.is_none() {
        bail!("expected a query, --queries or --vectors");
    }
    let index = Index::open_with(&folder, args.how.open())?;
    let filter = args.how.filter.parse()?;
    let allowed = filter.map(|filter| index.rows_where(&filter)).transpose()?;
    let allowed = allowed.as_ref();
    let mut out = args.out.open()?;
    if let Some(file) = &args.vectors {
        if !given.is_empty() || args.how.hybrid {
            bail!("--vectors takes the place of queries in words");
        }
        by_vectors(&index, file, args, allowed, &mut out)?;
        return out.finish();
    }
    let texts = open_encoder(common, index, &args.how.work, messages)?;
    let given = texts::given(&given, "--queries reads queries from a file", messages);
    let named = given.is_empty();
    if !given.is_empty() {
        by_texts(&texts, &given, args, allowed, false, &mut out, messages)?;
    }
    if let Some(file) = &args.queries {
        texts::for_each_chunk(std::slice::from_ref(file), &args.read, messages, |chunk| {
            by_texts(&texts, &chunk, args, allowed, named, &mut out, messages)
        })?;
    }
    out.finish()
}

pub(super) fn open_encoder(
    common: &CommonFlags,
    index: Index,
    work: &WorkFlags,
    messages: &Messages,
) -> anyhow::Result<TextIndex> {
    // Said before anything is fetched for it.
    if index.encoder().is_none() {
        return Err(cloze::Error::NoEncoder { folder: index.folder().to_owned() }.into());
    }
    let builder = TextIndex::builder(index).threads(work.threads).batch_tokens(work.batch_tokens);
    Ok(builder.runtime(common.load_runtime(messages)?).open()?)
}

/// Returns the nearest neighbours of each of `queries`, by vectors, or by vectors and keywords.
pub(super) fn find(
    texts: &TextIndex,
    queries: &[&str],
    how: &IndexUseArgs,
    k: usize,
    allowed: Option<&RowSet>,
) -> Result<Vec<Vec<Hit>>, cloze::Error> {
    if how.hybrid { texts.hybrid(queries, k, allowed) } else { texts.hits(queries, k, allowed) }
}

fn by_texts(
    texts: &TextIndex,
    queries: &[Input],
    args: &IndexSearchArgs,
    allowed: Option<&RowSet>,
    named: bool,
    out: &mut Out,
    messages: &Messages,
) -> anyhow::Result<()> {
    let query_texts: Vec<&str> = queries.iter().map(|query| query.text.as_str()).collect();
    let find = |queries: &[&str]| find(texts, queries, &args.how, args.how.k, allowed);
    for (query, hits) in queries.iter().zip(isolate(&query_texts, find)?) {
        match hits {
            Ok(hits) => {
                let id = named.then_some(query.id.as_str());
                write(texts.index(), id, &query.text, &hits, args.format.is_json(), out)?;
            }
            Err(error) => messages.failure(&query.not_encoded(error)),
        }
    }
    Ok(out.flush()?)
}

fn by_vectors(
    index: &Index,
    file: &Path,
    args: &IndexSearchArgs,
    allowed: Option<&RowSet>,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut vectors = Vectors::open(file)?;
    let mut row = 0_u64;
    while let Some(block) = vectors.next_block()? {
        let queries = Matrix::from_vec(vectors.width, block).unwrap_or_default();
        for hits in index.search(&queries, args.how.k, allowed)? {
            write(index, None, &row.to_string(), &hits, args.format.is_json(), out)?;
            row += 1;
        }
    }
    Ok(())
}

/// Writes a query with its results, as JSON or as text.
pub(super) fn write(
    index: &Index,
    id: Option<&str>,
    query: &str,
    hits: &[Hit],
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut results = vec![];
    for hit in hits {
        let IndexRecord { id, text, path, line, span, metadata } = index.record(hit.row)?;
        results.push(Found { id, score: hit.score, text, path, line, span, metadata });
    }
    if json {
        return json_line(out, &Answer { id, query, hits: results });
    }
    writeln!(out, "── {} ──", one_line(query))?;
    let wide = results.iter().map(|result| one_line(&result.id).chars().count()).max().unwrap_or(0);
    for Found { id, score, text, .. } in &results {
        let (id, text) = (one_line(id), one_line(text.as_deref().unwrap_or_default()));
        writeln!(out, "{:>8}  {id:wide$}  {}", shown(f64::from(*score)), shorten(&text))?;
    }
    if results.is_empty() {
        writeln!(out, "nothing found")?;
    }
    Ok(writeln!(out)?)
}

/// Shortens a text to one line; an ellipsis marks the cut.
pub(crate) fn shorten(text: &str) -> String {
    const WIDTH: usize = 100;
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
