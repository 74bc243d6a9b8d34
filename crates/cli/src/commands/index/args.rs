//! `cloze index`, as typed.
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use cloze::Metric;
use cloze::search::index::{EncoderCard, IndexParams, OpenParams};
use cloze::search::{Dtype, GraphDtype, HnswParams};
use cloze_corpus::TextChunks;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, OutputFormat, ReportFormat, RowFormat};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;
use crate::flags::search::{EngineArg, FilterFlags};
use crate::flags::texts::GivenTextFlags;
use crate::flags::values;
use crate::flags::vectors::{CorrectionArg, VectorFlags};
use crate::flags::work::WorkFlags;

/// Commands on an index.
#[derive(Subcommand)]
pub(crate) enum IndexCommand {
    /// Build an index of texts, or of vectors made elsewhere
    Build(Box<IndexBuildArgs>),
    /// Add texts to an index, replacing records of the same ids
    Add(Box<IndexAddArgs>),
    /// Delete records by id or filter
    Delete(IndexDeleteArgs),
    /// Search an index
    Search(Box<IndexSearchArgs>),
    /// Search an index interactively
    Shell(Box<IndexShellArgs>),
    /// Show an index's settings and size
    #[command(after_help = INFO_EXAMPLES)]
    Info(IndexReportArgs),
    /// Verify every byte of an index
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(IndexReportArgs),
    /// Export vectors as a NumPy file, or vectors and records as JSON lines
    Export(IndexExportArgs),
    /// Compact an index: merge its segments and drop deleted records
    Compact(IndexCompactArgs),
}

/// Index to work on.
#[derive(Args)]
pub(crate) struct IndexDirArgs {
    /// Index [default: the first argument]
    #[arg(long, value_name = "DIR")]
    pub(crate) index: Option<PathBuf>,
}

impl IndexDirArgs {
    /// Returns the index, and the other arguments.
    pub(crate) fn split(&self, named: &[String]) -> anyhow::Result<(PathBuf, Vec<String>)> {
        match (&self.index, named) {
            (Some(index), named) => Ok((index.clone(), named.to_vec())),
            (None, [index, named @ ..]) => Ok((index.into(), named.to_vec())),
            (None, []) => bail!("expected the folder of an index"),
        }
    }

    /// Returns the index of a command that takes no other arguments.
    pub(crate) fn only(&self, named: Option<&Path>) -> anyhow::Result<PathBuf> {
        match (self.index.as_deref(), named) {
            (Some(index), None) | (None, Some(index)) => Ok(index.to_path_buf()),
            (None, None) => bail!("expected the folder of an index"),
            (Some(_), Some(other)) => bail!("expected one index, found {} too", other.display()),
        }
    }
}

/// Settings of records.
#[derive(Args)]
pub(crate) struct IndexTextArgs {
    /// Part of a text that makes a record: document, words:200, words:200,overlap:40,
    /// sentences:5 [default: document; when adding, as the index was built]
    #[arg(long, value_name = "HOW", value_parser = TextChunks::parse, help_heading = "Records")]
    pub(crate) chunk: Option<TextChunks>,
    /// Keep paths, lines and offsets only, not the texts
    #[arg(long, help_heading = "Records")]
    pub(crate) no_texts: bool,
}

/// Flags in the short help.
const BUILD_SHOWN: &[&str] = &["model", "output", "chunk", "correction", "keywords"];
const BUILD_EXAMPLES: &str = "\
Examples:
  cloze index build notes/ --output notes.index
  cloze index build manual.txt --chunk words:200,overlap:40 --keywords --output manual.index";

/// Flags in the short help.
const ADD_SHOWN: &[&str] = &["index", "chunk", "text_field", "id_field"];
const ADD_EXAMPLES: &str = "\
Examples:
  cloze index add notes.index new/
  cloze index add notes.index more.jsonl --text-field body";

/// Flags in the short help.
const DELETE_SHOWN: &[&str] = &["index", "ids", "filter"];
const DELETE_EXAMPLES: &str = "\
Examples:
  cloze index delete notes.index D17 D18
  cloze index delete notes.index --filter lang=de";

/// Flags in the short help.
const SEARCH_SHOWN: &[&str] =
    &["index", "queries", "k", "filter", "hybrid", "format", "json", "output"];
