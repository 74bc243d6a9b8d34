//! `cloze index`, as typed.
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use cloze::Metric;
use cloze::search::index::{EncoderCard, IndexParams, OpenParams};
use cloze::search::{Dtype, GraphDtype, HnswParams};
use cloze_corpus::TextChunks;

use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::search::{EngineArg, FilterFlags};
use crate::flags::values;
use crate::flags::vectors::{CorrectionArg, VectorFlags};
use crate::flags::work::WorkFlags;

/// What is done with an index.
#[derive(Subcommand)]
pub(crate) enum IndexCommand {
    /// Make an index of texts, or of vectors that were made elsewhere
    Build(Box<IndexBuildArgs>),
    /// Add texts to an index; those whose ids are in it take the place of what is there
    Add(Box<IndexAddArgs>),
    /// Delete what has these ids, or passes a filter
    Delete(IndexDeleteArgs),
    /// Find what is most like a query
    Search(Box<IndexSearchArgs>),
    /// Ask an index one query after another
    Shell(Box<IndexShellArgs>),
    /// What an index is
    Info(IndexReportArgs),
    /// Read every byte of an index, and say what is not as it was written
    Verify(IndexReportArgs),
    /// Write what is in an index: vectors as NumPy's file, or vectors and records as JSON lines
    Export(IndexExportArgs),
    /// Put the parts of an index together, without what is deleted
    Compact(IndexCompactArgs),
}

/// Which index.
#[derive(Args)]
pub(crate) struct IndexDirArgs {
    /// The index; without this, it is the first of what is named
    #[arg(long, value_name = "DIR")]
    pub(crate) index: Option<PathBuf>,
}

impl IndexDirArgs {
    /// The index, and what else is named.
    pub(crate) fn split(&self, named: &[String]) -> anyhow::Result<(PathBuf, Vec<String>)> {
        match (&self.index, named) {
            (Some(index), named) => Ok((index.clone(), named.to_vec())),
            (None, [index, named @ ..]) => Ok((index.into(), named.to_vec())),
            (None, []) => bail!("expected the folder of an index"),
        }
    }

    /// The index, where nothing else can be named.
    pub(crate) fn only(&self, named: Option<&Path>) -> anyhow::Result<PathBuf> {
        match (self.index.as_deref(), named) {
            (Some(index), None) | (None, Some(index)) => Ok(index.to_path_buf()),
            (None, None) => bail!("expected the folder of an index"),
            (Some(_), Some(other)) => bail!("expected one index, found {} too", other.display()),
        }
    }
}

/// How texts become records.
#[derive(Args)]
pub(crate) struct IndexTextArgs {
    /// Texts are searched as a whole, or in parts: document, words:200, words:200,overlap:40,
    /// sentences:5 [default: document; when adding, as the index was built]
    #[arg(long, value_name = "HOW", value_parser = TextChunks::parse, help_heading = "Records")]
    pub(crate) chunk: Option<TextChunks>,
    /// Keep paths, lines and places alone, not the texts
    #[arg(long, help_heading = "Records")]
    pub(crate) no_texts: bool,
}

/// What `cloze index build` is asked for.
#[derive(Args)]
pub(crate) struct IndexBuildArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input; further fields of
    /// objects and rows are kept as metadata
    #[arg(required_unless_present = "vectors_file", value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// The folder to make
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Take the place of an index that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Vectors that were made elsewhere in place of texts: a NumPy file of [rows, width], f16, f32 or
    /// f64; ids are the numbers of rows
    #[arg(long = "vectors", value_name = "FILE.npy", conflicts_with_all = ["paths", "chunk", "no_texts"], help_heading = "Input")]
    pub(crate) vectors_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Put this before every query, where it is not what stands before every text
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) query_prompt: Option<String>,
    /// Fit a correction on the vectors, and apply it to them and to queries
    #[arg(long, value_enum, default_value = "none", value_name = "HOW", help_heading = "Vectors")]
    pub(crate) correction: CorrectionArg,
    #[command(flatten)]
    pub(crate) texts: IndexTextArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// How similarity is measured: cosine, dot, euclid (the distance, negated)
    #[arg(long, default_value = "cosine", value_name = "METRIC", value_parser = Metric::parse, help_heading = "Search")]
    pub(crate) metric: Metric,
    /// How it is searched; auto is exact below 100,000 rows, and approximate from there on
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "Search")]
    pub(crate) engine: EngineArg,
    /// The numbers that vectors are kept in
    #[arg(long, value_enum, default_value_t, value_name = "DTYPE", help_heading = "Search")]
    pub(crate) dtype: IndexDtypeArg,
    /// Compare in 8 bits first, and the best of these again: less memory, and faster (exact)
    #[arg(long, help_heading = "Search")]
    pub(crate) quantize: bool,
    /// Keep the words of texts, too, so that --hybrid can look for them
    #[arg(long, conflicts_with_all = ["vectors_file", "no_texts"], help_heading = "Search")]
    pub(crate) keywords: bool,
    #[command(flatten)]
    pub(crate) graph: GraphArgs,
}

