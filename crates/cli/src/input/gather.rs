//! Texts with their vectors, all in memory, for the commands that compare each with each.
use std::collections::HashMap;

use anyhow::bail;
use cloze::{Matrix, SentenceEncoder};

use crate::flags::read::ReadFlags;
use crate::flags::texts::TextsFlags;
use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;

/// Texts with the vector of each distinct one: a text that occurs twice is encoded once.
pub(crate) struct Gathered {
    pub(crate) texts: Vec<Input>,
    /// Row of each text's vector.
    pub(crate) row: Vec<usize>,
    /// Vectors of distinct texts, in the order of the first with each.
    pub(crate) distinct: Matrix,
}

impl Gathered {
    /// Returns the texts of each row, in order.
    pub(crate) fn of_rows(&self) -> Vec<Vec<usize>> {
        let mut of_rows = vec![vec![]; self.distinct.rows()];
        self.row.iter().enumerate().for_each(|(text, &row)| of_rows[row].push(text));
        of_rows
    }

    /// Returns the vectors of all texts, one row per text.
    pub(crate) fn vectors(&self) -> Matrix {
        let width = self.distinct.cols();
        let numbers = self.row.iter().filter_map(|&row| self.distinct.row(row)).flatten().copied();
        Matrix::from_vec(width, numbers.collect()).unwrap_or_default()
    }
}

/// Reads and encodes all texts of `from`. Texts that fail are reported, and the others are encoded.
pub(crate) fn gather(
    encoder: &SentenceEncoder,
    from: &TextsFlags,
    read: &ReadFlags,
    messages: &Messages,
) -> anyhow::Result<Gathered> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let (mut texts, mut row) = (vec![], vec![]);
    let mut distinct = Matrix::with_capacity(0, encoder.width());
    texts::for_each_text(from, read, messages, |chunk| {
        let mut new: Vec<&str> =
            chunk.iter().map(|t| t.text.as_str()).filter(|t| !known.contains_key(*t)).collect();
        new.sort_unstable();
        new.dedup();
        let results = encoder.encode_batch(&new)?;
        let mut vectors: HashMap<String, _> =
            new.into_iter().map(str::to_owned).zip(results).collect();
        for text in chunk {
            match vectors.remove(&text.text) {
                Some(Ok(vector)) => {
                    if !distinct.push_rows(&vector) {
                        bail!(
                            "expected a vector of {} numbers, found {}",
                            distinct.cols(),
                            vector.len()
                        );
                    }
                    known.insert(text.text.clone(), distinct.rows() - 1);
                }
                Some(Err(error)) => {
                    messages.failure(&text.not_encoded(error));
                    continue;
                }
                None => {}
            }
            // Of several texts in a chunk that fail for one reason the first has said it.
            if let Some(&index) = known.get(&text.text) {
                row.push(index);
                texts.push(text);
            }
        }
        Ok(())
    })?;
    if texts.is_empty() {
        bail!("expected texts, found none");
    }
    Ok(Gathered { texts, row, distinct })
}
