//! Files of columns, read back by the formats' own readers.
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Int64Type, UInt64Type};
use arrow_array::{Array as _, RecordBatch};
use arrow_ipc::reader::FileReader;
use bytes::Bytes;
use cloze_core::{Entity, OffsetUnit, Span};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::entities::{EntityForm as _, TaggedText};

fn read(format: ColumnFormat, file: Vec<u8>) -> Vec<RecordBatch> {
    match format {
        ColumnFormat::Parquet => {
            let rows = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
            rows.with_batch_size(ROWS).build().unwrap().map(Result::unwrap).collect()
        }
        ColumnFormat::Arrow => {
            let file = FileReader::try_new(io::Cursor::new(file), None).unwrap();
            file.map(Result::unwrap).collect()
        }
    }
}

const FORMATS: [ColumnFormat; 2] = [ColumnFormat::Parquet, ColumnFormat::Arrow];

/// More rows than a batch has: number `i` has the vector `[i, -i, 0.5]`. What is done is written before the end.
#[test]
fn vectors_are_rows_in_their_order() {
    for format in FORMATS {
        let mut columns = VectorColumns::new(format, 3).unwrap();
        let mut file = vec![];
        let numbers = || (0..20_000_u16).map(f32::from);
        for i in numbers() {
            columns.push(&format!("row {i}"), &[i, -i, 0.5], &mut file).unwrap();
        }
        let before = file.len();
        columns.finish(&mut file).unwrap();
        assert!(before > 20_000 && before < file.len(), "{before} of {}", file.len());
        let batches = read(format, file);
        let sizes: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(sizes, [ROWS, 20_000 - ROWS], "{format:?}");
        let (mut ids, mut found) = (vec![], vec![]);
        for batch in &batches {
            assert_eq!(batch.schema().field(1).data_type(), &vector_type(3));
            ids.extend(batch["id"].as_string::<i32>().iter().map(|id| id.unwrap().to_owned()));
            let vectors = batch["vector"].as_fixed_size_list();
            assert_eq!(vectors.null_count(), 0);
            found.extend_from_slice(vectors.values().as_primitive::<Float32Type>().values());
        }
        assert_eq!(ids, numbers().map(|i| format!("row {i}")).collect::<Vec<_>>());
        assert_eq!(found, numbers().flat_map(|i| [i, -i, 0.5]).collect::<Vec<_>>());
    }
}

/// `ü` is one character and two bytes: `Köln` is characters 3 to 7 and bytes 4 to 9 of `zü Köln`.
#[test]
fn entities_are_lists_with_the_unit_of_their_offsets() {
    let entity = Entity { label: "LOC".into(), span: Span::new(4, 9), score: 0.75, tag: None };
    let text = TaggedText {
        path: "a.csv",
        line: Some(2),
        id: Some("7"),
        field: None,
        text: "zü Köln",
        entities: &[entity],
        words: &[],
        places: &[],
        recognizers: &[],
        source: None,
    };
    let none = TaggedText { path: "b.txt", line: None, id: None, entities: &[], ..text };
    for format in FORMATS {
        for (unit, name, place) in
            [(OffsetUnit::Char, "char", [3, 7]), (OffsetUnit::Byte, "byte", [4, 9])]
        {
            let mut columns = EntityColumns::new(format, unit);
            let mut file = vec![];
            columns.begin(&mut file).unwrap();
            columns.text(&text, &mut file).unwrap();
            columns.text(&none, &mut file).unwrap();
            columns.end(&mut file).unwrap();
            let batches = read(format, file);
            let [batch] = &batches[..] else { panic!("{} batches", batches.len()) };
            assert_eq!(
                batch["path"].as_string::<i32>().iter().collect::<Vec<_>>(),
                [Some("a.csv"), Some("b.txt")]
            );
            assert_eq!(
                batch["line"].as_primitive::<UInt64Type>().iter().collect::<Vec<_>>(),
                [Some(2), None]
            );
            assert_eq!(
                batch["id"].as_string::<i32>().iter().collect::<Vec<_>>(),
                [Some("7"), None]
            );
            assert_eq!(batch["field"].null_count(), 2);
            let lists = batch["entities"].as_list::<i32>();
            assert_eq!(lists.data_type(), &entity_type(unit));
            assert_eq!(
                (lists.value_length(0), lists.value_length(1), lists.null_count()),
                (1, 0, 0)
            );
            let entities = lists.value(0);
            let entities = entities.as_struct();
            let string = |name: &str| entities[name].as_string::<i32>().value(0).to_owned();
            let offset = |name: &str| entities[name].as_primitive::<Int64Type>().value(0);
            assert_eq!([string("label"), string("text")], ["LOC", "Köln"]);
            assert_eq!([offset("start"), offset("end")], place);
            let scores = entities["score"].as_primitive::<Float32Type>();
            assert_eq!(scores.values()[..], [0.75]);
            let start = entities.fields().find("start").unwrap().1;
            assert_eq!(start.metadata()[UNIT_KEY], name);
        }
    }
}

/// A run without any text still gives a file, with its columns.
#[test]
fn no_rows_are_a_file_with_columns() {
    for format in FORMATS {
        let mut file = vec![];
        EntityColumns::new(format, OffsetUnit::Char).end(&mut file).unwrap();
        assert_eq!(read(format, file).iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
        let mut file = vec![];
        VectorColumns::new(format, 2).unwrap().finish(&mut file).unwrap();
        assert_eq!(read(format, file).iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    }
}
