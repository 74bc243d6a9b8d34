//! Rows of a batch through a model: nulls stay null, and a text that fails costs only its own rows.
use std::collections::HashMap;
use std::sync::Arc;

use cloze::Cancel;
use datafusion::arrow::array::{ArrayRef, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;

use crate::error::chain;
use crate::{Error, ModelName, Models, RowError};

/// Bytes of text that go through a model before the query is asked whether it goes on: what
/// [`cloze::Tagger::tag_iter`] takes at once.
const PIECE_BYTES: usize = 256 << 10;
/// Most texts of a piece, should they be short.
const PIECE_TEXTS: usize = 4096;

/// Function that runs, with what it runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'c> {
    pub(crate) models: &'c Models,
    pub(crate) function: &'static str,
    pub(crate) model: &'c ModelName,
    pub(crate) cancel: &'c Cancel,
}

/// Results of the rows of a batch.
#[derive(Debug)]
pub(crate) struct RowResults<V> {
    /// One for each text, of which none is there twice.
    results: Vec<Result<V, RowError>>,
    /// Result of each row; `None` for a null.
    rows: Vec<Option<usize>>,
}

impl<V> RowResults<V> {
    /// Result of a row, `None` for a null.
    pub(crate) fn result(&self, row: usize) -> Option<&Result<V, RowError>> {
        self.rows[row].map(|i| &self.results[i])
    }

    /// Value of each row, `None` for a null and for a text that failed.
    pub(crate) fn values(&self) -> Vec<Option<&V>> {
        self.rows.iter().map(|row| row.and_then(|i| self.results[i].as_ref().ok())).collect()
    }

    /// Reason why each row failed, `None` for a null and for a result.
    pub(crate) fn errors(&self) -> Vec<Option<String>> {
        let reason = |row| self.result(row)?.as_ref().err().map(|error| chain(error));
        (0..self.rows.len()).map(reason).collect()
    }
}

/// `values` as they are, or with the reasons of failures beside them, if the registry says so.
pub(crate) fn with_errors(
    models: &Models,
    values: ArrayRef,
    errors: impl FnOnce() -> Vec<Option<String>>,
) -> Result<ArrayRef> {
    if !models.row_errors() {
        return Ok(values);
    }
    let fields = error_fields(values.data_type().clone());
    let columns = vec![values, Arc::new(StringArray::from(errors())) as ArrayRef];
    Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
}

/// Type of a function's results, with the reasons of failures beside them if the registry says so.
pub(crate) fn result_type(models: &Models, value: DataType) -> DataType {
    if models.row_errors() { DataType::Struct(error_fields(value)) } else { value }
}

fn error_fields(value: DataType) -> Fields {
    [Field::new("value", value, true), Field::new("error", DataType::Utf8, true)]
        .into_iter()
        .collect()
}

impl Call<'_> {
    /// Runs every text once, in pieces, each when it is its turn.
    pub(crate) fn run<V>(
        &self,
        texts: &[Option<&str>],
        run: impl Fn(&[&str]) -> Result<Vec<Result<V, cloze::Error>>, cloze::Error>,
    ) -> Result<RowResults<V>, Error> {
        let (distinct, rows) = distinct(texts);
        let limit = self.models.max_text_bytes();
        let short: Vec<&str> =
            distinct.iter().copied().filter(|text| text.len() <= limit).collect();
        let mut ran = Vec::with_capacity(short.len());
        let mut rest = &short[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(piece_len(rest));
            let turn = self.models.gate().enter(self.cancel)?;
            ran.extend(run(piece).map_err(|source| match source {
                cloze::Error::Cancelled(_) => Error::Cancelled,
                source => Error::Run {
                    function: self.function,
                    model: self.model.name.clone(),
                    source: Box::new(source),
                },
            })?);
            drop(turn);
            rest = behind;
        }
        let mut ran = ran.into_iter();
        let result = |text: &&str| {
            if text.len() > limit {
                return Err(RowError::TooLong { found: text.len(), limit });
            }
            Ok(ran.next().expect("each text that ran has a result")?)
        };
        let results: Vec<_> = distinct.iter().map(result).collect();
        self.models.count(results.len(), results.iter().filter(|result| result.is_err()).count());
        Ok(RowResults { results, rows })
    }
}

/// Texts, each once in the order of their first rows, and for each row the number of its text.
fn distinct<'t>(texts: &[Option<&'t str>]) -> (Vec<&'t str>, Vec<Option<usize>>) {
    let (mut distinct, mut numbers) = (vec![], HashMap::new());
    let mut number = |text: &'t str| {
        *numbers.entry(text).or_insert_with(|| {
            distinct.push(text);
            distinct.len() - 1
        })
    };
    let rows = texts.iter().map(|text| text.map(&mut number)).collect();
    (distinct, rows)
}

/// Number of texts in the first piece: at least one.
fn piece_len(texts: &[&str]) -> usize {
    let mut bytes = 0;
    let full = texts.iter().take(PIECE_TEXTS).position(|text| {
        bytes += text.len();
        bytes >= PIECE_BYTES
    });
    full.map_or(PIECE_TEXTS.min(texts.len()), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_runs_once_however_many_rows_have_it() {
        let rows = [Some("b"), None, Some("a"), Some("b"), Some("")];
        let (texts, numbers) = distinct(&rows);
        assert_eq!(texts, ["b", "a", ""]);
        assert_eq!(numbers, [Some(0), None, Some(1), Some(0), Some(2)]);
    }

    #[test]
    fn pieces_are_bounded_by_bytes_and_by_texts() {
        let long = "x".repeat(PIECE_BYTES + 1);
        assert_eq!(piece_len(&[&long, "a"]), 1);
        let half = "x".repeat(PIECE_BYTES / 2);
        assert_eq!(piece_len(&[&half, &half, &half]), 2);
        assert_eq!(piece_len(&["a", "b"]), 2);
        assert_eq!(piece_len(&vec!["a"; PIECE_TEXTS + 1]), PIECE_TEXTS);
    }
}
