//! A cluster on the loopback: a scheduler and two executors, each a process, some of which are killed.
#![cfg(feature = "cluster")]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use cloze::Cancel;
use cloze_datafusion::Models;
use cloze_datafusion::cluster::cluster_session;
use cloze_datafusion::job::{JobError, JobEvent, JobParams, JobReport};
use cloze_testkit::{Random, texts};
use common::{batch, builder, session, tiny, write_parquet};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use futures::TryStreamExt as _;

/// Process that is killed when it is dropped.
struct Process(Child);

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloze-cluster"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Ends the process at once, as a power cut does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn scheduler(port: &str) -> Process {
    start_scheduler(port, &[])
}

fn start_scheduler(port: &str, more: &[&str]) -> Process {
    let mut arguments =
        vec!["scheduler", "--port", port, "--executor-timeout", "10", "--threads", "1"];
    arguments.extend(more);
    let process = Process::start(&arguments);
    let begun = Instant::now();
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the scheduler listens");
        std::thread::sleep(Duration::from_millis(50));
    }
    process
}

fn executor(scheduler: &str, more: &[&str]) -> Process {
    let (port, grpc_port) = (free_port(), free_port());
    let scheduler = format!("127.0.0.1:{scheduler}");
    let mut arguments = vec![
        "executor",
        "--scheduler",
        &scheduler,
        "--port",
        &port,
        "--grpc-port",
        &grpc_port,
        "--threads",
        "1",
    ];
    arguments.extend(more);
    Process::start(&arguments)
}

/// Two files of 800 rows in groups of 40.
fn write_input(folder: &Path) {
    let mut random = Random::new(9);
    let all: Vec<String> = (0..1600).map(|i| texts::prose(&mut random, 1 + (i * 5) % 60)).collect();
    let all: Vec<Option<&str>> = all.iter().map(|t| Some(&**t)).collect();
    let whole = batch(&all);
    for (name, from) in [("a.parquet", 0), ("b.parquet", 800)] {
        write_parquet(&folder.join(name), &whole.slice(from, 800), 40);
    }
}

fn job(query: &str, folder: &Path, output: &str) -> JobParams {
    JobParams::new(query, folder.join("input"), folder.join(output)).part_rows(40).parts_at_once(4)
}

fn parts(output: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs_err::read_dir(output).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            files.insert(
                path.file_name().unwrap().to_string_lossy().into(),
                fs_err::read(&path).unwrap(),
            );
        }
    }
    files
}

async fn run(
    job: JobParams,
    port: &str,
    models: &Models,
    progress: impl FnMut(JobEvent),
) -> Result<JobReport, JobError> {
    let session = cluster_session("127.0.0.1", port.parse().unwrap(), models).unwrap();
    job.check()?.run(&session, models, &Cancel::new(), progress).await
}

/// Vectors and entities with their nested types: what the executors are sent, and send back.
fn query() -> String {
    format!(
        "SELECT id, cloze_embed(text, '{}') AS v, cloze_tag(text, '{}') AS e, \
         cloze_classify(text, '{}')['label'] AS l FROM input WHERE id % 7 <> 3",
        tiny("bert"),
        tiny("bert-token"),
        tiny("bert-sequence")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_executor_or_scheduler_changes_nothing_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("input")).unwrap();
    write_input(&folder.path().join("input"));
    let query = query();
    let models = builder().build().unwrap();
    // In this process, for the bytes.
    let here = session(&models, 2, 100);
    let local = job(&query, folder.path(), "local").check().unwrap();
    let report = local.run(&here, &models, &Cancel::new(), |_| {}).await.unwrap();
    assert_eq!((report.parts, report.written), (40, 40));
    let texts = models.counts().texts;

    let port = free_port();
    let mut scheduler_process = scheduler(&port);
    let (mut first, _second) = (executor(&port, &[]), executor(&port, &[]));

    // An executor is killed when three of forty parts are written.
    let mut written = 0;
    let report = run(job(&query, folder.path(), "killed-executor"), &port, &models, |event| {
        if matches!(event, JobEvent::Written { .. }) {
            written += 1;
            if written == 3 {
                first.kill();
            }
        }
    })
    .await
    .unwrap();
    assert_eq!((report.parts, report.written), (40, 40));
    assert!(parts(&folder.path().join("killed-executor")) == parts(&folder.path().join("local")));
    assert_eq!(models.counts().texts, texts, "nothing was computed in this process");

    // The scheduler is killed when five are: the job fails, keeps its parts, and goes on.
    let output = "killed-scheduler";
    let mut written = 0;
    let result = run(job(&query, folder.path(), output), &port, &models, |event| {
        if matches!(event, JobEvent::Written { .. }) {
            written += 1;
            if written == 5 {
                scheduler_process.kill();
            }
        }
    })
    .await;
    assert!(matches!(result, Err(JobError::Part { .. })), "{result:?}");
    let kept = parts(&folder.path().join(output)).len();
    assert!((5..40).contains(&kept), "{kept} parts");
    let _scheduler = scheduler(&port);
    let mut events = vec![];
    let report =
        run(job(&query, folder.path(), output), &port, &models, |event| events.push(event))
            .await
            .unwrap();
    // A part that was being written when the job ended may have come after the count.
    let JobEvent::Started { parts: 40, done } = events[0] else { panic!("{events:?}") };
    assert!((kept..40).contains(&done), "{done} done, {kept} kept");
    assert_eq!(report.written, 40 - done);
    assert!(parts(&folder.path().join(output)) == parts(&folder.path().join("local")));
}

