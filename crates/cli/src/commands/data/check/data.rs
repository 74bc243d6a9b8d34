//! Reads the files to check.
use cloze_corpus::labelled_sources;
use std::path::Path;

use cloze::data_check::CheckedData;
use cloze_corpus::{CorpusError, Format, Holds, LabelledSource, Source, TaggedParams};

use crate::commands::data::args::CheckArgs;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// Reads all of `paths`. An unreadable part is reported, and the others are read. `keep` keeps
/// labelled examples.
pub(super) fn read(
    paths: &[String],
    args: &CheckArgs,
    keep: bool,
    messages: &Messages,
) -> anyhow::Result<CheckedData> {
    let sources = labelled_sources(paths)?;
    let alone = sources.len() == 1;
    let conll = sources.iter().filter(|source| is_conll(source, args)).count();
    if conll > 0 && conll < sources.len() {
        anyhow::bail!("expected files that are all CoNLL or all not, found some of each");
    }
    let plain_sources: Vec<Source> = sources.iter().map(|source| source.source.clone()).collect();
    progress::start(&plain_sources, messages);
    let mut data =
        if conll > 0 { CheckedData::tagged() } else { CheckedData::labelled().keep_examples(keep) };
    let read = if conll > 0 {
        read_tagged(&mut data, &plain_sources, args, messages, alone)
    } else {
        read_labelled(&mut data, sources, args, messages, alone)
    };
    messages.bar.finish_and_clear();
    let bad = read?;
    if data.examples() == 0 && bad == 0 {
        let what = if conll > 0 { "tagged sentences" } else { "texts with labels" };
        anyhow::bail!("{}: expected {what}, found none", paths.join(", "));
    }
    Ok(data)
}

fn read_labelled(
    data: &mut CheckedData,
    sources: Vec<LabelledSource>,
    args: &CheckArgs,
    messages: &Messages,
    alone: bool,
) -> anyhow::Result<u64> {
    let mut labelled = args.labelled.params()?.check()?.open_all(sources);
    let (mut bad, mut seen, mut used, mut guessed) = (0, 0, None, None);
    while let Some(next) = labelled.next() {
        if labelled.used() != used.as_ref() {
            used = labelled.used().cloned();
            if let Some(used) = &used {
                messages.columns(used);
            }
        }
        if labelled.guessed_encoding() != guessed.as_ref() {
            guessed = labelled.guessed_encoding().cloned();
            messages.guessed(guessed.as_ref());
        }
        match next {
            Ok(example) => {
                let path = labelled.path().display().to_string();
                data.add_example(&path, example);
            }
            Err(error) if alone && error.is_fatal() && data.examples() == 0 => {
                return Err(with_hint(error));
            }
            Err(error) => {
                bad += 1;
                messages.failure(&error);
            }
        }
        messages.bar.inc(labelled.bytes_read().saturating_sub(seen));
        seen = labelled.bytes_read();
        if data.examples().is_multiple_of(4096) {
            messages.bar.set_message(plural(data.examples(), "text"));
        }
    }
    Ok(bad)
}

fn read_tagged(
    data: &mut CheckedData,
    sources: &[Source],
    args: &CheckArgs,
    messages: &Messages,
    alone: bool,
) -> anyhow::Result<u64> {
    let params = TaggedParams::default()
        .token_column(args.token_column)
        .tag_column(args.tag_column)
        .encoding(args.labelled.encoding()?)
        .check()?;
    let mut bad = 0;
    for source in sources {
        let (mut tagged, mut seen) = (params.open(source)?, 0);
        while let Some(next) = tagged.next() {
            match next {
                Ok(sentence) => data.add_sentence(&source.name(), sentence),
                Err(error) if alone && error.is_fatal() && data.examples() == 0 => {
                    return Err(error.into());
                }
                Err(error) => {
                    bad += 1;
                    messages.failure(&error);
                }
            }
            messages.bar.inc(tagged.bytes_read().saturating_sub(seen));
            seen = tagged.bytes_read();
        }
        messages.guessed(tagged.guessed_encoding().as_ref());
        messages.skipped_rows(&source.name(), tagged.skipped_rows());
    }
    Ok(bad)
}

fn is_conll(source: &LabelledSource, args: &CheckArgs) -> bool {
    let by_name = || match &source.source {
        Source::File { path, .. } => Format::of_path(Path::new(path)) == Format::Conll,
        Source::Stdin => false,
    };
    let auto = args.labelled.input.value().is_none();
    source.holds == Holds::Examples && (args.conll || (auto && by_name()))
}

fn with_hint(error: CorpusError) -> anyhow::Error {
    match error {
        CorpusError::NoLabels { .. } => anyhow::anyhow!(
            "{error}\nhint: --input csv, tsv or jsonl sets the format; --conll is for one token per line, \
             LABEL=FILE for one text per line"
        ),
        error => error.into(),
    }
}
