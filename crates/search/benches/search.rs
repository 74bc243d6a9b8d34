//! Search among vectors, beside Python, in one run:
//! `CLOZE_BENCH_PYTHON=python cargo bench -p cloze-search --features hnsw`
//!
//! `CLOZE_BENCH_ROWS` is a list of numbers of rows, 100,000 where it is not set; all have 384 numbers, in
//! clusters of about 100. `CLOZE_BENCH_PYTHON` is an interpreter with what `peers.py` asks for; without
//! it cloze runs alone. Each way takes its turn in every round, on one thread and on two; medians are
//! shown. Queries come one by one, or 200 at once. Of the memory's bandwidth, the share is that of the
//! bytes of the rows against a sum of the same array.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use cloze_core::Matrix;
use cloze_embed::l2_normalize;
use cloze_search::{EngineKind, Hit, Index, IndexParams, OpenParams, Writer};
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

fn each(index: &Index, queries: &Matrix) -> Vec<Vec<Hit>> {
    let one = |query: &[f32]| {
        let query = Matrix::from_vec(WIDTH, query.to_vec()).unwrap_or_default();
        index.search(&query, K, None).unwrap_or_default().remove(0)
    };
    queries.iter().map(one).collect()
}

fn line(name: &str, threads: usize, seconds: f64, rest: &str) {
    println!("  {name:<28} {threads}  {:>9.1} queries/s  {rest}", QUERIES as f64 / seconds);
}

fn main() -> Result<(), Error> {
    // `cargo test --all-targets` runs benches too, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
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
    let queries = Matrix::from_vec(WIDTH, near).ok_or("rows of that width")?;
    let home = tempfile::tempdir()?;
    npy(&home.path().join("rows.npy"), &rows)?;
    npy(&home.path().join("queries.npy"), queries.as_slice())?;
    let python = std::env::var("CLOZE_BENCH_PYTHON").ok();
    exact(&home, &rows, &queries, python.as_deref())?;
    approximate(&home, &rows, &queries, python.as_deref())
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
        build(&folder, params, rows, 0)?;
        indexes.push((name, folder, bytes));
    }
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
                    (Some(index), _) if at.is_multiple_of(2) => time(|| each(index, queries)).0,
                    (Some(index), _) => time(|| index.search(queries, K, None)).0,
                    (None, Some(peer)) => {
                        peer.ask(&ways[at].0)?["seconds"].as_f64().ok_or("no seconds")?
                    }
                    (None, None) => continue,
                };
                ways[at].2.push(seconds);
            }
        }
        for (name, bytes, seconds) in ways {
            let seconds = median(seconds);
            let read = bytes * rows.len() as f64 * QUERIES as f64 / seconds;
            let share = if name.ends_with("one") {
                format!("{:.0} % of the bandwidth", 100.0 * read / band)
            } else {
                String::new()
            };
            line(&name, threads, seconds, &share);
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
    let (_, found) = time(|| each(&index, queries));
    let times = (0..ROUNDS).map(|_| time(|| each(&index, queries)).0).collect();
    line(
        "cloze hnsw, as measured",
        1,
        median(times),
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
                        let (took, found) = time(|| each(&index, queries));
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
                line(&name, 1, median(times), &format!("recall {share:.3}"));
            }
        }
    }
    Ok(())
}
