//! Tests of finding the runtime's library, and of the error if there is none. A process has one
//! library and one environment, so each case is a process of its own: this program again, as
//! [`child`].
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::error::Error as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use cloze_encoder::{Runtime, RuntimeParams};
use tempfile::TempDir;

/// Variables through which [`child`] is told what to do.
const ANSWER: &str = "CLOZE_TEST_ANSWER";
const LIBRARY: &str = "CLOZE_TEST_LIBRARY";
const FETCH: &str = "CLOZE_TEST_FETCH";
const OFFLINE: &str = "CLOZE_TEST_OFFLINE";

/// Loads the runtime as its environment says, and writes what came of it to a file: the kind of
/// result, then what is said, a line a cause. The other tests run it, each in a process of its own;
/// by itself it does nothing.
#[test]
fn child() {
    let Some(answer) = std::env::var_os(ANSWER) else { return };
    let params = RuntimeParams::default()
        .library(std::env::var_os(LIBRARY).map(PathBuf::from))
        .fetch(std::env::var_os(FETCH).is_some())
        .offline(std::env::var_os(OFFLINE).is_some());
    let mut lines = vec![];
    match Runtime::load(&params, &mut |notice| lines.push(format!("notice: {notice}"))) {
        Ok(runtime) => {
            lines.push(format!("{:?}", runtime.origin()));
            lines.push(runtime.path().display().to_string());
            assert!(runtime.build_info().starts_with("ORT Build Info: "));
            // Whoever comes second gets what is loaded, whatever it asks for.
            let other = RuntimeParams::default().library(Some("nowhere".into()));
            let again = Runtime::load(&other, &mut |_| {}).unwrap();
            assert_eq!(again.path(), runtime.path());
            assert_eq!(Runtime::shared().unwrap().path(), runtime.path());
        }
        Err(error) => {
            let debug = format!("{error:?}");
            let variant = debug.split([' ', '{', '(']).next().unwrap_or_default();
            lines.extend([variant.to_owned(), error.to_string()]);
            let mut cause = error.source();
            while let Some(error) = cause {
                lines.push(error.to_string());
                cause = error.source();
            }
        }
    }
    fs_err::write(answer, lines.join("\n")).unwrap();
}

/// A machine with nothing on it: an empty cache, and a PATH of one empty folder.
struct Machine {
    root: TempDir,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "cache", "home"] {
            fs_err::create_dir(root.path().join(folder)).unwrap();
        }
        // ONNX Runtime reports to its maker else, and a notice says so.
        Self { root, variables: vec![("ORT_DISABLE_TELEMETRY", "1".into())] }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    fn set(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn offline(self) -> Self {
        self.set(OFFLINE, "1")
    }

    fn fetch(self) -> Self {
        self.set(FETCH, "1")
    }

    /// Puts a shell script on the PATH. A shell writes it: were it open for writing in this process,
    /// a child that another test starts meanwhile would hold it open too, until it is a program of
    /// its own, and a file that anyone has open for writing cannot be run ("text file busy").
    fn program(self, name: &str, script: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#, "sh"]);
        shell.arg(self.path("bin").join(name)).arg(script);
        assert!(shell.status().unwrap().success());
        self
    }

    /// Puts a library into the cache, as version `version`.
    fn cached(self, version: &str, library: &Path) -> Self {
        let folder = self.path("cache").join(format!("onnxruntime-{version}"));
        fs_err::create_dir(&folder).unwrap();
        symlink(library, folder.join(library_name())).unwrap();
        self
    }

    /// Output of [`child`] on this machine, whose folder is called `ROOT` in it.
    fn load(&self) -> String {
        let answer = self.path("answer");
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["child", "--exact"]);
        child.env_clear().env("PATH", self.path("bin")).env("HOME", self.path("home"));
        child.env("CLOZE_CACHE", self.path("cache")).env(ANSWER, &answer);
        child.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some((_, folder)) = self.variables.iter().find(|(name, _)| *name == "CURRENT") {
            child.current_dir(folder);
        }
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let answer = fs_err::read_to_string(answer).unwrap();
        let root = fs_err::canonicalize(self.root.path()).unwrap();
        let answer = answer.replace(&root.display().to_string(), "ROOT");
        answer.replace(&self.root.path().display().to_string(), "ROOT")
    }

    /// Files in the cache by now, folders that are empty left out.
    fn files_in_cache(&self) -> Vec<PathBuf> {
        self.files_in("cache")
    }

    fn files_in(&self, folder: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.path(folder)];
        let mut files = vec![];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }
}

