//! Places that may already have an ONNX Runtime library.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy as _;

use super::platform::{self, NPM_VERSION, WHEEL_VERSION};

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

/// The folder libraries are kept in: `$CLOZE_CACHE`, or `cloze` in the user's cache folder. `None`
/// if the machine has no home folder for the user.
pub(super) fn cache_folder() -> Option<PathBuf> {
    match std::env::var_os("CLOZE_CACHE").filter(|v| !v.is_empty()) {
        Some(folder) => Some(folder.into()),
        None => Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("cloze")),
    }
}

/// Path of the library of `version` in the cache.
pub(super) fn cached(folder: &Path, version: &str) -> PathBuf {
    folder.join(format!("onnxruntime-{version}")).join(platform::library_name())
}

/// The first library beside the program or in the cache. These two cost no process.
pub(super) fn on_disk(cache: Option<&Path>) -> Vec<(RuntimeOrigin, PathBuf)> {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join(platform::library_name())));
    let beside = beside.map(|path| (RuntimeOrigin::BesideExecutable, path));
    let cached = cache.into_iter().flat_map(|folder| {
        [WHEEL_VERSION, NPM_VERSION].map(|version| (RuntimeOrigin::Cache, cached(folder, version)))
    });
    beside.into_iter().chain(cached).filter(|(_, path)| path.is_file()).collect()
}

/// The library in the `onnxruntime` package of the Python on the PATH, if it has one. Python only
/// says where the package is: importing it would load the library into Python.
pub(super) fn in_python() -> Option<PathBuf> {
    const ASK: &str = "import importlib.util as u; s = u.find_spec('onnxruntime'); \
                       print(s.submodule_search_locations[0] if s else '')";
    PYTHONS.iter().find_map(|python| {
        let mut ask = Command::new(python);
        ask.args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null());
        let answer = ask.output().ok().filter(|o| o.status.success())?;
        let package = String::from_utf8(answer.stdout).ok()?;
        let package = package.trim();
        (!package.is_empty()).then(|| in_package(Path::new(package)))?
    })
}

/// The library in a Python package's folder: its name ends in a version on Linux and macOS.
fn in_package(package: &Path) -> Option<PathBuf> {
    let stem = format!("{}onnxruntime.", std::env::consts::DLL_PREFIX);
    let mut found: Vec<PathBuf> = fs_err::read_dir(package.join("capi"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&stem)))
        .collect();
    found.sort();
    found.pop()
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
