//! Texts from files, in chunks, for the commands that encode them.
use cloze_corpus::find_sources;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cloze_corpus::{
    Cells, CorpusError, Format, GuessedEncoding, Piece, Record, Source, UsedFields, ValidReadParams,
};
use cloze_report::PlacedText;
use cloze_report::text::visible;
use serde_json::{Map, Value};

use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::input::chunks::{CHUNK_BYTES, ReadAhead};
use crate::input::skipped::{self, ReaderNotes};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// Path of the texts that are given on the command line.
pub(crate) const ARGUMENT: &str = "argument";

/// A text with its place.
pub(crate) struct Input {
    /// Path of the file, or `-`.
    pub(crate) path: String,
    /// Line it begins in, from 1.
    pub(crate) line: u64,
    /// Id: its own, or else its place.
    pub(crate) id: String,
    /// The text.
    pub(crate) text: String,
    /// Other fields, if they were asked for.
    pub(crate) metadata: Map<String, Value>,
    /// All columns or fields, if they were asked for and the file has any.
    pub(crate) cells: Option<Cells>,
}

/// A text that could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not encoded")]
pub(crate) struct NotEncoded {
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) source: cloze::Error,
}

impl Input {
    fn new(path: &str, record: Record, whole_file: bool) -> Self {
        let Record { line, id, text, metadata, cells, .. } = record;
        let default_id = || if whole_file { path.to_owned() } else { format!("{path}:{line}") };
        let id = id.unwrap_or_else(default_id);
        Self { path: path.to_owned(), line, id, text, metadata, cells }
    }

    /// Returns the text that is argument `line` of the command line.
    pub(crate) fn given(line: u64, text: String) -> Self {
        let (id, metadata) = (format!("{ARGUMENT}:{line}"), Map::new());
        Self { path: ARGUMENT.into(), line, id, text, metadata, cells: None }
    }

    /// Returns the text as reports take it.
    pub(crate) fn placed(&self) -> PlacedText<'_> {
        PlacedText { id: &self.id, path: &self.path, line: self.line, text: &self.text }
    }

    /// Returns the error for a text that could not be encoded.
    pub(crate) fn not_encoded(&self, source: cloze::Error) -> NotEncoded {
        NotEncoded { path: self.path.clone(), line: self.line, source }
    }
}

/// Texts given on the command line. Where one is the name of a file, a note says that it is taken as
/// text, and that `reads` reads files, such as `--texts`.
pub(crate) fn given(texts: &[String], reads: &str, messages: &Messages) -> Vec<Input> {
    for text in texts {
        note_file_name(text, reads, messages);
        messages.has_input();
    }
    (1..).zip(texts).map(|(line, text)| Input::given(line, text.clone())).collect()
}

/// Notes that a text is the name of a file.
pub(crate) fn note_file_name(text: &str, reads: &str, messages: &Messages) {
    if Path::new(text).is_file() {
        messages.note(&visible(&format!(
            "{text}: there is a file of this name, but it is taken as text\nhint: {reads}"
        )));
    }
}

