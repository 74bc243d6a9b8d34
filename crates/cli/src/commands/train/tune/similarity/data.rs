//! Pairs of texts of files.
use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use cloze_corpus::Pair;
use cloze_store::checksum;

use crate::commands::train::args::similarity::{LossArg, TrainSimilarityArgs};
use crate::commands::train::tune::drawn::{HOLD_OUT, drawn};
use crate::input::pairs::for_each_chunk;
use crate::terminal::messages::{Messages, plural};
use cloze_report::DataFile;

/// Two texts, and one that looks like the second and does not belong to the first.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) first: String,
    pub(super) second: String,
    pub(super) negative: Option<String>,
    /// 0 to 1, where there are scores.
    pub(super) score: f64,
}

impl Example {
    /// All of them.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        [Some(&*self.first), Some(&*self.second), self.negative.as_deref()].into_iter().flatten()
    }
}

/// The pairs of some files.
#[derive(Default)]
pub(super) struct Files {
    pub(super) examples: Vec<Example>,
    pub(super) data: Vec<DataFile>,
}

/// Pairs to learn from, to judge by while that goes on, and afterwards.
pub(super) struct Pairs {
    pub(super) files: Files,
    pub(super) dev: Files,
    pub(super) test: Option<Files>,
}

impl Pairs {
    pub(super) fn read(args: &TrainSimilarityArgs, messages: &Messages) -> anyhow::Result<Self> {
        let mut files = Files::read(&args.data, args, messages)?;
        let dev = match &args.judge.dev[..] {
            [] => files.hold_out(args.judge.hold_out, args.tune.fit.seed),
            paths => Files::read(paths, args, messages)?,
        };
        let test = match &args.judge.test[..] {
            [] => None,
            paths => Some(Files::read(paths, args, messages)?),
        };
        messages.note(&format!(
            "{} to learn from, {} to judge by",
            plural(files.examples.len() as u64, "pair"),
            plural(dev.examples.len() as u64, "pair")
        ));
        Ok(Self { files, dev, test })
    }
}

impl Files {
    /// Reads all of `paths`. A row that cannot be read is named and left out.
    fn read(
        paths: &[String],
        args: &TrainSimilarityArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let (pairs, negatives) = args.readers()?;
        let mut all = Self::default();
        for path in paths {
            if negatives.is_some() && path == "-" {
                bail!("-: expected a file, which --negative-field reads twice");
            }
            let mut found: Vec<Pair> = vec![];
            for_each_chunk(path, &pairs, messages, |chunk| {
                found.extend(chunk);
                Ok(())
            })?;
            let mut others = HashMap::new();
            if let Some(negatives) = &negatives {
                for_each_chunk(path, negatives, messages, |chunk| {
                    others.extend(chunk.into_iter().map(|pair| (pair.line, pair.second)));
                    Ok(())
                })?;
            }
            let sha256 = (path != "-").then(|| checksum::sha256_file(Path::new(path))).transpose();
            all.data.push(DataFile {
                file: path.clone(),
                sha256: sha256.with_context(|| path.clone())?,
                examples: found.len(),
            });
            for pair in found {
                let negative = others.remove(&pair.line);
                all.examples.push(Example {
                    score: score(args, path, &pair)?,
                    first: pair.first,
                    second: pair.second,
                    negative: negative.filter(|text| !text.trim().is_empty()),
                });
            }
        }
        if all.examples.is_empty() {
            bail!("{}: no pair could be read", paths.join(", "));
        }
        Ok(all)
    }

    /// Takes a share of the pairs out, drawn by `seed`.
    fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let mut drawn = drawn(seed, HOLD_OUT, share, self.examples.len()).into_iter();
        let is_out = |_: &mut Example| drawn.next().unwrap_or(false);
        Self { examples: self.examples.extract_if(.., is_out).collect(), data: vec![] }
    }
}

/// A pair's score as a share of the highest.
fn score(args: &TrainSimilarityArgs, path: &str, pair: &Pair) -> anyhow::Result<f64> {
    if args.loss == LossArg::Ranking {
        return Ok(1.0);
    }
    let (found, scale) = (pair.score.unwrap_or_default(), args.cosine.score_scale);
    if !(0.0..=scale).contains(&found) {
        bail!(
            "{path}:{}: expected a score from 0 to {scale}, found {found}\nhint: --score-scale names \
             the highest",
            pair.line
        );
    }
    Ok(found / scale)
}
