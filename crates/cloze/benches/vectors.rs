//! Texts to vectors, beside Python, in one run:
//! `CLOZE_BENCH_PYTHON=python CLOZE_BENCH_MODEL=all-MiniLM-L6-v2 CLOZE_BENCH_TEXTS=texts.txt cargo bench -p cloze`
//!
//! `CLOZE_BENCH_TEXTS` is a file with a text a line; without it 600 texts are made, of log-normal
//! lengths from 1 to 400 words, 32 on average. `CLOZE_BENCH_MODEL` is a folder with the same model in
//! f32, for Python and for cloze; without it cloze runs the f16 weights of this repository, whose
//! arithmetic is the same. `CLOZE_BENCH_PYTHON` is an interpreter with what `peers.py` asks for;
//! without it cloze runs alone. All truncate at 256 tokens, so that all do the same work.
//!
//! Ways take turns, and each round begins one further: what else the machine does hits all alike.
//! The share of the machine's arithmetic is that of the tokens that are no padding: 2 · 10.6 M
//! operations a token for the layers' matrices, and 4 · layers · hidden · length for attention,
//! against the rate of a matrix product in ONNX Runtime that Python measures in the same rounds.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts of texts and tokens are small")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use cloze::{ModelFolder, Runtime, RuntimeParams, SentenceEncoder, SentenceParams};
use cloze_testkit::texts;

const ROUNDS: usize = 5;
/// Operations of one `gemm` in `peers.py`.
const GEMM_OPERATIONS: f64 = 2.0 * 1024.0 * 384.0 * 1536.0;

type Error = Box<dyn std::error::Error>;

/// A Python that waits for names of ways.
struct Python {
    threads: usize,
    ready: serde_json::Value,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    fn start(python: &str, model: &Path, texts: &Path, threads: usize) -> Result<Self, Error> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py");
        let cache = std::env::temp_dir().join("cloze-bench");
        let mut child = Command::new(python)
            .arg(script)
            .args([model, texts])
            .args(["--threads", &threads.to_string(), "--cache"])
            .arg(cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = child.stdin.take().ok_or("no pipe to Python")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no pipe from Python")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let ready = serde_json::from_str(&line)?;
        Ok(Self { threads, ready, child, input, output })
    }

