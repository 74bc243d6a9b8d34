//! Reader of the output of `cloze index search --json`: one query with its hits per line.
use std::io::{self, BufRead, BufReader, Read as _};

use cloze_corpus::Source;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::input::pairs;

/// Longest line, in bytes: it bounds the memory.
const MAX_LINE: u64 = 64 << 20;

/// A query with its hits. Other fields of the line are kept.
#[derive(Deserialize, Serialize)]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<String>,
    pub(crate) hits: Vec<FoundHit>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A retrieved record.
#[derive(Deserialize, Serialize)]
pub(crate) struct FoundHit {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f64>,
    /// Score of the search, if `score` is that of another model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) search_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// A line in another format.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("{path}")]
    Read { path: String, source: io::Error },
    #[error("{path}:{line}: expected a line of at most {MAX_LINE} bytes, found more")]
    Long { path: String, line: u64 },
    #[error("{path}:{line}: expected UTF-8, found invalid bytes")]
    Encoding { path: String, line: u64 },
    #[error(
        "{path}:{line}: expected a query and its hits, as cloze index search --json prints them"
    )]
    Json { path: String, line: u64, source: serde_json::Error },
    #[error("{path}:{line}: expected {expected}")]
    Part { path: String, line: u64, expected: String },
}

/// A line with its number.
pub(crate) struct Line {
    pub(crate) line: u64,
    pub(crate) text: String,
}

impl Line {
    /// Parses the query with its hits.
    pub(crate) fn answer(&self, path: &str) -> Result<Answer, AnswerError> {
        serde_json::from_str(&self.text).map_err(|source| AnswerError::Json {
            path: path.to_owned(),
            line: self.line,
            source,
        })
    }

    /// Returns the error for a part that is not as expected.
    pub(crate) fn part(&self, path: &str, expected: impl Into<String>) -> AnswerError {
        AnswerError::Part { path: path.to_owned(), line: self.line, expected: expected.into() }
    }
}

/// Lines of a file, or of standard input for `-`, that are not blank. Ends after one that is too long.
pub(crate) struct Lines {
    reader: Box<dyn BufRead + Send>,
    path: String,
    line: u64,
    ended: bool,
}

impl Lines {
    pub(crate) fn open(name: &str) -> anyhow::Result<Self> {
        let reader: Box<dyn BufRead + Send> = match pairs::source(name) {
            Source::Stdin => Box::new(BufReader::new(io::stdin())),
            Source::File { path, .. } => Box::new(BufReader::new(fs_err::File::open(path)?)),
        };
        Ok(Self { reader, path: name.to_owned(), line: 0, ended: false })
    }

    fn end(&mut self, error: AnswerError) -> Result<Line, AnswerError> {
        self.ended = true;
        Err(error)
    }
}

impl Iterator for Lines {
    type Item = Result<Line, AnswerError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let mut raw = vec![];
            // One byte more than a line may have shows that it has too many.
            let read = self.reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut raw);
            let (path, line) = (self.path.clone(), self.line + 1);
            self.line = line;
            match read {
                Err(source) => return Some(self.end(AnswerError::Read { path, source })),
                Ok(0) => self.ended = true,
                Ok(_) if raw.len() as u64 > MAX_LINE => {
                    return Some(self.end(AnswerError::Long { path, line }));
                }
                Ok(_) => match String::from_utf8(raw) {
                    Err(_) => return Some(Err(AnswerError::Encoding { path, line })),
                    Ok(text) => {
                        let start = text.strip_prefix('\u{feff}').filter(|_| line == 1);
                        let text = start.unwrap_or(&text).trim();
                        if !text.is_empty() {
                            return Some(Ok(Line { line, text: text.to_owned() }));
                        }
                    }
                },
            }
        }
        None
    }
}
