//! Workers of `datafusion-distributed` with the functions: `udfs` is all that they take.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::net::{SocketAddr, TcpListener};

use async_trait::async_trait;
use cloze_datafusion::{Models, register, udfs};
use cloze_testkit::{Random, texts};
use common::{add_table, batch, builder, rows, session, tiny, write_parquet};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_distributed::{
    DistributedExt as _, SessionStateBuilderExt as _, Worker, WorkerQueryContext, WorkerResolver,
};
use tonic::transport::Server;
use url::Url;

struct Workers(Vec<SocketAddr>);

#[async_trait]
impl WorkerResolver for Workers {
    fn get_urls(&self) -> Result<Vec<Url>, DataFusionError> {
        Ok(self.0.iter().map(|address| Url::parse(&format!("http://{address}")).unwrap()).collect())
    }
}

/// Starts a worker whose sessions have the functions on `models`.
async fn start_worker(models: &Models) -> SocketAddr {
    let functions: Vec<_> = udfs(models).into_iter().map(std::sync::Arc::new).collect();
    let worker = Worker::from_session_builder(move |context: WorkerQueryContext| {
        let functions = functions.clone();
        async move { Ok(context.builder.with_scalar_functions(functions).build()) }
    });
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    tokio::spawn(Server::builder().add_service(worker.into_worker_server()).serve(address));
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    address
}

/// Session whose queries run on these workers.
fn distributed(workers: Vec<SocketAddr>, models: &Models) -> SessionContext {
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(SessionConfig::new().with_target_partitions(3))
        .with_distributed_planner()
        .with_distributed_worker_resolver(Workers(workers))
        // The input is small, and all workers are to have some of it.
        .with_distributed_file_scan_config_bytes_per_partition(1)
        .unwrap()
        .build();
    let session = SessionContext::from(state);
    register(&session, models);
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_have_the_results_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(11);
    let all: Vec<String> = (0..120).map(|i| texts::prose(&mut random, 1 + (i * 5) % 60)).collect();
    let all: Vec<Option<&str>> =
        all.iter().enumerate().map(|(i, text)| (i % 9 != 4).then_some(&**text)).collect();
    for (name, from) in [("a.parquet", 0), ("b.parquet", 60)] {
        write_parquet(&folder.path().join(name), &batch(&all).slice(from, 60), 20);
    }
    let query = format!(
        "SELECT id, cloze_embed(text, '{}') AS v, cloze_tag(text, '{}') AS e FROM t ORDER BY id",
        tiny("bert"),
        tiny("bert-token")
    );
    let alone = builder().build().unwrap();
    let alone = session(&alone, 1, 8192);
    add_table(&alone, folder.path()).await;
    let expected = rows(&alone, &query).await;

    let on_workers = [builder().build().unwrap(), builder().build().unwrap()];
    let mut addresses = vec![];
    for models in &on_workers {
        addresses.push(start_worker(models).await);
    }
    let models = builder().build().unwrap();
    let session = distributed(addresses, &models);
    add_table(&session, folder.path()).await;
    let plan = session.sql(&query).await.unwrap().create_physical_plan().await.unwrap();
    let plan = displayable(plan.as_ref()).indent(false).to_string();
    assert!(plan.contains("DistributedExec"), "{plan}");
    let found = rows(&session, &query).await;
    assert_eq!(found.num_rows(), 120);
    assert_eq!(found.columns(), expected.columns());
    // Planning opens models and computes nothing; each worker had some of the texts.
    assert_eq!(models.counts().texts, 0);
    for models in &on_workers {
        assert_eq!(models.counts().loads, 2);
        assert!(models.counts().texts > 0);
    }
}

/// A plan has the settings of the registry in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_other_settings_refuses() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.parquet", "b.parquet"] {
        write_parquet(&folder.path().join(name), &batch(&[Some("ann"), Some("bob")]), 20);
    }
    let other = builder().max_text_bytes(99).build().unwrap();
    let address = start_worker(&other).await;
    let models = builder().build().unwrap();
    let session = distributed(vec![address, start_worker(&other).await], &models);
    add_table(&session, folder.path()).await;
    let query = format!("SELECT cloze_embed(text, '{}') AS v FROM t", tiny("bert"));
    let result = session.sql(&query).await.unwrap().collect().await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("expected models with the settings"), "{error}");
    assert_eq!(other.counts().texts, 0);
}
