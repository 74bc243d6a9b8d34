//! The pipeline: reads ahead, tags in chunks, writes in order, in memory bounded by the longest text.
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use cloze::{TagText, TextEntities};
use cloze_corpus::{
    CorpusError, Encoding, Format, NotReadReason, Piece, Reader, Source, UsedFields,
    ValidReadParams,
};

use super::job::Job;
use crate::commands::tag::output::redact::DocumentForm;
use crate::commands::tag::output::{Tagged, WriteError, places};
use crate::input::chunks::{CHUNK_BYTES, ReadAhead};
use crate::input::skipped::{self, ReaderNotes};
use crate::input::texts::{ARGUMENT, Input};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// Text of the first chunk, in bytes, doubled from chunk to chunk, so that the first results appear soon.
const FIRST_CHUNK_BYTES: usize = 16 << 10;
/// Event of the reader.
enum Event {
    /// Begin of an input, in a format that is known if it can be opened.
    Begin(Source, Option<Format>),
    Columns(UsedFields),
    Piece {
        piece: Piece,
        format: Format,
        encoding: Encoding,
        bytes: u64,
    },
    Failed(CorpusError),
    /// End of an input; not `whole` after a failure.
    End {
        whole: bool,
        notes: Vec<String>,
    },
}

impl Event {
    /// Size in bytes of text, in records or outside: an input may have no records.
    fn bytes(&self) -> usize {
        match self {
            Self::Piece { piece: Piece::Record(record), .. } => record.text.len(),
            Self::Piece { piece: Piece::Verbatim(text), .. } => text.len(),
            Self::Begin(..) | Self::Columns(_) | Self::Failed(_) | Self::End { .. } => 0,
        }
    }
}

/// A record that could not be tagged.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not tagged")]
struct NotTagged {
    path: String,
    line: u64,
    source: cloze::Error,
}

/// A record that cannot be written in the format.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not written")]
struct NotWritten {
    path: String,
    line: u64,
    source: WriteError,
}

/// Counts for the summary at the end.
#[derive(Default)]
struct Totals {
    files: u64,
    texts: u64,
    words: u64,
    entities: BTreeMap<String, u64>,
    /// Entities that redaction leaves as they are.
    kept: BTreeMap<String, u64>,
}

pub(crate) fn run(mut job: Job, messages: &Messages) -> anyhow::Result<()> {
    let started = Instant::now();
    messages.not_there(&job.walk);
    skipped::report(&job.walk, messages);
    let sources = std::mem::take(&mut job.walk.sources);
    progress::start(&sources, messages);
    let mut totals = Totals::default();
    let (read, wanted) = (job.read.clone(), job.reader_notes);
    let documents = if job.redacts { job.documents } else { DocumentForm::PageOrText };
    // Removed when the run ends.
    let spooled = job.spooled.take();
    let stdin = spooled.as_ref().map(|(file, format)| (file.path().to_owned(), *format));
    let (given, given_params) = (std::mem::take(&mut job.given), job.read_given.clone());
    let events = ReadAhead::start(move |send| {
        if read_given(&given_params, given, send) {
            read_all(&read, sources, stdin.as_ref(), documents, wanted, send);
        }
    })?;
    let result = write_all(&mut job, &events, &mut totals, messages);
    messages.bar.finish_and_clear();
    result?;
    events.finish();
    job.sink.finish()?;
    if let Some(recorder) = &job.recorder {
        let entities = std::mem::take(&mut totals.entities);
        let kept = |(label, _): &(String, u64)| recorder.borrow().keeps(label);
        (totals.kept, totals.entities) = entities.into_iter().partition(kept);
    }
    summarize(&totals, &job.walk, job.redacts, started.elapsed(), messages);
    Ok(())
}

/// Reads the texts of the command line, as one input. False where nobody listens any more.
fn read_given(params: &ValidReadParams, texts: Vec<Input>, send: &SyncSender<Event>) -> bool {
    if texts.is_empty() {
        return true;
    }
    let mut events = vec![Event::Begin(Source::named(ARGUMENT), None)];
    let mut whole = true;
    for Input { line, id, text, .. } in texts {
        let mut reader = params.from_reader(ARGUMENT, Format::Text, Cursor::new(text));
        while let Some(next) = reader.next() {
            let (encoding, format) = (reader.encoding(), Format::Lines);
            let event = |piece| Event::Piece { piece, format, encoding, bytes: 0 };
            match next {
                Ok(Piece::Record(mut record)) => {
                    (record.line, record.id) = (line, Some(id.clone()));
                    events.push(event(Piece::Record(record)));
                }
                Ok(piece) => events.push(event(piece)),
                Err(error) => {
                    whole = false;
                    events.push(Event::Failed(error));
                }
            }
            // Redacted texts are lines, too.
            events.push(event(Piece::Verbatim("\n".to_owned())));
        }
    }
    events.push(Event::End { whole, notes: vec![] });
    events.into_iter().all(|event| send.send(event).is_ok())
}

