//! One token per row, a blank line after each sentence.
use cloze_core::Span;

use crate::CorpusError;
use crate::decode::{Decoded, Unit, split_ending};

/// Columns to read, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) token: usize,
    pub(crate) tag: Option<TagColumn>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TagColumn {
    /// The last; then all rows have as many columns as the first, so that none is taken for it.
    Last,
    At(usize),
}

pub(crate) struct Sentences {
    columns: Columns,
    /// The most bytes a row or a sentence has.
    max: usize,
    /// The first row's number of columns.
    width: Option<usize>,
    /// Part that was read and is not returned yet.
    queued: Option<Part>,
    sentence: Option<Sentence>,
    /// Whether the rows up to the next blank line belong to a sentence that was an error.
    dropping: bool,
}

pub(crate) enum Part {
    Sentence(Sentence),
    /// Lines that belong to no sentence.
    Verbatim(String),
}

#[derive(Default)]
pub(crate) struct Sentence {
    pub(crate) line: u64,
    pub(crate) text: String,
    pub(crate) words: Vec<Span>,
    /// Tag of each word, and its line, if tags are read.
    pub(crate) tags: Vec<String>,
    pub(crate) lines: Vec<u64>,
    tag_bytes: usize,
}

impl Sentences {
    pub(crate) fn new(columns: Columns, max: usize) -> Self {
        let (width, queued, sentence) = (None, None, None);
        Self { columns, max, width, queued, sentence, dropping: false }
    }

    pub(crate) fn next(&mut self, decoded: &mut Decoded) -> Result<Option<Part>, CorpusError> {
        if let Some(part) = self.queued.take() {
            return Ok(Some(part));
        }
        loop {
            let was_dropping = self.dropping;
            let unit = match decoded.line_unit(self.max) {
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
                let verbatim = Part::Verbatim(unit.raw);
                let Some(sentence) = self.finish() else { return Ok(Some(verbatim)) };
                self.queued = Some(verbatim);
                return Ok(Some(sentence));
            }
            if self.dropping {
                continue;
            }
            if let Err(error) = self.push(&unit, row, decoded) {
                self.drop_sentence();
                return Err(error);
            }
        }
    }

    /// Adds a row to the sentence.
    fn push(&mut self, unit: &Unit, row: &str, decoded: &Decoded) -> Result<(), CorpusError> {
        let (column, max) = (self.columns.token, self.max);
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
        let tag = self.tag(row, decoded, line)?;
        let sentence =
            self.sentence.get_or_insert_with(|| Sentence { line, ..Sentence::default() });
        if !sentence.words.is_empty() {
            sentence.text.push(' ');
        }
        let start = sentence.text.len();
        sentence.tag_bytes += tag.map_or(0, str::len);
        if start + token.len() > max || sentence.tag_bytes > max {
            return Err(decoded.too_long(sentence.line, max, false));
        }
        sentence.text.push_str(token);
        sentence.words.push(Span::new(start, sentence.text.len()));
        if let Some(tag) = tag {
            sentence.tags.push(tag.to_owned());
            sentence.lines.push(line);
        }
        Ok(())
    }

    /// The tag of a row, where tags are read.
    fn tag<'r>(
        &mut self,
        row: &'r str,
        decoded: &Decoded,
        line: u64,
    ) -> Result<Option<&'r str>, CorpusError> {
        let Some(tag) = self.columns.tag else { return Ok(None) };
        let columns = columns(row);
        let count = columns.clone().count();
        let (column, expected) = match tag {
            TagColumn::At(column) => (column, count.max(column)),
            TagColumn::Last => {
                let least = self.columns.token + 1;
                let width = *self.width.get_or_insert(count.max(least));
                (width, width)
            }
        };
        let path = || decoded.path().to_owned();
        if count != expected {
            return Err(CorpusError::Columns { path: path(), line, expected, found: count });
        }
        match columns.clone().nth(column - 1) {
            None | Some("") => Err(CorpusError::EmptyTag { path: path(), line, column }),
            tag => Ok(tag),
        }
    }

    fn drop_sentence(&mut self) {
        (self.sentence, self.dropping) = (None, true);
    }

    fn finish(&mut self) -> Option<Part> {
        self.sentence.take().map(Part::Sentence)
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
