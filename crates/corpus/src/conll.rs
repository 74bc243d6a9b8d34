//! A token a row, a blank line after each sentence.
use cloze_core::Span;

use crate::decode::{Decoded, Unit, split_ending};
use crate::record::Frame;
use crate::{CorpusError, Format, Piece, Record, ValidReadParams};

#[derive(Default)]
pub(crate) struct Sentences {
    /// What is read and not given yet.
    queued: Option<Piece>,
    sentence: Option<Sentence>,
    /// Whether the rows up to the next blank line belong to a sentence that was an error.
    dropping: bool,
}

struct Sentence {
    line: u64,
    text: String,
    words: Vec<Span>,
}

impl Sentences {
    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        params: &ValidReadParams,
    ) -> Result<Option<Piece>, CorpusError> {
        if let Some(piece) = self.queued.take() {
            return Ok(Some(piece));
        }
        loop {
            let was_dropping = self.dropping;
            let unit = match decoded.line_unit(params.max_text_bytes()) {
                Ok(Some(unit)) => unit,
                Ok(None) => return Ok(self.finish()),
                Err(error) => {
                    self.drop_sentence();
                    if was_dropping && !error.is_fatal() {
                        continue; // one error a sentence
                    }
                    return Err(error);
                }
            };
            let row = split_ending(&unit.raw).0;
            let between = self.sentence.is_none() && !self.dropping;
            let blank = row.trim_matches([' ', '\t', '\r']).is_empty();
            // Some files have no blank line before the next document.
            if blank || row.starts_with("-DOCSTART-") || (between && is_comment(row)) {
                self.dropping = false;
                let verbatim = Piece::Verbatim(unit.raw);
                let Some(sentence) = self.finish() else { return Ok(Some(verbatim)) };
                self.queued = Some(verbatim);
                return Ok(Some(sentence));
            }
            if self.dropping {
                continue;
            }
            if let Err(error) = self.push(&unit, row, decoded, params) {
                self.drop_sentence();
                return Err(error);
            }
        }
    }

    /// Adds a row to the sentence.
    fn push(
        &mut self,
        unit: &Unit,
        row: &str,
        decoded: &Decoded,
        params: &ValidReadParams,
    ) -> Result<(), CorpusError> {
        let (column, max) = (params.token_column(), params.max_text_bytes());
        let (path, line) = (decoded.path(), unit.line);
        let mut columns = columns(row);
        // CoNLL-U: `1-2` is a contraction of the words 1 and 2, `1.1` a word that is not there.
        if column > 1 && columns.clone().next().is_some_and(is_range_or_decimal) {
            return Ok(());
        }
        let token = columns.clone().nth(column - 1).ok_or_else(|| CorpusError::Columns {
            path: path.to_owned(),
            line,
            expected: column,
            found: columns.by_ref().count(),
        })?;
        if token.is_empty() {
            return Err(CorpusError::EmptyToken { path: path.to_owned(), line, column });
        }
        let sentence = self.sentence.get_or_insert_with(|| Sentence {
            line,
            text: String::new(),
            words: vec![],
        });
        if !sentence.words.is_empty() {
            sentence.text.push(' ');
        }
        let start = sentence.text.len();
        if start + token.len() > max {
            return Err(decoded.too_long(sentence.line, max, false));
        }
        sentence.text.push_str(token);
        sentence.words.push(Span::new(start, sentence.text.len()));
        Ok(())
    }

    fn drop_sentence(&mut self) {
        (self.sentence, self.dropping) = (None, true);
    }

    fn finish(&mut self) -> Option<Piece> {
        self.sentence.take().map(|Sentence { line, text, words }| {
            let frame = Frame::None(Format::Conll);
            Piece::Record(Record { line, id: None, text, words: Some(words), frame })
        })
    }
}

fn columns(row: &str) -> impl Iterator<Item = &str> + Clone {
    let separator = if row.contains('\t') { '\t' } else { ' ' };
    // Spaces align columns; between two tabs is an empty one.
    row.split(separator).filter(move |column| separator == '\t' || !column.is_empty())
}

/// `# sent_id = 1`, `# newpar`, `# newdoc id = x`; a `#` alone, or before columns, is a token.
fn is_comment(row: &str) -> bool {
    row.strip_prefix("# ").is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.contains(" = ") || rest.starts_with("newpar") || rest.starts_with("newdoc")
    })
}

fn is_range_or_decimal(id: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    id.split_once(['-', '.']).is_some_and(|(first, last)| number(first) && number(last))
}
