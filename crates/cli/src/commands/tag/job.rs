//! Preparation of `cloze tag`: flags validated, the model open, the files found.
use anyhow::{Context as _, bail};
use cloze::Tagger;
use cloze_corpus::find_sources;
use cloze_corpus::{Encoding, Format, Source, ValidReadParams, Walk};

use crate::cli::{Color, CommonFlags};
use crate::commands::tag::args::{OutputArg, TagArgs};
use crate::commands::tag::output::FormParams;
use crate::commands::tag::output::redact::is_unpacked;
use crate::commands::tag::output::sink::{Place, Sink};
use crate::flags::find_model;
use crate::flags::read::InputArg;
use crate::flags::tagger::note_scheme;
use crate::input::skipped::ReaderNotes;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;

/// Everything that `cloze tag` needs.
pub(super) struct Job {
    pub(super) tagger: Tagger,
    pub(super) read: ValidReadParams,
    /// Texts of the command line, and the settings they are read with.
    pub(super) given: Vec<Input>,
    pub(super) read_given: ValidReadParams,
    pub(super) walk: Walk,
    pub(super) sink: Sink,
    pub(super) redacts: bool,
    pub(super) reader_notes: ReaderNotes,
}

impl Job {
    /// Validates the flags. Fails if nothing is left to do; a missing path beside others is reported.
    pub(super) fn new(
        common: &CommonFlags,
        args: TagArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let format = args.format.given().unwrap_or_default();
        if args.mask.is_some() && format != OutputArg::Redact {
            bail!("--mask is for --format redact");
        }
        if format == OutputArg::Redact && args.read.input == InputArg::Conll {
            bail!("--format redact cannot give CoNLL back: its words are tags' places, not text");
        }
        let encoding = args.read.encoding()?;
        let read = args.read.reader()?.each_field(true).check()?;

        let model = find_model(&args.tagger.model, messages)?;
        let tagger = args.tagger.builder(model)?;
        let tagger = tagger.scheme(args.scheme.value()).labels(args.labels.map(trimmed)).check()?;

        let mask = args.mask.unwrap_or_else(|| "[{label}]".into());
        let mut walk = find_sources(&args.texts.paths, !encoding.is_utf16());
        if !walk.sources.iter().all(|source| has_escapes(source, args.read.input.value())) {
            encoding.encode(&mask).context("--mask")?;
        }
        let destination = Place::of(args.output.as_deref(), &args.texts.paths);
        if format == OutputArg::Redact
            && let Place::File(path) = &destination
            && is_unpacked(Format::of_path(path))
        {
            let (path, format) = (path.display(), Format::of_path(path));
            bail!(
                "{path}: redacted documents are written as text, not as {format}\nhint: {path}.txt"
            );
        }
        let form = FormParams {
            form: format,
            offsets: args.offsets.value(),
            mask,
            table: args.formulas.tsv(),
            fields: read.joins_fields(),
            plain: destination != Place::Stdout && common.color != Color::Always,
        };
        let tagger = tagger.runtime(common.load_runtime(messages)?).open()?;
        note_scheme(&tagger, messages);
        // Last, so that a mistake above leaves no temporary file.
        let sink = Sink::open(form, destination, args.force)?;
        let redacts = format == OutputArg::Redact;
        if redacts && args.read.input == InputArg::Auto {
            walk.sources.retain(|source| match source {
                Source::File { path, .. } if Format::of_path(path) == Format::Conll => {
                    messages.failure(&NotRedacted { path: source.name() });
                    false
                }
                _ => true,
            });
        }
        // The command line is UTF-8, whatever the files are.
        let read_given = args.read.reader()?.encoding(Encoding::default()).check()?;
        let given = args.texts.given(messages);
        let reader_notes = ReaderNotes { guesses: encoding.is_auto(), redacts };
        Ok(Self { tagger, read, given, read_given, walk, sink, redacts, reader_notes })
    }
}

/// Returns whether an input in this format, or in that of its ending, has escapes or references for
/// characters that its encoding lacks.
fn has_escapes(source: &Source, format: Option<Format>) -> bool {
    let by_name = match source {
        Source::File { path, .. } => Format::of_path(path),
        Source::Stdin => Format::Lines,
    };
    matches!(format.unwrap_or(by_name), Format::Jsonl | Format::Html)
}

/// Trims labels: `A, B` is `A,B`.
fn trimmed(labels: Vec<String>) -> Vec<String> {
    labels.into_iter().map(|label| label.trim().to_owned()).collect()
}

/// A file among others that redaction cannot write back.
#[derive(Debug, thiserror::Error)]
#[error("{path}: --format redact cannot give CoNLL back")]
struct NotRedacted {
    path: String,
}
