//! Output formats of vectors. Formats whose header has the number of vectors are kept in a file without a
//! name until the number is known, so that memory does not grow with them.
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write};

use anyhow::Context as _;
use cloze::{Matrix, TokenPiece};
use cloze_core::{OffsetConverter, OffsetUnit};
#[cfg(feature = "parquet")]
use cloze_report::columns::{ColumnFormat, VectorColumns};
use cloze_store::npy::NpyHeader;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::Serialize;

use crate::commands::embed::args::EmbedFormat;
use crate::input::texts::Input;
use crate::terminal::out::{Out, json_line};

/// Vectors of one text.
pub(crate) enum Vectors<'a> {
    Text(&'a [f32]),
    Pieces(&'a [TokenPiece], &'a Matrix),
}

/// Output format, open for writing.
pub(crate) enum Form {
    Jsonl {
        out: Out,
        offsets: OffsetUnit,
    },
    Rows {
        out: Out,
        format: EmbedFormat,
        width: usize,
        rows: usize,
        spool: BufWriter<File>,
    },
    #[cfg(feature = "parquet")]
    Columns {
        out: Out,
        columns: VectorColumns,
    },
}

#[derive(Serialize)]
struct TextRow<'a> {
    id: &'a str,
    vector: &'a [f32],
}

#[derive(Serialize)]
struct PiecesRow<'a> {
    id: &'a str,
    offsets: &'static str,
    tokens: Vec<PieceRow<'a>>,
}

#[derive(Serialize)]
struct PieceRow<'a> {
    id: u32,
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    special: bool,
    vector: &'a [f32],
}

impl Form {
    pub(crate) fn open(
        format: EmbedFormat,
        offsets: OffsetUnit,
        width: usize,
        out: Out,
    ) -> anyhow::Result<Self> {
        match format {
            EmbedFormat::Jsonl => return Ok(Self::Jsonl { out, offsets }),
            EmbedFormat::Npy | EmbedFormat::Safetensors | EmbedFormat::Npz => {}
            #[cfg(feature = "parquet")]
            EmbedFormat::Parquet => return Self::columns(ColumnFormat::Parquet, width, out),
            #[cfg(feature = "parquet")]
            EmbedFormat::Arrow => return Self::columns(ColumnFormat::Arrow, width, out),
        }
        let spool = BufWriter::new(tempfile::tempfile().context("a file to keep vectors in")?);
        Ok(Self::Rows { out, format, width, rows: 0, spool })
    }

    #[cfg(feature = "parquet")]
    fn columns(format: ColumnFormat, width: usize, out: Out) -> anyhow::Result<Self> {
        Ok(Self::Columns { out, columns: VectorColumns::new(format, width)? })
    }

    pub(crate) fn write(&mut self, text: &Input, vectors: Vectors<'_>) -> anyhow::Result<()> {
        let id = &text.id;
        match (self, vectors) {
            (Self::Jsonl { out, .. }, Vectors::Text(vector)) => {
                json_line(out, &TextRow { id, vector })?;
            }
            (Self::Jsonl { out, offsets }, Vectors::Pieces(pieces, vectors)) => {
                let mut unit = OffsetConverter::new(&text.text, *offsets);
                let tokens = pieces.iter().zip(vectors).filter_map(|(piece, vector)| {
                    let (start, end) =
                        (unit.convert(piece.span.start)?, unit.convert(piece.span.end)?);
                    let &TokenPiece { id, special, .. } = piece;
                    Some(PieceRow { id, start, end, special, vector })
                });
                let tokens = tokens.collect();
                json_line(out, &PiecesRow { id, offsets: offsets.name(), tokens })?;
            }
            (Self::Rows { rows, spool, .. }, Vectors::Text(vector)) => {
                *rows += 1;
                numbers(spool, vector)?;
            }
            #[cfg(feature = "parquet")]
            (Self::Columns { out, columns }, Vectors::Text(vector)) => {
                columns.push(id, vector, out)?;
            }
            // The command has refused them.
            (_, Vectors::Pieces(..)) => {}
        }
        Ok(())
    }

    /// Skips a text without a vector: formats without ids get a row of NaN, so that row i stays text i.
    pub(crate) fn skip(&mut self) -> anyhow::Result<()> {
        if let Self::Rows { rows, spool, width, .. } = self {
            *rows += 1;
            numbers(spool, &vec![f32::NAN; *width])?;
        }
        Ok(())
    }

    /// Flushes the output, so that a reader sees all vectors so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Jsonl { out, .. } => out.flush(),
            Self::Rows { .. } => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Columns { .. } => Ok(()),
        }
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Jsonl { out, .. } => out.finish(),
            Self::Rows { mut out, format, width, rows, spool } => {
                let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
                spool.rewind()?;
                let mut spool = BufReader::new(spool);
                if format == EmbedFormat::Npy {
                    write_npy(&mut out, rows, width, spool)?;
                } else {
                    write_header(&mut out, rows, width)?;
                    io::copy(&mut spool, &mut out)?;
                }
                out.finish()
            }
            #[cfg(feature = "parquet")]
            Self::Columns { mut out, mut columns } => {
                columns.finish(&mut out)?;
                out.finish()
            }
        }
    }
}

fn numbers(out: &mut impl Write, numbers: &[f32]) -> io::Result<()> {
    numbers.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))
}

/// NumPy's format, `<f4`, `[rows, width]`.
fn write_npy(
    out: &mut Out,
    rows: usize,
    width: usize,
    mut spool: impl io::Read,
) -> anyhow::Result<()> {
    let shape = [rows as u64, width as u64];
    out.write_all(&NpyHeader::new("<f4", &shape).bytes())?;
    // The numbers lie there little-endian already.
    io::copy(&mut spool, out)?;
    Ok(())
}

/// Writes the header of a safetensors file with the tensor `vectors`, `[rows, width]`.
fn write_header(out: &mut Out, rows: usize, width: usize) -> anyhow::Result<()> {
    let info = TensorInfo {
        dtype: Dtype::F32,
        shape: vec![rows, width],
        data_offsets: (0, 4 * rows * width),
    };
    let header = serde_json::to_vec(&Metadata::new(None, vec![("vectors".into(), info)])?)?;
    let padded = header.len().next_multiple_of(8);
    out.write_all(&(padded as u64).to_le_bytes())?;
    out.write_all(&header)?;
    Ok(out.write_all(&vec![b' '; padded - header.len()])?)
}
