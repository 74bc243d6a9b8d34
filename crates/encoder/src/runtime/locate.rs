//! Places that may already have an ONNX Runtime library.
use std::path::{Path, PathBuf};

use super::child::Programs;
use super::platform;
use crate::EncoderError;

/// Pythons by the names they go by; `py` is the launcher on Windows.
pub(super) const PYTHONS: [&str; 3] = ["python3", "python", "py"];

/// Source that named a library, in the order of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeOrigin {
    /// Named in the settings.
    Setting,
    /// Named by `ORT_DYLIB_PATH`.
    Environment,
    /// In the folder of the running program.
    BesideExecutable,
    /// In the user's cache folder, fetched earlier.
    Cache,
    /// In the `onnxruntime` package of the machine's Python.
    Python,
    /// Fetched just now.
    Fetched,
}

impl RuntimeOrigin {
    /// In words, for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setting => "named in the settings",
            Self::Environment => "named by ORT_DYLIB_PATH",
            Self::BesideExecutable => "beside the program",
            Self::Cache => "in the cache",
            Self::Python => "of the installed Python package",
            Self::Fetched => "fetched",
        }
    }
}

/// The library beside the program, if there is one.
pub(super) fn beside_executable() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.parent()?.join(platform::library_name());
    Some(beside).filter(|path| path.is_file())
}

/// Library of the machine's Python, and those that were not taken.
#[derive(Default)]
pub(super) struct PythonLibrary {
    pub(super) path: Option<PathBuf>,
    pub(super) refused: Vec<EncoderError>,
}

/// The library in the `onnxruntime` package of the Python on the PATH, if it has one. Python only
/// says where the package is: importing it would load the library into Python. `-I` keeps Python from
/// looking into the folder it runs in and into `PYTHONPATH`, and from the user's own packages, which
/// are therefore asked for by their folder.
pub(super) fn in_python(programs: &Programs) -> PythonLibrary {
    const ASK: &str = "import importlib.util as u, os, site; s = u.find_spec('onnxruntime'); \
                       print(s.submodule_search_locations[0] if s else \
                       os.path.join(site.getusersitepackages(), 'onnxruntime'))";
    let mut library = PythonLibrary::default();
    for python in PYTHONS {
        let Ok(python) = programs.find(python) else { continue };
        let output = programs.command(&python).args(["-I", "-c", ASK]).output();
        let Some(output) = output.ok().filter(|output| output.status.success()) else { continue };
        let package = String::from_utf8_lossy(&output.stdout);
        let package = Path::new(package.trim());
        // Python was in another folder, so that a path as seen from there leads nowhere from here.
        let Some(path) = in_package(package).filter(|_| package.is_absolute()) else { continue };
        let current = programs.current_folder();
        if current.holds(package) || current.holds(&path) {
            library.refused.push(EncoderError::RuntimeInCurrentFolder { path });
            continue;
        }
        library.path = Some(path);
        break;
    }
    library
}

/// The library in a Python package's folder: its name ends in a version on Linux and macOS.
fn in_package(package: &Path) -> Option<PathBuf> {
    let stem = format!("{}onnxruntime.", std::env::consts::DLL_PREFIX);
    let mut libraries: Vec<PathBuf> = fs_err::read_dir(package.join("capi"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&stem)))
        .collect();
    libraries.sort();
    libraries.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_in_a_package_under_its_versioned_name() {
        let package = tempfile::tempdir().unwrap();
        let capi = package.path().join("capi");
        assert_eq!(in_package(package.path()), None);
        fs_err::create_dir(&capi).unwrap();
        let prefix = std::env::consts::DLL_PREFIX;
        for name in [
            "onnxruntime_pybind11_state.so".into(),
            format!("{prefix}onnxruntime_providers_shared.so"),
        ] {
            fs_err::write(capi.join(name), "").unwrap();
        }
        assert_eq!(in_package(package.path()), None);
        let library = capi.join(format!("{prefix}onnxruntime.so.1.32.0"));
        fs_err::write(&library, "").unwrap();
        assert_eq!(in_package(package.path()), Some(library));
    }
}
