//! Errors while a query is planned, and stopping one that runs.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::time::{Duration, Instant};

use cloze::Cancel;
use cloze_datafusion::{Error, Models, with_cancel};
use common::{batch, builder, error, model, rows, session, tiny};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};

fn all_models() -> (Models, SessionContext) {
    let models = builder().build().unwrap();
    let session = session(&models, 2, 100);
    session.register_batch("t", batch(&[Some("ann")])).unwrap();
    (models, session)
}

/// Query, and texts of its error.
type Case = (String, &'static [&'static str]);

/// Models and columns that do not fit.
fn of_models() -> Vec<Case> {
    let (bert, sequence) = (tiny("bert"), tiny("bert-sequence"));
    vec![
        (
            "SELECT cloze_tag(text, 'nr-en') FROM t".into(),
            &["cloze_tag: model \"nr-en\"", "no model \"nr-en\""],
        ),
        (
            format!("SELECT cloze_tag(text, '{bert}') FROM t"),
            &[
                "cloze_tag: model",
                "is an encoder",
                "expected a tagger",
                "hint: cloze_embed takes this model",
            ],
        ),
        (
            format!("SELECT cloze_classify(text, '{}') FROM t", tiny("bert-mlm")),
            &["expected a classifier", "hint: cloze_fill_mask takes this model"],
        ),
        (
            format!("SELECT cloze_fill_mask(text, '{sequence}') FROM t"),
            &["a masked language model", "hint: cloze_classify takes this model"],
        ),
        (
            format!("SELECT cloze_redact(text, '{bert}') FROM t"),
            &["cloze_redact: model", "expected a tagger"],
        ),
        (
            format!("SELECT cloze_embed(id, '{bert}') FROM t"),
            &["cloze_embed: expected text in id, found Int64", "hint: CAST(id AS VARCHAR)"],
        ),
    ]
}

/// Arguments that are not of the number or kind expected.
fn of_arguments() -> Vec<Case> {
    let bert = tiny("bert");
    vec![
        (
            "SELECT cloze_embed(text, text) FROM t".into(),
            &["cloze_embed: expected a literal for the model, found an expression", "hint: "],
        ),
        (
            "SELECT cloze_embed(text, NULL) FROM t".into(),
            &["cloze_embed: the model: expected a name or folder in quotes, found NULL"],
        ),
        (
            "SELECT cloze_embed(text, 7) FROM t".into(),
            &["the model: expected a name or folder in quotes, found 7"],
        ),
        (
            "SELECT cloze_embed(text) FROM t".into(),
            &["expected cloze_embed(text, 'MODEL'), found 1 arguments"],
        ),
        (
            format!("SELECT cloze_tag(text, '{bert}', 3) FROM t"),
            &["expected cloze_tag(text, 'MODEL'), found 3 arguments"],
        ),
        (
            format!("SELECT cloze_fill_mask(text, '{}', 0) FROM t", tiny("bert-mlm")),
            &["cloze_fill_mask: k: expected a number from 1 to 1000, found 0"],
        ),
        (
            format!("SELECT cloze_redact(text, '{}', 'shout') FROM t", model("pii")),
            &["cloze_redact: policy \"shout\"", "shout"],
        ),
        (
            format!("SELECT cloze_redact(text, '{}', 'EMAIL=hash') FROM t", model("pii")),
            &["hash and pseudonym need a key", "hint: ModelsBuilder::redact_key"],
        ),
        (
            format!("SELECT cloze_redact(text, '{}', id) FROM t", model("pii")),
            &["cloze_redact: expected a literal for a setting"],
        ),
        (
            "SELECT cloze_similarity(text, text) FROM t".into(),
            &[
                "expected vectors of one width, or texts and a model, found Utf8 and Utf8",
                "'MODEL') compares texts",
            ],
        ),
        (
            format!(
                "SELECT cloze_similarity(cloze_embed(text, '{bert}'), cloze_embed(text, '{}')) FROM t",
                tiny("roberta")
            ),
            &["expected vectors of one width"],
        ),
        (format!("SELECT cloze_similarity(text, id, '{bert}') FROM t"), &["found Utf8 and Int64"]),
        (
            "SELECT cloze_similarity(text) FROM t".into(),
            &["expected cloze_similarity(vector, vector) or", "found 1 arguments"],
        ),
        (
            format!("SELECT cloze_embed(text, '{bert}@{}') FROM t", "0".repeat(64)),
            &["expected a model of SHA-256 0000", "hint: copy the model's folder again"],
        ),
        (
            "SELECT * FROM cloze_search('nowhere', 'ann', 3)".into(),
            &["cloze_search: index \"nowhere\"", "nowhere"],
        ),
        (
            "SELECT * FROM cloze_search('nowhere', 'ann')".into(),
            &["expected cloze_search('INDEX', 'QUERY', k), found 2 arguments"],
        ),
        (
            "SELECT * FROM cloze_search('nowhere', 'ann', 0)".into(),
            &["cloze_search: k: expected a number from 1 to 10000, found 0"],
        ),
        (
            "SELECT * FROM cloze_search(7, 'ann', 1)".into(),
            &["cloze_search: the index: expected text in quotes, found 7"],
        ),
    ]
}

