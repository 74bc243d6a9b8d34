//! Running text as documents of sentences in tokens.
use std::path::Path;

use anyhow::{Context as _, bail};
use cloze_core::Casing;
use cloze_corpus::Chunk;
use cloze_encoder::TokenCounter;
use cloze_store::checksum;
use cloze_tune::task::masked::Part;
use rayon::prelude::*;

use crate::commands::train::args::language::TrainTextArgs;
use crate::commands::train::tune::drawn::{HOLD_OUT, drawn};
use crate::flags::running_text::{DocumentsArg, RunningTextFlags};
use crate::input::texts::{Input, for_each_chunk};
use crate::terminal::messages::{Messages, plural};
use cloze_report::DataFile;

/// Tokens of a text, special ones not among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) ids: Vec<u32>,
    pub(crate) parts: Vec<Part>,
    /// As many, or none where the encoder does not look at it.
    pub(crate) casing: Vec<Casing>,
}

impl Tokens {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.parts.extend_from_slice(&other.parts);
        self.casing.extend_from_slice(&other.casing);
    }

    /// What stands from `at` on, which leaves.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self {
            ids: self.ids.split_off(at),
            parts: self.parts.split_off(at),
            casing: self.casing.split_off(at.min(self.casing.len())),
        }
    }
}

/// Sentences, in order.
pub(crate) type Document = Vec<Tokens>;

/// The documents of some files.
#[derive(Default)]
pub(crate) struct Documents {
    pub(crate) all: Vec<Document>,
    pub(crate) files: Vec<DataFile>,
}

/// Documents to learn from, to judge by while that goes on, and afterwards.
pub(crate) struct Texts {
    pub(crate) learned: Documents,
    pub(crate) dev: Documents,
    pub(crate) test: Option<Documents>,
}

impl Texts {
    pub(crate) fn read(
        args: &TrainTextArgs,
        tokenizer: &TokenCounter,
        cased: bool,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let read =
            |paths: &[String]| Documents::read(paths, &args.text, (tokenizer, cased), messages);
        let mut learned = read(&args.text.data)?;
        let dev = match &args.judge.dev[..] {
            [] => learned.hold_out(args.judge.hold_out, args.tune.fit.seed),
            paths => read(paths)?,
        };
        let test = match &args.judge.test[..] {
            [] => None,
            paths => Some(read(paths)?),
        };
        messages.note(&format!(
            "{} of {} to learn from, {} to judge by",
            plural(learned.all.len() as u64, "document"),
            plural(learned.tokens() as u64, "token"),
            plural(dev.all.len() as u64, "document")
        ));
        Ok(Self { learned, dev, test })
    }
}

impl Documents {
    /// The documents of all texts of `paths`, none of them empty. What cannot be read is named, and the
    /// others are taken.
    pub(crate) fn read(
        paths: &[String],
        args: &RunningTextFlags,
        (tokenizer, cased): (&TokenCounter, bool),
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for_each_chunk(paths, &args.read, messages, |chunk| {
            let texts = chunk.iter().flat_map(|input| cut(input, args.documents));
            let texts: Vec<(&Input, &str)> = texts.collect();
            let found: Vec<_> =
                texts.par_iter().map(|(_, text)| tokens(text, tokenizer, cased)).collect();
            for ((input, _), found) in texts.into_iter().zip(found) {
                let place = || format!("{}:{}", input.path, input.line);
                let document = found.with_context(place)?;
                if document.is_empty() {
                    continue;
                }
                if all.files.last().is_none_or(|file| file.file != input.path) {
                    let file = input.path.clone();
                    all.files.push(DataFile { file, sha256: None, examples: 0 });
                }
                if let Some(file) = all.files.last_mut() {
                    file.examples += 1;
                }
                all.all.push(document);
            }
            Ok(())
        })?;
        if all.all.is_empty() {
            bail!("{}: no text could be read", paths.join(", "));
        }
        for file in &mut all.files {
            let path = Path::new(&file.file);
            file.sha256 = (file.file != "-")
                .then(|| checksum::sha256_file(path))
                .transpose()
                .with_context(|| file.file.clone())?;
        }
        Ok(all)
    }

    pub(crate) fn tokens(&self) -> usize {
        self.all.iter().flatten().map(Tokens::len).sum()
    }

    /// Takes a share of the documents out, drawn by `seed`.
    fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let mut drawn = drawn(seed, HOLD_OUT, share, self.all.len()).into_iter();
        let is_out = |_: &mut Document| drawn.next().unwrap_or(false);
        Self { all: self.all.extract_if(.., is_out).collect(), files: vec![] }
    }
}

/// The documents of a text.
fn cut(input: &Input, documents: DocumentsArg) -> Vec<(&Input, &str)> {
    let text = &*input.text;
    if documents == DocumentsArg::Text {
        return vec![(input, text)];
    }
    let (mut all, mut start, mut at) = (vec![], 0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            all.push((input, &text[start..at]));
            start = at + line.len();
        }
        at += line.len();
    }
    all.push((input, &text[start..]));
    all.retain(|(_, text)| !text.trim().is_empty());
    all
}

/// The sentences of a document, none of them empty. A sentence ends with its line.
fn tokens(text: &str, tokenizer: &TokenCounter, cased: bool) -> anyhow::Result<Document> {
    let mut document = vec![];
    for line in text.lines() {
        for span in Chunk::Sentences(1).spans(line) {
            let Some(sentence) = span.of(line) else { continue };
            let pieces = tokenizer.pieces(sentence, document.len())?;
            let own = pieces.before..pieces.before + pieces.tokens.len();
            let ids = pieces.sequence.ids[own.clone()].to_vec();
            let mut last = None;
            let part = |(id, token): (&u32, &cloze_core::Token)| {
                let further = token.word.is_some() && token.word == last;
                last = token.word;
                match (tokenizer.is_special(*id), further) {
                    (true, _) => Part::Special,
                    (false, true) => Part::Further,
                    (false, false) => Part::First,
                }
            };
            let parts = ids.iter().zip(&pieces.tokens).map(part).collect();
            let casing = if cased { pieces.sequence.casing[own].to_vec() } else { vec![] };
            let sentence = Tokens { ids, parts, casing };
            if !sentence.is_empty() {
                document.push(sentence);
            }
        }
    }
    Ok(document)
}
