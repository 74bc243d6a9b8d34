//! Input files of a job, and the parts that it is done in.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cloze::store::checksum::sha256;
use datafusion::arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use datafusion::prelude::SessionContext;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::JobError;
use super::files::{self, SourceFile};

/// Files whose metadata are read at a time: an object store takes a while to answer.
const AT_ONCE: usize = 16;

/// Input file, as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Path, absolute, or URL of an object.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// Number of rows.
    pub rows: u64,
    /// Hash of the file's metadata, in which are the sizes, places and statistics of all its columns.
    pub footer_sha256: String,
}

/// Part of the input: row groups of one file that follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Number of the part, from 0, in the order of the input.
    pub number: usize,
    /// File that it is of: a path, absolute, or the URL of an object.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// Time of the last change of an object; of a local file it is looked up where the part is read.
    pub changed: Option<SystemTime>,
    /// Bytes of the file in which the row groups begin, half-open.
    pub range: (i64, i64),
    /// Number of rows.
    pub rows: u64,
    /// Bytes of its row groups, uncompressed: as a measure of the work, before which nobody has seen the texts.
    pub bytes: u64,
}

impl Part {
    /// Name of the part's file in the output: `part-000000.parquet`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("part-{:06}.parquet", self.number)
    }
}

/// Files of the input with their columns and parts.
#[derive(Clone, Debug)]
pub struct Input {
    /// Files, in the order of their paths.
    pub files: Vec<InputFile>,
    /// Columns, of the same names and types in every file.
    pub schema: SchemaRef,
    /// Parts, in the order of the files.
    pub parts: Vec<Part>,
}

impl Input {
    /// Reads the metadata of a Parquet file, or of all in a folder and below; a path may be a URL of an object store
    /// that `session` has. A part has whole row groups, as many as come to `part_rows` rows, and at least one: parts
    /// depend on the files alone.
    ///
    /// # Errors
    /// [`JobError::NoInput`]; [`JobError::Store`], [`JobError::Object`] and [`JobError::Parquet`] for a file that
    /// cannot be read; [`JobError::Columns`].
    pub async fn read(
        path: &Path,
        part_rows: u64,
        session: &SessionContext,
    ) -> Result<Self, JobError> {
        let files = files::parquet_files(path, session).await?;
        let read = stream::iter(files).map(read_file).buffered(AT_ONCE);
        let read: Vec<ReadFile> = read.try_collect().await?;
        let Some(first) = read.first() else {
            return Err(JobError::NoInput { path: path.to_owned() });
        };
        let (first_path, mut schema) = (first.file.path.clone(), first.schema.clone());
        let (mut files, mut parts) = (vec![], vec![]);
        for ReadFile { file, changed, schema: found, groups } in read {
            schema = common_schema(&schema, &found).ok_or_else(|| JobError::Columns {
                path: file.path.clone(),
                first: first_path.clone(),
                expected: (&schema).into(),
                found: (&found).into(),
            })?;
            add_parts(&mut parts, (&file, changed), &groups, part_rows);
            files.push(file);
        }
        Ok(Self { files, schema, parts })
    }
}

/// The columns of both, which may be null if they may be in one; `None` if names or types differ.
fn common_schema(a: &SchemaRef, b: &SchemaRef) -> Option<SchemaRef> {
    let same =
        |(a, b): (&FieldRef, &FieldRef)| a.name() == b.name() && a.data_type() == b.data_type();
    if a.fields().len() != b.fields().len() || !a.fields().iter().zip(b.fields()).all(same) {
        return None;
    }
    let common = |(a, b): (&FieldRef, &FieldRef)| {
        a.as_ref().clone().with_nullable(a.is_nullable() || b.is_nullable())
    };
    let fields: Vec<Field> = a.fields().iter().zip(b.fields()).map(common).collect();
    Some(Arc::new(Schema::new(fields)))
}

struct ReadFile {
    file: InputFile,
    changed: Option<SystemTime>,
    schema: SchemaRef,
    groups: Vec<Group>,
}

/// Row group: place of its first page, number of rows and uncompressed bytes.
struct Group {
    start: i64,
    rows: u64,
    bytes: u64,
}

async fn read_file(source: SourceFile) -> Result<ReadFile, JobError> {
    let footer = source.footer().await?;
    let SourceFile { path, bytes, changed, .. } = source;
    let failed = |source| JobError::Parquet { path: path.clone(), source };
    let metadata = ParquetMetaDataReader::decode_metadata(&footer[..footer.len() - files::END])
        .map_err(failed)?;
    let columns = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(columns.schema_descr(), columns.key_value_metadata())
        .map_err(failed)?;
    // Metadata of the file as a whole says nothing about its columns.
    let schema = schema.with_metadata(std::collections::HashMap::default());
    let groups = groups(&metadata);
    let rows = groups.iter().map(|group| group.rows).sum();
    let file = InputFile { path, bytes, rows, footer_sha256: sha256(&footer) };
    Ok(ReadFile { file, changed, schema: schema.into(), groups })
}

/// Row groups with the places by which DataFusion knows which are in a range: that of the first page of the
/// first column.
fn groups(metadata: &ParquetMetaData) -> Vec<Group> {
    let group = |group: &RowGroupMetaData| {
        let first = group.columns().first();
        let start = first.map_or(0, |column| {
            column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset())
        });
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        Group { start, rows: number(group.num_rows()), bytes: number(group.total_byte_size()) }
    };
    metadata.row_groups().iter().map(group).collect()
}

fn add_parts(
    parts: &mut Vec<Part>,
    (file, changed): (&InputFile, Option<SystemTime>),
    groups: &[Group],
    part_rows: u64,
) {
    let mut first = 0;
    let (mut rows, mut bytes) = (0, 0);
    for (i, group) in groups.iter().enumerate() {
        rows += group.rows;
        bytes += group.bytes;
        let next = groups.get(i + 1);
        if rows < part_rows && next.is_some() {
            continue;
        }
        parts.push(Part {
            number: parts.len(),
            path: file.path.clone(),
            file_bytes: file.bytes,
            changed,
            range: (groups[first].start, next.map_or(i64::MAX, |next| next.start)),
            rows,
            bytes,
        });
        (first, rows, bytes) = (i + 1, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_row_group_once() {
        let file = InputFile { path: "a".into(), bytes: 9, rows: 0, footer_sha256: String::new() };
        let groups: Vec<_> = [(4, 10), (20, 10), (40, 5), (50, 30), (90, 1)]
            .map(|(start, rows)| Group { start, rows, bytes: 3 * rows })
            .into();
        let mut parts = vec![];
        add_parts(&mut parts, (&file, None), &groups, 20);
        let found: Vec<_> = parts.iter().map(|p| (p.number, p.range, p.rows)).collect();
        assert_eq!(found, [(0, (4, 40), 20), (1, (40, 90), 35), (2, (90, i64::MAX), 1)]);
        assert_eq!(parts.iter().map(|p| p.bytes).collect::<Vec<_>>(), [60, 105, 3]);
        // A file without row groups has no parts.
        add_parts(&mut parts, (&file, None), &[], 20);
        assert_eq!(parts.len(), 3);
        add_parts(&mut parts, (&file, None), &groups[..1], 20);
        assert_eq!((parts[3].number, parts[3].range), (3, (4, i64::MAX)));
    }
}
