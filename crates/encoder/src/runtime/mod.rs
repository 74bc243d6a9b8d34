//! ONNX Runtime's library: found on the machine, or fetched once where that is allowed.
//!
//! Looked for, in this order: the setting; `ORT_DYLIB_PATH`; beside the program; the cache folder;
//! the `onnxruntime` package of the machine's Python. A library that the user named must work; one that
//! merely lies about is passed over when it does not, and said so when none is left. Fetched only if
//! [`RuntimeParams::fetch`] asks for it and nothing forbids it.
//!
//! Nothing of the current folder is run, read or loaded, unless the user named it: see [`child`]. A library
//! in the cache is loaded only if it has the hash kept in the source: see [`cached`].
mod cached;
mod child;
mod fetch;
mod locate;
mod platform;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use locate::RuntimeOrigin;

use crate::EncoderError;
use crate::engine::Engine;
use crate::onnxruntime::OnnxRuntime;

/// Settings of finding or fetching ONNX Runtime.
#[derive(Clone, Debug, Default)]
pub struct RuntimeParams {
    library: Option<PathBuf>,
    fetch: bool,
    offline: bool,
}

impl RuntimeParams {
    /// The library to use, and no other. Default: looked for.
    #[must_use]
    pub fn library(mut self, path: Option<PathBuf>) -> Self {
        self.library = path;
        self
    }

    /// Whether the library may be fetched, with the machine's `pip` or `npm`, where there is none. A
    /// `CLOZE_OFFLINE` in the environment that is not empty, `0`, `n`, `no`, `f`, `false` or `off` forbids it
    /// all the same. Default `false`.
    #[must_use]
    pub fn fetch(mut self, fetch: bool) -> Self {
        self.fetch = fetch;
        self
    }

    /// Whether fetching is forbidden whatever [`fetch`](Self::fetch) says, as by `CLOZE_OFFLINE`. Default
    /// `false`.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }
}

/// A loaded ONNX Runtime. There is one a process: whoever comes first decides which.
///
/// # Reports to ONNX Runtime's maker
/// From 1.29 on, Microsoft's builds for Linux and macOS report on the process to their maker and keep an
/// identifier of the machine in the user's cache folder. Telemetry is turned off here as soon as there
/// is an environment to turn it off in, which is too late for the first report (onnxruntime issue 25573):
/// only `ORT_DISABLE_TELEMETRY=1` in the environment of the process, when the library is loaded, keeps it
/// from that. Any other value, an empty one too, does not. A library must not change the environment of a
/// process that may have threads, so that this is for the program to see to, before it starts them, or
/// for whoever starts the program; the `cloze` command does it. [`Runtime::load`] notes where it was not.
#[derive(Clone, Debug)]
pub struct Runtime {
    engine: Arc<dyn Engine>,
    path: PathBuf,
    origin: RuntimeOrigin,
}

/// The environment variable that forbids fetching.
const OFFLINE: &str = "CLOZE_OFFLINE";
/// The environment variable that keeps ONNX Runtime from reporting on the process.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

/// Library that the process has loaded.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Finds and loads the library, fetching it if need be and allowed. Where the process has a library
    /// already, that one is returned. `notice` gets a line when something was fetched, and one where
    /// ONNX Runtime may have [reported](Self#reports-to-onnx-runtimes-maker) on the process.
    ///
    /// # Errors
    /// [`EncoderError::RuntimeMissing`], [`EncoderError::RuntimeTooOld`] and
    /// [`EncoderError::RuntimeBroken`] for a library that was named; [`EncoderError::RuntimeOffline`]
    /// if there is none and fetching is forbidden, [`EncoderError::RuntimeNotFound`] if it was not asked
    /// for; [`EncoderError::RuntimeCacheAccess`] if other users may change the library in the cache; the
    /// other `Runtime…` errors from fetching.
    pub fn load(
        params: &RuntimeParams,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Self, EncoderError> {
        let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        let runtime = find(params, notice)?;
        if std::env::var_os(NO_REPORTS).is_none_or(|value| value != "1") {
            notice(
                "ONNX Runtime may have reported on this process to its maker: set \
                 ORT_DISABLE_TELEMETRY=1 before the program starts",
            );
        }
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// The runtime of the process, found and loaded at first use as by [`load`](Self::load) with the
    /// default settings: nothing is fetched. A program that wants other settings calls
    /// [`load`](Self::load) before.
    ///
    /// # Errors
    /// As [`load`](Self::load) with [`RuntimeParams::default`].
    pub fn shared() -> Result<Self, EncoderError> {
        Self::load(&RuntimeParams::default(), &mut |_| {})
    }

    /// Path of the library.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Source that named the library.
    #[must_use]
    pub fn origin(&self) -> RuntimeOrigin {
        self.origin
    }

    /// Build information of the library, its version included.
    #[must_use]
    pub fn build_info(&self) -> &'static str {
        self.engine.build_info()
    }

    /// The library, to load graphs into.
    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }
}