const SEARCH_EXAMPLES: &str = "\
Examples:
  cloze index search notes.index 'late ferries'
  cloze index search notes.index --queries questions.txt -k 5 --json
  cloze index search notes.index 'invoice 4711' --hybrid";

/// Flags in the short help.
const SHELL_SHOWN: &[&str] = &["index", "k", "filter", "hybrid"];
const SHELL_EXAMPLES: &str = "\
Examples:
  cloze index shell notes.index
  cloze index shell notes.index -k 3";

const INFO_EXAMPLES: &str = "\
Examples:
  cloze index info notes.index
  cloze index info notes.index --json";

const VERIFY_EXAMPLES: &str = "\
Examples:
  cloze index verify notes.index
  cloze index verify notes.index --json";

const EXPORT_EXAMPLES: &str = "\
Examples:
  cloze index export notes.index --output notes.npy
  cloze index export notes.index --format jsonl";

const COMPACT_EXAMPLES: &str = "\
Examples:
  cloze index compact notes.index";

/// Arguments of `cloze index build`.
#[derive(Args)]
#[command(after_help = BUILD_EXAMPLES, mut_args(|arg| short_help::only(BUILD_SHOWN, arg)))]
pub(crate) struct IndexBuildArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input; further fields of
    /// objects and rows are kept as metadata
    #[arg(required_unless_present_any = ["vectors_file", "text"], value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) given: GivenTextFlags,
    /// Index folder to create
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Replace an existing index
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Index these vectors in place of texts: a NumPy file of [rows, width], f16, f32 or
    /// f64; ids are the numbers of rows
    #[arg(long = "vectors", value_name = "FILE.npy", conflicts_with_all = ["paths", "text", "chunk", "no_texts"], help_heading = "Input")]
    pub(crate) vectors_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Prompt put before every query [default: the model's own for queries, else as before every text]
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) query_prompt: Option<String>,
    /// Fit a correction on the vectors, and apply it to them and to queries
    #[arg(long, value_enum, default_value = "none", value_name = "HOW", help_heading = "Vectors")]
    pub(crate) correction: CorrectionArg,
    #[command(flatten)]
    pub(crate) texts: IndexTextArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Similarity metric: cosine, dot, euclid (the distance, negated) [default: the model's own, else
    /// cosine]
    #[arg(long, value_name = "METRIC", value_parser = Metric::parse, help_heading = "Search")]
    pub(crate) metric: Option<Metric>,
    /// Search engine; auto is exact below 100,000 rows, and HNSW from there on
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "Search")]
    pub(crate) engine: EngineArg,
    /// Storage type of vectors
    #[arg(long, value_enum, default_value_t, value_name = "DTYPE", help_heading = "Search")]
    pub(crate) dtype: IndexDtypeArg,
    /// Search 8-bit codes first and rescore the best: less memory, and faster (exact)
    #[arg(long, help_heading = "Search")]
    pub(crate) quantize: bool,
    /// Index the words of texts as well, for --hybrid
    #[arg(long, conflicts_with_all = ["vectors_file", "no_texts"], help_heading = "Search")]
    pub(crate) keywords: bool,
    #[command(flatten)]
    pub(crate) graph: GraphArgs,
}

/// HNSW settings.
#[derive(Args)]
pub(crate) struct GraphArgs {
    /// Storage type of vectors in the HNSW graph; scores are always those of the full vectors
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "DTYPE",
        help_heading = "Approximate search"
    )]
    pub(crate) graph_dtype: GraphDtypeArg,
    /// HNSW links per node (M)
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Approximate search")]
    pub(crate) connectivity: usize,
    /// HNSW build width (`ef_construction`)
    #[arg(long, default_value_t = 128, value_name = "N", help_heading = "Approximate search")]
    pub(crate) expansion_add: usize,
    /// HNSW search width (`ef_search`) [default: measured, so that 97 of 100 of the nearest are found]
    #[arg(long, value_name = "N", help_heading = "Approximate search")]
    pub(crate) expansion_search: Option<usize>,
}

