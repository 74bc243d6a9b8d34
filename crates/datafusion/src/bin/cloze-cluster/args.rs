//! Flags of the command.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cloze::core::OffsetUnit;
use cloze::redact::{Key, KeyFile};
use cloze_datafusion::Models;

/// Run encoders over Parquet files by SQL, in this process or on a cluster of Ballista
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a query over Parquet files, and write its results part by part
    ///
    /// Run again with the same arguments, it does the parts that are missing.
    Run(RunArgs),
    /// Run a scheduler of Ballista
    #[cfg(feature = "cluster")]
    Scheduler(SchedulerArgs),
    /// Run an executor of Ballista
    ///
    /// It needs the folders of the models and of the input under the same paths as the scheduler and jobs.
    #[cfg(feature = "cluster")]
    Executor(ExecutorArgs),
    /// Print the hash of models, as plans pin them: two folders with one hash are one model
    Hash(HashArgs),
    /// Copy models from an object store to this machine, if they have the hashes that are asked for
    ///
    /// Addresses and keys of the store come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`,
    /// `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` and others.
    Fetch(FetchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Query of the form SELECT … FROM input [WHERE …]
    pub(crate) query: String,
    /// Parquet file, or folder of such files; a path, or a URL such as `s3://bucket/folder`
    #[arg(short, long, value_name = "PATH")]
    pub(crate) input: PathBuf,
    /// Folder for the results: a file for each part, and a manifest
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Name of the input in the query
    #[arg(long, value_name = "NAME", default_value = "input")]
    pub(crate) table: String,
    /// Least rows of a part, which ends with a row group of the input
    #[arg(long, value_name = "N", default_value_t = 65_536)]
    pub(crate) part_rows: usize,
    /// Parts in work at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) parts_at_once: usize,
    /// Scheduler of the cluster to run on [default: this process]
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) scheduler: Option<HostPort>,
    #[command(flatten)]
    pub(crate) models: ModelFlags,
}

/// Address of a scheduler.
#[cfg(feature = "cluster")]
#[derive(Clone, Debug)]
pub(crate) struct HostPort {
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[cfg(feature = "cluster")]
impl std::str::FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed =
            text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match parsed {
            Some((host, port)) if !host.is_empty() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(format!("expected HOST:PORT such as 127.0.0.1:50050, found {text:?}")),
        }
    }
}

#[cfg(feature = "cluster")]
fn parse_level(text: &str) -> Result<log::LevelFilter, String> {
    text.parse()
        .map_err(|_| format!("expected off, error, warn, info, debug or trace, found {text:?}"))
}

#[cfg(feature = "cluster")]
#[derive(Debug, Args)]
pub(crate) struct SchedulerArgs {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// Port to listen on
    #[arg(long, value_name = "PORT", default_value_t = 50050)]
    pub(crate) port: u16,
    /// Serve clients of Arrow Flight SQL, too, without asking who they are
    #[arg(long)]
    pub(crate) flight_sql: bool,
    /// Seconds without a sign of life after which an executor's tasks go to others
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) executor_timeout: u64,
    /// Records of Ballista to report: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn", value_parser = parse_level)]
    pub(crate) log: log::LevelFilter,
    #[command(flatten)]
    pub(crate) models: ModelFlags,
}

#[cfg(feature = "cluster")]
#[derive(Debug, Args)]
pub(crate) struct ExecutorArgs {
    /// Scheduler of the cluster
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub(crate) scheduler: HostPort,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// Address that other machines reach this one by [default: as the scheduler sees it]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) external_host: Option<String>,
    /// Port for results
    #[arg(long, value_name = "PORT", default_value_t = 50051)]
    pub(crate) port: u16,
    /// Port for tasks
    #[arg(long, value_name = "PORT", default_value_t = 50052)]
    pub(crate) grpc_port: u16,
    /// Tasks at a time; all share the threads of the models
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) slots: usize,
    /// Folder for results until they are fetched [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Records of Ballista to report: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn", value_parser = parse_level)]
    pub(crate) log: log::LevelFilter,
    #[command(flatten)]
    pub(crate) models: ModelFlags,
}

#[derive(Debug, Args)]
pub(crate) struct HashArgs {
    /// Names or folders of models
    #[arg(required = true, value_name = "MODEL")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) models: ModelFlags,
}

#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Folder of models in the store: `s3://bucket/models`, `gs://…`, `az://…`, `file://…`
    pub(crate) url: String,
    /// Models there, each with its hash as `hash` prints it; an adapter behind the model beneath
    #[arg(required = true, value_name = "MODEL[@SHA-256]")]
    pub(crate) names: Vec<String>,
    /// Folder for the models [default: where `cloze` installs models]
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ModelFlags {
    /// Threads of all models together [default: cores]
    #[arg(long, value_name = "N", help_heading = "Models")]
    threads: Option<usize>,
    /// Reason why a row failed, beside each result: {value, error} in place of the value
    #[arg(long, help_heading = "Models")]
    row_errors: bool,
    /// Unit of the offsets of entities
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Models")]
    offsets: Unit,
    /// Longest text; a longer one fails
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, help_heading = "Models")]
    max_text_bytes: usize,
    /// File with the key of hash and pseudonym, as `cloze redact --key-file` has it
    #[arg(long, value_name = "FILE", help_heading = "Models")]
    redact_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Unit {
    #[default]
    Char,
    Byte,
    Utf16,
}

impl ModelFlags {
    /// Registry with these settings.
    pub(crate) fn build(&self) -> anyhow::Result<Models> {
        let mut builder = Models::builder()
            .row_errors(self.row_errors)
            .max_text_bytes(self.max_text_bytes)
            .fetch_runtime(true)
            .offsets(match self.offsets {
                Unit::Char => OffsetUnit::Char,
                Unit::Byte => OffsetUnit::Byte,
                Unit::Utf16 => OffsetUnit::Utf16,
            });
        if let Some(threads) = self.threads {
            builder = builder.threads(threads);
        }
        if let Some(path) = &self.redact_key {
            builder = builder.redact_key(read_key(path)?);
        }
        Ok(builder.build()?)
    }
}

fn read_key(path: &std::path::Path) -> anyhow::Result<Key> {
    anyhow::ensure!(
        path.is_file(),
        "{}: no such file\nhint: `cloze redact --key-file` makes one",
        path.display()
    );
    Ok(KeyFile::open(path)?.key().clone())
}
