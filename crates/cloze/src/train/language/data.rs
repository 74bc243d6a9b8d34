//! Running text as documents of sentences in tokens.
use cloze_corpus::{
    Piece, ReadParams, SkipReason, Source, TextChunks, ValidReadParams, find_sources,
};
use cloze_encoder::{EncoderError, TokenCounter};
use cloze_report::DataFile;
use cloze_tune::packing::{Document, TextTokens};
use cloze_tune::task::Part;
use rayon::prelude::*;

use crate::train::data::data_file;
use crate::train::event::{TrainingNote, TrainingObserver, note, note_guess, note_skipped_rows};
use crate::train::sample::{HOLD_OUT, drawn};
use crate::train::{DataSource, FineTuneError, FitEvent, TrainingEvent};

/// Maximum size of a chunk of texts that is tokenized at once, in bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// Maximum number of texts of a chunk.
const CHUNK_TEXTS: usize = 4096;

/// Documents of a data set.
#[derive(Debug, Default)]
pub struct Documents {
    /// The documents.
    pub documents: Vec<Document>,
    /// Files that they come from.
    pub files: Vec<DataFile>,
}

/// Unit of a document: sequences, and pairs of texts, stay within one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentUnit {
    /// A text: a file, or a line or row of one that has many.
    #[default]
    Text,
    /// Text between blank lines, a paragraph or sentence per line.
    BlankLine,
}

/// Settings of reading running text; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug, Default)]
pub struct DocumentParams {
    reader: ReadParams,
    unit: DocumentUnit,
}

impl DocumentParams {
    /// Reader of the files. Default that of [`ReadParams`].
    #[must_use]
    pub fn reader(self, reader: ReadParams) -> Self {
        Self { reader, ..self }
    }

    /// Unit of a document. Default a text.
    #[must_use]
    pub fn unit(self, unit: DocumentUnit) -> Self {
        Self { unit, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Errors of [`ReadParams::check`].
    pub fn check(self) -> Result<ValidDocumentParams, FineTuneError> {
        let Self { reader, unit } = self;
        Ok(ValidDocumentParams { reader: reader.check()?, unit })
    }
}

/// [`DocumentParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidDocumentParams {
    reader: ValidReadParams,
    pub(in crate::train) unit: DocumentUnit,
}

/// Text of a file.
pub(in crate::train) struct Input {
    pub(in crate::train) path: String,
    pub(in crate::train) line: u64,
    pub(in crate::train) text: String,
}

/// Documents of a training.
pub(super) struct Splits {
    pub(super) train: Documents,
    pub(super) dev: Documents,
    pub(super) test: Option<Documents>,
}

impl Splits {
    pub(super) fn read(
        data: &crate::train::TrainingData<String>,
        params: &ValidDocumentParams,
        tokenizer: &TokenCounter,
        cased: bool,
        share: f64,
        seed: u64,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let read = |source: &DataSource<String>| {
            Documents::read(source, params, tokenizer, cased, observer)
        };
        let mut train = read(&data.train)?;
        let dev = match &data.dev {
            None => train.hold_out(share, seed),
            Some(dev) => read(dev)?,
        };
        let test = data.test.as_ref().map(read).transpose()?;
        let (documents, tokens) = (train.documents.len(), train.tokens());
        let dev_count = dev.documents.len();
        note(observer, &TrainingNote::Documents { train: documents, tokens, dev: dev_count });
        Ok(Self { train, dev, test })
    }
}

impl Documents {
    /// Reads the documents of a data set, none of them empty. What cannot be read is named and left
    /// out. With `cased`, tokens have their casing.
    ///
    /// # Errors
    /// [`FineTuneError::Data`] for no document at all; [`FineTuneError::Text`] for a text that cannot be
    /// tokenized; those of reading.
    pub fn read(
        source: &DataSource<String>,
        params: &ValidDocumentParams,
        tokenizer: &TokenCounter,
        cased: bool,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let mut corpus = Self::default();
        let add = |chunk: Vec<Input>| corpus.add(&chunk, params.unit, tokenizer, cased);
        for_each_chunk(source, params, observer, add)?;
        if corpus.documents.is_empty() {
            let (data, what) = (source.names(), "no text could be read");
            return Err(FineTuneError::Data { data, what });
        }
        add_hashes(source, &mut corpus.files)?;
        Ok(corpus)
    }

    fn add(
        &mut self,
        chunk: &[Input],
        unit: DocumentUnit,
        tokenizer: &TokenCounter,
        cased: bool,
    ) -> Result<(), FineTuneError> {
        let texts: Vec<(&Input, &str)> = chunk.iter().flat_map(|input| cut(input, unit)).collect();
        let documents: Vec<_> =
            texts.par_iter().map(|(_, text)| tokens(text, tokenizer, cased)).collect();
        for ((input, _), document) in texts.into_iter().zip(documents) {
            let document = document.map_err(|source| {
                let (path, line) = (input.path.clone(), input.line);
                FineTuneError::Text { path, line, source: Box::new(source) }
            })?;
            if document.is_empty() {
                continue;
            }
            if self.files.last().is_none_or(|file| file.file != input.path) {
                let file = input.path.clone();
                self.files.push(DataFile { file, sha256: None, examples: 0 });
            }
            if let Some(file) = self.files.last_mut() {
                file.examples += 1;
            }
            self.documents.push(document);
        }
        Ok(())
    }

    pub(super) fn tokens(&self) -> usize {
        self.documents.iter().flatten().map(TextTokens::len).sum()
    }

    /// Takes a share of the documents out, drawn by `seed`.
    fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let mut drawn = drawn(seed, HOLD_OUT, share, self.documents.len()).into_iter();
        let is_out = |_: &mut Document| drawn.next().unwrap_or(false);
        Self { documents: self.documents.extract_if(.., is_out).collect(), files: vec![] }
    }
}

