//! Search among vectors, beside Python, in one run:
//! `CLOZE_BENCH_PYTHON=python cargo bench -p cloze-search`
//!
//! `CLOZE_BENCH_ROWS` is a list of numbers of rows, 100,000 where it is not set; all have 384 numbers, in
//! clusters of about 100. `CLOZE_BENCH_PYTHON` is an interpreter with what `peers.py` asks for; without
//! it cloze runs alone. Each way takes its turn in every round, on one thread and on two; medians are
//! shown. Queries come one by one (fewer of them among many rows), or 200 at once. Of the memory's
//! bandwidth, the share is that of the bytes of the rows against a sum of the same array. Memory is the
//! most that a process held which did nothing else than build, or open and search; it is known on Linux.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use cloze_core::Matrix;
use cloze_embed::l2_normalize;
use cloze_search::index::{Index, IndexParams, OpenParams, Writer};
use cloze_search::{EngineKind, Hit};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;
use rayon::prelude::*;

const WIDTH: usize = 384;
const QUERIES: usize = 200;
const K: usize = 10;
const ROUNDS: usize = 3;

type Error = Box<dyn std::error::Error>;

/// Rows of length 1 around centres, a hundred to each.
fn clustered(rows: usize, seed: u64) -> Vec<f32> {
    let clusters = (rows / 100).max(1);
    let numbers = |n: usize, seed: u64| -> Vec<f32> {
        let mut random = Pcg64::new(seed.into(), 1);
        (0..n).map(|_| (random.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    };
    let centres = numbers(clusters * WIDTH, 7);
    let mut random = Pcg64::new(u128::from(seed) + 100, 1);
    let mut all = numbers(rows * WIDTH, seed);
    for row in all.chunks_exact_mut(WIDTH) {
        let at = random.next_u32() as usize % clusters;
        for (x, centre) in row.iter_mut().zip(&centres[at * WIDTH..]) {
            *x = *x * 0.7 + centre;
        }
        l2_normalize(row);
    }
    all
}

/// A Python that waits for names of ways.
struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    fn start(python: &str, folder: &Path, threads: usize) -> Result<Self, Error> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(folder)
            .args(["--threads", &threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no pipe to Python")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no pipe from Python")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        print!("{line}");
        Ok(Self { child, input, output })
    }

    fn ask(&mut self, way: &str) -> Result<serde_json::Value, Error> {
        writeln!(self.input, "{way}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn npy(path: &Path, numbers: &[f32]) -> Result<(), Error> {
    let rows = numbers.len() / WIDTH;
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {WIDTH}), }}");
    header += &" ".repeat(117 - header.len());
    let mut file = std::io::BufWriter::new(fs_err::File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00\x76\x00")?;
    file.write_all(header.as_bytes())?;
    file.write_all(b"\n")?;
    file.write_all(bytemuck::cast_slice(numbers))?;
    Ok(file.flush()?)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn time<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

fn recall(gold: &[Vec<Hit>], found: &[Vec<Hit>]) -> f64 {
    let shared = |(gold, found): (&Vec<Hit>, &Vec<Hit>)| {
        gold.iter().filter(|g| found.iter().any(|f| f.row == g.row)).count()
    };
    let hits: usize = gold.iter().zip(found).map(shared).sum();
    hits as f64 / (gold.len() * K) as f64
}

fn build(folder: &Path, params: IndexParams, rows: &[f32], threads: usize) -> Result<(), Error> {
    let mut writer = Writer::create(folder, &params.check()?, false)?.threads(threads);
    for row in rows.chunks_exact(WIDTH) {
        writer.push_numbered(row)?;
    }
    writer.commit()?;
    Ok(())
}

/// Number of queries run one by one: fewer among many rows, where each takes long.
fn one_by_one(rows: usize) -> usize {
    (20_000_000 / rows).clamp(20, QUERIES)
}

fn each(index: &Index, queries: &Matrix, n: usize) -> Vec<Vec<Hit>> {
    let one = |query: &[f32]| {
        let query = Matrix::from_vec(WIDTH, query.to_vec()).unwrap_or_default();
        index.search(&query, K, None).unwrap_or_default().remove(0)
    };
    queries.iter().take(n).map(one).collect()
}

fn line(name: &str, threads: usize, rate: f64, rest: &str) {
    println!("  {name:<28} {threads}  {rate:>9.1} queries/s  {rest}");
}

/// Runs the arguments after `--memory`: rows, an engine or an index to open, a folder.
fn child(args: &[String]) -> Result<(), Error> {
    let [what, home] = args else { return Err("expected what to do, and where".into()) };
    let (home, queries) = (Path::new(home), QUERIES);
    let start = Instant::now();
    let rows = std::io::BufReader::with_capacity(
        1 << 20,
        fs_err::File::open(home.join(if what == "build" { "rows.npy" } else { "queries.npy" }))?,
    );
    let mut rows = NpyRows(rows);
    std::io::copy(&mut std::io::Read::take(&mut rows.0, NPY_HEAD), &mut std::io::sink())?;
    match what.as_str() {
        "build" => {
            let params = IndexParams::new().engine(EngineKind::Hnsw).check()?;
            let mut writer = Writer::create(&home.join("child"), &params, false)?.threads(2);
            while let Some(row) = rows.next_row()? {
                writer.push_numbered(&row)?;
            }
            writer.commit()?;
        }
        folder => {
            let index = Index::open_with(&home.join(folder), OpenParams::new().threads(1))?;
            println!("  {folder}: opened in {:.1} ms", 1e3 * start.elapsed().as_secs_f64());
            for _ in 0..queries {
                let Some(row) = rows.next_row()? else { break };
                let query = Matrix::from_vec(WIDTH, row).ok_or("a row")?;
                index.search(&query, K, None)?;
            }
        }
    }
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let held = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok()).unwrap_or(0)
    };
    println!(
        "  {what}: {:.1} s, at most {} MiB, of which files {} MiB at the end",
        start.elapsed().as_secs_f64(),
        held("VmHWM:") / 1024,
        held("RssFile:") / 1024
    );
    Ok(())
}

