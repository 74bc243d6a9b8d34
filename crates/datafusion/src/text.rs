//! Texts of a column, whatever Arrow type it has.
use datafusion::arrow::array::{Array, AsArray as _};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;

/// Whether a column of this type holds texts: `Utf8`, `LargeUtf8`, `Utf8View`, a dictionary of one of them, or
/// nothing but nulls.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Text of each row, `None` where it is null.
pub(crate) fn texts_of(array: &dyn Array) -> Result<Vec<Option<&str>>> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().collect()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Ok(array.as_string_view().iter().collect()),
        DataType::Null => Ok(vec![None; array.len()]),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = texts_of(dictionary.values().as_ref())?;
            if values.is_empty() {
                return Ok(vec![None; array.len()]);
            }
            let keys = dictionary.normalized_keys();
            let text = |(row, key): (usize, usize)| {
                if array.is_null(row) { None } else { values.get(key).copied().flatten() }
            };
            Ok(keys.into_iter().enumerate().map(text).collect())
        }
        other => exec_err!("expected a column of text, found {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int8Array, NullArray, StringArray};
    use datafusion::arrow::compute::cast;

    use super::*;

    #[test]
    fn every_type_of_text_has_the_same_texts() {
        let expected = [Some("Zoë"), None, Some(""), Some("a text that is longer than a view")];
        let array: ArrayRef = Arc::new(StringArray::from(expected.to_vec()));
        let key = Box::new(DataType::Int32);
        let dictionary = |of| DataType::Dictionary(key.clone(), Box::new(of));
        let types = [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            dictionary(DataType::Utf8),
            dictionary(DataType::Utf8View),
        ];
        for data_type in types {
            assert!(is_text(&data_type));
            let array = cast(&array, &data_type).unwrap();
            assert_eq!(texts_of(&array).unwrap(), expected, "{data_type}");
            let tail = array.slice(2, 2);
            assert_eq!(texts_of(&tail).unwrap(), expected[2..], "{data_type}, sliced");
        }
        assert_eq!(texts_of(&NullArray::new(2)).unwrap(), [None, None]);
        assert!(!is_text(&DataType::Int64) && !is_text(&DataType::Binary));
        assert!(texts_of(&Int8Array::from(vec![1])).is_err());
    }

    /// Values of a dictionary may be null, too, or not there at all.
    #[test]
    fn a_dictionary_has_nulls_among_its_values() {
        let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
        let values = Arc::new(StringArray::from(vec![None, Some("b")]));
        let array = DictionaryArray::new(keys, values);
        assert_eq!(texts_of(&array).unwrap(), [Some("b"), None, None]);
        let none = Arc::new(StringArray::from(Vec::<Option<&str>>::new()));
        let array = DictionaryArray::new(Int8Array::from(vec![None, None]), none);
        assert_eq!(texts_of(&array).unwrap(), [None, None]);
    }
}
