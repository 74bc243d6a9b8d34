//! An index or documents, as the flags choose them.
use std::path::Path;

use anyhow::bail;
use cloze::TextIndex;
use cloze::evaluate::search::{
    DocumentError, DocumentRows, SearchSource, SearchedDocuments, SearchedText, VectorOrigin,
};
use cloze::search::index::{Index, OpenParams};

use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::{VectorFlags, metric};
use crate::input::texts;
use crate::terminal::messages::Messages;

/// A document with the id of an earlier one.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: document {id:?} occurs twice")]
struct DocumentTwice {
    path: String,
    line: u64,
    id: String,
}

pub(super) fn index(
    common: &CommonFlags,
    folder: &Path,
    args: &EvalSearchArgs,
    messages: &Messages,
) -> anyhow::Result<(SearchedDocuments, VectorOrigin)> {
    let work = &args.vectors.work;
    let params = OpenParams::new()
        .engine(args.engine.value())
        .expansion_search(args.expansion_search)
        .threads(work.threads.unwrap_or(0));
    let index = Index::open_with(folder, params)?;
    let filter = args.filter.parse()?;
    let allowed = filter.map(|filter| index.rows_where(&filter)).transpose()?;
    // Said before anything is fetched for it.
    if index.encoder().is_none() {
        let error = cloze::Error::NoEncoder { folder: index.folder().to_owned() };
        return Err(error.into());
    }
    let texts = TextIndex::builder(index)
        .threads(work.threads)
        .batch_tokens(work.batch_tokens)
        .runtime(common.load_runtime(messages)?)
        .open()?;
    let made = VectorOrigin::of_index(&texts.index().info());
    let texts = Box::new(texts);
    Ok((SearchedDocuments::Index { texts, allowed, hybrid: args.hybrid }, made))
}

pub(super) fn documents(
    common: &CommonFlags,
    args: &EvalSearchArgs,
    messages: &Messages,
) -> anyhow::Result<(SearchedDocuments, VectorOrigin)> {
    let filter = args.filter.parse()?;
    let (texts, queries) = args.vectors.of_search(args.query_prompt.as_ref(), messages)?;
    let encoder = texts.open(common, messages)?;
    let metric = metric(args.metric, encoder.model())?;
    let mut rows = DocumentRows::new(encoder.width(), args.chunk.unwrap_or_default(), filter);
    let read = ReadFlags { metadata: true, ..args.read.clone() };
    texts::for_each_chunk(&args.paths, &read, messages, |chunk| {
        let texts = chunk.iter().map(|input| SearchedText {
            id: &input.id,
            path: &input.path,
            line: input.line,
            text: &input.text,
            metadata: &input.metadata,
        });
        for (index, error) in rows.push(&texts.collect::<Vec<_>>(), &encoder)? {
            let input = &chunk[index];
            match error {
                DocumentError::Twice { id } => {
                    let (path, line) = (input.path.clone(), input.line);
                    messages.failure(&DocumentTwice { path, line, id });
                }
                DocumentError::NotEncoded(error) => messages.failure(&input.not_encoded(error)),
                error => messages.failure(&error),
            }
        }
        Ok(())
    })?;
    note_truncated(&encoder, messages);
    if rows.is_empty() {
        bail!("{}: expected documents, found none", args.paths.join(", "));
    }
    let made = VectorOrigin::of(&encoder, metric)?;
    // Of each prompt and route an encoder.
    let same = |a: &VectorFlags, b: &VectorFlags| {
        (&a.prompt, &a.prompt_name, &a.route) == (&b.prompt, &b.prompt_name, &b.route)
    };
    let queries = if same(&texts, &queries) { encoder } else { queries.open(common, messages)? };
    let threads = args.vectors.work.threads.unwrap_or(0);
    Ok((SearchedDocuments::in_memory(queries, rows, metric, threads)?, made))
}

/// Source of the rankings, for the report.
pub(super) fn source(
    searched: &SearchedDocuments,
    made: VectorOrigin,
    queries: String,
    paths: &[String],
) -> SearchSource {
    match searched {
        SearchedDocuments::Index { texts, hybrid, .. } => SearchSource::Index {
            queries,
            index: texts.index().folder().display().to_string(),
            records: searched.records(),
            hybrid: *hybrid,
            made,
        },
        SearchedDocuments::Memory { .. } => SearchSource::Documents {
            queries,
            documents: paths.to_vec(),
            records: searched.records(),
            made,
        },
    }
}