/// Reads everything in order. Ends early when the receiver is gone.
fn read_all(
    params: &ValidReadParams,
    sources: Vec<Source>,
    stdin: Option<&(PathBuf, Format)>,
    documents: DocumentForm,
    wanted: ReaderNotes,
    send: &SyncSender<Event>,
) {
    for source in sources {
        let reader = match (&source, stdin) {
            (Source::Stdin, Some((file, format))) => open_spooled(params, file, *format),
            _ => params.open(&source),
        };
        let reader = reader.and_then(|reader| {
            let format = reader.format();
            let reason = if wanted.redacts && format.is_columns() {
                NotReadReason::Columns(format.name())
            } else if documents.refuses(format) {
                NotReadReason::Kind(format.name())
            } else {
                return Ok(reader);
            };
            Err(CorpusError::NotRewritten { path: source.name().into(), part: None, reason })
        });
        let (path, format) = (source.name(), reader.as_ref().ok().map(Reader::format));
        if send.send(Event::Begin(source, format)).is_err() {
            return;
        }
        let (mut whole, mut notes) = (true, vec![]);
        match reader {
            Ok(mut reader) => {
                let format = reader.format();
                let mut last = None;
                while let Some(next) = reader.next() {
                    if reader.used() != last.as_ref() {
                        last = reader.used().cloned();
                        if last.clone().is_some_and(|used| send.send(Event::Columns(used)).is_err())
                        {
                            return;
                        }
                    }
                    let event = match next {
                        Ok(piece) => {
                            let (encoding, bytes) = (reader.encoding(), reader.bytes_read());
                            Event::Piece { piece, format, encoding, bytes }
                        }
                        Err(error) => {
                            whole &= !error.is_fatal();
                            Event::Failed(error)
                        }
                    };
                    if send.send(event).is_err() {
                        return;
                    }
                }
                notes = wanted.of(&path, &reader);
            }
            Err(error) => {
                whole = false;
                if send.send(Event::Failed(error)).is_err() {
                    return;
                }
            }
        }
        if send.send(Event::End { whole, notes }).is_err() {
            return;
        }
    }
}

/// Opens what standard input holds.
fn open_spooled(
    params: &ValidReadParams,
    file: &Path,
    format: Format,
) -> Result<Reader, CorpusError> {
    let file = fs_err::File::open(file).map_err(CorpusError::Read)?;
    Ok(params.from_reader(&Source::Stdin.name(), format, file))
}

/// Input being written.
struct Current {
    path: String,
    /// Line of the last record.
    line: u64,
    /// Whether its output is open: else its records are read and skipped.
    open: bool,
    whole: bool,
    /// Whether a part of it could not be read or tagged.
    failed: bool,
    /// Bytes of it counted on the progress bar.
    bytes: u64,
}

/// Tags a chunk's records together, then writes its events in order.
fn write_all(
    job: &mut Job,
    events: &ReadAhead<Event>,
    totals: &mut Totals,
    messages: &Messages,
) -> anyhow::Result<()> {
    let (mut current, mut most) = (None, FIRST_CHUNK_BYTES);
    while let Some(chunk) = events.chunk(most, Event::bytes) {
        most = (most * 2).min(CHUNK_BYTES);
        write_chunk(job, chunk, &mut current, totals, messages)?;
    }
    Ok(())
}

