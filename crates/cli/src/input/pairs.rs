//! Pairs of texts from a file, in chunks.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use cloze::distinct::PairTextError;
use cloze_corpus::{CorpusError, Pair, Pairs, Source, ValidPairParams};

use crate::input::chunks::ReadAhead;
use crate::input::texts::{ColumnLines, Progressed, next_chunk};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// A pair that could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: the {which} text: not encoded")]
pub(crate) struct NotEncoded {
    path: String,
    line: u64,
    which: &'static str,
    source: Arc<cloze::Error>,
}

impl NotEncoded {
    pub(crate) fn new(path: &str, pair: &Pair, error: PairTextError) -> Self {
        let PairTextError { side: which, source } = error;
        Self { path: path.to_owned(), line: pair.line, which, source }
    }
}

/// Reads every pair of the file `name`, or of standard input for `-`, gives them to `work` in chunks, and
/// returns their number. An unreadable row is reported, and the others are read. A file without a pair is
/// an error.
pub(crate) fn for_each_chunk(
    name: &str,
    params: &ValidPairParams,
    messages: &Messages,
    mut work: impl FnMut(Vec<Pair>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let source = source(name);
    let reader = params.open(&source).map_err(|error| match error {
        CorpusError::NoPairs { .. } => {
            anyhow::anyhow!("{error}\nhint: --input csv, tsv or jsonl sets its format")
        }
        error => error.into(),
    })?;
    progress::start(std::slice::from_ref(&source), messages);
    let columns = ColumnLines::default();
    let sent = columns.clone();
    let items = ReadAhead::start(move |send| read_all(reader, &sent, send))?;
    let size = |pair: &Pair| pair.first.len() + pair.second.len();
    let (mut pairs, mut bad) = (0, 0_u64);
    while let Some(read) = next_chunk(&items, size, messages) {
        columns.show(messages);
        let mut chunk = vec![];
        for pair in read {
            match pair {
                Ok(pair) => {
                    pairs += 1;
                    chunk.push(pair);
                }
                // With nothing before it, it is not one failure among others.
                Err(error) if error.is_fatal() && pairs == 0 => return Err(error.into()),
                Err(error) => {
                    bad += 1;
                    messages.failure(&error);
                }
            }
        }
        if !chunk.is_empty() {
            work(chunk)?;
            messages.bar.set_message(plural(pairs, "pair"));
        }
    }
    items.finish();
    messages.bar.finish_and_clear();
    columns.show(messages);
    if pairs == 0 && bad == 0 {
        anyhow::bail!("{name}: expected pairs of texts, found none");
    }
    Ok(pairs)
}

/// Reads everything in order. Ends early when the receiver is gone.
fn read_all(mut reader: Pairs, columns: &ColumnLines, send: &SyncSender<Progressed<Pair>>) {
    let (mut seen, mut last) = (0, None);
    while let Some(next) = reader.next() {
        columns.note(reader.used(), &mut last);
        let bytes = reader.bytes_read().saturating_sub(seen);
        seen = reader.bytes_read();
        if send.send((next, bytes)).is_err() {
            return;
        }
    }
    columns.note_guess(reader.guessed_encoding());
}

/// Returns the file of this name, or standard input for `-`.
pub(crate) fn source(name: &str) -> Source {
    if name == "-" {
        return Source::Stdin;
    }
    let path = PathBuf::from(name);
    Source::File { relative: path.clone(), path }
}
