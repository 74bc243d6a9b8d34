//! Jobs: a query over Parquet files, done and written part by part.
//!
//! - [`JobParams`]: settings; [`ValidJob`] runs;
//! - [`Input`], [`Part`]: input files, and the parts they are done in;
//! - `files`: where those lie, and what is at their ends;
//! - [`Manifest`]: what the parts in an output folder were made of;
//! - `query`: queries that can be run part by part;
//! - `table`: a part as the table of the query;
//! - `write`: a part's file.
mod error;
mod files;
mod input;
mod manifest;
mod query;
pub(crate) mod table;
mod write;

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloze::Cancel;
use cloze::store::StoreError;
use cloze::store::checksum::sha256;
use datafusion::DATAFUSION_VERSION;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

pub use error::{JobError, SchemaText};
pub use input::{Input, InputFile, Part};
pub use manifest::Manifest;
use table::{PartTable, plan_of_part};
use write::WriteError;

use crate::functions::pinned_model;
use crate::{Models, with_cancel};

/// File that a job holds locked while it writes into its folder.
const LOCK: &str = ".lock";

/// Settings of a job.
///
/// A job runs `SELECT … FROM input [WHERE …]` over Parquet files, row by row, and writes a Parquet file for each
/// part of the input: whole row groups of one file, in order. A part is written beside its place, synced and
/// renamed, so that a job that was stopped, however, does the missing parts when it is run again. The bytes of
/// every file depend on the query, the models, the input and these settings; not on the number of parts in work, of
/// executors or of threads. A manifest in the folder has all they depend on, and a job that differs in any of it is
/// refused there.
#[derive(Clone, Debug)]
pub struct JobParams {
    query: String,
    input: PathBuf,
    output: PathBuf,
    table: String,
    part_rows: usize,
    parts_at_once: usize,
}

/// Settings of a job that were checked.
#[derive(Clone, Debug)]
pub struct ValidJob(JobParams);

/// Progress of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// The job begins; some parts may be there from a run before.
    Started {
        /// Number of parts.
        parts: usize,
        /// Number of parts that are there.
        done: usize,
    },
    /// A part is written.
    Written {
        /// The part.
        part: Part,
        /// Number of rows written.
        rows: u64,
    },
}

/// Outcome of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobReport {
    /// Number of parts.
    pub parts: usize,
    /// Number of those that this run has written.
    pub written: usize,
    /// Rows of those.
    pub rows: u64,
}

impl JobParams {
    /// A job of `query` over the Parquet file or folder `input`, whose results go into the folder `output`. The input
    /// may be the URL of an object store, `s3://bucket/folder`, that the session of the job has, as those of
    /// [`EnvironmentStores`](crate::EnvironmentStores).
    #[must_use]
    pub fn new(
        query: impl Into<String>,
        input: impl Into<PathBuf>,
        output: impl Into<PathBuf>,
    ) -> Self {
        Self {
            query: query.into(),
            input: input.into(),
            output: output.into(),
            table: "input".into(),
            part_rows: 65_536,
            parts_at_once: 2,
        }
    }

    /// Name of the input in the query. Default `input`.
    #[must_use]
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// Rows that a part has at least, but for the last of a file; a part ends with a row group. What is done again
    /// after a stop is less than this for each part in work. Default `65536`.
    #[must_use]
    pub fn part_rows(mut self, rows: usize) -> Self {
        self.part_rows = rows;
        self
    }

    /// Parts in work at a time: on a cluster, at least as many as it has cores. Default `2`.
    #[must_use]
    pub fn parts_at_once(mut self, parts: usize) -> Self {
        self.parts_at_once = parts;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`JobError::Setting`] for no rows or parts.
    pub fn check(self) -> Result<ValidJob, JobError> {
        for (setting, found) in
            [("part_rows", self.part_rows), ("parts_at_once", self.parts_at_once)]
        {
            if found == 0 {
                return Err(JobError::Setting { setting, expected: "1 or more", found });
            }
        }
        Ok(ValidJob(self))
    }
}

/// A job that is planned: what all its parts share.
struct Planned {
    session: SessionContext,
    plan: LogicalPlan,
    input: Input,
    manifest: Manifest,
}

impl ValidJob {
    /// Runs the job, or what is left of it, with the functions of `session`, in this process or wherever its
    /// planner sends plans; `progress` gets an event for each part.
    ///
    /// # Errors
    /// Every [`JobError`]; parts that were written before stay.
    pub async fn run(
        &self,
        session: &SessionContext,
        models: &Models,
        cancel: &Cancel,
        mut progress: impl FnMut(JobEvent),
    ) -> Result<JobReport, JobError> {
        let planned = self.plan(session, models, cancel).await?;
        let output = &self.0.output;
        fs_err::create_dir_all(output).map_err(StoreError::Read)?;
        let _lock = lock(output)?;
        planned.manifest.check_or_write(output)?;
        let manifest = serde_json::to_string(&planned.manifest).unwrap_or_default();
        let job = sha256(manifest.as_bytes());
        let mut missing = vec![];
        for part in &planned.input.parts {
            if !write::is_done(&output.join(part.file_name()), &job)? {
                missing.push(part.clone());
            }
        }
        // The largest first, so that none of them begins when the others are done.
        missing.sort_by_key(|part| std::cmp::Reverse(part.bytes));
        let parts = planned.input.parts.len();
        progress(JobEvent::Started { parts, done: parts - missing.len() });
        let mut report = JobReport { parts, ..JobReport::default() };
        let run = |part: Part| {
            let (planned, job) = (&planned, &job);
            async move {
                let rows =
                    run_part(planned, &part, &output.join(part.file_name()), job, cancel).await?;
                Ok::<_, JobError>((part, rows))
            }
        };
        let mut running =
            futures::stream::iter(missing).map(run).buffer_unordered(self.0.parts_at_once);
        while let Some(written) = running.next().await {
            let (part, rows) = written?;
            report.written += 1;
            report.rows += rows;
            progress(JobEvent::Written { part, rows });
        }
        Ok(report)
    }

