//! Writing to an index, stopped at any moment.
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::run::{Home, npy};

/// Some of those that are in the index.
const IDS: [usize; 5] = [0, 7, 8, 500, 899];

/// Rows that are others for another seed.
fn rows(count: usize, seed: usize) -> Vec<[f32; 8]> {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let number = |i: usize| ((i * 7919 + seed * 104_729) % 1000) as f32 - 500.0;
    (0..count).map(|row| std::array::from_fn(|at| number(row * 8 + at))).collect()
}

/// The ids in the index; `None` where there is none yet.
fn state(home: &Home) -> Option<BTreeSet<String>> {
    if !home.path("idx/index.json").exists() {
        return None;
    }
    let verified = home.run(&["index", "verify", "idx"]);
    verified.good();
    let ids = home.run(&["index", "export", "idx"]);
    ids.good();
    Some(ids.records().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect())
}

/// Fifty times at moments that go through the whole of a change, from its first to after its last:
/// `verify` passes, and what is there is what was before or what comes after, nothing between.
#[test]
fn a_kill_leaves_a_state_that_was_committed() {
    let home = Home::new();
    let mut rest = 50;
    for round in 0.. {
        home.write("v.npy", npy(&rows(900, round)));
        home.write("ids.txt", IDS.map(|i| i.to_string()).join("\n"));
        for change in [
            &["index", "build", "--vectors", "v.npy", "-o", "idx", "--force", "--engine", "hnsw"][..],
            &["index", "add", "idx", "--vectors", "v.npy"],
            &["index", "delete", "idx", "--ids", "ids.txt"],
            &["index", "compact", "idx"],
        ] {
            // How long it takes, and what it comes to, on a copy.
            let copy = Home::new();
            for file in home.files("").iter().filter(|file| *file != "idx/lock") {
                copy.write(file, home.bytes(file));
            }
            let start = Instant::now();
            copy.run(change).good();
            let took = start.elapsed();
            let (before, after) = (state(&home), state(&copy));
            for part in [3, 6, 8, 9] {
                let mut command = home.command(change);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                let mut child = command.spawn().unwrap();
                let wait = took * part / 10 + Duration::from_micros(u64::from(part) * 137);
                std::thread::sleep(wait);
                let _ = child.kill(); // one that is done cannot be killed
                child.wait().unwrap();
                let now = state(&home);
                assert!(now == before || now == after, "{change:?} after {wait:?}");
                rest -= 1;
                if now == after {
                    break;
                }
            }
            if state(&home) != after {
                home.run(change).good();
                assert_eq!(state(&home), after, "{change:?} after kills");
            }
        }
        if rest <= 0 {
            return;
        }
    }
}
