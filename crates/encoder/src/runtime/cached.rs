//! Libraries in the cache folder: only what has the hash kept in the source is loaded, and only from
//! where no other user could have put it.
use std::path::{Path, PathBuf};

use cloze_store::access::others_may_change;
use cloze_store::recorded::sha256_recorded;

use super::platform::{self, Archive, Platform};
use crate::EncoderError;

/// Path of the library of `version` in the cache.
pub(super) fn path(cache: &Path, version: &str) -> PathBuf {
    cache.join(format!("onnxruntime-{version}")).join(platform::library_name())
}

/// Libraries in the cache, each with the archive it is from. None on a platform that none is fetched
/// for: nobody knows what it should hash to.
pub(super) fn list(cache: &Path) -> Vec<(PathBuf, Archive)> {
    let archives = Platform::current().into_iter().flat_map(|p| [p.wheel(), p.npm()]);
    let libraries = archives.map(|archive| (path(cache, archive.version), archive));
    libraries.filter(|(path, _)| path.is_file()).collect()
}

/// Checks a library in the cache before it is loaded.
///
/// # Errors
/// [`EncoderError::RuntimeCacheAccess`] if another user may change it or a folder it is in;
/// [`EncoderError::RuntimeLibraryChecksum`] if it is another than was fetched.
pub(super) fn check(cache: &Path, path: &Path, archive: Archive) -> Result<(), EncoderError> {
    let stored = |source| EncoderError::RuntimeStore { source };
    // A link is as good as what it leads to.
    let library = fs_err::canonicalize(path).map_err(stored)?;
    let places = [Some(cache), path.parent(), library.parent(), Some(&library)];
    places.into_iter().flatten().try_for_each(check_access)?;
    let record = path.with_file_name(format!("{}.checked", platform::library_name()));
    let sha256 = sha256_recorded(&library, &record)?;
    check_hash(path, archive, sha256)
}

/// Checks that only the user and root may change a file or folder of the cache.
///
/// # Errors
/// [`EncoderError::RuntimeCacheAccess`].
pub(super) fn check_access(path: &Path) -> Result<(), EncoderError> {
    let reason = others_may_change(path).map_err(|source| EncoderError::RuntimeStore { source })?;
    match reason {
        Some(reason) => {
            Err(EncoderError::RuntimeCacheAccess { path: path.to_owned(), found: reason })
        }
        None => Ok(()),
    }
}

/// Compares the hash of the library at `path` with that in the source.
///
/// # Errors
/// [`EncoderError::RuntimeLibraryChecksum`].
pub(super) fn check_hash(
    path: &Path,
    archive: Archive,
    sha256: String,
) -> Result<(), EncoderError> {
    if sha256 == archive.library_sha256 {
        return Ok(());
    }
    let (path, expected) = (path.to_owned(), archive.library_sha256);
    Err(EncoderError::RuntimeLibraryChecksum { path, expected, found: sha256 })
}
