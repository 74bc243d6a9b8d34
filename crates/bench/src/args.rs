//! Arguments of the command line.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::workload::{KINDS, Kind};

/// Measures cloze and its peers with the same texts, in turns, on this machine
#[derive(Debug, Parser)]
#[command(name = "cloze-bench", args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The side that is measured; the benchmark starts it
    #[command(hide = true)]
    Serve(ServeArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Served {
    Vectors,
    First,
    FirstAndMean,
    Entities,
    Decoder,
    Gemm,
    #[value(name = "gemm-8")]
    Gemm8,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    pub(crate) what: Served,
    /// Of `gemm` and `gemm-8`, ONNX Runtime's library.
    pub(crate) model: PathBuf,
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Environment made by peers/install.sh; without it cloze runs alone
    #[arg(long, value_name = "DIR", env = "CLOZE_BENCH_ENVIRONMENT")]
    pub(crate) environment: Option<PathBuf>,

    /// Texts of a workload, one a line, or the first column of a .csv file; without it they are made
    #[arg(long, value_name = "WORKLOAD=FILE", value_parser = named_file)]
    pub(crate) texts: Vec<(&'static Kind, PathBuf)>,

    /// Number of texts of a workload
    #[arg(long, value_name = "WORKLOAD=N", value_parser = named_count)]
    pub(crate) count: Vec<(&'static Kind, usize)>,

    /// Texts that 8 bits with fixed scales are calibrated on, of cloze and of its peers: one a line, or the first
    /// column of a .csv file; without it they are made
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,

    /// Pairs of texts with scores of their similarity, a .csv file without a header, as STS-Benchmark is: the quality of
    /// each system's vectors is measured, too
    #[arg(long, value_name = "FILE")]
    pub(crate) sts: Option<PathBuf>,

    /// Workloads to run [default: all]
    #[arg(long, value_name = "WORKLOADS", value_delimiter = ',', value_parser = kind)]
    pub(crate) workloads: Vec<&'static Kind>,

    /// Systems to run, by parts of their names; cloze always runs [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Numbers of threads
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2])]
    pub(crate) threads: Vec<usize>,

    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) rounds: usize,

    /// Number of starts of each system, for the time to its first result; 0 leaves it out
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) starts: usize,

    /// Report even if the machine was busy; the report then says so
    #[arg(long)]
    pub(crate) busy_ok: bool,

    /// The model of vectors: a folder with weights
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/minilm-l6-v2"))]
    pub(crate) model: PathBuf,

    /// The model of entities: a folder with a graph or weights, and without a table of casings, which no
    /// peer knows
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/pii"))]
    pub(crate) tag_model: PathBuf,

    /// The cloze command, whose start is measured, too [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) cloze: Option<PathBuf>,

    /// Folder that bench.json and bench.svg, growth.json and growth.svg, or decoding.json and decoding.svg are
    /// written to
    #[arg(short, long, value_name = "DIR", default_value = "target/bench")]
    pub(crate) output: PathBuf,

    /// Instead: what cloze takes for so many texts, for example 1000,10000,100000,1000000
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    pub(crate) growth: Vec<u64>,

    /// Average number of words of the texts of --growth (1 to 400 each)
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) growth_words: u32,

    /// Instead: what a new token costs with this decoder, a folder with weights, and with its peers
    #[arg(long, value_name = "DIR", conflicts_with = "growth")]
    pub(crate) decoder: Option<PathBuf>,

    /// Tokens before those of --decoder that are timed
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [16, 256, 1024])]
    pub(crate) before: Vec<usize>,

    /// New tokens of --decoder that are timed in each round
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) new: usize,
}

fn kind(name: &str) -> Result<&'static Kind, String> {
    let names = || KINDS.map(|kind| kind.name).join(", ");
    let kind = KINDS.iter().find(|kind| kind.name == name);
    kind.ok_or_else(|| format!("{name:?} is not a workload; there are {}", names()))
}

fn named(text: &str) -> Result<(&'static Kind, &str), String> {
    let (name, value) = text.split_once('=').ok_or("expected WORKLOAD=…")?;
    Ok((kind(name)?, value))
}

fn named_file(text: &str) -> Result<(&'static Kind, PathBuf), String> {
    named(text).map(|(kind, file)| (kind, file.into()))
}

fn named_count(text: &str) -> Result<(&'static Kind, usize), String> {
    let (kind, count) = named(text)?;
    match count.parse() {
        Ok(count) if count > 0 => Ok((kind, count)),
        _ => Err(format!("{count:?} is not a number of texts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_go_by_name() {
        let args =
            ["cloze-bench", "--texts", "short=a=b.txt", "--count", "long=9", "--threads", "1"];
        let cli = Cli::try_parse_from(args).unwrap();
        let [(kind, file)] = &cli.bench.texts[..] else { panic!("{:?}", cli.bench.texts) };
        assert_eq!((kind.name, file.to_str()), ("short", Some("a=b.txt")));
        assert_eq!((cli.bench.count[0].0.name, cli.bench.count[0].1), ("long", 9));
        assert_eq!((cli.bench.threads, cli.bench.rounds), (vec![1], 5));
        for wrong in ["medium=a.txt", "short"] {
            let error = Cli::try_parse_from(["cloze-bench", "--texts", wrong]).unwrap_err();
            assert!(error.to_string().contains("expected") || error.to_string().contains("medium"));
        }
        assert!(Cli::try_parse_from(["cloze-bench", "--count", "short=0"]).is_err());
        let serve = Cli::try_parse_from(["cloze-bench", "serve", "gemm", "-", "2"]).unwrap();
        let Some(Command::Serve(serve)) = serve.command else { panic!() };
        assert_eq!((serve.what, serve.threads), (Served::Gemm, 2));
    }
}
