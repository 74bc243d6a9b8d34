//! A folder in the place of another, without a moment at which neither is there.
use std::io;
use std::path::{Path, PathBuf};

use super::temporary::{FOLDER, OLD, sibling};

/// A folder that has lost its name to another.
pub(super) struct Replaced {
    /// The folder.
    pub(super) folder: PathBuf,
    /// Hidden folder that it is in, if it is not hidden itself.
    aside: Option<PathBuf>,
}

impl Replaced {
    /// Removes the folder. It has the name of one being filled before that: the next run takes what
    /// is left for no whole folder.
    pub(super) fn remove(self) -> io::Result<()> {
        match self.aside {
            Some(aside) => discard(&aside),
            None => fs_err::remove_dir_all(self.folder),
        }
    }
}

/// Removes a folder with a replaced one in it.
pub(super) fn discard(aside: &Path) -> io::Result<()> {
    let hidden = sibling(aside, FOLDER);
    fs_err::rename(aside, &hidden)?;
    fs_err::remove_dir_all(hidden)
}

/// Puts the folder `new` under the free name `target`.
pub(super) fn name(new: &Path, target: &Path) -> io::Result<()> {
    if fs_err::symlink_metadata(target).is_ok() {
        // A rename would take the place of an empty folder.
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs_err::rename(new, target)
}

/// Puts the folder `new` in the place of `target`.
pub(super) fn replace(new: &Path, target: &Path) -> io::Result<Replaced> {
    match exchange(new, target) {
        Ok(()) => Ok(Replaced { folder: new.to_owned(), aside: None }),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => by_renames(new, target),
        Err(error) => Err(error),
    }
}

/// Exchanges two names in one step.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        // Of the kernel or the file system: it does not know the flag.
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        exchanged => Ok(exchanged?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Moves the replaced folder aside, under its own name in a hidden folder: there the next run finds
/// it, and puts it back if the new one has not come.
fn by_renames(new: &Path, target: &Path) -> io::Result<Replaced> {
    let old = sibling(new, OLD);
    fs_err::create_dir(&old)?;
    let aside = old.join(target.file_name().unwrap_or_default());
    if let Err(error) = fs_err::rename(target, &aside) {
        let _ = fs_err::remove_dir(&old);
        return Err(error);
    }
    if let Err(error) = fs_err::rename(new, target) {
        fs_err::rename(&aside, target)?;
        let _ = fs_err::remove_dir(&old);
        return Err(error);
    }
    Ok(Replaced { folder: aside, aside: Some(old) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways end alike: the new folder has the name, the old one is in what is returned.
    #[test]
    fn renames_do_as_the_exchange_does() {
        type Replace = fn(&Path, &Path) -> io::Result<Replaced>;
        for way in [replace as Replace, by_renames] {
            let root = tempfile::tempdir().unwrap();
            let (new, target) = (root.path().join(".cloze-aaaaaa.dir"), root.path().join("model"));
            for (folder, content) in [(&new, "new"), (&target, "old")] {
                fs_err::create_dir(folder).unwrap();
                fs_err::write(folder.join("file"), content).unwrap();
            }
            let old = way(&new, &target).unwrap();
            assert_eq!(fs_err::read_to_string(target.join("file")).unwrap(), "new");
            assert_eq!(fs_err::read_to_string(old.folder.join("file")).unwrap(), "old");
            old.remove().unwrap();
            assert_eq!(fs_err::read_dir(root.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_name_that_is_taken_is_not_given() {
        let root = tempfile::tempdir().unwrap();
        let (new, target) = (root.path().join("new"), root.path().join("target"));
        fs_err::create_dir(&new).unwrap();
        fs_err::create_dir(&target).unwrap();
        assert_eq!(name(&new, &target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(new.is_dir());
    }
}
