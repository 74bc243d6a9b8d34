//! Documents as rows of texts to train on.

/// A row: texts one after another, none of which sees another. Of each, every token but the first is
/// predicted from those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CausalExample {
    /// The texts, of at least two tokens each.
    pub texts: Vec<Vec<u32>>,
}

impl CausalExample {
    /// Number of predicted tokens.
    #[must_use]
    pub fn predicted(&self) -> usize {
        self.texts.iter().map(|text| text.len().saturating_sub(1)).sum()
    }
}

/// Packs documents into rows of at most `block` predicted tokens. A document that is longer goes in
/// pieces, each of which begins with the last token of the one before: every token but a document's first
/// is predicted once. Pieces stay in order, and a row ends where the next one has no room.
///
/// GPT-2's training cuts one stream of all documents, and lets a token see the document before its own;
/// here rows are as full, but a document sees itself alone, as it does when the model is used.
#[must_use]
pub fn pack(documents: &[Vec<u32>], block: usize) -> Vec<CausalExample> {
    let block = block.max(1);
    let mut rows: Vec<CausalExample> = vec![];
    let mut room = 0;
    for document in documents {
        let mut start = 0;
        while start + 1 < document.len() {
            let end = document.len().min(start + block + 1);
            let predicted = end - start - 1;
            if predicted > room {
                rows.push(CausalExample::default());
                room = block;
            }
            room -= predicted;
            if let Some(row) = rows.last_mut() {
                row.texts.push(document[start..end].to_vec());
            }
            start = end - 1;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 3. Seven tokens have six to predict: two full rows. Three have two, and two more have one:
    /// together a row. One token and none have nothing to predict.
    #[test]
    fn every_token_but_the_first_is_predicted_once() {
        let document = |first: u32, len: usize| (first..).take(len).collect::<Vec<u32>>();
        let documents =
            [document(10, 7), document(20, 3), document(30, 1), vec![], document(40, 2)];
        let rows = pack(&documents, 3);
        let texts: Vec<Vec<Vec<u32>>> = rows.iter().map(|row| row.texts.clone()).collect();
        let expected = vec![
            vec![vec![10, 11, 12, 13]],
            vec![vec![13, 14, 15, 16]],
            vec![vec![20, 21, 22], vec![40, 41]],
        ];
        assert_eq!(texts, expected);
        assert_eq!(rows.iter().map(CausalExample::predicted).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(pack(&[], 3), []);
        assert_eq!(pack(&documents, 0).len(), 9);
    }
}
