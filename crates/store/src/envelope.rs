//! JSON files that say what they are: `{"kind": "…", "format_version": 1, …}`, the fields of the
//! value beside the two.
use std::io::Write as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::read::read_capped;
use crate::{AtomicFile, Existing, Location, StoreError};

/// The largest JSON file that is read or written, in bytes.
pub const MAX_JSON_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    format_version: u64,
}

/// The value in `path`, if it is a `kind` of a version up to `newest`. A `T` that changed between
/// versions covers them with serde's defaults; it must not deny unknown fields, since `kind` and
/// `format_version` are among them.
///
/// # Errors
/// [`StoreError::Read`] and [`StoreError::TooLarge`] as [`read_capped`], at [`MAX_JSON_BYTES`];
/// [`StoreError::Json`] if it is not JSON, cut off, or not a `T`; [`StoreError::WrongKind`] and
/// [`StoreError::NewerVersion`] if it says to be something else.
pub fn read_json<T: DeserializeOwned>(
    path: impl Into<Location>,
    kind: &str,
    newest: u32,
) -> Result<T, StoreError> {
    let path = path.into();
    let bytes = read_capped(&path, MAX_JSON_BYTES)?;
    let malformed = |source| malformed(&path, kind, source);
    // One question after the other, so that a file of another kind or of a later version is
    // refused as that, and not for a field it lacks.
    let file_kind = serde_json::from_slice::<Kind>(&bytes).map_err(malformed)?.kind;
    if file_kind.as_deref() != Some(kind) {
        let (path, expected) = (path.to_path_buf(), kind.to_owned());
        return Err(StoreError::WrongKind { path, expected, found: file_kind });
    }
    let version = serde_json::from_slice::<Version>(&bytes).map_err(malformed)?.format_version;
    if version > u64::from(newest) {
        let (path, kind) = (path.to_path_buf(), kind.to_owned());
        return Err(StoreError::NewerVersion { path, kind, newest, found: version });
    }
    serde_json::from_slice(&bytes).map_err(malformed)
}

/// Error of a file that is not JSON of this `kind`.
fn malformed(path: &Path, kind: &str, source: serde_json::Error) -> StoreError {
    StoreError::Json {
        path: path.to_owned(),
        kind: kind.to_owned(),
        line: source.line(),
        column: source.column(),
        source,
    }
}

/// Writes `value`, which becomes an object and has no field `kind` or `format_version` of its own,
/// to `path`: indented, with a line feed at the end.
///
/// # Errors
/// [`StoreError::Serialize`] if it is not an object; [`StoreError::TooLarge`] if it could not be
/// read again; [`StoreError::Exists`], [`StoreError::NotAFile`] and [`StoreError::Write`] as
/// [`AtomicFile`].
pub fn write_json<T: Serialize>(
    path: &Path,
    kind: &str,
    format_version: u32,
    value: &T,
    existing: Existing,
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        kind: &'a str,
        format_version: u32,
        #[serde(flatten)]
        value: &'a T,
    }
    let mut json =
        serde_json::to_vec_pretty(&Envelope { kind, format_version, value }).map_err(|source| {
            StoreError::Serialize { path: path.to_owned(), kind: kind.to_owned(), source }
        })?;
    json.push(b'\n');
    let bytes = json.len() as u64;
    if bytes > MAX_JSON_BYTES {
        return Err(StoreError::TooLarge { path: path.to_owned(), bytes, max: MAX_JSON_BYTES });
    }
    let mut file = AtomicFile::create(path, existing)?;
    file.write_all(&json).map_err(|source| StoreError::Write { path: path.to_owned(), source })?;
    file.commit()
}