    async fn plan(
        &self,
        session: &SessionContext,
        models: &Models,
        cancel: &Cancel,
    ) -> Result<Planned, JobError> {
        let JobParams { query, input, table, part_rows, .. } = &self.0;
        let input = Input::read(input, *part_rows as u64, session).await?;
        // One partition a part keeps the rows in order; parts beside each other fill the cores.
        let config = session.copied_config().with_target_partitions(1);
        let state = SessionStateBuilder::new_from_existing(session.state())
            .with_config(with_cancel(config, cancel))
            .build();
        let session = SessionContext::new_with_state(state);
        let first = input.parts.first().cloned().unwrap_or_else(|| Part {
            number: 0,
            path: input.files[0].path.clone(),
            file_bytes: input.files[0].bytes,
            changed: None,
            range: (0, 0),
            rows: 0,
            bytes: 0,
        });
        let whole = PartTable { part: first, schema: input.schema.clone() };
        session.register_table(table, Arc::new(whole)).map_err(JobError::Query)?;
        let plan = session.state().create_logical_plan(query).await.map_err(JobError::Query)?;
        query::check_row_by_row(&plan, table)?;
        let manifest = self.manifest(&input, models, models_of(&plan, models)?);
        Ok(Planned { session, plan, input, manifest })
    }

    fn manifest(&self, input: &Input, models: &Models, names: Vec<String>) -> Manifest {
        let JobParams { query, table, part_rows, .. } = &self.0;
        Manifest {
            query: query.clone(),
            table: table.clone(),
            models: names,
            engine: format!("DataFusion {DATAFUSION_VERSION}"),
            part_rows: *part_rows as u64,
            settings: models.settings(),
            parts: input.parts.len(),
            input: input.files.clone(),
        }
    }
}

/// Models that the plan's functions name, each pinned to the hash of its folder.
fn models_of(plan: &LogicalPlan, models: &Models) -> Result<Vec<String>, JobError> {
    let mut names = vec![];
    let walked = plan.apply(|node| {
        for expr in node.expressions() {
            expr.apply(|expr| {
                if let Expr::ScalarFunction(call) = expr
                    && let Some(pinned) = pinned_model(models, call)?
                {
                    names.push(pinned.to_string());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(JobError::Query)?;
    names.sort();
    names.dedup();
    Ok(names)
}

async fn run_part(
    planned: &Planned,
    part: &Part,
    path: &Path,
    job: &str,
    cancel: &Cancel,
) -> Result<u64, JobError> {
    cancel.check().map_err(|_| JobError::Cancelled)?;
    let failed = |source: DataFusionError| {
        if cancel.is_cancelled() {
            return JobError::Cancelled;
        }
        JobError::Part { part: part.number, input: part.path.clone(), source }
    };
    let table = PartTable { part: part.clone(), schema: planned.input.schema.clone() };
    let plan = plan_of_part(&planned.plan, &table).map_err(failed)?;
    let mut tries = 1;
    loop {
        let (session, plan) = (planned.session.clone(), plan.clone());
        let (path, job, cancel_part) = (path.to_owned(), job.to_owned(), cancel.clone());
        // On a thread of its own: the functions compute where they are polled, and parts are to run side by side.
        let written = SpawnedTask::spawn(async move {
            let frame = session.execute_logical_plan(plan).await.map_err(WriteError::Query)?;
            let stream = frame.execute_stream().await.map_err(WriteError::Query)?;
            write::write_part(stream, &path, &job, &cancel_part).await
        });
        return match written.join().await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(WriteError::Query(error))) if tries < TRIES && is_lost(&error) => {
                tries += 1;
                continue;
            }
            Ok(Err(WriteError::Query(error))) => Err(failed(error)),
            Ok(Err(WriteError::File(error))) => Err(error),
            Err(panicked) => Err(failed(DataFusionError::Execution(panicked.to_string()))),
        };
    }
}

/// Tries of a part whose rows were computed, but are gone with the executor that had them: the scheduler gives another
/// executor the tasks that one had not ended, and leaves this to who asked for the rows.
const TRIES: usize = 4;

/// Whether rows are gone with their executor.
#[cfg(feature = "cluster")]
fn is_lost(error: &DataFusionError) -> bool {
    use ballista_core::error::BallistaError;
    use datafusion::arrow::error::ArrowError;

    match error.find_root() {
        DataFusionError::External(error) => {
            matches!(error.downcast_ref(), Some(BallistaError::FetchFailed(..)))
        }
        // The connection ended while rows came.
        DataFusionError::ArrowError(error, _) => matches!(**error, ArrowError::ExternalError(_)),
        _ => false,
    }
}

#[cfg(not(feature = "cluster"))]
fn is_lost(_: &DataFusionError) -> bool {
    false
}

/// Locks the folder for this process, until the result is dropped.
fn lock(output: &Path) -> Result<std::fs::File, JobError> {
    let file = fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(output.join(LOCK))
        .map_err(StoreError::Read)?
        .into_file();
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JobError::Locked { output: output.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StoreError::Read(error).into()),
    }
}
