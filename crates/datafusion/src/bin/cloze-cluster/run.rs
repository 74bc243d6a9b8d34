//! `cloze-cluster run`.
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use cloze::Cancel;
use cloze_datafusion::job::{JobEvent, JobParams};
use cloze_datafusion::{Models, register, runtime_with_stores};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::args::RunArgs;

/// Exit status of a command that was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs a job in this process. A first interrupt stops it between pieces of a batch; parts that are written stay.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let job = JobParams::new(&args.query, &args.input, &args.output)
        .table(&args.table)
        .part_rows(args.part_rows)
        .parts_at_once(args.parts_at_once)
        .check()?;
    let models = args.models.build()?;
    let session = session(&args, &models).await?;
    let cancel = Cancel::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let result = job.run(&session, &models, &cancel, show).await;
    if cancel.is_cancelled()
        && let Err(error) = result
    {
        eprintln!("{error}");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let report = result?;
    let counts = models.counts();
    eprintln!(
        "{} of {} parts written, {} rows; {} texts, {} without a result",
        report.written, report.parts, report.rows, counts.texts, counts.failed
    );
    // As the command `cloze`: some input failed, the rest was done.
    Ok(if counts.failed > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Session of this process, or of the cluster that was asked for.
#[cfg_attr(
    not(feature = "cluster"),
    expect(clippy::unused_async, reason = "a cluster is waited for")
)]
async fn session(args: &RunArgs, models: &Models) -> anyhow::Result<SessionContext> {
    #[cfg(feature = "cluster")]
    if let Some(crate::args::HostPort { host, port }) = &args.scheduler {
        wait_for_scheduler(host, *port).await?;
        return Ok(cloze_datafusion::cluster::cluster_session(host, *port, models)?);
    }
    let _ = args;
    let runtime = Arc::new(runtime_with_stores().build()?);
    let session = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
    register(&session, models);
    Ok(session)
}

/// Waits until the scheduler listens, which may have been started together with the job.
#[cfg(feature = "cluster")]
async fn wait_for_scheduler(host: &str, port: u16) -> anyhow::Result<()> {
    const TRIES: u32 = 60;
    for _ in 0..TRIES {
        if tokio::net::TcpStream::connect((host, port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    anyhow::bail!(
        "{host}:{port}: expected a scheduler, found nobody that listens\n\
         hint: cloze-cluster scheduler --host {host} --port {port}"
    )
}

/// Shows progress, a line for each part, where somebody is looking.
fn show(event: JobEvent) {
    match event {
        JobEvent::Started { parts, done } if done > 0 => {
            eprintln!("{done} of {parts} parts are there");
        }
        JobEvent::Started { .. } => {}
        JobEvent::Written { part, rows } => {
            if std::io::stderr().is_terminal() {
                eprintln!("{}: {rows} rows", part.file_name());
            }
        }
    }
}
