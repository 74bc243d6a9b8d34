//! Vectors of texts.
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{FixedSizeListArray, Float32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::{BYTES, ColumnFile, ColumnFormat, ROWS, of_arrow};

/// The type of a vector of `width` numbers: `FixedSizeList<Float32>`.
#[must_use]
pub fn vector_type(width: i32) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Float32, true)), width)
}

/// Columns `id`, a string, and `vector`, a `FixedSizeList<Float32>` of the model's width: a row a text.
pub struct VectorColumns {
    file: ColumnFile,
    schema: SchemaRef,
    width: usize,
    ids: Vec<String>,
    /// Row after row.
    numbers: Vec<f32>,
    bytes: usize,
}

impl VectorColumns {
    /// A file for vectors of `width` numbers.
    ///
    /// # Errors
    /// If the format cannot hold so many.
    pub fn new(format: ColumnFormat, width: usize) -> io::Result<Self> {
        let size = i32::try_from(width).map_err(io::Error::other)?;
        let vector = Field::new("vector", vector_type(size), false);
        let schema = Schema::new(vec![Field::new("id", DataType::Utf8, false), vector]);
        let schema = Arc::new(schema);
        let file = ColumnFile::new(format, &schema)?;
        Ok(Self { file, schema, width, ids: vec![], numbers: vec![], bytes: 0 })
    }

    /// Adds a row; its batch goes to `out` when it is full.
    ///
    /// # Errors
    /// Errors of `out`.
    ///
    /// # Panics
    /// If the vector has another width.
    pub fn push(&mut self, id: &str, vector: &[f32], out: &mut dyn Write) -> io::Result<()> {
        assert_eq!(vector.len(), self.width, "a vector of the model");
        self.ids.push(id.to_owned());
        self.numbers.extend_from_slice(vector);
        self.bytes += id.len();
        if self.ids.len() >= ROWS || self.bytes >= BYTES { self.flush(out) } else { Ok(()) }
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.ids.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let ids = StringArray::from_iter_values(std::mem::take(&mut self.ids));
        let numbers = Float32Array::from(std::mem::take(&mut self.numbers));
        let DataType::FixedSizeList(item, size) = self.schema.field(1).data_type() else {
            unreachable!("the column of vectors")
        };
        let vectors = FixedSizeListArray::try_new(item.clone(), *size, Arc::new(numbers), None);
        let columns = vec![Arc::new(ids) as _, Arc::new(vectors.map_err(of_arrow)?) as _];
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(of_arrow)?;
        self.file.write(&batch, out)
    }

    /// Writes the rest.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        self.file.finish(out)
    }
}
