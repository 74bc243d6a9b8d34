//! `cloze score-tags`: the tags of one CoNLL file scored against those of another.
pub(crate) mod args;
pub(crate) mod table;

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::tags::{TagEvaluationParams, TagReport, score_tags};
use cloze::metrics::Origin;
use cloze::metrics::entity::{Convention, EntityReport, SchemeEvidence, TagScheme};
use cloze_corpus::{CorpusError, Source, TaggedParams, TaggedSentence};

use crate::cli::CommonFlags;
use crate::commands::score_tags::args::ScoreTagsArgs;
use crate::terminal::hints::tag_hint;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::json_line;

pub(crate) fn run(
    _: &CommonFlags,
    args: &ScoreTagsArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    for (flag, column) in [
        ("--token-column", args.token_column),
        ("--gold-column", args.gold_column),
        ("--predicted-column", args.predicted_column),
    ] {
        if column == Some(0) {
            bail!("{flag} is 0: columns count from 1");
        }
    }
    let read = |path, column, flag| read(path, args.token_column, column, flag, messages);
    let gold = read(&args.gold, args.gold_column, "--gold-column")?;
    let predicted = read(&args.predicted, args.predicted_column, "--predicted-column")?;
    let params = params(args, &gold)?;
    let mut out = args.out.open()?;
    let report = score_tags(&gold, &predicted, &params).map_err(|error| match error {
        EvaluateError::OtherWords { sentence, word } => anyhow!(
            "{}, but {}: expected the same words in the same sentences",
            place(&args.gold, gold.get(sentence), word),
            place(&args.predicted, predicted.get(sentence), word)
        ),
        EvaluateError::NoRecords => {
            anyhow!("{}: expected sentences, found none", args.gold.display())
        }
        EvaluateError::Tag { origin, sentence, word, expected, found } => {
            let (path, sentences) = match origin {
                Origin::Gold => (&args.gold, &gold),
                Origin::Predicted => (&args.predicted, &predicted),
            };
            let line = sentences[sentence].lines.get(word).copied().unwrap_or_default();
            no_tag(&path.display(), line, &found, expected)
        }
        error => error.into(),
    })?;
    warn_of_absent(args.labels.as_deref().unwrap_or_default(), &report.entities, messages);
    let report = TagReport {
        gold: args.gold.display().to_string(),
        predicted: args.predicted.display().to_string(),
        ..report
    };
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        table::write(&report, &mut out)?;
    }
    out.finish()?;
    let words = plural(report.words, "word");
    messages.note(&format!("{} with {words}", plural(report.sentences, "sentence")));
    Ok(())
}

/// Reads every sentence of a file. An unreadable one ends the run: the metrics of the rest would be those
/// of another file.
fn read(
    path: &Path,
    token_column: Option<usize>,
    tag_column: Option<usize>,
    tag_flag: &str,
    messages: &Messages,
) -> anyhow::Result<Vec<TaggedSentence>> {
    let params = TaggedParams::default().token_column(token_column).tag_column(tag_column);
    let source = Source::File { path: path.to_owned(), relative: path.to_owned() };
    let opened = params.check().and_then(|params| params.open(&source));
    let mut reader = opened.map_err(|error| match error {
        CorpusError::Setting { setting: "tag_column", expected, found } => {
            anyhow!("{tag_flag}: expected {expected}, found {found}")
        }
        error => error.into(),
    })?;
    let sentences = reader.by_ref().collect::<Result<_, _>>()?;
    messages.skipped_rows(&path.display(), reader.skipped_rows());
    Ok(sentences)
}

fn params(args: &ScoreTagsArgs, gold: &[TaggedSentence]) -> anyhow::Result<TagEvaluationParams> {
    let scheme = match args.scheme {
        None if args.strict => Some(shown(&args.gold, gold)?),
        scheme => scheme,
    };
    let convention = match scheme {
        Some(scheme) if args.strict => Convention::Strict(scheme),
        _ => Convention::Conlleval,
    };
    Ok(TagEvaluationParams::new()
        .convention(convention)
        .scheme(scheme)
        .labels(args.labels.clone())
        .partial(args.partial))
}

/// Returns the scheme of the gold tags.
fn shown(path: &Path, gold: &[TaggedSentence]) -> anyhow::Result<TagScheme> {
    let mut evidence = SchemeEvidence::default();
    for sentence in gold {
        evidence.add(&sentence.tags);
    }
    scheme_of(&path.display(), &evidence)
}

/// Returns the scheme detected from the tags of a file.
pub(crate) fn scheme_of(
    path: &impl std::fmt::Display,
    evidence: &SchemeEvidence,
) -> anyhow::Result<TagScheme> {
    evidence.scheme().with_context(|| {
        format!("{path}: the tags fit several schemes, or none\nhint: --scheme sets it")
    })
}

/// Returns the place of a word, or of the end of its sentence or file.
fn place(path: &Path, sentence: Option<&TaggedSentence>, word: usize) -> String {
    let path = path.display();
    let Some(sentence) = sentence else { return format!("{path}: the end of the file") };
    let text = sentence.words.get(word).and_then(|word| word.of(&sentence.text));
    match (sentence.lines.get(word), text, sentence.lines.last()) {
        (Some(line), Some(word), _) => format!("{path}:{line}: {word:?}"),
        (_, _, Some(line)) => format!("{path}:{}: the end of a sentence", line + 1),
        _ => format!("{path}: the end of the file"),
    }
}

/// Returns the error for an invalid tag: letters are `expected` before a label.
pub(crate) fn no_tag(
    path: &impl std::fmt::Display,
    line: u64,
    tag: &str,
    expected: &str,
) -> anyhow::Error {
    let letters: Vec<String> = expected.chars().map(|letter| format!("{letter}-")).collect();
    let hint = tag_hint(tag).map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    anyhow!("{path}:{line}: tag {tag:?}: expected O, or a label after {}{hint}", letters.join(", "))
}

/// Reports labels of `--labels` that neither file has: they may be typing errors.
pub(crate) fn warn_of_absent(only: &[String], report: &EntityReport, messages: &Messages) {
    for label in only {
        if !report.labels.contains_key(label) {
            messages.note(&format!("no entity has the label {label}"));
        }
    }
}