/// Gives the texts of the command line to `work`, then those of files, as [`for_each_chunk`] does.
pub(crate) fn for_each_text(
    texts: &TextsFlags,
    read: &ReadFlags,
    messages: &Messages,
    mut work: impl FnMut(Vec<Input>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let given = texts.given(messages);
    let count = given.len() as u64;
    if !given.is_empty() {
        work(given)?;
    }
    if texts.paths.is_empty() {
        return Ok(count);
    }
    Ok(count + for_each_chunk(&texts.paths, read, messages, work)?)
}

/// An item or the reason why it could not be read, with the bytes read since the last one.
pub(crate) type Progressed<T> = (Result<T, CorpusError>, u64);

/// Reads every text of `paths` in order, gives them to `work` in chunks, and returns their number; if more
/// is slow to come, a chunk is smaller. Unreadable texts are reported, and the others are read.
pub(crate) fn for_each_chunk(
    paths: &[String],
    args: &ReadFlags,
    messages: &Messages,
    mut work: impl FnMut(Vec<Input>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let params = args.params()?;
    let walk = find_sources(paths, params.sniff());
    messages.not_there(&walk);
    skipped::report(&walk, messages);
    progress::start(&walk.sources, messages);
    let sources = walk.sources;
    let columns = ColumnLines::default();
    let notes = Arc::new(Mutex::new(vec![]));
    let told = Told { columns: columns.clone(), notes: Arc::clone(&notes) };
    let wanted = ReaderNotes { redacts: false };
    let items = ReadAhead::start(move |send| read_all(&params, &sources, wanted, &told, send))?;
    let show_notes = || {
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.drain(..).for_each(|note: String| messages.note(&note));
    };
    let mut texts = 0;
    while let Some(read) = next_chunk(&items, |text: &Input| text.text.len(), messages) {
        columns.show(messages);
        let chunk: Vec<Input> = read
            .into_iter()
            .filter_map(|text| text.inspect_err(|error| messages.failure(error)).ok())
            .collect();
        texts += chunk.len() as u64;
        if !chunk.is_empty() {
            work(chunk)?;
            messages.bar.set_message(plural(texts, "text"));
        }
        show_notes();
    }
    messages.bar.finish_and_clear();
    items.finish();
    show_notes();
    Ok(texts)
}

/// Columns or fields that a reader ahead has used, and the encoding that it guessed, to be shown.
#[derive(Clone, Default)]
pub(crate) struct ColumnLines(Arc<Mutex<Waiting>>);

/// Facts that wait to be shown.
#[derive(Default)]
struct Waiting {
    columns: Vec<UsedFields>,
    guessed: Option<GuessedEncoding>,
}

impl ColumnLines {
    /// Notes what a record comes from, if it is not what `last` was.
    pub(crate) fn note(&self, used: Option<&UsedFields>, last: &mut Option<UsedFields>) {
        if used != last.as_ref() {
            *last = used.cloned();
            self.lock().columns.extend(used.cloned());
        }
    }

    /// Notes the encoding of an input, where it was guessed.
    pub(crate) fn note_guess(&self, guessed: Option<GuessedEncoding>) {
        self.lock().guessed = guessed;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what was noted.
    pub(crate) fn show(&self, messages: &Messages) {
        let Waiting { columns, guessed } = std::mem::take(&mut *self.lock());
        for used in &columns {
            messages.columns(used);
        }
        messages.guessed(guessed.as_ref());
    }
}

/// Returns the next chunk of the items read ahead, and moves the bar by its bytes. `size` is that of an
/// item, in bytes of text.
pub(crate) fn next_chunk<T: Send + 'static>(
    items: &ReadAhead<Progressed<T>>,
    size: impl Fn(&T) -> usize,
    messages: &Messages,
) -> Option<Vec<Result<T, CorpusError>>> {
    let chunk = items.chunk(CHUNK_BYTES, |(item, _)| item.as_ref().map_or(0, &size))?;
    messages.bar.inc(chunk.iter().map(|(_, bytes)| bytes).sum());
    Some(chunk.into_iter().map(|(item, _)| item).collect())
}

/// Messages of the reading thread.
struct Told {
    columns: ColumnLines,
    notes: Arc<Mutex<Vec<String>>>,
}

/// Reads everything in order. Ends early when the receiver is gone.
fn read_all(
    params: &ValidReadParams,
    sources: &[Source],
    wanted: ReaderNotes,
    told: &Told,
    send: &SyncSender<Progressed<Input>>,
) {
    for source in sources {
        let path = source.name();
        let mut reader = match params.open(source) {
            Ok(reader) => reader,
            Err(error) => {
                if send.send((Err(error), 0)).is_err() {
                    return;
                }
                continue;
            }
        };
        let format = reader.format();
        let whole_file = format == Format::Text || format.is_document();
        let (mut seen, mut last) = (0, None);
        while let Some(next) = reader.next() {
            told.columns.note(reader.used(), &mut last);
            let item = match next {
                Ok(Piece::Record(record)) => Ok(Input::new(&path, record, whole_file)),
                Ok(Piece::Verbatim(_)) => continue,
                Err(error) => Err(error),
            };
            let bytes = reader.bytes_read().saturating_sub(seen);
            seen = reader.bytes_read();
            if send.send((item, bytes)).is_err() {
                return;
            }
        }
        let mut notes = told.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.extend(wanted.of(&path, &reader));
    }
}