fn write_chunk(
    job: &mut Job,
    chunk: Vec<Event>,
    current: &mut Option<Current>,
    totals: &mut Totals,
    messages: &Messages,
) -> anyhow::Result<()> {
    let records: Vec<TagText<'_>> = chunk.iter().filter_map(text_of).collect();
    let mut results = job.tagger.tag_texts(&records)?.into_iter();
    if !records.is_empty() && job.sink.is_terminal() {
        // The bar would stand between the results; they show that it goes on.
        messages.bar.finish_and_clear();
    }
    for event in chunk {
        match event {
            Event::Begin(source, format) => {
                totals.files += 1;
                let opened = job.sink.begin(&source, format);
                if let Err(error) = &opened {
                    messages.failure(error.as_ref());
                }
                let open = opened.is_ok();
                let path = source.name();
                *current =
                    Some(Current { path, line: 1, open, whole: true, failed: false, bytes: 0 });
            }
            Event::Columns(used) => messages.columns(&used),
            Event::Failed(error) => {
                if let Some(current) = current.as_mut() {
                    current.failed = true;
                }
                messages.failure(&error);
            }
            Event::End { whole, notes } => {
                for note in &notes {
                    messages.note(note);
                }
                if let Some(current) = current.take().filter(|c| c.open)
                    && let Err(error) = job
                        .sink
                        .end(whole && current.whole && !(current.failed && job.sink.is_in_place()))
                {
                    messages.failure(error.as_ref());
                }
            }
            Event::Piece { piece, format, encoding, bytes } => {
                let Some(current) = current.as_mut() else { continue };
                messages.bar.inc(bytes.saturating_sub(current.bytes));
                current.bytes = bytes;
                let written = match piece {
                    Piece::Record(record) => {
                        let line = record.line;
                        current.line = line;
                        match results.next() {
                            Some(Ok(mut predicted)) if current.open => {
                                if record.is_number() {
                                    predicted.retain_recognized();
                                }
                                let (entities, words) =
                                    (&predicted.entities[..], &predicted.words[..]);
                                let (path, record) = (&current.path, &record);
                                let places = &places(record, entities)[..];
                                let tagged = Tagged {
                                    path,
                                    format,
                                    encoding,
                                    record,
                                    entities,
                                    words,
                                    places,
                                    recognizers: &predicted.recognizers,
                                };
                                job.sink.record(&tagged).inspect(|()| totals.count(&predicted))
                            }
                            Some(Err(source)) => {
                                let path = current.path.clone();
                                current.failed = true;
                                messages.failure(&NotTagged { path, line, source });
                                // The rest of the row stands beside it, which an empty field keeps whole.
                                match record.field.is_some().then(|| record.rewrite("")) {
                                    Some(Ok(empty)) if current.open => {
                                        job.sink.verbatim(&empty, encoding)
                                    }
                                    _ => Ok(()),
                                }
                            }
                            _ => Ok(()),
                        }
                    }
                    Piece::Verbatim(text) if current.open => job.sink.verbatim(&text, encoding),
                    Piece::Verbatim(_) => Ok(()),
                };
                match written {
                    Ok(()) => {}
                    Err(WriteError::Output(error)) => return Err(error.into()),
                    Err(source) => {
                        current.whole = false;
                        let (path, line) = (current.path.clone(), current.line);
                        messages.failure(&NotWritten { path, line, source });
                    }
                }
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = totals.texts as f64 / messages.bar.elapsed().as_secs_f64().max(1e-9);
    messages.bar.set_message(format!("{}, {rate:.0}/s", plural(totals.texts, "text")));
    Ok(job.sink.flush()?)
}

fn text_of(event: &Event) -> Option<TagText<'_>> {
    match event {
        Event::Piece { piece: Piece::Record(record), .. } => {
            let (words, field) = (record.words.as_deref(), record.field.as_deref());
            Some(TagText { text: &record.text, words, field })
        }
        _ => None,
    }
}

impl Totals {
    fn count(&mut self, text: &TextEntities) {
        self.texts += 1;
        self.words += text.words.len() as u64;
        for (label, n) in cloze_heads::tag::count(&text.entities) {
            *self.entities.entry(label).or_default() += n;
        }
    }
}

fn summarize(
    totals: &Totals,
    walk: &cloze_corpus::Walk,
    redacts: bool,
    time: Duration,
    messages: &Messages,
) {
    let entities: u64 = totals.entities.values().chain(totals.kept.values()).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = totals.words as f64 / time.as_secs_f64().max(1e-9);
    let (texts, files) = (plural(totals.texts, "text"), plural(totals.files, "file"));
    let (words, entities) = (plural(totals.words, "word"), plural(entities, "entity"));
    let seconds = time.as_secs_f64();
    let line =
        format!("{entities} in {texts} from {files}: {words} in {seconds:.1} s, {rate:.0} words/s");
    let skipped = skipped::counts(walk).into_iter().map(|count| format!("; {count} skipped"));
    messages.note(&format!("{line}{}", skipped.collect::<String>()));
    if redacts {
        let by_label = totals.entities.iter().map(|(label, n)| format!("{n} {label}"));
        let by_label: Vec<_> = by_label.collect();
        let by_label = if by_label.is_empty() { "nothing".into() } else { by_label.join(", ") };
        messages.note(&format!("replaced {by_label}"));
        if !totals.kept.is_empty() {
            let kept: Vec<_> =
                totals.kept.iter().map(|(label, n)| format!("{n} {label}")).collect();
            messages.note(&format!("kept {}", kept.join(", ")));
        }
    }
}
