//! Commands that replace what they wrote before, killed at any moment: afterwards the old or the new
//! result is there, whole, with the user's files beside it, and the next run removes what was left.
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::generate::decoder;
use crate::run::Home;
use crate::support::checkpoint;

/// Files of a training that say how long it took. They are there or not there with the others.
const TIMED: [&str; 5] = ["cloze.json", "report.json", "report.html", "README.md", "train.jsonl"];

/// A command in two variants, which differ in their results.
struct Case {
    name: &'static str,
    args: Vec<String>,
    variants: [Vec<String>; 2],
    /// The folder or file that it writes.
    output: &'static str,
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

impl Case {
    fn new(name: &'static str, args: &str, variants: [&str; 2], output: &'static str) -> Self {
        Self { name, args: words(args), variants: variants.map(words), output }
    }

    fn args(&self, variant: usize) -> Vec<&str> {
        let more = ["--force", "--quiet"];
        let args = self.args.iter().chain(&self.variants[variant]).map(String::as_str);
        args.chain(["-o", self.output]).chain(more).collect()
    }
}

fn cases() -> Vec<Case> {
    let (bert, token) = (checkpoint("bert"), checkpoint("bert-token"));
    let small = checkpoint("minilm-f16");
    let adapter = format!("{token}/../../adapters/token-qv");
    vec![
        Case::new(
            "model convert",
            &format!("model convert {bert}"),
            ["--dtype f32", "--dtype f16"],
            "m",
        ),
        Case::new(
            "model merge",
            &format!("model merge {adapter}"),
            ["--dtype f32", "--dtype f16"],
            "m",
        ),
        Case::new("model quantize", "model quantize", [&bert, &token], "m"),
        Case::new(
            "senses fit",
            &format!("senses fit s.jsonl -m {small} --layers -1"),
            ["--prior 0", "--prior 1"],
            "m",
        ),
        Case::new(
            "train classify",
            &format!("train classify a.csv -m {small} --threads 1"),
            ["--c 1", "--c 0.1"],
            "m",
        ),
        Case::new(
            "train classify --tune",
            &format!("train classify a.csv -m {small} --tune head --epochs 1 --threads 1"),
            ["--seed 1", "--seed 2"],
            "m",
        ),
        Case::new(
            "zscore fit",
            &format!("zscore fit t.log -m {small}"),
            ["--layers -1", "--layers -2"],
            "z.json",
        ),
        Case::new(
            "embed",
            &format!("embed t.log -m {small} --format npy"),
            ["--pool mean", "--pool cls"],
            "v.npy",
        ),
        Case::new(
            "generate",
            &format!("generate t.log -m {} --max-new-tokens 2", decoder("llama")),
            ["--format text", "--format jsonl"],
            "g.txt",
        ),
        Case::new(
            "train causal",
            &format!(
                "train causal t.log -m {} --tune full --epochs 1 --block 48 --threads 1",
                decoder("llama")
            ),
            ["--seed 1", "--seed 2"],
            "m",
        ),
        Case::new(
            "tag",
            &format!("tag t.log -m {token} --min-score 0"),
            ["--format jsonl", "--format csv"],
            "e.out",
        ),
        Case::new(
            "redact",
            &format!("redact t.log -m {token} --min-score 0"),
            ["--policy mask", "--policy number"],
            "r.log",
        ),
        Case::new(
            "redact into a folder",
            &format!("redact in -m {token} --min-score 0"),
            ["--policy mask", "--policy number"],
            "out",
        ),
        Case::new(
            "cluster",
            &format!("cluster t.log -m {small} --format csv"),
            ["-k 2", "-k 3"],
            "c.csv",
        ),
    ]
}

/// A home with data for every command.
fn home() -> Home {
    let line = |i: usize| {
        let (words, label) =
            if i.is_multiple_of(3) { ("the cat sat", "cats") } else { ("a dog runs", "dogs") };
        (format!("{words} {} {i}", ["here", "in rain", "and", "again"][i % 4]), label)
    };
    let rows: Vec<String> = (0..60).map(line).map(|(text, label)| text + "," + label).collect();
    let texts: String = (0..60).map(line).map(|(text, _)| text + "\n").collect();
    let senses: String = ["water", "money"].iter().cycle().take(12).enumerate().fold(String::new(), |all, (i, sense)| {
        let text = format!("the {sense} bank {i}");
        let start = text.find("bank").unwrap();
        let line = serde_json::json!({"text": text, "start": start, "end": start + 4, "lemma": "bank",
                                      "pos": "n", "sense": sense, "document": format!("d{i}")});
        format!("{all}{line}\n")
    });
    Home::with([
        ("a.csv", &*("text,label\n".to_owned() + &rows.join("\n"))),
        ("t.log", &texts),
        ("in/t.txt", &texts),
        ("s.jsonl", &senses),
    ])
}

/// The files of a result, with their contents where these are the same in every run.
fn state(home: &Home, output: &str) -> BTreeMap<String, Vec<u8>> {
    let path = home.path(output);
    if !path.is_dir() {
        return [(output.to_owned(), fs_err::read(path).unwrap())].into();
    }
    // A folder of results has temporary files beside them, of which a kill leaves some.
    let files = home.files(output).into_iter().filter(|name| !is_temporary(name));
    let content = |name: &str| {
        let bytes = home.bytes(&format!("{output}/{name}"));
        assert!(!bytes.is_empty(), "{name} is empty");
        if TIMED.contains(&name) { vec![] } else { bytes }
    };
    files.map(|name| (name.clone(), content(&name))).collect()
}

fn is_temporary(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with(".cloze-"))
}

