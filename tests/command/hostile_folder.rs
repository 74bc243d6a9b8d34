//! The command in a folder of a stranger's, on a machine without an ONNX Runtime: nothing there is run,
//! read as settings, loaded, or taken for a model that has its name elsewhere.
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::run::{Home, Ran, models};

/// A folder `here` in which every file that could be run leaves a mark, beside an empty `home`.
fn hostile() -> Home {
    let home = Home::new();
    let marker = home.path("marks");
    let python = format!("open({:?}, 'a').write(__file__ + '\\n')\n", marker.display().to_string());
    for module in [
        "types.py",
        "warnings.py",
        "site.py",
        "sitecustomize.py",
        "usercustomize.py",
        "importlib/__init__.py",
        "pip/__init__.py",
        "pip/__main__.py",
        "onnxruntime/__init__.py",
    ] {
        home.write(&format!("here/{module}"), &python);
    }
    let library =
        format!("here/onnxruntime/capi/{}onnxruntime.so.1.32.0", std::env::consts::DLL_PREFIX);
    home.write(&library, "a library that would be loaded");
    home.write("here/.npmrc", "registry=http://127.0.0.1:9/\n");
    home.write("here/package.json", "{}");
    for program in
        ["python3", "python", "py", "pip3", "npm", "node", "bin/python3", "bin/pip", "bin/npm"]
    {
        let path = format!("here/{program}");
        home.write(&path, format!("#!/bin/sh\necho \"$0\" >> '{}'\nexit 1\n", marker.display()));
        let mode = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(home.path(&path), mode).unwrap();
    }
    // Models that are not those of the names.
    for name in ["pii", "ner-en", "m"] {
        for place in ["here", "here/models"] {
            home.write(&format!("{place}/{name}/config.json"), "a model of somebody else's");
        }
    }
    home.write("here/a.txt", "My name is John Smith.");
    for folder in ["home", "programs"] {
        fs_err::create_dir(home.path(folder)).unwrap();
    }
    home
}

/// The command in that folder, as a user without cache, data and models of their own runs it.
fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloze"));
    command.args(args).current_dir(home.path("here")).env_clear();
    command.env("HOME", home.path("home")).env("PATH", path(home));
    command.env("PYTHONPATH", ".").env("NODE_OPTIONS", "--require ./x.js");
    command
}

/// A PATH on which folders of the current one come first, by all their names, and then the machine's.
fn path(home: &Home) -> OsString {
    let here = home.path("here");
    let inside = ["".into(), ".".into(), "bin".into(), here.clone(), here.join("bin")];
    let programs = home.path("programs");
    let machine = std::env::var_os("PATH").unwrap_or_default();
    let outside = std::iter::once(programs).chain(std::env::split_paths(&machine));
    std::env::join_paths(inside.into_iter().chain(outside)).unwrap()
}

/// Checks that no file of the folder ran.
#[track_caller]
fn nothing_ran(home: &Home) {
    let marks = fs_err::read_to_string(home.path("marks")).unwrap_or_default();
    assert_eq!(marks, "", "these ran");
}

