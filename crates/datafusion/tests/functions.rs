//! Functions over Parquet: what the library gives, called directly, bit for bit, however the rows are cut.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::sync::Arc;

use cloze::core::{OffsetConverter, OffsetUnit};
use cloze::redact::{Key, Policy};
use cloze::{MaskedLm, Redactor, SentenceEncoder, Tagger, TextClassifier};
use cloze_testkit::{Random, texts};
use common::{add_table, batch, builder, model, rows, session, tiny, write_parquet};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray as _, Float32Array, RecordBatch, StringArray, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::datasource::MemTable;

/// Prose of many lengths, hard strings, nulls and duplicates.
fn hard_texts() -> Vec<Option<String>> {
    let mut random = Random::new(26);
    let mut all: Vec<Option<String>> = vec![None];
    for i in 0..60 {
        all.push(Some(texts::prose(&mut random, 1 + (i * 7) % 90)));
    }
    all.extend(texts::hard_strings().into_iter().map(|(_, text)| Some(text)));
    all.push(None);
    all.push(all[5].clone());
    all
}

/// A folder of three files of unequal length with row groups of 16 rows.
fn parquet_folder(texts: &[Option<String>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    let whole = batch(&texts);
    let cuts = [0, 10, 50, whole.num_rows()];
    for (i, cut) in cuts.windows(2).enumerate() {
        let part = whole.slice(cut[0], cut[1] - cut[0]);
        write_parquet(&folder.path().join(format!("{i}.parquet")), &part, 16);
    }
    folder
}

fn list(array: &ArrayRef, row: usize) -> Option<StructArray> {
    let lists = array.as_list::<i32>();
    (!lists.is_null(row)).then(|| lists.value(row).as_struct().clone())
}

fn texts_of(entities: &StructArray, column: &str) -> Vec<String> {
    let column = entities.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap().to_owned()).collect()
}

