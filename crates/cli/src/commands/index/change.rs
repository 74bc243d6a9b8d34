//! Adds texts and vectors to an index, and deletes records.
use std::path::Path;

use anyhow::{Context as _, bail};
use cloze::search::SearchError;
use cloze::search::index::{Added, IndexRecord, Writer};
use cloze::{SentenceEncoder, encoder_card, text_encoder};
use cloze_corpus::TextChunks;

use super::npy::Vectors;
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::index::args::{
    IndexAddArgs, IndexBuildArgs, IndexCompactArgs, IndexDeleteArgs, IndexTextArgs, ids_of,
};
use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::vectors::metric;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// A text that could not be added to the index.
#[derive(Debug, thiserror::Error)]
#[error("{place}: not added")]
struct NotAdded {
    place: String,
    source: SearchError,
}

pub(super) fn build(
    common: &CommonFlags,
    mut args: IndexBuildArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.metadata = true;
    args.read.params()?;
    if args.vectors.zscore.is_some() || args.vectors.statics {
        bail!(
            "--zscore and --static are not for an index\nhint: --correction zscore fits one on it"
        );
    }
    // Judged before a model is opened.
    args.params(None).check()?;
    let threads = args.vectors.work.threads;
    if let Some(file) = &args.vectors_file {
        let mut vectors = Vectors::open(file)?;
        let params = args.params(None).check()?;
        let writer = Writer::create(&args.output, &params, args.force)?;
        let mut writer = with_progress(writer, threads, messages);
        push_vectors(&mut writer, &mut vectors, file, messages)?;
        return commit(writer, &args.output, messages);
    }
    let (texts, queries) = args.vectors.of_search(args.query_prompt.as_ref(), messages)?;
    let encoder = texts.open_uncorrected(common, messages)?;
    args.metric = Some(metric(args.metric, encoder.model())?);
    let chunk = args.texts.chunk.unwrap_or_default();
    let query_prompt = queries.prompt_of(encoder.model())?;
    let card = encoder_card(&encoder, &query_prompt, chunk.to_string())?;
    let params = args.params(Some(card)).check()?;
    let writer = Writer::create(&args.output, &params, args.force)?;
    let mut writer = with_progress(writer, threads, messages);
    let input = TextsFlags { paths: args.paths, given: args.given };
    push_texts(&mut writer, &encoder, &input, &args.texts, chunk, &args.read, messages)?;
    note_truncated(&encoder, messages);
    commit(writer, &args.output, messages)
}

pub(super) fn add(
    common: &CommonFlags,
    mut args: IndexAddArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.metadata = true;
    args.read.params()?;
    let (folder, paths) = args.index.split(&args.named)?;
    let writer = Writer::open(&folder)?;
    let mut writer = with_progress(writer, args.work.threads, messages);
    if let Some(file) = &args.vectors {
        if !paths.is_empty() {
            bail!("--vectors takes the place of {}", paths.join(" "));
        }
        if writer.encoder().is_some() {
            bail!("{}: built of texts, so it takes texts", folder.display());
        }
        push_vectors(&mut writer, &mut Vectors::open(file)?, file, messages)?;
        return commit(writer, &folder, messages);
    }
    if paths.is_empty() && args.given.text.is_empty() {
        bail!("expected files to add, or --text");
    }
    let card = writer.encoder().cloned().with_context(|| {
        format!("{}: built of vectors without a model, so it takes --vectors", folder.display())
    })?;
    let chunk = match args.texts.chunk {
        Some(chunk) => chunk,
        None => TextChunks::parse(&card.chunk)?,
    };
    let runtime = common.load_runtime(messages)?;
    let encoder = text_encoder(&card, &folder)?
        .threads(args.work.threads)
        .batch_tokens(args.work.batch_tokens)
        .runtime(runtime)
        .open()?;
    let input = TextsFlags { paths, given: args.given };
    push_texts(&mut writer, &encoder, &input, &args.texts, chunk, &args.read, messages)?;
    commit(writer, &folder, messages)
}

pub(super) fn delete(args: &IndexDeleteArgs, messages: &Messages) -> anyhow::Result<()> {
    let (folder, mut ids) = args.index.split(&args.named)?;
    let filter = args.filter.parse()?;
    if let Some(file) = &args.ids {
        ids.extend(ids_of(file)?);
    }
    if ids.is_empty() && filter.is_none() {
        bail!("expected ids, --ids or --filter to choose the records to delete");
    }
    let mut writer = Writer::open(&folder)?;
    for id in ids {
        if !writer.delete(&id)? {
            let unknown = anyhow::anyhow!("{}: no record has the id {id:?}", folder.display());
            messages.failure(unknown.as_ref());
        }
    }
    if let Some(filter) = filter {
        writer.delete_where(&filter)?;
    }
    commit(writer, &folder, messages)
}

