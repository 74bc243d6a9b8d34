//! Parts of the output: each a Parquet file that is there whole or not at all.
use std::path::Path;

use cloze::Cancel;
use cloze::store::{AtomicFile, Existing};
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt as _;

use super::JobError;

/// Key of the job's hash in the metadata of a part's file.
const JOB_KEY: &str = "cloze.job";
/// Rows that are given to the writer at once. Where pages end depends on it, so it is not the engine's number.
const ROWS: usize = 1024;
/// Rows of a row group, which the writer holds in memory: 25 MiB of vectors of 384 numbers.
const GROUP_ROWS: usize = 16_384;

/// Failure of writing a part: of its query, or of its file.
pub(super) enum WriteError {
    Query(DataFusionError),
    File(JobError),
}

/// Writes the rows of `stream`, and puts the file under its name when it is whole. Its bytes depend on the rows
/// and their types alone, not on how they are cut into batches. Returns the number of rows.
pub(super) async fn write_part(
    mut stream: SendableRecordBatchStream,
    path: &Path,
    job: &str,
    cancel: &Cancel,
) -> Result<u64, WriteError> {
    let schema = stream.schema();
    let failed = |source| WriteError::File(JobError::Parquet { path: path.to_owned(), source });
    let file =
        AtomicFile::create(path, Existing::Replace).map_err(|e| WriteError::File(e.into()))?;
    let mut writer =
        ArrowWriter::try_new(file, schema.clone(), Some(properties(job))).map_err(failed)?;
    let mut coalescer = BatchCoalescer::new(schema.clone(), ROWS);
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        cancel.check().map_err(|_| WriteError::File(JobError::Cancelled))?;
        let batch = batch.map_err(WriteError::Query)?;
        rows += batch.num_rows() as u64;
        coalescer.push_batch(batch).map_err(|e| failed(e.into()))?;
        write_completed(&mut writer, &mut coalescer).map_err(failed)?;
    }
    coalescer.finish_buffered_batch().map_err(|e| failed(e.into()))?;
    write_completed(&mut writer, &mut coalescer).map_err(failed)?;
    let file = writer.into_inner().map_err(failed)?;
    file.commit().map_err(|e| WriteError::File(e.into()))?;
    Ok(rows)
}

fn write_completed(
    writer: &mut ArrowWriter<AtomicFile>,
    coalescer: &mut BatchCoalescer,
) -> Result<(), datafusion::parquet::errors::ParquetError> {
    while let Some(batch) = coalescer.next_completed_batch() {
        writer.write(&batch)?;
    }
    Ok(())
}

fn properties(job: &str) -> WriterProperties {
    let job = KeyValue::new(JOB_KEY.to_owned(), job.to_owned());
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(vec![job]))
        .build()
}

/// Whether the part is there; an error if it is of another job.
pub(super) fn is_done(path: &Path, job: &str) -> Result<bool, JobError> {
    if !path.exists() {
        return Ok(false);
    }
    let file = fs_err::File::open(path).map_err(cloze::store::StoreError::Read)?;
    let read = ParquetMetaDataReader::new().parse_and_finish(file.file());
    let metadata = read.map_err(|source| JobError::Parquet { path: path.to_owned(), source })?;
    let pairs = metadata.file_metadata().key_value_metadata();
    let mut pairs = pairs.into_iter().flatten();
    if pairs.any(|pair| pair.key == JOB_KEY && pair.value.as_deref() == Some(job)) {
        return Ok(true);
    }
    Err(JobError::ForeignPart { path: path.to_owned() })
}
