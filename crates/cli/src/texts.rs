//! Texts of files, a chunk at a time, for the commands that make vectors of them.
use cloze_corpus::{CorpusError, Piece, Record, Source, ValidReadParams, walk};

use crate::args::ReadArgs;
use crate::messages::{Messages, plural};
use crate::progress;

/// As much text as is encoded at once: enough to sort into batches of one length.
const CHUNK_BYTES: usize = 256 << 10;
/// As many texts, should they be short.
const CHUNK_TEXTS: usize = 4096;

/// A text, and where it comes from.
pub(crate) struct Input {
    /// The file's path, or `-`.
    pub(crate) path: String,
    /// The line it begins in; counts from 1.
    pub(crate) line: u64,
    /// Its name: its own, or else its place.
    pub(crate) id: String,
    /// The text.
    pub(crate) text: String,
}

/// A text of which nothing could be made.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not encoded")]
pub(crate) struct NotEncoded {
    path: String,
    line: u64,
    source: cloze::Error,
}

impl Input {
    fn new(path: &str, record: Record, whole_file: bool) -> Self {
        let Record { line, id, text, .. } = record;
        let place = || if whole_file { path.to_owned() } else { format!("{path}:{line}") };
        let id = id.unwrap_or_else(place);
        Self { path: path.to_owned(), line, id, text }
    }

    /// What to report where it could not be encoded.
    pub(crate) fn not_encoded(&self, source: cloze::Error) -> NotEncoded {
        NotEncoded { path: self.path.clone(), line: self.line, source }
    }
}

/// Reads every text of `paths` in order and gives them to `work` in chunks. What cannot be read is
/// named, and the others are done; how many texts there were comes back.
pub(crate) fn for_each_chunk(
    paths: &[String],
    args: &ReadArgs,
    messages: &Messages,
    mut work: impl FnMut(Vec<Input>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let params = args.params()?;
    let found = walk::find(paths, !args.encoding()?.is_utf16());
    for error in &found.errors {
        messages.failure(error);
    }
    progress::start(&found.sources, messages);
    let (mut chunk, mut bytes, mut texts) = (vec![], 0, 0);
    let mut flush = |chunk: &mut Vec<Input>| {
        texts += chunk.len() as u64;
        work(std::mem::take(chunk))?;
        messages.bar.set_message(plural(texts, "text"));
        anyhow::Ok(())
    };
    for source in &found.sources {
        let whole = read(&params, source, messages, |text| {
            bytes += text.text.len();
            chunk.push(text);
            if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_TEXTS {
                bytes = 0;
                flush(&mut chunk)?;
            }
            Ok(())
        })?;
        if let Err(error) = whole {
            messages.failure(&error);
        }
    }
    if !chunk.is_empty() {
        flush(&mut chunk)?;
    }
    messages.bar.finish_and_clear();
    for (n, what) in [(found.hidden, "hidden"), (found.binary, "binary")] {
        if n > 0 {
            messages.note(&format!("{} skipped", plural(n, &format!("{what} file"))));
        }
    }
    Ok(texts)
}

/// Reads one source; the inner error is the source's, the outer one ends the run.
fn read(
    params: &ValidReadParams,
    source: &Source,
    messages: &Messages,
    mut each: impl FnMut(Input) -> anyhow::Result<()>,
) -> anyhow::Result<Result<(), CorpusError>> {
    let path = source.name();
    let mut reader = match params.open(source) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error)),
    };
    let whole_file = reader.format() == cloze_corpus::Format::Text;
    let mut seen = 0;
    while let Some(next) = reader.next() {
        match next {
            Ok(Piece::Record(record)) => each(Input::new(&path, record, whole_file))?,
            Ok(Piece::Verbatim(_)) => {}
            Err(error) if error.is_fatal() => return Ok(Err(error)),
            Err(error) => messages.failure(&error),
        }
        messages.bar.inc(reader.bytes_read().saturating_sub(seen));
        seen = reader.bytes_read();
    }
    Ok(Ok(()))
}

/// What makes something of each of some texts, or of none. `I` is a text, or one with its number.
pub(crate) type Encode<'a, I, T> = dyn Fn(&[I]) -> Result<Vec<T>, cloze::Error> + 'a;

/// `encode` of all texts together; where one of them is the cause of a failure, each is done alone,
/// so that it costs only itself.
pub(crate) fn encode_each<I: Copy, T>(
    texts: &[I],
    encode: &Encode<'_, I, T>,
) -> anyhow::Result<Vec<Result<T, cloze::Error>>> {
    use cloze::encoder::EncoderError::{Run, Tokenize};
    use cloze::{Error, embed::EmbedError};
    match encode(texts) {
        Ok(all) => Ok(all.into_iter().map(Ok).collect()),
        Err(
            error @ (Error::Encoder(Tokenize { .. } | Run { .. })
            | Error::Embed(EmbedError::NotFinite { .. } | EmbedError::OutOfRange { .. })),
        ) => {
            if texts.len() == 1 {
                return Ok(vec![Err(error)]);
            }
            let mut all = vec![];
            for &text in texts {
                all.extend(encode_each(&[text], encode)?);
            }
            Ok(all)
        }
        Err(error) => Err(error.into()),
    }
}
