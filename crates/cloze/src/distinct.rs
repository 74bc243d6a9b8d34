//! Results for the texts of pairs, each distinct text done once.
use std::collections::HashMap;
use std::sync::Arc;

use cloze_corpus::Pair;

use crate::{Error, batch};

/// Results by text, each distinct one once.
#[derive(Debug)]
pub struct DistinctTexts<T> {
    indices: HashMap<String, usize>,
    results: Vec<Result<T, Arc<Error>>>,
}

impl<T> Default for DistinctTexts<T> {
    fn default() -> Self {
        Self { indices: HashMap::new(), results: vec![] }
    }
}

/// Error of one text of a pair.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the {side} text: not encoded")]
pub struct PairTextError {
    /// `first` or `second`.
    pub side: &'static str,
    /// Cause.
    pub source: Arc<Error>,
}

impl<T> DistinctTexts<T> {
    /// Encodes the texts of `pairs` that are not there yet. An error in one text affects only that text.
    ///
    /// # Errors
    /// Errors of `encode` that are not of one text.
    pub fn add<'p>(
        &mut self,
        pairs: &'p [Pair],
        encode: impl Fn(&[&'p str]) -> Result<Vec<T>, Error>,
    ) -> Result<(), Error> {
        let mut new: Vec<&str> = vec![];
        for text in pairs.iter().flat_map(|pair| [&pair.first, &pair.second]) {
            if !self.indices.contains_key(text) {
                self.indices.insert(text.clone(), self.results.len() + new.len());
                new.push(text);
            }
        }
        if !new.is_empty() {
            let results = batch::isolate(&new, encode)?;
            self.results.extend(results.into_iter().map(|result| result.map_err(Arc::new)));
        }
        Ok(())
    }

    /// Results in the order of adding.
    pub fn results(&self) -> &[Result<T, Arc<Error>>] {
        &self.results
    }

    /// Indices in [`results`](Self::results) of the texts of a pair that was added.
    ///
    /// # Errors
    /// [`PairTextError`] if one of them has no result.
    pub fn indices(&self, pair: &Pair) -> Result<[usize; 2], PairTextError> {
        Ok([self.index(&pair.first, "first")?, self.index(&pair.second, "second")?])
    }

    /// Index of the result of the text on one side of a pair.
    fn index(&self, text: &str, side: &'static str) -> Result<usize, PairTextError> {
        let index = self.indices.get(text).copied();
        let absent = || Arc::new(Error::Conflict("a text that was not added"));
        let index = index.ok_or_else(|| PairTextError { side, source: absent() })?;
        match &self.results[index] {
            Ok(_) => Ok(index),
            Err(source) => Err(PairTextError { side, source: Arc::clone(source) }),
        }
    }

    /// Results of the texts of a pair that was added.
    ///
    /// # Errors
    /// As [`indices`](Self::indices).
    pub fn of(&self, pair: &Pair) -> Result<[&T; 2], PairTextError> {
        let result = |index: usize, side| {
            let result = self.results[index].as_ref();
            result.map_err(|source| PairTextError { side, source: Arc::clone(source) })
        };
        let [first, second] = self.indices(pair)?;
        Ok([result(first, "first")?, result(second, "second")?])
    }
}
