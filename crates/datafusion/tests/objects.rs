//! Input and models from object stores: `file://` here, which goes the way that clouds go.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cloze::Cancel;
use cloze_datafusion::job::{Input, JobError, JobParams};
use cloze_datafusion::{
    EnvironmentStores, ModelName, ObjectError, fetch_models, folder_sha256, register,
    runtime_with_stores,
};
use cloze_testkit::{Random, texts};
use common::{batch, builder, model, tiny, write_parquet};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

fn session() -> SessionContext {
    let runtime = Arc::new(runtime_with_stores().build().unwrap());
    SessionContext::new_with_config_rt(SessionConfig::new(), runtime)
}

/// Two files of 60 and 40 rows in groups of 20, one below, and names that are left out.
fn write_input(folder: &Path) {
    let mut random = Random::new(3);
    let all: Vec<String> = (0..100).map(|i| texts::prose(&mut random, 1 + (i * 5) % 60)).collect();
    let all: Vec<Option<&str>> = all.iter().map(|text| Some(&**text)).collect();
    let all = batch(&all);
    fs_err::create_dir_all(folder.join("year=2024 %")).unwrap();
    fs_err::create_dir_all(folder.join(".hidden")).unwrap();
    for (name, from, len) in [
        ("a.parquet", 0, 60),
        ("year=2024 %/ü b.parquet", 60, 40),
        (".hidden/c.parquet", 0, 20),
        ("_d.parquet", 0, 20),
    ] {
        write_parquet(&folder.join(name), &all.slice(from, len), 20);
    }
    fs_err::write(folder.join("notes.txt"), "").unwrap();
}

