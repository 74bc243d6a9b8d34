//! Models by name: the folders they are looked for in, and those that are there.
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::adapter;
use crate::card::Card;
use crate::checkpoint::CONFIG;
use crate::error::CheckpointError;

/// The folder of a model, given by name or path. A bare name is looked for in [`roots`] and then in Hugging
/// Face's cache, and never in the current folder, which may be a stranger's: `./name` is a path. Of `org/name`
/// Hugging Face's cache comes before the path.
///
/// # Errors
/// [`CheckpointError::NoModel`].
pub fn find_folder(name: &str) -> Result<PathBuf, CheckpointError> {
    find(name).map_err(|looked| {
        let folders = list_folders();
        let names = folders.iter().filter_map(|folder| folder.file_name()?.to_str());
        let nearest = nearest(name, names).map(str::to_owned);
        let in_current_folder = !is_path(name) && Path::new(name).is_dir();
        CheckpointError::NoModel { name: name.into(), looked, nearest, in_current_folder }
    })
}

/// The one of `names` whose spelling is most like that of `name`, if any is like it (Jaro-Winkler
/// similarity above 0.8).
#[must_use]
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let names = names.into_iter();
    let alike = names.map(|other| (strsim::jaro_winkler(name, other), other));
    let best = alike.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.8).map(|(_, other)| other)
}

/// The models in [`roots`], by folder, in the order they would be found: of two with one name, the
/// first is the one that the name means.
#[must_use]
pub fn list_folders() -> Vec<PathBuf> {
    let mut models: Vec<PathBuf> = vec![];
    for root in roots() {
        let entries = fs_err::read_dir(&root).into_iter().flatten();
        let folders = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_model(p));
        let mut folders: Vec<_> = folders.collect();
        folders.sort();
        folders.retain(|f| !models.iter().any(|g| g.file_name() == f.file_name()));
        models.extend(folders);
    }
    models
}

/// Whether it is the folder of a model, of an adapter, or of a head alone.
fn is_model(folder: &Path) -> bool {
    [CONFIG, adapter::CONFIG].iter().any(|file| folder.join(file).is_file())
        || Card::open(folder).is_ok_and(|card| card.base.is_some() || !card.adapters.is_empty())
}

/// The folder of a model, as [`find_folder`].
///
/// # Errors
/// Places that were searched.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    let is_path = is_path(name);
    let (roots, caches) = (roots(), hub_caches());
    let named = roots.iter().map(|root| root.join(name)).filter(|_| !is_path);
    let snapshots = caches.iter().filter_map(|cache| snapshot(cache, name));
    let path = is_path.then(|| PathBuf::from(name));
    let mut places = named.chain(snapshots).chain(path);
    places.find(|folder| folder.is_dir()).ok_or_else(|| {
        let roots = roots.iter().map(|r| r.display().to_string()).filter(|_| !is_path);
        let folder = is_path.then(|| "that folder".to_owned());
        let caches = caches.iter().map(|cache| cache.display().to_string());
        let looked = folder.into_iter().chain(roots).chain(caches).collect::<Vec<_>>().join(", ");
        if looked.is_empty() {
            "no folder, since there is none for models yet".to_owned()
        } else {
            looked
        }
    })
}

/// Whether a name is a path: it has a separator, or is `.` or `..`.
pub(crate) fn is_path(name: &str) -> bool {
    let plain = matches!(
        Path::new(name).components().collect::<Vec<_>>().as_slice(),
        [Component::Normal(part)] if *part == OsStr::new(name)
    );
    !plain || name.starts_with('.')
}

/// Folder that models are installed into, so that they are found by name: `$CLOZE_MODELS`, or else
/// `cloze/models` in the user's data folder. `None` where the system has none.
#[must_use]
pub fn install_root() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let named = std::env::var_os("CLOZE_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    let user = || etcetera::choose_base_strategy().ok().map(|s| s.data_dir().join("cloze/models"));
    named.or_else(user)
}

/// Caches of Hugging Face's libraries, of those that are there: `$HF_HUB_CACHE`, `hub` in `$HF_HOME`, or
/// else `~/.cache/huggingface/hub` (`huggingface_hub` 1.0, `constants.py`).
fn hub_caches() -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || etcetera::home_dir().ok().map(|home| home.join(".cache/huggingface"));
    let hub = || set("HF_HOME").or_else(home).map(|home| home.join("hub"));
    set("HF_HUB_CACHE").or_else(hub).filter(|cache| cache.is_dir()).into_iter().collect()
}

