//! `cloze score-tags`: how good the tags of one CoNLL file are by those of another.
pub(crate) mod args;
pub(crate) mod table;

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use cloze::metrics::entity::{ByMatch, PartialScores, SchemeEvidence};
use cloze::metrics::{Convention, EntityReport, EntityScorer, MetricsError, Origin, TagScheme};
use cloze_corpus::{Source, TaggedParams, TaggedSentence};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::score_tags::args::ScoreTagsArgs;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::json_line;

/// How good tags are.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The file.
    pub(crate) gold: String,
    /// The file, or the model.
    pub(crate) predicted: String,
    pub(crate) sentences: u64,
    pub(crate) words: u64,
    /// Those that alone count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<Vec<String>>,
    #[serde(flatten)]
    pub(crate) entities: EntityReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partial: Option<ByMatch<PartialScores>>,
}

pub(crate) fn run(
    _: &CommonFlags,
    args: &ScoreTagsArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    for (flag, column) in [
        ("--token-column", Some(args.token_column)),
        ("--gold-column", args.gold_column),
        ("--predicted-column", args.predicted_column),
    ] {
        if column == Some(0) {
            bail!("{flag} is 0: columns count from 1");
        }
    }
    let gold = read(&args.gold, args.token_column, args.gold_column)?;
    let predicted = read(&args.predicted, args.token_column, args.predicted_column)?;
    let mut scorer = scorer(args, &gold)?;
    let mut out = args.out.open()?;
    check_same(&args.gold, &gold, &args.predicted, &predicted)?;
    for (gold, predicted) in gold.iter().zip(&predicted) {
        scorer
            .add(&gold.tags, &predicted.tags)
            .map_err(|error| at_its_line(args, [gold, predicted], error))?;
    }
    let entities = scorer.report();
    warn_of_absent(args.labels.as_deref().unwrap_or_default(), &entities, messages);
    let report = Report {
        gold: args.gold.display().to_string(),
        predicted: args.predicted.display().to_string(),
        sentences: scorer.sentences(),
        words: gold.iter().map(|sentence| sentence.words.len() as u64).sum(),
        only: args.labels.clone(),
        entities,
        partial: args.partial.then(|| scorer.partial_report()),
    };
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        table::write(&report, &mut out)?;
    }
    out.finish()?;
    let words = plural(report.words, "word");
    messages.note(&format!("{} with {words}", plural(report.sentences, "sentence")));
    Ok(())
}

/// Every sentence of a file. One that cannot be read ends the run: figures of the rest would be of
/// another file.
fn read(
    path: &Path,
    token_column: usize,
    tag_column: Option<usize>,
) -> anyhow::Result<Vec<TaggedSentence>> {
    let params = TaggedParams::default().token_column(token_column).tag_column(tag_column);
    let source = Source::File { path: path.to_owned(), relative: path.to_owned() };
    Ok(params.check()?.open(&source)?.collect::<Result<_, _>>()?)
}

/// The scorer that the flags ask for.
fn scorer(args: &ScoreTagsArgs, gold: &[TaggedSentence]) -> anyhow::Result<EntityScorer> {
    let scheme = match args.scheme {
        None if args.strict => Some(shown(&args.gold, gold)?),
        scheme => scheme,
    };
    let convention = match scheme {
        Some(scheme) if args.strict => Convention::Strict(scheme),
        _ => Convention::Conlleval,
    };
    let mut scorer = EntityScorer::new(convention);
    if let Some(scheme) = scheme {
        scorer = scorer.named_scheme(scheme);
    }
    if let Some(labels) = &args.labels {
        scorer = scorer.restrict_to(labels.clone());
    }
    Ok(scorer)
}

/// The scheme that the gold tags show.
fn shown(path: &Path, gold: &[TaggedSentence]) -> anyhow::Result<TagScheme> {
    let mut evidence = SchemeEvidence::default();
    for sentence in gold {
        evidence.add(&sentence.tags);
    }
    scheme_of(&path.display(), &evidence)
}

/// The scheme that tags of a file have shown.
pub(crate) fn scheme_of(
    path: &impl std::fmt::Display,
    evidence: &SchemeEvidence,
) -> anyhow::Result<TagScheme> {
    evidence
        .scheme()
        .with_context(|| format!("{path}: the tags show no scheme\nhint: name one with --scheme"))
}

/// Whether both files have the same words in the same sentences.
fn check_same(
    gold_path: &Path,
    gold: &[TaggedSentence],
    predicted_path: &Path,
    predicted: &[TaggedSentence],
) -> anyhow::Result<()> {
    let place = |path: &Path, sentence: Option<&TaggedSentence>, word: usize| {
        let path = path.display();
        let Some(sentence) = sentence else { return format!("{path}: its end") };
        match (sentence.lines.get(word), words(sentence).nth(word), sentence.lines.last()) {
            (Some(line), Some(word), _) => format!("{path}:{line}: {word:?}"),
            (_, _, Some(line)) => format!("{path}:{}: the end of a sentence", line + 1),
            _ => format!("{path}: its end"),
        }
    };
    for i in 0..gold.len().max(predicted.len()) {
        let (g, p) = (gold.get(i), predicted.get(i));
        let [a, b] = [g, p].map(|s| s.into_iter().flat_map(words).collect::<Vec<&str>>());
        if let Some(at) = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at)) {
            bail!(
                "{}, but {}: expected the same words in the same sentences",
                place(gold_path, g, at),
                place(predicted_path, p, at)
            );
        }
    }
    if gold.is_empty() {
        bail!("{}: expected sentences, found none", gold_path.display());
    }
    Ok(())
}

/// The words of a sentence.
fn words(sentence: &TaggedSentence) -> impl Iterator<Item = &str> {
    sentence.words.iter().filter_map(|word| word.of(&sentence.text))
}

/// A tag that is none, with its line.
fn at_its_line(
    args: &ScoreTagsArgs,
    [gold, predicted]: [&TaggedSentence; 2],
    error: MetricsError,
) -> anyhow::Error {
    let MetricsError::Tag { origin, position, expected, found } = error else {
        return error.into();
    };
    let (path, sentence) = match origin {
        Origin::Gold => (&args.gold, gold),
        Origin::Predicted => (&args.predicted, predicted),
    };
    let line = sentence.lines.get(position).copied().unwrap_or_default();
    no_tag(&path.display(), line, &found, expected)
}

/// A tag that is none, where letters are `expected` before a label.
pub(crate) fn no_tag(
    path: &impl std::fmt::Display,
    line: u64,
    found: &str,
    expected: &str,
) -> anyhow::Error {
    let letters: Vec<String> = expected.chars().map(|letter| format!("{letter}-")).collect();
    anyhow!("{path}:{line}: tag {found:?}: expected O, or a label after {}", letters.join(", "))
}

/// Says which of `--labels` neither file has: it may be a slip of the keys.
pub(crate) fn warn_of_absent(only: &[String], report: &EntityReport, messages: &Messages) {
    for label in only {
        if !report.labels.contains_key(label) {
            messages.note(&format!("no entity has the label {label}"));
        }
    }
}