/// Gives every text of a data set to `work`, in order and in chunks; records in memory are one chunk. A file
/// that cannot be read is named and left out.
pub(in crate::train) fn for_each_chunk(
    source: &DataSource<String>,
    params: &ValidDocumentParams,
    observer: &TrainingObserver<'_>,
    mut work: impl FnMut(Vec<Input>) -> Result<(), FineTuneError>,
) -> Result<(), FineTuneError> {
    match source {
        DataSource::Files(paths) => for_each_chunk_of_files(paths, params, observer, work),
        DataSource::Records { name, records } => {
            let input = |(line, text): (u64, &String)| Input {
                path: name.clone(),
                line,
                text: text.clone(),
            };
            work((1..).zip(records).map(input).collect())
        }
    }
}

/// Adds the hashes of the files that a data set was read from.
pub(in crate::train) fn add_hashes(
    source: &DataSource<String>,
    files: &mut [DataFile],
) -> Result<(), FineTuneError> {
    if let DataSource::Files(_) = source {
        for file in files {
            *file = data_file(&file.file, file.examples)?;
        }
    }
    Ok(())
}

fn for_each_chunk_of_files(
    paths: &[String],
    params: &ValidDocumentParams,
    observer: &TrainingObserver<'_>,
    mut work: impl FnMut(Vec<Input>) -> Result<(), FineTuneError>,
) -> Result<(), FineTuneError> {
    let walked = find_sources(paths, params.reader.sniff());
    for error in &walked.errors {
        observer(TrainingEvent::LeftOut(error));
    }
    observer(TrainingEvent::Reading(&walked.sources));
    let (mut chunk, mut bytes, mut records) = (vec![], 0, 0);
    for source in &walked.sources {
        read_file(source, params, observer, &mut records, |input| {
            bytes += input.text.len();
            chunk.push(input);
            if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_TEXTS {
                bytes = 0;
                return work(std::mem::take(&mut chunk));
            }
            Ok(())
        })?;
    }
    work(chunk)?;
    observer(TrainingEvent::Finished);
    let kinds = [
        (SkipReason::Hidden, "hidden file"),
        (SkipReason::Binary, "binary file"),
        (SkipReason::Special, "special file"),
    ];
    for (reason, kind) in kinds {
        let count = walked.count(reason);
        if count > 0 {
            note(observer, &TrainingNote::Skipped { count, kind });
        }
    }
    Ok(())
}

fn read_file(
    source: &Source,
    params: &ValidDocumentParams,
    observer: &TrainingObserver<'_>,
    records: &mut u64,
    mut add: impl FnMut(Input) -> Result<(), FineTuneError>,
) -> Result<(), FineTuneError> {
    let path = source.name();
    let mut reader = match params.reader.open(source) {
        Ok(reader) => reader,
        Err(error) => {
            observer(TrainingEvent::LeftOut(&error));
            return Ok(());
        }
    };
    let (mut seen, mut used) = (0, None);
    while let Some(piece) = reader.next() {
        if reader.used() != used.as_ref() {
            used = reader.used().cloned();
            if let Some(used) = &used {
                observer(TrainingEvent::Fit(&FitEvent::ColumnsChosen(used)));
            }
        }
        match piece {
            Ok(Piece::Record(record)) => {
                *records += 1;
                add(Input { path: path.clone(), line: record.line, text: record.text })?;
            }
            Ok(Piece::Verbatim(_)) => continue,
            Err(error) => observer(TrainingEvent::LeftOut(&error)),
        }
        let bytes = reader.bytes_read().saturating_sub(seen);
        seen = reader.bytes_read();
        observer(TrainingEvent::Read { bytes, records: *records, unit: "text" });
    }
    note_guess(observer, reader.guessed_encoding().as_ref());
    note_skipped_rows(observer, &path, reader.skipped_rows());
    Ok(())
}

/// Documents of a text.
pub(in crate::train) fn cut(input: &Input, unit: DocumentUnit) -> Vec<(&Input, &str)> {
    let text = &*input.text;
    if unit == DocumentUnit::Text {
        return vec![(input, text)];
    }
    let (mut documents, mut start, mut offset) = (vec![], 0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            documents.push((input, &text[start..offset]));
            start = offset + line.len();
        }
        offset += line.len();
    }
    documents.push((input, &text[start..]));
    documents.retain(|(_, text)| !text.trim().is_empty());
    documents
}

/// Sentences of a document, none of them empty. A sentence ends with its line.
fn tokens(text: &str, tokenizer: &TokenCounter, cased: bool) -> Result<Document, EncoderError> {
    let mut document = vec![];
    for line in text.lines() {
        for span in TextChunks::Sentences(1).spans(line) {
            let Some(sentence) = span.of(line) else { continue };
            let pieces = tokenizer.pieces(sentence, document.len())?;
            let content = pieces.before..pieces.before + pieces.tokens.len();
            let ids = pieces.sequence.ids[content.clone()].to_vec();
            let (mut parts, mut last) = (Vec::with_capacity(ids.len()), None);
            for (&id, token) in ids.iter().zip(&pieces.tokens) {
                let further = token.word.is_some() && token.word == last;
                last = token.word;
                parts.push(match (tokenizer.is_special(id), further) {
                    (true, _) => Part::Special,
                    (false, true) => Part::Further,
                    (false, false) => Part::First,
                });
            }
            let casing = if cased { pieces.sequence.casing[content].to_vec() } else { vec![] };
            let sentence = TextTokens { ids, parts, casing };
            if !sentence.is_empty() {
                document.push(sentence);
            }
        }
    }
    Ok(document)
}
