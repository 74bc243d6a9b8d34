//! Texts with annotated senses, and the vectors of their words.
use cloze_corpus::{Sniff, find_sources};
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::heads::senses::Occurrence;
use cloze::{SentenceEncoder, Span, check_finite};
use cloze_corpus::{SenseFormat, SenseText, SenseWord, Source};

use crate::commands::senses::args::SenseReadArgs;
use crate::input::texts::NotEncoded;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// Texts encoded at a time.
const CHUNK: usize = 1024;

/// A text with its file.
pub(super) struct Sample {
    path: Arc<str>,
    pub(super) text: SenseText,
}

impl Sample {
    /// Document of the text; a text without one is a document of its own.
    pub(super) fn document(&self) -> &str {
        self.text.document.as_deref().unwrap_or(&self.text.text)
    }

    /// Returns an occurrence of one of its words, with the form in the text.
    pub(super) fn occurrence<'a>(&'a self, word: &'a SenseWord) -> Occurrence<'a> {
        let SenseWord { span, lemma, pos, sense, .. } = word;
        Occurrence { lemma, pos, sense, form: span.of(&self.text.text).unwrap_or_default() }
    }
}

/// Reads all texts with annotated senses. Unreadable texts are reported, and the others are read.
pub(super) fn read(args: &SenseReadArgs, messages: &Messages) -> anyhow::Result<Vec<Sample>> {
    let params = args.params()?;
    let walk = find_sources(&args.paths, Sniff::Nul);
    for error in &walk.errors {
        messages.failure(error);
    }
    // Of a folder, files of other kinds are no fault: a document type, a licence.
    let named = |path: &Path| args.paths.iter().any(|named| Path::new(named) == path);
    let other = |source: &Source| match source {
        Source::Stdin => false,
        Source::File { path, .. } => SenseFormat::of_path(path).is_none() && !named(path),
    };
    let (others, sources): (Vec<Source>, Vec<Source>) = walk.sources.into_iter().partition(other);
    if !others.is_empty() {
        let what = plural(others.len() as u64, "file");
        messages.note(&format!("{what} skipped: neither .xml nor .jsonl"));
    }
    progress::start(&sources, messages);
    let mut samples: Vec<Sample> = vec![];
    for source in &sources {
        let path: Arc<str> = source.name().into();
        let mut texts = match params.open(source) {
            Ok(texts) => texts,
            Err(error) => {
                messages.failure(&error);
                continue;
            }
        };
        let mut seen = 0;
        while let Some(text) = texts.next() {
            messages.bar.inc(texts.bytes_read().saturating_sub(seen));
            seen = texts.bytes_read();
            match text {
                Ok(text) if text.words.is_empty() => {}
                Ok(text) => add(&mut samples, &path, text),
                Err(error) => messages.failure(&error),
            }
        }
        messages.bar.set_message(plural(samples.len() as u64, "text"));
    }
    messages.bar.finish_and_clear();
    if samples.is_empty() {
        bail!("expected texts with annotated senses, found none");
    }
    Ok(samples)
}

/// Adds a text; words of one text on lines of their own are joined.
fn add(samples: &mut Vec<Sample>, path: &Arc<str>, text: SenseText) {
    match samples.last_mut() {
        Some(last)
            if last.path == *path
                && last.text.text == text.text
                && last.text.document == text.document =>
        {
            last.text.words.extend(text.words);
        }
        _ => samples.push(Sample { path: path.clone(), text }),
    }
}

/// Vectors of the words of each sample; `None` for a word that the model sees no token of.
fn encode_words(
    encoder: &SentenceEncoder,
    samples: &[&Sample],
) -> Result<Vec<Vec<Option<Vec<f32>>>>, cloze::Error> {
    let spans = |sample: &&Sample| sample.text.words.iter().map(|w| w.span).collect();
    let spans: Vec<Vec<Span>> = samples.iter().map(spans).collect();
    let texts = samples.iter().zip(&spans);
    let texts: Vec<(&str, &[Span])> =
        texts.map(|(sample, spans)| (&*sample.text.text, &**spans)).collect();
    let vectors = encoder.spans(&texts)?;
    vectors.iter().flatten().flatten().try_for_each(|vector| check_finite(vector))?;
    Ok(vectors)
}

/// Gives `work` each word of each text with its vector, in order, and returns the number of words. Texts
/// that cannot be encoded are reported, and the others are encoded.
pub(super) fn for_each_word(
    encoder: &SentenceEncoder,
    samples: &[&Sample],
    messages: &Messages,
    mut work: impl FnMut(&Sample, &SenseWord, &[f32]) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    progress::start_counted(samples.len() as u64, messages);
    let mut words = 0;
    for chunk in samples.chunks(CHUNK) {
        let results = isolate(chunk, |samples| encode_words(encoder, samples))?;
        for (sample, result) in chunk.iter().zip(results) {
            let path = || sample.path.to_string();
            let vectors = match result {
                Ok(vectors) => vectors,
                Err(source) => {
                    messages.failure(&NotEncoded { path: path(), line: sample.text.line, source });
                    continue;
                }
            };
            for (word, vector) in sample.text.words.iter().zip(vectors) {
                let Some(vector) = vector else {
                    let source = cloze::Error::Conflict("the model sees no token of the word");
                    messages.failure(&NotEncoded { path: path(), line: word.line, source });
                    continue;
                };
                work(sample, word, &vector)?;
                words += 1;
            }
        }
        messages.bar.inc(chunk.len() as u64);
    }
    messages.bar.finish_and_clear();
    Ok(words)
}
