//! Tensors whose elements are in other files: which files those may be, and their bytes.
//!
//! The rules are the lessons of ONNX's own patches: `..` (CVE-2022-25882, CVE-2024-27318),
//! symbolic links (CVE-2026-34447), hard links (CVE-2026-34446), and a check of one file followed
//! by the opening of another (GHSA-q56x-g2fj-4rj6).
use std::collections::HashMap;
use std::fs::Metadata;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cloze_store::Location;
use fs_err::File;

use super::ElementType;
use super::info::elements;
use super::walk::Found;
use crate::GraphError;

/// A file which holds elements of tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalFile {
    /// The location as the graph has it, by which ONNX Runtime asks for it.
    pub location: String,
    /// File it was read from.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Bytes,
}

/// Location of one tensor's elements.
struct Reference<'a> {
    tensor: &'a str,
    location: &'a str,
    offset: u64,
    /// Length as declared, if it is.
    length: Option<u64>,
    /// Length that the shape needs, if the shape is known.
    needed: u64,
}

/// The files of a model, read as its tensors ask for them.
pub(super) struct Reader<'a> {
    path: &'a Path,
    folder: &'a Location,
    max_bytes: u64,
    left: u64,
    files: Vec<ExternalFile>,
    by_location: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    /// For the model `path` of `size` bytes, with its files in `folder`.
    pub(super) fn new(path: &'a Path, folder: &'a Location, max_bytes: u64, size: u64) -> Self {
        let left = max_bytes.saturating_sub(size);
        Self { path, folder, max_bytes, left, files: vec![], by_location: HashMap::new() }
    }

    /// The files that `tensors` ask for, in that order. Every tensor is checked by what it says
    /// before the first file is touched.
    pub(super) fn read(mut self, tensors: &[Found<'_>]) -> Result<Vec<ExternalFile>, GraphError> {
        let references = tensors
            .iter()
            .filter_map(|tensor| self.reference(tensor).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        if references.is_empty() {
            return Ok(vec![]); // and no folder is needed
        }
        let here = self.folder.as_os_str().is_empty().then(|| Path::new(".").into());
        let folder = here.as_ref().unwrap_or(self.folder).canonical()?;
        for reference in &references {
            let i = match self.by_location.get(reference.location) {
                Some(i) => *i,
                None if folder.is_in_memory() => self.take(&folder, reference)?,
                None => self.load(&folder, reference, |file| File::open(file))?,
            };
            let ExternalFile { path: file, bytes, .. } = &self.files[i];
            let (offset, size) = (reference.offset, bytes.len() as u64);
            let length = reference.length.unwrap_or(0).max(reference.needed);
            if offset.checked_add(length).is_none_or(|end| end > size) {
                let (path, tensor) = (self.path.to_owned(), reference.tensor.to_owned());
                let file = file.clone();
                return Err(GraphError::ExternalRange {
                    path,
                    tensor,
                    file,
                    offset,
                    length,
                    found: size,
                });
            }
        }
        Ok(self.files)
    }

    /// Location of the tensor's elements; `None` if in the model itself.
    fn reference<'t>(&self, tensor: &Found<'t>) -> Result<Option<Reference<'t>>, GraphError> {
        let Found { name, tensor: proto, unserved, .. } = *tensor;
        // Either sign counts: a reader that looks at the other one must not find a file here.
        if proto.data_location == 0 && proto.external_data.is_empty() {
            return Ok(None);
        }
        let (path, tensor) = (|| self.path.to_owned(), || name.to_owned());
        let mut entries: HashMap<&str, &'t str> = HashMap::new();
        for entry in &proto.external_data {
            if entries.insert(&entry.key, &entry.value).is_some() {
                let key = entry.key.clone();
                return Err(GraphError::ExternalTwice { path: path(), tensor: tensor(), key });
            }
        }
        let location = entries.get("location").copied().unwrap_or_default();
        if let Some(what) = fault(location) {
            let (path, tensor, location) = (path(), tensor(), location.to_owned());
            return Err(GraphError::ExternalLocation { path, tensor, location, what });
        }
        if let Some(part) = unserved {
            return Err(GraphError::ExternalPlace { path: path(), tensor: tensor(), place: part });
        }
        Ok(Some(Reference {
            tensor: name,
            location,
            offset: self.number(name, &entries, "offset")?.unwrap_or(0),
            length: self.number(name, &entries, "length")?,
            needed: ElementType::from_onnx(proto.data_type).bytes(elements(proto)),
        }))
    }

    /// Number that the entry `key` of a tensor gives; `None` if there is no such entry.
    fn number(
        &self,
        tensor: &str,
        entries: &HashMap<&str, &str>,
        key: &'static str,
    ) -> Result<Option<u64>, GraphError> {
        let Some(text) = entries.get(key) else { return Ok(None) };
        match text.parse() {
            // `parse` alone would also take a sign.
            Ok(number) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(number)),
            _ => Err(GraphError::ExternalNumber {
                path: self.path.to_owned(),
                tensor: tensor.to_owned(),
                key,
                found: (*text).to_owned(),
            }),
        }
    }

    /// Reads a file below `folder` (canonical) into `files` and returns its place there.
    fn load(
        &mut self,
        folder: &Path,
        reference: &Reference<'_>,
        open: impl FnOnce(&Path) -> std::io::Result<File>,
    ) -> Result<usize, GraphError> {
        let (path, tensor) = (|| self.path.to_owned(), || reference.tensor.to_owned());
        let (file, before) = self.walk(folder, reference)?;
        let changed = || {
            let (path, tensor, file) = (path(), tensor(), file.clone());
            GraphError::ExternalChanged { path, tensor, file }
        };
        let handle = open(&file)?;
        let opened = handle.metadata()?;
        // The way is walked again behind the opening: a link put there in between, and taken
        // away again, would have to lead to the very same file.
        let (_, after) = self.walk(folder, reference)?;
        if !same(&before, &opened) || !same(&after, &opened) {
            return Err(changed());
        }
        if let links @ 2.. = links(&opened) {
            let (path, tensor) = (path(), tensor());
            return Err(GraphError::ExternalHardLink { path, tensor, file, links });
        }
        let real = fs_err::canonicalize(&file)?;
        if !real.starts_with(folder) {
            return Err(GraphError::ExternalOutside { path: path(), tensor: tensor(), file: real });
        }
        if opened.len() > self.left {
            let (path, max_bytes) = (path(), self.max_bytes);
            return Err(GraphError::ExternalTooLarge { path, max_bytes, file });
        }
        let mut bytes = vec![];
        handle.take(opened.len() + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != opened.len() {
            return Err(changed());
        }
        Ok(self.push(reference, file, bytes.into()))
    }

    /// Reads a file in memory, where there are no links.
    fn take(&mut self, folder: &Location, reference: &Reference<'_>) -> Result<usize, GraphError> {
        let (path, file) = (self.path.to_owned(), folder.join(reference.location));
        let Some(bytes) = file.bytes() else {
            let (tensor, file) = (reference.tensor.to_owned(), file.to_path_buf());
            return Err(GraphError::ExternalNotAFile { path, tensor, file });
        };
        if bytes.len() as u64 > self.left {
            let (max_bytes, file) = (self.max_bytes, file.to_path_buf());
            return Err(GraphError::ExternalTooLarge { path, max_bytes, file });
        }
        Ok(self.push(reference, file.to_path_buf(), bytes))
    }

    fn push(&mut self, reference: &Reference<'_>, path: PathBuf, bytes: Bytes) -> usize {
        self.left -= bytes.len() as u64;
        let location = reference.location.to_owned();
        self.by_location.insert(location.clone(), self.files.len());
        self.files.push(ExternalFile { location, path, bytes });
        self.files.len() - 1
    }

    /// The path of a location and what is there: a regular file, with no link on the way.
    fn walk(
        &self,
        folder: &Path,
        reference: &Reference<'_>,
    ) -> Result<(PathBuf, Metadata), GraphError> {
        let (path, tensor) = (|| self.path.to_owned(), || reference.tensor.to_owned());
        let mut file = folder.to_owned();
        let mut metadata = fs_err::symlink_metadata(&file)?;
        for part in reference.location.split('/').filter(|part| !matches!(*part, "" | ".")) {
            file.push(part);
            metadata = fs_err::symlink_metadata(&file)?;
            if metadata.is_symlink() {
                let (path, tensor) = (path(), tensor());
                return Err(GraphError::ExternalSymlink { path, tensor, link: file });
            }
        }
        if !metadata.is_file() {
            return Err(GraphError::ExternalNotAFile { path: path(), tensor: tensor(), file });
        }
        Ok((file, metadata))
    }
}