fn library_name() -> String {
    format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// The library that works on this machine.
fn working() -> PathBuf {
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {});
    runtime.expect("a runtime on this machine, or a way to fetch one").path().to_owned()
}

/// Builds a library from a few lines of Rust.
fn build(source: &str, to: &Path) {
    let code = to.with_extension("rs");
    fs_err::write(&code, source).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut rustc = Command::new(rustc);
    rustc.args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "fake", "-o"]);
    let output = rustc.arg(to).arg(&code).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A library that says it is ONNX Runtime 1.10.0, and has nothing else to it.
const OLD: &str = r#"
#[repr(C)]
pub struct Base {
    get_api: extern "C" fn(u32) -> *const u8,
    get_version: extern "C" fn() -> *const u8,
}
extern "C" fn get_api(_: u32) -> *const u8 { std::ptr::null() }
extern "C" fn get_version() -> *const u8 { c"1.10.0".as_ptr().cast() }
static BASE: Base = Base { get_api, get_version };
#[unsafe(no_mangle)]
pub extern "C" fn OrtGetApiBase() -> &'static Base { &BASE }
"#;

#[test]
fn a_named_library_that_is_not_there_is_missing() {
    let machine = Machine::new();
    let nowhere = machine.path("nowhere.so");
    let machine = machine.set(LIBRARY, nowhere.clone());
    assert_eq!(
        machine.load(),
        "RuntimeMissing\nROOT/nowhere.so: no ONNX Runtime library there (named in the settings)"
    );
    let machine = Machine::new();
    let nowhere = machine.path("nowhere.so");
    let machine = machine.set("ORT_DYLIB_PATH", nowhere);
    assert_eq!(
        machine.load(),
        "RuntimeMissing\nROOT/nowhere.so: no ONNX Runtime library there (named by ORT_DYLIB_PATH)"
    );
    // A folder is no library.
    let machine = Machine::new();
    let folder = machine.path("cache");
    assert_eq!(
        machine.set(LIBRARY, folder).load(),
        "RuntimeMissing\nROOT/cache: no ONNX Runtime library there (named in the settings)"
    );
}

#[test]
fn a_file_that_is_no_library_is_broken() {
    let machine = Machine::new();
    let text = machine.path("text.so");
    fs_err::write(&text, "not a library").unwrap();
    let said = machine.set(LIBRARY, text).load();
    let lines: Vec<&str> = said.lines().collect();
    let expected = ["RuntimeBroken", "ROOT/text.so: not a working ONNX Runtime library"];
    assert_eq!(lines[..2], expected);
    assert!(lines[2].starts_with("failed to load from `ROOT/text.so`: "), "{said}");
}

#[test]
fn another_library_is_broken() {
    let machine = Machine::new();
    let other = machine.path("other.so");
    build("#[unsafe(no_mangle)] pub extern \"C\" fn other() {}", &other);
    assert_eq!(
        machine.set(LIBRARY, other).load(),
        "RuntimeBroken\nROOT/other.so: not a working ONNX Runtime library\n\
         ROOT/other.so does not export `OrtGetApiBase`"
    );
}

/// 1.22 loads, but aborts the process at the first session.
#[test]
fn an_old_library_is_too_old() {
    for version in ["1.10.0", "1.22.1"] {
        let machine = Machine::new();
        let old = machine.path("old.so");
        build(&OLD.replace("1.10.0", version), &old);
        let error = format!(
            "RuntimeTooOld\nROOT/old.so: ONNX Runtime {version} is too old; 1.23 or newer is needed"
        );
        assert_eq!(machine.set(LIBRARY, old).load(), error);
    }
}

const WAYS: &str = "hint: any of these provides it: `cloze setup` while online; ORT_DYLIB_PATH or \
                    --runtime naming the library; the library beside the program; `pip install \
                    onnxruntime`";

#[test]
fn offline_with_nothing_there_says_the_ways() {
    let machine = Machine::new().offline();
    assert_eq!(
        machine.load(),
        format!(
            "RuntimeOffline\nno ONNX Runtime library found, and fetching one is forbidden \
             (offline)\n{WAYS}"
        )
    );
    assert_eq!(machine.files_in_cache(), Vec::<PathBuf>::new());
}

/// Nobody is asked for the library unless the settings say so, though a client is there.
#[test]
fn nothing_is_fetched_unless_asked_for() {
    let asked = "echo asked > \"$CLOZE_CACHE/asked\"\nexit 1";
    let machine = Machine::new().program("npm", asked);
    assert_eq!(
        machine.load(),
        "RuntimeNotFound\nno ONNX Runtime library found, and RuntimeParams::fetch is not set to fetch \
         one\nhint: any of these provides it: `cloze setup`, once; `RuntimeParams::fetch(true)`; \
         ORT_DYLIB_PATH or `RuntimeParams::library` naming the library; the library beside the program; \
         `pip install onnxruntime`"
    );
    assert_eq!(machine.files_in_cache(), Vec::<PathBuf>::new());
}

