//! Paths of files on disk or in memory, read in the same way.
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::recorded::Stamp;

/// Folder of files held in memory, for a program that carries its model inside.
///
/// ```
/// use cloze_store::MemoryFolder;
///
/// let model = MemoryFolder::new("greeter")
///     .file("config.json", br#"{"model_type": "bert"}"#)
///     .file("1_Pooling/config.json", String::from("{}"));
/// assert!(model.root().join("config.json").is_file());
/// assert!(model.root().join("1_Pooling").is_dir());
/// assert_eq!(model.root().join("config.json").display().to_string(), "memory:greeter/config.json");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryFolder {
    name: String,
    /// By path inside the folder, parts joined by `/`.
    files: Arc<BTreeMap<String, Bytes>>,
}

impl MemoryFolder {
    /// Empty folder; errors show its files as `memory:NAME/FILE`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), files: Arc::default() }
    }

    /// Adds a file, in place of one with this path: `config.json`, `1_Pooling/config.json`. Nothing is
    /// copied: `include_bytes!`, a `Vec<u8>`, a `String` and an `Arc<[u8]>` stay where they are.
    #[must_use]
    pub fn file(
        mut self,
        path: impl AsRef<Path>,
        content: impl AsRef<[u8]> + Send + 'static,
    ) -> Self {
        let key = inside(path.as_ref());
        Arc::make_mut(&mut self.files).insert(key, Bytes::from_owner(content));
        self
    }

    /// Location of the folder itself.
    #[must_use]
    pub fn root(&self) -> Location {
        let path = PathBuf::from(format!("memory:{}", self.name));
        Location { path, memory: Some((self.clone(), String::new())) }
    }
}

/// Path inside a folder without `.` and `..`, parts joined by `/`; it cannot leave the folder.
fn inside(path: &Path) -> String {
    let mut parts: Vec<String> = vec![];
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

/// Path of a file or folder, on disk or in a [`MemoryFolder`].
///
/// It stands for its [`Path`] in messages; the functions here look into memory where it is there.
#[derive(Clone, Debug)]
pub struct Location {
    path: PathBuf,
    /// Folder, and the path inside it.
    memory: Option<(MemoryFolder, String)>,
}

impl Location {
    /// Location of `path` as seen from here. A path that is absolute is on disk.
    #[must_use]
    pub fn join(&self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match &self.memory {
            Some((folder, key)) if !path.is_absolute() => {
                folder.location(inside(&Path::new(key).join(path)))
            }
            _ => self.path.join(path).into(),
        }
    }

    /// The folder that it is in; `None` for a root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match &self.memory {
            None => self.path.parent().map(Into::into),
            Some((_, key)) if key.is_empty() => None,
            Some((folder, key)) => {
                Some(folder.location(key.rsplit_once('/').map_or("", |(above, _)| above).into()))
            }
        }
    }

    /// Last part of the path: the name of a model whose folder this is. `None` for a root on disk.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match &self.memory {
            Some((folder, key)) if key.is_empty() => Some(folder.name.clone()),
            _ => self.path.file_name().map(|name| name.to_string_lossy().into_owned()),
        }
    }

    /// Whether it is in memory.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether there is such a file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        match &self.memory {
            None => self.path.is_file(),
            Some((folder, key)) => folder.files.contains_key(key),
        }
    }

    /// Whether there is such a folder.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        match &self.memory {
            None => self.path.is_dir(),
            Some((_, key)) if key.is_empty() => true,
            Some((folder, key)) => {
                let prefix = format!("{key}/");
                let next = folder.files.range(prefix.clone()..).next();
                next.is_some_and(|(file, _)| file.starts_with(&prefix))
            }
        }
    }

    /// Absolute location, without links.
    ///
    /// # Errors
    /// Errors of [`fs_err::canonicalize`], for one on disk.
    pub fn canonical(&self) -> io::Result<Self> {
        match &self.memory {
            None => Ok(fs_err::canonicalize(&self.path)?.into()),
            Some(_) => Ok(self.clone()),
        }
    }

    /// Whole content of a file in memory; `None` if it is on disk, or not there.
    #[must_use]
    pub fn bytes(&self) -> Option<Bytes> {
        let (folder, key) = self.memory.as_ref()?;
        folder.files.get(key).cloned()
    }

    /// Whether there is such a file, as [`is_file`](Self::is_file); something else of that name is an
    /// error.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`], with the name, for a folder, a pipe, a socket and a device; other
    /// errors of [`fs_err::metadata`] but [`io::ErrorKind::NotFound`].
    pub fn check_file(&self) -> io::Result<bool> {
        if self.memory.is_some() {
            return Ok(self.is_file());
        }
        match fs_err::metadata(&self.path) {
            Ok(metadata) => self.regular(&metadata).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Refuses what is not a regular file.
    fn regular(&self, metadata: &std::fs::Metadata) -> io::Result<()> {
        if metadata.is_file() {
            return Ok(());
        }
        let file_type = if metadata.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        let text = format!("{}: expected a regular file, found {file_type}", self.path.display());
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// Opens the file for reading. Only regular files are opened: a pipe would wait for its writer, and
    /// a device need not end.
    ///
    /// # Errors
    /// Errors that name the file: of [`fs_err::File::open`], [`io::ErrorKind::NotFound`], or
    /// [`io::ErrorKind::InvalidInput`] for what is not a regular file.
    pub fn open(&self) -> io::Result<OpenFile> {
        if self.memory.is_none() {
            // Asked before opening, and again of what was opened: it may be another by then.
            self.regular(&fs_err::metadata(&self.path)?)?;
            let file = fs_err::File::open(&self.path)?;
            self.regular(&file.metadata()?)?;
            return Ok(OpenFile::Disk(file));
        }
        self.bytes().map(|bytes| OpenFile::Memory(Cursor::new(bytes))).ok_or_else(|| {
            let text = format!("{}: no such file in memory", self.path.display());
            io::Error::new(io::ErrorKind::NotFound, text)
        })
    }
}

impl MemoryFolder {
    fn location(&self, key: String) -> Location {
        let mut root = self.root();
        if !key.is_empty() {
            root.path.push(&key);
        }
        root.memory = Some((self.clone(), key));
        root
    }
}

/// The same path, on disk or in the same folder.
impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.memory, &other.memory) {
            (None, None) => true,
            (Some((a, _)), Some((b, _))) => Arc::ptr_eq(&a.files, &b.files),
            _ => false,
        };
        same && self.path == other.path
    }
}

