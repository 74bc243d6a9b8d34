//! Parquet and Arrow files, record batch by record batch. The formats' own crates read them: `parquet`,
//! `arrow-ipc`, and `arrow-json` for rows as JSON.
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use arrow_array::RecordBatch;
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::ArrowError;
use cloze_core::guard;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::columns::Bytes;
use crate::columns::arrow::ArrowBatches;
use crate::{Format, NotReadReason};

/// Number of rows that are in memory at once.
const ROWS: usize = 256;
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Rows of a file, as the lines that were not read yet.
pub(crate) struct Rows {
    library: &'static str,
    batches: Batches,
    /// The rest of a batch that has more than [`ROWS`] rows.
    rest: Option<RecordBatch>,
    lines: io::Cursor<Vec<u8>>,
}

impl Rows {
    pub(crate) fn open(bytes: Bytes, format: Format) -> Result<Self, NotReadReason> {
        let (library, batches): (_, Batches) = if format == Format::Parquet {
            let file = match bytes {
                Bytes::File(file) => file,
                Bytes::Stream(raw) => spooled(raw).map_err(damaged)?,
            };
            let opened = guard("parquet", move || {
                ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(ROWS).build()
            });
            let batches = opened.map_err(NotReadReason::Damaged)?.map_err(damaged)?;
            ("parquet", Box::new(batches))
        } else {
            let mut batches = ArrowBatches::new(match bytes {
                Bytes::File(file) => Box::new(file),
                Bytes::Stream(raw) => raw,
            });
            ("arrow-ipc", Box::new(std::iter::from_fn(move || batches.next().transpose())))
        };
        Ok(Self { library, batches, rest: None, lines: io::Cursor::default() })
    }

    pub(crate) fn read(&mut self, block: &mut [u8]) -> Result<usize, NotReadReason> {
        loop {
            let read = self.lines.read(block).map_err(damaged)?;
            if read > 0 || block.is_empty() {
                return Ok(read);
            }
            let Self { library, batches, rest, .. } = self;
            let next = || match rest.take() {
                Some(rest) => Some(Ok(rest)),
                None => batches.next(),
            };
            let next = guard(library, next).map_err(NotReadReason::Damaged)?;
            let Some(batch) = next else { return Ok(0) };
            let batch = batch.map_err(damaged)?;
            let rows = batch.num_rows().min(ROWS);
            if rows < batch.num_rows() {
                self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
            }
            let batch = batch.slice(0, rows);
            let lines = guard("arrow-json", || lines(&batch));
            let lines = lines.map_err(NotReadReason::Damaged)?.map_err(damaged)?;
            self.lines = io::Cursor::new(lines);
        }
    }
}

/// An object a row, each on its line; nulls are written, so that every row has every field.
fn lines(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let builder = WriterBuilder::new().with_explicit_nulls(true);
    let mut writer = builder.build::<_, LineDelimited>(vec![]);
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

/// The bytes in a file without a name: Parquet is read from its end.
fn spooled(mut raw: Box<dyn io::Read + Send>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut raw, &mut file)?;
    file.flush()?;
    file.rewind()?;
    Ok(file)
}

fn damaged(error: impl std::error::Error) -> NotReadReason {
    NotReadReason::Damaged(error.to_string())
}