/// Folder of a model in such a cache, named as the hub has it (`org/name`): the snapshot that its
/// branch `main` is at, or else the only one.
fn snapshot(cache: &Path, name: &str) -> Option<PathBuf> {
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
    if name.split('/').count() > 2 || !name.split('/').all(plain) {
        return None;
    }
    let model = cache.join(format!("models--{}", name.replace('/', "--")));
    let snapshots = model.join("snapshots");
    if let Ok(commit) = fs_err::read_to_string(model.join("refs/main")) {
        let commit = commit.trim();
        if !commit.is_empty() && commit.chars().all(|c| c.is_ascii_hexdigit()) {
            return Some(snapshots.join(commit));
        }
    }
    let mut commits =
        fs_err::read_dir(snapshots).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    commits.next().filter(|_| commits.next().is_none())
}

/// The folders that models are looked for in by name: `$CLOZE_MODELS`; `models` beside the program; `models`
/// of the workspace that the program was built in; `cloze/models` in the user's data folder.
#[must_use]
pub fn roots() -> Vec<PathBuf> {
    use etcetera::BaseStrategy as _;
    let named = std::env::var_os("CLOZE_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    let exe = std::env::current_exe().ok();
    let beside = exe.as_ref().and_then(|exe| exe.parent());
    let workspace = exe.as_deref().and_then(workspace_of);
    let of_program = [beside, workspace].into_iter().flatten().map(|folder| folder.join("models"));
    let data =
        etcetera::choose_base_strategy().ok().map(|s| s.data_dir().join("cloze").join("models"));
    let mut roots: Vec<PathBuf> = vec![];
    for root in named.into_iter().chain(of_program).chain(data).filter(|root| root.is_dir()) {
        let same = |r: &PathBuf| fs_err::canonicalize(r).ok() == fs_err::canonicalize(&root).ok();
        if !roots.iter().any(same) {
            roots.push(root);
        }
    }
    roots
}

/// Workspace that Cargo built a program in: the folder above the target folder, which Cargo marks with
/// `CACHEDIR.TAG`. The program is one folder below that, and a test, or one for another platform, two
/// or three.
fn workspace_of(exe: &Path) -> Option<&Path> {
    let mut above = exe.ancestors().skip(2).take(3);
    let target = above.find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
    target.parent().filter(|workspace| workspace.join("Cargo.toml").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_letter_away_and_not_any() {
        let names = ["ner-en", "pii", "sentiment-en"];
        assert_eq!(nearest("ner-em", names), Some("ner-en"));
        assert_eq!(nearest("sentimnet-en", names), Some("sentiment-en"));
        assert_eq!(nearest("whisper", names), None);
        assert_eq!(nearest("ner-en", []), None);
    }

    /// A folder above the program is looked into only if Cargo built the program there: any other, such as
    /// the folder of temporary files, may be anybody's.
    #[test]
    fn the_workspace_of_a_program_is_the_one_it_was_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let exe = root.join("target/release/cloze");
        fs_err::create_dir_all(exe.parent().unwrap()).unwrap();
        fs_err::write(root.join("Cargo.toml"), "").unwrap();
        assert_eq!(workspace_of(&exe), None);
        fs_err::write(root.join("target/CACHEDIR.TAG"), "").unwrap();
        assert_eq!(workspace_of(&exe), Some(root));
        assert_eq!(workspace_of(&root.join("target/debug/deps/tests-0123")), Some(root));
        assert_eq!(workspace_of(&root.join("target/x86_64/debug/deps/tests-0123")), Some(root));
        assert_eq!(workspace_of(&root.join("target/a/b/c/d/cloze")), None);
        fs_err::remove_file(root.join("Cargo.toml")).unwrap();
        assert_eq!(workspace_of(&exe), None);
    }

    #[test]
    fn a_bare_name_is_no_path() {
        for path in ["./pii", "models/pii", "pii/", "/pii", ".", "..", ".pii", "", "../pii"] {
            assert!(is_path(path), "{path}");
        }
        for name in ["pii", "ner-en", "a.b"] {
            assert!(!is_path(name), "{name}");
        }
    }

    /// `refs/main` decides among several snapshots; without it only a single one is meant.
    #[test]
    fn a_model_is_found_in_the_cache_of_hugging_face() {
        let cache = tempfile::tempdir().unwrap();
        let model = cache.path().join("models--org--name");
        let [old, new] = ["aa11", "bb22"].map(|commit| model.join("snapshots").join(commit));
        fs_err::create_dir_all(&old).unwrap();
        assert_eq!(snapshot(cache.path(), "org/name"), Some(old));
        fs_err::create_dir_all(&new).unwrap();
        assert_eq!(snapshot(cache.path(), "org/name"), None);
        fs_err::create_dir_all(model.join("refs")).unwrap();
        fs_err::write(model.join("refs/main"), "bb22\n").unwrap();
        assert_eq!(snapshot(cache.path(), "org/name"), Some(new));
        fs_err::write(model.join("refs/main"), "../../../..").unwrap();
        assert_eq!(snapshot(cache.path(), "org/name"), None);
        for name in ["name", "../org/name", "a/b/c", "", "/", ".org/name"] {
            assert_eq!(snapshot(cache.path(), name), None, "{name:?}");
        }
    }
}
