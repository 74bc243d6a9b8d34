//! Jobs: the same bytes however they are run, and going on where they were stopped.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use cloze::Cancel;
use cloze_datafusion::job::{JobError, JobEvent, JobParams, JobReport};
use cloze_testkit::{Random, texts};
use common::{batch, builder, rows, session, tiny, write_parquet};
use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::ParquetReadOptions;
use tempfile::TempDir;

/// Three files with row groups of 20 rows, the last one empty: 130, 75 and no rows.
fn input() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(3);
    let all: Vec<String> = (0..205).map(|i| texts::prose(&mut random, 1 + (i * 5) % 60)).collect();
    let all: Vec<Option<&str>> =
        all.iter().enumerate().map(|(i, t)| (i % 9 != 4).then_some(&**t)).collect();
    let whole = batch(&all);
    fs_err::create_dir(folder.path().join("sub")).unwrap();
    for (name, from, len) in
        [("a.parquet", 0, 130), ("sub/b.parquet", 130, 75), ("c.parquet", 0, 0)]
    {
        write_parquet(&folder.path().join(name), &whole.slice(from, len), 20);
    }
    fs_err::write(folder.path().join("_SUCCESS"), "").unwrap();
    fs_err::write(folder.path().join("notes.txt"), "").unwrap();
    folder
}

fn query() -> String {
    format!(
        "SELECT id, cloze_embed(text, '{}') AS v, cloze_tag(text, '{}') AS e FROM input WHERE id % 7 <> 3",
        tiny("bert"),
        tiny("bert-token")
    )
}

/// Names and bytes of the parts.
fn parts(output: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs_err::read_dir(output).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.insert(name, fs_err::read(&path).unwrap());
        }
    }
    files
}

/// Bytes of a part that was written.
fn size(event: &JobEvent) -> Option<u64> {
    match event {
        JobEvent::Written { part, .. } => Some(part.bytes),
        JobEvent::Started { .. } => None,
    }
}

struct Machine {
    partitions: usize,
    batch_rows: usize,
    threads: usize,
    parts_at_once: usize,
}

async fn run(job: JobParams, machine: &Machine) -> Result<JobReport, JobError> {
    let models = builder().threads(machine.threads).build().unwrap();
    let session = session(&models, machine.partitions, machine.batch_rows);
    let job = job.part_rows(40).parts_at_once(machine.parts_at_once).check()?;
    job.run(&session, &models, &Cancel::new(), |_| {}).await
}

const SMALL: Machine = Machine { partitions: 1, batch_rows: 8192, threads: 1, parts_at_once: 1 };

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_do_not_depend_on_the_machine() {
    let (input, output) = (input(), tempfile::tempdir().unwrap());
    let mut all = vec![];
    let machines = [
        SMALL,
        Machine { partitions: 8, batch_rows: 7, threads: 2, parts_at_once: 3 },
        Machine { partitions: 2, batch_rows: 1, threads: 3, parts_at_once: 16 },
    ];
    for (i, machine) in machines.iter().enumerate() {
        let output = output.path().join(i.to_string());
        let report = run(JobParams::new(query(), input.path(), &output), machine).await.unwrap();
        // 130 rows in groups of 20 are parts of 40, 40, 40 and 10; 75 are 40 and 35. Rows 3, 10, … are left out.
        assert_eq!(report, JobReport { parts: 6, written: 6, rows: 205 - 29 });
        all.push(parts(&output));
    }
    assert_eq!(all[0].len(), 6);
    assert!(all[0] == all[1] && all[0] == all[2], "the same bytes");

    // Together they are what the query gives as a whole.
    let models = builder().build().unwrap();
    let session = session(&models, 2, 100);
    let options = ParquetReadOptions::default;
    let set = "SET datafusion.execution.listing_table_ignore_subdirectory = false";
    session.sql(set).await.unwrap().collect().await.unwrap();
    session.register_parquet("input", input.path().to_string_lossy(), options()).await.unwrap();
    let parts = output.path().join("0");
    session.register_parquet("output", parts.to_string_lossy(), options()).await.unwrap();
    let expected = rows(&session, &format!("{} ORDER BY id", query())).await;
    let found = rows(&session, "SELECT * FROM output ORDER BY id").await;
    assert_eq!(found.num_rows(), 176);
    for column in ["id", "v", "e"] {
        assert_eq!(found.column_by_name(column), expected.column_by_name(column), "{column}");
    }
    // Rows of a part are in the order of its file.
    let first = parts.join("part-000001.parquet");
    session.register_parquet("part", first.to_string_lossy(), options()).await.unwrap();
    let found = rows(&session, "SELECT id FROM part").await;
    let expected: Vec<i64> = (40..80).filter(|id| id % 7 != 3).collect();
    assert_eq!(found.column(0).as_primitive::<Int64Type>().values(), &expected[..]);
}