/// An executor with another model under the name, or with other settings, does not run the plan.
#[tokio::test(flavor = "multi_thread")]
async fn an_executor_refuses_what_was_planned_with_another_model_or_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("input")).unwrap();
    write_input(&folder.path().join("input"));
    let copy = cloze_testkit::checkpoint_copy("bert");
    let query = format!("SELECT cloze_embed(text, '{}') AS v FROM input", copy.path().display());
    let port = free_port();
    let _scheduler = scheduler(&port);
    let models = builder().build().unwrap();

    let other = executor(&port, &["--max-text-bytes", "1000"]);
    let error = run(job(&query, folder.path(), "a"), &port, &models, |_| {}).await.unwrap_err();
    let text = cause(&error);
    assert!(
        text.contains(
            "expected models with the settings 0.1.0,char,16777216, found 0.1.0,char,1000"
        ),
        "{text}"
    );
    drop(other);

    // The scheduler and this process have the model open as it was; the executor opens it as it is now.
    let before = fs_err::read_to_string(copy.path().join("config.json")).unwrap();
    models
        .find("test", &cloze_datafusion::ModelName::parse(&copy.path().display().to_string()))
        .unwrap();
    fs_err::write(copy.path().join("config.json"), before + " ").unwrap();
    let _executor = executor(&port, &[]);
    let error = run(job(&query, folder.path(), "b"), &port, &models, |_| {}).await.unwrap_err();
    let text = cause(&error);
    assert!(text.contains("expected a model of SHA-256"), "{text}");
}

/// A client of SQL plans and runs the functions on the cluster, without a line of ours in it.
#[tokio::test(flavor = "multi_thread")]
async fn clients_of_flight_sql_have_the_functions() {
    let folder = tempfile::tempdir().unwrap();
    write_input(folder.path());
    let port = free_port();
    let _scheduler = start_scheduler(&port, &["--flight-sql"]);
    let _executor = executor(&port, &[]);
    let channel =
        tonic::transport::Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = FlightSqlServiceClient::new(channel.connect().await.unwrap());
    let table = format!(
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{}/'",
        folder.path().display()
    );
    flight_rows(&mut client, &table).await.unwrap();
    let columns = format!(
        "cloze_embed(text, '{}') AS v, cloze_tag(text, '{}') AS e",
        tiny("bert"),
        tiny("bert-token")
    );
    let query = format!("SELECT id, {columns} FROM t WHERE id < 100 ORDER BY id");
    let found = flight_rows(&mut client, &query).await.unwrap();

    let models = builder().build().unwrap();
    let here = session(&models, 1, 100);
    common::add_table(&here, folder.path()).await;
    let expected = common::rows(&here, &query).await;
    let found = concat_batches(&found[0].schema(), &found).unwrap();
    assert_eq!(found.num_rows(), 100);
    assert_eq!(found.columns(), expected.columns());
    // A table function is looked up where the query is planned.
    let index = folder.path().join("index");
    common::save_index(&index);
    let query = format!(
        "SELECT rank, score, id, text, metadata FROM cloze_search('{}', 'the cat', 3) ORDER BY rank",
        index.display()
    );
    let hits = flight_rows(&mut client, &query).await.unwrap();
    let hits = concat_batches(&hits[0].schema(), &hits).unwrap();
    assert_eq!(hits.num_rows(), 3);
    assert_eq!(hits.columns(), common::rows(&here, &query).await.columns());
    // An error of planning comes back to the client.
    let query = "SELECT cloze_embed(id, 'minilm-l6-v2') FROM t";
    let error = flight_rows(&mut client, query).await.unwrap_err().to_string();
    assert!(error.contains("cloze_embed: expected text in id, found Int64"), "{error}");
}

async fn flight_rows(
    client: &mut FlightSqlServiceClient<tonic::transport::Channel>,
    query: &str,
) -> Result<Vec<RecordBatch>, FlightError> {
    let info = client.execute(query.to_owned(), None).await?;
    let mut batches = vec![];
    for endpoint in info.endpoint {
        let ticket = endpoint.ticket.expect("a ticket for the rows");
        batches.extend(client.do_get(ticket).await?.try_collect::<Vec<_>>().await?);
    }
    Ok(batches)
}

fn cause(error: &JobError) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}
