//! Inputs of every format, as a caller sees them.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::io::{self, Read};

use cloze_corpus::{CorpusError, Format, Piece, ReadParams};

mod encodings;
mod escapes;
mod formats;
mod judgements;
mod labelled;
mod marks;
mod packed;
mod pairs;
mod params;
mod properties;
mod streaming;
mod tables;
mod tagged;

const FORMATS: [Format; 6] =
    [Format::Text, Format::Lines, Format::Jsonl, Format::Csv, Format::Tsv, Format::Conll];

fn read(
    params: ReadParams,
    format: Format,
    raw: impl Read + Send + 'static,
) -> Vec<Result<Piece, CorpusError>> {
    params.check().unwrap().from_reader("in", format, raw).collect()
}

fn read_str(params: ReadParams, format: Format, input: &str) -> Vec<Result<Piece, CorpusError>> {
    read(params, format, io::Cursor::new(input.to_owned()))
}

/// One piece per row: `line:text` or `line#id:text`, `~verbatim`, `!error`.
fn shown(pieces: &[Result<Piece, CorpusError>]) -> Vec<String> {
    let show = |piece: &Result<Piece, CorpusError>| match piece {
        Ok(Piece::Record(r)) => {
            let id = r.id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
            format!("{}{id}:{}", r.line, r.text)
        }
        Ok(Piece::Verbatim(text)) => format!("~{text}"),
        Err(error) => format!("!{error}"),
    };
    pieces.iter().map(show).collect()
}

/// The input with every text put through `new`.
fn rewritten(
    pieces: &[Result<Piece, CorpusError>],
    new: impl Fn(&str) -> String,
) -> Result<String, CorpusError> {
    let rewrite = |piece: &Result<Piece, CorpusError>| match piece {
        Ok(Piece::Record(record)) => record.rewrite(&new(&record.text)),
        Ok(Piece::Verbatim(text)) => Ok(text.clone()),
        Err(error) => panic!("{error}"),
    };
    pieces.iter().map(rewrite).collect()
}

/// One byte a call: it splits every character and line end.
struct Trickle(io::Cursor<Vec<u8>>);

impl Trickle {
    fn new(bytes: &[u8]) -> Self {
        Self(io::Cursor::new(bytes.to_owned()))
    }
}

impl Read for Trickle {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let len = block.len().min(1);
        self.0.read(&mut block[..len])
    }
}