/// Names beside and among the results that no command has asked for.
fn leftovers(home: &Home) -> usize {
    home.files("").iter().filter(|name| is_temporary(name)).count()
}

/// A home in which a case has run in both variants: the state that each of them leaves.
struct Killed<'a> {
    case: &'a Case,
    home: Home,
    states: [BTreeMap<String, Vec<u8>>; 2],
    /// Longest that a run took.
    took: Duration,
    /// Variant that is there.
    now: usize,
    /// Number of kills after which the old result stayed, and the new one was there.
    ends: [usize; 2],
}

impl<'a> Killed<'a> {
    fn new(case: &'a Case) -> Self {
        let home = home();
        let mut took = Duration::ZERO;
        let mut states = [0, 1].map(|variant| {
            let start = Instant::now();
            let ran = home.run(&case.args(variant));
            assert_eq!(ran.status, Some(0), "{}: {}", case.name, ran.stderr);
            took = took.max(start.elapsed());
            state(&home, case.output)
        });
        assert_ne!(states[0], states[1], "{}", case.name);
        if !case.output.contains('.') {
            for name in ["notes", "own/notes"] {
                home.write(&format!("{}/{name}", case.output), "of the user");
                for state in &mut states {
                    state.insert(name.to_owned(), b"of the user".to_vec());
                }
            }
        }
        Self { case, home, states, took, now: 1, ends: [0, 0] }
    }

    /// The run that replaces what is there.
    fn next(&self) -> Command {
        self.home.command(&self.case.args(1 - self.now))
    }

    /// Checks that the old or the new result is there after a kill.
    fn look(&mut self, kill: &str) {
        // A training's own files beside the result, from which it would go on.
        for name in ["m.state", "m.train.jsonl"] {
            let _ = fs_err::remove_file(self.home.path(name));
        }
        let found = state(&self.home, self.case.output);
        let new = found == self.states[1 - self.now];
        assert!(new || found == self.states[self.now], "{} after {kill}", self.case.name);
        self.ends[usize::from(new)] += 1;
        if new {
            self.now = 1 - self.now;
        }
    }

    /// Runs once more without a kill: nothing of the kills is left.
    fn end(self) -> [usize; 2] {
        let Self { case, home, .. } = &self;
        home.run(&case.args(1 - self.now)).good();
        assert_eq!(
            state(home, case.output),
            self.states[1 - self.now],
            "{} after kills",
            case.name
        );
        assert_eq!(leftovers(home), 0, "{}: {:?}", case.name, home.files(""));
        self.ends
    }
}