/// Every one is refused before a row is read, and says what was expected, what was found and a remedy.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_a_planning_error() {
    let (models, session) = all_models();
    let cases = of_models().into_iter().chain(of_arguments());
    for (query, parts) in cases {
        let error = error(&session, &query).await;
        let root = error.find_root();
        assert!(matches!(root, DataFusionError::Plan(_)), "{query}: {root:?}");
        for part in parts {
            assert!(error.to_string().contains(part), "{query}: expected {part:?} in {error}");
        }
    }
    assert_eq!(models.counts().texts, 0, "no row was read");
}

#[test]
fn settings_have_ranges() {
    for (builder, setting) in [
        (Models::builder().threads(0), "threads"),
        (Models::builder().threads(1025), "threads"),
        (Models::builder().batches_at_once(0), "batches_at_once"),
        (Models::builder().max_text_bytes(0), "max_text_bytes"),
        (Models::builder().batch_tokens(0), "batch_tokens"),
    ] {
        match builder.build() {
            Err(Error::Setting { setting: found, .. }) => assert_eq!(found, setting),
            other => panic!("{setting}: {other:?}"),
        }
    }
    assert!(Models::builder().threads(1024).batches_at_once(1).max_text_bytes(1).build().is_ok());
}

/// A regression model has numbers, no labels.
#[tokio::test(flavor = "multi_thread")]
async fn a_regression_model_is_no_classifier() {
    let folder = cloze_testkit::checkpoint_copy("bert-sequence");
    let config = folder.path().join("config.json");
    let text = fs_err::read_to_string(&config).unwrap();
    let text = text.replacen('{', "{\"problem_type\": \"regression\",", 1);
    fs_err::write(&config, text).unwrap();
    let (_, session) = all_models();
    let query = format!("SELECT cloze_classify(text, '{}') FROM t", folder.path().display());
    let error = error(&session, &query).await.to_string();
    assert!(
        error.contains("expected a classifier, found a regression model without labels"),
        "{error}"
    );
}

/// The plan has the hash of the model that was found, so that no other process runs another one.
#[tokio::test(flavor = "multi_thread")]
async fn plans_are_pinned_to_the_models_that_were_found() {
    let (models, session) = all_models();
    let name = tiny("bert");
    let query = format!("SELECT cloze_embed(text, '{name}') FROM t");
    let plan = session.sql(&query).await.unwrap().into_optimized_plan().unwrap();
    let hash = cloze_datafusion::folder_sha256(std::path::Path::new(&name)).unwrap();
    assert!(plan.display_indent().to_string().contains(&format!("{name}@{hash}")), "{plan}");
    // A pinned name is taken where the hash is the folder's, and the column keeps the name it had.
    let pinned = rows(&session, &format!("SELECT cloze_embed(text, '{name}@{hash}') FROM t")).await;
    let by_name = rows(&session, &query).await;
    assert_eq!(pinned.column(0), by_name.column(0));
    assert!(!by_name.schema().field(0).name().contains(&hash), "{}", by_name.schema());
    assert_eq!(models.counts().loads, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_stopped_between_pieces_of_a_batch() {
    let models = builder().build().unwrap();
    let cancel = Cancel::new();
    // One batch of 40 pieces or so, which take minutes.
    let texts: Vec<String> =
        (0..4096).map(|i| format!("{i} {}", "lives in Kassel ".repeat(160))).collect();
    let texts: Vec<Option<&str>> = texts.iter().map(|t| Some(&**t)).collect();
    let config = SessionConfig::new().with_target_partitions(1).with_batch_size(8192);
    let session = SessionContext::new_with_config(with_cancel(config, &cancel));
    cloze_datafusion::register(&session, &models);
    session.register_batch("t", batch(&texts)).unwrap();
    let query = format!("SELECT cloze_embed(text, '{}') FROM t", tiny("bert"));
    let frame = session.sql(&query).await.unwrap();
    let running = tokio::spawn(frame.collect());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    cancel.cancel();
    let error = running.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    assert_eq!(models.counts().texts, 0, "the batch was not finished");
}
