//! `cloze-cluster scheduler` and `cloze-cluster executor`.
use std::process::ExitCode;
use std::time::Duration;

use cloze_datafusion::cluster::{ExecutorParams, SchedulerParams, run_executor, run_scheduler};
use log::{LevelFilter, Log, Metadata, Record};

use crate::args::{ExecutorArgs, SchedulerArgs};

pub(crate) async fn scheduler(args: SchedulerArgs) -> anyhow::Result<ExitCode> {
    log_to_stderr(args.log);
    let params = SchedulerParams {
        host: args.host,
        port: args.port,
        flight_sql: args.flight_sql,
        executor_timeout: Duration::from_secs(args.executor_timeout),
    };
    run_scheduler(&params, &args.models.build()?).await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn executor(args: ExecutorArgs) -> anyhow::Result<ExitCode> {
    log_to_stderr(args.log);
    let temporary = tempfile::tempdir()?;
    let params = ExecutorParams {
        scheduler_host: args.scheduler.host,
        scheduler_port: args.scheduler.port,
        host: args.host,
        external_host: args.external_host,
        port: args.port,
        grpc_port: args.grpc_port,
        slots: args.slots,
        work_dir: args.work_dir.unwrap_or_else(|| temporary.path().to_owned()),
    };
    run_executor(&params, &args.models.build()?).await?;
    Ok(ExitCode::SUCCESS)
}

/// Log of Ballista, a line for each record.
struct StderrLog;

impl Log for StderrLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        eprintln!("{} {}: {}", record.level(), record.target(), record.args());
    }

    fn flush(&self) {}
}

/// Writes Ballista's log to stderr.
fn log_to_stderr(level: LevelFilter) {
    // Nobody else in this program sets one.
    if log::set_logger(&StderrLog).is_ok() {
        log::set_max_level(level);
    }
}
