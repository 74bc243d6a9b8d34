//! The table function over a saved index.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use cloze::TextIndex;
use common::{builder, rows, save_index, session};
use datafusion::arrow::array::{Array, AsArray as _};
use datafusion::arrow::datatypes::{Float32Type, Int64Type};

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_the_librarys_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("index");
    save_index(&folder);
    let models = builder().build().unwrap();
    let session = session(&models, 4, 100);
    let index = TextIndex::open(&folder).unwrap();
    for k in [1, 3, 9] {
        let query = format!(
            "SELECT rank, score, id, text, path, line, metadata FROM cloze_search('{}', 'the cat', {k}) \
             ORDER BY rank",
            folder.display()
        );
        let found = rows(&session, &query).await;
        let expected = index.search("the cat", k).unwrap();
        assert_eq!(found.num_rows(), expected.len());
        for (row, hit) in expected.iter().enumerate() {
            assert_eq!(
                found.column(0).as_primitive::<Int64Type>().value(row),
                i64::try_from(row + 1).unwrap()
            );
            let score = found.column(1).as_primitive::<Float32Type>().value(row);
            assert_eq!(score.to_bits(), hit.score.to_bits());
            assert_eq!(found.column(2).as_string::<i32>().value(row), hit.record.id);
            assert_eq!(
                Some(found.column(3).as_string::<i32>().value(row)),
                hit.record.text.as_deref()
            );
            let path = found.column(4).as_string::<i32>();
            let path = path.is_valid(row).then(|| path.value(row).to_owned());
            assert_eq!(path, hit.record.path);
            let line = found.column(5).as_primitive::<Int64Type>();
            assert_eq!(
                line.is_valid(row).then(|| u64::try_from(line.value(row)).unwrap()),
                hit.record.line
            );
            let metadata = found.column(6).as_string::<i32>().value(row);
            assert_eq!(metadata, serde_json::to_string(&hit.record.metadata).unwrap());
        }
    }
    assert_eq!(models.counts().loads, 1, "the index and its encoder are opened once");
    // Joined with a table, and with a query in quotes.
    let query = format!(
        "SELECT s.id FROM cloze_search('{}', 'bob''s dog', 2) s JOIN (VALUES ('D2')) v(id) ON s.id = v.id",
        folder.display()
    );
    assert_eq!(rows(&session, &query).await.num_rows(), 1);
}
