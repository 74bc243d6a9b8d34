//! Models from an object store, into the folder of models.
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cloze::store::{AtomicFolder, Existing, StoreError};
use datafusion::execution::object_store::ObjectStoreRegistry;
use futures::TryStreamExt as _;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::{ObjectError, ObjectUrl};
use crate::{ModelName, folder_sha256};

/// Most files of a model: the largest have a few dozen, with weights in pieces.
const MAX_FILES: usize = 1000;

/// Model that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Name, pinned to the hash of the folder.
    pub name: ModelName,
    /// Folder.
    pub folder: PathBuf,
    /// Whether it was there already, with the hash asked for.
    pub was_there: bool,
}

/// Copies the models `names`, folders below the URL `from`, into the folder `into`, one after the other: the model
/// beneath an adapter comes before the adapter. A pinned name must have its hash; one that is there already is left as it
/// is. A model appears whole or not at all.
///
/// # Errors
/// Every [`ObjectError`]; models that were copied before stay.
pub async fn fetch_models(
    stores: &dyn ObjectStoreRegistry,
    from: &str,
    names: &[ModelName],
    into: &Path,
) -> Result<Vec<Fetched>, ObjectError> {
    let from = ObjectUrl::parse(from)?;
    let store = stores.get_store(from.store.as_ref()).map_err(|source| ObjectError::NoStore {
        url: from.store.to_string(),
        source: source.into(),
    })?;
    let mut fetched = vec![];
    for name in names {
        fetched.push(fetch(&*store, &from, name, into).await?);
    }
    Ok(fetched)
}

async fn fetch(
    store: &dyn ObjectStore,
    from: &ObjectUrl,
    name: &ModelName,
    into: &Path,
) -> Result<Fetched, ObjectError> {
    let plain = !name.name.is_empty()
        && !name.name.starts_with('.')
        && !name.name.contains(['/', '\\', ':', '\0']);
    if !plain {
        return Err(ObjectError::Name { name: name.to_string() });
    }
    let folder = into.join(&name.name);
    let fetched = |sha256, was_there| Fetched {
        name: ModelName { name: name.name.clone(), sha256: Some(sha256), settings: None },
        folder: folder.clone(),
        was_there,
    };
    if folder.exists() {
        let found = hash(&folder, &folder.display())?;
        return match &name.sha256 {
            Some(expected) if *expected == found => Ok(fetched(found, true)),
            Some(expected) => Err(other(&folder.display(), expected, found)),
            None => Err(ObjectError::Exists { folder, name: name.name.clone(), found }),
        };
    }
    fs_err::create_dir_all(into).map_err(|source| cannot_write(into, source))?;
    let root = from.path.clone().join(name.name.as_str());
    let url = from.sibling(&root);
    // A neighbour of where it will be, so that an adapter finds the model beneath.
    let staged = AtomicFolder::create(&folder, Existing::Refuse)?;
    for object in objects(store, &root, &url).await? {
        let below = object.location.prefix_match(&root).into_iter().flatten();
        let target = below.fold(staged.path().to_owned(), |path, part| path.join(part.as_ref()));
        copy(store, &object, &target).await.map_err(|error| match error {
            CopyError::Read(source) => {
                ObjectError::Read { url: from.sibling(&object.location), source }
            }
            CopyError::Write(source) => cannot_write(&target, source),
        })?;
    }
    let found = hash(staged.path(), &url)?;
    if let Some(expected) = &name.sha256
        && *expected != found
    {
        return Err(other(&url, expected, found));
    }
    staged.commit()?;
    Ok(fetched(found, false))
}

/// Objects of a model, without hidden ones.
async fn objects(
    store: &dyn ObjectStore,
    root: &ObjectPath,
    url: &str,
) -> Result<Vec<ObjectMeta>, ObjectError> {
    let failed = |source| ObjectError::Read { url: url.to_owned(), source };
    let mut objects = vec![];
    let mut listed = store.list(Some(root));
    while let Some(object) = listed.try_next().await.map_err(failed)? {
        let below = object.location.prefix_match(root).into_iter().flatten();
        if below.into_iter().any(|part| part.as_ref().starts_with('.')) {
            continue;
        }
        if objects.len() == MAX_FILES {
            return Err(ObjectError::TooMany { url: url.to_owned(), limit: MAX_FILES });
        }
        objects.push(object);
    }
    if objects.is_empty() { Err(ObjectError::Empty { url: url.to_owned() }) } else { Ok(objects) }
}

enum CopyError {
    Read(object_store::Error),
    Write(std::io::Error),
}

async fn copy(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
    target: &Path,
) -> Result<(), CopyError> {
    if let Some(folder) = target.parent() {
        fs_err::create_dir_all(folder).map_err(CopyError::Write)?;
    }
    let mut file = fs_err::File::create_new(target).map_err(CopyError::Write)?;
    let content = store.get(&object.location).await.map_err(CopyError::Read)?;
    let mut content = content.into_stream();
    while let Some(piece) = content.try_next().await.map_err(CopyError::Read)? {
        file.write_all(&piece).map_err(CopyError::Write)?;
    }
    Ok(())
}

fn cannot_write(path: &Path, source: std::io::Error) -> ObjectError {
    StoreError::Write { path: path.to_owned(), source }.into()
}

fn hash(folder: &Path, place: &dyn std::fmt::Display) -> Result<String, ObjectError> {
    folder_sha256(folder)
        .map_err(|source| ObjectError::Model { place: place.to_string(), source: source.into() })
}

fn other(place: &dyn std::fmt::Display, expected: &str, found: String) -> ObjectError {
    ObjectError::OtherModel { place: place.to_string(), expected: expected.to_owned(), found }
}
