//! `cloze similarity`: similarities of texts.
pub(crate) mod args;
mod matrix;
mod pairs;
mod ranked;
mod word;

use anyhow::bail;
use cloze::embed::Level;
use cloze::embed::correction::FittedCorrection;
use cloze::similarity::SimilarityMeasure;
use cloze_report::similarity::SimilaritySettings;

use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::similarity::args::SimilarityArgs;
use crate::flags::vectors::metric;
use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

/// Runs the mode that the flags choose, whatever the number of texts: a script can rely on it.
pub(crate) fn run(
    common: &CommonFlags,
    args: &SimilarityArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    if args.word.is_some() && args.vectors.statics {
        bail!("--static has no meaning with --word, which shows both vectors");
    }
    let fields = &args.fields;
    let names = [&fields.first_field, &fields.second_field, &fields.score_field];
    let for_pairs = names.iter().any(|name| name.is_some());
    if args.pairs.is_none() && for_pairs {
        bail!("--first-field, --second-field and --score-field are for --pairs");
    }
    if args.pairs.is_none() && args.texts.is_empty() && args.read.table.is_given() {
        bail!("--no-header and --delimiter are for --pairs and --texts");
    }
    if args.pairs.is_none() && args.table().is_some() {
        bail!("--format csv and tsv are for --pairs, whose columns they keep");
    }
    let measure = open(common, args, messages)?;
    let mut out = Out::to(args.output.as_deref(), args.force)?;
    if let Some(file) = &args.pairs {
        pairs::run(&measure, file, args, messages, &mut out)?;
    } else if let Some(word) = &args.word {
        word::run(&measure, word, common, args, messages, &mut out)?;
    } else if args.matrix {
        matrix::run(&measure, args, messages, &mut out)?;
    } else {
        ranked::run(&measure, args, messages, &mut out)?;
    }
    out.finish()?;
    note_truncated(measure.encoder(), messages);
    Ok(())
}

fn open(
    common: &CommonFlags,
    args: &SimilarityArgs,
    messages: &Messages,
) -> anyhow::Result<SimilarityMeasure> {
    let correction = args.vectors.zscore.as_deref().map(FittedCorrection::open).transpose()?;
    let encoder = args.vectors.open_uncorrected(common, messages)?;
    let metric = metric(args.metric, encoder.model())?;
    let measure = SimilarityMeasure::new(encoder, metric);
    let Some(correction) = correction else { return Ok(measure) };
    let level = correction.fitted().level;
    if level != Level::Sentence && (args.word.is_none() || level != Level::Word) {
        let hint = if level == Level::Word { ": that is for --word" } else { "" };
        bail!("--zscore was fitted for --level {level}, not sentence{hint}");
    }
    Ok(measure.correction(correction)?)
}

/// Returns the settings of the vectors, for reports.
fn settings(measure: &SimilarityMeasure, args: &SimilarityArgs) -> SimilaritySettings {
    let vectors = &args.vectors;
    SimilaritySettings {
        metric: measure.metric(),
        model: measure.encoder().model().name(),
        pooling: measure.encoder().poolings().to_string(),
        layers: if vectors.statics { "static".into() } else { vectors.layers.to_string() },
        correction: measure.correction_name(),
    }
}

/// Reads the texts of the command line, then those of files, in chunks.
fn for_each_chunk(
    args: &SimilarityArgs,
    messages: &Messages,
    mut work: impl FnMut(Vec<Input>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let given = texts::given(&args.given, "--texts reads files", messages);
    if !given.is_empty() {
        work(given)?;
    }
    if !args.texts.is_empty() {
        texts::for_each_chunk(&args.texts, &args.read, messages, work)?;
    }
    Ok(())
}

/// Returns the texts of a chunk.
fn strs(chunk: &[Input]) -> Vec<&str> {
    chunk.iter().map(|input| input.text.as_str()).collect()
}
