//! BERT encoders as SQL functions of DataFusion, in one process or on a cluster of Ballista.
//!
//! | function | result |
//! |---|---|
//! | `cloze_embed(text, 'MODEL')` | `FixedSizeList<Float32, width>`: vector |
//! | `cloze_similarity(a, b[, 'MODEL'])` | `Float64`: cosine of two vectors, or of the vectors of two texts |
//! | `cloze_tag(text, 'MODEL')` | `List<Struct<label, start, end, text, score>>`: entities |
//! | `cloze_redact(text, 'MODEL'[, 'POLICY'])` | `Utf8`: text without personal data |
//! | `cloze_classify(text, 'MODEL')` | `Struct<label, probability>`: likeliest label |
//! | `cloze_fill_mask(text, 'MODEL'[, k])` | `List<Struct<mask, word, probability>>`: words for masks |
//! | `cloze_search('INDEX', 'QUERY', k)` | table of the records most like a query |
//!
//! ```
//! use cloze_datafusion::{Models, register};
//! use datafusion::prelude::SessionContext;
//!
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! # std::env::set_current_dir(format!("{models}/..")).unwrap();
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let models = Models::builder().threads(2).fetch_runtime(true).build()?;
//! let session = SessionContext::new();
//! register(&session, &models);
//!
//! let query = "SELECT cloze_tag('Angela Merkel lives in Kassel.', 'models/ner-en')[1]['text'] AS name";
//! let batches = session.sql(query).await?.collect().await?;
//! assert_eq!(batches[0].column(0).as_ref().len(), 1);
//! # Ok::<(), datafusion::error::DataFusionError>(())
//! # }).unwrap();
//! ```
//!
//! The model is a literal, a name or a folder as everywhere in cloze, and is opened while the query is planned: an
//! unknown one, one without the head, and a column that is not text are planning errors. All models of a process are
//! in one [`Models`], each opened once whatever the number of partitions, and compute on its threads; whole record
//! batches go to them, so that texts are sorted by length. A text's result does not depend on the batch, the
//! partition, the threads or the machine's number of cores, and is that of the library, bit for bit.
//!
//! A null stays null. A text that fails (longer than [`ModelsBuilder::max_text_bytes`], without a mask where one
//! is to be filled) is null, and with [`ModelsBuilder::row_errors`] its reason is a second field.
//!
//! In the order data flows:
//! - [`Models`], [`ModelsBuilder`]: models of a process;
//! - [`ModelName`], [`folder_sha256`]: which model a plan means;
//! - [`register`], [`udfs`]: functions for a session, or for a registry of functions;
//! - [`with_cancel`]: stopping queries between pieces of a batch;
//! - [`job`]: queries over Parquet files, part by part, that go on where they were stopped;
//! - [`EnvironmentStores`], [`fetch_models`]: object stores (feature `clouds` for all but files), and models from them;
//! - `cluster` (feature `cluster`): scheduler, executors and clients of Ballista with the functions;
//! - [`Error`], [`RowError`]: what a query asked for in vain, and why a row has no result.
mod cancel;
#[cfg(feature = "cluster")]
pub mod cluster;
mod digest;
mod error;
mod functions;
mod gate;
pub mod job;
mod models;
mod objects;
mod reference;
mod rows;
mod search;
mod text;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

pub use cancel::with_cancel;
pub use digest::folder_sha256;
pub use error::{Error, RowError};
pub use models::{Counts, FoundModel, Models, ModelsBuilder};
pub use objects::{EnvironmentStores, Fetched, ObjectError, fetch_models, runtime_with_stores};
pub use reference::ModelName;

/// The README's program, compiled and run as a test of documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// Adds all functions on `models` to a session.
pub fn register(session: &SessionContext, models: &Models) {
    for udf in udfs(models) {
        session.register_udf(udf);
    }
    session.register_udtf(search::Search::NAME, Arc::new(search::Search::new(models)));
}

/// All scalar functions on `models`, for registries of functions such as Ballista's.
#[must_use]
pub fn udfs(models: &Models) -> Vec<ScalarUDF> {
    functions::all(models)
}