    fn seconds(&mut self, way: &str) -> Result<f64, Error> {
        writeln!(self.input, "{way}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It only waits for more; nobody is left to be told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

enum Way {
    Cloze(Box<SentenceEncoder>),
    /// Which Python, and what it is asked for.
    Python(usize, String),
}

struct Run {
    name: String,
    threads: usize,
    way: Way,
    seconds: Vec<f64>,
}

fn main() -> Result<(), Error> {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/minilm-l6-v2");
    let folder = std::env::var_os("CLOZE_BENCH_MODEL").map_or(folder, PathBuf::from);
    let texts = read_texts()?;
    let file = std::env::temp_dir().join("cloze-bench-texts.txt");
    fs_err::write(&file, texts.join("\n"))?;

    let mut pythons = vec![];
    if let Ok(python) = std::env::var("CLOZE_BENCH_PYTHON") {
        for threads in [1, 2] {
            pythons.push(Python::start(&python, &folder, &file, threads)?);
        }
    }
    let runtime = start(&folder)?;
    let mut runs = vec![];
    for threads in [1, 2] {
        let params = SentenceParams::new().encoder(|e| e.truncate(true).threads(Some(threads)));
        let encoder = SentenceEncoder::open_with(&runtime, ModelFolder::open(&folder)?, params)?;
        encoder.encode(&texts)?;
        runs.push(Run {
            name: "cloze".into(),
            threads,
            way: Way::Cloze(Box::new(encoder)),
            seconds: vec![],
        });
    }
    for (i, python) in pythons.iter().enumerate() {
        for way in python.ready["ways"].as_array().into_iter().flatten() {
            let name = way.as_str().unwrap_or_default().to_owned();
            let threads = python.threads;
            runs.push(Run { way: Way::Python(i, name.clone()), name, threads, seconds: vec![] });
        }
    }
    for round in 0..ROUNDS {
        for i in 0..runs.len() {
            let at = (round + i) % runs.len();
            let run = &mut runs[at];
            let seconds = match &run.way {
                Way::Cloze(encoder) => {
                    let start = Instant::now();
                    encoder.encode(&texts)?;
                    start.elapsed().as_secs_f64()
                }
                Way::Python(python, way) => pythons[*python].seconds(way)?,
            };
            run.seconds.push(seconds);
        }
    }
    report(&runs, &texts, &pythons);
    Ok(())
}

/// From nothing to the first vector, step by step. The files are in the system's cache by now, as they
/// are for all but the first start after the machine's own.
fn start(folder: &Path) -> Result<Runtime, Error> {
    let begin = Instant::now();
    let mut last = begin;
    let mut step = |what: &str| {
        let now = Instant::now();
        println!("  {what:<34} {:>6.1} ms", 1e3 * (now - last).as_secs_f64());
        last = now;
    };
    println!("start to first vector:");
    fs_err::read(folder.join("model.safetensors"))?;
    step("(files into the system's cache)");
    let runtime = Runtime::load(&RuntimeParams::default(), &mut |line| println!("{line}"))?;
    step("ONNX Runtime's library");
    let model = ModelFolder::open(folder)?;
    let params = SentenceParams::new().encoder(|e| e.threads(Some(1)));
    let encoder = SentenceEncoder::open_with(&runtime, model, params)?;
    step("tokenizer, weights, graph");
    encoder.warm_up()?;
    step("session");
    encoder.encode_one("One sentence.")?;
    step("the first vector");
    println!("  {:<34} {:>6.1} ms", "together", 1e3 * begin.elapsed().as_secs_f64());
    Ok(runtime)
}

fn read_texts() -> Result<Vec<String>, Error> {
    if let Some(path) = std::env::var_os("CLOZE_BENCH_TEXTS") {
        return Ok(fs_err::read_to_string(path)?.lines().map(str::to_owned).collect());
    }
    Ok(texts::of_mixed_lengths(11, 600))
}

fn report(runs: &[Run], texts: &[String], pythons: &[Python]) {
    // Tokens and their squares by text, for the operations.
    let Some(Way::Cloze(encoder)) = runs.first().map(|run| &run.way) else { return };
    let counts = encoder.counts();
    // Once to warm up, and in each round.
    let times = (ROUNDS + 1) as f64;
    let tokens = counts.tokens as f64 / times;
    println!(
        "{} texts, {tokens:.0} tokens; cloze: {:.0} % of what it runs is no padding",
        texts.len(),
        100.0 * counts.tokens as f64 / counts.padded as f64
    );
    for python in pythons.iter().take(1) {
        println!("{}", python.ready);
    }
    // Attention's part is counted at the mean length: a lower bound, by Jensen's inequality.
    let mean = tokens / texts.len() as f64;
    let operations = tokens * (2.0 * 10_616_832.0 + 4.0 * 6.0 * 384.0 * mean);
    let median = |run: &Run| {
        let mut seconds = run.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        (seconds[seconds.len() / 2], seconds[0], seconds[seconds.len() - 1])
    };
    let gemm = |threads: usize| {
        let run = runs.iter().find(|run| run.name == "gemm" && run.threads == threads)?;
        Some(GEMM_OPERATIONS / median(run).0)
    };
    for threads in [1, 2] {
        if let Some(rate) = gemm(threads) {
            println!("{threads} thread(s): matrix product {:.1} GFLOP/s", rate / 1e9);
        }
        for run in runs.iter().filter(|run| run.threads == threads && run.name != "gemm") {
            let (middle, best, worst) = median(run);
            let n = texts.len() as f64;
            let share = gemm(threads).map_or(String::new(), |rate| {
                format!(", {:.0} % of the matrix rate", 100.0 * operations / middle / rate)
            });
            println!(
                "  {:<26} {:>7.1} texts/s ({:.1} to {:.1}), {:.0} tokens/s{share}",
                run.name,
                n / middle,
                n / worst,
                n / best,
                tokens / middle,
            );
        }
    }
}
