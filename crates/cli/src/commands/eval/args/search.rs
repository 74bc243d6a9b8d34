//! `cloze eval search`, as typed.
use std::path::PathBuf;

use clap::Args;
use cloze::Metric;
use cloze_corpus::TextChunks;

use crate::flags::out::OutFilesFlags;
use crate::flags::read::ReadFlags;
use crate::flags::search::{EngineArg, FilterFlags};
use crate::flags::vectors::VectorFlags;

/// What `cloze eval search` is asked for.
#[derive(Args)]
pub(crate) struct EvalSearchArgs {
    /// Documents in place of an index: files, folders, patterns such as 'notes/*.txt'. They are encoded
    /// now, and each is compared with
    #[arg(value_name = "PATHS", conflicts_with_all = ["index", "results"])]
    pub(crate) paths: Vec<String>,
    /// The index to search, with the model that it was built with
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = [
            "results", "model", "truncate", "prompt", "pooling", "layers", "statics", "zscore",
            "truncate_dim", "no_normalize", "query_prompt", "metric", "chunk",
        ],
        help_heading = "Input"
    )]
    pub(crate) index: Option<PathBuf>,
    /// The queries, with ids: jsonl, csv or tsv, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "results", help_heading = "Input")]
    pub(crate) queries: Option<String>,
    /// Which documents are relevant to which queries: TREC's qrels, columns with or without a header,
    /// or JSON lines, and - for standard input
    #[arg(long, alias = "qrels", value_name = "FILE", help_heading = "Input")]
    pub(crate) judgements: String,
    /// Judge what was found before, in place of searching: what `cloze index search --json` or `cloze
    /// rerank --json` has printed, or a TREC run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "engine"], help_heading = "Input")]
    pub(crate) results: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Put this before every query, where it is not what stands before every text
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) query_prompt: Option<String>,
    /// How similarity is measured: cosine, dot, euclid (the distance, negated)
    #[arg(long, default_value = "cosine", value_name = "METRIC", value_parser = Metric::parse, help_heading = "Search")]
    pub(crate) metric: Metric,
    /// Texts are searched as a whole, or in parts: document, words:200, words:200,overlap:40,
    /// sentences:5 [default: document]. A document in parts counts at its best one
    #[arg(long, value_name = "HOW", value_parser = TextChunks::parse, help_heading = "Search")]
    pub(crate) chunk: Option<TextChunks>,
    /// How many documents are found [default: 100, or the largest cutoff if that is more]
    #[arg(short = 'k', long = "top-k", alias = "top", value_name = "K", help_heading = "Search")]
    pub(crate) k: Option<usize>,
    #[command(flatten)]
    pub(crate) filter: FilterFlags,
    /// How an index is searched [default: as it was built]
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "ENGINE",
        requires = "index",
        help_heading = "Search"
    )]
    pub(crate) engine: EngineArg,
    /// By words, too, as `cloze index search --hybrid` does
    #[arg(long, requires = "index", help_heading = "Search")]
    pub(crate) hybrid: bool,
    /// How many nodes of a graph are kept in view [default: as the index was built]
    #[arg(long, value_name = "N", requires = "index", help_heading = "Search")]
    pub(crate) expansion_search: Option<usize>,
    /// The ranks that figures are cut at
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,3,5,10,100",
        value_name = "K,K",
        help_heading = "Judging"
    )]
    pub(crate) cutoffs: Vec<usize>,
    /// What the resamples of intervals follow from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Judging")]
    pub(crate) seed: u64,
    /// Also the figures of each query
    #[arg(long, help_heading = "Output")]
    pub(crate) per_query: bool,
    /// Also write what was found as a TREC run: query, Q0, document, rank, score, tag
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) run: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
}