/// Kills `case` so many times at random moments.
fn kill(case: &Case, kills: usize) -> [usize; 2] {
    let mut killed = Killed::new(case);
    let mut seed = 1_u64;
    for i in 0..kills {
        let mut command = killed.next();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Knuth's multiplier; the high bits are the random ones. Half of the kills come in the last
        // quarter, where the result is written.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let part = u32::try_from((seed >> 33) % 1000).unwrap();
        let took = killed.took;
        let wait = if i % 2 == 0 { took * part / 1000 } else { took * (3000 + part) / 4000 };
        std::thread::sleep(wait);
        let _ = child.kill(); // one that is done cannot be killed
        child.wait().unwrap();
        killed.look(&format!("kill {i}, {wait:?}"));
    }
    killed.end()
}

/// System calls by which files come, go, change their names and get their bytes.
const CALLS: [&str; 13] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "ftruncate",
];
/// Most kills at one system call.
const MOST: usize = 14;

/// `command` under strace with these arguments.
fn traced(command: &Command, args: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]).args(args).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.current_dir(command.get_current_dir().unwrap());
    strace.stdout(Stdio::null()).stderr(Stdio::null());
    strace
}

impl Killed<'_> {
    /// Numbers of the system calls `call` that create files or write into those of the home, in the order
    /// of their thread, as strace counts them.
    fn calls(&mut self, call: &str) -> Vec<usize> {
        let (log, trace) = (self.home.path("strace.log"), format!("trace={call}"));
        let args = ["-y", "-o", log.to_str().unwrap(), "-e", &trace];
        assert!(traced(&self.next(), &args).status().unwrap().success());
        self.now = 1 - self.now;
        let (mut counts, mut numbers) = (BTreeMap::<&str, usize>::new(), BTreeSet::new());
        let text = fs_err::read_to_string(&log).unwrap();
        fs_err::remove_file(&log).unwrap();
        for line in text.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            if !rest.trim_start().starts_with(&format!("{call}(")) {
                continue;
            }
            let count = counts.entry(thread).or_default();
            *count += 1;
            let home = self.home.path("").display().to_string();
            let writes = match call {
                "openat" => line.contains("O_CREAT"),
                "write" => line.contains(home.trim_end_matches('/')),
                _ => true,
            };
            if writes {
                numbers.insert(*count);
            }
        }
        let numbers: Vec<usize> = numbers.into_iter().collect();
        // The first and the last ones, and some between them.
        let step = numbers.len().div_ceil(MOST).max(1);
        let last = numbers.last().copied();
        numbers.into_iter().step_by(step).chain(last).collect()
    }
}

/// Kills `case` as it enters its system calls of [`CALLS`], one run for each.
fn kill_at_calls(case: &Case) -> [usize; 2] {
    let mut killed = Killed::new(case);
    for call in CALLS {
        for number in killed.calls(call) {
            let (trace, inject) =
                (format!("trace={call}"), format!("inject={call}:signal=KILL:when={number}"));
            let args = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
            if traced(&killed.next(), &args).status().unwrap().success() {
                // Another thread did it this time.
                killed.now = 1 - killed.now;
                continue;
            }
            killed.look(&format!("a kill at {call} {number}"));
        }
    }
    killed.end()
}

#[test]
fn a_kill_loses_nothing() {
    for case in cases().iter().filter(|case| ["model convert", "cluster"].contains(&case.name)) {
        kill(case, 12);
    }
}

/// `cargo test -p cloze-cli --test command -- --ignored --nocapture a_thousand_kills`
#[test]
#[ignore = "minutes of kills; run when the writing of files changes"]
fn a_thousand_kills_lose_nothing() {
    for case in cases() {
        let [old, new] = kill(&case, 112);
        println!(
            "{}: {} kills, {old} left the old result, {new} the new one",
            case.name,
            old + new
        );
    }
}

/// The same at chosen system calls; needs strace.
#[test]
#[ignore = "minutes of kills, and needs strace; run when the writing of files changes"]
fn a_kill_at_any_system_call_loses_nothing() {
    for case in cases() {
        let [old, new] = kill_at_calls(&case);
        println!(
            "{}: {} kills at system calls, {old} left the old result, {new} the new one",
            case.name,
            old + new
        );
    }
}