/// How graphs are built and searched.
#[derive(Args)]
pub(crate) struct GraphArgs {
    /// The numbers that a graph has of each vector; scores are always those of the vectors
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "DTYPE",
        help_heading = "Approximate search"
    )]
    pub(crate) graph_dtype: GraphDtypeArg,
    /// The links of a node
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Approximate search")]
    pub(crate) connectivity: usize,
    /// How many nodes are kept in view when one is added
    #[arg(long, default_value_t = 128, value_name = "N", help_heading = "Approximate search")]
    pub(crate) expansion_add: usize,
    /// How many nodes are kept in view in a search [default: measured, so that 97 of 100 of the
    /// nearest are found]
    #[arg(long, value_name = "N", help_heading = "Approximate search")]
    pub(crate) expansion_search: Option<usize>,
}

impl IndexBuildArgs {
    /// The settings of the index.
    pub(crate) fn params(&self, encoder: Option<EncoderCard>) -> IndexParams {
        let hnsw = HnswParams::new()
            .dtype(self.graph.graph_dtype.value())
            .connectivity(self.graph.connectivity)
            .expansion_add(self.graph.expansion_add)
            .expansion_search(self.graph.expansion_search.unwrap_or(0));
        IndexParams::new()
            .metric(self.metric)
            .dtype(self.dtype.value())
            .quantize(self.quantize)
            .engine(self.engine.value())
            .hnsw(hnsw)
            .correction(self.correction.method(None, None))
            .keywords(self.keywords)
            .encoder(encoder)
    }
}

/// What `cloze index add` is asked for.
#[derive(Args)]
pub(crate) struct IndexAddArgs {
    /// The index, and files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(value_name = "DIR PATHS")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// Vectors that were made elsewhere, to an index of such
    #[arg(long, value_name = "FILE.npy", conflicts_with_all = ["chunk", "no_texts"], help_heading = "Input")]
    pub(crate) vectors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) texts: IndexTextArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

/// What `cloze index delete` is asked for.
#[derive(Args)]
pub(crate) struct IndexDeleteArgs {
    /// The index, and ids
    #[arg(value_name = "DIR IDS")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// Ids, one a line, from a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: FilterFlags,
}

/// How an index is searched.
#[derive(Args)]
pub(crate) struct IndexUseArgs {
    /// How many are found
    #[arg(
        short = 'k',
        long = "top-k",
        alias = "top",
        default_value_t = 10,
        value_name = "K",
        help_heading = "Search"
    )]
    pub(crate) k: usize,
    #[command(flatten)]
    pub(crate) filter: FilterFlags,
    /// How it is searched [default: as it was built]
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "Search")]
    pub(crate) engine: EngineArg,
    /// By words, too: the ranking by vectors and that by BM25 made one by reciprocal rank fusion, whose
    /// scores are no similarities; of an index built with --keywords
    #[arg(long, help_heading = "Search")]
    pub(crate) hybrid: bool,
    /// How many nodes of a graph are kept in view [default: as it was built]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) expansion_search: Option<usize>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

impl IndexUseArgs {
    /// How it is opened.
    pub(crate) fn open(&self) -> OpenParams {
        OpenParams::new()
            .engine(self.engine.value())
            .expansion_search(self.expansion_search)
            .threads(self.work.threads.unwrap_or(0))
    }
}

/// What `cloze index search` is asked for.
#[derive(Args)]
pub(crate) struct IndexSearchArgs {
    /// The index, and queries
    #[arg(value_name = "DIR QUERIES")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// Queries from a file, or - for standard input: lines, jsonl, csv or tsv with ids
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) queries: Option<String>,
    /// Vectors that were made elsewhere as queries: a NumPy file of [queries, width]
    #[arg(long, value_name = "FILE.npy", conflicts_with = "queries", help_heading = "Input")]
    pub(crate) vectors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) how: IndexUseArgs,
    /// Print a JSON object a query
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// What `cloze index shell` is asked for.
#[derive(Args)]
pub(crate) struct IndexShellArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    #[command(flatten)]
    pub(crate) how: IndexUseArgs,
}

/// What `cloze index info` and `verify` are asked for.
#[derive(Args)]
pub(crate) struct IndexReportArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `cloze index compact` is asked for.
#[derive(Args)]
pub(crate) struct IndexCompactArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// How many threads build a graph [default: the cores this process may use]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// What `cloze index export` is asked for.
#[derive(Args)]
pub(crate) struct IndexExportArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// The form [default: by the ending of --output, else jsonl]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<IndexFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// The forms an index is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexFormat {
    /// A JSON object a record, with its vector
    Jsonl,
    /// NumPy's file format, f32, a row a record
    Npy,
}

values! { IndexDtypeArg => Dtype {
    #[default]
    F32 => Dtype::F32,
    F16 => Dtype::F16,
} }

values! { GraphDtypeArg => GraphDtype {
    F32 => GraphDtype::F32,
    #[default]
    F16 => GraphDtype::F16,
    /// For cosines
    I8 => GraphDtype::I8,
    /// Signs alone, for cosines
    B1 => GraphDtype::B1,
} }

/// The ids of a file, one a line.
pub(crate) fn ids_of(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        fs_err::read_to_string(path)?
    };
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