/// Puts a program on the PATH, outside of the current folder.
fn program(home: &Home, name: &str, script: &str) {
    let path = format!("programs/{name}");
    home.write(&path, format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    fs_err::set_permissions(home.path(&path), mode).unwrap();
}

#[test]
fn offline_nothing_of_the_folder_is_run_or_loaded() {
    let home = hostile();
    let args = ["tag", "a.txt", "--offline"];
    let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
    nothing_ran(&home);
    // The machine's Python may have an ONNX Runtime; the folder's is not among those that were tried.
    assert!(!ran.stderr.contains("here/onnxruntime"), "{}", ran.stderr);
    let args = ["--version"];
    Ran::of(command(&home, &args).output().unwrap(), &args).good();
    nothing_ran(&home);
}

/// The clients are asked from a folder in which there is nothing of the current one.
#[test]
fn online_clients_run_elsewhere() {
    let home = hostile();
    let seen = home.path("seen");
    let look = format!("{{ echo \"$0 $*\"; ls -a; }} >> '{}'\nexit 1", seen.display());
    for name in ["python3", "python", "py", "pip3", "pip", "npm"] {
        program(&home, name, &look);
    }
    let args = ["setup"];
    let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    nothing_ran(&home);
    let seen = fs_err::read_to_string(seen).unwrap();
    for file in ["types.py", ".npmrc", "a.txt"] {
        assert!(!seen.lines().any(|line| line == file), "{seen}");
    }
    let programs = home.path("programs");
    let ran: Vec<&str> = seen.lines().filter(|line| line.starts_with('/')).collect();
    assert!(ran.iter().all(|line| Path::new(line).starts_with(&programs)), "{seen}");
    // Three Pythons are asked for a library, and then for an archive, each isolated.
    let isolated = ran.iter().filter(|line| line.contains(" -I -")).count();
    assert_eq!((isolated, ran.len()), (6, 9), "{seen}");
}

/// The machine's own Python with its pip, and its npm: they run, and nothing of the folder with them.
#[test]
fn the_python_of_the_machine_takes_no_module_of_the_folder() {
    let home = hostile();
    for args in [&["setup", "--offline"][..], &["setup"]] {
        let mut command = command(&home, args);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env_remove("PYTHONPATH").env_remove("NODE_OPTIONS");
        // An index where nobody listens: pip starts, and fails without a network.
        command.env("PIP_INDEX_URL", "http://127.0.0.1:9/").env("PIP_RETRIES", "0");
        command.env("PIP_NO_CACHE_DIR", "1").env("npm_config_registry", "http://127.0.0.1:9/");
        command.env("npm_config_fetch_retries", "0");
        Ran::of(command.output().unwrap(), args);
        nothing_ran(&home);
    }
}

/// A package of the current folder that Python was told of by other means than its working folder.
#[test]
fn a_package_below_the_current_folder_is_refused_by_name() {
    let home = hostile();
    let package = home.path("here/onnxruntime");
    program(&home, "python3", &format!("echo '{}'", package.display()));
    let args = ["tag", "a.txt", "--offline"];
    let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
    assert_eq!(ran.status, Some(2));
    let expected = "here/onnxruntime/capi/libonnxruntime.so.1.32.0: lies in the current folder";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// A bare name is that of an installed model, or of one beside the program: in a checkout, of those in
/// the checkout.
#[test]
fn a_bare_name_is_no_folder_of_the_current_one() {
    let home = hostile();
    let checkout = fs_err::canonicalize(models()).unwrap();
    for name in ["pii", "ner-en"] {
        let args = ["model", "check", name, "--json"];
        let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
        assert!(ran.good().contains("\"sound\": true"), "{}", ran.stdout());
        let args = ["model", "list", "--json"];
        let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
        let list: serde_json::Value = serde_json::from_str(ran.good()).unwrap();
        let listed = list.as_array().unwrap().iter().find(|model| model["name"] == name).unwrap();
        let folder = fs_err::canonicalize(listed["folder"].as_str().unwrap()).unwrap();
        assert_eq!(folder, checkout.join(name));
        // By a path it is the folder's, which is no model.
        for path in [format!("./models/{name}"), format!("./{name}"), format!("{name}/")] {
            let args = ["model", "check", &*path];
            let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
            assert_eq!(ran.status, Some(2), "{path}: {}", ran.stderr);
        }
    }
    let args = ["model", "info", "m"];
    let ran = Ran::of(command(&home, &args).output().unwrap(), &args);
    assert_eq!(ran.status, Some(2));
    let hint = "hint: ./m names the folder here";
    assert!(ran.stderr.contains("no model \"m\"") && ran.stderr.contains(hint), "{}", ran.stderr);
}

/// `org/name` is a name of Hugging Face's, too: of the two the one in its cache is meant.
#[test]
fn a_name_of_the_hub_is_the_one_in_its_cache() {
    let home = hostile();
    let snapshot = "hub/models--models--pii/snapshots/aa11";
    home.model(snapshot);
    let args = ["model", "info", "models/pii"];
    let mut command = command(&home, &args);
    let ran = Ran::of(command.env("HF_HUB_CACHE", home.path("hub")).output().unwrap(), &args);
    assert!(ran.good().contains("/aa11)"), "{}", ran.stdout());
}
