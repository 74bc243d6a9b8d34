//! ONNX Runtime's library: found on the machine, or fetched once.
//!
//! Looked for, in this order: the setting; `ORT_DYLIB_PATH`; beside the program; the cache folder;
//! the `onnxruntime` package of the machine's Python; fetched. A library that the user named must
//! work; one that merely lies about is passed over when it does not, and said so when none is left.
mod fetch;
mod locate;
mod platform;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::LoadDynamicError;
use ort::environment::Environment;

pub use locate::Origin;

use crate::EncoderError;

/// How to come by ONNX Runtime.
#[derive(Clone, Debug, Default)]
pub struct RuntimeParams {
    library: Option<PathBuf>,
    offline: bool,
}

impl RuntimeParams {
    /// The library to use, and no other. Default: looked for.
    #[must_use]
    pub fn library(mut self, path: Option<PathBuf>) -> Self {
        self.library = path;
        self
    }

    /// Whether fetching is forbidden. Default `false`.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }
}

/// A loaded ONNX Runtime. There is one a process: whoever comes first decides which.
#[derive(Clone, Debug)]
pub struct Runtime {
    pub(crate) environment: Environment,
    path: PathBuf,
    origin: Origin,
}

/// The environment variable that keeps ONNX Runtime from reporting on the process.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

/// What the process has loaded.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Finds and loads the library, fetching it if need be and allowed; `notice` gets one line when
    /// something was fetched. Where the process has a library already, that one is returned.
    ///
    /// ONNX Runtime reports on the process to its maker unless `ORT_DISABLE_TELEMETRY` is 1 while it is
    /// loaded. Where it is not, it is for that time: a program with threads that read the
    /// environment through C meanwhile sets it itself, before it starts them.
    ///
    /// # Errors
    /// [`EncoderError::RuntimeMissing`], [`EncoderError::RuntimeTooOld`] and
    /// [`EncoderError::RuntimeBroken`] for a library that was named; [`EncoderError::RuntimeOffline`]
    /// if there is none and fetching is forbidden; the other `Runtime…` errors from fetching.
    pub fn load(
        params: &RuntimeParams,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Self, EncoderError> {
        let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        let runtime = find(params, notice)?;
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// Where the library is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was found.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What the library says of how it was built, its version included.
    #[must_use]
    pub fn build_info(&self) -> &'static str {
        ort::info()
    }
}

fn find(params: &RuntimeParams, notice: &mut dyn FnMut(&str)) -> Result<Runtime, EncoderError> {
    let from_env =
        || std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()).map(PathBuf::from);
    let named = params.library.clone().map(|path| (Origin::Setting, path));
    let named = named.or_else(|| from_env().map(|path| (Origin::Environment, path)));
    if let Some((origin, path)) = named {
        return open(origin, path);
    }
    let cache = locate::cache_folder();
    let (mut passed_over, mut broken) = (String::new(), vec![]);
    let mut attempt = |origin, path: PathBuf| match open(origin, path.clone()) {
        Ok(runtime) => Some(runtime),
        Err(error) => {
            passed_over.push_str("\n  passed over: ");
            passed_over.push_str(&error.to_string());
            broken.push(path);
            None
        }
    };
    for (origin, path) in locate::on_disk(cache.as_deref()) {
        if let Some(runtime) = attempt(origin, path) {
            return Ok(runtime);
        }
    }
    if let Some(runtime) = locate::in_python().and_then(|path| attempt(Origin::Python, path)) {
        return Ok(runtime);
    }
    if params.offline {
        return Err(EncoderError::RuntimeOffline { passed_over });
    }
    let Some(cache) = cache else {
        return Err(EncoderError::RuntimeNoCache);
    };
    open(Origin::Fetched, fetch::fetch(&cache, &broken, notice)?)
}

/// Loads the library at `path`, which is made absolute: a relative one would be looked for beside
/// the program, and a bare name in the system's folders.
fn open(origin: Origin, path: PathBuf) -> Result<Runtime, EncoderError> {
    let path = match fs_err::canonicalize(&path) {
        Ok(absolute) if absolute.is_file() => absolute,
        _ => return Err(EncoderError::RuntimeMissing { path, origin: origin.name() }),
    };
    let environment = silently(|| environment(&path))?;
    Ok(Runtime { environment, path, origin })
}

fn environment(path: &Path) -> Result<Environment, EncoderError> {
    let builder = ort::init_from(path).map_err(|source| match source {
        LoadDynamicError::BadVersion { version_str, .. } => EncoderError::RuntimeTooOld {
            path: path.to_owned(),
            found: version_str,
            needed: ort::MINOR_VERSION,
        },
        source => EncoderError::RuntimeBroken { path: path.to_owned(), source: Box::new(source) },
    })?;
    let environment = builder.with_name("cloze").with_telemetry(false).build();
    environment.map_err(|source| EncoderError::RuntimeBroken {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Microsoft's builds report on the process to their maker; nothing here may reach the network. From
/// 1.29 on, other systems than Windows have had a report queued, and an identifier of the machine
/// stored in the user's cache folder, by the time that there is an environment in which telemetry could
/// be turned off (onnxruntime issue 25573). A variable that is looked at once, while it is made, turns
/// all of it off.
fn silently<T>(make: impl FnOnce() -> T) -> T {
    // Any other value, an empty one too, would let it report.
    if std::env::var_os(NO_REPORTS).is_some_and(|value| value == "1") {
        return make();
    }
    temp_env::with_var(NO_REPORTS, Some("1"), make)
}