pub(super) fn compact(args: &IndexCompactArgs, messages: &Messages) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let mut writer = with_progress(Writer::open(&folder)?, args.threads, messages);
    let done = writer.compact()?;
    messages.bar.finish_and_clear();
    messages.note(&format!("{}: {}", folder.display(), plural(done.rows as u64, "record")));
    Ok(())
}

fn with_progress(writer: Writer, threads: Option<usize>, messages: &Messages) -> Writer {
    let bar = messages.bar.clone();
    writer.threads(threads.unwrap_or(0)).progress(move |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message("of the graph");
    })
}

/// Encodes texts and adds their parts. Texts that fail are reported, and the others are added.
fn push_texts(
    writer: &mut Writer,
    encoder: &SentenceEncoder,
    from: &TextsFlags,
    texts: &IndexTextArgs,
    chunk: TextChunks,
    read: &ReadFlags,
    messages: &Messages,
) -> anyhow::Result<()> {
    texts::for_each_text(from, read, messages, |inputs| {
        let mut parts: Vec<(&Input, IndexRecord)> = vec![];
        for input in &inputs {
            parts.extend(records(input, chunk).into_iter().map(|record| (input, record)));
            if chunk != TextChunks::Document {
                remove_parts(writer, &input.id)?;
            }
        }
        let record_texts: Vec<&str> =
            parts.iter().map(|(_, record)| record.text.as_deref().unwrap_or_default()).collect();
        let vectors = encoder.encode_batch(&record_texts)?;
        for ((input, mut record), vector) in parts.into_iter().zip(vectors) {
            let vector = match vector {
                Ok(vector) => vector,
                Err(error) => {
                    messages.failure(&input.not_encoded(error));
                    continue;
                }
            };
            if texts.no_texts {
                record.text = None;
            }
            let location = format!("{}:{}", input.path, input.line);
            named(writer.push(&record, &vector), &location, messages)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Splits a text into records.
fn records(input: &Input, chunk: TextChunks) -> Vec<IndexRecord> {
    let spans = chunk.spans(&input.text);
    let whole = spans.len() == 1;
    let mut records = Vec::with_capacity(spans.len());
    for (number, span) in (1_usize..).zip(spans) {
        records.push(IndexRecord {
            id: if whole { input.id.clone() } else { format!("{}#{number}", input.id) },
            text: span.of(&input.text).map(str::to_owned),
            path: Some(input.path.clone()),
            line: Some(input.line),
            span: (chunk != TextChunks::Document).then_some((span.start, span.end)),
            metadata: input.metadata.clone(),
        });
    }
    records
}

/// Removes the parts of an earlier text with this id, since the new one may have fewer.
fn remove_parts(writer: &mut Writer, id: &str) -> anyhow::Result<()> {
    writer.delete(id)?;
    for number in 1.. {
        if !writer.delete(&format!("{id}#{number}"))? {
            break;
        }
    }
    Ok(())
}

fn push_vectors(
    writer: &mut Writer,
    vectors: &mut Vectors,
    path: &Path,
    messages: &Messages,
) -> anyhow::Result<()> {
    progress::start_counted(vectors.rows() as u64, messages);
    let mut row = 0_u64;
    while let Some(block) = vectors.next_block()? {
        for vector in block.chunks_exact(vectors.width) {
            // Ids are numbers of rows, so none can be left out.
            writer
                .push_numbered(vector)
                .with_context(|| format!("{}: row {row}", path.display()))?;
            row += 1;
        }
        messages.bar.set_position(row);
    }
    Ok(())
}

/// Reports a record that cannot be added; only a full disk ends the run.
fn named(
    pushed: Result<(), SearchError>,
    location: &str,
    messages: &Messages,
) -> anyhow::Result<()> {
    match pushed {
        Err(
            source @ (SearchError::DuplicateId { .. }
            | SearchError::Width { .. }
            | SearchError::Vector { .. }
            | SearchError::Embed(_)),
        ) => {
            messages.failure(&NotAdded { place: location.to_owned(), source });
            Ok(())
        }
        other => Ok(other?),
    }
}

fn commit(mut writer: Writer, folder: &Path, messages: &Messages) -> anyhow::Result<()> {
    let Added { added, replaced, removed, rows } = writer.commit()?;
    messages.bar.finish_and_clear();
    let mut done = vec![];
    if added > 0 || removed == 0 {
        done.push(format!("{added} added"));
    }
    if replaced > 0 {
        done.push(format!("{replaced} of them replacing others"));
    }
    if removed > 0 {
        done.push(format!("{removed} deleted"));
    }
    let (folder, done) = (folder.display(), done.join(", "));
    messages.note(&format!("{folder}: {done}; {}", plural(rows as u64, "record")));
    Ok(())
}
