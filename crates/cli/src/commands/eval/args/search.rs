//! `cloze eval search`, as typed.
use std::path::PathBuf;

use clap::Args;
use cloze::Metric;
use cloze_corpus::TextChunks;

use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFilesFlags;
use crate::flags::read::ReadFlags;
use crate::flags::search::{EngineArg, FilterFlags};
use crate::flags::vectors::VectorFlags;

/// Flags of the short help of `cloze eval search`.
const SHOWN: &[&str] = &[
    "index",
    "queries",
    "judgements",
    "results",
    "k",
    "hybrid",
    "cutoffs",
    "format",
    "json",
    "output",
];

const EXAMPLES: &str = "\
Examples:
  cloze eval search corpus.jsonl --queries queries.jsonl --judgements qrels.tsv
  cloze eval search --index docs --queries queries.jsonl --judgements qrels.tsv --hybrid
  cloze eval search --results run.trec --judgements qrels.tsv --cutoffs 10,100 --per-query";

/// Flags that an index excludes, besides paths: it has these settings already.
const WITHOUT_INDEX: [&str; 15] = [
    "results",
    "model",
    "truncate",
    "prompt",
    "prompt_name",
    "route",
    "pooling",
    "layers",
    "statics",
    "zscore",
    "truncate_dim",
    "no_normalize",
    "query_prompt",
    "metric",
    "chunk",
];

/// Arguments of `cloze eval search`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("judgements", |arg| short_help::brief(
        "Relevance judgements (TREC qrels, csv, tsv or jsonl)",
        arg
    )),
    mut_arg("results", |arg| short_help::brief(
        "Evaluate these search results instead of searching",
        arg
    ))
)]
pub(crate) struct EvalSearchArgs {
    /// Documents to search without an index: files, folders, patterns such as 'notes/*.txt'
    ///
    /// They are encoded now, and searched exactly
    #[arg(value_name = "PATHS", conflicts_with_all = ["index", "results"])]
    pub(crate) paths: Vec<String>,
    /// Index to search, with the model it was built with
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = WITHOUT_INDEX,
        help_heading = "Input"
    )]
    pub(crate) index: Option<PathBuf>,
    /// Queries with ids: jsonl, csv or tsv, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "results", help_heading = "Input")]
    pub(crate) queries: Option<String>,
    /// Relevance judgements of queries and documents: TREC qrels, csv, tsv with a header or without, or
    /// JSON lines; - for standard input
    #[arg(long, alias = "qrels", value_name = "FILE", help_heading = "Input")]
    pub(crate) judgements: String,
    /// Evaluate these search results instead of searching: the output of `cloze index search --json` or
    /// `cloze rerank --json`, or a TREC run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "engine"], help_heading = "Input")]
    pub(crate) results: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Prefix added to every query [default: the model's own for queries, else --prompt]
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) query_prompt: Option<String>,
    /// Similarity metric: cosine, dot, euclid (negated distance) [default: the model's own, else cosine]
    #[arg(long, value_name = "METRIC", value_parser = Metric::parse, help_heading = "Search")]
    pub(crate) metric: Option<Metric>,
    /// Unit of search, a whole document or chunks of it: document, words:200, words:200,overlap:40,
    /// sentences:5 [default: document]. A document ranks by its best chunk
    #[arg(long, value_name = "UNIT", value_parser = TextChunks::parse, help_heading = "Search")]
    pub(crate) chunk: Option<TextChunks>,
    /// Number of documents to retrieve per query [default: 100, or the largest cutoff if that is more]
    #[arg(short = 'k', long = "top-k", alias = "top", value_name = "K", help_heading = "Search")]
    pub(crate) k: Option<usize>,
    #[command(flatten)]
    pub(crate) filter: FilterFlags,
    /// Search engine of the index [default: the one it was built with]
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "ENGINE",
        requires = "index",
        conflicts_with = "paths",
        conflicts_with_all = WITHOUT_INDEX,
        help_heading = "Search"
    )]
    pub(crate) engine: EngineArg,
    /// Search by keywords, too, as `cloze index search --hybrid` does
    #[arg(
        long,
        requires = "index",
        conflicts_with = "paths",
        conflicts_with_all = WITHOUT_INDEX,
        help_heading = "Search"
    )]
    pub(crate) hybrid: bool,
    /// HNSW search width (`ef_search`) [default: the one of the index]
    #[arg(
        long,
        value_name = "N",
        requires = "index",
        conflicts_with = "paths",
        conflicts_with_all = WITHOUT_INDEX,
        help_heading = "Search"
    )]
    pub(crate) expansion_search: Option<usize>,
    /// Cutoff ranks K of the metrics, as in recall@K
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,3,5,10,100",
        value_name = "K,K",
        help_heading = "Evaluation"
    )]
    pub(crate) cutoffs: Vec<usize>,
    /// Random seed of the bootstrap intervals
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Evaluation")]
    pub(crate) seed: u64,
    /// Also print the metrics of each query
    #[arg(long, help_heading = "Output")]
    pub(crate) per_query: bool,
    /// Also write the search results as a TREC run: query, Q0, document, rank, score, tag
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
}