/// `CLOZE_OFFLINE` forbids it, asked for or not; a word for no does not.
#[test]
fn the_environment_forbids_fetching() {
    let asked = "echo asked > \"$CLOZE_CACHE/asked\"\nexit 1";
    for yes in ["1", "true", "anything"] {
        let machine = || Machine::new().program("npm", asked).set("CLOZE_OFFLINE", yes);
        for machine in [machine(), machine().fetch()] {
            let expected = "RuntimeOffline\nno ONNX Runtime library found, and fetching one is \
                            forbidden (offline)\n";
            assert_eq!(machine.load(), format!("{expected}{WAYS}"));
            assert_eq!(machine.files_in_cache(), Vec::<PathBuf>::new());
        }
    }
    for no in ["", "0", "No"] {
        let machine = Machine::new().program("npm", asked).set("CLOZE_OFFLINE", no).fetch();
        assert!(machine.load().starts_with("RuntimeFetch\n"));
        assert!(machine.files_in_cache().contains(&machine.path("cache/asked")));
    }
}

#[test]
fn a_library_in_the_cache_is_used() {
    let working = working();
    let machine = Machine::new().offline().cached("1.32.0", &working);
    assert_eq!(machine.load(), format!("Cache\n{}", working.display()));
}

/// From 1.29 on ONNX Runtime keeps an identifier of the machine and reports to its maker under the
/// user's cache folder, unless it is kept from it.
#[test]
fn what_may_have_been_reported_is_noted() {
    let machine = || Machine::new().offline().cached("1.32.0", &working());
    let silent = machine();
    assert_eq!(silent.load(), format!("Cache\n{}", working().display()));
    assert_eq!(silent.files_in("home"), Vec::<PathBuf>::new());
    let note = "notice: ONNX Runtime may have reported on this process to its maker: set \
                ORT_DISABLE_TELEMETRY=1 before the program starts\nCache\n";
    let mut unset = machine();
    unset.variables.retain(|(name, _)| *name != "ORT_DISABLE_TELEMETRY");
    let odd = ["", "0"].map(|value| machine().set("ORT_DISABLE_TELEMETRY", value));
    for machine in odd.into_iter().chain([unset]) {
        // It does not report from where this is set, so that this test does not either.
        let machine = machine.set("CI", "true");
        let said = machine.load();
        assert!(said.starts_with(note), "{said}");
        assert_eq!(machine.files_in("home"), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_setting_comes_before_the_environment_and_that_before_the_cache() {
    let working = working();
    let machine = Machine::new().cached("1.32.0", &working);
    let nowhere = machine.path("nowhere.so");
    let machine = machine.set("ORT_DYLIB_PATH", nowhere);
    assert!(machine.load().starts_with("RuntimeMissing"));
    let machine = machine.set(LIBRARY, &working);
    assert_eq!(machine.load(), format!("Setting\n{}", working.display()));
}

/// A library that was not named is passed over when it does not work; if none is left, the error
/// says so.
#[test]
fn a_broken_library_in_the_cache_is_passed_over() {
    let machine = Machine::new().offline();
    let (text, old) = (machine.path("text.so"), machine.path("old.so"));
    fs_err::write(&text, "not a library").unwrap();
    build(OLD, &old);
    let machine = machine.cached("1.32.0", &text).cached("1.30.0", &old);
    let said = machine.load();
    let lines: Vec<&str> = said.lines().collect();
    // Neither is loaded: that the second one is old is not known.
    let [first, second] = ["1.32.0", "1.30.0"]
        .map(|version| format!("ROOT/cache/onnxruntime-{version}/{}: SHA-256 ", library_name()));
    assert_eq!(lines[0], "RuntimeOffline", "{said}");
    assert!(said.contains(&format!("\n  passed over: {first}")), "{said}");
    assert_eq!(lines.iter().filter(|line| line.contains("passed over: ")).count(), 2, "{said}");
    assert!(said.contains(&format!("\n  passed over: {second}")), "{said}");
    assert!(said.ends_with(WAYS), "{said}");
}

/// A library that works, and is not the one that is fetched: ONNX Runtime, with a byte behind its end.
#[test]
fn a_library_of_another_hash_in_the_cache_is_not_loaded() {
    let machine = Machine::new().offline();
    let other = machine.path("other.so");
    let mut bytes = fs_err::read(working()).unwrap();
    bytes.push(0);
    fs_err::write(&other, bytes).unwrap();
    let machine = machine.cached("1.32.0", &other);
    let said = machine.load();
    assert!(said.contains("RuntimeOffline") && said.contains(", expected "), "{said}");
    // Named, it is the user's.
    let machine = machine.set(LIBRARY, &other);
    assert_eq!(machine.load(), "Setting\nROOT/other.so");
}

/// Whoever may write a file, or the folder that it is in, may put any library there.
#[test]
fn a_cache_that_others_can_write_is_refused() {
    let library = format!("cache/onnxruntime-1.32.0/{}", library_name());
    for (place, mode) in
        [("cache", 0o775), ("cache/onnxruntime-1.32.0", 0o757), (library.as_str(), 0o666)]
    {
        let machine = Machine::new().offline();
        let folder = machine.path("cache/onnxruntime-1.32.0");
        fs_err::create_dir(&folder).unwrap();
        fs_err::copy(working(), machine.path(&library)).unwrap();
        let set = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            fs_err::set_permissions(machine.path(place), mode).unwrap();
        };
        set(mode);
        let said = machine.load();
        let expected = format!(
            "RuntimeCacheAccess\nROOT/{place}: writable by other users (mode {mode:04o}); expected a cache \
             that only its user can change\nhint: "
        );
        assert!(said.starts_with(&expected), "{said}");
        set(0o755);
        assert_eq!(machine.load(), format!("Cache\nROOT/{library}"));
    }
}

/// The hash of a library that has lain there for a while is computed once, and recorded beside it.
#[test]
fn a_checked_library_is_recorded() {
    let machine = Machine::new().offline().cached("1.32.0", &working());
    assert_eq!(machine.load(), format!("Cache\n{}", working().display()));
    let record = format!("cache/onnxruntime-1.32.0/{}.checked", library_name());
    let text = fs_err::read_to_string(machine.path(&record)).unwrap();
    let hash = text.lines().next().unwrap();
    let expected = cloze_store::checksum::sha256_file(working()).unwrap();
    assert_eq!(hash, expected);
    // The record is believed while the file is as it was.
    fs_err::write(machine.path(&record), text.replace(hash, "recorded")).unwrap();
    assert!(machine.load().contains(": SHA-256 recorded, expected "), "{}", machine.load());
}

#[test]
fn the_library_of_a_python_package_is_used() {
    let machine = Machine::new().offline();
    let capi = machine.path("site/onnxruntime/capi");
    fs_err::create_dir_all(&capi).unwrap();
    symlink(working(), capi.join(format!("{}.1.32.0", library_name()))).unwrap();
    let package = machine.path("site/onnxruntime");
    let machine = machine.program("python3", &format!("echo '{}'", package.display()));
    assert_eq!(machine.load(), format!("Python\n{}", working().display()));
}

/// Programs and packages of the current folder are not run and not loaded, whatever the PATH says, and
/// what is run finds nothing of that folder where it runs.
#[test]
fn nothing_of_the_current_folder_is_run() {
    let mark = "echo ran >> \"$CLOZE_CACHE/marker\"";
    let machine = Machine::new().fetch().program("npm", mark).program("python3", mark);
    let bin = machine.path("bin");
    let inside = machine.set("CURRENT", &bin);
    let said = inside.load();
    let refused = "npm: ROOT/bin/npm lies in the current folder, and was not run";
    assert!(said.starts_with("RuntimeFetch\n") && said.contains(refused), "{said}");
    assert_eq!(inside.files_in_cache(), [inside.path("cache/onnxruntime.lock")]);
    // A package of the current folder, which the Python of the PATH names.
    let machine = Machine::new().offline();
    let capi = machine.path("here/onnxruntime/capi");
    fs_err::create_dir_all(&capi).unwrap();
    let library = capi.join(format!("{}.1.32.0", library_name()));
    symlink(working(), library).unwrap();
    let here = machine.path("here");
    let script = format!("echo '{}'", here.join("onnxruntime").display());
    let machine = machine.program("python3", &script).set("CURRENT", here);
    let said = machine.load();
    let expected = "passed over: ROOT/here/onnxruntime/capi/";
    assert!(said.starts_with("RuntimeOffline\n") && said.contains(expected), "{said}");
    // A client sees neither the folder's files nor its PATH, nor variables that add code.
    let look = "{ echo *; echo \"$PYTHONPATH$NODE_OPTIONS\"; echo \"$PATH\"; } > \"$CLOZE_CACHE/seen\"\nexit 1";
    let machine = Machine::new().fetch().program("npm", look);
    let here = machine.path("here");
    fs_err::create_dir(&here).unwrap();
    fs_err::write(here.join(".npmrc"), "").unwrap();
    let path = format!("{}:.::bin:{}", here.display(), machine.path("bin").display());
    let machine = machine.set("PATH", path).set("CURRENT", here);
    let machine = machine.set("PYTHONPATH", ".").set("NODE_OPTIONS", "--require ./x.js");
    machine.load();
    let seen = fs_err::read_to_string(machine.path("cache/seen")).unwrap();
    assert_eq!(seen, format!("package.json\n\n{}\n", machine.path("bin").display()));
}

/// A Python that has no onnxruntime, and to whom `-m pip` does what follows; the last argument is
/// the folder to download to.
fn python(pip: &str) -> String {
    format!("[ \"$2\" = -c ] && exit 0\nfor folder; do :; done\n{pip}")
}

#[test]
fn without_a_client_nothing_is_fetched() {
    let machine = Machine::new().fetch();
    assert_eq!(
        machine.load(),
        "RuntimeFetch\nONNX Runtime could not be fetched: this machine has neither pip nor npm\n\
         hint: it takes Python with pip, or npm, and a network; or name a library with \
         ORT_DYLIB_PATH or --runtime"
    );
    assert_eq!(machine.files_in_cache(), [machine.path("cache/onnxruntime.lock")]);
}

#[test]
fn each_client_that_fails_is_quoted() {
    let pip = "echo 'WARNING: something else' >&2\necho 'ERROR: No matching version' >&2\n\
               echo >&2\nexit 1";
    let npm = "echo half > \"$6/half.tgz\"\necho 'npm error network' >&2\nexit 7";
    let machine = Machine::new()
        .fetch()
        .program("python3", &python(pip))
        .program("pip", "exit 3")
        .program("pip3", "exit 0")
        .program("npm", npm);
    assert_eq!(
        machine.load(),
        "RuntimeFetch\nONNX Runtime could not be fetched: python3: ERROR: No matching version \
         (exit status: 1); pip3: ended well, and left no file; pip: without an error message (exit status: \
         3); npm: npm error network (exit status: 7)\n\
         hint: it takes Python with pip, or npm, and a network; or name a library with \
         ORT_DYLIB_PATH or --runtime"
    );
    assert_eq!(machine.files_in_cache(), [machine.path("cache/onnxruntime.lock")]);
}

/// "wrong" and a line end have the SHA-256 that `sha256sum` says here.
const WRONG: &str = "543df89fec85b1c280e5be7bc6a33e31203503cd6edb3084312de4db5a9b436c";

#[test]
fn an_archive_of_other_content_is_refused() {
    let machine = Machine::new()
        .fetch()
        .program("python3", &python("echo wrong > \"$folder/onnxruntime-1.32.0.whl\""))
        // It is not asked: a wrong hash ends it.
        .program("npm", "echo asked > \"$CLOZE_CACHE/asked\"\nexit 1");
    let said = machine.load();
    let expected = format!("RuntimeChecksum\nonnxruntime-1.32.0.whl: SHA-256 {WRONG}, expected ");
    assert!(said.starts_with(&expected) && said.ends_with(": refused"), "{said}");
    assert_eq!(machine.files_in_cache(), [machine.path("cache/onnxruntime.lock")]);
}

#[test]
fn the_next_client_is_asked_where_one_fails() {
    let machine = Machine::new()
        .fetch()
        .program("python3", &python("exit 1"))
        .program("npm", "for folder; do :; done\necho wrong > \"$folder/onnxruntime-node.tgz\"");
    let said = machine.load();
    let expected = format!("RuntimeChecksum\nonnxruntime-node.tgz: SHA-256 {WRONG}, expected ");
    assert!(said.starts_with(&expected), "{said}");
}

/// A broken library in the cache does not stand for the one to be fetched.
#[test]
fn a_broken_library_in_the_cache_is_fetched_again() {
    let machine = Machine::new().fetch().program("python3", &python("echo tried >&2; exit 1"));
    let text = machine.path("text.so");
    fs_err::write(&text, "not a library").unwrap();
    let machine = machine.cached("1.32.0", &text);
    let said = machine.load();
    assert!(said.contains("python3: tried (exit status: 1)"), "{said}");
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let machine = Machine::new().fetch();
    let file = machine.path("file");
    fs_err::write(&file, "").unwrap();
    let said = machine.set("CLOZE_CACHE", file.join("cache")).load();
    let expected = "RuntimeStore\nONNX Runtime cannot be kept in the cache\n";
    assert!(said.starts_with(expected) && said.contains("ROOT/file/cache"), "{said}");
}
