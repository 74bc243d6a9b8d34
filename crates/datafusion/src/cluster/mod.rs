//! Scheduler, executors and clients of Ballista with the functions of this crate.
//!
//! Ballista schedules; here are only the functions in its registries. Every process has a registry of models of
//! its own, with the same folders: the scheduler and the client open models to plan (which takes their memory, but
//! no computing), the executors to run. A plan has the hash of each model and the settings of the registry in it,
//! and an executor refuses a plan of which its own differ: two executors never run different models in one job.
//! Ballista's registration of executors has no room for hashes, so they are compared task by task; versions of
//! Ballista are compared by Ballista.
mod codec;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_core::extension::{SessionConfigExt as _, SessionStateExt as _};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::common::exec_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::{Models, register, runtime_with_stores, udfs};
use codec::PartCodec;

/// Settings of a scheduler.
#[derive(Clone, Debug)]
pub struct SchedulerParams {
    /// Address to listen on, for clients and executors.
    pub host: String,
    /// Port to listen on.
    pub port: u16,
    /// Whether clients of Arrow Flight SQL are served, too. They are not asked who they are: for networks that are
    /// trusted.
    pub flight_sql: bool,
    /// Time without a sign of life after which an executor is given up, and its tasks go to others.
    pub executor_timeout: Duration,
}

/// Settings of an executor.
#[derive(Clone, Debug)]
pub struct ExecutorParams {
    /// Address of the scheduler.
    pub scheduler_host: String,
    /// Port of the scheduler.
    pub scheduler_port: u16,
    /// Address to listen on for results that are fetched.
    pub host: String,
    /// Address that others reach this executor by; `None` for the one that the scheduler sees.
    pub external_host: Option<String>,
    /// Port for results.
    pub port: u16,
    /// Port for tasks.
    pub grpc_port: u16,
    /// Tasks at a time. All share the threads of the models: two keep them busy.
    pub slots: usize,
    /// Folder for results until they are fetched.
    pub work_dir: PathBuf,
}

/// Runs a scheduler until the process is ended.
///
/// # Errors
/// [`DataFusionError::Execution`] if it cannot listen, and for a timeout below
/// ten seconds.
pub async fn run_scheduler(params: &SchedulerParams, models: &Models) -> Result<()> {
    let SchedulerParams { host, port, flight_sql, executor_timeout } = params;
    let timeout = executor_timeout.as_secs();
    if timeout < 10 {
        return exec_err!("executor timeout: expected 10 seconds or more, found {timeout}");
    }
    let models = models.clone();
    let mut config = SchedulerConfig::default()
        .with_override_session_builder(Arc::new(move |config| session_state(config, &models)))
        .with_flight_sql(*flight_sql);
    config.bind_host.clone_from(host);
    config.external_host.clone_from(host);
    config.bind_port = *port;
    config.scheduling_policy = TaskSchedulingPolicy::PullStaged;
    config.override_logical_codec = Some(Arc::new(PartCodec::default()));
    config.executor_timeout_seconds = timeout;
    config.no_executors_grace_period_seconds = timeout;
    config.expire_dead_executor_interval_seconds = (timeout / 4).max(1);
    let address = format!("{host}:{port}");
    let Ok(address) = address.parse() else {
        return exec_err!("scheduler: expected an address and a port, found {address}");
    };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(failed)?;
    start_server(cluster, address, Arc::new(config)).await.map_err(failed)
}

/// Runs an executor until the process is told to end, or the scheduler is gone.
///
/// # Errors
/// [`DataFusionError::Execution`] if it cannot listen or finds no scheduler.
pub async fn run_executor(params: &ExecutorParams, models: &Models) -> Result<()> {
    let mut registry = BallistaFunctionRegistry::default();
    for udf in udfs(models) {
        registry.scalar_functions.insert(udf.name().to_owned(), Arc::new(udf));
    }
    let work_dir = params.work_dir.clone();
    let runtime = move |_: &SessionConfig| {
        Ok(Arc::new(runtime_with_stores().with_temp_file_path(&work_dir).build()?))
    };
    let config = ExecutorProcessConfig {
        bind_host: params.host.clone(),
        external_host: params.external_host.clone(),
        port: params.port,
        grpc_port: params.grpc_port,
        scheduler_host: params.scheduler_host.clone(),
        scheduler_port: params.scheduler_port,
        scheduler_connect_timeout_seconds: 60,
        vcores: params.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(params.work_dir.to_string_lossy().into_owned()),
        executor_heartbeat_interval_seconds: 5,
        override_function_registry: Some(Arc::new(registry)),
        override_runtime_producer: Some(Arc::new(runtime)),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(failed)
}

/// A session whose queries run on the cluster of the scheduler at `host`:`port`. The functions of `models` plan
/// them here.
///
/// # Errors
/// [`DataFusionError::Execution`] if the session cannot be made; no connection
/// is made before the first query.
pub fn cluster_session(host: &str, port: u16, models: &Models) -> Result<SessionContext> {
    let config = SessionConfig::new_with_ballista()
        .with_ballista_logical_extension_codec(Arc::new(PartCodec::default()));
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(Arc::new(runtime_with_stores().build()?))
        .build();
    let state = state.upgrade_for_ballista(format!("http://{host}:{port}"))?;
    let session = SessionContext::new_with_state(state);
    register(&session, models);
    Ok(session)
}

/// State of a session of the scheduler, with the functions of `models`.
fn session_state(config: SessionConfig, models: &Models) -> Result<SessionState> {
    let state = SessionStateBuilder::new_from_existing(default_session_builder(config)?)
        .with_runtime_env(Arc::new(runtime_with_stores().build()?))
        .build();
    let session = SessionContext::new_with_state(state);
    register(&session, models);
    Ok(session.state())
}

/// Error of Ballista as one of DataFusion, for `map_err`.
#[expect(clippy::needless_pass_by_value, reason = "map_err gives a value")]
fn failed(error: BallistaError) -> DataFusionError {
    DataFusionError::Execution(error.to_string())
}