fn numbers_of(entities: &StructArray, column: &str) -> Vec<i64> {
    entities.column_by_name(column).unwrap().as_primitive::<Int64Type>().values().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_are_the_librarys_with_any_number_of_partitions() {
    let texts = hard_texts();
    let folder = parquet_folder(&texts);
    let models = builder().build().unwrap();
    let encoder = SentenceEncoder::open(tiny("bert")).unwrap();
    let width = encoder.width();
    // One by one.
    let bits = |vector: &[f32]| vector.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let encode =
        |text: &Option<String>| text.as_ref().map(|text| bits(&encoder.encode(text).unwrap()));
    let expected: Vec<_> = texts.iter().map(encode).collect();
    let query = format!("SELECT id, cloze_embed(text, '{}') AS v FROM t ORDER BY id", tiny("bert"));
    for (partitions, batch_rows) in [(1, 8192), (2, 8192), (8, 16), (3, 1)] {
        let session = session(&models, partitions, batch_rows);
        add_table(&session, folder.path()).await;
        let found = rows(&session, &query).await;
        assert_eq!(found.num_rows(), texts.len());
        let vectors = found.column(1).as_fixed_size_list();
        assert_eq!(usize::try_from(vectors.value_length()), Ok(width));
        for (row, text) in texts.iter().enumerate() {
            let vector = vectors.is_valid(row).then(|| vectors.value(row));
            let found = vector.map(|vector| bits(vector.as_primitive::<Float32Type>().values()));
            assert_eq!(found, expected[row], "row {row} of {partitions} partitions: {text:?}");
        }
    }
    assert_eq!(models.counts().loads, 1, "however many queries, partitions and batches");
    assert_eq!(models.counts().failed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_the_librarys_with_any_number_of_partitions() {
    let mut texts = hard_texts();
    texts.push(Some("Zoë Müller, 🙂 aged 40, lives in Kassel with Angela Merkel.".into()));
    let folder = parquet_folder(&texts);
    let models = builder().build().unwrap();
    let tagger = Tagger::open(model("ner-en")).unwrap();
    let query =
        format!("SELECT id, cloze_tag(text, '{}') AS e FROM t ORDER BY id", model("ner-en"));
    // One by one.
    let tag = |text: &Option<String>| text.as_ref().map(|text| tagger.tag(text).unwrap());
    let expected: Vec<_> = texts.iter().map(tag).collect();
    let mut entities = 0;
    for (partitions, batch_rows) in [(1, 8192), (2, 8192), (8, 16)] {
        let session = session(&models, partitions, batch_rows);
        add_table(&session, folder.path()).await;
        let found = rows(&session, &query).await;
        for (row, text) in texts.iter().enumerate() {
            let Some(text) = text else {
                assert!(found.column(1).is_null(row));
                continue;
            };
            let expected = expected[row].as_ref().unwrap();
            entities += expected.len();
            let found = list(found.column(1), row).expect("a list, if an empty one");
            let mut converter = OffsetConverter::new(text, OffsetUnit::Char);
            let mut offset = |byte| i64::try_from(converter.convert(byte).unwrap()).unwrap();
            let of =
                |f: &dyn Fn(&cloze::Entity) -> String| expected.iter().map(f).collect::<Vec<_>>();
            assert_eq!(texts_of(&found, "label"), of(&|e| e.label.clone()));
            assert_eq!(
                texts_of(&found, "text"),
                of(&|e| text[e.span.start..e.span.end].to_owned())
            );
            let spans: Vec<_> =
                expected.iter().map(|e| (offset(e.span.start), offset(e.span.end))).collect();
            let (starts, ends) = (numbers_of(&found, "start"), numbers_of(&found, "end"));
            assert_eq!(starts.into_iter().zip(ends).collect::<Vec<_>>(), spans);
            let scores = found.column_by_name("score").unwrap().as_primitive::<Float32Type>();
            let bits: Vec<u32> = scores.values().iter().map(|x| x.to_bits()).collect();
            assert_eq!(bits, expected.iter().map(|e| e.score.to_bits()).collect::<Vec<_>>());
        }
    }
    assert!(entities >= 9, "{entities} entities prove little");
    assert_eq!(models.counts().loads, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_of_offsets_is_in_the_metadata_and_followed() {
    let text = "🙂 Zoë met Angela Merkel.";
    let byte = i64::try_from(text.find("Angela").unwrap()).unwrap();
    for (unit, name, start) in [
        (OffsetUnit::Byte, "byte", byte),
        (OffsetUnit::Char, "char", 10),
        (OffsetUnit::Utf16, "utf16", 11),
    ] {
        let models = builder().offsets(unit).build().unwrap();
        let session = session(&models, 1, 100);
        let query = format!("SELECT cloze_tag('{text}', '{}') AS e", model("ner-en"));
        let found = rows(&session, &query).await;
        let entities = list(found.column(0), 0).unwrap();
        for field in ["start", "end"] {
            let (_, field) = entities.fields().find(field).unwrap();
            assert_eq!(field.metadata()["cloze.unit"], name);
        }
        let place = texts_of(&entities, "text").iter().position(|t| t == "Angela Merkel").unwrap();
        assert_eq!(numbers_of(&entities, "start")[place], start, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_the_librarys() {
    let texts = hard_texts();
    let folder = parquet_folder(&texts);
    let models = builder().build().unwrap();
    let session = session(&models, 2, 16);
    add_table(&session, folder.path()).await;
    let name = tiny("bert-sequence");
    let query = format!(
        "SELECT cloze_classify(text, '{name}') AS c, cloze_classify(text, '{name}')['label'] AS l \
         FROM t ORDER BY id"
    );
    let found = rows(&session, &query).await;
    let classifier = TextClassifier::open(&*name).unwrap();
    let structs = found.column(0).as_struct();
    let labels = structs.column_by_name("label").unwrap().as_string::<i32>();
    let probabilities =
        structs.column_by_name("probability").unwrap().as_primitive::<Float64Type>();
    for (row, text) in texts.iter().enumerate() {
        let expected = text
            .as_ref()
            .and_then(|text| classifier.classify(text).unwrap().probabilities.into_iter().next());
        assert_eq!(structs.is_null(row), text.is_none());
        let label = labels.is_valid(row).then(|| labels.value(row).to_owned());
        assert_eq!(label, expected.as_ref().map(|(label, _)| label.clone()), "{text:?}");
        assert_eq!(found.column(1).as_string::<i32>().is_valid(row), expected.is_some());
        if let Some((_, probability)) = expected {
            assert_eq!(probabilities.value(row).to_bits(), probability.to_bits());
        }
    }
    assert_eq!(models.counts().loads, 1, "two columns of one model");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_for_masks_are_the_librarys_and_a_text_without_a_mask_fails_alone() {
    let texts = [Some("ann lives in [MASK]."), Some("no mask"), None, Some("[MASK] and [MASK]")];
    let models = builder().row_errors(true).build().unwrap();
    let session = session(&models, 1, 100);
    session.register_batch("t", batch(&texts)).unwrap();
    let name = tiny("bert-mlm");
    let found = rows(&session, &format!("SELECT cloze_fill_mask(text, '{name}', 3) FROM t")).await;
    let result = found.column(0).as_struct();
    let (values, errors) = (result.column(0), result.column(1).as_string::<i32>());
    let library = MaskedLm::open(&*name).unwrap();
    for row in [0, 3] {
        let expected = library.predict(texts[row].unwrap(), 3).unwrap();
        let found = list(values, row).unwrap();
        assert!(errors.is_null(row));
        let mut place = 0;
        for (number, mask) in (1..).zip(&expected.masks) {
            for prediction in mask {
                assert_eq!(numbers_of(&found, "mask")[place], number);
                assert_eq!(texts_of(&found, "word")[place], prediction.word);
                let probability = found.column(2).as_primitive::<Float64Type>().value(place);
                assert_eq!(probability.to_bits(), prediction.probability.to_bits());
                place += 1;
            }
        }
        assert_eq!(found.len(), place);
    }
    assert!(values.is_null(1) && values.is_null(2) && errors.is_null(2));
    assert_eq!(errors.value(1), library.predict("no mask", 3).unwrap_err().to_string());
    assert_eq!((models.counts().texts, models.counts().failed), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn redacted_texts_are_the_librarys_and_do_not_depend_on_other_rows() {
    let texts = [
        Some("My name is Angela Merkel, mail angela@example.com."),
        None,
        Some("Bob Miller wrote to Angela Merkel: angela@example.com"),
        Some("nothing here"),
    ];
    let key = Key::with_secret([7; 32]);
    let models = builder().redact_key(key.clone()).build().unwrap();
    let session = session(&models, 1, 100);
    session.register_batch("t", batch(&texts)).unwrap();
    let name = model("pii");
    for settings in ["", "hash", "partial;EMAIL=mask:<mail>", "number", "pseudonym"] {
        let query = format!("SELECT cloze_redact(text, '{name}', '{settings}') FROM t");
        let found = rows(&session, &query).await;
        let found = found.column(0).as_string::<i32>();
        for (row, text) in texts.iter().enumerate() {
            let Some(text) = text else {
                assert!(found.is_null(row));
                continue;
            };
            let policy = settings
                .split(';')
                .filter(|s| !s.is_empty())
                .fold(Policy::default(), |p, s| p.set(s).unwrap());
            // A redactor of its own for each text.
            let tagger = Tagger::open(&*name).unwrap();
            let redactor = Redactor::new(tagger, policy, Some(key.clone())).unwrap();
            assert_eq!(found.value(row), redactor.redact(text).unwrap(), "{settings}");
        }
        assert_ne!(found.value(0), texts[0].unwrap());
    }
    let two = rows(&session, &format!("SELECT cloze_redact(text, '{name}') FROM t")).await;
    let three = rows(&session, &format!("SELECT cloze_redact(text, '{name}', '') FROM t")).await;
    assert_eq!(two.column(0), three.column(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn similarities_are_the_librarys_of_texts_and_of_vectors() {
    let texts = [Some("the cat sits"), None, Some("a dog"), Some("")];
    let models = builder().build().unwrap();
    let session = session(&models, 1, 100);
    session.register_batch("t", batch(&texts)).unwrap();
    let name = tiny("bert");
    let query = format!(
        "SELECT cloze_similarity(text, 'the son', '{name}'), \
         cloze_similarity(cloze_embed(text, '{name}'), cloze_embed('the son', '{name}')), \
         cloze_similarity(cloze_embed(text, '{name}'), 'the son', '{name}'), \
         cloze_similarity(text, text, '{name}') FROM t"
    );
    let found = rows(&session, &query).await;
    let encoder = SentenceEncoder::open(&*name).unwrap();
    for (row, text) in texts.iter().enumerate() {
        let expected = text.map(|text| encoder.similarity(text, "the son").unwrap());
        for column in 0..3 {
            let column = found.column(column).as_primitive::<Float64Type>();
            let value = column.is_valid(row).then(|| column.value(row).to_bits());
            assert_eq!(value, expected.map(f64::to_bits), "{text:?}");
        }
        let same = found.column(3).as_primitive::<Float64Type>();
        assert_eq!(same.is_valid(row), text.is_some());
        if let Some(text) = text {
            let expected = encoder.similarity(text, text).unwrap();
            assert_eq!(same.value(row).to_bits(), expected.to_bits());
        }
    }
    // (3, 4) · (4, 3) = 24, over 5 · 5; a vector with a null in it has no similarity.
    let found = rows(
        &session,
        "SELECT cloze_similarity([3.0, 4.0], [4.0, 3.0]), cloze_similarity([3.0, NULL], [4.0, 3.0]), \
         cloze_similarity(NULL, [1.0])",
    )
    .await;
    assert!((found.column(0).as_primitive::<Float64Type>().value(0) - 0.96).abs() < 1e-12);
    assert!(found.column(1).is_null(0) && found.column(2).is_null(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_text_column_is_taken() {
    let texts = [Some("ann"), None, Some("lives in a house of many rooms"), Some("ann")];
    let models = builder().build().unwrap();
    let session = session(&models, 1, 100);
    let name = tiny("bert");
    let key = Box::new(DataType::Int8);
    let types = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Dictionary(key.clone(), Box::new(DataType::Utf8)),
        DataType::Dictionary(key, Box::new(DataType::LargeUtf8)),
    ];
    let mut all = vec![];
    for (i, data_type) in types.into_iter().enumerate() {
        let column = cast(&StringArray::from(texts.to_vec()), &data_type).unwrap();
        let batch = RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap();
        session.register_batch(format!("t{i}"), batch).unwrap();
        let query = format!("SELECT cloze_embed(text, '{name}') FROM t{i}");
        all.push(rows(&session, &query).await.column(0).clone());
        assert_eq!(all[i].null_count(), 1);
        assert_eq!(&all[i], &all[0], "{data_type}");
    }
    // Untyped nulls are texts, too.
    let found = rows(&session, &format!("SELECT cloze_embed(NULL, '{name}')")).await;
    assert!(found.column(0).is_null(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_costs_its_own_rows() {
    let long = "a".repeat(101);
    let texts = [Some("ann"), Some(&*long), None, Some(&long[..100])];
    for row_errors in [false, true] {
        let models = builder().max_text_bytes(100).row_errors(row_errors).build().unwrap();
        let session = session(&models, 1, 100);
        session.register_batch("t", batch(&texts)).unwrap();
        let query = format!("SELECT cloze_embed(text, '{}') FROM t", tiny("bert"));
        let found = rows(&session, &query).await;
        let values = if row_errors {
            let result = found.column(0).as_struct();
            let errors: Vec<_> = result.column(1).as_string::<i32>().iter().collect();
            assert_eq!(errors, [None, Some("text of 101 bytes, expected at most 100"), None, None]);
            assert_eq!(result.null_count(), 0);
            result.column(0).clone()
        } else {
            found.column(0).clone()
        };
        let valid: Vec<_> = (0..4).map(|row| values.is_valid(row)).collect();
        assert_eq!(valid, [true, false, false, true]);
        assert_eq!((models.counts().texts, models.counts().failed), (3, 1));
    }
}

/// A filter, a group and a function inside of another: the planner puts functions wherever it likes.
#[tokio::test(flavor = "multi_thread")]
async fn functions_stand_anywhere_in_a_query() {
    let texts: Vec<String> = (0..40).map(|i| format!("ann lives in house {}", i % 5)).collect();
    let texts: Vec<Option<&str>> = texts.iter().map(|t| Some(&**t)).collect();
    let models = builder().build().unwrap();
    let session = session(&models, 4, 8);
    session.register_batch("t", batch(&texts)).unwrap();
    let (sequence, encoder) = (tiny("bert-sequence"), tiny("bert"));
    let query = format!(
        "SELECT cloze_classify(text, '{sequence}')['label'] AS label, count(*) AS n FROM t \
         WHERE cloze_similarity(text, 'ann', '{encoder}') > -2 GROUP BY 1 ORDER BY 1"
    );
    let found = rows(&session, &query).await;
    let counts: i64 = found.column(1).as_primitive::<Int64Type>().values().iter().sum();
    assert_eq!(counts, 40);
    let query = format!(
        "SELECT a.id FROM t a JOIN t b ON a.id = b.id \
         ORDER BY cloze_similarity(a.text, b.text, '{encoder}') DESC, a.id LIMIT 3"
    );
    let found = rows(&session, &query).await;
    assert_eq!(found.column(0).as_primitive::<Int64Type>().values(), &[0, 1, 2]);
    assert_eq!(models.counts().loads, 2);
}

/// Registries are shared by clones: a second session does not open the model again.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_opened_once_by_whoever_comes_first() {
    let models = builder().build().unwrap();
    let query = format!("SELECT cloze_embed('ann', '{}')", tiny("bert"));
    let sessions: Vec<_> = (0..8).map(|_| session(&models.clone(), 2, 100)).collect();
    let tasks: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            let query = query.clone();
            tokio::spawn(async move { rows(&session, &query).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().num_rows(), 1);
    }
    assert_eq!(models.counts().loads, 1);
    // A copy of the folder in another place is another model to open.
    let copy = cloze_testkit::checkpoint_copy("bert");
    let query = format!("SELECT cloze_embed('ann', '{}')", copy.path().display());
    rows(&session(&models, 1, 100), &query).await;
    assert_eq!(models.counts().loads, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_memory_has_as_many_partitions_as_it_likes() {
    let texts = hard_texts();
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    let models = builder().build().unwrap();
    let query = format!("SELECT id, cloze_embed(text, '{}') AS v FROM t ORDER BY id", tiny("bert"));
    let mut all: Vec<RecordBatch> = vec![];
    for parts in [1, 2, 8] {
        let whole = batch(&texts);
        let len = whole.num_rows().div_ceil(parts);
        let parts: Vec<_> = (0..parts)
            .map(|i| vec![whole.slice(i * len, len.min(whole.num_rows() - i * len))])
            .collect();
        let session = session(&models, parts.len(), 100);
        let table = MemTable::try_new(whole.schema(), parts).unwrap();
        session.register_table("t", Arc::new(table)).unwrap();
        all.push(rows(&session, &query).await);
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    // Not all of it is null or zero.
    let vectors = all[0].column(1).as_fixed_size_list();
    let numbers: &Float32Array = vectors.values().as_primitive();
    assert!(numbers.values().iter().filter(|x| **x != 0.0).count() > 100);
}
