//! `cloze eval tag`: entities that a model finds in sentences, against gold tags.
//!
//! - `rename`: the model's labels by the gold's names;
//! - `score`: one model's counts, in all and by sentence.
//!
//! Gold tags are read in their own scheme and predictions come as IOB2: both are compared as entities,
//! so that the scheme of the file changes no figure.
mod rename;
mod score;

use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use cloze::metrics::compare::{BootstrapParams, PairedBootstrap};
use cloze::metrics::entity::SchemeEvidence;
use cloze::metrics::{Convention, MetricsError, Origin, TagScheme};
use cloze::{TagText, Tagger};
use cloze_corpus::{TaggedSentence, ValidTaggedParams};
use cloze_encoder::Runtime;
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::eval::args::EvalTagArgs;
use crate::commands::score_tags::{self, no_tag, scheme_of, warn_of_absent};
use crate::flags::find_model;
use crate::input::pairs::source;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use crate::terminal::progress;
use cloze::metrics::labels::DifferenceVerdict;
use cloze_report::labels::{ComparisonRow, write_rows};
use rename::Rename;
use score::Score;

/// As much text as is tagged at once.
const CHUNK_BYTES: usize = 256 << 10;
/// As many sentences, should they be short.
const CHUNK_SENTENCES: usize = 4096;

/// A sentence that a model could not tag.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not tagged by {model}")]
struct NotTagged {
    path: String,
    line: u64,
    model: String,
    source: cloze::Error,
}

/// What is printed: as `score-tags`, with the comparison.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    report: score_tags::Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Compared>,
}

/// The other model, and how both differ: the first less the second.
#[derive(Serialize)]
struct Compared {
    report: score_tags::Report,
    /// Over sentences.
    micro_f1: PairedBootstrap,
    /// By the bootstrapped interval.
    micro_f1_verdict: DifferenceVerdict,
    #[serde(skip)]
    sentences: usize,
}

/// A model, and how good it is so far.
struct Judging {
    name: String,
    model: Tagger,
    rename: Rename,
    score: Score,
}

