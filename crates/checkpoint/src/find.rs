//! Models by name: the folders they are looked for in, and those that are there.
use std::path::{Path, PathBuf};

use crate::adapter;
use crate::card::Card;
use crate::checkpoint::CONFIG;
use crate::error::CheckpointError;

/// The folder of a model, given by name or folder. What exists as a folder is one; a name is looked
/// for in [`roots`].
///
/// # Errors
/// [`CheckpointError::NoModel`].
pub fn find_folder(name: &str) -> Result<PathBuf, CheckpointError> {
    find(name).map_err(|looked| CheckpointError::NoModel { name: name.into(), looked })
}

/// The models in [`roots`], by folder, in the order they would be found: of two with one name, the
/// first is the one that the name means.
#[must_use]
pub fn list_folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = vec![];
    for root in roots() {
        let entries = fs_err::read_dir(&root).into_iter().flatten();
        let folders = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_model(p));
        let mut folders: Vec<_> = folders.collect();
        folders.sort();
        folders.retain(|f| !found.iter().any(|g| g.file_name() == f.file_name()));
        found.extend(folders);
    }
    found
}

/// Whether it is the folder of a model, of an adapter, or of a head alone.
fn is_model(folder: &Path) -> bool {
    [CONFIG, adapter::CONFIG].iter().any(|file| folder.join(file).is_file())
        || Card::open(folder).is_ok_and(|card| card.base.is_some() || !card.adapters.is_empty())
}

/// The folder of a model, given by name or folder: what exists as a folder is one; a name is looked
/// for in [`roots`].
///
/// # Errors
/// Places that were searched.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    let is_path = Path::new(name).components().count() != 1 || name.starts_with('.');
    let roots = roots();
    let named = roots.iter().map(|root| root.join(name)).filter(|_| !is_path);
    let mut places = named.chain([PathBuf::from(name)]);
    places.find(|place| place.is_dir()).ok_or_else(|| {
        if is_path {
            "that folder".into()
        } else {
            roots.iter().map(|r| r.display().to_string()).collect::<Vec<_>>().join(", ")
        }
    })
}

/// The folders that models are looked for in by name: `$CLOZE_MODELS`; `models` in the current
/// folder; `models` beside the program or in one of the three folders above it, which is where a
/// build of this repository finds its own; `cloze/models` in the user's data folder.
#[must_use]
pub fn roots() -> Vec<PathBuf> {
    use etcetera::BaseStrategy as _;
    let named = std::env::var_os("CLOZE_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    let exe = std::env::current_exe().ok();
    let above =
        exe.iter().flat_map(|exe| exe.ancestors().skip(1).take(4)).map(|f| f.join("models"));
    let data =
        etcetera::choose_base_strategy().ok().map(|s| s.data_dir().join("cloze").join("models"));
    let all = named.into_iter().chain([PathBuf::from("models")]).chain(above).chain(data);
    let mut roots: Vec<PathBuf> = vec![];
    for root in all.filter(|root| root.is_dir()) {
        let same = |r: &PathBuf| fs_err::canonicalize(r).ok() == fs_err::canonicalize(&root).ok();
        if !roots.iter().any(same) {
            roots.push(root);
        }
    }
    roots
}