const NPY_HEAD: u64 = 128;

/// The rows of a file that [`npy`] wrote, one by one.
struct NpyRows(BufReader<fs_err::File>);

impl NpyRows {
    fn next_row(&mut self) -> Result<Option<Vec<f32>>, Error> {
        let mut row = vec![0.0_f32; WIDTH];
        match std::io::Read::read_exact(&mut self.0, bytemuck::cast_slice_mut(&mut row)) {
            Ok(()) => Ok(Some(row)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Runs this program, or Python, for what it does to memory.
fn memory(home: &Path, python: Option<&str>) -> Result<(), Error> {
    for what in ["build", "exact-0", "hnsw"] {
        Command::new(std::env::current_exe()?).args(["--memory", what]).arg(home).status()?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py");
    for peer in ["usearch", "faiss-hnsw"] {
        let Some(python) = python else { break };
        let args = ["--threads", "2", "--memory", peer];
        Command::new(python).arg(&script).arg(home).args(args).status()?;
    }
    Ok(())
}

fn main() -> Result<(), Error> {
    // `cargo test --all-targets` runs benches too, without this.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--memory") {
        return child(&args[1..]);
    }
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let sizes = std::env::var("CLOZE_BENCH_ROWS").unwrap_or("100000".into());
    for rows in sizes.split(',') {
        run(rows.trim().parse()?)?;
    }
    Ok(())
}

fn run(count: usize) -> Result<(), Error> {
    println!("{count} rows of {WIDTH}");
    let rows = clustered(count, 1);
    // Around the same centres.
    let mut near = clustered(count, 3);
    near.truncate(QUERIES * WIDTH);
    near.shrink_to_fit();
    let queries = Matrix::from_vec(WIDTH, near).ok_or("rows of that width")?;
    let home = tempfile::tempdir()?;
    npy(&home.path().join("rows.npy"), &rows)?;
    npy(&home.path().join("queries.npy"), queries.as_slice())?;
    let python = std::env::var("CLOZE_BENCH_PYTHON").ok();
    exact(&home, &rows, &queries, python.as_deref())?;
    approximate(&home, &rows, &queries, python.as_deref())?;
    drop(rows);
    memory(home.path(), python.as_deref())
}

/// The bytes a second that a sum of `rows` reads.
fn bandwidth(rows: &[f32], threads: usize) -> f64 {
    let size = rows.len().div_ceil(threads);
    let sum = |part: &[f32]| {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let mut lanes = [0.0_f32; 64];
                for part in part.chunks_exact(64) {
                    for (lane, x) in lanes.iter_mut().zip(part) {
                        *lane += x;
                    }
                }
                lanes.iter().sum::<f32>()
            },
        )
    };
    let times = (0..5).map(|_| time(|| rows.par_chunks(size).map(sum).sum::<f32>()).0);
    4.0 * rows.len() as f64 / median(times.collect())
}

fn exact(
    home: &tempfile::TempDir,
    rows: &[f32],
    queries: &Matrix,
    python: Option<&str>,
) -> Result<(), Error> {
    let params = || IndexParams::new().engine(EngineKind::Exact);
    let kinds = [
        ("cloze f32", params(), 4.0),
        ("cloze f16", params().dtype(cloze_search::Dtype::F16), 2.0),
        ("cloze f32, 8 bits first", params().quantize(true), 1.0),
    ];
    let mut indexes = vec![];
    for (i, (name, params, bytes)) in kinds.into_iter().enumerate() {
        let folder = home.path().join(format!("exact-{i}"));
        let (seconds, built) = time(|| build(&folder, params, rows, 0));
        built?;
        let (open, index) = time(|| Index::open(&folder));
        let bytes_on_disk = index?.info().bytes;
        println!(
            "  {name}: {seconds:.1} s to build, {bytes_on_disk} bytes, {:.1} ms to open",
            1e3 * open
        );
        indexes.push((name, folder, bytes));
    }
    let one = one_by_one(rows.len() / WIDTH);
    for threads in [1, 2] {
        let band = bandwidth(rows, threads);
        println!("  {threads} threads read {:.1} GB/s", band / 1e9);
        let mut peer = python.map(|p| Python::start(p, home.path(), threads)).transpose()?;
        let mut ways: Vec<(String, f64, Vec<f64>)> = vec![];
        let mut opened = vec![];
        for (name, folder, bytes) in &indexes {
            let index = Index::open_with(folder, OpenParams::new().threads(threads))?;
            opened.push(index);
            for how in ["one", "all"] {
                ways.push((format!("{name}, {how}"), *bytes, vec![]));
            }
        }
        let peers = ["numpy one", "faiss one", "numpy all", "faiss all"];
        if peer.is_some() {
            ways.extend(peers.map(|name| (name.to_owned(), 4.0, vec![])));
        }
        for round in 0..ROUNDS {
            for i in 0..ways.len() {
                let at = (round + i) % ways.len();
                let seconds = match (opened.get(at / 2), &mut peer) {
                    (Some(index), _) if at.is_multiple_of(2) => {
                        time(|| each(index, queries, one)).0
                    }
                    (Some(index), _) => time(|| index.search(queries, K, None)).0,
                    (None, Some(peer)) => peer.ask(&format!("{} {one}", ways[at].0))?["seconds"]
                        .as_f64()
                        .ok_or("no seconds")?,
                    (None, None) => continue,
                };
                ways[at].2.push(seconds);
            }
        }
        for (name, bytes, seconds) in ways {
            let single = name.ends_with("one");
            let rate = if single { one } else { QUERIES } as f64 / median(seconds);
            let read = bytes * rows.len() as f64 * rate;
            let share = if single {
                format!("{:.0} % of the bandwidth", 100.0 * read / band)
            } else {
                String::new()
            };
            line(&name, threads, rate, &share);
        }
    }
    Ok(())
}

fn approximate(
    home: &tempfile::TempDir,
    rows: &[f32],
    queries: &Matrix,
    python: Option<&str>,
) -> Result<(), Error> {
    let threads = 2;
    let exact = Index::open(&home.path().join("exact-0"))?;
    let gold = exact.search(queries, K, None)?;
    drop(exact);
    let folder = home.path().join("hnsw");
    let params = IndexParams::new().engine(EngineKind::Hnsw);
    let (built, done) = time(|| build(&folder, params, rows, threads));
    done?;
    let info = Index::open(&folder)?.info();
    let graph = fs_err::metadata(folder.join("segment-000000/graph.usearch"))?.len();
    println!(
        "  cloze hnsw: {built:.1} s to build, with its measuring; graph {graph} bytes, all {}; {:?}",
        info.bytes, info.segments
    );
    let (seconds, index) = time(|| Index::open_with(&folder, OpenParams::new().threads(1)));
    let index = index?;
    println!("  cloze hnsw: {:.1} ms to open", 1e3 * seconds);
    let mut peer = python.map(|p| Python::start(p, home.path(), threads)).transpose()?;
    if let Some(peer) = &mut peer {
        for name in ["usearch", "faiss-hnsw"] {
            let built = peer.ask(&format!("{name} build"))?;
            println!("  {name}: {:.1} s to build; {} bytes", built["seconds"], built["bytes"]);
        }
    }
    let (_, found) = time(|| each(&index, queries, QUERIES));
    let times = (0..ROUNDS).map(|_| time(|| each(&index, queries, QUERIES)).0).collect();
    line(
        "cloze hnsw, as measured",
        1,
        QUERIES as f64 / median(times),
        &format!("recall {:.3}", recall(&gold, &found)),
    );
    drop(index);
    for expansion in [16, 32, 64, 128, 256, 512] {
        let params = OpenParams::new().threads(1).expansion_search(Some(expansion));
        let index = Index::open_with(&folder, params)?;
        let mut seconds: Vec<(String, Vec<f64>, f64)> = vec![];
        let names = ["cloze hnsw", "usearch", "faiss-hnsw"];
        for name in names {
            seconds.push((format!("{name}, {expansion} in view"), vec![], 0.0));
        }
        for round in 0..ROUNDS {
            for i in 0..names.len() {
                let at = (round + i) % names.len();
                let (took, share) = match (at, &mut peer) {
                    (0, _) => {
                        let (took, found) = time(|| each(&index, queries, QUERIES));
                        (took, recall(&gold, &found))
                    }
                    (_, Some(peer)) => {
                        let answer = peer.ask(&format!("{} search {expansion}", names[at]))?;
                        let number = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
                        (number("seconds"), number("recall"))
                    }
                    (_, None) => continue,
                };
                seconds[at].1.push(took);
                seconds[at].2 = share;
            }
        }
        for (name, times, share) in seconds {
            if !times.is_empty() {
                let rate = QUERIES as f64 / median(times);
                line(&name, 1, rate, &format!("recall {share:.3}"));
            }
        }
    }
    Ok(())
}