/// What is done with the gold file.
struct Gold<'a> {
    args: &'a EvalTagArgs,
    params: ValidTaggedParams,
    convention: Convention,
    evidence: SchemeEvidence,
    words: u64,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalTagArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let mut gold = Gold::new(args)?;
    let runtime = common.load_runtime(messages)?;
    let mut models = vec![];
    for name in [Some(&args.tagger.model), args.compare.as_ref()].into_iter().flatten() {
        models.push(open(&runtime, name, &gold)?);
    }
    rename::check(&args.map, models.iter().map(|m| (m.name.as_str(), m.model.labels())))?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    gold.for_each_chunk(messages, |gold, chunk| judge_chunk(gold, &mut models, chunk, messages))?;
    if models[0].score.sentences() == 0 {
        bail!("{}: expected tagged sentences, found none that could be judged", args.file);
    }
    let scheme = args.scheme.or_else(|| gold.evidence.scheme());
    for model in &models {
        note_labels(model, messages);
    }
    let compare = match &models[..] {
        [first, second] => {
            let micro_f1 = compare(&first.score, &second.score, args.seed)?;
            let sentences = first.score.by_sentence().len();
            let micro_f1_verdict = DifferenceVerdict::of_interval(&micro_f1, sentences);
            let report = gold.report(second, scheme);
            Some(Compared { report, micro_f1, micro_f1_verdict, sentences })
        }
        _ => None,
    };
    let report = gold.report(&models[0], scheme);
    if let Some(only) = &args.labels {
        warn_of_absent(only, &report.entities, messages);
    }
    let report = Report { report, compare };
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    let read = scheme.map_or("no scheme that they show".to_owned(), |s| s.to_string());
    let Report { report, .. } = report;
    messages.note(&format!(
        "{} with {} in {:.1} s, gold tags read as {read}",
        plural(report.sentences, "sentence"),
        plural(report.words, "word"),
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn open(runtime: &Runtime, name: &str, gold: &Gold<'_>) -> anyhow::Result<Judging> {
    let args = gold.args;
    let folder = find_model(name)?;
    Ok(Judging {
        name: folder.name(),
        model: args.tagger.builder(folder).runtime(runtime.clone()).open()?,
        rename: Rename::new(&args.map),
        score: Score::new(gold.convention, args.labels.as_deref()),
    })
}

impl<'a> Gold<'a> {
    fn new(args: &'a EvalTagArgs) -> anyhow::Result<Self> {
        let params = args.columns.params()?;
        let convention = match args.scheme {
            Some(scheme) if args.strict => Convention::Strict(scheme),
            None if args.strict => Convention::Strict(shown(args, &params)?),
            _ => Convention::Conlleval,
        };
        Ok(Self { args, params, convention, evidence: SchemeEvidence::default(), words: 0 })
    }

    /// Reads the sentences and gives them to `work` in chunks. A row that cannot be read is named and
    /// costs its sentence.
    fn for_each_chunk(
        &mut self,
        messages: &Messages,
        mut work: impl FnMut(&mut Self, &[TaggedSentence]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let source = source(&self.args.file);
        let mut reader = self.params.open(&source)?;
        progress::start(std::slice::from_ref(&source), messages);
        let (mut chunk, mut bytes, mut any, mut seen, mut sentences) = (vec![], 0, false, 0, 0_u64);
        while let Some(next) = reader.next() {
            match next {
                Ok(sentence) => {
                    (any, bytes) = (true, bytes + sentence.text.len());
                    sentences += 1;
                    chunk.push(sentence);
                }
                // With nothing before it, it is not one failure among others.
                Err(error) if error.is_fatal() && !any => return Err(error.into()),
                Err(error) => messages.failure(&error),
            }
            messages.bar.inc(reader.bytes_read().saturating_sub(seen));
            seen = reader.bytes_read();
            if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_SENTENCES {
                bytes = 0;
                work(self, &chunk)?;
                chunk.clear();
                messages.bar.set_message(plural(sentences, "sentence"));
            }
        }
        if !chunk.is_empty() {
            work(self, &chunk)?;
        }
        messages.bar.finish_and_clear();
        Ok(())
    }

    fn report(&self, model: &Judging, scheme: Option<TagScheme>) -> score_tags::Report {
        let (entities, partial) = model.score.report(scheme);
        score_tags::Report {
            gold: self.args.file.clone(),
            predicted: model.name.clone(),
            sentences: model.score.sentences(),
            words: self.words,
            only: self.args.labels.clone(),
            entities,
            partial: self.args.partial.then_some(partial),
        }
    }
}

/// The scheme that all gold tags show, which is known only after all of them.
fn shown(args: &EvalTagArgs, params: &ValidTaggedParams) -> anyhow::Result<TagScheme> {
    if args.file == "-" {
        bail!("--strict: expected --scheme, since standard input is read only once");
    }
    let mut evidence = SchemeEvidence::default();
    // What cannot be read is named when it is judged.
    for sentence in params.open(&source(&args.file))?.flatten() {
        evidence.add(&sentence.tags);
    }
    scheme_of(&args.file, &evidence)
}

/// What the models find in a chunk. A sentence that one of them fails on counts for none, so that all
/// are judged by the same ones.
fn judge_chunk(
    gold: &mut Gold<'_>,
    models: &mut [Judging],
    chunk: &[TaggedSentence],
    messages: &Messages,
) -> anyhow::Result<()> {
    let texts: Vec<TagText<'_>> =
        chunk.iter().map(|s| TagText { text: &s.text, words: Some(&s.words) }).collect();
    let mut found = vec![];
    for model in &*models {
        found.push(model.model.tag_texts(&texts)?.into_iter());
    }
    let path = &gold.args.file;
    for sentence in chunk {
        gold.evidence.add(&sentence.tags);
        let entities = gold.convention.entities(&sentence.tags, Origin::Gold);
        let entities = entities.map_err(|error| at_its_line(path, sentence, error))?;
        let mut predicted = vec![];
        for (model, found) in models.iter().zip(&mut found) {
            match found.next() {
                Some(Ok(found)) => predicted.push(found.entities),
                Some(Err(source)) => messages.failure(&NotTagged {
                    path: path.clone(),
                    line: sentence.line,
                    model: model.name.clone(),
                    source,
                }),
                None => {}
            }
        }
        if predicted.len() < models.len() {
            continue;
        }
        gold.words += sentence.words.len() as u64;
        for (model, predicted) in models.iter_mut().zip(predicted) {
            let tags = model.rename.word_tags(predicted, &sentence.words);
            let predicted = Convention::Conlleval.entities(&tags, Origin::Predicted)?;
            model.score.add(&entities, &predicted)?;
        }
    }
    Ok(())
}

fn at_its_line(path: &str, sentence: &TaggedSentence, error: MetricsError) -> anyhow::Error {
    match error {
        MetricsError::Tag { position, expected, found, .. } => {
            let line = sentence.lines.get(position).copied().unwrap_or(sentence.line);
            no_tag(&path, line, &found, expected)
        }
        error => error.into(),
    }
}

/// Says where a model's labels and those of gold have nothing in common.
fn note_labels(model: &Judging, messages: &Messages) {
    let (gold, predicted) = model.score.labels();
    if !gold.is_empty() && !gold.iter().any(|label| model.rename.gives(model.model.labels(), label))
    {
        let found = if predicted.is_empty() { "none".to_owned() } else { predicted.join(", ") };
        messages.note(&format!(
            "{} has none of the gold labels, {}; it found {found}\nhint: --map {}=NAME calls its label \
             by a gold name",
            model.name,
            gold.join(", "),
            model.model.labels().first().map_or("LABEL", String::as_str)
        ));
    }
}

fn compare(first: &Score, second: &Score, seed: u64) -> anyhow::Result<PairedBootstrap> {
    let (a, b) = (first.by_sentence(), second.by_sentence());
    let bootstrap = BootstrapParams::new().seed(seed).check()?;
    Ok(bootstrap
        .compare(a.len(), |order| (score::micro_f1(a, order), score::micro_f1(b, order)))?)
}

impl Report {
    fn write(&self, out: &mut Out) -> anyhow::Result<()> {
        let Self { report, compare } = self;
        let Some(Compared { report: other, micro_f1, micro_f1_verdict, sentences }) = compare
        else {
            return score_tags::table::write(report, out);
        };
        for report in [report, other] {
            writeln!(out, "{}", report.predicted)?;
            score_tags::table::write(report, out)?;
            writeln!(out)?;
        }
        let row = ComparisonRow {
            figure: "micro F1",
            both: micro_f1,
            verdict: *micro_f1_verdict,
            test: None,
            examples: *sentences,
        };
        Ok(write_rows(&[row], [&report.predicted, &other.predicted], out)?)
    }
}
