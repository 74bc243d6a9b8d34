//! Files → what is checked.
use std::path::Path;
use std::sync::Arc;

use cloze_corpus::labelled::{self, Holds, LabelledSource};
use cloze_corpus::{CorpusError, Format, Source, TaggedParams, TaggedSentence};

use super::finding::{Finding, Kind, Occurrence, Place};
use super::labels::Counts;
use super::tags::Tags;
use super::texts::{Text, Texts};
use crate::commands::data::args::CheckArgs;
use crate::input::examples::Example;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::progress;

/// What was read of some files.
#[derive(Default)]
pub(super) struct Data {
    pub(super) files: Vec<Arc<str>>,
    /// Texts, or sentences.
    pub(super) examples: u64,
    pub(super) labels: Counts,
    pub(super) texts: Texts,
    pub(super) empty: Vec<Finding>,
    /// Of CoNLL.
    pub(super) tagged: Option<Tags>,
    /// The examples themselves with their places, if they are to be kept: those that have a text.
    pub(super) kept: Option<(Vec<Example>, Vec<Place>)>,
}

impl Data {
    /// Reads all of `paths`. A part that cannot be read is named, and the others are read. `keep` keeps
    /// labelled examples.
    pub(super) fn read(
        paths: &[String],
        args: &CheckArgs,
        keep: bool,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let sources = labelled::sources(paths)?;
        let alone = sources.len() == 1;
        let conll = sources.iter().filter(|source| is_conll(source, args)).count();
        if conll > 0 && conll < sources.len() {
            anyhow::bail!("expected files that are all CoNLL or all not, found some of each");
        }
        let all: Vec<Source> = sources.iter().map(|source| source.source.clone()).collect();
        progress::start(&all, messages);
        let mut data = Self { kept: keep.then(Default::default), ..Self::default() };
        let read = if conll > 0 {
            data.tagged = Some(Tags::default());
            data.read_tagged(&all, args, messages, alone)
        } else {
            data.read_labelled(sources, args, messages, alone)
        };
        messages.bar.finish_and_clear();
        let bad = read?;
        if data.examples == 0 && bad == 0 {
            let what = if conll > 0 { "tagged sentences" } else { "texts with labels" };
            anyhow::bail!("{}: expected {what}, found none", paths.join(", "));
        }
        Ok(data)
    }

    fn read_labelled(
        &mut self,
        sources: Vec<LabelledSource>,
        args: &CheckArgs,
        messages: &Messages,
        alone: bool,
    ) -> anyhow::Result<u64> {
        let mut labelled = args.labelled.params()?.check()?.open_all(sources);
        let (mut bad, mut seen) = (0, 0);
        while let Some(next) = labelled.next() {
            match next {
                Ok(example) => {
                    let path = labelled.path().display().to_string();
                    self.add_example(example, &path);
                }
                Err(error) if alone && error.is_fatal() && self.examples == 0 => {
                    return Err(with_hint(error));
                }
                Err(error) => {
                    bad += 1;
                    messages.failure(&error);
                }
            }
            messages.bar.inc(labelled.bytes_read().saturating_sub(seen));
            seen = labelled.bytes_read();
            if self.examples.is_multiple_of(4096) {
                messages.bar.set_message(plural(self.examples, "text"));
            }
        }
        Ok(bad)
    }

    fn read_tagged(
        &mut self,
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
                    Ok(sentence) => self.add_sentence(sentence, &source.name()),
                    Err(error) if alone && error.is_fatal() && self.examples == 0 => {
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
        }
        Ok(bad)
    }

    fn place(&mut self, path: &str, line: u64) -> Place {
        if self.files.last().is_none_or(|last| **last != *path) {
            self.files.push(path.into());
        }
        let rank = self.files.len() - 1;
        Place { rank, line, path: Arc::clone(&self.files[rank]) }
    }

    fn add_example(&mut self, example: cloze_corpus::Example, path: &str) {
        let cloze_corpus::Example { line, id, text, second, labels } = example;
        let place = self.place(path, line);
        self.examples += 1;
        for label in &labels {
            self.labels.add(label, &place);
        }
        // Sets: their order says nothing.
        let mut set = labels.clone();
        set.sort_unstable();
        let label = (!set.is_empty()).then(|| set.join(" + "));
        let occurrence = Occurrence { place: place.clone(), label };
        if text.trim().is_empty() || second.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.empty.push(Finding {
                kind: Kind::EmptyText,
                weight: 1.0,
                occurrences: vec![occurrence],
                text: None,
                suggested: None,
                note: None,
            });
            return;
        }
        if let Some((examples, places)) = &mut self.kept {
            let (path, text, second) = (Arc::clone(&place.path), text.clone(), second.clone());
            examples.push(Example { path, line, id, text, second, labels });
            places.push(place);
        }
        self.texts.add(Text { first: text, second }, occurrence);
    }

    fn add_sentence(&mut self, sentence: TaggedSentence, path: &str) {
        let TaggedSentence { line, text, tags, lines, .. } = sentence;
        let place = self.place(path, line);
        self.examples += 1;
        let label = Some(tags.join(" "));
        let tags = tags.into_iter().zip(lines).map(|(tag, line)| {
            let place = Place { line, ..place.clone() };
            self.labels.add(&tag, &place);
            (tag, place)
        });
        let tags = tags.collect();
        if let Some(tagged) = &mut self.tagged {
            tagged.add(tags);
        }
        self.texts.add(Text { first: text, second: None }, Occurrence { place, label });
    }
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
            "{error}\nhint: --input csv, tsv or jsonl says what it is; --conll is for a token a line, \
             LABEL=FILE for a text a line"
        ),
        error => error.into(),
    }
}