/// Pages of a Parquet file end by the rows that the writer is given at once, if nobody sees to it.
#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_do_not_depend_on_the_batches_of_the_engine() {
    let (input, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let texts: Vec<String> =
        (0..50_000).map(|i| format!("ann lives in house {i}, ").repeat(8)).collect();
    let texts: Vec<_> = texts.iter().map(|text| Some(&**text)).collect();
    write_parquet(&input.path().join("a.parquet"), &batch(&texts), 50_000);
    let mut all = vec![];
    for batch_rows in [8192, 999, 30_000] {
        let output = output.path().join(batch_rows.to_string());
        let query = "SELECT id, text FROM input WHERE id % 10 <> 0";
        let machine = Machine { batch_rows, ..SMALL };
        let report = run(JobParams::new(query, input.path(), &output), &machine).await.unwrap();
        assert_eq!(report, JobReport { parts: 1, written: 1, rows: 45_000 });
        all.push(parts(&output));
    }
    assert!(all[0] == all[1] && all[0] == all[2], "the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_stopped_does_the_missing_parts() {
    let (input, folder) = (input(), tempfile::tempdir().unwrap());
    let (whole, output) = (folder.path().join("whole"), folder.path().join("output"));
    run(JobParams::new(query(), input.path(), &whole), &SMALL).await.unwrap();

    let models = builder().build().unwrap();
    let session = session(&models, 2, 100);
    let job = JobParams::new(query(), input.path(), &output)
        .part_rows(40)
        .parts_at_once(1)
        .check()
        .unwrap();
    let cancel = Cancel::new();
    let mut events = vec![];
    let stopped = job
        .run(&session, &models, &cancel, |event| {
            events.push(event);
            // The start, and two parts.
            if events.len() == 3 {
                cancel.cancel();
            }
        })
        .await;
    assert!(matches!(stopped, Err(JobError::Cancelled)), "{stopped:?}");
    assert_eq!(events[0], JobEvent::Started { parts: 6, done: 0 });
    let kept = parts(&output);
    assert_eq!(kept.len(), 2);
    let sizes: Vec<u64> = events.iter().filter_map(size).collect();
    assert!(sizes.len() == 2 && sizes[0] >= sizes[1], "the largest first: {sizes:?}");
    // What a power cut leaves behind: a temporary file, and a part that somebody removed.
    fs_err::write(output.join(".part-000004.parquet.tmp"), "half").unwrap();
    fs_err::remove_file(output.join(kept.keys().next().unwrap())).unwrap();
    let mut events = vec![];
    let report =
        job.run(&session, &models, &Cancel::new(), |event| events.push(event)).await.unwrap();
    assert_eq!(events[0], JobEvent::Started { parts: 6, done: 1 });
    assert_eq!((report.parts, report.written), (6, 5));
    let later: Vec<u64> = events.iter().filter_map(size).collect();
    assert!(later[1..].is_sorted_by(|a, b| a >= b) && later[1] <= sizes[0], "{later:?}");
    assert!(parts(&output) == parts(&whole), "the same bytes as without a stop");
    // A third time there is nothing left to do.
    let before = models.counts().texts;
    let report = job.run(&session, &models, &Cancel::new(), |_| {}).await.unwrap();
    assert_eq!(report, JobReport { parts: 6, written: 0, rows: 0 });
    assert_eq!(models.counts().texts, before);
}

/// Everything the bytes depend on is in the manifest, and refused by name where it differs.
#[tokio::test(flavor = "multi_thread")]
async fn another_job_is_refused_in_the_same_folder() {
    let (input, folder) = (input(), tempfile::tempdir().unwrap());
    let output = folder.path().join("output");
    let copy = cloze_testkit::checkpoint_copy("bert");
    let name = copy.path().display().to_string();
    let query = format!("SELECT id, cloze_embed(text, '{name}') AS v FROM input");
    let job = |query: &str| JobParams::new(query, input.path(), &output);
    run(job(&query), &SMALL).await.unwrap();
    let refused = |result: Result<JobReport, JobError>| match result {
        Err(JobError::OtherJob { field, .. }) => field,
        other => panic!("{other:?}"),
    };

    let other = query.replace("AS v", "AS w");
    assert_eq!(refused(run(job(&other), &SMALL).await), "the query");
    let models = builder().row_errors(true).build().unwrap();
    let valid = job(&query).part_rows(40).check().unwrap();
    let session_of = |models| session(models, 1, 100);
    let result = valid.run(&session_of(&models), &models, &Cancel::new(), |_| {}).await;
    assert_eq!(refused(result), "the settings");
    let models = builder().build().unwrap();
    let result = job(&query).part_rows(60).check().unwrap();
    let result = result.run(&session_of(&models), &models, &Cancel::new(), |_| {}).await;
    assert_eq!(refused(result), "part_rows");
    // Another model under the same name.
    let config = copy.path().join("tokenizer_config.json");
    let text = fs_err::read_to_string(&config).unwrap();
    fs_err::write(&config, format!("{text} ")).unwrap();
    assert_eq!(refused(run(job(&query), &SMALL).await), "the list of models");
    fs_err::write(&config, text).unwrap();
    // Another input: a file more, and one with other rows under the same name.
    write_parquet(&input.path().join("d.parquet"), &batch(&[Some("ann")]), 20);
    assert_eq!(refused(run(job(&query), &SMALL).await), "the number of input files");
    fs_err::remove_file(input.path().join("d.parquet")).unwrap();
    let file = input.path().join("sub/b.parquet");
    let bytes = fs_err::read(&file).unwrap();
    write_parquet(&file, &batch(&[Some("ann"); 75]), 20);
    assert_eq!(refused(run(job(&query), &SMALL).await), "an input file");
    fs_err::write(&file, bytes).unwrap();
    // The first job is still welcome.
    assert_eq!(run(job(&query), &SMALL).await.unwrap().written, 0);
    // A part that another job wrote is not taken for one of this.
    let foreign = output.join("part-000002.parquet");
    write_parquet(&foreign, &batch(&[Some("ann")]), 20);
    let result = run(job(&query), &SMALL).await;
    assert!(matches!(result, Err(JobError::ForeignPart { .. })), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_row_by_row_is_refused() {
    let (input, output) = (input(), tempfile::tempdir().unwrap());
    let name = tiny("bert");
    let cases = [
        (
            "SELECT count(*) FROM input".to_owned(),
            "expected SELECT … FROM input [WHERE …], row by row, found Aggregate",
        ),
        ("SELECT id FROM input ORDER BY id".to_owned(), "found Sort"),
        ("SELECT id FROM input LIMIT 3".to_owned(), "found Limit"),
        ("SELECT DISTINCT id FROM input".to_owned(), "found Distinct"),
        ("SELECT a.id FROM input a JOIN input b ON a.id = b.id".to_owned(), "found Inner Join"),
        ("SELECT id FROM input UNION ALL SELECT id FROM input".to_owned(), "found Union"),
        ("SELECT id, row_number() OVER () FROM input".to_owned(), "found WindowAggr"),
        ("SELECT id, (SELECT max(id) FROM input) FROM input".to_owned(), "found a subquery"),
        ("SELECT id, random() FROM input".to_owned(), "random has another result at another time"),
        ("SELECT id, now() FROM input".to_owned(), "now has another result at another time"),
        ("SELECT id FROM others".to_owned(), "query: "),
        ("SELECT id FROM (VALUES (1)) v(id)".to_owned(), "found Values"),
        (format!("SELECT cloze_embed(id, '{name}') FROM input"), "query: "),
        ("DELETE FROM input".to_owned(), "expected SELECT"),
    ];
    for (query, part) in cases {
        let error =
            run(JobParams::new(&query, input.path(), output.path()), &SMALL).await.unwrap_err();
        assert!(
            error.to_string().contains(part)
                || part == "query: " && matches!(error, JobError::Query(_)),
            "{query}: {error}"
        );
    }
    assert_eq!(fs_err::read_dir(output.path()).unwrap().count(), 0, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_and_outputs_are_checked() {
    let (input, folder) = (input(), tempfile::tempdir().unwrap());
    let query = format!("SELECT cloze_embed(text, '{}') FROM input", tiny("bert"));
    let output = folder.path().join("output");
    let empty = tempfile::tempdir().unwrap();
    let result = run(JobParams::new(&query, empty.path(), &output), &SMALL).await;
    assert!(matches!(result, Err(JobError::NoInput { .. })), "{result:?}");
    let result = run(JobParams::new(&query, empty.path().join("nowhere"), &output), &SMALL).await;
    assert!(matches!(result, Err(JobError::Store(_))), "{result:?}");
    for content in [&b""[..], b"PAR1", b"not Parquet at all", b"PAR1\xff\xff\xff\x7fPAR1"] {
        let file = empty.path().join("a.parquet");
        fs_err::write(&file, content).unwrap();
        let result = run(JobParams::new(&query, &file, &output), &SMALL).await;
        assert!(matches!(result, Err(JobError::Parquet { .. })), "{content:?}: {result:?}");
    }
    // Files with other columns are named, with the columns.
    let other = input.path().join("sub/z.parquet");
    let projected = batch(&[Some("ann")]).project(&[1]).unwrap();
    write_parquet(&other, &projected, 20);
    let error = run(JobParams::new(&query, input.path(), &output), &SMALL).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("z.parquet: columns differ from those of"), "{text}");
    assert!(text.contains("expected id Int64, text Utf8, found text Utf8"), "{text}");
    fs_err::remove_file(other).unwrap();
    // A folder with other files is not written into.
    let full = tempfile::tempdir().unwrap();
    fs_err::write(full.path().join("thesis.tex"), "").unwrap();
    let error = run(JobParams::new(&query, input.path(), full.path()), &SMALL).await.unwrap_err();
    assert!(matches!(&error, JobError::NotEmpty { found, .. } if found == "thesis.tex"), "{error}");
    for (job, setting) in [
        (JobParams::new(&query, input.path(), &output).part_rows(0), "part_rows"),
        (JobParams::new(&query, input.path(), &output).parts_at_once(0), "parts_at_once"),
    ] {
        let error = job.check().unwrap_err();
        assert!(error.to_string().starts_with(setting), "{error}");
    }
}

/// Two jobs do not write into one folder at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_one_job_at_a_time() {
    let (input, folder) = (input(), tempfile::tempdir().unwrap());
    let output = folder.path().join("output");
    let models = builder().build().unwrap();
    let session = session(&models, 1, 100);
    let query = query();
    let job = JobParams::new(&query, input.path(), &output).part_rows(40).check().unwrap();
    fs_err::create_dir(&output).unwrap();
    let lock = fs_err::File::create(output.join(".lock")).unwrap();
    lock.file().lock().unwrap();
    let result = job.run(&session, &models, &Cancel::new(), |_| {}).await;
    assert!(matches!(result, Err(JobError::Locked { .. })), "{result:?}");
    drop(lock);
    assert_eq!(job.run(&session, &models, &Cancel::new(), |_| {}).await.unwrap().written, 6);
}
