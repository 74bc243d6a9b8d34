//! `cloze model add`: copies a folder or an archive to the folder of installed models.
use std::ffi::OsStr;
use std::io::{self, Read, Write as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use cloze::companions::{COMPANIONS, without_parts};
use cloze_checkpoint::card::Card;
use cloze_checkpoint::weights::Weights;
use cloze_checkpoint::{ModelFolder, install_root};
use cloze_store::{AtomicFolder, Existing};
use flate2::read::GzDecoder;
use serde::Serialize;

use crate::commands::model::args::ModelAddArgs;
use crate::terminal::out::{json_line, stdout};

/// A model that is found by its name.
#[derive(Serialize)]
struct Installed {
    name: String,
    folder: String,
}

/// Copies the model into the folder of installed models, checked before it gets its name.
pub(crate) fn add(args: &ModelAddArgs) -> anyhow::Result<()> {
    let from = &args.source;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => default_name(from)?,
    };
    let plain = Path::new(&name).components().count() == 1
        && matches!(Path::new(&name).components().next(), Some(Component::Normal(_)))
        && !name.starts_with('.');
    if !plain {
        bail!("--name {name:?}: expected a plain name, as of a folder");
    }
    let Some(root) = install_root() else {
        bail!("the user's data folder is not known\nhint: CLOZE_MODELS names a folder for models");
    };
    fs_err::create_dir_all(&root)?;
    let target = root.join(&name);
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let folder = AtomicFolder::create(&target, existing)
        .with_context(|| "\nhint: --force replaces a model; --name gives another name")?;
    let folder = without_parts(folder);
    if from.is_dir() {
        copy_files(from, folder.path())?;
    } else {
        unpack(from, folder.path())?;
    }
    // A head is opened by its card alone: its base may be added after it.
    if !Card::open(folder.path())?.is_head(folder.path()) {
        ModelFolder::open(folder.path()).with_context(|| format!("{}", from.display()))?;
    }
    folder.commit()?;
    let mut out = stdout();
    if args.format.is_json() {
        return json_line(&mut out, &Installed { name, folder: target.display().to_string() });
    }
    writeln!(out, "{name}  {}", target.display())?;
    Ok(())
}

/// Returns the name of the folder or archive, without the archive's ending.
fn default_name(from: &Path) -> anyhow::Result<String> {
    let whole = fs_err::canonicalize(from)?;
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let endings = [".tar.gz", ".tgz", ".tar", ".zip"];
    let name = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    Ok(name.to_owned())
}

/// Copies the files of a model folder: those in it, and those of its modules one folder below.
/// Links are followed, as the cache of Hugging Face has them. Hidden files and folders are not copied.
fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_file() {
            fs_err::copy(&path, to.join(&name))?;
        } else if path.is_dir() && (is_module(&name.to_string_lossy()) || is_graphs(from, &name)) {
            fs_err::create_dir_all(to.join(&name))?;
            copy_files(&path, &to.join(&name))?;
        }
    }
    Ok(())
}

/// Returns whether a folder in a model folder has the graphs of a model that has no weights.
fn is_graphs(folder: &Path, name: &OsStr) -> bool {
    name == "onnx" && !Weights::are_in(folder)
}

/// Returns whether a folder in a model folder is that of one of its modules: `1_Pooling`.
fn is_module(folder: &str) -> bool {
    let known = COMPANIONS.iter().filter_map(|name| name.split_once('/'));
    // Of a Router the route stands before the number: `query_0_Transformer`.
    let numbered = folder.contains('_') && folder.split('_').any(|part| part.parse::<u8>().is_ok());
    numbered || known.into_iter().any(|(known, _)| known == folder)
}

/// Unpacks a `.zip`, `.tar`, `.tar.gz` or `.tgz` of a model folder or of the files in it.
fn unpack(archive: &Path, to: &Path) -> anyhow::Result<()> {
    let name = archive.to_string_lossy();
    let file = fs_err::File::open(archive)?;
    let files = if name.ends_with(".zip") {
        unzip(file, to)?
    } else if name.ends_with(".tar") {
        untar(file, to)?
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        untar(GzDecoder::new(file), to)?
    } else {
        bail!("{name}: expected a folder, or an archive: .zip, .tar, .tar.gz or .tgz");
    };
    lift(&files, to)
}

/// Returns the path of an archive's entry, which must stay inside.
fn inside(path: &Path) -> anyhow::Result<PathBuf> {
    let plain = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(|part| plain(&part)) {
        bail!("{}: leaves the archive's folder", path.display());
    }
    Ok(path.components().filter(|part| matches!(part, Component::Normal(_))).collect())
}

fn write(to: &Path, inside: &Path, mut content: impl Read) -> anyhow::Result<()> {
    let path = to.join(inside);
    fs_err::create_dir_all(path.parent().unwrap_or(to))?;
    io::copy(&mut content, &mut fs_err::File::create(path)?)?;
    Ok(())
}

fn unzip(file: fs_err::File, to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut zip = zip::ZipArchive::new(file)?;
    let mut files = vec![];
    for i in 0..zip.len() {
        let entry = zip.by_index(i)?;
        if entry.is_file() {
            let path = inside(Path::new(&*entry.name()?))?;
            write(to, &path, entry)?;
            files.push(path);
        }
    }
    Ok(files)
}

/// Unpacks regular files only: links could lead out of the folder.
fn untar(file: impl Read, to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in tar::Archive::new(file).entries()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() {
            let path = inside(&entry.path()?)?;
            write(to, &path, entry)?;
            files.push(path);
        }
    }
    Ok(files)
}

/// Moves the files up if the archive has all of them in one folder.
fn lift(files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let first = files.first().and_then(|file| file.components().next());
    let Some(top) = first.filter(|_| files.iter().all(|file| file.components().count() > 1)) else {
        return Ok(());
    };
    if files.iter().any(|file| file.components().next() != Some(top)) {
        return Ok(());
    }
    let top = to.join(top);
    for entry in fs_err::read_dir(&top)? {
        let path = entry?.path();
        fs_err::rename(&path, to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(fs_err::remove_dir(top)?)
}
