//! Processes killed at any moment of a replacement: this program, run again as the one that writes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
#![expect(clippy::print_stdout, reason = "the processes speak by it")]
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cloze_store::{AtomicFile, AtomicFolder, Existing};

/// Folder that the writing process works in.
const PLACE: &str = "CLOZE_STORE_KILL_TEST";
const FILES: [&str; 4] = ["a", "b", "sub/c", "sub/d"];
/// Copies of the number of a round in a file: more than one write.
const COPIES: usize = 20_000;

/// Writes folders and files over each other until it is killed.
#[test]
#[ignore = "the process that is killed; started by the other tests here"]
fn writer() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let place = Path::new(&place);
    println!("\nready");
    for round in 0.. {
        let content = format!("{:08}", round % 100_000_000).repeat(COPIES);
        let folder = AtomicFolder::create(&place.join("model"), Existing::Replace).unwrap();
        fs_err::create_dir(folder.path().join("sub")).unwrap();
        for name in FILES {
            fs_err::write(folder.path().join(name), &content).unwrap();
        }
        folder.without(&["outdated"]).commit().unwrap();
        let mut file = AtomicFile::create(&place.join("out"), Existing::Replace).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file.commit().unwrap();
    }
}

/// Kills the writer `kills` times, and looks at what is there after each.
fn kill(kills: u64) {
    let root = tempfile::tempdir().unwrap();
    let place = root.path();
    fs_err::create_dir_all(place.join("model/own")).unwrap();
    for name in ["notes", "own/notes"] {
        fs_err::write(place.join("model").join(name), "of the user").unwrap();
    }
    let mut seed = 0_u64;
    let mut leftovers = 0;
    for i in 0..kills {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["writer", "--exact", "--ignored", "--nocapture"]).env(PLACE, place);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("ready")));
        // Knuth's multiplier; the high bits are the random ones.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros((seed >> 33) % 25_000));
        child.kill().unwrap();
        child.wait().unwrap();
        whole(place, i);
        leftovers += usize::from(fs_err::read_dir(place).unwrap().count() > 2);
    }
    println!("{kills} kills, {leftovers} of them left temporary files");
    assert!(leftovers * 10 >= usize::try_from(kills).unwrap(), "most kills came between two runs");
    AtomicFolder::create(&place.join("model"), Existing::Replace).map(drop).unwrap();
    assert!(fs_err::read_dir(place).unwrap().count() <= 2, "leftovers after the next run");
}

/// Checks that every file is of one round, and those of the user as they were.
#[track_caller]
fn whole(place: &Path, kill: u64) {
    for name in ["notes", "own/notes"] {
        let content = fs_err::read_to_string(place.join("model").join(name));
        assert_eq!(content.ok().as_deref(), Some("of the user"), "{name} after kill {kill}");
    }
    let read = |name: &str| fs_err::read_to_string(place.join(name)).ok();
    let rounds = FILES.map(|name| read(&format!("model/{name}")));
    assert!(rounds.iter().all(|content| *content == rounds[0]), "model after kill {kill}");
    for content in [&rounds[0], &read("out")].into_iter().flatten() {
        assert_eq!(content.len(), COPIES * 8, "after kill {kill}");
        assert_eq!(*content, content[..8].repeat(COPIES), "after kill {kill}");
    }
}

#[test]
fn a_kill_leaves_the_old_or_the_new_folder() {
    kill(60);
}

/// `cargo test -p cloze-store --test kill -- --ignored --nocapture many`
#[test]
#[ignore = "a minute or more of kills; run when the writing of files changes"]
fn many_kills_leave_the_old_or_the_new_folder() {
    kill(600);
}