impl Eq for Location {}

impl Deref for Location {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for Location {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self { path, memory: None }
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        path.clone().into()
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for Location {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

impl From<String> for Location {
    fn from(path: String) -> Self {
        PathBuf::from(path).into()
    }
}

impl From<&Self> for Location {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}

impl From<&MemoryFolder> for Location {
    fn from(folder: &MemoryFolder) -> Self {
        folder.root()
    }
}

impl From<MemoryFolder> for Location {
    fn from(folder: MemoryFolder) -> Self {
        folder.root()
    }
}

/// File opened for reading, on disk or in memory.
#[derive(Debug)]
pub enum OpenFile {
    /// On disk; its errors name it.
    Disk(fs_err::File),
    /// In memory.
    Memory(Cursor<Bytes>),
}

impl OpenFile {
    /// Length in bytes; of a pipe 0.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn byte_len(&self) -> io::Result<u64> {
        match self {
            Self::Disk(file) => Ok(file.metadata()?.len()),
            Self::Memory(cursor) => Ok(cursor.get_ref().len() as u64),
        }
    }

    /// Stamp of a file on disk; `None` in memory, where nobody changes it.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn stamp(&self) -> io::Result<Option<Stamp>> {
        match self {
            Self::Disk(file) => Ok(Some(Stamp::of(&file.metadata()?))),
            Self::Memory(_) => Ok(None),
        }
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Disk(file) => file.read(buffer),
            Self::Memory(cursor) => cursor.read(buffer),
        }
    }
}

impl Seek for OpenFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Disk(file) => file.seek(to),
            Self::Memory(cursor) => cursor.seek(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> MemoryFolder {
        MemoryFolder::new("m").file("a.json", b"one").file("sub/b.json", vec![b'2'])
    }

    /// `..` moves up and stops at the root; parts of names are not folders: `su` is not `sub`.
    #[test]
    fn paths_in_memory_are_resolved_inside_the_folder() {
        let root = folder().root();
        let sub = root.join("sub");
        for (location, file, dir) in [
            (root.clone(), false, true),
            (root.join("a.json"), true, false),
            (sub.clone(), false, true),
            (root.join("su"), false, false),
            (sub.join("b.json"), true, false),
            (sub.join("../a.json"), true, false),
            (sub.join("../../../a.json"), true, false),
            (root.join("./sub/./b.json"), true, false),
            (root.join("c.json"), false, false),
        ] {
            assert_eq!((location.is_file(), location.is_dir()), (file, dir), "{location:?}");
        }
        assert_eq!(sub.join("b.json").parent(), Some(sub.clone()));
        assert_eq!(sub.parent(), Some(root.clone()));
        assert_eq!(root.parent(), None);
        assert_eq!(root.name().as_deref(), Some("m"));
        assert_eq!(sub.join("b.json").name().as_deref(), Some("b.json"));
        assert_eq!(sub.join("b.json").display().to_string(), "memory:m/sub/b.json");
        assert_ne!(root, MemoryFolder::new("m").root());
    }

    #[test]
    fn an_absolute_path_is_on_disk() {
        let disk = tempfile::tempdir().unwrap();
        fs_err::write(disk.path().join("x"), "on disk").unwrap();
        let location = folder().root().join(disk.path().join("x"));
        assert!(location.is_file() && !location.is_in_memory());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (folder.path(), "a folder"),
            (socket.as_path(), "a pipe, a socket or a device"),
            (Path::new("/dev/zero"), "a pipe, a socket or a device"),
        ] {
            let expected = format!("{}: expected a regular file, found {kind}", path.display());
            let location = Location::from(path);
            assert_eq!(location.open().unwrap_err().to_string(), expected);
            assert_eq!(location.check_file().unwrap_err().to_string(), expected);
        }
        let none = Location::from(folder.path().join("none"));
        assert!(!none.check_file().unwrap());
        assert!(Location::from("/proc/self/maps").check_file().unwrap());
    }

    #[test]
    fn memory_and_disk_are_read_alike() {
        let disk = tempfile::tempdir().unwrap();
        fs_err::write(disk.path().join("a.json"), "one").unwrap();
        for root in [Location::from(disk.path()), folder().root()] {
            let mut file = root.join("a.json").open().unwrap();
            assert_eq!(file.byte_len().unwrap(), 3);
            assert_eq!(file.seek(SeekFrom::Start(1)).unwrap(), 1);
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "ne");
            let missing = root.join("b.json").open().unwrap_err();
            assert_eq!(missing.kind(), io::ErrorKind::NotFound);
            assert!(missing.to_string().contains("b.json"), "{missing}");
        }
    }
}
