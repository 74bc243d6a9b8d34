//! Labelled texts in memory, or read from files.
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cloze_corpus::quality::{GroupedText, groups};
use cloze_corpus::{LabelledParams, Source, labelled_sources};
use cloze_report::DataFile;
use cloze_store::checksum;
use cloze_train::{Labels, TrainError};

use super::{FitContext, FitError, FitEvent, FitWarning};
use crate::Input;
use crate::data_check::SplitText;

/// Most bytes of text in a chunk.
const CHUNK_BYTES: usize = 256 << 10;
/// Most examples in a chunk, should they be short.
const CHUNK_EXAMPLES: usize = 2048;
/// Most labels that may all be numbers: more are a quantity.
const MOST_NUMBERS: usize = 50;
/// Fewer examples of a label than this are a warning.
const RARE: usize = 10;
/// Path of examples that no file has.
const MEMORY: &str = "memory";

/// A text or pair of texts with its labels, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledText {
    /// File, or another name of the source.
    pub path: Arc<str>,
    /// Line it begins in, from 1.
    pub line: u64,
    /// Name in the source, if there is one.
    pub id: Option<String>,
    /// The text, or a pair's first.
    pub text: String,
    /// A pair's second text.
    pub second: Option<String>,
    /// Gold labels: one, or any number where several are learned.
    pub labels: Vec<String>,
    /// Author, document or the like, whose examples are never on both sides of a split; none where
    /// it is empty.
    pub group: Option<String>,
}

impl LabelledText {
    /// A text with one label, of no file; reports call its source `memory`.
    #[must_use]
    pub fn new(text: impl Into<String>, label: impl Into<String>) -> Self {
        let labels = vec![label.into()];
        let (path, text) = (MEMORY.into(), text.into());
        Self { path, line: 0, id: None, text, second: None, labels, group: None }
    }

    /// Second text. Default none.
    #[must_use]
    pub fn second(mut self, second: impl Into<String>) -> Self {
        self.second = Some(second.into());
        self
    }

    /// Author, document or the like, whose examples are never on both sides of a split. Default none.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Text, named by its place, to be compared with those of another split.
    #[must_use]
    pub fn split_text(&self) -> SplitText {
        SplitText::new(&self.text, self.second.as_deref(), Some((&self.path, self.line)))
    }

    /// Input of an encoder.
    #[must_use]
    pub fn input(&self) -> Input<'_> {
        Input { text: &self.text, second: self.second.as_deref() }
    }
}

/// Labelled texts, and their files.
#[derive(Clone, Debug, Default)]
pub struct LabelledTexts {
    /// The texts, in order.
    pub examples: Vec<LabelledText>,
    /// The files, in order, each with its number of examples.
    pub files: Vec<DataFile>,
}

/// Data of a training: files to read, or texts in memory.
#[derive(Clone, Debug)]
pub enum FitData {
    /// Files, folders, patterns or `LABEL=FILE`, as [`labelled_sources`] has them.
    Files {
        /// Paths.
        paths: Vec<String>,
        /// Settings of the reader.
        params: LabelledParams,
    },
    /// Texts in memory.
    Memory(Vec<LabelledText>),
}

impl From<Vec<LabelledText>> for FitData {
    fn from(examples: Vec<LabelledText>) -> Self {
        Self::Memory(examples)
    }
}

impl FitData {
    /// Files to read.
    pub fn files<S: Into<String>>(
        paths: impl IntoIterator<Item = S>,
        params: LabelledParams,
    ) -> Self {
        Self::Files { paths: paths.into_iter().map(Into::into).collect(), params }
    }

    /// Name of the data in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Files { paths, .. } => paths.join(", "),
            Self::Memory(_) => MEMORY.to_owned(),
        }
    }

    /// Reads the data. A record that cannot be read is an event, and the others are taken.
    ///
    /// # Errors
    /// As [`read_labelled_chunks`]; [`FitError::NoExamples`] for none in memory.
    pub fn read(self, context: &FitContext<'_>) -> Result<LabelledTexts, FitError> {
        match self {
            Self::Files { paths, params } => {
                let mut examples = vec![];
                let files = read_labelled_chunks(&paths, params, context, |chunk| {
                    examples.extend(chunk);
                    Ok::<_, FitError>(())
                })?;
                Ok(LabelledTexts { examples, files })
            }
            Self::Memory(examples) if examples.is_empty() => {
                Err(FitError::NoExamples { data: MEMORY.to_owned() })
            }
            Self::Memory(mut examples) => {
                let mut files: Vec<DataFile> = vec![];
                for (example, number) in examples.iter_mut().zip(1..) {
                    if example.line == 0 {
                        example.line = number;
                    }
                    match files.last_mut().filter(|file| *file.file == *example.path) {
                        Some(file) => file.examples += 1,
                        None => files.push(DataFile {
                            file: example.path.to_string(),
                            sha256: None,
                            examples: 1,
                        }),
                    }
                }
                Ok(LabelledTexts { examples, files })
            }
        }
    }
}

