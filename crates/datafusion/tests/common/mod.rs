//! Sessions, registries and Parquet files of tests.
#![allow(dead_code, reason = "each test program uses some of it")]
use std::path::Path;
use std::sync::Arc;

use cloze::search::index::{Index, IndexParams, IndexRecord, Writer};
use cloze::{Runtime, RuntimeParams, SentenceEncoder, encoder_card};
use cloze_datafusion::{Models, ModelsBuilder, register};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

/// Settings of a registry whose runtime may be fetched.
pub(crate) fn builder() -> ModelsBuilder {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    Models::builder().runtime(runtime).threads(2)
}

/// Folder of a tiny checkpoint, as a literal of SQL.
pub(crate) fn tiny(name: &str) -> String {
    cloze_testkit::checkpoint(name).to_string_lossy().replace('\'', "''")
}

/// Folder of a model that comes with cloze.
pub(crate) fn model(name: &str) -> String {
    format!("{}/../../models/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Session with so many partitions and batches of so many rows.
pub(crate) fn session(models: &Models, partitions: usize, batch_rows: usize) -> SessionContext {
    let config =
        SessionConfig::new().with_target_partitions(partitions).with_batch_size(batch_rows);
    let session = SessionContext::new_with_config(config);
    register(&session, models);
    session
}

/// Rows `id`, `text` of these texts.
pub(crate) fn batch(texts: &[Option<&str>]) -> RecordBatch {
    let ids: ArrayRef = Arc::new((0i64..).take(texts.len()).collect::<Int64Array>());
    let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap()
}

/// Writes a batch as a Parquet file with row groups of so many rows.
pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch, group_rows: usize) {
    let file = fs_err::File::create(path).unwrap();
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Adds the Parquet files of a folder as the table `t`.
pub(crate) async fn add_table(session: &SessionContext, folder: &Path) {
    let folder = folder.to_string_lossy();
    session.register_parquet("t", folder, ParquetReadOptions::default()).await.unwrap();
}

/// All rows of a query.
pub(crate) async fn rows(session: &SessionContext, query: &str) -> RecordBatch {
    let batches = session.sql(query).await.unwrap().collect().await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Error of a query, whichever step it comes from.
pub(crate) async fn error(
    session: &SessionContext,
    query: &str,
) -> datafusion::error::DataFusionError {
    match session.sql(query).await {
        Err(error) => error,
        Ok(frame) => frame.collect().await.unwrap_err(),
    }
}

/// Texts of [`save_index`].
const INDEXED: [&str; 5] =
    ["ann lives in a house", "the cat sits", "bob's “dog”", "ein Haus, 🙂", "the son"];

/// Writes an index of them with the tiny encoder.
pub(crate) fn save_index(folder: &Path) {
    let encoder = SentenceEncoder::open(cloze_testkit::checkpoint("bert")).unwrap();
    let card = encoder_card(&encoder, "", "none".into()).unwrap();
    let params = IndexParams::new().encoder(Some(card)).check().unwrap();
    let mut writer = Writer::create(folder, &params, false).unwrap();
    for (i, text) in INDEXED.iter().enumerate() {
        let mut record = IndexRecord {
            id: format!("D{i}"),
            text: Some((*text).into()),
            ..IndexRecord::default()
        };
        if i == 1 {
            record.path = Some("notes.txt".into());
            record.line = Some(7);
            record.metadata.insert("lang".into(), "en".into());
        }
        writer.push(&record, &encoder.encode(text).unwrap()).unwrap();
    }
    writer.commit().unwrap();
    assert_eq!(Index::open(folder).unwrap().len(), INDEXED.len());
}
