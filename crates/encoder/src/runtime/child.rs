//! Programs that are run to find or to fetch ONNX Runtime: found on the PATH, and started where nothing
//! of the current folder can change what they do.
//!
//! The current folder may be a stranger's: a download, a clone. A program there named `npm`, a module
//! `types.py`, a package `pip` and a file `.npmrc` would be run or read if a child started in it.
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::EncoderError;

/// Variables that name code or settings for Python and npm, or the folder that a shell was in.
const UNWANTED: [&str; 8] = [
    "NODE_OPTIONS",
    "NODE_PATH",
    "NPM_CONFIG_LOCAL_PREFIX",
    "NPM_CONFIG_WORKSPACE",
    "NPM_CONFIG_WORKSPACES",
    "INIT_CWD",
    "OLDPWD",
    "PYENV_DIR",
];

/// The current folder, as something whose files must not be run.
pub(super) struct CurrentFolder {
    path: Option<PathBuf>,
    /// Whether what lies below it may be run all the same.
    below_is_trusted: bool,
}

impl CurrentFolder {
    /// The one of the process. Everything on the machine is below `/`, and what a user installs below
    /// the home folder: only the files in these two themselves are not run there.
    pub(super) fn of_process() -> Self {
        let home = etcetera::home_dir().ok().and_then(|home| fs_err::canonicalize(home).ok());
        let path = std::env::current_dir().and_then(fs_err::canonicalize).ok();
        let below_is_trusted = path
            .as_ref()
            .is_some_and(|path| path.parent().is_none() || Some(path) == home.as_ref());
        Self { path, below_is_trusted }
    }

    /// Whether the file or folder at `path` is the current folder, or is in it, or below; links are
    /// followed.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let (Some(current), Ok(path)) = (&self.path, fs_err::canonicalize(path)) else {
            return false;
        };
        if self.below_is_trusted {
            return path == *current || path.is_file() && path.parent() == Some(current);
        }
        path.starts_with(current)
    }
}

/// Reason why a program cannot be run.
pub(super) enum NotFound {
    /// No folder of the PATH has it.
    Missing,
    /// The only one is this, in the current folder.
    InCurrentFolder(PathBuf),
}

/// The programs of the PATH, those of the current folder left out.
pub(super) struct Programs {
    current: CurrentFolder,
    /// Absolute folders of the PATH, apart from the current one and those below it.
    trusted: Vec<PathBuf>,
    /// The other folders of the PATH.
    refused: Vec<PathBuf>,
    /// Folder that children are run in, in which there is nothing but an empty `package.json`.
    folder: tempfile::TempDir,
}

impl Programs {
    /// Programs in the PATH of this process.
    ///
    /// # Errors
    /// [`EncoderError::RuntimeTemporary`] if the folder that children run in cannot be created.
    pub(super) fn of_environment() -> Result<Self, EncoderError> {
        let current = CurrentFolder::of_process();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path);
        let (trusted, refused) =
            folders.partition(|folder| folder.is_absolute() && !current.holds(folder));
        let failed = |source| EncoderError::RuntimeTemporary { source };
        let folder = tempfile::Builder::new().prefix("cloze-").tempdir().map_err(failed)?;
        // npm reads the `.npmrc` of the first folder, upwards from its own, that is a package.
        fs_err::write(folder.path().join("package.json"), "{}\n").map_err(failed)?;
        Ok(Self { current, trusted, refused, folder })
    }

    /// The current folder of this process.
    pub(super) fn current_folder(&self) -> &CurrentFolder {
        &self.current
    }

    /// Folder that the programs are run in.
    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Path of the program `name`.
    pub(super) fn find(&self, name: &str) -> Result<PathBuf, NotFound> {
        let files = |folders: &[PathBuf]| -> Vec<PathBuf> {
            let files = folders.iter().flat_map(|folder| in_folder(folder, name));
            files.filter(|file| is_program(file)).collect()
        };
        let (inside, trusted): (Vec<_>, Vec<_>) =
            files(&self.trusted).into_iter().partition(|file| self.current.holds(file));
        if let Some(file) = trusted.into_iter().next() {
            return Ok(file);
        }
        let refused = inside.into_iter().chain(files(&self.refused)).next();
        Err(refused.map_or(NotFound::Missing, NotFound::InCurrentFolder))
    }

    /// The program at `path`, ready to run: in a folder of its own, with a PATH that has nothing of the
    /// current one, and without variables that would add code.
    pub(super) fn command(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command.current_dir(self.folder()).env("PWD", self.folder()).stdin(Stdio::null());
        // What was split has no separator in it, so that it can be joined.
        command.env("PATH", std::env::join_paths(&self.trusted).unwrap_or_default());
        // Windows' shell looks for programs in the current folder first, unless this is set.
        command.env("NoDefaultCurrentDirectoryInExePath", "1");
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_unwanted(name)) {
            command.env_remove(name);
        }
        command
    }
}

/// Whether a variable of the environment would add code or settings to a child.
fn is_unwanted(name: &OsString) -> bool {
    let name = name.to_string_lossy().to_uppercase();
    name.starts_with("PYTHON") || UNWANTED.contains(&&*name)
}

/// Paths that the program `name` may have in a folder.
fn in_folder(folder: &Path, name: &str) -> Vec<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    endings.iter().map(|ending| folder.join(format!("{name}{ending}"))).collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_folder_holds_itself_and_what_is_below() {
        let folder = tempfile::tempdir().unwrap();
        let path = fs_err::canonicalize(folder.path()).unwrap();
        let below = path.join("bin");
        fs_err::create_dir(&below).unwrap();
        for file in [path.join("npm"), below.join("npm")] {
            fs_err::write(file, "").unwrap();
        }
        let stranger = CurrentFolder { path: Some(path.clone()), below_is_trusted: false };
        let home = CurrentFolder { path: Some(path.clone()), below_is_trusted: true };
        for (inside, in_home) in
            [(&path, true), (&path.join("npm"), true), (&below, false), (&below.join("npm"), false)]
        {
            assert!(stranger.holds(inside), "{inside:?}");
            assert_eq!(home.holds(inside), in_home, "{inside:?}");
        }
        let above = path.parent().unwrap();
        assert!(!stranger.holds(above) && !home.holds(above));
        // A name that begins like the folder's is another folder's.
        assert!(!stranger.holds(&path.with_extension("other")));
    }

    #[test]
    fn variables_that_add_code_are_left_out() {
        for name in
            ["PYTHONPATH", "PYTHONSTARTUP", "node_options", "npm_config_workspace", "OLDPWD"]
        {
            assert!(is_unwanted(&name.into()), "{name}");
        }
        for name in ["PATH", "PIP_INDEX_URL", "npm_config_registry", "HTTPS_PROXY", "HOME"] {
            assert!(!is_unwanted(&name.into()), "{name}");
        }
    }
}
