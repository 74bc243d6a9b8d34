//! Preparation of `cloze tag`: flags validated, the model open, the files found.
use anyhow::{Context as _, bail};
use cloze::Tagger;
use cloze_core::{OffsetUnit, Scheme};
use cloze_corpus::find_sources;
use cloze_corpus::{Encoding, Format, Source, ValidReadParams, Walk};

use cloze_report::cells::Table;
use tempfile::NamedTempFile;

use crate::cli::{Color, CommonFlags};
use crate::commands::redact::recorder::SharedRecorder;
use crate::commands::tag::args::OutputArg;
use crate::commands::tag::output::FormParams;
use crate::commands::tag::output::redact::DocumentForm;
use crate::commands::tag::output::sink::{Place, Sink};
use crate::flags::find_model;
use crate::flags::read::{InputArg, ReadFlags};
use crate::flags::tagger::{TaggerFlags, note_scheme};
use crate::flags::texts::TextsFlags;
use crate::input::skipped::ReaderNotes;
use crate::input::texts::Input;
use crate::terminal::hints::did_you_mean;
use crate::terminal::messages::Messages;

/// Everything that `cloze tag` needs.
pub(crate) struct Job {
    pub(super) tagger: Tagger,
    pub(super) read: ValidReadParams,
    /// Texts of the command line, and the settings they are read with.
    pub(super) given: Vec<Input>,
    pub(super) read_given: ValidReadParams,
    pub(super) walk: Walk,
    /// File with what standard input holds, where it was kept, and its format.
    pub(super) spooled: Option<(NamedTempFile, Format)>,
    pub(super) sink: Sink,
    pub(super) redacts: bool,
    pub(super) documents: DocumentForm,
    /// Policy of redaction, and record of the changes.
    pub(super) recorder: Option<SharedRecorder>,
    pub(super) reader_notes: ReaderNotes,
}

/// Flags of a job, and settings that are no flags of every command.
pub(crate) struct JobParams {
    pub(crate) texts: TextsFlags,
    pub(crate) tagger: TaggerFlags,
    pub(crate) read: ReadFlags,
    /// Columns and fields to leave as they are.
    pub(crate) kept_fields: Vec<String>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) format: OutputArg,
    /// Form of redacted documents.
    pub(crate) documents: DocumentForm,
    pub(crate) drop_attachments: bool,
    pub(crate) offsets: OffsetUnit,
    /// Texts that may be written in place of entities, with the flags that name them.
    pub(crate) masks: Vec<(&'static str, String)>,
    pub(crate) table: Table,
    pub(crate) destination: Place,
    pub(crate) force: bool,
    pub(crate) redaction: Option<RedactionParams>,
}

/// Settings of redaction by a policy.
pub(crate) struct RedactionParams {
    /// Labels that the model has to have.
    pub(crate) labels: Vec<String>,
    pub(crate) recorder: SharedRecorder,
}

impl Job {
    /// Validates the flags. Fails if nothing is left to do; a missing path beside others is reported.
    pub(crate) fn new(
        common: &CommonFlags,
        params: JobParams,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let format = params.format;
        if format == OutputArg::Redact && params.read.input == InputArg::Conll {
            bail!("redaction cannot give CoNLL back: its words are tags' places, not text");
        }
        let encoding = params.read.encoding()?;
        let documents = params.documents;
        let read = params.read.reader()?.each_field(true).kept_fields(params.kept_fields);
        let read = read.cells(format == OutputArg::Csv);
        let read = read.rewrites_mails(documents == DocumentForm::Itself);
        let read = read.drops_attachments(params.drop_attachments).check()?;

        let model = find_model(&params.tagger.model, messages)?;
        let tagger = params.tagger.builder(model)?.redacts(params.redaction.is_some());
        let tagger = tagger.scheme(params.scheme).labels(params.labels.map(trimmed)).check()?;

        let mut walk = find_sources(&params.texts.paths, read.sniff());
        let input = params.read.input;
        if !walk.sources.iter().all(|source| has_escapes(source, input.value())) {
            for (flag, mask) in &params.masks {
                encoding.encode(mask).context(*flag)?;
            }
        }
        let destination = params.destination;
        if format == OutputArg::Redact
            && let Place::File(path) = &destination
            && (documents.is_text(Format::of_path(path))
                || documents.refuses(Format::of_path(path))
                || Format::of_path(path).is_columns())
        {
            let (path, format) = (path.display(), Format::of_path(path));
            bail!(
                "{path}: redacted documents are written as text, not as {format}\nhint: {path}.txt"
            );
        }
        let mask = params.masks.first().map(|(_, mask)| mask.clone()).unwrap_or_default();
        let (labels, recorder) = match params.redaction {
            Some(redaction) => (redaction.labels, Some(redaction.recorder)),
            None => (vec![], None),
        };
        let form = FormParams {
            form: format,
            documents,
            offsets: params.offsets,
            mask,
            table: params.table,
            fields: read.joins_fields(),
            plain: destination != Place::Stdout && common.color != Color::Always,
            recorder: recorder.clone(),
        };
        let tagger = tagger.runtime(common.load_runtime(messages)?).open()?;
        note_scheme(&tagger, messages);
        if let Some(label) = labels.iter().find(|label| !tagger.labels().contains(label)) {
            let hint = did_you_mean(label, tagger.labels()).map(|hint| format!("\nhint: {hint}"));
            bail!(
                "--policy {label}: no such label; {} has {}{}",
                tagger.model().name(),
                tagger.labels().join(", "),
                hint.unwrap_or_default()
            );
        }
        // Last, so that a mistake above leaves no temporary file.
        let sink = Sink::open(form, destination, params.force)?;
        let recording = recorder.clone().filter(|recorder| recorder.borrow().records());
        let spooled = match recording {
            Some(recorder) if walk.sources.contains(&Source::Stdin) => {
                let mut file = NamedTempFile::new()?;
                std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
                recorder.borrow_mut().spooled(file.path());
                Some((file, input.value().unwrap_or(Format::Lines)))
            }
            _ => None,
        };
        let redacts = format == OutputArg::Redact;
        if redacts && input == InputArg::Auto {
            walk.sources.retain(|source| match source {
                Source::File { path, .. } if Format::of_path(path) == Format::Conll => {
                    messages.failure(&NotRedacted { path: source.name() });
                    false
                }
                _ => true,
            });
        }
        // The command line is UTF-8, whatever the files are.
        let read_given = params.read.reader()?.encoding(Encoding::default()).check()?;
        let given = params.texts.given(messages);
        let reader_notes = ReaderNotes { redacts };
        Ok(Self {
            tagger,
            read,
            given,
            read_given,
            walk,
            spooled,
            sink,
            redacts,
            documents,
            recorder,
            reader_notes,
        })
    }
}

/// Returns whether an input in this format, or in that of its ending, has escapes or references for
/// characters that its encoding lacks, or encodings of its own.
fn has_escapes(source: &Source, format: Option<Format>) -> bool {
    let by_name = match source {
        Source::File { path, .. } => Format::of_path(path),
        Source::Stdin => Format::Lines,
    };
    matches!(format.unwrap_or(by_name), Format::Jsonl | Format::Html | Format::Eml)
}

/// Trims labels: `A, B` is `A,B`.
fn trimmed(labels: Vec<String>) -> Vec<String> {
    labels.into_iter().map(|label| label.trim().to_owned()).collect()
}

/// A file among others that redaction cannot write back.
#[derive(Debug, thiserror::Error)]
#[error("{path}: redaction cannot give CoNLL back")]
struct NotRedacted {
    path: String,
}