/// Fault of a location, on any system: a model is made on one and read on another.
fn fault(location: &str) -> Option<&'static str> {
    // Windows' reserved characters. The star is in the tags by which ONNX Runtime means an
    // address in its own memory instead of a file (`*/_ORT_MEM_ADDR_/*`: tensorprotoutils.h),
    // the colon in drives and in alternate streams.
    let reserved = |c: char| c.is_control() || "*?:\"<>|".contains(c);
    let drive = location.as_bytes().get(1) == Some(&b':');
    Some(if location.is_empty() {
        "is empty"
    } else if location.starts_with('/') || location.starts_with(r"\\") || drive {
        "is absolute"
    } else if location.split(['/', '\\']).any(|part| part == "..") {
        "has `..` in it"
    } else if location.contains('\\') {
        "has a backslash in it"
    } else if location.contains(reserved) {
        "has a reserved character in it"
    } else {
        return None;
    })
}

#[cfg(unix)]
fn same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere the standard library does not tell files apart; the canonical path has to do.
#[cfg(not(unix))]
fn same(a: &Metadata, b: &Metadata) -> bool {
    a.len() == b.len() && a.modified().ok() == b.modified().ok()
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn load(
        folder: &Path,
        open: impl FnOnce(&Path) -> std::io::Result<File>,
    ) -> Result<Bytes, GraphError> {
        let root = Location::from(folder);
        let mut reader = Reader::new(Path::new("m"), &root, 100, 0);
        let reference =
            Reference { tensor: "t", location: "w", offset: 0, length: None, needed: 0 };
        reader.load(folder, &reference, open).map(|i| reader.files[i].bytes.clone())
    }

    /// Loads "w" of four bytes, which someone else plays with while it is opened.
    #[cfg(unix)]
    fn load_while(open: impl FnOnce(&Path) -> std::io::Result<File>) -> Result<Bytes, GraphError> {
        let temp = tempfile::tempdir().unwrap();
        let folder = fs_err::canonicalize(temp.path()).unwrap();
        fs_err::write(folder.join("w"), "good").unwrap();
        fs_err::write(folder.join("secret"), "evil").unwrap();
        load(&folder, open)
    }

    /// The last resort, should a link of some file system not look like one: here the folder is
    /// given by a link, so that nothing in it seems to be where it is.
    #[cfg(unix)]
    #[test]
    fn what_is_really_elsewhere_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (real, link) = (temp.path().join("real"), temp.path().join("link"));
        fs_err::create_dir(&real).unwrap();
        fs_err::write(real.join("w"), "good").unwrap();
        fs_err::os::unix::fs::symlink("real", &link).unwrap();
        let result = load(&link, |file| File::open(file));
        assert!(matches!(result, Err(GraphError::ExternalOutside { .. })), "{result:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_swap_while_opening_is_noticed() {
        use fs_err::os::unix::fs::symlink;
        assert_eq!(load_while(|file| File::open(file)).unwrap(), "good");
        // A link to another file, put there after the first look and taken away before the second.
        let result = load_while(|file| File::open(file.with_file_name("secret")));
        assert!(matches!(result, Err(GraphError::ExternalChanged { .. })), "{result:?}");
        // Left there.
        let result = load_while(|file| {
            fs_err::remove_file(file)?;
            symlink("secret", file)?;
            File::open(file)
        });
        assert!(matches!(result, Err(GraphError::ExternalSymlink { .. })), "{result:?}");
        // Another file, moved there.
        let result = load_while(|file| {
            fs_err::rename(file.with_file_name("secret"), file)?;
            File::open(file)
        });
        assert!(matches!(result, Err(GraphError::ExternalChanged { .. })), "{result:?}");
    }

    #[test]
    fn locations_are_plain_relative_paths() {
        for good in
            ["w", "model.onnx_data", "./w", "a/b c/ä.bin", "a//b", "..w", "w..", "a/...", "-"]
        {
            assert_eq!(fault(good), None, "{good}");
        }
        let (absolute, parent) = ("is absolute", "has `..` in it");
        let (backslash, reserved) = ("has a backslash in it", "has a reserved character in it");
        for (bad, what) in [
            ("", "is empty"),
            ("/etc/passwd", absolute),
            ("//server/share", absolute),
            (r"C:\x", absolute),
            ("C:x", absolute),
            (r"\\server\x", absolute),
            ("..", parent),
            ("../w", parent),
            ("a/../w", parent),
            ("a/..", parent),
            (r"a\..\w", parent),
            (r"a\w", backslash),
            (r"\w", backslash),
            ("w.bin:stream", reserved),
            ("*/_ORT_MEM_ADDR_/*", reserved),
            ("*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*", reserved),
            ("w\0.bin", reserved),
        ] {
            assert_eq!(fault(bad), Some(what), "{bad}");
        }
    }
}