fn find(params: &RuntimeParams, notice: &mut dyn FnMut(&str)) -> Result<Runtime, EncoderError> {
    let from_env =
        || std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()).map(PathBuf::from);
    let named = params.library.clone().map(|path| (RuntimeOrigin::Setting, path));
    let named = named.or_else(|| from_env().map(|path| (RuntimeOrigin::Environment, path)));
    if let Some((origin, path)) = named {
        return open(origin, path);
    }
    let cache = cloze_store::cache_folder();
    let mut passed = PassedOver::default();
    if let Some(path) = locate::beside_executable() {
        match open(RuntimeOrigin::BesideExecutable, path.clone()) {
            Ok(runtime) => return Ok(runtime),
            Err(error) => passed.add(&error),
        }
    }
    let mut broken = vec![];
    for (cache, (path, archive)) in
        cache.iter().flat_map(|cache| cached::list(cache).into_iter().map(move |l| (cache, l)))
    {
        let checked = cached::check(cache, &path, archive);
        match checked.and_then(|()| open(RuntimeOrigin::Cache, path.clone())) {
            Ok(runtime) => {
                passed.warn(notice);
                return Ok(runtime);
            }
            // Fetching would not help: the next library would lie as open to others.
            Err(error @ EncoderError::RuntimeCacheAccess { .. }) => return Err(error),
            Err(error) => {
                if matches!(error, EncoderError::RuntimeLibraryChecksum { .. }) {
                    passed.suspicious.push(error.to_string());
                }
                passed.add(&error);
                broken.push(path);
            }
        }
    }
    // Python is asked only if there is nothing on the disk: it costs a process.
    let programs = child::Programs::of_environment()?;
    let python = locate::in_python(&programs);
    for error in &python.refused {
        passed.suspicious.push(error.to_string());
        passed.add(error);
    }
    if let Some(path) = python.path {
        match open(RuntimeOrigin::Python, path) {
            Ok(runtime) => {
                passed.warn(notice);
                return Ok(runtime);
            }
            Err(error) => passed.add(&error),
        }
    }
    if params.offline || std::env::var_os(OFFLINE).is_some_and(|value| is_truthy(&value)) {
        return Err(EncoderError::RuntimeOffline { passed_over: passed.lines });
    }
    if !params.fetch {
        return Err(EncoderError::RuntimeNotFound { passed_over: passed.lines });
    }
    let Some(cache) = cache else {
        return Err(EncoderError::RuntimeNoCache);
    };
    passed.warn(notice);
    open(RuntimeOrigin::Fetched, fetch::fetch(&cache, &broken, &programs, notice)?)
}

/// Libraries that were found and not taken, with the reasons.
#[derive(Default)]
struct PassedOver {
    /// All of them, as lines of an error's text.
    lines: String,
    /// Libraries that somebody may have put there.
    suspicious: Vec<String>,
}

impl PassedOver {
    fn add(&mut self, error: &EncoderError) {
        self.lines.push_str("\n  passed over: ");
        // The way out is that of having no library, which the last error names.
        let text = error.to_string();
        self.lines.push_str(text.split("\nhint: ").next().unwrap_or(&text));
    }

    /// Reports what is suspicious where another library is used, so that no error names it.
    fn warn(&self, notice: &mut dyn FnMut(&str)) {
        for text in &self.suspicious {
            notice(&format!("warning: not loaded: {text}"));
        }
    }
}

/// Loads the library at `path`, which is made absolute: a relative one would be looked for beside
/// the program, and a bare name in the system's folders.
fn open(origin: RuntimeOrigin, path: PathBuf) -> Result<Runtime, EncoderError> {
    let path = match fs_err::canonicalize(&path) {
        Ok(absolute) if absolute.is_file() => absolute,
        _ => return Err(EncoderError::RuntimeMissing { path, origin: origin.name() }),
    };
    let engine = Arc::new(OnnxRuntime::load(&path)?);
    Ok(Runtime { engine, path, origin })
}

/// Whether a variable of the environment is set to something that does not mean no; as clap's
/// `FalseyValueParser`, by which the command reads it.
fn is_truthy(value: &OsStr) -> bool {
    let value = value.to_string_lossy().to_lowercase();
    !matches!(&*value, "" | "n" | "no" | "f" | "false" | "off" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_no_are_not_truthy() {
        for no in ["", "0", "n", "No", "f", "FALSE", "oFF"] {
            assert!(!is_truthy(OsStr::new(no)), "{no:?}");
        }
        for yes in ["1", "y", "yes", "true", "on", "100", " ", "random"] {
            assert!(is_truthy(OsStr::new(yes)), "{yes:?}");
        }
    }
}