/// Reads labelled texts of files and gives them to `work` in chunks of bounded size; returns the
/// files. A record that cannot be read is an event, and the others are taken.
///
/// # Errors
/// [`FitError::Corpus`] for settings, paths and files; [`FitError::NoExamples`] for none at
/// all; errors of `work`.
pub fn read_labelled_chunks<E: From<FitError>>(
    paths: &[String],
    params: LabelledParams,
    context: &FitContext<'_>,
    mut work: impl FnMut(Vec<LabelledText>) -> Result<(), E>,
) -> Result<Vec<DataFile>, E> {
    let params = params.check().map_err(FitError::from)?;
    let sources = labelled_sources(paths).map_err(FitError::from)?;
    let files: Vec<Source> = sources.iter().map(|s| s.source.clone()).collect();
    context.event(&FitEvent::ReadingStarted { sources: &files });
    let mut reader = params.open_all(sources);
    let (mut chunk, mut bytes, mut total, mut bytes_read) = (vec![], 0, 0_u64, 0);
    let mut counts: Vec<(Arc<str>, usize)> = vec![];
    let (mut used, mut guessed) = (None, None);
    while let Some(next) = reader.next() {
        if reader.used() != used.as_ref() {
            used = reader.used().cloned();
            if let Some(used) = &used {
                context.event(&FitEvent::ColumnsChosen(used));
            }
        }
        if reader.guessed_encoding() != guessed.as_ref() {
            guessed = reader.guessed_encoding().cloned();
            if let Some(guessed) = &guessed {
                context.event(&FitEvent::EncodingGuessed(guessed));
            }
        }
        let path = reader.path();
        match next {
            Ok(example) => {
                let known = counts.last().filter(|(known, _)| Path::new(&**known) == path);
                let path = if let Some((known, _)) = known {
                    Arc::clone(known)
                } else {
                    let new: Arc<str> = path.display().to_string().into();
                    counts.push((Arc::clone(&new), 0));
                    new
                };
                if let Some((_, count)) = counts.last_mut() {
                    *count += 1;
                }
                let cloze_corpus::Example { line, id, text, second, labels, group } = example;
                bytes += text.len() + second.as_ref().map_or(0, String::len);
                total += 1;
                chunk.push(LabelledText { path, line, id, text, second, labels, group });
            }
            Err(error) => context.event(&FitEvent::RecordFailed(&error)),
        }
        let new = reader.bytes_read().saturating_sub(bytes_read);
        context.event(&FitEvent::BytesRead { bytes: new });
        bytes_read = reader.bytes_read();
        if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_EXAMPLES {
            context.cancel.check().map_err(FitError::from)?;
            bytes = 0;
            work(std::mem::take(&mut chunk))?;
            context.event(&FitEvent::ExamplesRead { examples: total });
        }
    }
    if !chunk.is_empty() {
        work(chunk)?;
    }
    context.event(&FitEvent::ReadingEnded);
    if total == 0 {
        return Err(FitError::NoExamples { data: paths.join(", ") }.into());
    }
    let mut files = Vec::with_capacity(counts.len());
    for (path, examples) in counts {
        let on_disk = Path::new(&*path).is_file();
        let sha256 = on_disk.then(|| checksum::sha256_file(Path::new(&*path))).transpose();
        let sha256 = sha256.map_err(FitError::from)?;
        files.push(DataFile { file: path.to_string(), sha256, examples });
    }
    Ok(files)
}

/// Labels of `examples`, one each, or with `multi_label` any number. `data` names them in errors. Equal
/// texts, and examples of one group, are [grouped](Labels::grouped), so that no split parts them.
///
/// # Errors
/// [`FitError::FewLabels`], [`FitError::Quantity`]; else as [`Labels::single`] and
/// [`Labels::multi`], as [`FitError::Labels`].
pub fn labels_of(
    examples: &[LabelledText],
    multi_label: bool,
    data: &str,
) -> Result<Labels, FitError> {
    let labels = if multi_label {
        let sets: Vec<Vec<&str>> =
            examples.iter().map(|e| e.labels.iter().map(String::as_str).collect()).collect();
        Labels::multi(&sets)
    } else {
        let single: Vec<&str> =
            examples.iter().map(|e| e.labels.first().map_or("", String::as_str)).collect();
        Labels::single(&single)
    };
    let data = data.to_owned();
    let labels = labels.map_err(|error| match error {
        TrainError::FewClasses { expected, .. } => {
            let label = examples.iter().flat_map(|e| &e.labels).next().cloned();
            FitError::FewLabels { data: data.clone(), expected, label }
        }
        source => FitError::Labels { data: data.clone(), source },
    })?;
    let count = labels.names().iter().filter(|l| l.parse::<f64>().is_ok()).count();
    if count == labels.names().len() && count > MOST_NUMBERS {
        let number = labels.names()[0].clone();
        return Err(FitError::Quantity { data, count, number });
    }
    let grouped = labels.grouped(&groups(examples.iter().map(grouped)));
    grouped.map_err(|source| FitError::Labels { data, source })
}

fn grouped(example: &LabelledText) -> GroupedText<'_> {
    let LabelledText { text, second, group, .. } = example;
    GroupedText { text, second: second.as_deref(), group: group.as_deref() }
}

/// Warns of what may spoil the result: texts that are there twice, empty ones, rare labels.
pub fn warn_of_data(examples: &[LabelledText], labels: &Labels, context: &FitContext<'_>) {
    let empty = examples.iter().filter(|e| e.text.trim().is_empty()).count();
    // The labels of each distinct text, as often as it is there.
    let mut by_text: HashMap<Input<'_>, Vec<&[String]>> = HashMap::new();
    for example in examples {
        by_text.entry(example.input()).or_default().push(&example.labels);
    }
    let repeated: usize = by_text.values().map(|labels| labels.len() - 1).sum();
    let differ = |labels: &&Vec<&[String]>| labels.iter().any(|l| *l != labels[0]);
    let contradicting = by_text.values().filter(differ).count();
    let rare: Vec<(String, usize)> =
        labels.names().iter().cloned().zip(labels.counts()).filter(|(_, n)| *n < RARE).collect();
    for (count, warning) in [
        (empty, FitWarning::EmptyTexts(empty)),
        (repeated, FitWarning::RepeatedTexts(repeated)),
        (contradicting, FitWarning::ContradictingTexts(contradicting)),
        (rare.len(), FitWarning::RareLabels(rare)),
    ] {
        if count > 0 {
            context.warn(warning);
        }
    }
}
