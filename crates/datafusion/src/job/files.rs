//! Files of a job's input, in a file system or an object store, and what is at their ends.
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cloze::store::StoreError;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::FooterTail;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt as _;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::JobError;
use crate::objects::{ObjectError, ObjectUrl, is_url};

/// Length and magic number behind the metadata of a Parquet file (Parquet format, "File Format").
pub(super) const END: usize = 8;
/// Bytes read at the end of a file at once: the metadata of most.
const TAIL: u64 = 64 << 10;

/// File of the input.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// Path, absolute, or URL.
    pub(super) path: PathBuf,
    /// Size in bytes.
    pub(super) bytes: u64,
    /// Time of its last change, as an object store has it.
    pub(super) changed: Option<SystemTime>,
    object: Option<(Arc<dyn ObjectStore>, ObjectPath)>,
}

/// Parquet files of the input in the order of their paths: the file itself, or those of a folder and below that end in
/// `.parquet`. Hidden ones and what begins with `_` are left out, as engines do.
pub(super) async fn parquet_files(
    path: &Path,
    session: &SessionContext,
) -> Result<Vec<SourceFile>, JobError> {
    let mut files = if is_url(path) {
        objects(&path.to_string_lossy(), session).await?
    } else {
        local_files(path)?
    };
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn local_files(path: &Path) -> Result<Vec<SourceFile>, StoreError> {
    let path = fs_err::canonicalize(path).map_err(StoreError::Read)?;
    if !path.is_dir() {
        return Ok(vec![local_file(path)?]);
    }
    let (mut files, mut folders) = (vec![], vec![path]);
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).map_err(StoreError::Read)? {
            let path = entry.map_err(StoreError::Read)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_left_out(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if is_parquet(&name) {
                files.push(local_file(path)?);
            }
        }
    }
    Ok(files)
}

fn local_file(path: PathBuf) -> Result<SourceFile, StoreError> {
    let bytes = fs_err::metadata(&path).map_err(StoreError::Read)?.len();
    Ok(SourceFile { path, bytes, changed: None, object: None })
}

async fn objects(url: &str, session: &SessionContext) -> Result<Vec<SourceFile>, JobError> {
    let root = ObjectUrl::parse(url)?;
    let store = session.runtime_env().object_store(&root.store);
    let store = store
        .map_err(|source| ObjectError::NoStore { url: url.to_owned(), source: source.into() })?;
    let file = |object: ObjectMeta| SourceFile {
        path: root.sibling(&object.location).into(),
        bytes: object.size,
        changed: Some(object.last_modified.into()),
        object: Some((store.clone(), object.location)),
    };
    match store.head(&root.path).await {
        Ok(object) => return Ok(vec![file(object)]),
        Err(object_store::Error::NotFound { .. }) => {}
        Err(source) => return Err(ObjectError::Read { url: url.to_owned(), source }.into()),
    }
    let mut files = vec![];
    let mut listed = store.list(Some(&root.path));
    let failed = |source| ObjectError::Read { url: url.to_owned(), source };
    while let Some(object) = listed.try_next().await.map_err(failed)? {
        let below = object.location.prefix_match(&root.path).into_iter().flatten();
        let names: Vec<String> = below.map(|part| part.as_ref().to_owned()).collect();
        if names.last().is_some_and(|name| is_parquet(name))
            && !names.iter().any(|name| is_left_out(name))
        {
            files.push(file(object));
        }
    }
    Ok(files)
}

fn is_left_out(name: &str) -> bool {
    name.starts_with(['.', '_'])
}

fn is_parquet(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "parquet")
}

impl SourceFile {
    /// Bytes from the file's metadata to its end.
    pub(super) async fn footer(&self) -> Result<Vec<u8>, JobError> {
        let failed = |source| JobError::Parquet { path: self.path.clone(), source };
        let mut tail = self.read(self.bytes.saturating_sub(TAIL)..self.bytes).await?;
        let Some(end) = tail.last_chunk() else {
            let found = ParquetError::EOF(format!("expected {END} bytes or more"));
            return Err(failed(found));
        };
        let end = FooterTail::try_new(end).map_err(failed)?;
        if end.is_encrypted_footer() {
            return Err(failed(ParquetError::NYI("encrypted files".into())));
        }
        let length = (end.metadata_length() + END) as u64;
        if length > self.bytes {
            let reason = format!("metadata of {length} bytes in a file of {}", self.bytes);
            return Err(failed(ParquetError::General(reason)));
        }
        if length > tail.len() as u64 {
            return self.read(self.bytes - length..self.bytes).await;
        }
        Ok(tail.split_off(tail.len() - usize::try_from(length).unwrap_or(0)))
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, JobError> {
        let Some((store, path)) = &self.object else {
            return Ok(read_range(&self.path, &range).map_err(StoreError::Read)?);
        };
        if range.is_empty() {
            return Ok(vec![]);
        }
        let read = store.get_range(path, range).await;
        let url = || self.path.to_string_lossy().into_owned();
        let bytes = read.map_err(|source| ObjectError::Read { url: url(), source })?;
        Ok(bytes.into())
    }
}

fn read_range(path: &Path, range: &Range<u64>) -> std::io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let mut file = fs_err::File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = vec![];
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}