impl IndexBuildArgs {
    /// Returns the settings of the index.
    pub(crate) fn params(&self, encoder: Option<EncoderCard>) -> IndexParams {
        let hnsw = HnswParams::new()
            .dtype(self.graph.graph_dtype.value())
            .connectivity(self.graph.connectivity)
            .expansion_add(self.graph.expansion_add)
            .expansion_search(self.graph.expansion_search.unwrap_or(0));
        IndexParams::new()
            .metric(self.metric.unwrap_or_default())
            .dtype(self.dtype.value())
            .quantize(self.quantize)
            .engine(self.engine.value())
            .hnsw(hnsw)
            .correction(self.correction.method(None, None))
            .keywords(self.keywords)
            .encoder(encoder)
    }
}

/// Arguments of `cloze index add`.
#[derive(Args)]
#[command(after_help = ADD_EXAMPLES, mut_args(|arg| short_help::only(ADD_SHOWN, arg)))]
pub(crate) struct IndexAddArgs {
    /// The index, and files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(value_name = "DIR PATHS")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    #[command(flatten)]
    pub(crate) given: GivenTextFlags,
    /// Vectors made elsewhere, for an index of such
    #[arg(long, value_name = "FILE.npy", conflicts_with_all = ["text", "chunk", "no_texts"], help_heading = "Input")]
    pub(crate) vectors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) texts: IndexTextArgs,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

/// Arguments of `cloze index delete`.
#[derive(Args)]
#[command(after_help = DELETE_EXAMPLES, mut_args(|arg| short_help::only(DELETE_SHOWN, arg)))]
pub(crate) struct IndexDeleteArgs {
    /// The index, and ids
    #[arg(value_name = "DIR IDS")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// File of ids, one per line, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: FilterFlags,
}

/// Settings of a search.
#[derive(Args)]
pub(crate) struct IndexUseArgs {
    /// Number of neighbours
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
    /// Search engine [default: as it was built]
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "Search")]
    pub(crate) engine: EngineArg,
    /// Combine the vector ranking with BM25 by reciprocal rank fusion, whose
    /// scores are not similarities; of an index built with --keywords
    #[arg(long, help_heading = "Search")]
    pub(crate) hybrid: bool,
    /// HNSW search width (`ef_search`) [default: as it was built]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) expansion_search: Option<usize>,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
}

impl IndexUseArgs {
    /// Returns the settings of opening.
    pub(crate) fn open(&self) -> OpenParams {
        OpenParams::new()
            .engine(self.engine.value())
            .expansion_search(self.expansion_search)
            .threads(self.work.threads.unwrap_or(0))
    }
}

/// Arguments of `cloze index search`.
#[derive(Args)]
#[command(after_help = SEARCH_EXAMPLES, mut_args(|arg| short_help::only(SEARCH_SHOWN, arg)))]
pub(crate) struct IndexSearchArgs {
    /// The index, and queries
    #[arg(value_name = "DIR QUERIES")]
    pub(crate) named: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// File of queries, or - for standard input: lines, jsonl, csv or tsv with ids
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) queries: Option<String>,
    /// Vectors as queries: a NumPy file of [queries, width]
    #[arg(long, value_name = "FILE.npy", conflicts_with = "queries", help_heading = "Input")]
    pub(crate) vectors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) how: IndexUseArgs,
    #[command(flatten)]
    pub(crate) format: FormatFlags<RowFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Arguments of `cloze index shell`.
#[derive(Args)]
#[command(after_help = SHELL_EXAMPLES, mut_args(|arg| short_help::only(SHELL_SHOWN, arg)))]
pub(crate) struct IndexShellArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    #[command(flatten)]
    pub(crate) how: IndexUseArgs,
}

/// Arguments of `cloze index info` and `verify`.
#[derive(Args)]
pub(crate) struct IndexReportArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
}

/// Arguments of `cloze index compact`.
#[derive(Args)]
#[command(after_help = COMPACT_EXAMPLES)]
pub(crate) struct IndexCompactArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    /// Number of threads that build the graph [default: the cores this process may use]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Arguments of `cloze index export`.
#[derive(Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct IndexExportArgs {
    /// The index
    #[arg(value_name = "DIR")]
    pub(crate) named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: IndexDirArgs,
    #[command(flatten)]
    pub(crate) format: FormatFlags<IndexFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Export formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexFormat {
    /// One JSON object per record, with its vector
    #[value(alias = "json")]
    Jsonl,
    /// NumPy file, f32, one row per record
    Npy,
}

impl OutputFormat for IndexFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else jsonl]";
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

/// Reads the ids of a file, one per line.
pub(crate) fn ids_of(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        fs_err::read_to_string(path)?
    };
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
