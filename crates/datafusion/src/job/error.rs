//! Errors of jobs.
use std::path::PathBuf;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;

/// Failure of a job. Parts that are written stay, and the job goes on with the others when it is run again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A query that cannot be planned.
    #[error("query")]
    Query(#[source] DataFusionError),
    /// A query of which a row's result depends on other rows, so that parts cannot be done one by one.
    #[error(
        "query: expected SELECT … FROM {table} [WHERE …], row by row, found {found}\n\
         hint: run that over the job's output"
    )]
    NotRowByRow {
        /// Name of the input in the query.
        table: String,
        /// Step of the plan.
        found: String,
    },
    /// A function that has another result each time.
    #[error(
        "query: {function} has another result at another time, so parts would not be the same when run again"
    )]
    Volatile {
        /// Function.
        function: String,
    },
    /// A query of another table than the job's input.
    #[error(
        "query: no table {found:?}; the input is called {table:?}\nhint: SELECT … FROM {table}"
    )]
    OtherTable {
        /// Name of the input in the query.
        table: String,
        /// Table of the query.
        found: String,
    },
    /// A path without Parquet files.
    #[error("{}: expected a Parquet file, or a folder with files that end in .parquet", path.display())]
    NoInput {
        /// Path of the input.
        path: PathBuf,
    },
    /// A file that is not Parquet, or a result that cannot be written as such.
    #[error("{}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Error of reading or writing it.
        source: ParquetError,
    },
    /// Input files with different columns.
    #[error(
        "{}: columns differ from those of {}: expected {expected}, found {found}",
        path.display(), first.display()
    )]
    Columns {
        /// The file.
        path: PathBuf,
        /// First file of the input.
        first: PathBuf,
        /// Columns of the first file.
        expected: SchemaText,
        /// Columns of the file.
        found: SchemaText,
    },
    /// A folder that holds the output of another job.
    #[error(
        "{}: holds the output of another job: {field} is {found}, expected {expected}\n\
         hint: write to another folder, or remove this one", output.display()
    )]
    OtherJob {
        /// Output folder.
        output: PathBuf,
        /// Part of the manifest.
        field: String,
        /// Value of this job.
        expected: String,
        /// Value in the manifest.
        found: String,
    },
    /// A folder that is not empty and has no manifest.
    #[error(
        "{}: expected an empty folder or the output of a job, found {found}\n\
         hint: write to another folder", output.display()
    )]
    NotEmpty {
        /// Output folder.
        output: PathBuf,
        /// File in it.
        found: String,
    },
    /// A part of the output that this job has not written.
    #[error("{}: not written by this job\nhint: remove it, and it is done again", path.display())]
    ForeignPart {
        /// File of the part.
        path: PathBuf,
    },
    /// Another process that writes into the folder.
    #[error("{}: another job writes here", output.display())]
    Locked {
        /// Output folder.
        output: PathBuf,
    },
    /// A setting out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Range.
        expected: &'static str,
        /// Value.
        found: usize,
    },
    /// A part that failed.
    #[error("part {part} ({})", input.display())]
    Part {
        /// Number of the part, from 0.
        part: usize,
        /// Input file of the part.
        input: PathBuf,
        /// Error of running the query.
        source: DataFusionError,
    },
    /// A file or folder that cannot be read or written.
    #[error(transparent)]
    Store(#[from] cloze::store::StoreError),
    /// An object store that cannot be read.
    #[error(transparent)]
    Object(#[from] crate::ObjectError),
    /// A job that was stopped.
    #[error("stopped\nhint: run it again, and it goes on")]
    Cancelled,
}

/// Columns with their types, for errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText(String);

impl From<&SchemaRef> for SchemaText {
    fn from(schema: &SchemaRef) -> Self {
        let column = |field: &datafusion::arrow::datatypes::FieldRef| {
            format!("{} {}", field.name(), field.data_type())
        };
        Self(schema.fields().iter().map(column).collect::<Vec<_>>().join(", "))
    }
}

impl std::fmt::Display for SchemaText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
