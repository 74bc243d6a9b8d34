//! One token per row, a blank line after each sentence.
use std::fmt;
use std::path::Path;

use cloze_core::Span;

use crate::CorpusError;
use crate::decode::{Decoded, Unit, split_ending};
use crate::error::beginning;
use crate::sections::Sections;

/// Columns to read, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) token: usize,
    pub(crate) tag: Option<TagColumn>,
    /// Whether the first column must be ids, as CoNLL-U has it.
    pub(crate) by_id: bool,
}

impl Columns {
    /// Columns of the file at `path`: unless a token column is asked for, the second of CoNLL-U (FORM),
    /// by the ending `.conllu`, and the first of others.
    pub(crate) fn of(path: &Path, token: Option<usize>, tag: Option<TagColumn>) -> Self {
        let is_conllu = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("conllu"));
        let by_id = is_conllu && token.is_none();
        Self { token: token.unwrap_or(1 + usize::from(by_id)), tag, by_id }
    }
}

/// Rows that are no words of their sentence, and are left out where the token column is not the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkippedRows {
    /// Rows of several words that follow one by one, with ids such as `1-2`.
    pub ranges: u64,
    /// Rows of words that are not in the text, with ids such as `3.1`.
    pub empty: u64,
}

impl SkippedRows {
    /// Whether there are none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// `2 multi-word rows (ids such as 1-2) and 1 empty node (ids such as 3.1) left out`.
impl fmt::Display for SkippedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![];
        for (count, name, id) in
            [(self.ranges, "multi-word row", "1-2"), (self.empty, "empty node", "3.1")]
        {
            if count > 0 {
                let plural = if count == 1 { "" } else { "s" };
                parts.push(format!("{count} {name}{plural} (ids such as {id})"));
            }
        }
        write!(f, "{} left out", parts.join(" and "))
    }
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
    /// Whether the first column of the first word's row is an id.
    starts_with_ids: Option<bool>,
    skipped: SkippedRows,
    /// Groups of the sentences, if they are asked for.
    sections: Option<Sections>,
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
    /// Group, if groups are asked for and there is one.
    pub(crate) group: Option<String>,
    tag_bytes: usize,
}

impl Sentences {
    pub(crate) fn new(columns: Columns, max: usize) -> Self {
        Self {
            columns,
            max,
            width: None,
            queued: None,
            sentence: None,
            dropping: false,
            starts_with_ids: None,
            skipped: SkippedRows::default(),
            sections: None,
        }
    }

    /// Sentences with the group that comments of this name say.
    pub(crate) fn grouped(self, name: Option<&str>) -> Self {
        Self { sections: name.map(Sections::new), ..self }
    }

    /// Rows left out so far.
    pub(crate) fn skipped(&self) -> SkippedRows {
        self.skipped
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
            if !between && self.is_comment_beside_ids(row) {
                self.read_section(row, &unit, decoded);
                continue;
            }
            let is_comment = between && (self.is_comment_beside_ids(row) || is_comment(row));
            if blank || row.starts_with("-DOCSTART-") || is_comment {
                self.read_section(row, &unit, decoded);
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
        if column > 1 {
            let id = columns.clone().next().unwrap_or_default();
            // CoNLL-U: `1-2` is a contraction of the words 1 and 2, `1.1` a word that is not there.
            if let Some(mark) = range_or_decimal(id) {
                let ranges = u64::from(mark == '-');
                self.skipped.ranges += ranges;
                self.skipped.empty += 1 - ranges;
                return Ok(());
            }
            let is_id = is_number(id);
            self.starts_with_ids.get_or_insert(is_id);
            if self.columns.by_id && !is_id {
                let (path, found) = (path.to_owned(), beginning(id));
                return Err(CorpusError::NoWordId { path, line, found });
            }
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
        let sentence = self.sentence.get_or_insert_with(|| {
            let group = self.sections.as_ref().and_then(Sections::current);
            Sentence { line, group, ..Sentence::default() }
        });
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

    /// Whether a row is a comment because no word's row begins so: all others begin with ids.
    fn is_comment_beside_ids(&self, row: &str) -> bool {
        row.starts_with('#') && self.columns.token > 1 && self.starts_with_ids != Some(false)
    }

    /// Takes what a row between words says of the sentences after it.
    fn read_section(&mut self, row: &str, unit: &Unit, decoded: &Decoded) {
        if let Some(sections) = &mut self.sections {
            sections.read(row, decoded.path(), unit.line);
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

/// `# sent_id = 1`, `# newpar`, `# newdoc id = x`, `MultiCoNER`'s `# id x<TAB>domain=y`, CoNLL-2012's
/// `#begin document`; a `#` alone, or before columns, is a token.
fn is_comment(row: &str) -> bool {
    if row.starts_with("#begin document") || row.starts_with("#end document") {
        return true;
    }
    row.strip_prefix("# ").is_some_and(|rest| {
        let rest = rest.trim_start();
        let is_id = rest.starts_with("id ") && rest.contains("\tdomain=");
        is_id || rest.contains(" = ") || rest.starts_with("newpar") || rest.starts_with("newdoc")
    })
}

/// The mark in the id of a range (`1-2`) or of a word that is not there (`1.1`).
fn range_or_decimal(id: &str) -> Option<char> {
    let (first, last) = id.split_once(['-', '.'])?;
    let mark = id[first.len()..].chars().next();
    mark.filter(|_| is_number(first) && is_number(last))
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}
