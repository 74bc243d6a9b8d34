//! Pairs of texts of a data set.
use std::collections::HashMap;

use cloze_corpus::quality::{GroupedText, groups};
use cloze_corpus::{Pair, Source, ValidPairParams};
use cloze_report::DataFile;

use super::{SimilarityLoss, SimilarityPair};
use crate::data_check::SplitText;
use crate::train::data::data_file;
use crate::train::event::{TrainingObserver, note_guess};
use crate::train::sample::{HOLD_OUT, drawn_groups};
use crate::train::{DataSource, FineTuneError, FitEvent, TrainingEvent};

impl SimilarityPair {
    /// Both texts, to be compared with pairs of another split.
    pub(super) fn split_text(&self) -> SplitText {
        SplitText::new(&self.first, Some(&self.second), None)
    }

    /// All of its texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        [Some(&*self.first), Some(&*self.second), self.negative.as_deref()].into_iter().flatten()
    }
}

/// Settings of reading pairs.
pub(super) struct PairSource<'a> {
    pub(super) pairs: &'a ValidPairParams,
    /// Reader of first texts and their negatives.
    pub(super) negatives: Option<&'a ValidPairParams>,
    pub(super) loss: &'a SimilarityLoss,
}

/// Pairs of a data set.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) examples: Vec<SimilarityPair>,
    pub(super) data: Vec<DataFile>,
}

impl Pairs {
    /// Reads a data set. A row that cannot be read is named and left out.
    pub(super) fn read(
        source: &DataSource<SimilarityPair>,
        settings: &PairSource<'_>,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let mut set = Self::default();
        match source {
            DataSource::Files(paths) => {
                for path in paths {
                    set.read_file(path, settings, observer)?;
                }
            }
            DataSource::Records { name, records } => {
                set.examples.clone_from(records);
                let (file, examples) = (name.clone(), records.len());
                set.data.push(DataFile { file, sha256: None, examples });
            }
        }
        if set.examples.is_empty() {
            let (data, what) = (source.names(), "no pair could be read");
            return Err(FineTuneError::Data { data, what });
        }
        Ok(set)
    }

    fn read_file(
        &mut self,
        path: &str,
        settings: &PairSource<'_>,
        observer: &TrainingObserver<'_>,
    ) -> Result<(), FineTuneError> {
        if settings.negatives.is_some() && path == "-" {
            return Err(FineTuneError::ReadTwice);
        }
        let pairs = pairs(path, settings.pairs, observer)?;
        let mut negatives = HashMap::new();
        if let Some(params) = settings.negatives {
            let others = self::pairs(path, params, observer)?;
            negatives.extend(others.into_iter().map(|pair| (pair.line, pair.second)));
        }
        self.data.push(data_file(path, pairs.len())?);
        for pair in pairs {
            let negative = negatives.remove(&pair.line);
            self.examples.push(SimilarityPair {
                score: score(settings.loss, path, &pair)?,
                first: pair.first,
                second: pair.second,
                negative: negative.filter(|text| !text.trim().is_empty()),
                group: pair.group,
            });
        }
        Ok(())
    }

    /// Takes a share of the pairs out, drawn by `seed`; equal ones, in either order, and those of one
    /// group together.
    pub(super) fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let groups = groups(self.examples.iter().map(|pair| GroupedText {
            text: &pair.first,
            second: Some(&pair.second),
            group: pair.group.as_deref(),
        }));
        let mut drawn = drawn_groups(seed, HOLD_OUT, share, &groups).into_iter();
        let is_out = |_: &mut SimilarityPair| drawn.next().unwrap_or(false);
        Self { examples: self.examples.extract_if(.., is_out).collect(), data: vec![] }
    }
}

/// Reads the pairs of a file. A row that cannot be read is named and left out; a file without a pair
/// is an error.
fn pairs(
    path: &str,
    params: &ValidPairParams,
    observer: &TrainingObserver<'_>,
) -> Result<Vec<Pair>, FineTuneError> {
    let source = Source::named(path);
    let mut reader = params.open(&source)?;
    observer(TrainingEvent::Reading(std::slice::from_ref(&source)));
    let (mut pairs, mut bad, mut seen) = (vec![], 0_u64, 0);
    let mut used = None;
    while let Some(pair) = reader.next() {
        if reader.used() != used.as_ref() {
            used = reader.used().cloned();
            if let Some(used) = &used {
                observer(TrainingEvent::Fit(&FitEvent::ColumnsChosen(used)));
            }
        }
        match pair {
            Ok(pair) => pairs.push(pair),
            // With nothing before it, it is not one failure among others.
            Err(error) if error.is_fatal() && pairs.is_empty() => return Err(error.into()),
            Err(error) => {
                bad += 1;
                observer(TrainingEvent::LeftOut(&error));
            }
        }
        let (bytes, records) = (reader.bytes_read().saturating_sub(seen), pairs.len() as u64);
        seen = reader.bytes_read();
        observer(TrainingEvent::Read { bytes, records, unit: "pair" });
    }
    observer(TrainingEvent::Finished);
    note_guess(observer, reader.guessed_encoding().as_ref());
    if pairs.is_empty() && bad == 0 {
        let what = "expected pairs of texts, found none";
        return Err(FineTuneError::Data { data: path.to_owned(), what });
    }
    Ok(pairs)
}

/// Score of a pair as a share of the highest.
fn score(loss: &SimilarityLoss, path: &str, pair: &Pair) -> Result<f64, FineTuneError> {
    let SimilarityLoss::Cosine { scale } = *loss else { return Ok(1.0) };
    let score = pair.score.unwrap_or_default();
    if (0.0..=scale).contains(&score) {
        return Ok(score / scale);
    }
    Err(FineTuneError::Score { path: path.to_owned(), line: pair.line, found: score, scale })
}
