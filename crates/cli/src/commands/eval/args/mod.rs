//! `cloze eval`, as typed.
pub(crate) mod language;
pub(crate) mod minimal_pairs;
pub(crate) mod search;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cloze::Metric;
use cloze::metrics::entity::TagScheme;

use crate::commands::eval::args::language::{EvalMlmArgs, EvalTextArgs};
use crate::commands::eval::args::minimal_pairs::MinimalPairsArgs;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::flags::classifier::ClassifierFlags;
use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFlags;
use crate::flags::pairs::PairFlags;
use crate::flags::tagged::{TaggedFlags, renamed};
use crate::flags::tagger::TaggerFlags;
use crate::flags::vectors::{CorrectionArg, VectorFlags};

/// What is evaluated.
#[derive(Subcommand)]
pub(crate) enum EvalCommand {
    /// How well similarities agree with people's, on pairs of texts with a score
    Sts(Box<StsArgs>),
    /// How good the labels of texts are, on texts with gold labels
    Classify(Box<EvalLabelsArgs>),
    /// How good the labels of pairs of texts are, on pairs with gold labels
    Pair(Box<EvalLabelsArgs>),
    /// How good the entities that a model tags are, on sentences with gold tags
    Tag(Box<EvalTagArgs>),
    /// How well a masked language model guesses words of running text
    Mlm(Box<EvalMlmArgs>),
    /// How well a model tells whether one text follows another, on pairs of running text
    Nsp(Box<EvalTextArgs>),
    /// Whether a masked language model finds the acceptable sentence of a pair likelier, on minimal pairs
    /// in BLiMP's form
    MinimalPairs(Box<MinimalPairsArgs>),
    /// How good a search is, on queries whose relevant documents are known
    Search(Box<EvalSearchArgs>),
}

/// What `cloze eval sts` is asked for.
#[derive(Args)]
pub(crate) struct StsArgs {
    /// Pairs of texts with a score (csv, tsv, jsonl), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    /// Which corrections to try, as a list: none, zscore, whitening, all-but-the-top [default: the
    /// one of --zscore, else none]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "A,B", help_heading = "Vectors")]
    pub(crate) correction: Vec<CorrectionArg>,
    /// Learn the corrections from both texts of every pair of this file, whose scores do not matter
    #[arg(long, value_name = "FILE", conflicts_with = "zscore", help_heading = "Vectors")]
    pub(crate) fit: Option<PathBuf>,
    /// How many directions whitening keeps [default: all that have any spread]
    #[arg(long, value_name = "N", requires = "fit", help_heading = "Vectors")]
    pub(crate) dims: Option<usize>,
    /// How many directions all-but-the-top takes away [default: a hundredth of the width]
    #[arg(long, value_name = "D", requires = "fit", help_heading = "Vectors")]
    pub(crate) directions: Option<usize>,
    /// How similarity is measured: cosine, dot, euclid (the distance, negated). The last two depend on
    /// the vectors' lengths, which are 1 without --no-normalize
    #[arg(long, default_value = "cosine", value_name = "METRIC", value_parser = Metric::parse, help_heading = "Vectors")]
    pub(crate) metric: Metric,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    /// Print the report as JSON: an object, or one a line where several corrections are tried
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// What `cloze eval classify` and `cloze eval pair` are asked for.
#[derive(Args)]
pub(crate) struct EvalLabelsArgs {
    /// Labelled texts or pairs: csv, tsv or jsonl files; LABEL=FILE with a text a line; a folder with a
    /// file, or a folder of files, a class; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) classifier: ClassifierFlags,
    /// Another classifier on the same examples, and whether it is better or worse by more than chance;
    /// an encoder without labels of its own gets those of --labels
    #[arg(long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) compare: Option<String>,
    #[command(flatten)]
    pub(crate) read: LabelledFlags,
    /// What the resamples of intervals and comparisons follow from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Judging")]
    pub(crate) seed: u64,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Also write every example that --model labels wrongly, the surest first, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) errors: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// What `cloze eval tag` is asked for.
#[derive(Args)]
pub(crate) struct EvalTagArgs {
    /// Tagged sentences, a word and its tag a line (CoNLL), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,
    /// Another tagger on the same sentences, and whether it is better or worse by more than chance
    #[arg(long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) compare: Option<String>,
    #[command(flatten)]
    pub(crate) columns: TaggedFlags,
    /// How the gold tags mark entities: iob1, iob2, ioe1, ioe2, iobes, bilou [default: what they show]
    #[arg(long, value_name = "SCHEME", value_parser = crate::commands::score_tags::args::scheme, help_heading = "Entities")]
    pub(crate) scheme: Option<TagScheme>,
    /// Only what is tagged exactly as the scheme has it is a gold entity, as seqeval's strict mode has
    /// it; without this every sequence has a meaning, as conlleval has it
    #[arg(long, help_heading = "Entities")]
    pub(crate) strict: bool,
    /// Only entities with these labels, gold or predicted
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// Call the model's label A by the gold's name B; with nothing behind = it is dropped. Of A C where
    /// both become B, next to each other, one entity is made
    #[arg(long, value_delimiter = ',', value_parser = renamed, value_name = "A=B", help_heading = "Entities")]
    pub(crate) map: Vec<(String, String)>,
    /// What the resamples of a comparison follow from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Judging")]
    pub(crate) seed: u64,
    /// Also how many entities are nearly right, as SemEval-2013 counts them
    #[arg(long, help_heading = "Output")]
    pub(crate) partial: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