/// Rows of a job's output by part: everything but what the file says of the job.
async fn rows(output: &Path) -> BTreeMap<String, String> {
    let session = SessionContext::new();
    let mut rows = BTreeMap::new();
    for entry in fs_err::read_dir(output).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            let options = ParquetReadOptions::default();
            let frame = session.read_parquet(path.to_string_lossy().into_owned(), options);
            let frame = frame.await.unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            rows.insert(name, frame.to_string().await.unwrap());
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reads_from_a_store_as_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in put");
    write_input(&input);
    let query = format!("SELECT id, cloze_embed(text, '{}') AS v FROM input", tiny("bert"));
    let url = format!("file://{}", input.display());
    let mut outputs = vec![];
    for (name, input) in [("local", input.to_string_lossy().into_owned()), ("store", url.clone())] {
        let models = builder().build().unwrap();
        let session = session();
        register(&session, &models);
        let output = folder.path().join(name);
        let job = JobParams::new(&query, input, &output).part_rows(40).check().unwrap();
        let report = job.run(&session, &models, &Cancel::new(), |_| {}).await.unwrap();
        // 60 rows in groups of 20 are parts of 40 and 20.
        assert_eq!((report.parts, report.rows), (3, 100));
        // Run again, there is nothing left to do.
        let again = job.run(&session, &models, &Cancel::new(), |_| {}).await.unwrap();
        assert_eq!((again.parts, again.written), (3, 0));
        outputs.push(rows(&output).await);
    }
    assert_eq!(outputs[0].len(), 3);
    assert_eq!(outputs[0], outputs[1]);
    // Footers are the same, however they are read: only places differ.
    let session = session();
    let local = Input::read(&input, 40, &session).await.unwrap();
    let store = Input::read(Path::new(&url), 40, &session).await.unwrap();
    let hashes = |input: &Input| -> Vec<_> {
        input.files.iter().map(|f| (f.bytes, f.rows, f.footer_sha256.clone())).collect()
    };
    assert_eq!(hashes(&local), hashes(&store));
    assert_eq!(local.schema, store.schema);
    // One object by itself.
    let one = format!("{url}/a.parquet");
    assert_eq!(Input::read(Path::new(&one), 40, &session).await.unwrap().parts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_from_a_store_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let (with, without) = (session(), SessionContext::new());
    for (url, part) in [
        (format!("file://{path}/nothing"), "expected a Parquet file"),
        ("ftp://host/a.parquet".into(), "expected s3://"),
        ("s3://".into(), "s3://"),
    ] {
        let error = Input::read(Path::new(&url), 40, &with).await.unwrap_err().to_string();
        assert!(error.contains(part) && error.contains(&url), "{error}");
    }
    let result = Input::read(Path::new("s3://bucket/a.parquet"), 40, &without).await;
    assert!(matches!(result, Err(JobError::Object(ObjectError::NoStore { .. }))), "{result:?}");
    // Of a file that is no Parquet file the URL is named.
    fs_err::write(folder.path().join("a.parquet"), "no Parquet file at all").unwrap();
    let url = format!("file://{path}/a.parquet");
    let error = Input::read(Path::new(&url), 40, &with).await.unwrap_err();
    assert!(matches!(&error, JobError::Parquet { .. }), "{error:?}");
    assert!(error.to_string().contains(&url), "{error}");
}

#[tokio::test]
async fn models_are_fetched_with_their_hashes() {
    let stores = EnvironmentStores::default();
    let into = tempfile::tempdir().unwrap();
    let from = format!("file://{}", fs_err::canonicalize(model("")).unwrap().display());
    let hash = |name: &str| folder_sha256(Path::new(&model(name))).unwrap();
    let pinned = |name: &str| ModelName::parse(&format!("{name}@{}", hash(name)));
    // An adapter comes behind the model beneath it.
    let names = [pinned("minilm-l6-v2"), ModelName::parse("sentiment-en")];
    let fetched = fetch_models(&stores, &from, &names, into.path()).await.unwrap();
    for (fetched, name) in fetched.iter().zip(["minilm-l6-v2", "sentiment-en"]) {
        assert!(!fetched.was_there);
        assert_eq!(fetched.name, pinned(name));
        assert_eq!(folder_sha256(&into.path().join(name)).unwrap(), hash(name));
    }
    // Fetched again, it is there if it is asked for by its hash.
    let again = fetch_models(&stores, &from, &names[..1], into.path()).await.unwrap();
    assert!(again[0].was_there);
    let error = fetch_models(&stores, &from, &names[1..], into.path()).await.unwrap_err();
    assert!(matches!(&error, ObjectError::Exists { found, .. } if *found == hash("sentiment-en")));
    assert_eq!(fs_err::read_dir(into.path()).unwrap().count(), 2, "nothing else is left there");
}

#[tokio::test]
async fn other_models_do_not_get_in() {
    let stores = EnvironmentStores::default();
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("models");
    let from = fs_err::canonicalize(cloze_testkit::checkpoint("bert")).unwrap();
    let from = format!("file://{}", from.parent().unwrap().display());
    let other = "0".repeat(64);
    let fetch = async |from: &str, name: &str| {
        fetch_models(&stores, from, &[ModelName::parse(name)], &into).await.unwrap_err()
    };
    let error = fetch(&from, &format!("bert@{other}")).await;
    assert!(matches!(&error, ObjectError::OtherModel { expected, .. } if *expected == other));
    for name in ["../bert", ".bert", "", "a/b", "a:b"] {
        let error = fetch(&from, name).await;
        assert!(matches!(&error, ObjectError::Name { .. }), "{name:?}: {error}");
    }
    assert!(matches!(fetch(&from, "no-such-model").await, ObjectError::Empty { .. }));
    fs_err::create_dir_all(folder.path().join("store/empty")).unwrap();
    fs_err::write(folder.path().join("store/empty/notes.txt"), "").unwrap();
    let store = format!("file://{}/store", folder.path().display());
    assert!(matches!(fetch(&store, "empty").await, ObjectError::Model { .. }));
    // Of none of them anything is left.
    assert_eq!(fs_err::read_dir(&into).unwrap().count(), 0);
}
