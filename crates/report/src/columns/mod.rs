//! Results as columns: Parquet and Arrow files, batch by batch.
mod entities;
#[cfg(test)]
mod tests;
mod vectors;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

pub use entities::{ArrowEntity, EntityColumns, UNIT_KEY, entity_array, entity_type};
pub use vectors::{VectorColumns, vector_type};

/// Number of rows of a batch, and of a row group of Parquet: 25 MB of vectors of 384 numbers.
const ROWS: usize = 16_384;
/// Number of bytes of text after which a batch is written though it has fewer rows.
const BYTES: usize = 16 << 20;

/// Format of a file of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFormat {
    /// Parquet, packed with Zstandard. Source: <https://parquet.apache.org/docs/file-format/>.
    Parquet,
    /// Arrow IPC file, which is Feather 2. Source: <https://arrow.apache.org/docs/format/Columnar.html>.
    Arrow,
}

/// A file of columns that is being written: what is done of it goes on to the output at each batch.
struct ColumnFile {
    writer: Writer,
    done: Done,
}

enum Writer {
    Parquet(Box<ArrowWriter<Done>>),
    Arrow(Box<FileWriter<Done>>),
}

/// Bytes that are done and not written yet.
#[derive(Clone, Debug, Default)]
struct Done(Arc<Mutex<Vec<u8>>>);

impl Write for Done {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ColumnFile {
    fn new(format: ColumnFormat, schema: &SchemaRef) -> io::Result<Self> {
        let done = Done::default();
        let writer = match format {
            ColumnFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(ROWS))
                    .set_created_by(concat!("cloze ", env!("CARGO_PKG_VERSION")).into())
                    .build();
                let writer = ArrowWriter::try_new(done.clone(), schema.clone(), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(of_parquet)?))
            }
            ColumnFormat::Arrow => {
                let writer = FileWriter::try_new(done.clone(), schema).map_err(of_arrow)?;
                Writer::Arrow(Box::new(writer))
            }
        };
        Ok(Self { writer, done })
    }

    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.writer {
            Writer::Parquet(writer) => {
                writer.write(batch).map_err(of_parquet)?;
                // A batch is a row group: what is done does not wait in memory for more.
                writer.flush().map_err(of_parquet)?;
            }
            Writer::Arrow(writer) => writer.write(batch).map_err(of_arrow)?,
        }
        self.pass_on(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.writer {
            Writer::Parquet(writer) => drop(writer.finish().map_err(of_parquet)?),
            Writer::Arrow(writer) => writer.finish().map_err(of_arrow)?,
        }
        self.pass_on(out)
    }

    fn pass_on(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut done = self.done.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&done)?;
        done.clear();
        Ok(())
    }
}

fn of_arrow(error: ArrowError) -> io::Error {
    io::Error::other(error)
}

fn of_parquet(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
